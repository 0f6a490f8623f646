/**
 * The timeline of a replay: for each turn, the orders to the engine, the people, the states of the
 * chart, and the events.
 *
 * Knows no page, no clock and no engine. A position is the number of turns that have been run: 0
 * before the first, `length` after the last.
 */

import { Codec, MSGPACK_PROTOCOL } from "./sdk/codec.js";
import * as story from "./story.js";
import { isolated, seatName } from "./words.js";

/** A value that changes at certain positions, and its value at any position. */
class Changes {
  #places = [];
  #values = [];

  constructor(first) {
    this.put(0, first);
  }

  put(place, value) {
    if (this.#places.at(-1) === place) this.#values.pop();
    else this.#places.push(place);
    this.#values.push(value);
  }

  get last() {
    return this.#values.at(-1);
  }

  at(place) {
    return this.#values[above(this.#places, place) - 1];
  }
}

/** How many numbers of a sorted list are not above `value`. */
function above(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * length: the number of turns. marks: [{position, kind, tone, text}] in order; kind is chart,
 * people, chat, diverged or room. begins: [{position, order}], where engines start. problem: the
 * problem of the file, or the first unreadable event. agreed: agreed checksums by generation.
 */
export class Timeline {
  length = 0;
  marks = [];
  begins = [];
  agreed = new Map();
  problem;
  ended = null;
  #codec;
  #entries;
  #turns = [];
  #rosters = new Changes({ seats: [], spectators: 0 });
  #charts = new Changes([]);
  #setup = {};
  #seed;
  /** The length of the first turn, which no packet contains. */
  #firstMs;
  #places = [];

  constructor({ header, definition, entries, problem }) {
    this.#entries = entries;
    this.#seed = header.seed;
    this.problem = problem;
    try {
      this.#codec = new Codec(MSGPACK_PROTOCOL, definition);
      this.#firstMs = definition.policies.pace.turn.low;
    } catch (error) {
      this.problem = `The definition cannot be read: ${error.message}. The replay cannot be played.`;
      return;
    }
    for (const [index, { event }] of entries.entries()) {
      try {
        this.#hear(this.#codec.decode(event), index);
      } catch (error) {
        this.problem = `Event ${index + 1} cannot be read: ${error.message}. Only the events before it can be played.`;
        break;
      }
    }
    this.length = this.#turns.length;
    this.#places = this.marks.map(({ position }) => position);
  }

  get seed() {
    return this.#seed;
  }

  roster(position) {
    return this.#rosters.at(position);
  }

  states(position) {
    return this.#charts.at(position);
  }

  /** The turn that runs at a position, as the engine receives it; null at the end. */
  turn(position) {
    const kept = this.#turns[position];
    if (kept === undefined) return null;
    const { body } = this.#codec.decode(this.#entries[kept.index].event);
    return {
      generation: body.generation,
      iterations: body.iterations_per_command,
      commands: body.commands.flatMap(({ seat, commands }) => commands.map(({ name, body: said }) => ({ seat, name, body: said }))),
      states: kept.states,
      seats: kept.seats,
    };
  }

  /** The last generation that has run at a position, 0 before the first. */
  generation(position) {
    return position === 0 ? 0 : this.#turns[position - 1].generation;
  }

  /** The length of the turn at a position, in milliseconds. */
  turnMs(position) {
    return this.#turns[Math.min(position, this.length - 1)]?.turnMs ?? this.#firstMs;
  }

  /** Milliseconds since the first turn, as the sum of turn lengths. Pauses do not count. */
  time(position) {
    return position === 0 ? 0 : this.#turns[position - 1].until;
  }

  /** The last marks up to a position, newest first, at most `most`. */
  told(position, most) {
    const end = above(this.#places, position);
    return this.marks.slice(Math.max(0, end - most), end).reverse();
  }

  /** Where the engine at a position started: {position, order}, or undefined. */
  beginOf(position) {
    return this.begins.findLast((one) => one.position <= position);
  }

  get #now() {
    return this.#turns.length;
  }

  #mark(kind, { text, tone }) {
    this.marks.push({ position: this.#now, kind, tone, text });
  }

  #hear({ event, body }, index) {
    switch (event) {
      case "turn":
        this.#turn(body, index);
        break;
      case "roster":
        this.#roster(body);
        break;
      case "setup":
        this.#setup = body.settings;
        break;
      case "chart":
        this.#chart(body.chart, body.generation);
        break;
      case "chat":
        this.#mark("chat", story.chat(body));
        break;
      case "announcement":
        this.#mark("room", story.announcement(body));
        break;
      case "diverged":
        this.#mark("diverged", story.diverged(body, (seat) => this.#nameOf(seat)));
        break;
      case "repair":
        for (const seat of body.seats) this.#mark("diverged", story.repair(this.#nameOf(seat)));
        break;
      case "refused":
        this.#mark("room", story.engineRefused(this.#nameOf(body.seat), body.reasons));
        break;
      case "ended":
        this.ended = body;
        this.#mark("room", story.ended(body));
        break;
      default:
      // Ignore event kinds of newer releases.
    }
  }

  #turn(body, index) {
    if (!Number.isSafeInteger(body.generation) || !Number.isSafeInteger(body.turn_ms)) throw new TypeError("the numbers of a turn are missing");
    const before = this.#turns.at(-1);
    const turnMs = before?.next ?? this.#firstMs;
    this.#turns.push({
      index,
      generation: body.generation,
      states: this.#charts.last,
      seats: this.#rosters.last.seats.map(({ seat }) => seat),
      turnMs,
      // The pace in a packet applies from the following turn on.
      next: Math.max(1, body.turn_ms),
      until: (before?.until ?? 0) + turnMs,
    });
    if (body.checksum !== null) this.agreed.set(body.checksum.generation, body.checksum.value);
    if (body.chart !== null) this.#chart(body.chart, body.generation);
  }

  #chart({ states, moved }, generation) {
    const wasRunning = this.#charts.last.includes("running");
    this.#charts.put(this.#now, states);
    for (const sentence of moved.map(story.movedBecause)) {
      if (sentence !== null) this.#mark("chart", sentence);
    }
    if (!states.includes("running") || wasRunning) return;
    const seats = this.#rosters.last.seats.map(({ seat, name, team, roles }) => ({ seat, name, team, roles }));
    const order = { op: "init", generation, setup: this.#setup, seats, seed: this.#seed, states };
    if (this.begins.at(-1)?.position === this.#now) this.begins.pop();
    this.begins.push({ position: this.#now, order });
  }

  #roster(roster) {
    const before = this.#rosters.last.seats;
    const same = (a, b) => a.seat === b.seat && a.user === b.user;
    for (const row of roster.seats) {
      for (const sentence of story.news(before.find((one) => same(one, row)), row)) this.#mark("people", sentence);
    }
    for (const row of before.filter((one) => !roster.seats.some((other) => same(one, other)))) {
      for (const sentence of story.news(row, undefined)) this.#mark("people", sentence);
    }
    this.#rosters.put(this.#now, roster);
  }

  #nameOf(seat) {
    const row = this.#rosters.last.seats.find((one) => one.seat === seat);
    return row === undefined ? seatName(seat) : isolated(row.name);
  }
}
