/**
 * The engine's world: a worker in which nothing but the engine's own arithmetic is left.
 *
 * Started from a blob by sandbox.js. It knows no page and no room: it is told orders over a
 * port and answers each with one reply. Before the engine's module is imported everything
 * that could make two machines differ, or reach out of here, is taken away: what is not on
 * the list below is deleted, what people try first says why it is missing. The policy of
 * the frame (opaque origin, connect-src 'none') holds even where this list has a hole.
 */

"use strict";

// A block: names at the top of a classic script would be in the engine's reach.
{
const now = performance.now.bind(performance);
const toFrame = self.postMessage.bind(self);
const listen = self.addEventListener.bind(self);
const clone = structuredClone;
const url = URL.createObjectURL.bind(URL);
const random = Math.random;
const decoder = new TextDecoder("utf-8", { fatal: true });

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
  setTimeout: "an engine has no timers: it is told when to step",
  setInterval: "an engine has no timers: it is told when to step",
  requestAnimationFrame: "an engine has no frames: that is the view's",
  fetch: "an engine has no network", XMLHttpRequest: "an engine has no network",
  WebSocket: "an engine has no network", EventSource: "an engine has no network",
  importScripts: "an engine is one file without imports", Worker: "an engine runs in one thread",
  indexedDB: "an engine keeps its state in snapshots", caches: "an engine keeps its state in snapshots",
  BroadcastChannel: "an engine speaks by signals", postMessage: "an engine speaks by signals",
  crypto: "an engine draws from kit.Random, seeded for all alike", Intl: "languages differ between machines",
  WeakRef: "memory differs between machines", FinalizationRegistry: "memory differs between machines",
  SharedArrayBuffer: "an engine runs in one thread", Atomics: "an engine runs in one thread",
  WebAssembly: "not here: its floats may differ between machines", navigator: "machines differ", location: "machines differ",
  eval: "an engine makes no code", queueMicrotask: "an engine answers at once",
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

/** Takes away; returns the names that would not go, of which there should be none. */
function lockDown() {
  const left = [];
  for (let scope = globalThis; scope !== null && scope !== Object.prototype; scope = Object.getPrototypeOf(scope)) {
    for (const name of Reflect.ownKeys(scope)) {
      if (KEPT.has(name) || typeof name === "symbol") continue;
      // What will not go is a constant, like Chromium's TEMPORARY = 0, or we do not start.
      if (!Reflect.deleteProperty(scope, name) && typeof scope[name] !== "number") left.push(name);
    }
    // Constructors of the scopes lead nowhere: their prototypes are bare by now.
    if (scope !== globalThis) Reflect.deleteProperty(scope, "constructor");
  }
  for (const [name, why] of Object.entries(WHY)) put(globalThis, name, refuse(name, why));
  put(globalThis, "self", globalThis);
  lockMaths();
  lockLanguages();
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

/** Browsers round these differently in the last bit; sqrt, floor and the like are exact. */
function lockMaths() {
  put(Math, "random", refuse("Math.random", "an engine draws from kit.Random, seeded for all alike"));
  const rough = "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 sin sinh tan tanh";
  for (const name of rough.split(" ")) {
    put(Math, name, refuse(`Math.${name}`, "browsers round it differently: use the kit's whole numbers"));
  }
}

function lockLanguages() {
  const typed = Object.getPrototypeOf(Int8Array.prototype);
  const words = [
    [String.prototype, ["localeCompare", "toLocaleLowerCase", "toLocaleUpperCase"]],
    ...[Object, Array, Number, BigInt].map((kind) => [kind.prototype, ["toLocaleString"]]),
    [typed, ["toLocaleString"]],
  ];
  for (const [target, names] of words) {
    for (const name of names) put(target, name, refuse(name, "languages differ between machines"));
  }
  for (const name of ["captureStackTrace", "stackTraceLimit"]) Reflect.deleteProperty(Error, name);
}

/** Function and its three kin: the policy forbids them already; here they are out of reach too. */
function lockCode() {
  const kin = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const one of kin) put(Object.getPrototypeOf(one), "constructor", refuse("Function", "an engine makes no code"));
  const shown = refuse("Function", "an engine makes no code");
  put(globalThis, "Function", new Proxy(function () {}, {
    get: (_, name) => (name === "prototype" ? Object.getPrototypeOf(function () {}) : undefined),
    construct: () => shown(), apply: () => shown(),
    getPrototypeOf: () => Object.prototype,
  }));
}

// ---- orders --------------------------------------------------------------------------------

let engine = null;
let tools = null;
let last = null;
/** The canonical bytes of the state of which the room wants the hash, and perhaps the whole. */
let snapped = null;
let evidence = null;
let kept = null;

/** The turn that is being run, 0 before the first. */
let turnAt = 0;

/** Anything can be thrown, even what throws when it is looked at. */
function described(error) {
  const of = (name, most) => {
    try {
      return String(error?.[name] ?? "").slice(0, most);
    } catch {
      return "";
    }
  };
  let message = of("message", 500);
  try {
    message ||= String(error).slice(0, 500);
  } catch {
    message = "it threw something that cannot be written down";
  }
  return { name: of("name", 100) || "Error", message, stack: of("stack", 5000) };
}

/** After this time a batch of turns says how far it is: the page knows that none of them hangs. */
const PROGRESS_MS = 1000;
/** More signals than any room takes in one turn. */
const SIGNALS_PER_TURN_MAX = 64;

/** What `step` gave, as a list of signals. Anything else is a fault of the engine. */
function listOf(raised) {
  if (raised === undefined || raised === null) return [];
  if (typeof raised.then === "function") throw new TypeError("step() gave a promise: an engine answers at once");
  if (!Array.isArray(raised)) throw new TypeError(`step() gave ${typeof raised}, not a list of signals`);
  return raised;
}

/** The signals of a turn as plain values, for the page to look at; `why` of one that has no such form. */
function plainSignals(raised, generation) {
  const signals = raised.slice(0, SIGNALS_PER_TURN_MAX).map((signal) => {
    try {
      const { name, body = {} } = signal;
      if (typeof name !== "string") return { generation, name: "", body: null, why: "A signal needs a name." };
      return { generation, name, body: JSON.parse(JSON.stringify(body ?? {}) ?? "null") };
    } catch (error) {
      return { generation, name: "", body: null, why: `A signal has no plain form: ${described(error).message}.` };
    }
  });
  if (raised.length > SIGNALS_PER_TURN_MAX) {
    signals.push({ generation, name: "", body: null, why: `${raised.length} signals in one turn are too many.` });
  }
  return signals;
}

const equal = (a, b) => firstDifference(a, b, "") === null;

/** Where two plain values differ first, as a path; null when they do not. */
function firstDifference(a, b, path) {
  if (a === b) return null;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path || "the whole";
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  for (const name of names) {
    const found = firstDifference(a[name], b[name], path ? `${path}.${name}` : name);
    if (found !== null) return found;
  }
  return null;
}

function checkedSum() {
  const sum = engine.checksum();
  if (sum !== sum >>> 0) throw new TypeError(`checksum() gave ${String(sum)}, not a uint32`);
  return sum;
}

/** Shows the scene; why it can't, null where it can: the game goes on without a picture. */
function show(meta) {
  try {
    toFrame({ scene: engine.scene(), ...meta });
    return null;
  } catch (error) {
    return `scene(): ${described(error).message}`;
  }
}

function load({ setup, seats, seed, states }) {
  try {
    const reasons = [...(engine.check?.({ setup, seats, seed }) ?? [])].map((one) => String(one).slice(0, 200)).slice(0, 16);
    if (reasons.length === 0) engine.init({ setup, seats, seed, states });
    return { reasons };
  } catch (error) {
    return { reasons: [`The engine failed: ${described(error).message}`.slice(0, 200)] };
  }
}

function init({ generation, setup, seats, seed, states }) {
  engine.init({ setup, seats, seed, states });
  kept.clear();
  last = { generation, turn_ms: 100, states, seats: seats.map(({ seat }) => seat) };
  toFrame({ open: { setup, seats } });
  return { generation, unshown: show(last) };
}

/** Goes on from the state of others: these bytes, which begin where that game began. */
function restore({ generation, begin, seed, states, seats, sha256, bytes }) {
  if (tools.sha256(bytes) !== sha256) throw new Error("the state is not the one that was agreed on");
  engine.init({ ...begin, seed });
  kept.clear();
  engine.restore(JSON.parse(decoder.decode(bytes)));
  last = { generation, turn_ms: 100, states, seats };
  toFrame({ open: { setup: begin.setup, seats: begin.seats } });
  return { generation, unshown: show(last) };
}

/** every: turns between two checksums; stateEvery: between two states, 0 for none; length_ms: of a
 * turn, where copies of states are kept as evidence: whoever plays a replay needs none. */
function steps({ turns, turn_ms, length_ms, every, stateEvery, scene, sync }, progress) {
  const started = now();
  let saidAt = started;
  const sums = [];
  const signals = [];
  let iterations = 0;
  let found = null;
  let state = null;
  turns.forEach((turn, index) => {
    turnAt = turn.generation;
    if (now() - saidAt >= PROGRESS_MS) {
      saidAt = now();
      progress();
    }
    const before = sync ? engine.snapshot() : null;
    const raised = listOf(engine.step(sync ? clone(turn) : turn));
    if (sync) found ??= twice(turn, before, raised);
    if (raised.length > 0) signals.push(...plainSignals(raised, turn.generation));
    iterations += turn.iterations;
    const isDue = turn.generation % every === 0;
    if (isDue && index >= turns.length - every) {
      sums.push([turn.generation, checkedSum()]);
      if (length_ms !== undefined) kept.offer(turn.generation, { every, turnMs: length_ms, take: () => engine.snapshot() });
    }
    if (stateEvery > 0 && turn.generation % stateEvery === 0) {
      snapped = { generation: turn.generation, bytes: tools.canonical(engine.snapshot()) };
      state = { generation: turn.generation, sha256: tools.sha256(snapped.bytes), size: snapped.bytes.length };
    }
  });
  const ms = now() - started;
  const { generation, states, seats } = turns.at(-1);
  last = { generation, turn_ms, states, seats };
  const unshown = scene ? show(last) : null;
  return { generation, sums, signals, ms, turns: turns.length, iterations, sync: found, state, unshown };
}

/** The sync test: from the snapshot, the same turn again must end the same. */
function twice(turn, before, raised) {
  const kept = clone(before);
  const first = { state: clone(engine.snapshot()), checksum: checkedSum(), signals: clone([...raised]) };
  engine.restore(before);
  const where = firstDifference(kept, engine.snapshot(), "");
  if (where !== null) {
    engine.restore(first.state);
    return { generation: turn.generation, part: where, why: "restore does not give back what snapshot took" };
  }
  const again = clone([...listOf(engine.step(clone(turn)))]);
  const part = firstDifference(first.state, engine.snapshot(), "");
  if (part !== null) return { generation: turn.generation, part, why: "the same turn ended differently" };
  if (checkedSum() !== first.checksum) {
    return { generation: turn.generation, part: "checksum", why: "equal states have different checksums" };
  }
  if (!equal(first.signals, again)) return { generation: turn.generation, part: "signals", why: "the same turn raised others" };
  return null;
}

/** Alters one whole number of the state so that the next turn's checksum differs. For tests
 * and the demo: much of a state is worked out anew in each turn, and would heal by itself. */
function corrupt({ path: wanted = null }) {
  const kept = clone(engine.snapshot());
  const idle = { generation: last.generation + 1, iterations: 2, commands: [], states: last.states, seats: last.seats };
  const ahead = (state) => {
    engine.restore(clone(state));
    engine.step(clone(idle));
    return checkedSum();
  };
  const expected = ahead(kept);
  const places = [];
  const walk = (value, path) => {
    for (const name of Object.keys(value)) {
      if (Number.isSafeInteger(value[name])) places.push([...path, name]);
      else if (typeof value[name] === "object" && value[name] !== null) walk(value[name], [...path, name]);
    }
  };
  walk(kept, []);
  if (wanted !== null) places.splice(0, places.length, ...places.filter((path) => path.join(".") === wanted));
  for (let tries = 0; tries < 64 && places.length > 0; tries += 1) {
    const [path] = places.splice(Math.floor(random() * places.length), 1);
    const state = clone(kept);
    const parent = path.slice(0, -1).reduce((value, name) => value[name], state);
    parent[path.at(-1)] += parent[path.at(-1)] % 2 === 0 ? 1 : -1;
    try {
      if (ahead(state) === expected) continue;
      engine.scene();
      engine.restore(state);
      return { path: path.join(".") };
    } catch {
      // This number cannot be altered so: the engine would not stand. Try another.
    }
  }
  engine.restore(kept);
  return { path: null };
}

/** What this engine was at a generation that others had differently. */
function witness({ generation }) {
  const present = last === null ? null : { generation: last.generation, take: () => engine.snapshot() };
  return evidence.evidenceOf(generation, kept, present, tools);
}

const ORDERS = {
  load, init, steps, restore, corrupt, evidence: witness,
  state: ({ generation }) => ({ generation, bytes: snapped?.generation === generation ? snapped.bytes : null }),
  snapshot: () => ({ snapshot: engine.snapshot(), checksum: checkedSum() }),
  show: () => ({ unshown: last && show(last) }),
};

function obey(port, order) {
  const { op, epoch } = order;
  turnAt = order.generation ?? order.turns?.[0]?.generation ?? turnAt;
  const progress = () => port.postMessage({ op: "progress", epoch, generation: turnAt });
  try {
    port.postMessage({ op: REPLIES[op], epoch, ...ORDERS[op](order, progress) });
  } catch (error) {
    port.postMessage({ op: "failed", during: op, generation: turnAt, epoch, error: described(error) });
  }
}

const REPLIES = { load: "loaded", init: "inited", steps: "stepped", restore: "restored", state: "state", corrupt: "corrupted", snapshot: "snapshot", show: "shown", evidence: "evidence" };

listen("message", async ({ data, ports: [port] }) => {
  try {
    const blob = (source) => url(new Blob([source], { type: "text/javascript" }));
    const [kitSource, evidenceSource, source] = [data.kit, data.evidence, data.engine].map(blob);
    evidence = await import(evidenceSource);
    kept = new evidence.Copies(now);
    const left = lockDown();
    if (left.length > 0) throw new Error(`these would not go: ${left.join(", ")}`);
    // A replay brings its own kit along, so it is let in where the engine is, and not before. Of
    // a kit this file and evidence.js use what every kit has (see tests/web/kit.test.js).
    const kit = await import(kitSource);
    tools = kit;
    const module = await import(source);
    if (typeof module.default !== "function") throw new TypeError("engine.js has no `export default (kit) => engine`");
    engine = module.default(Object.freeze({ ...kit }));
    for (const name of ["init", "step", "checksum", "snapshot", "restore", "scene"]) {
      if (typeof engine?.[name] !== "function") throw new TypeError(`the engine has no ${name}()`);
    }
    port.onmessage = ({ data: order }) => obey(port, order);
    port.postMessage({ op: "ready" });
  } catch (error) {
    port.postMessage({ op: "broken", error: described(error) });
  }
}, { once: true });
}
