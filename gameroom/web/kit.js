/**
 * The kit: the library for engines.
 *
 * A seeded random generator, canonical bytes, a hash, and integer mathematics. It knows no room, no
 * page and no network. Everything here is exact integer arithmetic, so every machine gets the same
 * bits. gameroom/lockstep/{random,canonical}.py implement the same functions in Python;
 * tests/vectors/kit.json checks that both give the same results.
 */

export const INT_MAX = Number.MAX_SAFE_INTEGER;
const WORD = 2 ** 32;
const DEPTH_MAX = 64;

// ---- random -------------------------------------------------------------------------

/**
 * sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, 32 bits at a time.
 * Seeded as in PractRand: a = 0, b and c are the low and high words of the seed, counter 1,
 * the first twelve outputs are discarded.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** @param {number} seed a whole number, 0 to 2^53 - 1 */
  constructor(seed = 0) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`a seed must be a whole number from 0 to 2^53 - 1, not ${seed}`);
    }
    this.#b = seed >>> 0;
    this.#c = Math.floor(seed / WORD);
    for (let i = 0; i < 12; i += 1) this.next();
  }

  /** The next uint32. */
  next() {
    const out = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) >>> 0;
    return out;
  }

  /** A whole number 0 <= x < n, all equally likely; 1 <= n <= 2^32. */
  below(n) {
    if (!Number.isSafeInteger(n) || n < 1 || n > WORD) {
      throw new RangeError(`below(n) needs a whole number from 1 to 2^32, not ${n}`);
    }
    // The last, incomplete range of n would favour small numbers: there draw again.
    const whole = WORD - (WORD % n);
    let drawn = this.next();
    while (drawn >= whole) drawn = this.next();
    return drawn % n;
  }

  /** A whole number low <= x <= high. */
  between(low, high) {
    return low + this.below(high - low + 1);
  }

  /** One item of a list that is not empty. */
  pick(list) {
    return list[this.below(list.length)];
  }

  /** Shuffles the list in place (Fisher and Yates) and returns it. */
  shuffle(list) {
    for (let i = list.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      const kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
    return list;
  }

  /** The whole state as four uint32, for a snapshot. */
  state() {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** Continues from a state that `state()` returned. Returns itself. */
  restore(state) {
    if (!Array.isArray(state) || state.length !== 4 || state.some((n) => n !== n >>> 0)) {
      throw new TypeError("the state of Random must be a list of four uint32");
    }
    [this.#a, this.#b, this.#c, this.#counter] = state;
    return this;
  }
}

// ---- canonical bytes ----------------------------------------------------------------

const encoder = new TextEncoder();
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Strings by code point, as Python and UTF-8 order them (JavaScript orders by UTF-16 unit). */
export function compareText(left, right) {
  const end = Math.min(left.length, right.length);
  for (let i = 0; i < end; i += 1) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) {
      // Surrogates encode code points above all other units: sort them after U+E000 to U+FFFF.
      const lifted = (unit) => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);
      return lifted(a) - lifted(b);
    }
  }
  return left.length - right.length;
}

/** Converts A to Z to lower case. All other characters stay, because their case depends on the
 * version of Unicode. */
export function lowerCase(text) {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}

/** Converts a to z to upper case. All other characters stay. */
export function upperCase(text) {
  return text.replace(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 32));
}

function textOf(value, where) {
  if (LONE_SURROGATE.test(value)) throw new TypeError(`${where}: the string has a lone surrogate`);
  return JSON.stringify(value);
}

function plainOf(value, where, depth) {
  if (depth > DEPTH_MAX) throw new TypeError(`${where}: nested deeper than ${DEPTH_MAX} levels`);
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isSafeInteger(value)) {
        throw new TypeError(`${where}: ${value} is not a whole number from -(2^53 - 1) to 2^53 - 1`);
      }
      if (Object.is(value, -0)) throw new TypeError(`${where}: minus zero (add 0 to it)`);
      return String(value);
    case "string":
      return textOf(value, where);
    case "object":
      break;
    default:
      throw new TypeError(`${where}: ${typeof value} has no canonical form`);
  }
  if (value === null) return "null";
  if (Array.isArray(value)) {
    const parts = [];
    for (let i = 0; i < value.length; i += 1) {
      parts.push(plainOf(value[i], `${where}[${i}]`, depth + 1));
    }
    return `[${parts.join(",")}]`;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const hint = typeof value[Symbol.iterator] === "function" ? ": copy it into a list, as in [...it]" : "";
    throw new TypeError(`${where}: ${prototype.constructor?.name} has no canonical form${hint}`);
  }
  const parts = [];
  for (const key of Object.keys(value).sort(compareText)) {
    parts.push(`${textOf(key, where)}:${plainOf(value[key], `${where}.${key}`, depth + 1)}`);
  }
  return `{${parts.join(",")}}`;
}

