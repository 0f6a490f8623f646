/** The kit, the library for engines: integers only, the same bits on every machine. */

/** null, booleans, whole numbers within 2^53 - 1, strings, lists and maps of them. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

export const INT_MAX: number;

/** sfc32: 128 bits of state, 32 bits at a time. The seed is a whole number, 0 to 2^53 - 1. */
export class Random {
  constructor(seed?: number);
  /** The next uint32. */
  next(): number;
  /** 0 <= x < n, all equally likely; 1 <= n <= 2^32. */
  below(n: number): number;
  /** low <= x <= high. */
  between(low: number, high: number): number;
  /** One item of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** Shuffles in place and returns the list. */
  shuffle<T>(list: T[]): T[];
  /** Four uint32. Put them into the snapshot. */
  state(): number[];
  /** Continues from a state. Returns itself. */
  restore(state: readonly number[]): this;
}

/** The canonical bytes of a plain value. Throws a TypeError with the place for other values. */
export function canonical(value: Plain): Uint8Array;

/** The SHA-256 of bytes, in hex. */
export function sha256(bytes: Uint8Array): string;
/** MurmurHash3 (32 bits) of bytes, or of integers from -2^31 to 2^32 - 1. */
export function hash32(data: Uint8Array | ArrayLike<number>, seed?: number): number;
/** hash32 of the canonical bytes: the simplest honest engine checksum. */
export function checksum(value: Plain): number;
/** Orders strings by code point, as Python does. */
export function compareText(left: string, right: string): number;
/** Changes only the letters A to Z and a to z: the same in every version of Unicode. */
export function lowerCase(text: string): string;
export function upperCase(text: string): string;

/** The quotient rounded towards minus infinity and its remainder, like `//` and `%` in Python. */
export function floorDiv(a: number, b: number): number;
export function floorMod(a: number, b: number): number;
/** floor(a * b / c), exact for any size of a * b: for shares, percentages, fixed point. */
export function mulDiv(a: number, b: number, c: number): number;
/** base to the power of exponent >= 0, for integers. Exact; throws a RangeError beyond 2^53 - 1. */
export function pow(base: number, exponent: number): number;
/** The integer part of the square root of 0 <= n <= 2^53 - 1. */
export function isqrt(n: number): number;

/** Angles are whole numbers, TURN to the full circle; sin and cos are scaled by ONE. */
export const TURN: 1024;
export const ONE: 65536;
export function sin(angle: number): number;
export function cos(angle: number): number;
/** The direction of (x, y), 0 to TURN - 1, rounded down; |x|, |y| up to 2^36. */
export function atan2(y: number, x: number): number;
