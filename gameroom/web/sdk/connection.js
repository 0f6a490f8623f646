/**
 * One client's connection: when to open it, whether it is alive, and the open requests.
 *
 * It knows no event of the room, no socket and no timer: its ports open, close and write, and times
 * in milliseconds are arguments. The rule: every request gets one answer. If the connection is lost
 * before the server answers, the answer is a problem that says why the room is not reachable.
 */

import { closing } from "./definition.js";
import { problem } from "./problem.js";

/** @import { Problem, Status } from "../gameroom.js" */
/** @import { Answer, Ports, Request } from "./shapes.d.ts" */

const PROBE_MS = 1000;
const PROBES_QUICK = 5;
const PROBE_QUICK_MS = 200;
const SILENCE_MAX_MS = 6000;
const FETCH_MAX_MS = 30_000;
const BACKOFF_MAX_MS = 8000;

const sentence = (/** @type {string} */ text) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

export class Connection {
  /** @type {Status} */
  status = "new";
  /** When something was last received. */
  heardAt = 0;
  /** How often a live connection was lost. */
  losses = 0;
  /** Whether the room has ended. Then it answers no more requests. */
  hasEnded = false;
  #ports;
  #random;
  #closedBecause = "";
  #attempts = 0;
  /** @type {number | null} */
  #connectAt = null;
  /** @type {number | null} */
  #probeAt = null;
  /** When the unanswered probe was sent.
   * @type {number | null} */
  #probe = null;
  #probes = 0;
  /** The last round trip, until a packet contains it. */
  #latency = 0;
  #rtt = 0;
  #nextId = 1;
  /** @type {Map<number, (status: number, body: any) => void>} */
  #asked = new Map();

  /** random: a number from 0 to 1.
   * @param {Pick<Ports, "connect" | "hangUp" | "send" | "tell">} ports
   * @param {() => number} random */
  constructor(ports, random) {
    this.#ports = ports;
    this.#random = random;
  }

  get isLive() {
    return this.status === "live";
  }

  /** Whether the connection is not opened again automatically. */
  get isOver() {
    return this.status === "closed" || this.status === "displaced";
  }

