/**
 * A replay as a line of turns, and how an engine is led along it in both directions.
 *
 * Knows no page, no clock and no network: times are told, orders go to a port, bytes come
 * from anywhere. Three parts: `readReplay` (bytes into records), `Timeline` (records into
 * turns, marks and people), `Playback` (one engine somewhere on the line).
 *
 * A position is how many turns have been run: 0 before the first, `length` after the last.
 * The rule: with equal bytes, an engine at a position has the same state by whatever way it
 * came there, and what the players agreed on is compared wherever it is passed.
 */

import { Codec, MSGPACK_PROTOCOL } from "./gameroom.js";
import { listed } from "./story.js";

// ---- the file ------------------------------------------------------------------------------

export const BYTES_MAX = 512 * 1024 * 1024;
const MAGIC = "gameroom replay\n";
const RECORD_BYTES_MAX = 64 * 1024 * 1024;
const HEAD_BYTES = 16;
const FOOT_BYTES = 5;
const ENTRY_BYTES = 13;

const CRC = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let i = 0; i < 8; i += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

function crc32(bytes, from, to) {
  let c = -1;
  for (let i = from; i < to; i += 1) c = (c >>> 8) ^ CRC[(c ^ bytes[i]) & 255];
  return ~c >>> 0;
}

/** The file is no replay, or its beginning is damaged: nothing can be played. */
export class NoReplayError extends Error {
  name = "NoReplayError";
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Records one after the other. `next` gives a payload; "cut" where the file ends too early. */
class Records {
  at = MAGIC.length;
  #bytes;
  #view;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left() {
    return this.#bytes.length - this.at;
  }

