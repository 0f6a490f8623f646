// What evidence costs a game of 1500 archers: `node tests/benchmarks/copies.mjs [turns]`.
import { Copies, SHARE_MAX, copyOf, evidenceOf } from "../../gameroom/web/evidence.js";
import { kit, load, seated } from "../rooms/engines.mjs";

const TURN_MS = 100;
const turns = Number(process.argv[2] ?? 300);
const engine = load("archers")();
engine.init({ setup: { map: "plains", archers: 750 }, seats: seated(2), seed: 7, states: ["running.iterating"] });
const copies = new Copies(() => performance.now());
const everybody = new Array(24).fill(4294967295);
const took = { step: [], snapshot: [], copy: [], cloned: [], offered: [], canonical: [] };
const timed = (name, act) => {
  const started = performance.now();
  const made = act();
  took[name].push(performance.now() - started);
  return made;
};
for (let generation = 1; generation <= turns; generation += 1) {
  const commands = generation === 1 ? [0, 1].map((seat) => ({ seat, name: "move", body: { units: everybody, x: 1024, y: 1024 } })) : [];
  timed("step", () => engine.step({ generation, iterations: 2, commands, states: ["running.iterating"], seats: [0, 1] }));
  const state = timed("snapshot", () => engine.snapshot());
  timed("copy", () => copyOf(state));
  timed("cloned", () => structuredClone(state));
  timed("offered", () => copies.offer(generation, { every: 1, turnMs: TURN_MS, take: () => engine.snapshot() }));
}
const said = timed("canonical", () => evidenceOf(turns - 10, copies, null, kit));
const of = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))];
const row = (name, what) => {
  const list = took[name];
  const mean = list.reduce((sum, ms) => sum + ms, 0) / list.length;
  console.log(`${what.padEnd(44)} mean ${mean.toFixed(3)} ms  median ${of(list, 0.5).toFixed(3)}  p99 ${of(list, 0.99).toFixed(3)}`);
  return mean;
};
console.log(`${turns} turns of ${TURN_MS} ms, 1500 archers, ${engine.snapshot().length} numbers in the state`);
row("step", "the turn itself, 2 iterations");
row("snapshot", "snapshot()");
row("copy", "copyOf(snapshot)");
row("cloned", "for comparison: structuredClone(snapshot)");
const mean = row("offered", "both, as kept after each turn");
row("canonical", "after a mismatch: hashes and canonical bytes");
console.log(`that is ${((100 * mean) / TURN_MS).toFixed(2)} % of a turn; the bound is ${100 * SHARE_MAX} %; every ${copies.stride}. is kept`);
console.log(`the state has ${said.state.length} canonical bytes, ${Object.keys(said.parts).length} parts are hashed`);
