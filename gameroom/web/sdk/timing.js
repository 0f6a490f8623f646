/**
 * When the next turn starts, so that turns start evenly although they arrive unevenly.
 *
 * A turn follows the one before after turn_ms. How long packets wait before they are played is
 * watched: the shortest wait of the last turns is held at about twice the jitter, by playing up to a
 * tenth faster or slower. A packet that comes too late is played at once.
 *
 * It knows no packet: times in milliseconds come in. gameroom/replica/timing.py is its twin.
 */

export class Timing {
  /** @type {number | null} */
  #startedAt = null;
  /** @type {number | null} */
  #arrivedAt = null;
  #jitter = 0;
  /** @type {number[]} */
  #waits = [];

  /** Turns stood still: nothing that follows continues what was. */
  rest() {
    this.#startedAt = null;
    this.#arrivedAt = null;
  }

  /** @param {number} turnMs
   * @param {number} now */
  arrived(turnMs, now) {
    if (this.#arrivedAt !== null) {
      const off = Math.abs(now - this.#arrivedAt - turnMs);
      // RFC 3550's estimate; a long gap is a pause and no jitter.
      if (off < 3 * turnMs) this.#jitter += (off - this.#jitter) / 16;
    }
    this.#arrivedAt = now;
  }

  /** What the packets should wait at least.
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
    // Timers are late by a few milliseconds: count from when it was due, or they add up.
    const isLate = now - dueAt >= 20;
    this.#startedAt = isLate ? now : dueAt;
    // What was waited before a stall says nothing about what will be waited after it.
    if (isLate) this.#waits.length = 0;
    this.#waits.push(now - arrivedAt);
    if (this.#waits.length > 32) this.#waits.shift();
  }
}
