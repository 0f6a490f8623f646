/**
 * One seat's (or watcher's) side of a room, without any I/O.
 *
 * Everything is told to it: `opened`, `received`, `lost`, `engineReplied`, `tick`, always with the
 * time in milliseconds. What it wants done goes to its ports; `due` is when it wants to be ticked
 * next. It comes in, comes back and begins again; all else is done by its parts, each of which
 * knows only some of those before it:
 *
 *   Connection   whether the room hears us, and what was asked
 *   Room         what the room is
 *   Sequence     which events were heard
 *   Checksums    what our engine had, and what was agreed on
 *   Playing      what the engine is asked, and when
 *   Failures     what went wrong here
 *   Sending      commands, packets, signals, state hashes
 *   Hearing      what follows from an event and from a reply of the engine
 *
 * The rule it keeps: the engine runs a generation only when its master packet is here, and a
 * command that was taken from the player reaches the room exactly once.
 */

import { Checksums } from "./checksums.js";
import { Connection } from "./connection.js";
import { policyOf } from "./definition.js";
import { Failures } from "./failures.js";
import { Hearing, Sequence } from "./hearing.js";
import { randomId } from "./outbox.js";
import { Playing } from "./playing.js";
import { Room } from "./room.js";
import { Sending } from "./sending.js";

/** @import { Body, Definition } from "../gameroom.js" */
/** @import { EngineError, EventFrame, Hello, Memory, Ports, Rejection, Reply, Resumption, ServerFrame } from "./shapes.d.ts" */

/**
 * @typedef {object} Parts
 * @property {Connection} connection
 * @property {Room} room
 * @property {Sequence} sequence
 * @property {Checksums} checksums
 * @property {Playing} playing
 * @property {Failures} failures
 * @property {Sending} sending
 */

const CLOSED_ABNORMALLY = 1006;
const SERVER_RESTARTS = 1012;

export class Session {
  #ports;
  #connection;
  #room;
  #sequence = new Sequence();
  #checksums;
  #playing;
  #failures;
  #sending;
  #hearing;
  #resumedFrom = 0;

  /**
   * random: () => a number from 0 to 1, for the jitter of reconnects.
   * drawId: () => a whole number from 1 to 2^53 - 1, another one each time.
   * memory: what `keep` was given in an earlier life of the page, or null.
   * stepMax: milliseconds after which an engine hangs that has not answered.
   * @param {Ports} ports
   * @param {{ definition: Definition, seed: number, random: () => number, drawId?: () => number,
   *   memory?: Memory | null, stepMax?: number }} options
   */
  constructor(ports, { definition, seed, random, drawId = randomId, memory = null, stepMax }) {
    const every = policyOf(definition, "divergence", "checksum_every");
    const stateEvery = policyOf(definition, "snapshots", "every");
    const connection = new Connection(ports, random);
    const room = new Room(definition);
    const sequence = this.#sequence;
    const checksums = new Checksums(every, ports.tell);
    const playing = new Playing(ports, room, { seed, every, stateEvery, stepMax });
    const failures = new Failures(connection, room, ports.tell);
    const below = { connection, room, sequence, checksums, playing, failures };
    const sending = new Sending(ports, below, { definition, drawId, memory });
    this.#ports = ports;
    this.#connection = connection;
    this.#room = room;
    this.#checksums = checksums;
    this.#playing = playing;
    this.#failures = failures;
    this.#sending = sending;
    this.#hearing = new Hearing(ports, { ...below, sending });
  }

  // -- what the shell may look at --

