/**
 * Processes the room's events in order, and the replies of the engine.
 *
 * Of the connection it knows only whether it is live. The rule: each event goes first to the room's
 * state, then to the engine, then to the outgoing packets. After that, it checks once what to load,
 * to play and to send.
 */

import { problem } from "./problem.js";

/** @import { Chart, MasterPacket, Roster, SeatEvents } from "../gameroom.js" */
/** @import { EventFrame, Failed, News, Ports, Rejection, Reply, Resumption, Snapshot, Stepped } from "./shapes.d.ts" */

const FETCHES_MAX = 3;
const FRAMES_WAITING_MAX = 16_384;

/**
 * The order of the room's events: which were received, which are new, and the snapshot from which a
 * client continues that has missed many events. Every event is processed exactly once, in order of
 * seq. While the state of a snapshot is fetched, further events wait.
 */
export class Sequence {
  /** The last event that was processed. */
  seq = 0;
  /** Whether the last event is new. An engine that starts again receives old events again. */
  isNews = true;
  /** Whether the room can let us continue from a snapshot. */
  resumes = true;
  #headSeq = 0;
  #bornSeq = 0;
  #newsSeq = 0;
  /** {hello, frames}: the snapshot whose state is fetched, and the frames received meanwhile.
   * @type {{ hello: Resumption, frames: (EventFrame | Rejection)[] } | null} */
  #fetching = null;
  #unfetched = 0;

  /** Whether events that the room already had at the welcome are still to arrive. */
  get isBehind() {
    return this.seq < this.#headSeq;
  }

  /** Whether the last event happened after the welcome. */
  get isAhead() {
    return this.seq > this.#headSeq;
  }

  /** Whether the last event happened after the engine started. */
  get isGrown() {
    return this.seq > this.#bornSeq;
  }

  get isFetching() {
    return this.#fetching !== null;
  }

  /** The position of this event: "next" (it is processed now), "known", or after a "gap".
   * @param {number} seq */
  take(seq) {
    if (seq <= this.seq) return "known";
    if (seq !== this.seq + 1) return "gap";
    this.seq = seq;
    this.isNews = seq > this.#newsSeq;
    this.#heardUpTo(seq);
    return "next";
  }

  /** @param {number} seq */
  #heardUpTo(seq) {
    this.#newsSeq = Math.max(this.#newsSeq, seq);
  }

  /** The room has sent its welcome. seq: its last event.
   * @param {number} seq */
  welcomed(seq) {
    this.#headSeq = seq;
    // All earlier repairs are obsolete for an engine that starts now.
    if (this.seq === 0) this.#bornSeq = seq;
  }

  /** Starts again from the room's first event. Events that were received before are not new. */
  startOver() {
    this.seq = 0;
  }

  /** The room has lost its events: all further events are new. */
  forget() {
    this.#newsSeq = 0;
  }

  // -- snapshots --

  /** The events continue from the snapshot in this hello, whose state is fetched now.
   * @param {Resumption} hello */
  waitFor(hello) {
    this.#fetching = { hello, frames: [] };
  }

  /** Keeps a frame for later. Returns false if too many are waiting.
   * @param {EventFrame | Rejection} frame */
  keep(frame) {
    return this.#fetching !== null && this.#fetching.frames.push(frame) <= FRAMES_WAITING_MAX;
  }

  /** The state of this generation has arrived: returns {hello, frames}, or null if it is not needed
   * any more.
   * @param {number} generation */
  fetched(generation) {
    const fetching = this.#fetching;
    if (fetching?.hello.snapshot.generation !== generation) return null;
    this.#fetching = null;
    return fetching;
  }

  /** The state could not be fetched. After several failures all events are requested instead. */
  missed() {
    this.#fetching = null;
    this.#unfetched += 1;
    this.resumes = this.#unfetched < FETCHES_MAX;
  }

  interrupt() {
    this.#fetching = null;
  }

  /** Continues after the event `seq` of the snapshot.
   * @param {number} seq */
  goOnFrom(seq) {
    this.seq = this.#bornSeq = seq;
    this.#heardUpTo(seq);
  }
}