/**
 * The one byte string of a plain value: JSON in UTF-8 without spaces, keys in code point
 * order. Allowed are null, booleans, whole numbers within 2^53 - 1, strings, lists and maps. Throws
 * a TypeError with the place for anything else (floats, -0, undefined, lone surrogates, dates, maps
 * deeper than 64).
 * @returns {Uint8Array}
 */
export function canonical(value) {
  return encoder.encode(plainOf(value, "value", 0));
}

// ---- hash ---------------------------------------------------------------------------

function mixed(word) {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

function finished(hash, length) {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashBytes(bytes, seed) {
  let h = seed;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    h ^= mixed(bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let i = bytes.length - 1; i >= whole; i -= 1) rest = (rest << 8) | bytes[i];
  if (whole < bytes.length) h ^= mixed(rest);
  return finished(h, bytes.length);
}

/**
 * MurmurHash3 x86 32 (Austin Appleby) of bytes (a Uint8Array), or of integers (any other
 * typed array or a list), each from -2^31 to 2^32 - 1, hashed as four bytes in little-endian order.
 * To hash several parts, pass the first hash as the seed of the second.
 * @returns {number} a uint32
 */
export function hash32(data, seed = 0) {
  if (data instanceof Uint8Array) return hashBytes(data, seed);
  let h = seed;
  for (let i = 0; i < data.length; i += 1) {
    const n = data[i];
    if (n !== (n | 0) && n !== n >>> 0) {
      throw new RangeError(`hash32: item ${i} is ${n}, not from -2^31 to 2^32 - 1`);
    }
    h ^= mixed(n);
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  return finished(h, data.length * 4);
}

/** The hash of a plain value's canonical bytes: the simplest honest engine checksum. */
export function checksum(value) {
  return hashBytes(canonical(value), 0);
}

/** The SHA-256 (FIPS 180-4) of bytes, in hex. @returns {string} */
export function sha256(bytes) {
  const size = bytes.length;
  const padded = new Uint8Array((((size + 8) >> 6) + 1) << 6);
  padded.set(bytes);
  padded[size] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(size / 0x20000000));
  view.setUint32(padded.length - 4, (size << 3) >>> 0);
  const h = Int32Array.from(SHA256_START);
  const w = new Int32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i += 1) {
      const a = w[i - 15];
      const b = w[i - 2];
      const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
      const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, k] = h;
    for (let i = 0; i < 64; i += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (k + s1 + ((e & f) ^ (~e & g)) + SHA256_ROUNDS[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      k = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
    h[5] += f;
    h[6] += g;
    h[7] += k;
  }
  return [...h].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The first 32 bits of the fractions of the roots of the first primes, square or cube. */
function fractions(count, root) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) prime &&= n % d !== 0;
    if (prime) found.push(Number(root(BigInt(n)) & 0xffffffffn));
  }
  return found;
}

/** floor(n ** (1 / power) * 2 ** 32), computed in integers, so without rounding. */
function rootOf(n, power) {
  const wanted = n << (32n * power);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** power <= wanted) low = middle;
    else high = middle;
  }
  return low;
}

const SHA256_START = fractions(8, (n) => rootOf(n, 2n));
const SHA256_ROUNDS = fractions(64, (n) => rootOf(n, 3n));

// ---- integers -----------------------------------------------------------------------

/** The quotient rounded towards minus infinity, like Python's `//`; exact up to 2^53 - 1. */
export function floorDiv(a, b) {
  if (b === 0) throw new RangeError("division by zero");
  const rest = a % b;
  const quotient = (a - rest) / b;
  return (rest !== 0 && rest < 0 !== b < 0 ? quotient - 1 : quotient) + 0;
}

/** The remainder of `floorDiv`, with the sign of b, like Python's `%`. */
export function floorMod(a, b) {
  if (b === 0) throw new RangeError("division by zero");
  const rest = a % b;
  return (rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest) + 0;
}

