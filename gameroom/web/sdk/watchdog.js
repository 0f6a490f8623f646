/**
 * Detects an engine that hangs, i.e. has not answered an order for too long.
 *
 * It knows no engine and no page; times in milliseconds are arguments. The rule: if the page itself
 * was suspended, which late timers show, the engine gets its full time again.
 */

/** The maximum time for each turn of a batch. */
const STEP_MAX_MS = 5000;
/** The maximum time for the work before the first turn. */
const LOAD_MAX_MS = 30_000;
/** A timer that is this late shows that the page was suspended. */
const TIMER_LATE_MS = 1000;

export class Watchdog {
  /** When to call `hung` next; null while the engine has no order.
   * @type {number | null} */
  due = null;
  #stepMax;
  #patience;
  /** The turn that the engine runs now; 0 for none. */
  #generation = 0;

  /** stepMax: the maximum time of one turn. */
  constructor(stepMax = STEP_MAX_MS) {
    this.#stepMax = this.#patience = stepMax;
  }

  /** The engine has received an order.
   * @param {{ op: string, generation?: number, turns?: readonly { generation: number }[] }} order
   * @param {number} now */
  asked(order, now) {
    this.#generation = order.turns?.[0].generation ?? order.generation ?? 0;
    this.#patience = order.op === "steps" ? this.#stepMax : Math.max(LOAD_MAX_MS, this.#stepMax);
    this.due = now + this.#patience;
  }

  /** The engine has reached this turn of the batch.
   * @param {{ generation: number }} reply
   * @param {number} now */
  progressed({ generation }, now) {
    this.#generation = generation;
    this.due = now + this.#patience;
  }

  /** The engine has completed its order, or no reply is expected any more. */
  rest() {
    this.due = null;
  }

  /** The failure of an engine that hangs, {generation, error}, or null.
   * @param {number} now */
  hung(now) {
    if (this.due === null || now < this.due) return null;
    if (now - this.due >= TIMER_LATE_MS) {
      this.due = now + this.#patience;
      return null;
    }
    this.due = null;
    const message = `it has not responded for ${this.#patience / 1000} s`;
    return { generation: this.#generation, error: { name: "Error", message, stack: "" } };
  }
}
