/**
 * What the engine is asked, as the orders of ../worker.js, from what the room is.
 *
 * It knows no time and no engine. The rule it keeps: an engine is told the same of a turn wherever
 * and whenever it runs it.
 */

/** @import { MasterPacket, Row, SeatOfGame } from "../gameroom.js" */
/** @import { Order, Snapshot } from "./shapes.d.ts" */
/** @import { Room } from "./room.js" */

/**
 * A closed turn that the engine has not run yet.
 *
 * @typedef {object} PlannedTurn
 * @property {undefined} [order]
 * @property {MasterPacket} packet
 * @property {readonly string[]} states before the turn
 * @property {number[]} taken the seats that are taken at this turn
 * @property {number} arrivedAt
 * @property {number} turnMs how long it lasts
 */

/** What an engine is told of the people.
 * @param {readonly Row[]} rows
 * @returns {SeatOfGame[]} */
const peopleOf = (rows) => rows.map(({ seat, name, team, roles }) => ({ seat, name, team, roles }));

/** To check the setup.
 * @param {Room} room
 * @param {number} seed
 * @returns {Order} */
export const loadOrder = ({ setup, roster, states }, seed) =>
  ({ op: "load", setup, seats: peopleOf(roster.seats), seed, states });

/** To begin a game after this generation.
 * @param {Room} room
 * @param {number} seed
 * @param {number} generation
 * @returns {Order} */
export const initOrder = ({ setup, roster, states }, seed, generation) =>
  ({ op: "init", generation, setup, seats: peopleOf(roster.seats), seed, states });

/** To go on from a snapshot; bytes: the state of the engines that made it.
 * @param {Snapshot} snapshot
 * @param {Uint8Array} bytes
 * @param {number} seed
 * @returns {Order} */
export const restoreOrder = ({ generation, begin, roster, chart, sha256 }, bytes, seed) => ({
  op: "restore",
  generation,
  begin: { setup: begin.setup, seats: peopleOf(begin.seats), states: begin.states },
  seed,
  states: chart.states,
  seats: roster.seats.map(({ seat }) => seat),
  sha256,
  bytes,
});

/** To run these turns. turn_ms: for how long the view glides to what it is shown, where `scene` is.
 * @param {readonly PlannedTurn[]} turns
 * @param {{ turn_ms: number, every: number, stateEvery: number, scene: boolean }} options
 * @returns {Order} */
export const stepsOrder = (turns, { turn_ms, every, stateEvery, scene }) => ({
  op: "steps",
  turns: turns.map(({ packet, states, taken }) => ({
    generation: packet.generation,
    iterations: packet.iterations_per_command,
    commands: packet.commands.flatMap(({ seat, commands }) => commands.map(({ name, body }) => ({ seat, name, body }))),
    states,
    seats: taken,
  })),
  turn_ms,
  length_ms: turns[turns.length - 1].turnMs,
  every,
  stateEvery,
  scene,
});
