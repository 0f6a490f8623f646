/**
 * MessagePack for plain values: null, booleans, integers, strings, lists and maps.
 *
 * It knows no frame. The rule: a value that is not exact on both sides is refused, never rounded:
 * floats, bytes, extensions, and integers beyond 2^53 - 1.
 */

const WORD = 2 ** 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Encodes a plain value (null, boolean, whole number within 2^53 - 1, string, list or map).
 * @param {any} value
 * @returns {Uint8Array<ArrayBuffer>} */
export function pack(value) {
  let bytes = new Uint8Array(256);
  let view = new DataView(bytes.buffer);
  let at = 0;

  const room = (/** @type {number} */ size) => {
    if (at + size <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, at + size));
    larger.set(bytes);
    bytes = larger;
    view = new DataView(bytes.buffer);
  };
  const head = (/** @type {number} */ size, /** @type {{ below: number, code: number }} */ small, /** @type {{ one?: number, two: number }} */ code) => {
    room(5);
    if (size < small.below) bytes[at++] = small.code | size;
    else if (size < 0x100 && code.one) {
      bytes[at++] = code.one;
      bytes[at++] = size;
    } else if (size < 0x10000) {
      bytes[at++] = code.two;
      view.setUint16(at, size);
      at += 2;
    } else {
      bytes[at++] = code.two + 1;
      view.setUint32(at, size);
      at += 4;
    }
  };
  const whole = (/** @type {number} */ n) => {
    if (!Number.isSafeInteger(n)) throw new TypeError(`${n} is not a whole number`);
    room(9);
    if (n >= 0) {
      if (n < 0x80) bytes[at++] = n;
      else if (n < 0x100) { bytes[at++] = 0xcc; bytes[at++] = n; }
      else if (n < 0x10000) { bytes[at++] = 0xcd; view.setUint16(at, n); at += 2; }
      else if (n < WORD) { bytes[at++] = 0xce; view.setUint32(at, n); at += 4; }
      else { bytes[at++] = 0xcf; view.setBigUint64(at, BigInt(n)); at += 8; }
    } else if (n >= -0x20) bytes[at++] = n & 0xff;
    else if (n >= -0x80) { bytes[at++] = 0xd0; view.setInt8(at, n); at += 1; }
    else if (n >= -0x8000) { bytes[at++] = 0xd1; view.setInt16(at, n); at += 2; }
    else if (n >= -0x80000000) { bytes[at++] = 0xd2; view.setInt32(at, n); at += 4; }
    else { bytes[at++] = 0xd3; view.setBigInt64(at, BigInt(n)); at += 8; }
  };
  const put = (/** @type {any} */ one) => {
    room(1);
    if (one === null) bytes[at++] = 0xc0;
    else if (one === false) bytes[at++] = 0xc2;
    else if (one === true) bytes[at++] = 0xc3;
    else if (typeof one === "number") whole(one);
    else if (typeof one === "string") {
      const text = encoder.encode(one);
      head(text.length, { below: 32, code: 0xa0 }, { one: 0xd9, two: 0xda });
      room(text.length);
      bytes.set(text, at);
      at += text.length;
    } else if (Array.isArray(one)) {
      head(one.length, { below: 16, code: 0x90 }, { two: 0xdc });
      for (const item of one) put(item);
    } else if (typeof one === "object") {
      const members = Object.entries(one);
      head(members.length, { below: 16, code: 0x80 }, { two: 0xde });
      for (const [key, item] of members) {
        put(key);
        put(item);
      }
    } else throw new TypeError(`a value of type ${typeof one} cannot be encoded`);
  };
  put(value);
  return bytes.slice(0, at);
}

const OWN = { configurable: true, enumerable: true, writable: true };

/** Decodes all of these bytes to one plain value, like JSON.parse. Refuses floats, bytes and
 * extensions.
 * @param {Uint8Array} bytes
 * @returns {any} */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const safe = (/** @type {bigint} */ n) => {
    const number = Number(n);
    if (!Number.isSafeInteger(number)) throw new RangeError(`${n} is outside -(2^53 - 1) to 2^53 - 1`);
    return number;
  };
  const text = (/** @type {number} */ size) => {
    if (at + size > bytes.length) throw new RangeError("a string is cut off");
    at += size;
    return decoder.decode(bytes.subarray(at - size, at));
  };
  const list = (/** @type {number} */ size) => {
    /** @type {any[]} */
    const items = [];
    for (let i = 0; i < size; i += 1) items.push(take());
    return items;
  };
  const map = (/** @type {number} */ size) => {
    /** @type {Record<string, any>} */
    const made = {};
    for (let i = 0; i < size; i += 1) {
      const key = take();
      const item = take();
      if (key === "__proto__") Object.defineProperty(made, key, { ...OWN, value: item });
      else made[key] = item;
    }
    return made;
  };
  const u8 = () => view.getUint8(at++);
  const u16 = () => view.getUint16((at += 2) - 2);
  const u32 = () => view.getUint32((at += 4) - 4);
  /** @returns {any} */
  const take = () => {
    const code = u8();
    if (code < 0x80) return code;
    if (code < 0x90) return map(code & 0x0f);
    if (code < 0xa0) return list(code & 0x0f);
    if (code < 0xc0) return text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    switch (code) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xcc: return u8();
      case 0xcd: return u16();
      case 0xce: return u32();
      case 0xcf: return safe(view.getBigUint64((at += 8) - 8));
      case 0xd0: return view.getInt8(at++);
      case 0xd1: return view.getInt16((at += 2) - 2);
      case 0xd2: return view.getInt32((at += 4) - 4);
      case 0xd3: return safe(view.getBigInt64((at += 8) - 8));
      case 0xd9: return text(u8());
      case 0xda: return text(u16());
      case 0xdb: return text(u32());
      case 0xdc: return list(u16());
      case 0xdd: return list(u32());
      case 0xde: return map(u16());
      case 0xdf: return map(u32());
      default: throw new TypeError(`the type 0x${code.toString(16)} is not supported`);
    }
  };
  const value = take();
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes are left over`);
  return value;
}