  /** Throws a RangeError that names the place for a record that is not `seq`, whole and right. */
  next(seq) {
    const { at } = this;
    const wrong = (why) => new RangeError(`entry ${seq} at byte ${at} is damaged: ${why}`);
    if (this.left < HEAD_BYTES) return "cut";
    if (crc32(this.#bytes, at, at + 12) !== this.#view.getUint32(at + 12, true)) throw wrong("the head's checksum does not fit");
    const size = this.#view.getUint32(at, true);
    const said = Number(this.#view.getBigUint64(at + 4, true));
    if (said !== seq) throw wrong(`entry ${said} stands here`);
    if (size > RECORD_BYTES_MAX) throw wrong(`${size} bytes are too many`);
    if (this.left < HEAD_BYTES + size + FOOT_BYTES) return "cut";
    const from = at + HEAD_BYTES;
    if (crc32(this.#bytes, from, from + size) !== this.#view.getUint32(from + size, true)) throw wrong("its checksum does not fit");
    if (this.#bytes[from + size + 4] !== 10) throw wrong("its last byte is wrong");
    this.at = from + size + FOOT_BYTES;
    return this.#bytes.subarray(from, from + size);
  }
}

/**
 * The parts of a .replay: {header, definition, engine, view, entries, problem}. entries are
 * {seq, at, event}, event as bytes. problem: what is wrong after the last whole entry, in
 * words; null for a whole file. Throws NoReplayError where nothing can be played.
 */
export function readReplay(bytes) {
  if (bytes.length > BYTES_MAX) throw new NoReplayError(`${bytes.length} bytes are more than a browser plays; the most is ${BYTES_MAX}.`);
  for (let i = 0; i < MAGIC.length; i += 1) {
    if (bytes[i] !== MAGIC.charCodeAt(i)) throw new NoReplayError("This file is no replay.");
  }
  const records = new Records(bytes);
  const beginning = (what, read) => {
    try {
      const payload = records.next(0);
      if (payload !== "cut") return read(text.decode(payload));
    } catch (error) {
      throw new NoReplayError(`The ${what} cannot be read: ${error.message}.`);
    }
    throw new NoReplayError(`The file is cut off in its ${what}.`);
  };
  const header = beginning("header", JSON.parse);
  if (header?.format !== 1) throw new NoReplayError("This replay has another format: a newer gameroom plays it.");
  const definition = beginning("definition", JSON.parse);
  const engine = beginning("engine", String);
  const view = header.view === null ? null : beginning("view", String);
  return { header, definition, engine, view, ...readEntries(records) };
}

function readEntries(records) {
  const entries = [];
  for (;;) {
    const { at } = records;
    const seq = entries.length + 1;
    let payload;
    try {
      payload = records.next(seq);
    } catch (error) {
      return { entries, problem: `Damaged: ${error.message}. What came before plays.` };
    }
    if (payload === "cut") return { entries, problem: `The file is cut off at byte ${at}. What came before plays.` };
    if (payload.length === 0) return { entries, problem: records.left > 0 ? "Something follows the end of the file." : null };
    if (payload.length < ENTRY_BYTES) return { entries, problem: `Damaged: entry ${seq} at byte ${at} is too short. What came before plays.` };
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const size = view.getUint32(9, true);
    entries.push({ seq, at: Number(view.getBigUint64(0, true)), event: payload.subarray(ENTRY_BYTES, ENTRY_BYTES + size) });
  }
}

// ---- the line of turns ---------------------------------------------------------------------

const words = (name) => name.replaceAll("_", " ");

/** What was the case from a position on, and what is the case at any other. */
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
 * length: of the line in turns. marks: [{position, kind, tone, text}] in order; kind is chart,
 * people, chat, diverged or room. begins: [{position, order}]: where engines begin. problem:
 * of the file, or the first event that cannot be read. agreed: by generation.
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
  #places = [];

  constructor({ header, definition, entries, problem }) {
    this.#codec = new Codec(MSGPACK_PROTOCOL, definition);
    this.#entries = entries;
    this.#seed = header.seed;
    this.problem = problem;
    for (const [index, { event }] of entries.entries()) {
      try {
        this.#hear(this.#codec.decode(event), index);
      } catch (error) {
        this.problem = `Event ${index + 1} cannot be read: ${error.message}. What came before plays.`;
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

  /** The turn that is run at a position, as the engine is told it; null at the end. */
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

  /** The generation that was run last at a position, 0 before the first. */
  generation(position) {
    return position === 0 ? 0 : this.#turns[position - 1].generation;
  }

  /** How long the turn at a position lasted, in milliseconds. */
  turnMs(position) {
    return this.#turns[Math.min(position, this.length - 1)]?.turnMs ?? 100;
  }

  /** Milliseconds since the first turn, by the turns' own lengths: pauses take no time. */
  time(position) {
    return position === 0 ? 0 : this.#turns[position - 1].until;
  }

  /** What happened up to a position, newest first, at most so much. */
  told(position, most) {
    const end = above(this.#places, position);
    return this.marks.slice(Math.max(0, end - most), end).reverse();
  }

  /** Where the engine that is at a position began: [{position, order}], or undefined. */
  beginOf(position) {
    return this.begins.findLast((one) => one.position <= position);
  }

  get #now() {
    return this.#turns.length;
  }

  #mark(kind, said, tone = "") {
    this.marks.push({ position: this.#now, kind, tone, text: said });
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
        this.#mark("chat", `${body.name} says: ${body.text}`);
        break;
      case "announcement":
        this.#mark("room", body.text);
        break;
      case "diverged":
        this.#mark("diverged", this.#divergence(body), "broken");
        break;
      case "repair":
        for (const seat of body.seats) this.#mark("diverged", `${this.#nameOf(seat)}'s engine begins again`, "slow");
        break;
      case "refused":
        this.#mark("room", `${this.#nameOf(body.seat)}'s engine refuses the setup: ${body.reasons.join("; ")}`, "broken");
        break;
      case "ended":
        this.ended = body;
        this.#mark("room", body.because ? `the room has ended: ${body.because}` : "the room has ended");
        break;
      default:
      // What a newer room says beyond that is no part of the picture.
    }
  }

  #turn(body, index) {
    if (!Number.isSafeInteger(body.generation) || !Number.isSafeInteger(body.turn_ms)) throw new TypeError("a turn without numbers");
    const before = this.#turns.at(-1);
    const turnMs = before?.next ?? 100;
    this.#turns.push({
      index,
      generation: body.generation,
      states: this.#charts.last,
      seats: this.#rosters.last.seats.map(({ seat }) => seat),
      turnMs,
      // What a packet says of the pace holds from the turn after it on.
      next: Math.max(1, body.turn_ms),
      until: (before?.until ?? 0) + turnMs,
    });
    if (body.checksum !== null) this.agreed.set(body.checksum.generation, body.checksum.value);
    if (body.chart !== null) this.#chart(body.chart, body.generation);
  }

  #chart({ states, moved }, generation) {
    const wasRunning = this.#charts.last.includes("running");
    this.#charts.put(this.#now, states);
    for (const { event, entered, because } of moved) {
      const leaf = entered.at(-1);
      if (leaf === undefined) continue;
      const now = words(leaf.split(".").slice(-2).join(": "));
      const cause = event === "" ? "" : ` (${words(event)})`;
      this.#mark("chart", because ? `now ${now}${cause}: ${because}` : `now ${now}${cause}`);
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
      const old = before.find((one) => same(one, row));
      if (old === undefined) this.#mark("people", `${row.name} takes seat ${row.seat + 1}`);
      else if (old.connected && !row.connected) this.#mark("people", `${row.name}'s connection is lost`, "slow");
      else if (!old.connected && row.connected) this.#mark("people", `${row.name} is back`, "healthy");
      if (row.missing && !old?.missing) this.#mark("people", `everybody waits for ${row.name}`, "slow");
    }
    for (const row of before) {
      if (!roster.seats.some((one) => same(one, row))) this.#mark("people", `${row.name} has left`);
    }
    this.#rosters.put(this.#now, roster);
  }

  #nameOf(seat) {
    return this.#rosters.last.seats.find((row) => row.seat === seat)?.name ?? `seat ${seat + 1}`;
  }

  #divergence({ generation, seats, decidable }) {
    const names = listed(seats.map((seat) => this.#nameOf(seat)));
    return decidable
      ? `checksums differ at turn ${generation}: ${names} against the others`
      : `checksums differ at turn ${generation} between ${names}; nobody can tell who is right`;
  }
}

// ---- playing -------------------------------------------------------------------------------

export const SPEEDS = [0.5, 1, 2, 4, 8, Infinity];
const FRAME_MS = 16;
const BATCH_MS = 40;
const BATCH_TURNS_MAX = 100;
const SNAPSHOTS_EVERY = 50;
const SNAPSHOTS_BYTES_MAX = 64 * 1024 * 1024;

/**
 * One engine on a line. It is told `play`, `pause`, `seek`, `setSpeed`, `tick` and what the
 * engine replies, always with the time in milliseconds. Orders go to ports.engine, one at a
 * time, in worker.js's words; ports.tell is told "moved", "checked", "differs", "playing" and
 * "failed". `due` is when it wants to be ticked next, null for never.
 */
export class Playback {
  position = 0;
  playing = false;
  speed = 1;
  /** The last generation up to which all that was agreed on came out the same. */
  verified = 0;
  /** The first generation that came out otherwise: {generation, agreed, own}, or null. */
  differs = null;
  failed = null;
  #line;
  #ports;
  #target = null;
  #busy = null;
  #begun = null;
  #startedAt = null;
  #stepMs = 1;
  #kept = new Map();
  #keptBytes = 0;
  #every;
  #bytesMax;

  constructor(line, ports, { every = SNAPSHOTS_EVERY, bytesMax = SNAPSHOTS_BYTES_MAX } = {}) {
    this.#line = line;
    this.#ports = ports;
    this.#every = every;
    this.#bytesMax = bytesMax;
  }

  get isSeeking() {
    return this.#target !== null;
  }

  /** An order is with the engine. */
  get isBusy() {
    return this.#busy !== null;
  }

  get atEnd() {
    return this.position >= this.#line.length;
  }

  /** How many snapshots are kept, of how many turns one, and how large they are. */
  get kept() {
    return { count: this.#kept.size, every: this.#every, bytes: this.#keptBytes };
  }

  /** The positions from which it can go on at once. */
  get places() {
    return [...this.#kept.keys()].sort((a, b) => a - b);
  }

  get due() {
    if (this.failed !== null || this.#busy !== null) return null;
    if (this.#target !== null || this.#needsBegin()) return 0;
    if (!this.playing) return null;
    return this.speed === Infinity || this.#startedAt === null ? 0 : this.#startedAt + this.#lasts();
  }

  play(now) {
    if (this.failed !== null) return;
    if (this.atEnd && this.#target === null && this.#line.length > 0) this.seek(0, now);
    this.#setPlaying(true);
    this.#startedAt = null;
    this.tick(now);
  }

  pause() {
    this.#setPlaying(false);
  }

  setSpeed(speed, now) {
    this.speed = speed;
    this.#startedAt = null;
    this.tick(now);
  }

  /** Goes to a position; what is asked for last wins. Playing goes on from there. */
  seek(position, now) {
    this.#target = Math.min(Math.max(0, Math.round(position)), this.#line.length);
    if (this.#target === this.position && this.#begun !== null && this.#busy === null) this.#target = null;
    this.#startedAt = null;
    this.tick(now);
  }

  /** One turn on or back, standing still. */
  step(by, now) {
    this.pause();
    this.seek((this.#target ?? this.position) + by, now);
  }

  tick(now) {
    if (this.#busy !== null || this.failed !== null) return;
    if (this.#target !== null) this.#approach();
    else if (this.#needsBegin()) this.#order(this.#line.beginOf(this.position).order, this.position);
    else if (this.playing) this.#playOn(now);
  }

  engineReplied(reply, now) {
    const busy = this.#busy;
    if (busy === null || reply.op === "shown") return;
    if (reply.op === "failed" || reply.op === "broken") {
      this.failed = { generation: reply.generation ?? this.#line.generation(this.position), detail: reply.error?.message ?? "it did not say why" };
      this.#setPlaying(false);
      this.#ports.tell("failed", this.failed);
      return;
    }
    if (reply.op === "state") {
      this.#keep(busy.to, reply.bytes, busy.state.sha256);
      this.#settled(busy, now);
      return;
    }
    if (reply.op === "stepped") {
      this.#stepMs = this.#stepMs * 0.8 + (reply.ms / reply.turns) * 0.2;
      for (const [generation, own] of reply.sums) this.#compare(generation, own);
      if (reply.state) {
        busy.state = reply.state;
        this.#ports.engine({ op: "state", generation: reply.state.generation, epoch: 0 });
        return;
      }
    } else if (reply.op === "inited" || reply.op === "restored") this.#begun = busy.begin;
    this.#settled(busy, now);
  }

  #settled({ to }, now) {
    this.#busy = null;
    this.position = to;
    if (this.#target === to && !this.#needsBegin()) this.#target = null;
    if (this.atEnd && this.#target === null) this.#setPlaying(false);
    this.#ports.tell("moved", { position: to });
    this.tick(now);
  }

  #setPlaying(playing) {
    if (this.playing === playing) return;
    this.playing = playing;
    this.#ports.tell("playing", { playing });
  }

  /** Whether the engine of this position has not begun. */
  #needsBegin() {
    const begin = this.#line.beginOf(this.position);
    return begin !== undefined && begin !== this.#begun;
  }

  #order(order, to) {
    this.#busy = { to, begin: this.#line.beginOf(to), state: null };
    this.#ports.engine({ ...order, epoch: 0 });
  }

  // -- seeking --

  /** The next order on the way to the target: back to where it can go on from, or forth. */
  #approach() {
    const target = this.#target;
    const from = this.#startFor(target);
    const stands = !this.#needsBegin();
    if (stands && this.position <= target && from <= this.position) {
      if (this.position < target) this.#run(target - this.position, 50);
      else this.#target = null;
      return;
    }
    const kept = this.#kept.get(from);
    const begin = this.#line.beginOf(from);
    if (kept === undefined) {
      if (begin === undefined) {
        this.#target = null;
        this.position = target;
        this.#ports.tell("moved", { position: target });
        return;
      }
      this.#order(begin.order, begin.position);
      return;
    }
    const { setup, seats, states } = begin.order;
    const before = this.#line.turn(from - 1);
    this.#order({
      op: "restore",
      generation: this.#line.generation(from),
      begin: { setup, seats, states },
      seed: this.#line.seed,
      states: before.states,
      seats: before.seats,
      sha256: kept.sha256,
      bytes: kept.bytes,
    }, from);
  }

  /** The last position up to this one from which an engine can go on: a beginning, or a
   * snapshot of the game that was on there. */
  #startFor(position) {
    let best = this.#line.beginOf(position)?.position ?? 0;
    for (const place of this.#kept.keys()) if (place <= position && place > best) best = place;
    return best;
  }

  // -- running --

  /** How long the turn at the position is shown. */
  #lasts() {
    return this.#line.turnMs(this.position) / this.speed;
  }

  #playOn(now) {
    if (this.atEnd) {
      this.#setPlaying(false);
      return;
    }
    if (this.speed === Infinity) {
      this.#run(BATCH_TURNS_MAX, FRAME_MS);
      return;
    }
    const lasts = this.#lasts();
    if (this.#startedAt !== null && now < this.#startedAt + lasts) return;
    // Timers are late: count from when it was due, unless it stood still.
    const isLate = this.#startedAt === null || now - this.#startedAt > 3 * lasts + 100;
    this.#startedAt = isLate ? now : this.#startedAt + lasts;
    // Turns shorter than a picture lasts are shown some at a time.
    const most = Math.max(1, Math.round(FRAME_MS / lasts));
    this.#startedAt += (most - 1) * lasts;
    this.#run(most, lasts * most);
  }

  /** Runs at most so many turns, up to the next place where something has to be done: a game
   * begins, a snapshot is taken, or a checksum of many turns is compared. */
  #run(most, glideMs) {
    const end = Math.min(this.#line.length, this.position + most, this.position + this.#batch());
    const turns = [];
    let to = this.position;
    let agreed = 0;
    while (to < end) {
      turns.push(this.#line.turn(to));
      to += 1;
      if (this.#line.agreed.has(turns.at(-1).generation)) agreed = turns.length;
      if (to % this.#every === 0 || this.#line.begins.some(({ position }) => position === to)) break;
    }
    // The worker tells the checksum after the last turn: end where it can be compared.
    if (agreed > 0) turns.length = agreed;
    to = this.position + turns.length;
    const isKept = this.#isWanted(to);
    const { generation } = turns.at(-1);
    this.#order({
      op: "steps", turns, turn_ms: Math.max(1, Math.round(glideMs)), every: generation,
      stateEvery: isKept ? generation : 0, scene: true, sync: false,
    }, to);
  }

  #batch() {
    return Math.max(1, Math.min(BATCH_TURNS_MAX, Math.floor(BATCH_MS / Math.max(this.#stepMs, 0.1))));
  }

  #isWanted(position) {
    return position % this.#every === 0 && !this.#kept.has(position) && !this.#line.begins.some((one) => one.position === position);
  }

  /** Keeps a state. Where they get too large, every second one goes, and fewer are taken. */
  #keep(position, bytes, sha256) {
    if (bytes === null || bytes.length > this.#bytesMax / 2) return;
    this.#kept.set(position, { bytes, sha256 });
    this.#keptBytes += bytes.length;
    while (this.#keptBytes > this.#bytesMax) {
      this.#every *= 2;
      for (const [place, { bytes: old }] of this.#kept) {
        if (place % this.#every === 0) continue;
        this.#kept.delete(place);
        this.#keptBytes -= old.length;
      }
    }
  }

  #compare(generation, own) {
    const agreed = this.#line.agreed.get(generation);
    if (agreed === undefined) return;
    if (own !== agreed) {
      if (this.differs === null || generation < this.differs.generation) {
        this.differs = { generation, agreed, own };
        this.#ports.tell("differs", this.differs);
      }
    } else if (generation > this.verified && (this.differs === null || generation < this.differs.generation)) {
      this.verified = generation;
      this.#ports.tell("checked", { generation });
    }
  }
}
