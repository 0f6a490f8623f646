/**
 * The client's side of a room, for a seat or a spectator, without any I/O.
 *
 * Its inputs are `opened`, `received`, `lost`, `engineReplied` and `tick`, always with the time in
 * milliseconds. It acts through its ports. `due` is when to call `tick` next. The session itself
 * handles joining, coming back and starting again. Its parts do the rest; each knows only some of
 * the parts before it:
 *
 *   Connection   whether the room is reachable, and the open requests
 *   Room         the state of the room
 *   Sequence     which events were received
 *   Checksums    the checksums of our engine, and the agreed ones
 *   Playing      the orders to the engine, and their time
 *   Failures     reports of failures
 *   Sending      commands, packets, signals, state hashes
 *   Hearing      the effects of events and of the engine's replies
 *
 * The rule: the engine runs a generation only after its master packet has arrived, and an accepted
 * command of the player reaches the room exactly once.
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
   * drawId: () => a whole number from 1 to 2^53 - 1, a different one each time.
   * memory: the last memory that `keep` received before a reload of the page, or null.
   * stepMax: after this many milliseconds without an answer an engine counts as hanging.
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

  // -- state for the shell --

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
  /** The last known closed turn, and the last one that the engine has run. */
  get closed() { return this.#room.closed; }
  get generation() { return this.#playing.generation; }
  get framerate() { return this.#playing.framerate; }
  /** The last generation where our engine had the agreed checksum. */
  get agreed() { return this.#checksums.agreed; }
  get commands() { return this.#sending.counts; }
  /** The last event `back`, for code that starts to listen later. */
  get returned() { return this.#hearing.returned; }

  /** resumedFrom: the turn of the snapshot from which the engine continued, 0 for none. */
  get counters() {
    const { losses } = this.#connection;
    return { caughtUp: this.#hearing.caughtUp, losses, stalls: this.#playing.stalls, resumedFrom: this.#resumedFrom };
  }

  /** When to call `tick` next, null if nothing is due. */
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

  // -- inputs of the page --

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

  /** The page is hidden or visible again. A hidden page plays on as long as the browser lets it,
   * and the room does not wait for it.
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

  /** Sends a request to the room. A refusal rejects with its problem body.
   * @param {string} method
   * @param {string} path
   * @param {object | null} body */
  request(method, path, body = null) { return this.#connection.request(method, path, body); }

  /** Sends a command, or a request that the room file declares. Returns false if it is refused at
   * once; the event `rejected` says why.
   * @param {string} name
   * @param {Body} body */
  command(name, body = {}) { return this.#sending.command(name, body); }

  /** The game's view has an error, which the page already knows.
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

  /** Ends this connection. Depending on the code, a new one is opened.
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

  /** The engine could not be created. Only a new page can create one.
   * @param {{ error: EngineError }} failure
   * @param {number} now */
  engineBroken({ error }, now) {
    this.#playing.die();
    this.#hearing.fail({ error });
    this.#hearing.settle(now);
  }

  // -- joining, coming back, starting again --

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
    // For the room, a new connection belongs to a visible page.
    if (this.#playing.isHidden) this.#tellHidden();
    this.#failures.send();
    this.#sending.repeat(again);
    this.#hearing.settle(now);
  }

  /** Many events are missing: they continue from a snapshot, whose state is fetched first.
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

  /** The bytes of a snapshot's state have arrived, null if they cannot be fetched.
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

  /** The server has fewer events than we have (it lost its disk): start from its first event.
   * @param {number} now */
  #forget(now) {
    this.#room.closed = 0;
    this.#sequence.forget();
    this.#sending.forget();
    this.#beginAgain(now);
  }

  /** Starts a new engine from the room's first event. Packets are not sent a second time.
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
