// The world in which an engine runs, and the sync test: worker.js itself, in node.
import assert from "node:assert/strict";
import { test } from "node:test";

import { BEGIN, engineOf, found, started, turn } from "./machine.js";

const steps = (generation, more = {}) =>
  ({ op: "steps", turns: [turn(generation)], turn_ms: 100, every: 1, stateEvery: 0, scene: true, ...more });

/** What is thrown or given by each of these expressions in the engine's world. */
async function tried(expressions) {
  const tries = expressions.map((one) => `() => (${one})`).join(",\n");
  const { first, ask, end } = await started({
    engine: engineOf({
      state: `[${tries}].map((probe) => {
        try { return "gives " + JSON.stringify(probe()); } catch (error) { return "throws " + error.message; }
      })`,
    }),
  });
  assert.equal(first.op, "ready", first.error?.message);
  await ask({ op: "init", generation: 0, ...BEGIN });
  const { snapshot } = await ask({ op: "snapshot" });
  end();
  return snapshot;
}

// ---- a state that cannot be saved ------------------------------------------------------------

const UNFIT = [
  ["-0", "minus zero (add 0 to it)"], ["undefined", "undefined has no canonical form"],
  ["new Map()", "Map has no canonical form: copy it into a list, as in [...it]"],
  ["new Set([1])", "Set has no canonical form: copy it into a list, as in [...it]"],
  ["NaN", "NaN is not a whole number from -(2^53 - 1) to 2^53 - 1"], ["0.5", "0.5 is not a whole number from -(2^53 - 1) to 2^53 - 1"],
  ["10n", "bigint has no canonical form"],
  ["new Float32Array(2)", "Float32Array has no canonical form: copy it into a list, as in [...it]"],
  ["Infinity", "Infinity is not a whole number from -(2^53 - 1) to 2^53 - 1"], ["2 * 2 ** 53", "18014398509481984 is not a whole number from -(2^53 - 1) to 2^53 - 1"],
  ["() => 1", "function has no canonical form"], ["Symbol()", "symbol has no canonical form"],
  ["new (class Unit {})()", "Unit has no canonical form"], ["'\\ud800'", "the string has a lone surrogate"],
];
const unfit = `[${UNFIT.map(([value]) => `() => (${value})`).join(", ")}, () => { throw new Error("no copy"); }]`;

test("a state that cannot be saved is told when the room loads, by its path", async () => {
  const { ask, end } = await started({ engine: engineOf({ state: `{ units: [{ x: 1 }, { x: (${unfit})[setup.size]() }] }` }) });
  for (const [i, [value, why]] of UNFIT.entries()) {
    const { reasons } = await ask({ op: "load", ...BEGIN, setup: { size: i } });
    assert.deepEqual(reasons, [`The engine's state cannot be saved: units[1].x: ${why}`], value);
  }
  end();
});

test("a state that becomes so later costs that snapshot, and the game goes on", async () => {
  const state = `{ sum: 0, get late() { return state.sum === 4 ? (${unfit})[setup.size]() : 0; } }`;
  const { ask, end } = await started({ engine: engineOf({ state }) });
  for (const [i, [value, why]] of [...UNFIT, ["what throws", null]].entries()) {
    const begin = { ...BEGIN, setup: { size: i } };
    assert.deepEqual((await ask({ op: "load", ...begin })).reasons, []);
    await ask({ op: "init", generation: 0, ...begin });
    const replies = [];
    for (let n = 1; n <= 6; n += 1) replies.push(await ask(steps(n, { stateEvery: 2, length_ms: 100 })));
    assert.deepEqual(replies.map(({ op }) => op), Array(6).fill("stepped"), value);
    assert.deepEqual(replies.map(({ state }) => state?.generation ?? null), [null, 2, null, null, null, 6]);
    const { generation, why: said } = replies[3].unkept;
    const wanted = why === null ? "the whole state: no copy" : `late: ${why}`;
    assert.deepEqual([generation, said], [4, wanted]);
    assert.deepEqual(replies.map(({ unkept }) => unkept === null), [true, true, true, false, true, true]);
  }
  end();
});

// ---- the sync test --------------------------------------------------------------------------

