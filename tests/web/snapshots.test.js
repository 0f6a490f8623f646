// Engines that begin again or go on from a snapshot, under a virtual clock.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, table } from "./world.js";

const generations = (packets) => packets.map(({ generation }) => generation);
const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const unitsIn = (room) => room.masters.flatMap(({ commands }) => commands.flatMap((one) => one.commands.map(({ body }) => body.unit)));
const move = (client, unit) => client.act(() => client.session.command("move", { unit }));

test("an engine that is to be repaired begins again from the first turn, and nothing is sent twice", () => {
  const { clock, room, clients: [ann, bob] } = table(2);
  move(ann, 1);
  clock.pass(2000);
  const inits = ann.orders.filter(({ op }) => op === "init").length;
  room.seats.get(0).gathering = false;
  room.say("repair", { generation: room.open - 1, seats: [0] });
  clock.pass(100);
  move(ann, 2);
  clock.pass(2000);
  assert.equal(ann.of("repair").length, 1, "told once, although it is heard again");
  assert.equal(ann.orders.filter(({ op }) => op === "init").length, inits + 1);
  assert.equal(ann.sent.filter(({ path }) => path === "/session").at(-1).body.seq, 0);
  assert.ok(room.open - 1 - ann.session.generation <= room.ahead, "caught up");
  assert.ok(room.seats.get(0).gathering, "and counts again");
  const sent = generations(ann.packets);
  assert.ok(sent.length - new Set(sent).size <= 1, "only the last again, to say that we are back");
  assert.deepEqual(unitsIn(room), [1, 2]);
  assert.deepEqual(
    { lost: ann.session.commands.lost, doubled: ann.session.commands.doubled }, { lost: 0, doubled: 0 },
  );
  assert.equal(bob.session.counters.losses, 0);
});

test("a page that begins after a repair was asked for has nothing to repair", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(1000);
  ann.cut(false);
  room.say("repair", { generation: room.open - 1, seats: [0] });
  const again = new Client(clock, room, 0, { memory: ann.kept });
  clock.pass(1500);
  assert.equal(again.orders.filter(({ op }) => op === "init").length, 1);
  assert.equal(again.sent.filter(({ path }) => path === "/session").length, 1);
});

test("who comes late goes on from a snapshot, and plays what came while it was fetched", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(3000);
  room.keepSnapshot();
  const from = room.open - 1;
  clock.pass(1000);
  const eve = new Client(clock, room, null);
  eve.fetchMs = 450;
  clock.pass(400);
  assert.deepEqual(eve.orders, [], "nothing is played before the state is there");
  clock.pass(600);
  const [restore, ...others] = eve.orders;
  assert.equal(restore.op, "restore");
  assert.deepEqual([restore.generation, restore.bytes], [from, "the state"]);
  assert.deepEqual(restore.begin.seats[1], { seat: 1, name: "name-1", team: null, roles: [] });
  assert.deepEqual(eve.session.variables, { round: 2 });
  assert.deepEqual(generations(eve.starts), upTo(room.open - 1).slice(from, from + eve.starts.length));
  assert.ok(room.open - 1 - eve.session.generation <= room.ahead);
  assert.ok(others.every(({ op }) => op === "steps"));
  assert.equal(eve.session.counters.losses, 0);
  assert.ok(ann.session.generation > from);
});

test("a player who was away for long comes back over a snapshot with every command once", () => {
  const { clock, room, clients: [ann] } = table(2);
  move(ann, 1);
  clock.pass(1000);
  move(ann, 2);
  clock.pass(20);
  ann.cut(false);
  clock.pass(2000);
  room.keepSnapshot();
  clock.pass(500);
  move(ann, 3);
  ann.act((now) => ann.session.lost(1006, now));
  clock.pass(3000);
  assert.equal(ann.orders.filter(({ op }) => op === "restore").length, 1);
  assert.deepEqual([...unitsIn(room)].sort(), [1, 2, 3]);
  const { sent, confirmed, lost, doubled, waiting } = ann.session.commands;
  assert.deepEqual({ sent, confirmed, lost, doubled, waiting }, { sent: 3, confirmed: 3, lost: 0, doubled: 0, waiting: 0 });
});

