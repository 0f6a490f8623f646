/**
 * The room's events in their order: which were heard, which are news, and the snapshot from which
 * a client that missed much goes on.
 *
 * It knows no event's meaning. The rule it keeps: every event is taken exactly once, in the order
 * of its seq; what comes while a snapshot's state is fetched waits for it.
 */

/** @import { EventFrame, Rejection, Resumption } from "./shapes.d.ts" */

const FETCHES_MAX = 3;
const FRAMES_WAITING_MAX = 16_384;

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
