/**
 * Compares the checksums of this engine's turns with those that the room agreed on.
 *
 * It knows no engine: it receives numbers by generation. The rule: a spectator verifies its game in
 * the same way as a player.
 */

/** @import { Tell } from "./shapes.d.ts" */

const SUMS_MAX = 256;
const OWED_MAX = 4;

export class Checksums {
  /** The last generation where our engine had the agreed checksum. */
  agreed = 0;
  /** @type {Map<number, number>} */
  #own = new Map();
  /** Agreed checksums of generations that our engine has not run yet.
   * @type {Map<number, number>} */
  #agreements = new Map();
  /** {generation, value} of the checksums that have not been sent to the room.
   * @type {{ generation: number, value: number }[]} */
  #owed = [];
  #every;
  #tell;

  /** every: one of this many generations has its checksum sent to the room.
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

  /** Compares an agreed checksum with that of this engine. played: the last turn it has run.
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

  /** Takes a checksum for the packet of this generation, or null. It is not sent again.
   * @param {number} generation */
  takeOwed(generation) {
    const index = this.#owed.findIndex((one) => one.generation < generation);
    return index < 0 ? null : this.#owed.splice(index, 1)[0];
  }

  /** A new engine runs from now on. Checksums of the old one are not sent any more. */
  forgetOwed() {
    this.#owed = [];
  }

  clear() {
    this.#own.clear();
    this.#agreements.clear();
    this.forgetOwed();
  }
}
