/**
 * The room as this client knows it: the people, the setup, the chart's states, the pace.
 *
 * It knows no connection and no engine. The rule: it contains only the last values from the room,
 * never a prediction.
 */

import { policyOf, ruling } from "./definition.js";

/** @import { Body, Chart, Definition, MasterPacket, Roster, SeatEvents } from "../gameroom.js" */
/** @import { Hello } from "./shapes.d.ts" */

export class Room {
  /** @type {string | null} */
  user = null;
  /** @type {string | null} */
  name = null;
  /** Our seat; null for a spectator, and before the first answer.
   * @type {number | null} */
  seat = null;
  /** @type {Roster} */
  roster = { seats: [], spectators: 0 };
  /** @type {Body} */
  setup = {};
  /** @type {readonly string[]} */
  states = [];
  /** @type {Body} */
  variables = {};
  pace = { turn_ms: 0, ahead: 1, iterations: 1 };
  /** The length of the next turn. The pace in a packet applies from the following turn on. */
  turnMs = 0;
  /** The last known closed turn. */
  closed = 0;
  /** @type {SeatEvents["ended"] | null} */
  ended = null;
  #definition;

  /** @param {Definition} definition */
  constructor(definition) {
    this.#definition = definition;
    this.turnMs = this.pace.turn_ms = policyOf(definition, "pace", "turn", "low");
  }

  get isRunning() {
    return this.states.includes("running");
  }

  get isIterating() {
    return this.#definition.states.some((one) => one.iterates && this.states.includes(one.path));
  }

  /** The numbers of the taken seats. */
  get taken() {
    return this.roster.seats.map(({ seat }) => seat);
  }

  get myRow() {
    return this.roster.seats.find(({ seat }) => seat === this.seat);
  }

  /** The words in a room file that include this person. */
  get kinds() {
    const row = this.myRow;
    if (row === undefined) return new Set([this.seat === null ? "spectator" : "player"]);
    return new Set(["player", ...(row.team ? [row.team] : []), ...row.roles]);
  }

  /** @param {string} name */
  allows(name) {
    return ruling(this.#definition, this.states, name, this.kinds) === "allow";
  }

  // -- updates from the room --

  /** @param {Hello} hello */
  welcomed({ user, name, seat, turn_ms, ahead, generation }) {
    Object.assign(this, { user, name, seat });
    Object.assign(this.pace, { turn_ms, ahead });
    this.close(generation);
  }

  /** @param {number} generation */
  close(generation) {
    this.closed = Math.max(this.closed, generation);
  }

  /** @param {MasterPacket} packet */
  turn({ turn_ms, ahead, iterations_per_command: iterations }) {
    this.turnMs = turn_ms;
    this.pace = { turn_ms, ahead, iterations };
  }

  /** @param {Chart} chart */
  chart({ states, variables }) {
    this.states = states;
    this.variables = variables;
  }
}
