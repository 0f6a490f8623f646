/**
 * Gives orders to the engine, one at a time: to check a setup, to start, and to run turns at their
 * time or many at once.
 *
 * It knows no connection: orders go to its port; replies and times in milliseconds are arguments.
 * The rule: each generation runs once, in order, and only after its master packet has arrived. An
 * engine that does not answer in time counts as hanging.
 */

import { Timing } from "./timing.js";
import { Watchdog } from "./watchdog.js";

/** @import { MasterPacket, Row, SeatOfGame } from "../gameroom.js" */
/** @import { Order, Ports, Reply, Snapshot, Stepped } from "./shapes.d.ts" */
/** @import { Room } from "./room.js" */

const BATCH_TURNS_MAX = 200;
const BATCH_MS = 40;
const BATCH_GLIDE_MS = 50;
/** An engine that is further behind does not hash its state, because it would be too late. */
const NEAR_TURNS = 32;
/** A turn that arrives this late counts as a stall. */
const STALL_MS = 20;

// ---- orders: for the same turn, each engine receives the same order at any time -----------------

/**
 * A closed turn that the engine has not run yet.
 *
 * @typedef {object} PlannedTurn
 * @property {undefined} [order]
 * @property {MasterPacket} packet
 * @property {readonly string[]} states before the turn
 * @property {number[]} taken the numbers of the taken seats
 * @property {number} arrivedAt
 * @property {number} turnMs how long it lasts
 */

/** The information about people that an engine receives.
 * @param {readonly Row[]} rows
 * @returns {SeatOfGame[]} */
const peopleOf = (rows) => rows.map(({ seat, name, team, roles }) => ({ seat, name, team, roles }));

/** The order to check the setup.
 * @param {Room} room
 * @param {number} seed
 * @returns {Order} */
const loadOrder = ({ setup, roster, states }, seed) =>
  ({ op: "load", setup, seats: peopleOf(roster.seats), seed, states });

/** The order to start a game after this generation.
 * @param {Room} room
 * @param {number} seed
 * @param {number} generation
 * @returns {Order} */
const initOrder = ({ setup, roster, states }, seed, generation) =>
  ({ op: "init", generation, setup, seats: peopleOf(roster.seats), seed, states });

/** The order to continue from a snapshot. bytes: the state of the engines at the snapshot.
 * @param {Snapshot} snapshot
 * @param {Uint8Array} bytes
 * @param {number} seed
 * @returns {Order} */
const restoreOrder = ({ generation, begin, roster, chart, sha256 }, bytes, seed) => ({
  op: "restore",
  generation,
  begin: { setup: begin.setup, seats: peopleOf(begin.seats), states: begin.states },
  seed,
  states: chart.states,
  seats: roster.seats.map(({ seat }) => seat),
  sha256,
  bytes,
});

/** The order to run these turns. scene: whether to show the result. turn_ms: how long the view
 * moves to it.
 * @param {readonly PlannedTurn[]} turns
 * @param {{ turn_ms: number, every: number, stateEvery: number, scene: boolean }} options
 * @returns {Order} */
