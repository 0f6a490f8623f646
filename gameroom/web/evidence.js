/**
 * Evidence of an engine's state at a past generation: copies of its last states, and a hash for
 * each part of a state.
 *
 * It knows no engine, no room and no clock: a state is a plain value, and times are arguments. The
 * worker loads this file as text, so it imports nothing and receives the functions of the kit as
 * arguments. The rule: evidence never affects the game. Copying uses a small share of the turn's
 * time, and errors are returned as `why`, never thrown.
 */

export const COPIES_MAX = 40;
/** The number of values (numbers, strings, ...) in all copies together: about 16 MB. */
export const VALUES_MAX = 2_000_000;
/** The share of a turn that copying can use on average. */
export const SHARE_MAX = 0.03;
/** The assumed time to copy one value: two to three times the time on an ordinary machine. */
export const VALUE_MS = 0.00003;
/** A machine on which copying takes this many times its share keeps fewer copies than others. */
const PATIENCE = 2;
export const PARTS_MAX = 256;
export const LEVELS_MAX = 3;
export const PATH_CHARACTERS_MAX = 200;
/** At least every 64th state is copied. Fewer copies would be useless. */
const STRIDE_MAX = 64;

const isComposite = (value) => typeof value === "object" && value !== null;

/** A deep copy of a plain value, and the number of values in it. Three to twenty times as fast as
 * structuredClone, which also handles values that no state can contain. */
export function copyOf(value) {
  let size = 0;
  const copy = (one) => {
    size += 1;
    if (typeof one === "string") size += one.length >> 3;
    if (!isComposite(one)) return one;
    if (ArrayBuffer.isView(one)) {
      size += one.length;
      return one.slice();
    }
    if (Array.isArray(one)) {
      const made = one.slice();
      size += made.length;
      for (let i = 0; i < made.length; i += 1) {
        const item = made[i];
        if (typeof item === "object" ? item !== null : typeof item === "string") made[i] = copy(item);
      }
      return made;
    }
    const made = {};
    for (const name of Object.keys(one)) {
      if (name !== "__proto__") made[name] = copy(one[name]);
      else Object.defineProperty(made, name, { configurable: true, enumerable: true, writable: true, value: copy(one[name]) });
    }
    return made;
  };
  return { copy: copy(value), size };
}

/**
 * The states of the last generations that have a checksum.
 *
 * If copying every state would cost more than its share of a turn, every second state is kept, or
 * every fourth, and so on. This stride follows from the size of the state and the length of the
 * turn, which are the same on all machines, not from measured times: states can only be compared
 * if all machines have kept the same ones. A machine that is much too slow for this stride keeps
 * only some of the states that the others keep.
 */
export class Copies {
  #kept = [];
  #size = 0;
  #ms = 0;
  #stride = 1;
  #slowness = 1;
  #why = null;
  #now;

  /** now: () => milliseconds. */
  constructor(now) {
    this.#now = now;
  }

  clear() {
    this.#kept = [];
    this.#size = 0;
    this.#stride = 1;
    this.#why = null;
  }

  /** One of this many generations with a checksum is kept. */
  get stride() {
    return this.#stride * this.#slowness;
  }

  /** The smoothed time of one copy in milliseconds. */
  get ms() {
    return this.#ms;
  }

