// Copies of what was, and the hashes of its parts: an engine's evidence after a desync.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as evidence from "../../gameroom/web/evidence.js";
import { testify } from "../../gameroom/web/sdk/http.js";
import * as kit from "../../gameroom/web/kit.js";
import { table } from "./world.js";

const { COPIES_MAX, Copies, PARTS_MAX, VALUES_MAX, copyOf, evidenceOf, partsOf } = evidence;

/** A clock that goes on by `cost` whenever a copy is timed. */
function clockOf(cost) {
  let at = 0;
  let calls = 0;
  return { now: () => (calls++ % 2 === 1 ? (at += cost.ms) : at) };
}

function filled(copies, last, { every = 1, turnMs = 100, take = (n) => ({ n }) } = {}) {
  for (let n = every; n <= last; n += every) copies.offer(n, { every, turnMs, take: () => take(n) });
  return copies;
}

const keptOf = (copies, last) =>
  [...new Set(Array.from({ length: last }, (_, i) => copies.from(i + 1)?.generation ?? 0))].filter((n) => n > 0);

const army = (n) => ({
  dice: [1, 2, 3, 4],
  units: Array.from({ length: n }, (_, i) => ({ hp: 100, x: i, y: 2 * i, name: `unit ${i}` })),
});

/** The paths of parts that differ, without those that hold another one. */
function differing(a, b) {
  const paths = Object.keys(a).filter((path) => path in b && a[path] !== b[path]);
  return paths.filter((path) => !paths.some((other) => other !== path && other.startsWith(path === "" ? "" : `${path}.`)));
}

test("whatever a map calls its keys, they are copied and hashed", () => {
  const state = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}');
  assert.deepEqual(kit.canonical(copyOf(state).copy), kit.canonical(state));
  assert.deepEqual(Object.keys(partsOf(state, kit)), ["", "__proto__", "constructor", "toString", "__proto__.a"]);
});

test("a copy is equal and shares nothing, and is counted", () => {
  const state = { list: [1, [2, { three: 3 }], "four"], map: { none: null, yes: true }, typed: Int32Array.of(1, 2) };
  const { copy, size } = copyOf(state);
  assert.deepEqual(copy, state);
  state.list[1][1].three = 4;
  state.typed[0] = 9;
  state.map.yes = false;
  assert.equal(copy.list[1][1].three, 3);
  assert.equal(copy.typed[0], 1);
  assert.equal(copy.map.yes, true);
  assert.ok(size >= 10 && size < 30, `${size}`);
});

test("the last generations are kept, whatever the engine does to what it handed out", () => {
  const live = { n: 0 };
  const copies = new Copies(clockOf({ ms: 0 }).now);
  filled(copies, 100, { take: (n) => Object.assign(live, { n }) });
  assert.deepEqual(keptOf(copies, 100), Array.from({ length: COPIES_MAX }, (_, i) => 100 - COPIES_MAX + 1 + i));
  assert.equal(copies.from(77).state.n, 77);
  assert.equal(copies.from(3).generation, 100 - COPIES_MAX + 1);
  assert.equal(copies.from(101), null);
});

test("of a big state only every k-th is kept, the same ones on every machine", () => {
  const big = new Array(300_000).fill(1);
  const [slow, quick] = [4, 0.1].map((ms) => filled(new Copies(clockOf({ ms }).now), 64, { take: () => big }));
  assert.equal(quick.stride, 4, "9 ms of 4 x 100 ms");
  assert.deepEqual(keptOf(slow, 64), keptOf(quick, 64));
  assert.ok(keptOf(slow, 64).every((n) => n === 1 || n % 4 === 0));
  const longer = filled(new Copies(clockOf({ ms: 0.1 }).now), 64, { turnMs: 400, take: () => big });
  assert.equal(longer.stride, 1);
});