export class Hearing {
  /** The last event `back`, for code that starts to listen later.
   * @type {SeatEvents["back"] | null} */
  returned = null;
  /** How many turns were caught up in total. */
  caughtUp = 0;
  #ports;
  #connection;
  #room;
  #sequence;
  #checksums;
  #playing;
  #failures;
  #sending;
  /** {from, to, at, again}: the missed turns after a welcome, until they are played.
   * @type {{ from: number, to: number, at: number, again: boolean } | null} */
  #missed = null;

  /** @param {Ports} ports
   * @param {import("./session.js").Parts} parts */
  constructor(ports, { connection, room, sequence, checksums, playing, failures, sending }) {
    this.#ports = ports;
    this.#connection = connection;
    this.#room = room;
    this.#sequence = sequence;
    this.#checksums = checksums;
    this.#playing = playing;
    this.#failures = failures;
    this.#sending = sending;
  }

  // -- the room --

  /** Processes the next event. Returns true if the engine must start again from the room's first
   * event.
   * @param {EventFrame} frame
   * @param {number} now */
  heard(frame, now) {
    const { seat } = this.#room;
    switch (frame.event) {
      case "turn":
        this.#turn(frame.body, now);
        break;
      case "roster":
        this.#roster(frame.body);
        break;
      case "setup":
        this.#setup(frame.body);
        break;
      case "chart":
        this.#chart(frame.body.chart, frame.body.generation);
        break;
      case "ended":
        this.#ended(frame.body);
        break;
      case "verified":
        // The room asks us for the bytes of the state, which is the same for all players.
        if (this.#sending.hasOffered(frame.body)) this.#ports.sendState(frame.body.generation);
        break;
      default:
        this.#news(frame);
    }
    if (frame.event === "repair" && seat !== null && frame.body.seats.includes(seat) && this.#sequence.isGrown) return true;
    this.settle(now);
    return false;
  }

  /** Processes an event that matters only if it is new. An engine that starts again receives it a
   * second time.
   * @param {News} frame */
  #news({ event, body }) {
    if (!this.#sequence.isNews) return;
    const { seat } = this.#room;
    this.#ports.tell(event, body);
    // The room compared our checksum with others: send the evidence of our state.
    if (event === "diverged" && seat !== null && body.values[seat] !== undefined) this.#playing.testify(body.generation);
  }

  /** @param {MasterPacket} packet
   * @param {number} now */
  #turn(packet, now) {
    this.#room.close(packet.generation);
    this.#playing.turn(packet, now, this.#connection.isLive && this.#sequence.isAhead);
    this.#room.turn(packet);
    this.#sending.turn(packet);
    this.#ports.tell("turn", packet);
    if (packet.checksum !== null) this.#checksums.compare(packet.checksum, this.#playing.generation);
    if (packet.chart !== null) this.#chart(packet.chart, packet.generation);
  }

  /** @param {Roster} roster */
  #roster(roster) {
    this.#room.roster = roster;
    this.#ports.tell("roster", roster);
  }

