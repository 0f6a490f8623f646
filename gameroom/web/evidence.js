/**
 * What an engine can prove of a generation that has long passed: copies of its last states,
 * and a hash for each part of one.
 *
 * It knows no engine, no room and no clock: a state is a plain value, time is given. The worker
 * takes it as text, so it imports nothing; what it needs of the kit it is given. The rule it
 * keeps: a game never suffers for its evidence. Copying takes a small share of the turn's
 * time, and what goes wrong here is told as `why` and never thrown.
 */

export const COPIES_MAX = 40;
/** Numbers, texts and the like in all copies together: about 16 MB. */
export const VALUES_MAX = 2_000_000;
/** The share of a turn that copying may take on average, */
export const SHARE_MAX = 0.03;
/** reckoned with so much for each value: two to three times what an ordinary machine takes. */
export const VALUE_MS = 0.00003;
/** A machine on which it really takes so many times its share keeps fewer than all others. */
const PATIENCE = 2;
export const PARTS_MAX = 256;
export const LEVELS_MAX = 3;
export const PATH_CHARACTERS_MAX = 200;
/** Every 64th at the least: beyond that there is no use in copies. */
const STRIDE_MAX = 64;

const isComposite = (value) => typeof value === "object" && value !== null;

/** A copy of a plain value that shares nothing with it, and how many values are in it. Three
 * to twenty times as fast as structuredClone, which must think of what no state can hold. */
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
 * Where copying every one would cost more than its share of a turn, every second is kept, or
 * every fourth, and so on. That is reckoned from the size of the state and the length of the
 * turn, which are the same everywhere, and not from the time that it took: states can only be
 * compared where all have kept the same ones. A machine that is far too slow for that keeps
 * still fewer, of those that the others keep.
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

  /** How many of the checksummed generations there are for each that is kept. */
  get stride() {
    return this.#stride * this.#slowness;
  }

  /** What one copy costs in milliseconds, smoothed. */
  get ms() {
    return this.#ms;
  }

  /** A generation has run whose checksum is told, one of every `every`; `take()` gives its state. */
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
    // From 0 on and slowly: a machine that was busy once is not slow.
    this.#ms = this.#ms * 0.9 + ms * 0.1;
    const wanted = this.#ms / (PATIENCE * shareMs);
    if (wanted > this.stride && this.stride < STRIDE_MAX) this.#slowness *= 2;
    // Down only when it is well within: it must not go up and down all the time.
    else if (wanted < this.stride / 4 && this.#slowness > 1) this.#slowness /= 2;
  }

  /** {generation, state} of the first kept one from `generation` on, else null; `why` there is none. */
  from(generation) {
    return this.#kept.find((one) => one.generation >= generation) ?? null;
  }

  get why() {
    return this.#why;
  }
}

/** The smallest power of two that is not below n: pieces of lists that differ a little in
 * length begin at the same places. */
function powerFrom(n) {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}

/** What a composite falls into, at most `most` pieces; none where it does not. A piece of a long
 * list is some of its items, the first being item `base`; `of` is the path of the whole list. */
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
 * A hash for each part of a state, by its path: "" is the whole, `units` a part of it,
 * `units.17` a part of that. Level by level, as long as it stays at `most` parts; a long list
 * falls into stretches, `units.0..63`.
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
 * What there is to say about `generation`: the first kept state from it on, or the present one
 * ({generation, take}) where that is not earlier.
 * Gives {of, generation, parts, state, why}: which generation it is really of, the hash of each
 * part, the canonical bytes; or why there is none.
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
