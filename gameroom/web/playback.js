/**
 * One engine led along a replay's line of turns, in both directions.
 *
 * Knows no page, no clock and no network: times are told, orders go to a port. The rule: with
 * equal bytes, an engine at a position has the same state by whatever way it came there, and
 * what the players agreed on is compared wherever it is passed.
 */

import { Watchdog } from "./sdk/watchdog.js";

export const SPEEDS = [0.5, 1, 2, 4, 8, Infinity];
const FRAME_MS = 16;
const BATCH_MS = 40;
const BATCH_TURNS_MAX = 100;
const SNAPSHOTS_EVERY = 50;
const SNAPSHOTS_BYTES_MAX = 64 * 1024 * 1024;

/**
 * One engine on a line. It is told `play`, `pause`, `seek`, `setSpeed`, `tick` and what the
 * engine replies, always with the time in milliseconds. Orders go to ports.engine, one at a
 * time, in worker.js's words; ports.kill ends the worker of an engine that hangs; ports.tell is
 * told "moved", "checked", "differs", "playing" and "failed". `due` is when it wants to be ticked
 * next, null for never. stepMax: milliseconds that one turn may take.
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
  #watchdog;
  #begun = null;
  #startedAt = null;
  #stepMs = 1;
  #kept = new Map();
  #keptBytes = 0;
  #every;
  #bytesMax;

  constructor(line, ports, { every = SNAPSHOTS_EVERY, bytesMax = SNAPSHOTS_BYTES_MAX, stepMax } = {}) {
    this.#line = line;
    this.#ports = ports;
    this.#watchdog = new Watchdog(stepMax);
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
    if (this.failed !== null) return null;
    if (this.#busy !== null) return this.#watchdog.due;
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
    if (this.failed !== null) return;
    if (this.#busy !== null) {
      const hung = this.#watchdog.hung(now);
      if (hung === null) return;
      this.#ports.kill();
      this.#fail(hung);
      return;
    }
    if (this.#target !== null) this.#approach(now);
    else if (this.#needsBegin()) this.#order(this.#line.beginOf(this.position).order, this.position, now);
    else if (this.playing) this.#playOn(now);
  }

  engineReplied(reply, now) {
    const busy = this.#busy;
    if (busy === null || this.failed !== null || reply.op === "shown") return;
    if (reply.op === "progress") {
      this.#watchdog.progressed(reply, now);
      return;
    }
    if (reply.op === "failed" || reply.op === "broken") {
      this.#fail(reply);
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
        this.#ask({ op: "state", generation: reply.state.generation }, now);
        return;
      }
    } else if (reply.op === "inited" || reply.op === "restored") this.#begun = busy.begin;
    this.#settled(busy, now);
  }

  #fail({ generation, error }) {
    this.#watchdog.rest();
    this.failed = { generation: generation ?? this.#line.generation(this.position), detail: error?.message ?? "no reason was given" };
    this.#setPlaying(false);
    this.#ports.tell("failed", this.failed);
  }

  #settled({ to }, now) {
    this.#busy = null;
    this.#watchdog.rest();
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

  #order(order, to, now) {
    this.#busy = { to, begin: this.#line.beginOf(to), state: null };
    this.#ask(order, now);
  }

  #ask(order, now) {
    this.#watchdog.asked(order, now);
    this.#ports.engine({ ...order, epoch: 0 });
  }

  // -- seeking --

  /** The next order on the way to the target: back to where it can go on from, or forth. */
  #approach(now) {
    const target = this.#target;
    const from = this.#startFor(target);
    const stands = !this.#needsBegin();
    if (stands && this.position <= target && from <= this.position) {
      if (this.position < target) this.#run(target - this.position, 50, now);
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
      this.#order(begin.order, begin.position, now);
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
    }, from, now);
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
      this.#run(BATCH_TURNS_MAX, FRAME_MS, now);
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
    this.#run(most, lasts * most, now);
  }

  /** Runs at most so many turns, up to the next place where something has to be done: a game
   * begins, a snapshot is taken, or a checksum of many turns is compared. */
  #run(most, glideMs, now) {
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
      stateEvery: isKept ? generation : 0, scene: true,
    }, to, now);
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
