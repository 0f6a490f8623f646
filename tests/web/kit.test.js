// The kit gives the answers of tests/vectors/kit.json, which its Python twins give as well.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as kit from "../../gameroom/web/kit.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/kit.json", import.meta.url), "utf8"));

test("a seed gives the same numbers as in Python", () => {
  for (const { seed, next, below, shuffle, state } of vectors.random) {
    const random = new kit.Random(seed);
    assert.deepEqual(next.map(() => random.next()), next);
    for (const [n, drawn] of below) assert.equal(random.below(n), drawn);
    assert.deepEqual(random.shuffle([0, 1, 2, 3, 4, 5, 6, 7]), shuffle);
    assert.deepEqual(random.state(), state);
  }
});

test("a generator goes on from its state", () => {
  const first = new kit.Random(42);
  first.next();
  const second = new kit.Random(0).restore(first.state());
  assert.deepEqual([second.next(), second.below(10)], [first.next(), first.below(10)]);
});

test("a seed, a bound and a state out of range are refused", () => {
  for (const seed of [-1, 0.5, 2 ** 53, NaN, "7"]) {
    assert.throws(() => new kit.Random(seed), RangeError);
  }
  const random = new kit.Random(1);
  for (const n of [0, -1, 1.5, 2 ** 32 + 1]) assert.throws(() => random.below(n), RangeError);
  for (const state of [[1, 2, 3], [1, 2, 3, -4], [1, 2, 3, 0.5], "1234"]) {
    assert.throws(() => random.restore(state), TypeError);
  }
});

test("a plain value has the bytes and the checksum that it has in Python", () => {
  for (const { value, text, checksum } of vectors.canonical) {
    assert.equal(new TextDecoder().decode(kit.canonical(value)), text);
    assert.equal(kit.checksum(value), checksum);
  }
});

test("what has no canonical form is refused, and the place is named", () => {
  const refused = [0.5, -0, NaN, Infinity, 2 ** 53, undefined, 1n, () => 0, Symbol("s"), "\ud800",
    new Date(0), new Map(), new Uint8Array(1), [, 1], { "\udc00": 1 }];
  for (const value of refused) assert.throws(() => kit.canonical(value), TypeError);
  assert.throws(() => kit.canonical({ units: [{ x: 1 }, { x: 0.5 }] }), /value\.units\[1\]\.x/);
  const endless = [];
  endless.push(endless);
  assert.throws(() => kit.canonical(endless), /deeper than 64/);
});

test("hash32 agrees with Python on bytes and on integers", () => {
  for (const { ints, bytes, seed, hash } of vectors.hash32) {
    assert.equal(kit.hash32(ints ?? Uint8Array.from(bytes), seed), hash);
    if (ints?.every((n) => n === (n | 0))) {
      assert.equal(kit.hash32(Int32Array.from(ints), seed), hash);
    }
  }
  assert.throws(() => kit.hash32([1, 2 ** 32]), /item 1/);
  assert.throws(() => kit.hash32([0.5]), /item 0/);
});

test("integer mathematics agrees with Python", () => {
  for (const [n, root] of vectors.isqrt) assert.equal(kit.isqrt(n), root);
  for (const [angle, sin, cos] of vectors.trig) {
    assert.deepEqual([kit.sin(angle), kit.cos(angle)], [sin, cos]);
  }
  for (const [y, x, angle] of vectors.atan2) assert.equal(kit.atan2(y, x), angle);
  for (const [a, b, quotient, rest] of vectors.division) {
    assert.deepEqual([kit.floorDiv(a, b), kit.floorMod(a, b)], [quotient, rest]);
  }
  for (const [a, b, c, share] of vectors.mul_div) assert.equal(kit.mulDiv(a, b, c), share);
  for (const [base, exponent, power] of vectors.pow) assert.equal(kit.pow(base, exponent), power);
});

test("what has no exact answer in whole numbers is refused", () => {
  for (const [base, exponent] of [[1.05, 4], [2, -1], [2, 0.5], [2, 53], [-3, 34], [2 ** 53, 1], [NaN, 1], ["2", 2]]) {
    assert.throws(() => kit.pow(base, exponent), RangeError);
  }
  assert.ok(Object.is(kit.pow(-0, 3), 0));
  assert.throws(() => kit.mulDiv(kit.INT_MAX, 2, 1), /2\^53/);
  for (const c of [0, -0]) assert.throws(() => kit.mulDiv(kit.INT_MAX, 9, c), RangeError);
  assert.throws(() => kit.mulDiv(2, 3, 0), RangeError);
  assert.throws(() => kit.mulDiv(0.5, 2 ** 53, 3), RangeError);
});

test("letters change their case where all agree on it", () => {
  assert.equal(kit.upperCase("straße é z[`{"), "STRAßE é Z[`{");
  assert.equal(kit.lowerCase("ÀB Z[@ İ"), "Àb z[@ İ");
});

test("a refusal says what to write instead", () => {
  assert.throws(() => kit.canonical({ a: [-0] }), /^TypeError: value\.a\[0\]: minus zero \(add 0 to it\)$/);
  for (const list of [new Map(), new Set(), new Int32Array(2)]) {
    assert.throws(() => kit.canonical({ list }), /^TypeError: value\.list: \w+ has no canonical form: copy it into a list, as in \[\.\.\.it\]$/);
  }
});

test("the sine is within one of the true one, and atan2 finds every direction again", () => {
  for (let angle = 0; angle < kit.TURN; angle += 1) {
    const truth = Math.sin((angle * 2 * Math.PI) / kit.TURN) * kit.ONE;
    assert.ok(Math.abs(kit.sin(angle) - truth) < 1);
    assert.equal(kit.atan2(kit.sin(angle), kit.cos(angle)), angle);
  }
});

test("sha256 is the one that every other library gives", async () => {
  const { createHash } = await import("node:crypto");
  const dice = new kit.Random(5);
  const sizes = [...Array(200).keys(), 4095, 4096, 70_001];
  for (const size of sizes) {
    const bytes = Uint8Array.from({ length: size }, () => dice.below(256));
    assert.equal(kit.sha256(bytes), createHash("sha256").update(bytes).digest("hex"), `${size} bytes`);
  }
});

test("what runs a game needs no more of a kit than the first one had", () => {
  const first = ["canonical", "compareText", "hash32", "sha256"];
  const source = (name) => readFileSync(new URL(`../../gameroom/web/${name}.js`, import.meta.url), "utf8");
  const [worker, evidence] = [source("worker"), source("evidence")];
  const named = [...worker.matchAll(/\btools\.(\w+)/g), ...evidence.matchAll(/\bkit\.(\w+)/g)].map(([, name]) => name);
  const [, parts] = evidence.match(/partsOf\(state, \{ ([^}]+) \}/);
  assert.deepEqual([...new Set([...named, ...parts.split(", ")])].sort(), first);
});

test("these names every object has by itself", () => {
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), vectors.inherited);
});