const stepsOrder = (turns, { turn_ms, every, stateEvery, scene }) => ({
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

// ---- when orders are given ----------------------------------------------------------------------

export class Playing {
  /** The last turn that the engine has run. */
  generation = 0;
  /** How many iterations per second the engine can run, smoothed; 0 before the first. */
  framerate = 0;
  /** How often a turn came too late. */
  stalls = 0;
  /** Whether the page is hidden. Then turns run as they arrive, and nothing is shown. */
  isHidden = false;
  /** Whether the engine has started. */
  isStarted = false;
  isBusy = false;
  /** Whether the engine cannot continue. */
  hasFailed = false;
  /** Whether only a new page can have a new engine. */
  isDead = false;
  #ports;
  #room;
  #seed;
  #every;
  #stateEvery;
  /** The number of the engine. Replies of earlier engines are ignored. */
  #epoch = 0;
  /** The setup and people that the engine was last asked to load.
   * @type {string | null} */
  #loading = null;
  #watchdog;
  /** The next orders and turns for the engine.
   * @type {({ order: Order } | PlannedTurn)[]} */
  #steps = [];
  /** @type {number | null} */
  #playAt = null;
  #timing = new Timing();
  /** The smoothed time of a turn in milliseconds. */
  #stepMs = 0;
  #isCatching = false;
  /** The turn up to which a long backlog reaches.
   * @type {number | null} */
  #backAt = null;

  /** ports: engine(order) and kill(). every, stateEvery: one of this many generations has a
   * checksum, or a state for snapshots.
   * @param {Pick<Ports, "engine" | "kill">} ports
   * @param {Room} room
   * @param {{ seed: number, every: number, stateEvery: number, stepMax?: number | undefined }} options */
  constructor(ports, room, { seed, every, stateEvery, stepMax }) {
    this.#ports = ports;
    this.#room = room;
    this.#seed = seed;
    this.#every = every;
    this.#stateEvery = stateEvery;
    this.#watchdog = new Watchdog(stepMax);
  }

  /** The times at which to call `play` or `watch`. */
  get due() {
    return [this.#playAt, this.#watchdog.due];
  }

  /** @param {number} now */
  isDue(now) {
    return this.#playAt !== null && now >= this.#playAt;
  }

  // -- events of the room --

  /** Turns have stopped, or arrive in another rhythm. */
  rest() {
    this.#timing.rest();
  }

  /** Adds a closed turn. isTimely: it arrived when it was closed, not later.
   * @param {MasterPacket} packet
   * @param {number} now
   * @param {boolean} isTimely */
  turn(packet, now, isTimely) {
    const { states, taken, turnMs } = this.#room;
    if (!this.hasFailed) this.#steps.push({ packet, states, taken, arrivedAt: now, turnMs });
    if (isTimely) this.#timing.arrived(turnMs, now);
  }

  /** The room entered `running` after this turn: the engine starts. Returns false if this page has
   * no usable engine.
   * @param {number} generation */
  begin(generation) {
    this.isStarted = false;
    if (this.isDead) return false;
    this.hasFailed = false;
    this.#steps.push({ order: initOrder(this.#room, this.#seed, generation) });
    return true;
  }

  /** The engine continues from a snapshot of the room with the bytes of its state.
   * @param {Snapshot} snapshot
   * @param {Uint8Array} bytes */
  restore(snapshot, bytes) {
    this.generation = snapshot.generation;
    this.#steps.push({ order: restoreOrder(snapshot, bytes, this.#seed) });
  }

  /** Starts a new engine, from the beginning. */
  reset() {
    this.generation = 0;
    this.#epoch += 1;
    this.isStarted = this.isBusy = false;
    this.hasFailed = this.isDead;
    this.#loading = null;
    this.#steps = [];
    this.stop();
  }

  /** Stops: from now on nothing is due. */
  stop() {
    this.#playAt = null;
    this.#watchdog.rest();
  }

  // -- the page --

  /** @param {boolean} isHidden */
  hide(isHidden) {
    this.isHidden = isHidden;
    this.#timing.rest();
  }

  /** How long turns wait before they are played, in milliseconds. */
  get waitMs() {
    return this.isHidden ? 0 : this.#timing.wanted(this.#room.turnMs);
  }

  // -- orders to the engine --

  /** @param {Order} order
   * @param {number} now */
  #order(order, now) {
    this.isBusy = true;
    this.#watchdog.asked(order, now);
    this.#ports.engine({ ...order, epoch: this.#epoch });
  }

  /** Asks the engine for the evidence of its state, at once, before a repair replaces that state.
   * The shell handles the answer.
   * @param {number} generation */
  testify(generation) {
    if (this.generation >= generation) this.#ports.engine({ op: "evidence", generation, epoch: this.#epoch });
  }

  /** A state allows `load`: lets the engine check the setup. Returns true if this setup was not
   * checked yet and the engine has failed.
   * @param {number} now */
  load(now) {
    const { isRunning, myRow, setup, roster } = this.#room;
    if (isRunning) return false;
    if (myRow === undefined || !this.#room.allows("load")) {
      this.#loading = null;
      return false;
    }
    const wanted = JSON.stringify([setup, roster.seats.map((one) => [one.seat, one.user, one.team])]);
    if (myRow.loaded || this.#loading === wanted || this.isBusy) return false;
    this.#loading = wanted;
    if (!this.isDead) this.#order(loadOrder(this.#room, this.#seed), now);
    return this.isDead;
  }

  /** Runs the turns that are due: one at its time, or many at once if we are behind. Returns the
   * generation that starts, for which packets can be sent, or null.
   * @param {number} now
   * @returns {number | null} */
  play(now) {
    this.#playAt = null;
    if (this.isBusy || this.hasFailed || this.#steps.length === 0) return null;
    const [next] = this.#steps;
    if (next.order) {
      this.#steps.shift();
      this.#order(next.order, now);
      return null;
    }
    const { closed, pace } = this.#room;
    const behind = closed - this.generation;
    // The room waits only for players who are not further behind: it continues without us.
    if (behind > pace.ahead) this.#isCatching = true;
    else if (behind <= 1) this.#isCatching = false;
    return this.#isCatching || this.isHidden ? this.#playMany(behind, now) : this.#playOne(next, now);
  }

  /** @param {PlannedTurn} next
   * @param {number} now */
  #playOne(next, now) {
    const at = this.#timing.startAt(next.turnMs, now);
    if (now < at) {
      this.#playAt = at;
      return null;
    }
    this.#timing.started(next.arrivedAt, at, now);
    if (next.arrivedAt > at + STALL_MS) this.stalls += 1;
    this.#steps.shift();
    this.#step([next], next.turnMs, now);
    return next.packet.generation;
  }

  /** @param {number} behind
   * @param {number} now */
  #playMany(behind, now) {
    const most = Math.max(1, Math.min(BATCH_TURNS_MAX, Math.floor(BATCH_MS / Math.max(this.#stepMs, 0.2))));
    const stop = this.#steps.findIndex((one) => one.order);
    const count = Math.min(most, stop < 0 ? this.#steps.length : stop);
    const turns = /** @type {PlannedTurn[]} */ (this.#steps.splice(0, count));
    const last = turns[count - 1].packet.generation;
    this.#timing.rest();
    this.#step(turns, BATCH_GLIDE_MS, now);
    if (last < this.#room.closed) return null;
    if (behind <= this.#room.pace.ahead) return last;
    // A long backlog is run before we send packets again; a hidden page answers at once.
    this.#backAt = last;
    return null;
  }

  /** @param {PlannedTurn[]} turns
   * @param {number} glideMs
   * @param {number} now */
  #step(turns, glideMs, now) {
    const { seat, closed } = this.#room;
    const isNear = closed - turns[turns.length - 1].packet.generation <= NEAR_TURNS;
    const stateEvery = seat !== null && isNear ? this.#stateEvery : 0;
    this.#order(stepsOrder(turns, { turn_ms: glideMs, every: this.#every, stateEvery, scene: !this.isHidden }), now);
  }

  // -- replies of the engine --

  /** Whether this reply completes the last order.
   * @param {Reply} reply
   * @param {number} now */
  replied(reply, now) {
    if (reply.epoch !== this.#epoch || this.isDead) return false;
    if (reply.op === "progress") {
      this.#watchdog.progressed(reply, now);
      return false;
    }
    this.isBusy = false;
    this.#watchdog.rest();
    return true;
  }

  /** The engine has started, or continued from a snapshot, after this turn.
   * @param {number} generation */
  begun(generation) {
    this.isStarted = true;
    this.generation = generation;
  }

  /** @param {Stepped} reply */
  stepped({ generation, ms, turns, iterations }) {
    this.generation = generation;
    if (iterations === 0) return;
    const rate = Math.min(1000, Math.max(1, Math.floor(1000 / Math.max(ms / iterations, 0.1))));
    this.#stepMs = this.#stepMs === 0 ? ms / turns : this.#stepMs * 0.8 + (ms / turns) * 0.2;
    this.framerate = this.framerate === 0 ? rate : Math.round(this.framerate * 0.8 + rate * 0.2);
  }

  /** Whether a long backlog has just been completed. Returns true only once. */
  endsCatchUp() {
    const isBack = this.#backAt !== null && this.generation >= this.#backAt;
    if (isBack) this.#backAt = null;
    return isBack;
  }

  /** Ends an engine that hangs. Returns its failure, {generation, error}, or null.
   * @param {number} now */
  watch(now) {
    const hang = this.#watchdog.hung(now);
    if (hang !== null) {
      this.#ports.kill();
      this.die();
    }
    return hang;
  }

  /** This page has no usable engine any more. */
  die() {
    this.isDead = true;
  }

  /** The engine cannot continue. isLoading: it failed to check the setup, and can be asked again.
   * @param {boolean} isLoading */
  fail(isLoading) {
    this.hasFailed = true;
    this.isBusy = false;
    this.#steps = [];
    this.stop();
    if (isLoading) this.#loading = null;
  }
}
