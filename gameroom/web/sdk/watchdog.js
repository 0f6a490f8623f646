/**
 * Whether the engine hangs: it has not answered for too long what it was asked.
 *
 * It knows no engine; times in milliseconds come in. The rule it keeps: a page that stood still
 * itself, as its late timers say, gives its engine all the time once more.
 */

/** An engine that has not answered for this long hangs: for each turn of a batch, and for what it
 * does before the first. */
export const STEP_MAX_MS = 5000;
const LOAD_MAX_MS = 30_000;
/** A timer that is this late says that the page stood still. */
const TIMER_LATE_MS = 1000;

export class Watchdog {
  /** When the engine hangs, unless it answers before; null while it is not asked anything.
   * @type {number | null} */
  dueAt = null;
  #stepMax;
  #patience;
  /** The turn that the engine was asked to run, or to run first; 0 for none. */
  #asking = 0;

  /** @param {number} stepMax for how long a turn may take */
  constructor(stepMax) {
    this.#stepMax = this.#patience = stepMax;
  }

  /** The engine is asked to run turns from this one on, or to do what comes before.
   * @param {number} generation
   * @param {boolean} isStep
   * @param {number} now */
  asked(generation, isStep, now) {
    this.#patience = isStep ? this.#stepMax : Math.max(LOAD_MAX_MS, this.#stepMax);
    this.progressed(generation, now);
  }

  /** It has come to this turn.
   * @param {number} generation
   * @param {number} now */
  progressed(generation, now) {
    this.#asking = generation;
    this.dueAt = now + this.#patience;
  }

  /** It is not asked anything. */
  rest() {
    this.dueAt = null;
  }

  /** {generation, error} of an engine that hangs, else null.
   * @param {number} now */
  watch(now) {
    if (this.dueAt === null || now < this.dueAt) return null;
    if (now - this.dueAt >= TIMER_LATE_MS) {
      this.dueAt = now + this.#patience;
      return null;
    }
    const message = `it has not answered for ${this.#patience / 1000} s`;
    return { generation: this.#asking, error: { name: "Error", message, stack: "" } };
  }
}