test("a reload over a snapshot remembers what its page had sent", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(1000);
  move(ann, 7);
  clock.pass(300);
  ann.cut(false);
  clock.pass(1000);
  room.keepSnapshot();
  const again = new Client(clock, room, 0, { memory: ann.kept });
  clock.pass(2000);
  assert.equal(again.orders[0].op, "restore");
  assert.deepEqual(unitsIn(room), [7]);
  const { sent, confirmed, lost, doubled, waiting } = again.session.commands;
  assert.deepEqual({ sent, confirmed, lost, doubled, waiting }, { sent: 1, confirmed: 1, lost: 0, doubled: 0, waiting: 0 });
});

test("a state that cannot be fetched is tried three times, then every event comes", () => {
  const { clock, room } = table(2);
  clock.pass(2000);
  room.keepSnapshot();
  const eve = new Client(clock, room, null);
  eve.fetches = false;
  clock.pass(10000);
  const hellos = eve.sent.filter(({ path }) => path === "/session").map(({ body }) => body);
  assert.deepEqual(hellos, [true, true, true, false].map((snapshots) => ({ seq: 0, snapshots })));
  assert.equal(eve.starts[0].generation, 1);
  assert.ok(room.open - 1 - eve.session.generation <= room.ahead);
});

test("an engine that cannot go on from the state takes the long way, and says so", () => {
  const { clock, room } = table(2);
  clock.pass(2000);
  room.keepSnapshot();
  const eve = new Client(clock, room, null);
  eve.restores = false;
  clock.pass(6000);
  assert.deepEqual(eve.of("problem").map(({ code, detail }) => [code, detail]), [["not_restored", "other rules"]]);
  assert.equal(eve.of("failed").length, 0);
  assert.equal(eve.starts[0].generation, 1);
  assert.ok(room.open - 1 - eve.session.generation <= room.ahead);
});

test("a connection that breaks while the state is fetched is made anew", () => {
  const { clock, room } = table(2);
  clock.pass(2000);
  room.keepSnapshot();
  const eve = new Client(clock, room, null);
  eve.fetchMs = 1000;
  clock.pass(500);
  eve.cut();
  clock.pass(6000);
  assert.equal(eve.orders.filter(({ op }) => op === "restore").length, 1);
  assert.ok(room.open - 1 - eve.session.generation <= room.ahead);
});

test("players tell the hash of their state, and send the bytes when they are asked", async () => {
  const { clock, room, clients: [ann, bob] } = table(2);
  await clock.passing(62_000, 620);
  for (const client of [ann, bob]) {
    assert.deepEqual(
      client.sent.filter(({ path }) => path === "/snapshots/600/hash").map(({ body }) => body),
      [{ sha256: "5".repeat(64), size: 9 }],
    );
  }
  room.say("verified", { generation: 600, seq: 9, sha256: "6".repeat(64), size: 9, seat: 0 });
  room.say("verified", { generation: 600, seq: 9, sha256: "5".repeat(64), size: 9, seat: 1 });
  room.say("verified", { generation: 1200, seq: 9, sha256: "5".repeat(64), size: 9, seat: 0 });
  await clock.passing(200);
  assert.deepEqual([ann.states, bob.states], [[], [600]], "ann has another state than was agreed on");
  const eve = new Client(clock, room, null);
  await clock.passing(3000);
  assert.ok(eve.starts.length > 600);
  assert.ok(eve.orders.every(({ op, stateEvery }) => op !== "steps" || stateEvery === 0), "watchers are not asked");
});

test("a state that cannot be kept is told and costs no turn", async () => {
  const { clock, room, clients: [ann, bob] } = table(2);
  ann.unkept = `units[1].x: ${"0.5 ".repeat(100)}`;
  await clock.passing(62_000, 620);
  assert.deepEqual(ann.told.filter(({ name }) => name === "report").map(({ detail }) => detail),
    [{ kind: "snapshot", generation: 600, text: ann.unkept.slice(0, 200) }]);
  const hashes = (client) => client.sent.filter(({ path }) => path === "/snapshots/600/hash").length;
  assert.deepEqual([hashes(ann), hashes(bob)], [0, 1]);
  assert.ok(room.open - 1 > 610);
  assert.ok(ann.session.generation > 610);
});
