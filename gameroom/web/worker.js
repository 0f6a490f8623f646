/**
 * The worker that runs the engine, restricted to deterministic computation.
 *
 * sandbox.js starts it from a blob. It knows no page and no room: it receives orders over a port
 * and answers each with one reply. Before it imports the engine's module, it checks the source
 * (source.js) and removes everything that differs between machines or reaches out of the worker
 * (lockdown.js). The policy of the frame (opaque origin, connect-src 'none') protects even if
 * these have a gap.
 */

"use strict";

// A block, because the engine could access top-level names of a classic script.
{
const now = performance.now.bind(performance);
const toFrame = self.postMessage.bind(self);
const listen = self.addEventListener.bind(self);
const url = URL.createObjectURL.bind(URL);
const random = Math.random;
const decoder = new TextDecoder("utf-8", { fatal: true });

// ---- orders --------------------------------------------------------------------------------

let engine = null;
let tools = null;
let last = null;
/** The canonical bytes of the state whose hash was sent. The room might ask for all of it. */
let snapped = null;
let evidence = null;
let kept = null;
/** The sync test, if the page enables it. */
let twin = null;
let misfit = null;

/** The turn that is running, 0 before the first. */
let turnAt = 0;

/** Converts a thrown value. It can be anything, even an object whose properties throw. */
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
    message = "it threw a value that cannot be described";
  }
  return { name: of("name", 100) || "Error", message, stack: of("stack", 5000) };
}

/** How often a batch of turns reports its progress, so that the page knows that no turn hangs. */
const PROGRESS_MS = 1000;
/** More signals than any room accepts in one turn. */
const SIGNALS_PER_TURN_MAX = 64;

/** The result of `step` as a list of signals. Anything else is an error of the engine. */
function listOf(raised) {
  if (raised === undefined || raised === null) return [];
  if (typeof raised.then === "function") throw new TypeError("step() returned a promise: it must return its signals directly");
  if (!Array.isArray(raised)) throw new TypeError(`step() returned ${typeof raised}, not a list of signals`);
  return raised;
}

/** The signals of a turn as plain values, for the page to check. why: the error of a signal that
 * is not a plain value. */
function plainSignals(raised, generation) {
  const signals = raised.slice(0, SIGNALS_PER_TURN_MAX).map((signal) => {
    try {
      const { name, body = {} } = signal;
      if (typeof name !== "string") return { generation, name: "", body: null, why: "A signal needs a name." };
      return { generation, name, body: JSON.parse(JSON.stringify(body ?? {}) ?? "null") };
    } catch (error) {
      return { generation, name: "", body: null, why: `A signal is not a plain value: ${described(error).message}.` };
    }
  });
  if (raised.length > SIGNALS_PER_TURN_MAX) {
    signals.push({ generation, name: "", body: null, why: `${raised.length} signals in one turn are too many.` });
  }
  return signals;
}

function checkedSum() {
  let sum;
  try {
    sum = engine.checksum();
  } catch (error) {
    // The kit's checksum fails for a value that is not plain. Its message needs the place.
    const [said, part, why] = misfit(error);
    throw said === why ? error : new TypeError(`checksum(): ${part}: ${why}`);
  }
  if (sum !== sum >>> 0) throw new TypeError(`checksum() returned ${String(sum)}, not a uint32`);
  return sum;
}

/** Sends the scene to the view. Returns the error, or null. On an error the game continues. */
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
    if (reasons.length === 0) {
      engine.init({ setup, seats, seed, states });
      const { unkept } = keptState(0);
      if (unkept !== null) reasons.push(`The engine's state cannot be saved: ${unkept.why}`.slice(0, 200));
    }
    return { reasons };
  } catch (error) {
    return { reasons: [`The engine failed: ${described(error).message}`.slice(0, 200)] };
  }
}

/** The state of this generation for a snapshot: {state, unkept}, one of them null. If the state
 * cannot be kept, only the snapshot fails, never the game. */
function keptState(generation) {
  try {
    snapped = { generation, bytes: tools.canonical(engine.snapshot()) };
    const { bytes } = snapped;
    return { state: { generation, sha256: tools.sha256(bytes), size: bytes.length }, unkept: null };
  } catch (error) {
    snapped = null;
    const [, part, why] = misfit(error);
    return { state: null, unkept: { generation, why: `${part}: ${why}` } };
  }
}

