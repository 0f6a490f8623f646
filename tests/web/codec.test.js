// MessagePack and the two hot arrays, against known bytes and against themselves.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../gameroom/web/kit.js";
import { Codec, JSON_PROTOCOL, MSGPACK_PROTOCOL } from "../../gameroom/web/sdk/codec.js";
import { pack, unpack } from "../../gameroom/web/sdk/msgpack.js";

const hex = (bytes) => Buffer.from(bytes).toString("hex");

// Bytes made by another implementation (msgspec 0.22).
const KNOWN = [
  [null, "c0"], [true, "c3"], [false, "c2"], [0, "00"], [127, "7f"], [128, "cc80"], [256, "cd0100"],
  [65536, "ce00010000"], [2 ** 32, "cf0000000100000000"], [Number.MAX_SAFE_INTEGER, "cf001fffffffffffff"],
  [-1, "ff"], [-32, "e0"], [-33, "d0df"], [-129, "d1ff7f"], [-32769, "d2ffff7fff"], [-(2 ** 31) - 1, "d3ffffffff7fffffff"],
  ["", "a0"], ["é😀", "a6c3a9f09f9880"], ["x".repeat(32), `d920${"78".repeat(32)}`],
  [[], "90"], [[1, [2]], "92019102"], [Array(16).fill(0), `dc0010${"00".repeat(16)}`],
  [{}, "80"], [{ a: 1, b: null }, "82a16101a162c0"],
];

test("plain values have the bytes that others give them, both ways", () => {
  for (const [value, bytes] of KNOWN) {
    assert.equal(hex(pack(value)), bytes);
    assert.deepEqual(unpack(Buffer.from(bytes, "hex")), value);
  }
});

test("whatever is plain comes back", () => {
  const dice = new Random(5);
  const any = (depth) => {
    switch (dice.below(depth > 3 ? 4 : 6)) {
      case 0: return dice.pick([null, true, false]);
      case 1: return (dice.below(2) ? 1 : -1) * (dice.next() * dice.pick([1, 0, 2 ** 20]) + dice.below(300)) + 0;
      case 2: return dice.pick(["a", "é", "😀", "\u0000"]).repeat(dice.below(300));
      case 3: return dice.below(40) - 20;
      case 4: return Array.from({ length: dice.below(20) }, () => any(depth + 1));
      default: return Object.fromEntries(Array.from({ length: dice.below(20) }, (_, i) => [`k${i}`, any(depth + 1)]));
    }
  };
  for (let i = 0; i < 300; i += 1) {
    const value = any(0);
    assert.deepEqual(unpack(pack(value)), value);
  }
  const long = { text: "x".repeat(70_000), list: Array(70_000).fill(7) };
  assert.deepEqual(unpack(pack(long)), long);
});

test("what has no place on the wire is refused", () => {
  for (const value of [0.5, NaN, 2 ** 53, undefined, 1n, () => 0, Symbol("s")]) assert.throws(() => pack(value));
  for (const bytes of ["", "a1", "92", "cb3ff0000000000000", "c403010203", "c1", "0000", "cfffffffffffffffff", "a1ff"]) {
    assert.throws(() => unpack(Buffer.from(bytes, "hex")), bytes);
  }
});

test("a key that would reach a prototype is a key like any other, in both subprotocols", () => {
  const json = '{"__proto__":{"admin":true},"constructor":1,"a":1}';
  const made = unpack(pack(JSON.parse(json)));
  assert.equal(JSON.stringify(made), json);
  assert.equal(made.admin, undefined);
  assert.equal(Object.getPrototypeOf(made), Object.prototype);
});

const type = { kind: "int", low: 0, high: 9 };
const DEFINITION = {
  commands: [{ name: "wave", fields: [] }, { name: "move", fields: [{ name: "unit", type }, { name: "x", type }] }],
  signals: [{ name: "won", fields: [{ name: "by", type }] }],
};
const PACKET = {
  generation: 12,
  commands: [{ name: "move", body: { x: 4, unit: 3 } }, { name: "wave", body: {} }],
  checksum: { generation: 10, value: 4_000_000_000 },
  latency: 60,
  framerate: 200,
  signals: [{ generation: 9, name: "won", body: { by: 1 } }],
};

test("a client packet is an array in MessagePack and a request in JSON", () => {
  const frame = { method: "PUT", path: "/turns/12", body: PACKET };
  const hot = unpack(new Codec(MSGPACK_PROTOCOL, DEFINITION).encode(frame));
  assert.deepEqual(hot, [12, [[1, 3, 4], [0]], 2, 4_000_000_000, 60, 200, [[3, 0, 1]]]);
  assert.deepEqual(JSON.parse(new Codec(JSON_PROTOCOL, DEFINITION).encode(frame)), frame);
});

test("an idle packet leaves out what it does not say, and is small", () => {
  const idle = { generation: 12, commands: [], checksum: null, latency: 0, framerate: 0, signals: [] };
  const bytes = new Codec(MSGPACK_PROTOCOL, DEFINITION).encode({ method: "PUT", path: "/turns/12", body: idle });
  assert.deepEqual(unpack(bytes), [12, [], 0, 0, 0, 0]);
  assert.ok(bytes.length <= 24);
});

test("a master packet reads the same from both", () => {
  const body = {
    generation: 311, iterations_per_command: 2, turn_ms: 100, ahead: 3,
    commands: [{ seat: 1, commands: [{ name: "move", body: { unit: 3, x: 4 } }] }],
    chart: { states: ["running"], variables: {}, moved: [] },
    checksum: { generation: 309, value: 7 }, absent: [2], late: [{ seat: 2, generation: 310 }],
  };
  const frame = { event: "turn", seq: 1042, path: "/turns/311", body };
  const hot = pack([1042, 311, 2, 100, 3, [[1, [[1, 3, 4]]]], 2, 7, { chart: body.chart, absent: [2], late: body.late }]);
  assert.deepEqual(new Codec(MSGPACK_PROTOCOL, DEFINITION).decode(hot.buffer), frame);
  assert.deepEqual(new Codec(JSON_PROTOCOL, DEFINITION).decode(JSON.stringify(frame)), frame);
  const quiet = new Codec(MSGPACK_PROTOCOL, DEFINITION).decode(pack([1042, 311, 2, 100, 3, [], 0, 0]).buffer);
  assert.deepEqual(quiet.body, { ...body, commands: [], chart: null, checksum: null, absent: [], late: [] });
});

test("every other frame is a map in both", () => {
  const frame = { id: 3, method: "GET", path: "/time" };
  for (const protocol of [MSGPACK_PROTOCOL, JSON_PROTOCOL]) {
    const codec = new Codec(protocol, DEFINITION);
    const data = codec.encode(frame);
    assert.deepEqual(codec.decode(data.buffer ?? data), frame);
  }
  assert.throws(() => new Codec("gameroom.v2", DEFINITION), /unknown subprotocol/);
});
