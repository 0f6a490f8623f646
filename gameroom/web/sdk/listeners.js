/**
 * Who hears which event of a seat.
 *
 * The rule it keeps: whoever fails at hearing is reported, and the others hear it all the same.
 */

/** @import { SeatEvents } from "../gameroom.js" */

export class Listeners {
  /** @type {Map<string, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /** Calls `hear` with every event of that name; returns what stops it.
   * @template {keyof SeatEvents} Name
   * @param {Name} name
   * @param {(detail: SeatEvents[Name]) => void} hear
   * @returns {() => void} */
  on(name, hear) {
    const hearing = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, hearing.add(hear));
    return () => {
      hearing.delete(hear);
    };
  }

  /** @param {string} name
   * @param {unknown} detail */
  tell(name, detail) {
    for (const hear of this.#listeners.get(name) ?? []) {
      try {
        hear(detail);
      } catch (error) {
        reportError(error);
      }
    }
    if (name !== "any") this.tell("any", { name, detail });
  }
}
