/**
 * Moves one engine along the timeline of a replay, in both directions.
 *
 * Knows no page, no clock and no network: times are arguments, orders go to a port. The rule: the
 * state of an engine at a position does not depend on how it got there, and each checksum that the
 * players agreed on is compared when its turn is played.
 */

import { Watchdog } from "./sdk/watchdog.js";

export const SPEEDS = [0.5, 1, 2, 4, 8, Infinity];
const FRAME_MS = 16;
const BATCH_MS = 40;
const BATCH_TURNS_MAX = 100;
const SNAPSHOTS_EVERY = 50;
const SNAPSHOTS_BYTES_MAX = 64 * 1024 * 1024;

/**
 * One engine on a timeline. Call `play`, `pause`, `seek`, `setSpeed`, `tick` and `engineReplied`,
 * always with the time in milliseconds. ports.engine receives orders for worker.js, one at a time.
 * ports.kill ends the worker of an engine that hangs. ports.tell receives the events "moved",
 * "checked", "differs", "playing" and "failed". due: when to call `tick` next, null for never.
 * stepMax: the maximum time of one turn in milliseconds.
 */
export class Playback {
  position = 0;
  playing = false;
  speed = 1;
  /** The last generation up to which all agreed checksums were reproduced. */
  verified = 0;
  /** The first generation with a different checksum: {generation, agreed, own}, or null. */
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

  /** Whether the engine is executing an order. */
  get isBusy() {
    return this.#busy !== null;
  }

  get atEnd() {
    return this.position >= this.#line.length;
  }

  /** The number of kept snapshots, the turns between two of them, and their total size. */
  get kept() {
    return { count: this.#kept.size, every: this.#every, bytes: this.#keptBytes };
  }

  /** The positions of the kept snapshots. */
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

  /** Goes to a position. The last call wins. Playback continues from there. */
  seek(position, now) {
    this.#target = Math.min(Math.max(0, Math.round(position)), this.#line.length);
    if (this.#target === this.position && this.#begun !== null && this.#busy === null) this.#target = null;
    this.#startedAt = null;
    this.tick(now);
  }

  /** Pauses, and goes one turn forward or back. */
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

  /** Whether the game at this position has not been started in the engine. */
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

  /** Gives the next order on the way to the target: restores an earlier state, or runs turns. */
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

  /** The last position up to this one from which an engine can start: the beginning of a game, or
   * a snapshot of the same game. */
  #startFor(position) {
    let best = this.#line.beginOf(position)?.position ?? 0;
    for (const place of this.#kept.keys()) if (place <= position && place > best) best = place;
    return best;
  }

  // -- running --

  /** How long the turn at the position is shown, in milliseconds. */
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
    // Timers are late: count from the time when the turn was due, unless playback had stopped.
    const isLate = this.#startedAt === null || now - this.#startedAt > 3 * lasts + 100;
    this.#startedAt = isLate ? now : this.#startedAt + lasts;
    // Turns that are shorter than a video frame are run in groups.
    const most = Math.max(1, Math.round(FRAME_MS / lasts));
    this.#startedAt += (most - 1) * lasts;
    this.#run(most, lasts * most, now);
  }

  /** Runs up to `most` turns. Stops earlier where a game begins, a snapshot is taken, or the last
   * agreed checksum can be compared. */
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
    // The worker reports the checksum after the last turn: end at a turn with an agreed checksum.
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

  /** Keeps a snapshot. If the total is too large, every second one is removed, and from now on
   * fewer are taken. */
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
