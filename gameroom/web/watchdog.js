/**
 * Notices an engine that does not answer any more.
 *
 * Knows no engine, no page and no clock: it is told what was asked and what came, always with the
 * time in milliseconds. The rule: an engine hangs that has not answered for as long as one turn may
 * take, unless the page stood still itself.
 */

/** For each turn of a batch. */
export const STEP_MAX_MS = 5000;
/** For what an engine does before its first turn. */
export const LOAD_MAX_MS = 30_000;
/** A timer that is this late says that the page stood still. */
const TIMER_LATE_MS = 1000;

/** `due` is when it wants to be asked `hung` next, null while nothing is with the engine. */
export class Watchdog {
  due = null;
  #stepMax;
  #patience = 0;
  #generation = 0;

  constructor(stepMax = STEP_MAX_MS) {
    this.#stepMax = stepMax;
  }

  /** The engine was given an order. */
  asked(order, now) {
    this.#generation = order.turns?.[0].generation ?? order.generation ?? 0;
    this.#patience = order.op === "steps" ? this.#stepMax : Math.max(LOAD_MAX_MS, this.#stepMax);
    this.due = now + this.#patience;
  }

  /** It is at this turn of the batch. */
  progressed({ generation }, now) {
    this.#generation = generation;
    this.due = now + this.#patience;
  }

  /** It has done what it was asked, or nothing more is expected of it. */
  rest() {
    this.due = null;
  }

  /** {generation, error} of an engine that hangs by now, else null. */
  hung(now) {
    if (this.due === null || now < this.due) return null;
    if (now - this.due >= TIMER_LATE_MS) {
      this.due = now + this.#patience;
      return null;
    }
    this.due = null;
    const message = `it has not answered for ${this.#patience / 1000} s`;
    return { generation: this.#generation, error: { name: "Error", message, stack: "" } };
  }
}
