// What a client owes the room, under a virtual clock: turns, checksums, signals, states.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, Clock, ITERATING, Room, table } from "./world.js";

const generations = (packets) => packets.map(({ generation }) => generation);
const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const unitsIn = (room) => room.masters.flatMap(({ commands }) => commands.flatMap((one) => one.commands.map(({ body }) => body.unit)));
const move = (client, unit) => client.act(() => client.session.command("move", { unit }));

test("at the start there is a packet for every generation up to ahead, then one per turn", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(20);
  assert.deepEqual(generations(ann.packets), [1, 2]);
  clock.pass(2000);
  assert.deepEqual(generations(ann.packets), upTo(ann.packets.length));
  assert.ok(room.open > 15);
  for (const { generation, at } of ann.starts) {
    const said = ann.packets.filter((one) => one.generation === generation + room.ahead);
    assert.equal(said.length, 1, `at ${at}, on starting ${generation}`);
  }
});

test("when ahead grows the gap is filled, when it shrinks nothing is sent twice", () => {
  const { clock, room, clients: [ann, bob] } = table(2);
  clock.pass(500);
  room.ahead = 5;
  clock.pass(500);
  room.ahead = 1;
  clock.pass(1500);
  for (const client of [ann, bob]) {
    assert.deepEqual(generations(client.packets), upTo(client.packets.length));
  }
  const last = ann.packets.at(-1).generation;
  assert.ok(last - ann.session.generation <= 2, "back to one ahead");
  assert.deepEqual(room.masters.filter(({ absent }) => absent.length > 0), []);
});

test("turns start evenly although they arrive unevenly", () => {
  const { clock, clients: [ann, bob] } = table(2, { ahead: 3 });
  ann.jitterMs = 40;
  bob.jitterMs = 10;
  clock.pass(12_000);
  const spread = (times) => {
    const gaps = times.slice(1).map((at, i) => at - times[i]);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    return Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  };
  const arrived = ann.told.filter(({ name }) => name === "turn").slice(40).map(({ at }) => at);
  const started = ann.starts.slice(40).map(({ at }) => at);
  assert.ok(spread(started) < spread(arrived) / 2, `${spread(started)} of ${spread(arrived)}`);
  assert.ok(ann.session.closed - ann.session.generation <= 2, "and it does not fall behind");
});

test("a turn without its master packet is never run", () => {
  const { clock, room, clients: [ann, bob] } = table(2);
  clock.pass(1000);
  bob.answers = false;
  clock.pass(2000);
  assert.equal(ann.session.generation, room.open - 1);
  assert.deepEqual(generations(ann.starts), upTo(room.open - 1));
});

test("commands ride in the next packet, at most so many as the room takes, none is left", () => {
  const { clock, room, clients: [ann] } = table(2);
  for (let unit = 0; unit < 10; unit += 1) move(ann, unit);
  clock.pass(3000);
  assert.deepEqual(unitsIn(room), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.ok(ann.packets.every(({ commands }) => commands.length <= 4));
  assert.deepEqual(ann.session.commands, { sent: 10, confirmed: 10, refused: 0, lost: 0, doubled: 0, waiting: 0 });
});

test("a checksum of every generation travels once, of one that has run", () => {
  const { clock, clients: [ann] } = table(2);
  clock.pass(3000);
  const sums = ann.packets.map(({ checksum }) => checksum).filter((sum) => sum !== null);
  assert.deepEqual(generations(sums), upTo(sums.length));
  assert.ok(sums.every(({ generation, value }) => value === generation * 1000));
  assert.ok(ann.packets.every(({ generation, checksum }) => checksum === null || checksum.generation < generation));
});

test("a signal travels with the generation that raised it", () => {
  const { clock, clients: [ann] } = table(2);
  ann.wins = 5;
  clock.pass(2000);
  const raised = ann.packets.flatMap(({ signals }) => signals);
  assert.deepEqual(raised, [{ generation: 5, name: "won", body: { by: "ann" } }]);
});

test("a watcher that sees another game than was agreed on is told", () => {
  const { clock, room } = table(1);
  const cid = new Client(clock, room, null);
  clock.pass(1000);
  assert.deepEqual(cid.packets, [], "a watcher sends no turns");
  const master = { ...room.masters.at(-1), generation: room.open, checksum: { generation: cid.session.generation, value: 5 } };
  cid.act((now) => cid.session.received({ event: "turn", seq: room.journal.length + 1, path: "/", body: master }, now));
  assert.equal(cid.of("differs").length, 1);
});

test("a watcher knows up to which turn it sees what the players see", () => {
  const { clock, room } = table(1);
  const eve = new Client(clock, room, null);
  clock.pass(1000);
  const say = (generation, value) => room.say("turn", {
    ...room.masters.at(-1), generation: room.open, commands: [], absent: [], late: [], checksum: { generation, value },
  }) ?? (room.open += 1);
  say(5, 5000);
  say(6, 6000);
  clock.pass(500);
  assert.equal(eve.session.agreed, 6);
  // Agreed on before it was run here: compared when it is.
  const ahead = room.open + 1;
  say(ahead, ahead * 1000);
  say(7, 1);
  clock.pass(500);
  assert.equal(eve.session.agreed, ahead);
  assert.deepEqual(eve.of("differs").map(({ generation }) => generation), [7]);
});

test("a hidden page plays each turn as it comes, without a timer, and is shown nothing", () => {
  const { clock, clients: [ann] } = table(2);
  clock.pass(1000);
  ann.act((now) => ann.session.hide(true, now));
  const from = ann.starts.length;
  clock.pass(2000);
  assert.ok(ann.starts.length - from > 15);
  assert.ok(ann.orders.at(-1).scene === false);
  ann.act((now) => ann.session.hide(false, now));
  clock.pass(500);
  assert.equal(ann.orders.at(-1).scene, true);
});

test("a pause stops the turns; packets in flight stay valid, and the pace starts anew", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(1000);
  room.pause(true);
  move(ann, 7);
  clock.pass(5000);
  const stood = ann.session.generation;
  assert.equal(stood, room.open - 1);
  room.pause(false);
  clock.pass(1000);
  assert.ok(ann.session.generation > stood + 5);
  assert.deepEqual(generations(ann.packets), upTo(ann.packets.length));
  assert.deepEqual(unitsIn(room), [7]);
});

