// An engine that tries to get out. EVIL and OWN are filled in by test_sandbox.py.
const tried = (probes) => Object.fromEntries(Object.entries(probes).map(([name, probe]) => {
  try {
    const made = probe();
    return [name, made === undefined ? "gone" : `got ${String(made)}`];
  } catch (error) {
    return [name, `threw ${error.message}`];
  }
}));

const later = {};
const follow = (name, promise) => promise.then(() => (later[name] = "got"), () => (later[name] = "threw"));
export default (kit) => {
  const found = tried({
    "Math.random": () => Math.random(), "Math.sin": () => Math.sin(1), Date: () => Date.now(), "new Date": () => new Date(),
    performance: () => performance.now(), setTimeout: () => setTimeout(() => {}), setInterval: () => setInterval(() => {}),
    fetch: () => fetch("EVIL"), XMLHttpRequest: () => new XMLHttpRequest(), WebSocket: () => new WebSocket("EVIL"),
    EventSource: () => new EventSource("EVIL"), importScripts: () => importScripts("EVIL"), indexedDB: () => indexedDB.open("x"),
    caches: () => caches.open("x"), BroadcastChannel: () => new BroadcastChannel("x"), Worker: () => new Worker("EVIL"),
    getRandomValues: () => crypto.getRandomValues(new Uint8Array(1)), randomUUID: () => crypto.randomUUID(),
    Intl: () => new Intl.Collator(), localeCompare: () => "a".localeCompare("b"), toLocaleString: () => (1).toLocaleString(),
    listLocale: () => [1].toLocaleString(), WeakRef: () => new WeakRef({}), registry: () => new FinalizationRegistry(() => {}),
    navigator: () => navigator.userAgent, location: () => location.href, Atomics: () => Atomics.load, shared: () => new SharedArrayBuffer(1),
    WebAssembly: () => new WebAssembly.Memory({ initial: 1 }), eval: () => eval("1"), "indirect eval": () => (0, eval)("1"),
    Function: () => Function("return 1")(), "its prototype": () => (() => {}).constructor("return 1")(),
    "async's": () => (async () => {}).constructor("return 1"), "generator's": () => (function* () {}).constructor("yield 1"),
    "both's": () => (async function* () {}).constructor("yield 1"), postMessage: () => postMessage("x"), close: () => globalThis.close,
    "scope's fetch": () => Object.getPrototypeOf(Object.getPrototypeOf(globalThis)).fetch,
    "scope's constructor": () => Object.getPrototypeOf(globalThis).constructor === Object ? undefined : "a scope",
    addEventListener: () => globalThis.addEventListener, onmessage: () => globalThis.onmessage, origin: () => globalThis.origin,
    "worker.js's names": () => typeof ORDERS === "undefined" && typeof toFrame === "undefined" ? undefined : "seen",
  });
  const [own, foreign, data] = ["OWN/web/kit.js?from=engine", "EVIL/engine.js", "data:text/javascript,export default 1"];
  // What looks at an engine's source takes these for regular expressions.
  const hidden = [
    {} / follow("import own", import(own)) / 1,
    {} / follow("import foreign", import(foreign)) / 1,
    {} / follow("import data", import(data)) / 1,
  ];
  let turn = 0;
  return {
    init() {}, step({ generation }) { turn = generation; }, checksum: () => turn,
    snapshot: () => ({ turn }), restore: (kept) => { turn = kept.turn; },
    scene: () => ({ turn, found, later, works: [kit.isqrt(50), new kit.Random(1).below(9) < 9, structuredClone([1])[0]] }),
  };
};