function init({ generation, setup, seats, seed, states }) {
  engine.init({ setup, seats, seed, states });
  twin?.begin({ setup, seats, seed, states });
  kept.clear();
  last = { generation, turn_ms: 100, states, seats: seats.map(({ seat }) => seat) };
  toFrame({ open: { setup, seats } });
  return { generation, unshown: show(last) };
}

/** Restores the state of another engine from its bytes, after `init` with the start of its game. */
function restore({ generation, begin, seed, states, seats, sha256, bytes }) {
  if (tools.sha256(bytes) !== sha256) throw new Error("the state is not the one that was agreed on");
  engine.init({ ...begin, seed });
  twin?.begin({ ...begin, seed });
  kept.clear();
  engine.restore(JSON.parse(decoder.decode(bytes)));
  last = { generation, turn_ms: 100, states, seats };
  toFrame({ open: { setup: begin.setup, seats: begin.seats } });
  return { generation, unshown: show(last) };
}

/** every: turns between two checksums. stateEvery: turns between two states, 0 for none. length_ms:
 * the length of a turn, if copies of states are kept as evidence. Replays need none. */
function steps({ turns, turn_ms, length_ms, every, stateEvery, scene }, progress) {
  const started = now();
  let saidAt = started;
  const sums = [];
  const signals = [];
  let iterations = 0;
  let state = null;
  let unkept = null;
  turns.forEach((turn, index) => {
    turnAt = turn.generation;
    if (now() - saidAt >= PROGRESS_MS) {
      saidAt = now();
      progress();
    }
    const raised = listOf(twin === null ? engine.step(turn) : twin.step(engine, turn));
    if (raised.length > 0) signals.push(...plainSignals(raised, turn.generation));
    iterations += turn.iterations;
    const isDue = turn.generation % every === 0;
    if (isDue && index >= turns.length - every) {
      sums.push([turn.generation, checkedSum()]);
      if (length_ms !== undefined) kept.offer(turn.generation, { every, turnMs: length_ms, take: () => engine.snapshot() });
    }
    if (stateEvery > 0 && turn.generation % stateEvery === 0) {
      ({ state, unkept } = keptState(turn.generation));
    }
  });
  const ms = now() - started;
  const { generation, states, seats } = turns.at(-1);
  last = { generation, turn_ms, states, seats };
  const unshown = scene ? show(last) : null;
  return { generation, sums, signals, ms, turns: turns.length, iterations, sync: twin?.take() ?? null, state, unkept, unshown };
}

/** Changes one integer of the state so that the next turn's checksum differs. For tests and the
 * demo. Not every integer works, because many are recomputed in each turn. */
function corrupt({ path: wanted = null }) {
  twin?.forget();
  const clone = (value) => evidence.copyOf(value).copy;
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
      // The engine fails with this change. Try another number.
    }
  }
  engine.restore(kept);
  return { path: null };
}

/** The evidence of this engine for a generation where the engines differ. */
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
    const [kitSource, source, again] = [data.kit, data.engine, data.engine].map(blob);
    const [{ lockDown }, { misfitRegex, misfitsOf }, { Twin, ...paths }, copies] = await Promise.all(
      [data.lockdown, data.source, data.twin, data.evidence].map((one) => import(blob(one))));
    evidence = copies;
    misfit = paths.misfit;
    kept = new evidence.Copies(now);
    const left = lockDown(misfitRegex);
    if (left.length > 0) throw new Error(`these globals cannot be removed: ${left.join(", ")}`);
    const misfits = misfitsOf(data.engine);
    if (misfits.length > 0) throw new SyntaxError(misfits[0] + (misfits.length > 1 ? ` (and ${misfits.length - 1} more)` : ""));
    // A replay contains its own kit, so load the kit as late as the engine, after the lockdown.
    // This file and evidence.js use only functions that every kit has (tests/web/kit.test.js).
    const kit = await import(kitSource);
    tools = kit;
    const module = await import(source);
    if (typeof module.default !== "function") throw new TypeError("engine.js has no `export default (kit) => engine`");
    const given = Object.freeze({ ...kit });
    engine = module.default(given);
    for (const name of ["init", "step", "checksum", "snapshot", "restore", "scene"]) {
      if (typeof engine?.[name] !== "function") throw new TypeError(`the engine has no ${name}()`);
    }
    if (data.sync) {
      const { default: make } = await import(again);
      twin = new Twin(() => make(given), kit.canonical);
    }
    port.onmessage = ({ data: order }) => obey(port, order);
    port.postMessage({ op: "ready" });
  } catch (error) {
    port.postMessage({ op: "broken", error: described(error) });
  }
}, { once: true });
}