test("where the room allows `load` the engine checks the setup and says so", async () => {
  for (const reasons of [[], ["too many archers"]]) {
    const clock = new Clock();
    const room = new Room(clock, 1);
    room.journal[0].body.seats[0].loaded = false;
    const ann = new Client(clock, room, 0);
    ann.reasons = reasons;
    clock.pass(200);
    assert.deepEqual(ann.orders, []);
    room.say("chart", { generation: 0, chart: { states: ["setup", "setup.starting"], variables: {}, moved: [] } });
    await clock.passing(200);
    assert.deepEqual(ann.orders.map(({ op, setup, seed }) => ({ op, setup, seed })), [{ op: "load", setup: { gold: 3 }, seed: 7 }]);
    const expected = reasons.length > 0 ? { refused: reasons } : { loaded: true };
    assert.deepEqual(room.requests.map(({ path, body }) => [path, body]), [["/players/me/engine", expected]]);
  }
});

test("the engine starts from the setup and the seats as they were when running was entered", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(200);
  const init = ann.orders.find(({ op }) => op === "init");
  assert.deepEqual(init.seats, [0, 1].map((seat) => ({ seat, name: `name-${seat}`, team: null, roles: [] })));
  assert.deepEqual([init.setup, init.seed, init.generation, init.states], [{ gold: 3 }, 7, 0, ITERATING]);
  const late = new Client(clock, room, 1);
  clock.pass(500);
  assert.deepEqual({ ...late.orders.find(({ op }) => op === "init"), at: 0 }, { ...init, at: 0 });
});

test("a turn is stepped with the states that were before it", () => {
  const { clock, room, clients: [ann] } = table(1);
  clock.pass(320);
  const night = [...ITERATING, "running.iterating.night"];
  const master = { ...room.masters.at(-1), generation: room.open, chart: { states: night, variables: {}, moved: [] } };
  room.open += 1;
  room.say("turn", master);
  clock.pass(500);
  const stepped = ann.orders.flatMap(({ turns }) => turns ?? []);
  const at = stepped.findIndex(({ generation }) => generation === master.generation);
  assert.deepEqual(stepped[at].states, ITERATING);
  assert.deepEqual(stepped[at + 1].states, night);
});

test("the engine is told from which turn on a seat is free", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(500);
  const left = room.open;
  room.say("roster", { seats: room.journal[0].body.seats.slice(0, 1), spectators: 0 });
  clock.pass(500);
  const stepped = ann.orders.flatMap(({ turns }) => turns ?? []);
  assert.ok(stepped.at(-1).generation > left);
  for (const { generation, seats } of stepped) assert.deepEqual(seats, generation < left ? [0, 1] : [0]);
});
