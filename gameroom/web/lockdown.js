/**
 * Removes everything from the engine's global scope that differs between machines or reaches out of
 * the worker. Replaces functions that the language standard leaves to the browser by exact ones
 * (docs/determinism.md).
 *
 * It knows no engine and imports nothing: the worker loads it as text, in a browser and in Node.
 * `lockDown` is called once, after all code that needs the full global scope.
 */

const KEPT = new Set(`
  globalThis undefined NaN Infinity isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent
  encodeURI encodeURIComponent escape unescape Object Function Boolean Symbol Error AggregateError
  EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError Number BigInt Math
  String RegExp Array Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array
  Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array Map Set WeakMap WeakSet
  ArrayBuffer DataView JSON Promise Reflect Proxy Iterator Generator GeneratorFunction TextEncoder
  TextDecoder structuredClone console constructor self
`.trim().split(/\s+/));

const WHY = {
  Date: "an engine has no clock: count generations and iterations",
  performance: "an engine has no clock: count generations and iterations",
  setTimeout: "an engine has no timers: step() is called for every turn",
  setInterval: "an engine has no timers: step() is called for every turn",
  requestAnimationFrame: "an engine has no animation frames: use them in the view",
  fetch: "an engine has no network", XMLHttpRequest: "an engine has no network",
  WebSocket: "an engine has no network", EventSource: "an engine has no network",
  importScripts: "an engine is one file without imports", Worker: "an engine runs in one thread",
  indexedDB: "an engine keeps its state in snapshots", caches: "an engine keeps its state in snapshots",
  BroadcastChannel: "an engine communicates by signals", postMessage: "an engine communicates by signals",
  crypto: "use kit.Random, which has the same seed on every machine", Intl: "languages differ between machines",
  WeakRef: "memory differs between machines", FinalizationRegistry: "memory differs between machines",
  SharedArrayBuffer: "an engine runs in one thread", Atomics: "an engine runs in one thread",
  WebAssembly: "its floats may differ between machines", navigator: "machines differ", location: "machines differ",
  eval: "an engine cannot create code", queueMicrotask: "an engine cannot defer work",
};

const refuse = (name, why) => {
  const thrower = function () {
    throw new Error(`${name}: ${why}`);
  };
  Object.setPrototypeOf(thrower, null);
  return new Proxy(thrower, {
    get: () => thrower(), set: () => thrower(), has: () => thrower(),
    construct: () => thrower(), apply: () => thrower(), getPrototypeOf: () => null,
  });
};

function put(target, name, value) {
  Object.defineProperty(target, name, { value, writable: false, configurable: false, enumerable: false });
}

