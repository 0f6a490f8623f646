/**
 * Whether the engine hangs: it has not answered for too long what it was asked.
 *
 * It knows no engine and no page; times in milliseconds come in. The rule it keeps: a page that
 * stood still itself, as its late timers say, gives its engine all the time once more.
 */

/** For each turn of a batch. */
const STEP_MAX_MS = 5000;
/** For what an engine does before its first turn. */
const LOAD_MAX_MS = 30_000;
/** A timer that is this late says that the page stood still. */
const TIMER_LATE_MS = 1000;

export class Watchdog {
  /** When to ask `hung` next; null while the engine is not asked anything.
   * @type {number | null} */
  due = null;
  #stepMax;
  #patience;
  /** The turn that the engine is asked to run, or to run first; 0 for none. */
  #generation = 0;

  /** stepMax: how long one turn may take. */
  constructor(stepMax = STEP_MAX_MS) {
    this.#stepMax = this.#patience = stepMax;
  }

  /** The engine was given an order.
   * @param {{ op: string, generation?: number, turns?: readonly { generation: number }[] }} order
   * @param {number} now */
  asked(order, now) {
    this.#generation = order.turns?.[0].generation ?? order.generation ?? 0;
    this.#patience = order.op === "steps" ? this.#stepMax : Math.max(LOAD_MAX_MS, this.#stepMax);
    this.due = now + this.#patience;
  }

  /** It is at this turn of the batch.
   * @param {{ generation: number }} reply
   * @param {number} now */
  progressed({ generation }, now) {
    this.#generation = generation;
    this.due = now + this.#patience;
  }

  /** It has done what it was asked, or nothing more is expected of it. */
  rest() {
    this.due = null;
  }

  /** {generation, error} of an engine that hangs by now, else null.
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
