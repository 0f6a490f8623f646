/**
 * Decides when the next turn starts, so that turns start evenly although they arrive unevenly.
 *
 * A turn starts turn_ms after the one before. The shortest time that a packet of the last turns
 * waited is kept at about twice the jitter, by playing up to a tenth faster or slower. A packet
 * that arrives too late is played at once.
 *
 * It knows no packet: times in milliseconds are arguments. gameroom/replica/timing.py is the same
 * in Python.
 */

export class Timing {
  /** @type {number | null} */
  #startedAt = null;
  /** @type {number | null} */
  #arrivedAt = null;
  #jitter = 0;
  /** @type {number[]} */
  #waits = [];

  /** Turns have stopped: the next turn starts a new rhythm. */
  rest() {
    this.#startedAt = null;
    this.#arrivedAt = null;
  }

  /** @param {number} turnMs
   * @param {number} now */
  arrived(turnMs, now) {
    if (this.#arrivedAt !== null) {
      const off = Math.abs(now - this.#arrivedAt - turnMs);
      // The estimate of RFC 3550. A long gap is a pause, not jitter.
      if (off < 3 * turnMs) this.#jitter += (off - this.#jitter) / 16;
    }
    this.#arrivedAt = now;
  }

  /** The time that packets should wait at least.
   * @param {number} turnMs */
  wanted(turnMs) {
    return Math.min(2 * this.#jitter + 2, turnMs / 2);
  }

  /** @param {number} turnMs
   * @param {number} now */
  startAt(turnMs, now) {
    if (this.#startedAt === null) return now;
    const least = this.#waits.length < 8 ? this.wanted(turnMs) : Math.min(...this.#waits);
    const off = (this.wanted(turnMs) - least) / (4 * turnMs);
    return this.#startedAt + turnMs * Math.min(1.1, Math.max(0.9, 1 + off));
  }

  /** @param {number} arrivedAt
   * @param {number} dueAt
   * @param {number} now */
  started(arrivedAt, dueAt, now) {
    // Timers are a few milliseconds late: count from the due time, or the delays add up.
    const isLate = now - dueAt >= 20;
    this.#startedAt = isLate ? now : dueAt;
    // Waiting times before a stall do not predict those after it.
    if (isLate) this.#waits.length = 0;
    this.#waits.push(now - arrivedAt);
    if (this.#waits.length > 32) this.#waits.shift();
  }
}