/** Objects that only look like the language's own. They are altered in the same way. */
function replace(target, name, value) {
  Object.defineProperty(value, "name", { value: name, configurable: true });
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

/** misfitRegex: (pattern, flags) => why this regular expression is refused, or null. Returns the
 * names that could not be removed. There should be none. */
export function lockDown(misfitRegex) {
  const left = [];
  for (let scope = globalThis; scope !== null && scope !== Object.prototype; scope = Object.getPrototypeOf(scope)) {
    for (const name of Reflect.ownKeys(scope)) {
      if (KEPT.has(name) || typeof name === "symbol") continue;
      // A name that cannot be removed must be a constant, like Chromium's TEMPORARY = 0.
      // Otherwise the engine does not start.
      if (!Reflect.deleteProperty(scope, name) && typeof scope[name] !== "number") left.push(name);
    }
    // The constructors of the scopes are harmless: their prototypes are empty by now.
    if (scope !== globalThis) Reflect.deleteProperty(scope, "constructor");
  }
  for (const [name, why] of Object.entries(WHY)) put(globalThis, name, refuse(name, why));
  put(globalThis, "self", globalThis);
  lockMaths();
  lockTexts(misfitRegex);
  lockBits();
  lockErrors();
  fixOrder();
  fixCopies();
  lockCode();
  put(globalThis, "console", Object.freeze(consoleOf(console)));
  return left;
}

function consoleOf(real) {
  const kept = {};
  for (const name of ["log", "info", "warn", "error", "debug", "trace", "assert"]) {
    const bound = real[name].bind(real);
    kept[name] = (...said) => void bound(...said);
  }
  return kept;
}

/** Browsers round these differently in the last bit. sqrt, floor and similar ones are exact. */
function lockMaths() {
  put(Math, "random", refuse("Math.random", "use kit.Random, which has the same seed on every machine"));
  put(Math, "pow", refuse("Math.pow", "browsers round it differently: use kit.pow, which is exact for whole numbers"));
  const rough = "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 sin sinh tan tanh";
  for (const name of rough.split(" ")) {
    put(Math, name, refuse(`Math.${name}`, "browsers round it differently: use the kit's whole numbers"));
  }
}

/** Functions that depend on the browser's language or its version of Unicode. */
function lockTexts(misfitRegex) {
  const typed = Object.getPrototypeOf(Int8Array.prototype);
  const words = [
    [String.prototype, ["localeCompare", "toLocaleLowerCase", "toLocaleUpperCase"]],
    ...[Object, Array, Number, BigInt].map((kind) => [kind.prototype, ["toLocaleString"]]),
    [typed, ["toLocaleString"]],
  ];
  for (const [target, names] of words) {
    for (const name of names) put(target, name, refuse(name, "languages differ between machines"));
  }
  const unicode = "browsers follow different versions of Unicode";
  put(String.prototype, "normalize", refuse("normalize", `${unicode}: compare strings as they are`));
  for (const [name, own] of [["toLowerCase", "lowerCase"], ["toUpperCase", "upperCase"]]) {
    put(String.prototype, name, refuse(name, `${unicode}: use kit.${own}, which changes the letters a to z`));
  }
  const checked = (target, [pattern = "", flags], as) => {
    const made = Reflect.construct(target, [pattern, flags], as);
    const why = misfitRegex(made.source, made.flags);
    if (why !== null) throw new SyntaxError(`${made}: ${why}`);
    return made;
  };
  put(globalThis, "RegExp", new Proxy(RegExp, {
    construct: (target, given, as) => checked(target, given, as), apply: (target, _, given) => checked(target, given, target),
  }));
  Reflect.deleteProperty(RegExp.prototype, "compile");
  const textOf = Number.prototype.toString;
  replace(Number.prototype, "toString", function (radix = 10) {
    const number = Number(Reflect.apply(Number.prototype.valueOf, this, []));
    if (radix === 10 || !Number.isFinite(number)) return Reflect.apply(textOf, number, [radix]);
    if (Number.isInteger(number)) return BigInt(number).toString(radix);
    throw new RangeError(`${number}.toString(${radix}): browsers write fractions differently unless in base 10`);
  });
}

/** There are many NaN values. The difference is visible only in the bytes of a float. */
function lockBits() {
  const floats = ["Float16Array", "Float32Array", "Float64Array"].filter((name) => name in globalThis);
  const why = "the bytes of NaN differ between browsers: read and write the bytes of floats with a DataView";
  const typed = Object.getPrototypeOf(Int8Array.prototype);
  const bufferOf = Object.getOwnPropertyDescriptor(typed, "buffer").get;
  const kindOf = Object.getOwnPropertyDescriptor(typed, Symbol.toStringTag).get;
  Object.defineProperty(typed, "buffer", {
    get() {
      if (floats.includes(Reflect.apply(kindOf, this, []))) throw new TypeError(`the buffer of a float array: ${why}`);
      return Reflect.apply(bufferOf, this, []);
    },
    configurable: true, enumerable: false,
  });
  for (const name of floats) {
    put(globalThis, name, new Proxy(globalThis[name], {
      construct(target, given, as) {
        if (given[0] instanceof ArrayBuffer) throw new TypeError(`${name} of a buffer: ${why}`);
        return Reflect.construct(target, given, as);
      },
    }));
  }
  const { setUint16, setUint32 } = DataView.prototype;
  const quiet = {
    setFloat16: (view, at) => Reflect.apply(setUint16, view, [at, 0x7e00]),
    setFloat32: (view, at) => Reflect.apply(setUint32, view, [at, 0x7fc00000]),
    setFloat64(view, at) {
      Reflect.apply(setUint32, view, [at + 4, 0]);
      Reflect.apply(setUint32, view, [at, 0x7ff80000]);
    },
  };
  for (const name of Object.keys(quiet).filter((one) => one in DataView.prototype)) {
    const set = DataView.prototype[name];
    replace(DataView.prototype, name, function (at, value, isLittle = false) {
      const number = +value;
      Reflect.apply(set, this, [at, number, isLittle]);
      if (number === number) return;
      quiet[name](this, Number(at));
      const size = Number(name.slice(8)) / 8;
      if (isLittle) new Uint8Array(this.buffer, this.byteOffset + Number(at), size).reverse();
    });
  }
}

/** The stack of an error has a different format in each browser. */
function lockErrors() {
  for (const name of ["captureStackTrace", "stackTraceLimit"]) Reflect.deleteProperty(Error, name);
  Reflect.deleteProperty(Error.prototype, "stack");
  put(Function.prototype, "toString", refuse("Function.prototype.toString", "browsers write functions differently"));
}

/** Makes sorting compare the same pairs in the same order everywhere. So the result is the same
 * even if the comparison contradicts itself, uses random numbers or counts its calls. */
function fixOrder() {
  const { sort } = Array.prototype;
  const typed = Object.getPrototypeOf(Int8Array.prototype);
  const { sort: sortTyped } = typed;
  const checked = (compare) => {
    if (compare !== undefined && typeof compare !== "function") throw new TypeError("sort: the comparison is not a function");
  };
  replace(Array.prototype, "sort", function (compare) {
    checked(compare);
    if (compare === undefined) return Reflect.apply(sort, this, []);
    const list = Object(this);
    const { length } = list;
    const items = [];
    let missing = 0;
    for (let i = 0; i < length; i += 1) {
      if (list[i] !== undefined) items.push(list[i]);
      else if (!(i in list)) missing += 1;
    }
    const sorted = merged(items, compare);
    for (let i = 0; i < sorted.length; i += 1) list[i] = sorted[i];
    for (let i = sorted.length; i < length - missing; i += 1) list[i] = undefined;
    for (let i = length - missing; i < length; i += 1) delete list[i];
    return list;
  });
  replace(typed, "sort", function (compare) {
    checked(compare);
    if (compare === undefined) return Reflect.apply(sortTyped, this, []);
    const sorted = merged([...this], compare);
    for (let i = 0; i < sorted.length; i += 1) this[i] = sorted[i];
    return this;
  });
  if (Array.prototype.toSorted === undefined) return;
  replace(Array.prototype, "toSorted", function (compare) {
    checked(compare);
    return Array.from({ length: this.length }, (_, i) => this[i]).sort(compare);
  });
  replace(typed, "toSorted", function (compare) {
    checked(compare);
    return this.slice().sort(compare);
  });
}

const RUN = 8;

/** A stable merge sort: insertion sort for runs of eight, which are then merged pairwise. */
function merged(items, compare) {
  const { length } = items;
  for (let start = 0; start < length; start += RUN) {
    const end = Math.min(start + RUN, length);
    for (let i = start + 1; i < end; i += 1) {
      const item = items[i];
      let j = i;
      for (; j > start && compare(items[j - 1], item) > 0; j -= 1) items[j] = items[j - 1];
      items[j] = item;
    }
  }
  let [from, to] = [items, new Array(length)];
  for (let width = RUN; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(start + 2 * width, length);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at += 1) {
        const isLeft = right >= end || (left < middle && !(compare(from[left], from[right]) > 0));
        to[at] = isLeft ? from[left++] : from[right++];
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Functions of browsers that Node lacks. These are our own versions, used in both. */
function fixCopies() {
  Reflect.deleteProperty(TextEncoder.prototype, "encodeInto");
  replace(globalThis, "structuredClone", (value) => copied(value, new Map()));
  replace(globalThis, "TextDecoder", class {
    #isFatal;
    #keepsMark;

    constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
      if (!/^\s*(?:unicode-1-1-)?utf-?8\s*$/i.test(label)) throw new RangeError(`TextDecoder: only UTF-8 is supported, not ${label}`);
      this.#isFatal = Boolean(fatal);
      this.#keepsMark = Boolean(ignoreBOM);
    }

    get encoding() {
      return "utf-8";
    }

    decode(input = new Uint8Array(), { stream = false } = {}) {
      if (stream) throw new TypeError("TextDecoder: streaming is not supported");
      const bytes = ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
      const text = textOfBytes(bytes, this.#isFatal);
      return this.#keepsMark || text[0] !== "\ufeff" ? text : text.slice(1);
    }
  });
}

/** A structured clone of the values that an engine can have. */
function copied(value, seen) {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`a ${typeof value} cannot be cloned`);
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const kept = (made) => (seen.set(value, made), made);
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (value instanceof ArrayBuffer) return kept(value.slice(0));
  if (ArrayBuffer.isView(value)) return kept(value instanceof DataView ? new DataView(copied(value.buffer, seen), value.byteOffset, value.byteLength) : value.slice());
  if (value instanceof Map) {
    const made = kept(new Map());
    for (const [key, item] of value) made.set(copied(key, seen), copied(item, seen));
    return made;
  }
  if (value instanceof Set) {
    const made = kept(new Set());
    for (const item of value) made.add(copied(item, seen));
    return made;
  }
  const isList = Array.isArray(value);
  if (!isList && kind !== "Object") throw new TypeError(`a ${kind} cannot be cloned`);
  const made = kept(isList ? new Array(value.length) : {});
  for (const key of Object.keys(value)) {
    const item = copied(value[key], seen);
    if (key === "__proto__") Object.defineProperty(made, key, { value: item, writable: true, enumerable: true, configurable: true });
    else made[key] = item;
  }
  return made;
}

/** Decodes UTF-8 as in the Encoding Standard: each invalid sequence becomes one U+FFFD. */
function textOfBytes(bytes, isFatal) {
  const parts = [];
  const codes = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at];
    at += 1;
    const more = first < 0x80 ? 0 : first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : -1;
    let code = more < 1 ? first : first & (0x3f >> more);
    let [low, high] = [first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80, first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf];
    let isWhole = more >= 0;
    for (let n = 0; n < more && isWhole; n += 1, [low, high] = [0x80, 0xbf]) {
      isWhole = bytes[at] >= low && bytes[at] <= high;
      if (isWhole) code = (code << 6) | (bytes[at++] & 0x3f);
    }
    if (!isWhole && isFatal) throw new TypeError("TextDecoder: the bytes are not valid UTF-8");
    codes.push(isWhole ? code : 0xfffd);
    if (codes.length === 4096) parts.push(String.fromCodePoint(...codes.splice(0)));
  }
  return parts.join("") + String.fromCodePoint(...codes);
}

/** Function and its three relatives. The policy already forbids them; this also removes them. */
function lockCode() {
  const kin = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const one of kin) put(Object.getPrototypeOf(one), "constructor", refuse("Function", "an engine cannot create code"));
  const shown = refuse("Function", "an engine cannot create code");
  put(globalThis, "Function", new Proxy(function () {}, {
    get: (_, name) => (name === "prototype" ? Object.getPrototypeOf(function () {}) : undefined),
    construct: () => shown(), apply: () => shown(),
    getPrototypeOf: () => Object.prototype,
  }));
}