  get status() { return this.#connection.status; }
  get rtt() { return this.#connection.rtt; }
  get user() { return this.#room.user; }
  get name() { return this.#room.name; }
  get seat() { return this.#room.seat; }
  get roster() { return this.#room.roster; }
  get setup() { return this.#room.setup; }
  get states() { return this.#room.states; }
  get variables() { return this.#room.variables; }
  get pace() { return this.#room.pace; }
  get ended() { return this.#room.ended; }
  get isRunning() { return this.#room.isRunning; }
  /** The last closed turn that is known, and the last one that the engine has run. */
  get closed() { return this.#room.closed; }
  get generation() { return this.#playing.generation; }
  get framerate() { return this.#playing.framerate; }
  /** The last generation whose checksum the room agreed on and our engine had too. */
  get agreed() { return this.#checksums.agreed; }
  get commands() { return this.#sending.counts; }
  /** The latest news `back`, for whoever looks after it was told. */
  get returned() { return this.#hearing.returned; }

  /** resumedFrom: the turn of the snapshot from which the engine went on, 0 for none. */
  get counters() {
    const { losses } = this.#connection;
    return { caughtUp: this.#hearing.caughtUp, losses, stalls: this.#playing.stalls, resumedFrom: this.#resumedFrom };
  }

  /** When to tick next, null when nothing is due by itself. */
  get due() {
    /** @type {(number | null)[]} */
    const times = [...this.#connection.due, ...this.#playing.due, this.#sending.dueAt, this.#failures.dueAt];
    const open = times.filter((at) => at !== null);
    return open.length > 0 ? Math.min(...open) : null;
  }

  /** @param {string} name */
  allows(name) { return this.#room.allows(name); }
  /** @param {number} generation */
  checksum(generation) { return this.#checksums.of(generation); }

  // -- what the page does --

  /** @param {number} now */
  start(now) { this.#connection.start(now); }
  /** @param {number} now */
  wake(now) { this.#connection.wake(now); }
  /** @param {number} now */
  takeBack(now) { this.#connection.takeBack(now); }

  stop() {
    this.#playing.stop();
    this.#sending.interrupt();
    this.#failures.dueAt = null;
    this.#connection.stop();
  }

  /** The page is out of sight, or back: out of sight it plays on while it is let, and the room
   * need not wait for it when it is not.
   * @param {boolean} isHidden
   * @param {number} now */
  hide(isHidden, now) {
    const hasChanged = isHidden !== this.#playing.isHidden;
    this.#playing.hide(isHidden);
    if (hasChanged && this.#connection.isLive) this.#tellHidden();
    this.wake(now);
    this.#hearing.play(now);
  }

  #tellHidden() {
    if (this.seat === null) return;
    const method = this.#playing.isHidden ? "PUT" : "DELETE";
    this.request(method, "/players/me/hidden").catch((why) => this.#ports.tell("problem", why));
  }

  /** Asks the room; a refusal rejects with its problem body.
   * @param {string} method
   * @param {string} path
   * @param {object | null} body */
  request(method, path, body = null) { return this.#connection.request(method, path, body); }

  /** A command of the player, or a request that the room file declares. False: it is refused at
   * once, as `rejected` has told.
   * @param {string} name
   * @param {Body} body */
  command(name, body = {}) { return this.#sending.command(name, body); }

  /** The game's view has a fault, as the page has been told.
   * @param {{ part: string, detail: string }} problem */
  viewFailed({ part, detail }) {
    this.#failures.report({ kind: "view", generation: this.generation, text: `${part}: ${detail}` }, true);
  }

  // -- time --

  /** @param {number} now */
  tick(now) {
    this.#sending.tick(now);
    if (this.#connection.tick(now, this.#sequence.isFetching)) this.#cut(CLOSED_ABNORMALLY, now, "the server did not respond");
    if (this.#playing.isDue(now)) this.#hearing.play(now);
    if (this.#failures.dueAt !== null && now >= this.#failures.dueAt) this.#failures.send();
    const hang = this.#playing.watch(now);
    if (hang !== null) this.#hearing.fail(hang);
  }

  // -- the connection --

  /** @param {number} now */
  opened(now) {
    const connection = this.#connection;
    const { seq, resumes: snapshots } = this.#sequence;
    connection.heardAt = now;
    connection.ask("PUT", "/session", { seq, snapshots }, (status, body) => {
      if (status === 200 && body.snapshot) this.#resume(body);
      else if (status === 200) this.#welcomed(body, connection.heardAt);
      else if (body?.code === "seq_ahead") this.#forget(connection.heardAt);
      else this.#ports.tell("problem", body);
    });
  }

  /** @param {ServerFrame} frame
   * @param {number} now */
  received(frame, now) {
    this.#connection.heardAt = now;
    if (frame.status !== undefined) this.#connection.answer(frame);
    else if (this.#sequence.isFetching) this.#wait(frame, now);
    else if (frame.event === "rejected") this.#sending.rejected(frame.body, now);
    else this.#next(frame, now);
  }

  /** @param {EventFrame} frame
   * @param {number} now */
  #next(frame, now) {
    const place = this.#sequence.take(frame.seq);
    if (place === "gap") this.#cut(CLOSED_ABNORMALLY, now, "an event is missing");
    else if (place === "next" && this.#hearing.heard(frame, now)) this.#beginAgain(now);
  }

  /** @param {number} code
   * @param {number} now */
  lost(code, now, reason = "") {
    if (this.#connection.isOver) return;
    this.#sequence.interrupt();
    this.#sending.interrupt();
    this.#connection.lost(code, now, reason);
  }

  /** Ends this connection; another one is opened where the code says so.
   * @param {number} code
   * @param {number} now */
  #cut(code, now, reason = "") {
    this.#ports.hangUp();
    this.lost(code, now, reason);
  }

  // -- the engine --

  /** @param {Reply} reply
   * @param {number} now */
  engineReplied(reply, now) {
    if (this.#hearing.replied(reply, now)) this.#beginAgain(now);
  }

  /** The engine could not be made at all: only another page can.
   * @param {{ error: EngineError }} failure
   * @param {number} now */
  engineBroken({ error }, now) {
    this.#playing.die();
    this.#hearing.fail({ error });
    this.#hearing.settle(now);
  }

  // -- coming in, coming back, beginning again --

  /** @param {Hello} hello
   * @param {number} now */
  #welcomed(hello, now) {
    const isBack = this.user !== null;
    this.#room.welcomed(hello);
    this.#sequence.welcomed(hello.seq);
    this.#connection.welcomed(now);
    this.#playing.rest();
    const again = this.#sending.welcomed(hello, isBack);
    this.#hearing.welcomed(hello.generation, isBack, now);
    this.#connection.announce();
    // A connection begins as one of a page that is seen.
    if (this.#playing.isHidden) this.#tellHidden();
    this.#failures.send();
    this.#sending.repeat(again);
    this.#hearing.settle(now);
  }

  /** Much is missing: the events that follow go on from a snapshot, whose state comes first.
   * @param {Resumption} hello */
  #resume(hello) {
    this.#sequence.waitFor(hello);
    this.#ports.fetchState(hello.snapshot);
  }

  /** @param {EventFrame | Rejection} frame
   * @param {number} now */
  #wait(frame, now) {
    if (!this.#sequence.keep(frame)) this.#unfetched(now);
  }

  /** @param {number} now */
  #unfetched(now) {
    this.#sequence.missed();
    this.#cut(CLOSED_ABNORMALLY, now, "the snapshot could not be fetched");
  }

  /** The bytes of a snapshot's state, null where they could not be had.
   * @param {{ generation: number }} snapshot
   * @param {Uint8Array | null} bytes
   * @param {number} now */
  stateFetched({ generation }, bytes, now) {
    const fetched = this.#sequence.fetched(generation);
    if (fetched === null) return;
    if (bytes === null) {
      this.#unfetched(now);
      return;
    }
    const { hello, frames } = fetched;
    this.#startOver();
    this.#sequence.goOnFrom(hello.snapshot.seq);
    this.#resumedFrom = generation;
    this.#hearing.goOnFrom(hello.snapshot, bytes);
    this.#welcomed(hello, now);
    for (const frame of frames) this.received(frame, now);
  }

  /** The server knows less than we do (it lost its disk): start from its beginning.
   * @param {number} now */
  #forget(now) {
    this.#room.closed = 0;
    this.#sequence.forget();
    this.#sending.forget();
    this.#beginAgain(now);
  }

  /** A new engine, from the room's first event on. What was said stands: it is not said twice.
   * @param {number} now */
  #beginAgain(now) {
    this.#startOver();
    this.#cut(SERVER_RESTARTS, now);
  }

  #startOver() {
    this.#sequence.startOver();
    this.#room.states = [];
    this.#checksums.clear();
    this.#sending.startOver();
    this.#playing.reset();
    if (!this.#playing.isDead) this.#failures.clear();
  }
}