test("a machine that is busy once keeps all, one that is far too slow some of those of the others", () => {
  const busy = { ms: 0.2 };
  const now = clockOf(busy).now;
  const copies = filled(new Copies(now), 20);
  busy.ms = 40;
  copies.offer(21, { every: 1, turnMs: 100, take: () => ({ n: 21 }) });
  assert.equal(copies.stride, 1);
  const cost = { ms: 20 };
  const slow = filled(new Copies(clockOf(cost).now), 400);
  assert.equal(slow.stride, 4, "20 ms of 4 x 100 ms");
  const kept = keptOf(slow, 400);
  assert.ok(kept.slice(-8).every((n) => n % 4 === 0), `${kept}`);
  cost.ms = 0.1;
  for (let n = 401; n <= 600; n += 1) slow.offer(n, { every: 1, turnMs: 100, take: () => ({ n }) });
  assert.equal(slow.stride, 1, "and it comes back when it is cheap again");
});

test("with rare checksums those generations are kept, and a copy may cost more", () => {
  const copies = filled(new Copies(clockOf({ ms: 20 }).now), 200, { every: 10 });
  assert.equal(copies.stride, 1);
  assert.equal(copies.from(101).generation, 110);
});

test("all copies together stay within their bound, and one is always kept", () => {
  const copies = new Copies(clockOf({ ms: 0 }).now);
  filled(copies, 20, { take: () => new Array(VALUES_MAX / 4).fill(1) });
  assert.ok(keptOf(copies, 20).length <= 4);
  filled(copies, 3, { take: () => new Array(2 * VALUES_MAX).fill(1) });
  assert.ok(keptOf(copies, 20).length >= 1);
});

test("an engine that cannot be copied plays on, and says why there is no evidence", () => {
  const copies = filled(new Copies(clockOf({ ms: 0 }).now), 5, { take: () => { throw new Error("no snapshot here"); } });
  const said = evidenceOf(3, copies, null, kit);
  assert.equal(said.generation, null);
  assert.match(said.why, /no snapshot here/);
  const round = {};
  round.self = round;
  assert.match(evidenceOf(1, filled(new Copies(clockOf({ ms: 0 }).now), 1, { take: () => round }), null, kit).why, /copied/);
});

test("parts are named by their paths, within the limit", () => {
  const small = partsOf({ b: 1, a: { x: 1, y: [1, 2] } }, kit);
  assert.deepEqual(Object.keys(small), ["", "a", "b", "a.x", "a.y", "a.y.0", "a.y.1"]);
  assert.equal(small["a.y"], kit.checksum([1, 2]));
  assert.equal(small[""], kit.checksum({ b: 1, a: { x: 1, y: [1, 2] } }));
  for (const n of [10, 50, 300, 5000]) {
    assert.ok(Object.keys(partsOf(army(n), kit)).length <= PARTS_MAX, `${n}`);
  }
  assert.ok(Object.keys(partsOf(new Array(27_008).fill(7), kit)).length > PARTS_MAX / 4);
});

test("a planted difference is in the part that differs, alone", () => {
  const dice = new kit.Random(5);
  for (const n of [3, 20, 200, 1500]) {
    for (let tries = 0; tries < 5; tries += 1) {
      const [a, b] = [army(n), army(n)];
      const unit = dice.below(n);
      b.units[unit].hp -= 1;
      const [path, ...more] = differing(partsOf(a, kit), partsOf(b, kit));
      assert.deepEqual(more, []);
      const [, from, to = from] = path.match(/^units\.(\d+)(?:\.\.(\d+))?/);
      assert.ok(unit >= from && unit <= to, `${unit} in ${path}`);
      if (n === 20) assert.equal(path, `units.${unit}.hp`);
    }
  }
  const [a, b] = [new Array(27_008).fill(7), new Array(27_008).fill(7)];
  b[12_345] = 8;
  assert.deepEqual(differing(partsOf(a, kit), partsOf(b, kit)), ["12288..12415"]);
});

test("lists that differ a little in length still fall into the same stretches", () => {
  const [a, b] = [army(1000), army(999)].map((one) => partsOf(one, kit));
  const common = Object.keys(a).filter((path) => path in b && path.startsWith("units."));
  assert.ok(common.length > 50);
  assert.deepEqual(differing(a, b), [Object.keys(a).at(-1)]);
});