test("an engine whose checksum is of its whole state fails with the path of what is wrong", async () => {
  const state = `{ sum: 0, units: [{ x: 1 }, { get x() { return state.sum === 4 ? 0.5 : 1; } }] }`;
  const source = engineOf({ state }).replace(/checksum[^\n]*/, "checksum: () => kit.checksum(state),");
  const { ask, end } = await started({ engine: source });
  await ask({ op: "init", generation: 0, ...BEGIN });
  const replies = [];
  for (let n = 1; n <= 4; n += 1) replies.push(await ask(steps(n)));
  const { op, generation, error } = replies.at(-1);
  assert.deepEqual([op, generation], ["failed", 4]);
  assert.equal(error.message, "checksum(): units[1].x: 0.5 is not a whole number from -(2^53 - 1) to 2^53 - 1");
  end();
});

test("the sync test has nothing to say of an honest engine", async () => {
  const engine = engineOf({
    inside: "const dice = new kit.Random(3); let hits = null;",
    state: "{ cells: [1, 2, { deep: null }], dice: new kit.Random(1).state() }",
    step: "dice.restore(state.dice); dice.shuffle(state.cells); state.dice = dice.state(); hits = state.cells[0]; return hits === 1 ? [{ name: 'won', body: { by: 'x' } }] : [];",
  });
  assert.deepEqual(await found(engine, 8), []);
  assert.deepEqual(await found(engineOf({ step: "" })), []);
});

const why = {
  turn: "the turn has a different result after a restore",
  restore: "restore() does not reproduce the state that snapshot() returned",
  signals: "the turn raises different signals after a restore",
};

test("the sync test names what whoever returns would have differently", async () => {
  const walk = "state.order = Object.keys(state.units).join('');";
  const faults = [
    ["keys in the order of their making", { state: "{ order: '', units: { zed: 1, abe: 2 } }", step: walk }, `1 order: ${why.turn}`],
    ["keys that are walked later", { state: "{ order: '', units: { zed: 1, abe: 2 } }", step: `if (generation === 4) ${walk}` }, `4 order: ${why.turn}`],
    ["one thing in two places", { state: "(() => { const one = { x: 1 }; return { a: one, b: one }; })()", step: "state.a.x += 1;" }, `1 b.x: ${why.turn}`],
    ["what a snapshot forgets", { inside: "let hidden = 0;", step: "hidden += 1; state.sum = hidden;" }, `1 sum: ${why.turn}`],
    ["what is kept by turns", { inside: "let hidden = 0;", step: "hidden += 1; state.sum = hidden % 2;" }, `1 sum: ${why.turn}`],
    ["what the module keeps", { outside: "let hidden = 0;", step: "hidden += 1; state.sum = hidden;" }, `1 sum: ${why.turn}`],
    ["what the module keeps by turns", { outside: "let hidden = 0;", step: "hidden += 1; state.sum = hidden % 2;" }, `1 sum: ${why.turn}`],
    ["a restore that loses", { restore: "state = { sum: 0 };" }, `2 sum: ${why.restore}`],
    ["a restore that fails", { restore: "throw new Error('not yet');" }, "1 restore(): the engine fails after a restore: not yet"],
    ["other signals", { state: "{}", inside: "let told = false;", step: "const news = !told; told = true; return news ? [] : [{ name: 'again' }];" }, `1 signals: ${why.signals}`],
    ["how deep calls can go", { state: "{ deep: 0 }", step: "const dive = (n) => { try { return dive(n + 1); } catch { return n; } }; state.deep = dive(0);" }, `1 deep: ${why.turn}`],
    ["a state that cannot be saved", { step: "state.sum += 1; if (generation === 3) state.part = { half: state.sum / 2 };" }, "3 part.half: the state cannot be saved: 1.5 is not a whole number from -(2^53 - 1) to 2^53 - 1"],
  ];
  const all = await Promise.all(faults.map(([, engine]) => found(engineOf(engine), 4)));
  faults.forEach(([name, , wanted], i) => assert.equal(all[i][0], wanted, name));
});

test("the sync test names a scene or a snapshot that changes the state", async () => {
  const engine = engineOf({}).replace("scene: () => null", "scene: () => { state.sum += 2; }");
  assert.deepEqual((await found(engine))[0], "2 sum: scene(), checksum() or snapshot() changed the state");
});

test("each fault is told once", async () => {
  const engine = engineOf({ inside: "let hidden = 0;", step: "hidden += 1; state.sum = hidden;" });
  assert.deepEqual(await found(engine, 10), [`1 sum: ${why.turn}`]);
});