/** floor(a * b / c), exact for any size of a * b: for shares, percentages, fixed point. */
export function mulDiv(a, b, c) {
  if (![a, b, c].every(Number.isSafeInteger)) throw new RangeError(`mulDiv needs whole numbers, not ${a}, ${b} and ${c}`);
  const product = a * b;
  if (Number.isSafeInteger(product)) return floorDiv(product, c);
  if (c === 0) throw new RangeError("division by zero");
  const [whole, by] = [BigInt(a) * BigInt(b), BigInt(c)];
  const rest = whole % by;
  const quotient = Number(rest !== 0n && rest < 0n !== by < 0n ? whole / by - 1n : whole / by);
  if (!Number.isSafeInteger(quotient)) throw new RangeError(`mulDiv: ${a} * ${b} / ${c} is outside -(2^53 - 1) to 2^53 - 1`);
  return quotient;
}

/** base to the power of exponent >= 0, for whole numbers. Exact; throws a RangeError beyond
 * 2^53 - 1. */
export function pow(base, exponent) {
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(exponent) || exponent < 0) {
    throw new RangeError(`pow(base, exponent) needs whole numbers and an exponent from 0 on, not ${base} and ${exponent}`);
  }
  if (base === 0 || base === 1 || base === -1) return exponent === 0 || (base === -1 && exponent % 2 === 0) ? 1 : base + 0;
  let power = 1;
  for (let i = 0; i < exponent; i += 1) {
    power *= base;
    if (!Number.isSafeInteger(power)) throw new RangeError(`pow: ${base} to the power of ${exponent} is outside -(2^53 - 1) to 2^53 - 1`);
  }
  return power;
}

/** The integer part of the square root of 0 <= n <= 2^53 - 1. */
export function isqrt(n) {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`isqrt needs a whole number, 0 or greater, not ${n}`);
  // Math.sqrt can differ in its last bit between machines: the two loops correct that.
  let root = Math.floor(Math.sqrt(n));
  while (root * root > n) root -= 1;
  while ((root + 1) * (root + 1) <= n) root += 1;
  return root;
}

/** Angles are whole numbers, TURN to the full circle; sin and cos are scaled by ONE. */
export const TURN = 1024;
export const ONE = 65536;

// A quarter of a sine wave, computed by repeated rotation with 26 bits. All numbers are integers
// below 2^53, so the result does not depend on Math.sin. The error stays below 1/8 of 1/ONE.
const QUARTER = (() => {
  const scale = 2 ** 26;
  const stepSin = 411772;
  const stepCos = 67107601;
  const table = new Int32Array(TURN / 4 + 1);
  let s = 0;
  let c = scale;
  for (let i = 0; i < table.length; i += 1) {
    table[i] = Math.floor((s + 512) / 1024);
    const turned = Math.floor((s * stepCos + c * stepSin + scale / 2) / scale);
    c = Math.floor((c * stepCos - s * stepSin + scale / 2) / scale);
    s = turned;
  }
  return table;
})();

/** sin of a whole angle of any size, scaled by ONE. */
export function sin(angle) {
  const a = angle & (TURN - 1);
  const within = a & 255;
  switch (a >> 8) {
    case 0:
      return QUARTER[within];
    case 1:
      return QUARTER[256 - within];
    case 2:
      return within === 0 ? 0 : -QUARTER[within];
    default:
      return -QUARTER[256 - within];
  }
}

/** cos of a whole angle of any size, scaled by ONE. */
export function cos(angle) {
  return sin(angle + TURN / 4);
}

/** The direction of (x, y) as an angle 0 to TURN - 1, rounded down; 0 for (0, 0).
 * |x| and |y| up to 2^36. */
export function atan2(y, x) {
  if (x === 0 && y === 0) return 0;
  // Rotate by quarters until the direction is in the first quadrant.
  let [across, up, base] = [x, y, 0];
  if (x <= 0 && y > 0) [across, up, base] = [y, -x, 256];
  else if (x < 0 && y <= 0) [across, up, base] = [-x, -y, 512];
  else if (x >= 0 && y < 0) [across, up, base] = [-y, x, 768];
  let low = 0;
  let high = 255;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (QUARTER[middle] * across <= QUARTER[256 - middle] * up) low = middle;
    else high = middle - 1;
  }
  return base + low;
}