test("evidence is of the first kept generation from the bad one on, else of the present state", () => {
  const copies = new Copies(clockOf({ ms: 0 }).now);
  for (const n of [4, 8]) copies.offer(n, { every: 1, turnMs: 100, take: () => ({ n }) });
  const present = { generation: 10, take: () => ({ n: 10 }) };
  const of = (generation) => evidenceOf(generation, copies, present, kit);
  assert.deepEqual([of(4), of(5), of(9), of(11)].map((one) => one.generation), [4, 8, 10, null]);
  assert.equal(new TextDecoder().decode(of(5).state), '{"n":8}');
  assert.equal(of(5).parts[""], kit.checksum({ n: 8 }));
  assert.match(of(11).why, /kept/);
});

test("a state with half a pixel in it is no evidence, and the place is told", () => {
  const copies = filled(new Copies(clockOf({ ms: 0 }).now), 3, { take: () => ({ units: [{ x: 0.5 }] }) });
  const { generation, state, why } = evidenceOf(2, copies, null, kit);
  assert.deepEqual([generation, state], [2, null]);
  assert.match(why, /units\[0\]\.x: 0\.5 is not a whole number/);
});

// ---- the session ---------------------------------------------------------------------------

const diverged = (room, generation, values, seats = [1]) =>
  room.say("diverged", { generation, seats, decidable: true, values });
const asked = (client) => client.orders.filter(({ op }) => op === "evidence").map(({ generation }) => generation);

test("whose checksum was compared asks its engine once, before a repair makes it forget", () => {
  const { clock, room, clients: [ann, bob, cid] } = table(3);
  clock.pass(1000);
  const { generation } = ann.session;
  diverged(room, generation, { 0: 1, 1: 2 });
  room.say("repair", { generation: room.open - 1, seats: [1] });
  clock.pass(3000);
  for (const client of [ann, bob]) assert.deepEqual(asked(client), [generation]);
  assert.deepEqual(asked(cid), [], "who reported nothing has nothing to prove");
  const order = bob.orders.findIndex(({ op }) => op === "evidence");
  const begun = bob.orders.findLastIndex(({ op }) => op === "init");
  assert.ok(begun > order, "the engine begins again only behind it");
  assert.ok(bob.session.generation > generation, "and plays on");
});

test("nobody asks an engine for what it has not run", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(1000);
  diverged(room, ann.session.generation + 50, { 0: 1, 1: 2 });
  clock.pass(200);
  assert.deepEqual(asked(ann), []);
});

// ---- handing it over -----------------------------------------------------------------------

const SAID = { of: 7, generation: 8, parts: { "": 1, units: 2 }, state: Uint8Array.of(1, 2, 3), why: null };

test("the hashes go first, the state only where it is wanted", async () => {
  for (const isWanted of [true, false]) {
    const sent = [];
    const told = await testify(SAID, async (path, body) => {
      sent.push([path, body]);
      return { state: isWanted };
    });
    assert.deepEqual(sent.map(([path]) => path), isWanted ? ["/desyncs/7", "/desyncs/7/state"] : ["/desyncs/7"]);
    assert.deepEqual(JSON.parse(sent[0][1]), { generation: 8, parts: { "": 1, units: 2 }, why: null, bytes: 3 });
    assert.equal(told.bytes, isWanted ? 3 : 0);
  }
});

test("what the server refuses is told and thrown at nobody", async () => {
  const told = await testify(SAID, async () => { throw new Error("not asked"); });
  assert.deepEqual(told, { of: 7, generation: 8, parts: 0, bytes: 0, why: "not asked" });
});

test("whose state may be wanted later asks again, and sends it then", async () => {
  const answers = [{ state: false, again_ms: 3000 }, { state: false, again_ms: 200 }, { state: true }];
  const done = [];
  const put = async (path) => {
    done.push(path);
    return path === "/desyncs/7" ? answers.shift() : null;
  };
  const told = await testify(SAID, put, async (ms) => done.push(ms));
  assert.deepEqual(done, ["/desyncs/7", 3000, "/desyncs/7", 200, "/desyncs/7", "/desyncs/7/state"]);
  assert.equal(told.bytes, 3);
});

test("a report that was made meanwhile is not a failure of whoever was not needed", async () => {
  const answers = [{ state: false, again_ms: 3000 }];
  const put = async () => answers.shift() ?? Promise.reject(Object.assign(new Error("over"), { problem: { status: 404 } }));
  assert.deepEqual(await testify(SAID, put, async () => {}), { of: 7, generation: 8, parts: 2, bytes: 0, why: null });
});