  /** @param {SeatEvents["setup"]} setup */
  #setup(setup) {
    this.#room.setup = setup.settings;
    this.#ports.tell("setup", setup);
  }

  /** @param {Chart} chart
   * @param {number} generation */
  #chart(chart, generation) {
    const wasRunning = this.#room.isRunning;
    this.#room.chart(chart);
    this.#ports.tell("chart", { ...chart, generation });
    if (this.#room.isRunning && !wasRunning) this.#begin(generation);
    if (!this.#room.isIterating) this.#playing.rest();
  }

  /** @param {number} generation */
  #begin(generation) {
    if (!this.#playing.begin(generation)) return;
    this.#failures.clear();
    // The room does not know our latency yet: quick probes help it to find its pace soon.
    this.#connection.probeQuickly();
  }

  /** @param {SeatEvents["ended"]} ended */
  #ended(ended) {
    this.#room.ended = ended;
    this.#connection.hasEnded = true;
    this.#ports.tell("ended", ended);
  }

  /** Takes over the room's state from a snapshot, and the bytes of the engine's state.
   * @param {Snapshot} snapshot
   * @param {Uint8Array} bytes */
  goOnFrom(snapshot, bytes) {
    const { generation, setup, roster, chart } = snapshot;
    this.#room.close(generation);
    this.#setup(setup);
    this.#roster(roster);
    this.#room.chart(chart);
    this.#ports.tell("chart", { ...chart, generation });
    this.#playing.restore(snapshot, bytes);
  }

  // -- the engine --

  /** Processes a reply of the engine. Returns true if it must start again from the room's first
   * event.
   * @param {Reply} reply
   * @param {number} now */
  replied(reply, now) {
    if (!this.#playing.replied(reply, now)) return false;
    const { unshown, generation = this.#playing.generation } = reply;
    if (unshown) this.#failures.report({ kind: "view", generation, text: unshown });
    switch (reply.op) {
      case "loaded":
        this.#loaded(reply.reasons);
        break;
      case "inited":
      case "restored":
        this.#begun(reply.generation);
        break;
      case "stepped":
        this.#stepped(reply);
        break;
      case "failed":
        return this.#failed(reply);
      default:
    }
    this.settle(now);
    return false;
  }

  /** @param {readonly string[]} reasons */
  #loaded(reasons) {
    const news = reasons.length > 0 ? { refused: reasons } : { loaded: true };
    this.#ports.tell("loaded", { reasons });
    this.#connection.request("PUT", "/players/me/engine", news).catch((why) => this.#ports.tell("problem", why));
  }

  /** @param {number} generation */
  #begun(generation) {
    this.#playing.begun(generation);
    this.#checksums.forgetOwed();
    this.#sending.forgetSignals();
    if (generation >= this.#room.closed) this.#speak(generation, true);
  }

  /** @param {Stepped} reply */
  #stepped(reply) {
    const { generation, sums, ms, turns, sync, state, unkept } = reply;
    this.#playing.stepped(reply);
    this.#checksums.ran(generation, sums);
    if (state) this.#sending.offerState(state);
    if (unkept) this.#failures.report({ kind: "snapshot", generation: unkept.generation, text: unkept.why });
    const signals = this.#sending.raise(reply.signals);
    this.#ports.tell("played", { generation, checksum: this.#checksums.of(generation) ?? null, signals, ms, turns });
    if (sync) this.#ports.tell("sync", sync);
    if (this.#playing.endsCatchUp()) this.#speak(generation);
  }

  /** @param {Failed} reply */
  #failed(reply) {
    if (reply.during !== "restore") {
      this.fail(reply);
      return false;
    }
    // This engine cannot restore the state of others: it starts again from the first event.
    this.#sequence.resumes = false;
    this.#ports.tell("problem", problem("not_restored", reply.error.message));
    return true;
  }

  /** The engine cannot continue: reports it on this page and to the room, and stops sending.
   * @param {{ generation?: number, error: Failed["error"], during?: string }} failure */
  fail({ generation = this.#playing.generation, error, during }) {
    this.#playing.fail(during === "load" || !this.#room.isRunning);
    this.#failures.fail(generation, error, during);
  }

  // -- what to do next --

  /** After each input: checks what to load, to play and to send.
   * @param {number} now */
  settle(now) {
    const isHere = !this.#sequence.isBehind && this.#connection.isLive;
    if (isHere && this.#playing.load(now)) this.#loaded([this.#failures.sentence]);
    this.play(now);
    if (isHere) this.#lookBack(now);
  }

  /** Plays the turns that are due, and sends packets when a turn starts.
   * @param {number} now */
  play(now) {
    const started = this.#playing.play(now);
    if (started !== null) this.#speak(started);
  }

  /** @param {number} generation */
  #speak(generation, isBack = false) {
    if (!this.#sequence.isBehind) this.#sending.speak(generation, isBack);
  }

  /** The room has sent its welcome after its turn `to`. again: after a loss, not after a reload.
   * @param {number} to
   * @param {boolean} again
   * @param {number} at */
  welcomed(to, again, at) {
    this.#missed = { from: this.#playing.generation, to, at, again };
  }

  /** Emits `back` when all missed turns are played.
   * @param {number} now */
  #lookBack(now) {
    const { generation, isBusy, isStarted } = this.#playing;
    if (this.#missed === null || isBusy || generation < this.#missed.to) return;
    if (this.#room.isRunning && !isStarted) return;
    const { from, to, at, again } = this.#missed;
    const turns = Math.max(0, to - from);
    this.#missed = null;
    this.caughtUp += turns;
    this.returned = { again, turns, ms: now - at, ...this.#sending.counts };
    this.#ports.tell("back", this.returned);
    this.#speak(generation, true);
  }
}
