/**
 * The checksums of this engine's turns, against those on which the room agreed.
 *
 * It knows no engine: numbers come in, by generation. The rule it keeps: a watcher verifies what it
 * sees as a player does.
 */

/** @import { Tell } from "./shapes.d.ts" */

const SUMS_MAX = 256;
const OWED_MAX = 4;

export class Checksums {
  /** The last generation whose checksum the room agreed on and our engine had too. */
  agreed = 0;
  /** @type {Map<number, number>} */
  #own = new Map();
  /** What was agreed on for generations that our engine has not run yet.
   * @type {Map<number, number>} */
  #agreements = new Map();
  /** {generation, value} of those that the room has not been told.
   * @type {{ generation: number, value: number }[]} */
  #owed = [];
  #every;
  #tell;

  /** every: of how many generations one checksum is told to the room.
   * @param {number} every
   * @param {Tell} tell */
  constructor(every, tell) {
    this.#every = every;
    this.#tell = tell;
  }

  /** @param {number} generation */
  of(generation) {
    return this.#own.get(generation);
  }

  /** The engine has run up to `generation`; sums: [[generation, checksum]].
   * @param {number} generation
   * @param {readonly (readonly [number, number])[]} sums */
  ran(generation, sums) {
    for (const [of, value] of sums) {
      this.#own.set(of, value);
      if (of % this.#every === 0) this.#owed.push({ generation: of, value });
      const agreed = this.#agreements.get(of);
      if (agreed !== undefined) this.compare({ generation: of, value: agreed }, generation);
    }
    for (const of of this.#agreements.keys()) if (of <= generation) this.#agreements.delete(of);
    for (const of of [...this.#own.keys()].slice(0, -SUMS_MAX)) this.#own.delete(of);
    this.#owed.splice(0, this.#owed.length - OWED_MAX);
  }

  /** What the room agreed on, against what this engine had. played: the last turn that it has run.
   * @param {{ generation: number, value: number }} checksum
   * @param {number} played */
  compare({ generation, value }, played) {
    const own = this.#own.get(generation);
    if (own === undefined) {
      if (generation > played) this.#agreements.set(generation, value);
      for (const of of [...this.#agreements.keys()].slice(0, -SUMS_MAX)) this.#agreements.delete(of);
    } else if (own !== value) this.#tell("differs", { generation, own, agreed: value });
    else if (generation > this.agreed) {
      this.agreed = generation;
      this.#tell("agrees", { generation });
    }
  }

  /** One that the packet of this generation may carry, or null. It is owed no more.
   * @param {number} generation */
  takeOwed(generation) {
    const index = this.#owed.findIndex((one) => one.generation < generation);
    return index < 0 ? null : this.#owed.splice(index, 1)[0];
  }

  /** Another engine runs from here on: the room gets none of the last one's. */
  forgetOwed() {
    this.#owed = [];
  }

  clear() {
    this.#own.clear();
    this.#agreements.clear();
    this.forgetOwed();
  }
}