  /** Call this after each generation with a checksum, i.e. one of every `every` generations.
   * take: returns its state. */
  offer(generation, { every, turnMs, take }) {
    if (this.#why !== null || generation % (every * this.stride) !== 0) return;
    const started = this.#now();
    try {
      const { copy, size } = copyOf(take());
      this.#kept.push({ generation, state: copy, size });
      this.#size += size;
    } catch (error) {
      this.clear();
      this.#why = `the state could not be copied: ${String(error?.message ?? error)}`;
      return;
    }
    while (this.#kept.length > COPIES_MAX || (this.#size > VALUES_MAX && this.#kept.length > 1)) {
      this.#size -= this.#kept.shift().size;
    }
    this.#pace(this.#now() - started, SHARE_MAX * Math.max(turnMs * every, 1));
  }

  #pace(ms, shareMs) {
    this.#stride = Math.min(STRIDE_MAX, powerFrom(Math.ceil((this.#kept.at(-1).size * VALUE_MS) / shareMs)));
    // Start at 0 and rise slowly: a machine that was busy once is not slow.
    this.#ms = this.#ms * 0.9 + ms * 0.1;
    const wanted = this.#ms / (PATIENCE * shareMs);
    if (wanted > this.stride && this.stride < STRIDE_MAX) this.#slowness *= 2;
    // Decrease only if the time is well below the limit, to avoid oscillation.
    else if (wanted < this.stride / 4 && this.#slowness > 1) this.#slowness /= 2;
  }

  /** {generation, state} of the first kept state from `generation` on, or null. */
  from(generation) {
    return this.#kept.find((one) => one.generation >= generation) ?? null;
  }

  get why() {
    return this.#why;
  }
}

/** The smallest power of two that is not below n. So lists with slightly different lengths are
 * split at the same places. */
function powerFrom(n) {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}

/** Splits a composite value into at most `most` pieces; none if that is impossible. A piece of a
 * long list contains consecutive items from item `base` on. `of` is the path of the whole list. */
function pieces({ value, base, of }, most, compareText) {
  const inside = (name) => (of === "" ? `${name}` : `${of}.${name}`);
  if (!Array.isArray(value)) {
    const names = Object.keys(value).sort(compareText);
    if (names.length > most) return [];
    return names.map((name) => piece(inside(name), value[name]));
  }
  if (value.length <= most) return value.map((item, i) => piece(inside(base + i), item));
  const each = powerFrom(Math.ceil(value.length / most));
  const made = [];
  for (let i = 0; i < value.length; i += each) {
    const first = base + i;
    made.push({ path: inside(`${first}..${first + each - 1}`), value: value.slice(i, i + each), base: first, of });
  }
  return made;
}

const piece = (path, value) => ({ path, value, base: 0, of: path });

/**
 * A hash for each part of a state, by its path: "" is the whole state, `units` a part of it,
 * `units.17` a part of that. Levels are added while there are at most `most` parts. A long list is
 * split into ranges, such as `units.0..63`.
 */
export function partsOf(state, { canonical, hash32, compareText }, most = PARTS_MAX) {
  const found = new Map();
  const put = (one) => {
    if (one.path.length <= PATH_CHARACTERS_MAX) found.set(one.path, hash32(canonical(one.value)));
  };
  let level = [piece("", state)];
  put(level[0]);
  for (let depth = 1; depth <= LEVELS_MAX; depth += 1) {
    const open = level.filter(({ value }) => isComposite(value) && Object.keys(value).length > 0);
    const share = Math.floor((most - found.size) / Math.max(open.length, 1));
    if (open.length === 0 || share < 2) break;
    level = open.flatMap((one) => pieces(one, share, compareText));
    for (const one of level) put(one);
  }
  return Object.fromEntries(found);
}

/**
 * The evidence for `generation`: the first kept state from it on, otherwise the present state
 * ({generation, take}) if that is not earlier.
 * Returns {of, generation, parts, state, why}: the generation that was asked for, the generation
 * of the state, the hash of each part, the canonical bytes, or why there is no evidence.
 */
export function evidenceOf(generation, copies, present, kit) {
  const none = (why) => ({ of: generation, generation: null, parts: {}, state: null, why: why.slice(0, 300) });
  try {
    const kept = copies.from(generation)
      ?? (present !== null && present.generation >= generation
        ? { generation: present.generation, state: present.take() } : null);
    if (kept === null) return none(copies.why ?? "no state from this generation on is kept");
    try {
      const state = kit.canonical(kept.state);
      return { of: generation, generation: kept.generation, parts: partsOf(kept.state, kit), state, why: null };
    } catch (error) {
      return { ...none(String(error?.message ?? error)), generation: kept.generation };
    }
  } catch (error) {
    return none(String(error?.message ?? error));
  }
}
