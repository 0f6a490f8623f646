/** The development switch's bad network: slow, but never out of order, whatever timers do. */
export class SlowLine {
  /** @type {{ at: number, act: () => void }[]} */
  #waiting = [];
  #armed = false;
  #now;
  #after;

  /** now: milliseconds. after: as setTimeout.
   * @param {() => number} now
   * @param {(act: () => void, ms: number) => unknown} after */
  constructor(now = () => performance.now(), after = (act, /** @type {number} */ ms) => setTimeout(act, ms)) {
    this.#now = now;
    this.#after = after;
  }

  /** @param {number} delayMs
   * @param {() => void} act */
  put(delayMs, act) {
    this.#waiting.push({ at: this.#now() + delayMs, act });
    this.#drain();
  }

  #drain() {
    while (this.#waiting.length > 0 && this.#waiting[0].at <= this.#now()) this.#waiting.shift()?.act();
    if (this.#waiting.length === 0 || this.#armed) return;
    this.#armed = true;
    this.#after(() => {
      this.#armed = false;
      this.#drain();
    }, Math.ceil(this.#waiting[0].at - this.#now()));
  }
}