  /** The smoothed round trip in milliseconds, 0 if it is not known yet. */
  get rtt() {
    return Math.round(this.#rtt);
  }

  /** The number of unanswered requests. */
  get unanswered() {
    return this.#asked.size;
  }

  /** The times at which to call `tick`. */
  get due() {
    return [this.#connectAt, this.#probeAt];
  }

  // -- opening and closing --

  /** @param {number} now */
  start(now) {
    this.#become("connecting");
    this.#connectAt = null;
    this.heardAt = now;
    this.#probeAt = now + SILENCE_MAX_MS;
    this.#ports.connect();
  }

  /** The room has sent its welcome. Call `announce` when everything is ready.
   * @param {number} now */
  welcomed(now) {
    this.#attempts = 0;
    this.#probes = 0;
    this.#probeAt = now;
  }

  announce() {
    this.#become("live");
  }

  /** The connection was closed with this code. It is opened again after a while, or never.
   * @param {number} code
   * @param {number} now
   * @param {string} reason */
  lost(code, now, reason) {
    this.#probe = null;
    this.#probeAt = null;
    const { again, meaning } = closing(code);
    if (again === "never" || again === "by hand") {
      this.#connectAt = null;
      this.#closedBecause = meaning;
      this.#become(again === "never" ? "closed" : "displaced", { code, meaning, reason });
    } else {
      const at = now + this.#backoff(again);
      this.#connectAt = at;
      this.#attempts += 1;
      if (this.isLive) this.losses += 1;
      this.#become("away", { code, meaning, at });
    }
    this.#answerUnheard();
  }

  /** @param {"at once" | "later"} again */
  #backoff(again) {
    const first = again === "at once" ? 0 : 500;
    const grown = this.#attempts === 0 ? first : Math.min(BACKOFF_MAX_MS, 250 * 2 ** this.#attempts);
    // Half of the delay is random, so that clients do not all come back at the same moment.
    return Math.round(grown / 2 + (grown / 2) * this.#random());
  }

  /** Connects now instead of waiting: the network is back, the page is visible, or a person asked.
   * @param {number} now */
  wake(now) {
    if (this.status === "away") this.start(now);
    else if (this.isLive) this.#probeAt = now;
  }

  /** @param {number} now */
  takeBack(now) {
    if (this.status === "displaced") this.start(now);
  }

  stop() {
    const { meaning } = closing(1000);
    this.#closedBecause = meaning;
    this.#become("closed", { code: 1000, meaning });
    this.#answerUnheard();
    this.#connectAt = this.#probeAt = null;
    this.#ports.hangUp();
  }

  /** @param {Status} status
   * @param {{ code?: number, meaning?: string, reason?: string, at?: number }} why */
  #become(status, why = {}) {
    this.status = status;
    this.#ports.tell("status", { status, ...why });
  }

  // -- time --

  /** Connects or probes if that is due. isFetching: a long download is running. Returns true if the
   * connection is dead, because nothing was received for too long.
   * @param {number} now
   * @param {boolean} isFetching */
  tick(now, isFetching) {
    if (this.#connectAt !== null && now >= this.#connectAt) this.start(now);
    if (this.#probeAt === null || now < this.#probeAt) return false;
    const patience = isFetching ? FETCH_MAX_MS : SILENCE_MAX_MS;
    const isSilent = now - Math.max(this.heardAt, this.#probe ?? 0) >= patience;
    if (isSilent && (this.#probe !== null || !this.isLive)) return true;
    this.#probeAt = now + (this.#probes < PROBES_QUICK ? PROBE_QUICK_MS : PROBE_MS);
    if (this.isLive && this.#probe === null) this.#sendProbe(now);
    return false;
  }

  /** Sends a probe, which measures the latency and detects a dead connection before the system.
   * @param {number} now */
  #sendProbe(now) {
    this.#probe = now;
    this.ask("GET", "/time", null, (status) => {
      if (status === 200) {
        this.#probes += 1;
        this.#latency = Math.max(1, Math.round(this.heardAt - now));
        this.#rtt += (this.#latency - this.#rtt) / (this.#rtt === 0 ? 1 : 4);
      }
      this.#probe = null;
    });
  }

  /** Makes the next probes follow each other quickly. */
  probeQuickly() {
    this.#probes = 0;
  }

  /** Takes the last round trip in milliseconds, 0 if there is no new one. */
  takeLatency() {
    const latency = this.#latency;
    this.#latency = 0;
    return latency;
  }

  // -- requests --

  /** @param {Request} frame */
  send(frame) {
    this.#ports.send(frame);
  }

  /** answered: called once with (status, body).
   * @param {string} method
   * @param {string} path
   * @param {object | null} body
   * @param {(status: number, body: any) => void} answered */
  ask(method, path, body, answered) {
    const id = this.#nextId++;
    this.send(body === null ? { id, method, path } : { id, method, path, body });
    this.#asked.set(id, answered);
  }

  /** Sends a request to the room. A refusal rejects with its problem body.
   * @param {string} method
   * @param {string} path
   * @param {object | null} body
   * @returns {Promise<any>} */
  request(method, path, body = null) {
    return new Promise((resolve, reject) => {
      const answered = (/** @type {number} */ status, /** @type {any} */ said) => (status < 400 ? resolve(said) : reject(said));
      if (this.isLive) this.ask(method, path, body, answered);
      else answered(503, this.unreachable());
    });
  }

  /** An answer of the room.
   * @param {Answer} frame */
  answer({ id, status, body = null }) {
    const answered = this.#asked.get(id);
    this.#asked.delete(id);
    if (answered) answered(status, body);
    else if (status >= 400) this.#ports.tell("problem", /** @type {Problem} */ (body));
  }

  /** Answers all open requests of a lost connection with a problem. */
  #answerUnheard() {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const answered of asked) answered(503, this.unreachable());
  }

  /** Why the room is not reachable now, as a problem body. */
  unreachable() {
    if (this.hasEnded) return problem("ended", "The room has ended.", 410);
    if (this.status === "closed") return problem("closed", sentence(this.#closedBecause), 410);
    if (this.status === "displaced") {
      return problem("displaced", "This seat is now open in another window. Take it back to continue here.", 409);
    }
    return problem("away", "You are not connected. The connection is restored automatically.");
  }
}