// ---- what the language leaves open ----------------------------------------------------------

test("an engine's source is told by its line where it could not be run alike", async () => {
  for (const [source, wanted] of [
    ["import { a } from './a.js';", /^engine\.js, line 1, column 1: an engine is one file without imports/],
    ["const x = 1;\nconst y = x ** 2;", /^engine\.js, line 2, column 13: browsers round `\*\*` differently/],
    ["const x = 1;\nconst y = x ** 2 + x ** 3;", /use kit\.pow\(a, b\), or x \* x \(and 1 more\)$/],
  ]) {
    const { first, end } = await started({ engine: source + engineOf({}) });
    assert.equal(first.op, "broken");
    assert.match(first.error.message, wanted);
    end();
  }
});

test("what browsers answer differently throws, and says what to use", async () => {
  const refused = {
    "Math.pow(1.05, 4)": "kit.pow", "Math.pow(2, 3)": "kit.pow", "Math.exp(1)": "whole numbers", "'É'.toLowerCase()": "kit.lowerCase",
    "'a'.toUpperCase()": "kit.upperCase", "'é'.normalize()": "Unicode", "(0.1).toString(3)": "base 10", "new RegExp('\\\\p{L}', 'u')": "Unicode",
    "RegExp('é', 'i')": "Unicode", "new Float64Array([NaN]).buffer": "DataView", "new Float32Array(new ArrayBuffer(8))": "DataView",
    "String(() => 1)": "functions", "`${Math.floor}`": "functions", "/a/.compile('b')": "compile",
  };
  const said = await tried(Object.keys(refused));
  Object.entries(refused).forEach(([expression, word], i) => {
    assert.match(said[i], /^throws /, expression);
    assert.ok(said[i].includes(word), `${expression}: ${said[i]}`);
  });
});

test("what is made exact gives what everybody knows", async () => {
  const exact = {
    "(255).toString(16)": "ff", "(-255).toString(2)": "-11111111", "(0.5).toString()": "0.5", "(-0).toString(2)": "0", "NaN.toString(2)": "NaN",
    "(1e21).toString(36)": BigInt(1e21).toString(36), "`${0.1}`": "0.1", "new RegExp('a+', 'g').exec('baa')[0]": "aa", "RegExp(/b/).test('b')": true,
    "/x/ instanceof RegExp": true, "new Float64Array([1, 2]) instanceof Float64Array": true, "[...Float32Array.of(1, 2).subarray(1)]": [2],
    "[...new Float64Array(2).map(() => 3)]": [3, 3], "new Uint8Array([1, 2]).buffer.byteLength": 2,
    "[3, 1, 2].sort()": [1, 2, 3], "[3, 1, 10].sort((a, b) => a - b)": [1, 3, 10], "[3, undefined, 1].sort((a, b) => a - b)": [1, 3, null],
    "[, 2, , 1].sort((a, b) => a - b).length": 4, "3 in [, 2, , 1].sort((a, b) => a - b)": false, "2 in [, 2, , undefined].sort(() => 0)": false,
    "[...new Int8Array([3, -1, 2]).sort((a, b) => b - a)]": [3, 2, -1], "Array.prototype.sort.name": "sort",
    "[2, 1].toSorted === undefined || [2, 1].toSorted((a, b) => a - b).join()": "1,2",
  };
  const said = await tried(Object.keys(exact));
  Object.entries(exact).forEach(([expression, value], i) => assert.equal(said[i], `gives ${JSON.stringify(value)}`, expression));
});

test("sorting is stable, and the same where the comparison contradicts itself", async () => {
  const list = "Array.from({ length: 70 }, (_, i) => (i * 37) % 71)";
  const pairs = "Array.from({ length: 100 }, (_, i) => [(i * 7) % 5, i])";
  const [stable, whole, boolean, counted, failed] = await tried([
    `${pairs}.sort((a, b) => a[0] - b[0]).every(([k, i], at, all) => at === 0 || all[at - 1][0] < k || (all[at - 1][0] === k && all[at - 1][1] < i))`,
    `[0, 1, 2, 7, 8, 9, 15, 16, 17, 33, 64, 100, 1000].every((n) => { const list = Array.from({ length: n }, (_, i) => (i * 7919) % (n + 1)); return list.sort((a, b) => a - b).every((x, i, all) => i === 0 || all[i - 1] <= x); })`,
    `kit.checksum(${list}.sort((a, b) => a > b))`,
    `(() => { let asked = 0; ${list}.sort((a, b) => (asked += 1, (asked * 7919) % 3 - 1)); return asked; })()`,
    "(() => { const list = [3, 2, 1]; try { list.sort(() => { throw 1; }); } catch {} return list; })()",
  ]);
  assert.deepEqual([stable, whole, failed], ["gives true", "gives true", "gives [3,2,1]"]);
  // These two numbers are of our own sorting and of no browser's.
  assert.deepEqual([boolean, counted], ["gives 2887325746", "gives 238"]);
});

