/**
 * In which order events are heard, and what follows from them and from the engine's replies.
 *
 * It knows no connection beyond whether it is live. The rule it keeps: everything is handed on in one order, first to what the
 * room is, then to what is played, then to what is sent; and after it all, once, comes the question
 * what to load, to play and to say.
 */

import { problem } from "./problem.js";

/** @import { Chart, MasterPacket, Roster, SeatEvents } from "../gameroom.js" */
/** @import { EventFrame, Failed, News, Ports, Rejection, Reply, Resumption, Snapshot, Stepped } from "./shapes.d.ts" */

const FETCHES_MAX = 3;
const FRAMES_WAITING_MAX = 16_384;

/**
 * The room's events in their order: which were heard, which are news, and the snapshot from which a
 * client that missed much goes on. Every event is taken exactly once, in the order of its seq; what
 * comes while a snapshot's state is fetched waits for it.
 */
export class Sequence {
  /** The last event that was taken. */
  seq = 0;
  /** The last taken event had not been heard before, by an engine that began again. */
  isNews = true;
  /** The room may let us go on from a snapshot. */
  resumes = true;
  #headSeq = 0;
  #bornSeq = 0;
  #newsSeq = 0;
  /** {hello, frames}: the snapshot whose state is fetched, and what was heard meanwhile.
   * @type {{ hello: Resumption, frames: (EventFrame | Rejection)[] } | null} */
  #fetching = null;
  #unfetched = 0;

  /** Events are under way that the room had when it welcomed us. */
  get isBehind() {
    return this.seq < this.#headSeq;
  }

  /** The last taken event came after the room had welcomed us. */
  get isAhead() {
    return this.seq > this.#headSeq;
  }

  /** The engine has seen more than what was the case when it began. */
  get isGrown() {
    return this.seq > this.#bornSeq;
  }

  get isFetching() {
    return this.#fetching !== null;
  }

  /** Where this event stands: "next" (it is taken now), "known", or after a "gap".
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

  /** The room has welcomed us, its last event being `seq`.
   * @param {number} seq */
  welcomed(seq) {
    this.#headSeq = seq;
    // An engine that begins now has been repaired of all that was said before.
    if (this.seq === 0) this.#bornSeq = seq;
  }

  /** From the room's first event on. What was heard stays known: it is not news twice. */
  startOver() {
    this.seq = 0;
  }

  /** The room has lost its events: all that it says from now on is news. */
  forget() {
    this.#newsSeq = 0;
  }

  // -- snapshots --

  /** The events go on from the snapshot of this hello, whose state is fetched now.
   * @param {Resumption} hello */
  waitFor(hello) {
    this.#fetching = { hello, frames: [] };
  }

  /** Keeps a frame for later. False: too many wait.
   * @param {EventFrame | Rejection} frame */
  keep(frame) {
    return this.#fetching !== null && this.#fetching.frames.push(frame) <= FRAMES_WAITING_MAX;
  }

  /** The state of this generation came: {hello, frames}; null when nobody waits for it any more.
   * @param {number} generation */
  fetched(generation) {
    const fetching = this.#fetching;
    if (fetching?.hello.snapshot.generation !== generation) return null;
    this.#fetching = null;
    return fetching;
  }

  /** The state could not be had. After some of these the room is asked for every event. */
  missed() {
    this.#fetching = null;
    this.#unfetched += 1;
    this.resumes = this.#unfetched < FETCHES_MAX;
  }

  interrupt() {
    this.#fetching = null;
  }

  /** Goes on after the event `seq`, as the snapshot says.
   * @param {number} seq */
  goOnFrom(seq) {
    this.seq = this.#bornSeq = seq;
    this.#heardUpTo(seq);
  }
}

export class Hearing {
  /** The latest news `back`, for whoever looks after it was told.
   * @type {SeatEvents["back"] | null} */
  returned = null;
  /** How many turns were caught up after all welcomes. */
  caughtUp = 0;
  #ports;
  #connection;
  #room;
  #sequence;
  #checksums;
  #playing;
  #failures;
  #sending;
  /** {from, to, at, again}: what is missed after a welcome, until it is played.
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

  /** An event, the next one. True: the engine has to begin again, from the room's first event on.
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
        // We are asked for the bytes: others have the same, so ours are as good.
        if (this.#sending.hasOffered(frame.body)) this.#ports.sendState(frame.body.generation);
        break;
      default:
        this.#news(frame);
    }
    if (frame.event === "repair" && seat !== null && frame.body.seats.includes(seat) && this.#sequence.isGrown) return true;
    this.settle(now);
    return false;
  }

  /** What only news say: an engine that begins again hears it a second time.
   * @param {News} frame */
  #news({ event, body }) {
    if (!this.#sequence.isNews) return;
    const { seat } = this.#room;
    this.#ports.tell(event, body);
    // The room compared our checksum with others: what was our state then?
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
    // The room knows no line yet: some quick round trips, so that it soon finds its pace.
    this.#connection.probeQuickly();
  }

  /** @param {SeatEvents["ended"]} ended */
  #ended(ended) {
    this.#room.ended = ended;
    this.#connection.hasEnded = true;
    this.#ports.tell("ended", ended);
  }

  /** The room as a snapshot says it was, and the bytes of the engine's state.
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

  /** A reply of the engine. True: it has to begin again, from the room's first event on.
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
    // What others could go on from, this engine can't: it takes the long way.
    this.#sequence.resumes = false;
    this.#ports.tell("problem", problem("not_restored", reply.error.message));
    return true;
  }

  /** The engine can't go on: it is named here and to the room, and no packet is sent any more.
   * @param {{ generation?: number, error: Failed["error"], during?: string }} failure */
  fail({ generation = this.#playing.generation, error, during }) {
    this.#playing.fail(during === "load" || !this.#room.isRunning);
    this.#failures.fail(generation, error, during);
  }

  // -- what to do next --

  /** After everything that was heard: is there something to load, to play, or to say?
   * @param {number} now */
  settle(now) {
    const isHere = !this.#sequence.isBehind && this.#connection.isLive;
    if (isHere && this.#playing.load(now)) this.#loaded([this.#failures.sentence]);
    this.play(now);
    if (isHere) this.#lookBack(now);
  }

  /** Plays what is due, and says what is to be said when a turn starts.
   * @param {number} now */
  play(now) {
    const started = this.#playing.play(now);
    if (started !== null) this.#speak(started);
  }

  /** @param {number} generation */
  #speak(generation, isBack = false) {
    if (!this.#sequence.isBehind) this.#sending.speak(generation, isBack);
  }

  /** The room has welcomed us after its turn `to`. again: after a loss, not after a reload.
   * @param {number} to
   * @param {boolean} again
   * @param {number} at */
  welcomed(to, again, at) {
    this.#missed = { from: this.#playing.generation, to, at, again };
  }

  /** When all that was missed is played, that is told.
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
