// JavaScript gives the answers of tests/vectors; tests/twins asks Python the same.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { canonical, hash32 } from "../../gameroom/web/kit.js";
import { Codec, JSON_PROTOCOL, MSGPACK_PROTOCOL } from "../../gameroom/web/sdk/codec.js";
import { closing, misfit, misfitBody, ruling } from "../../gameroom/web/sdk/definition.js";
import { Session } from "../../gameroom/web/sdk/session.js";

const VECTORS = new URL("../vectors/", import.meta.url);
const load = (name) => JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

test("the states of a room permit the same to the same people", () => {
  for (const { definition, cases } of load("rulings.json")) {
    for (const { states, kinds, rulings } of cases) {
      for (const [name, said] of Object.entries(rulings)) {
        assert.equal(ruling(definition, states, name, new Set(kinds)), said, `${name} for ${kinds} in ${states}`);
      }
    }
  }
});

test("a value fits a type, or not, for the same reason", () => {
  const { values, fields, bodies } = load("misfits.json");
  for (const { type, value, why } of values) assert.equal(misfit(type, value), why, JSON.stringify([type, value]));
  for (const { body, why } of bodies) assert.equal(misfitBody(fields, body), why, JSON.stringify(body));
});

test("a close code says when to come back", () => {
  for (const { code, again } of load("close-codes.json")) assert.equal(closing(code).again, again, String(code));
});

test("a frame has the same bytes and reads the same", () => {
  const { definition, client, server } = load("frames.json");
  const [texts, packed] = [JSON_PROTOCOL, MSGPACK_PROTOCOL].map((protocol) => new Codec(protocol, definition));
  for (const { frame, msgpack } of client) {
    assert.equal(hex(packed.encode(frame)), msgpack);
    assert.deepEqual(JSON.parse(texts.encode(frame)), frame);
  }
  for (const { frame, msgpack } of server) {
    const bytes = Uint8Array.from(Buffer.from(msgpack, "hex"));
    assert.deepEqual(packed.decode(bytes.buffer), frame);
    assert.deepEqual(texts.decode(JSON.stringify(frame)), frame);
  }
});

/** The state of a ledger engine is the hash of all that it was told. */
class Ledger {
  value = 0;
  checksums = {};

  constructor(signals) {
    this.signals = signals;
  }

  #enter(said) {
    this.value = hash32(canonical(said), this.value);
  }

  reply(order) {
    if (order.op === "load") return { op: "loaded", reasons: [] };
    if (order.op === "init") {
      const people = order.seats.map(({ seat, name, team, roles }) => [seat, name, team, [...roles].sort()]);
      this.value = 0;
      this.#enter([order.setup, people, order.seed, order.states]);
      return { op: "inited", generation: order.generation };
    }
    assert.equal(order.op, "steps");
    const [sums, signals] = [[], []];
    for (const { generation, iterations, commands, states, seats } of order.turns) {
      this.#enter([generation, iterations, commands.map(({ seat, name, body }) => [seat, name, body]), states, seats]);
      if (generation % order.every === 0) sums.push([generation, this.value]);
      for (const one of this.signals[generation] ?? []) signals.push({ generation, ...one });
    }
    Object.assign(this.checksums, Object.fromEntries(sums));
    const { length: turns } = order.turns;
    const iterations = order.turns.reduce((sum, one) => sum + one.iterations, 0);
    return {
      op: "stepped", generation: order.turns.at(-1).generation, sums, signals, ms: 0, turns, iterations, sync: null,
      state: null, unkept: null,
    };
  }
}

/** A session played again, from the file alone: the packets that were sent, and the checksums. */
function played({ definition, seed, signals, steps, until }) {
  const engine = new Ledger(signals);
  const orders = [];
  const packets = [];
  const asked = [];
  const wanted = [];
  const session = new Session({
    connect() {}, hangUp() {}, tell() {}, keep() {}, kill() {}, fetchState() {}, sendState() {},
    engine: (order) => orders.push(order),
    send: (frame) => (frame.path.startsWith("/turns/") ? packets.at(-1).push(frame.body) : asked.push(frame)),
  }, { definition, seed, random: () => 0.5, drawId: () => wanted.shift() });

  /** Does something at this time; the engine answers at once, and so does the room, to all but a hello. */
  const act = (now, doing) => {
    doing(now);
    while (orders.length > 0 || asked.some(({ path }) => path !== "/session")) {
      const order = orders.shift();
      if (order) session.engineReplied({ ...engine.reply(order), epoch: order.epoch }, now);
      const at = asked.findIndex(({ path }) => path !== "/session");
      if (at < 0) continue;
      const [{ id, path }] = asked.splice(at, 1);
      session.received({ id, status: path === "/time" ? 200 : 204, body: null }, now);
    }
  };
  const passTo = (end) => {
    while (session.due !== null && session.due <= end) act(session.due, (now) => session.tick(now));
  };
  const take = ({ hello, frame, lost, command }, now) => {
    if (hello) {
      packets.push([]);
      if (session.status === "new") session.start(now);
      session.wake(now);
      session.opened(now);
      session.received({ id: asked.pop().id, status: 200, body: hello }, now);
    } else if (frame) session.received(frame, now);
    else if (lost) session.lost(lost, now);
    else {
      wanted.push(command.id);
      session.command(command.name, command.body);
    }
  };
  for (const step of steps) {
    passTo(step.at);
    act(step.at, (now) => take(step, now));
  }
  passTo(until);
  return { packets, checksums: engine.checksums };
}

/** What has to be said over each connection, in order (tests/vectors/README.md): of the turns that came,
 * what the room had not heard, without packets that only say once more that we are here, without the
 * checksums, which a client may tell with any packet, and without what it measures. */
function spoken({ steps, checksums }, connections) {
  const last = Math.max(...Object.keys(checksums).map(Number));
  const hellos = steps.flatMap(({ hello }) => hello ?? []);
  assert.equal(connections.length, hellos.length);
  return connections.map((packets, index) => {
    const { heard } = hellos[index];
    let highest = heard;
    return packets.flatMap(({ generation, commands, ids = [], signals }) => {
      const isNews = generation > highest || commands.length > 0;
      highest = Math.max(highest, generation);
      return isNews && generation > heard && generation <= last ? [{ generation, commands, ids, signals }] : [];
    });
  });
}

for (const file of readdirSync(new URL("sessions/", VECTORS)).sort()) {
  const session = load(`sessions/${file}`);
  test(`a recorded session is played alike: ${session.about}`, () => {
    const { packets, checksums } = played(session);
    const all = packets.flat();
    assert.deepEqual(checksums, session.checksums);
    const given = session.steps.flatMap(({ command }) => (command ? [command.id] : []));
    assert.deepEqual([...new Set(all.flatMap(({ ids = [] }) => ids))], given);
    if (session.packets !== null) assert.deepEqual(spoken(session, packets), spoken(session, session.packets));
    for (const { checksum } of all) {
      if (checksum !== null) assert.equal(session.checksums[checksum.generation], checksum.value);
    }
  });
}