test("bytes are read as text as the Encoding Standard says", async () => {
  const samples = [[0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80], [0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf], [0xc3], [0xe2, 0x82],
    [0xe2, 0x82, 0x61], [0xf0, 0x9f, 0x98], [0xf0, 0x80, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0xff, 0xfe, 0x00],
    [0xf1, 0x80, 0x80, 0xe2, 0x80, 0xc2], [0x80], [0xf5, 0x80], []];
  const own = await tried(samples.map((bytes) => `new TextDecoder().decode(Uint8Array.from(${JSON.stringify(bytes)}))`));
  samples.forEach((bytes, i) => assert.equal(own[i], `gives ${JSON.stringify(new TextDecoder().decode(Uint8Array.from(bytes)))}`, bytes.join()));
  const said = await tried([
    "new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.of(0xc3))", "new TextDecoder('latin1')", "new TextDecoder().decode(new Uint8Array(1), { stream: true })",
    "new TextDecoder('utf8', { ignoreBOM: true }).decode(new TextEncoder().encode('\\ufeffa')).length", "new TextDecoder().decode(new TextEncoder().encode('xabc').buffer)",
    "new TextDecoder().decode(new TextEncoder().encode('ab'.repeat(5000))).length",
  ]);
  assert.deepEqual(said.map((one) => one.slice(0, 12)), ["throws TextD", "throws TextD", "throws TextD", "gives 2", 'gives "xabc"', "gives 10000"]);
});

test("a structured clone shares nothing and keeps who is who", async () => {
  const said = await tried([
    "(() => { const one = { a: [1, , 2] }; const { x, y } = structuredClone({ x: one, y: one }); return [x === y, x !== one, 1 in x.a, x.a.length]; })()",
    "(() => { const loop = []; loop.push(loop); const made = structuredClone(loop); return made[0] === made && made !== loop; })()",
    "[...structuredClone(new Map([[{ k: 1 }, new Set([2])]]))].map(([k, set]) => [k.k, ...set])",
    "[...structuredClone(new Float64Array([1, NaN]))].length", "structuredClone(new DataView(new ArrayBuffer(8), 2, 4)).byteOffset",
    `Object.keys(structuredClone(JSON.parse('{"__proto__": 1}')))`, "structuredClone(() => 1)", "structuredClone(new WeakMap())", "structuredClone(Symbol())",
  ]);
  assert.deepEqual(said.slice(0, 5), ["gives [true,true,false,3]", "gives true", "gives [[1,2]]", "gives 2", "gives 2"]);
  assert.equal(said[5], 'gives ["__proto__"]');
  for (const one of said.slice(6)) assert.match(one, /^throws a \w+ cannot be cloned/);
});

test("there is one NaN, whichever was written", async () => {
  const bytes = (name, size, little) => `(() => {
    const view = new DataView(new ArrayBuffer(12)); view.${name}(2, Infinity - Infinity, ${little});
    return [...new Uint8Array(view.buffer)].slice(2, 2 + ${size}); })()`;
  const said = await tried([
    bytes("setFloat64", 8, false), bytes("setFloat64", 8, true), bytes("setFloat32", 4, false), bytes("setFloat32", 4, true),
    "(() => { const view = new DataView(new ArrayBuffer(8)); view.setFloat64(0, 1.5, true); return view.getFloat64(0, true); })()",
    "new DataView(new ArrayBuffer(8)).setFloat64(4, NaN)",
  ]);
  assert.deepEqual(said.slice(0, 5), [
    "gives [127,248,0,0,0,0,0,0]", "gives [0,0,0,0,0,0,248,127]", "gives [127,192,0,0]", "gives [0,0,192,127]", "gives 1.5"]);
  assert.match(said[5], /^throws /);
});
