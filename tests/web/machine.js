/** Engines in worker.js, word for word, in a node process of their own: see engine.mjs. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const text = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const RUNNER = text("../../gameroom/replay/engine.mjs");
const OWN = Object.fromEntries(["worker", "lockdown", "source", "twin", "evidence"].map(
  (name) => [name, text(`../../gameroom/web/${name}.js`)]));
export const KIT = text("../../gameroom/web/kit.js");

/** {first, send, next, rest, end}: the worker's first reply, and what gives orders and replies. */
export async function started({ engine, kit = KIT, sync = false }) {
  const flags = ["--experimental-vm-modules", "--disallow-code-generation-from-strings", "--no-warnings", "--input-type=module", "--eval", RUNNER];
  const child = spawn(process.execPath, flags, { stdio: ["pipe", "pipe", "inherit"] });
  const send = (order) => child.stdin.write(`${JSON.stringify(order)}\n`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  send({ ...OWN, kit, engine, sync });
  const first = await next();
  const rest = async (heard) => {
    for await (const line of lines) heard(JSON.parse(line));
  };
  return { first, send, next, rest, ask: (order) => (send(order), next()), end: () => child.stdin.end() };
}

/** The worker with an engine that begins; `heard` is told what it answers. */
export async function running({ engine, kit }, heard) {
  const { first, send, rest, end } = await started({ engine, kit });
  assert.equal(first.op, "ready");
  const listening = rest(heard);
  return { send, end: () => (end(), listening) };
}

const SEATS = [{ seat: 0, name: "ann", team: null, roles: [] }];
export const BEGIN = { setup: { size: 3 }, seats: SEATS, seed: 7, states: ["running"] };

export const turn = (generation) => ({ generation, iterations: 2, commands: [], states: ["running"], seats: [0] });

/** An engine whose state is `state`, to which each turn does `step`. */
export const engineOf = ({ state = "{ sum: 0 }", step = "state.sum += 1;", outside = "", inside = "", restore = "state = kept;" }) => `
${outside}
export default (kit) => {
  let state;
  ${inside}
  return {
    init({ setup }) { state = ${state}; },
    step({ generation }) { ${step} },
    checksum: () => kit.hash32([0]),
    snapshot: () => state,
    restore(kept) { ${restore} },
    scene: () => null,
  };
};`;

/** What the sync test finds in so many turns, each with the turn. */
export async function found(engine, turns = 5) {
  const { first, ask, end } = await started({ engine, sync: true });
  assert.equal(first.op, "ready", first.error?.message);
  assert.equal((await ask({ op: "init", generation: 0, ...BEGIN })).op, "inited");
  const said = [];
  for (let generation = 1; generation <= turns; generation += 1) {
    const reply = await ask({ op: "steps", turns: [turn(generation)], turn_ms: 100, every: 1, stateEvery: 0, scene: true });
    assert.equal(reply.op, "stepped", reply.error?.message);
    if (reply.sync) said.push(`${reply.sync.generation} ${reply.sync.part}: ${reply.sync.why}`);
  }
  end();
  return said;
}
