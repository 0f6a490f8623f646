// What an engine returns or throws: named at once, told to the room, and nobody else's trouble.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, table } from "./world.js";

const reports = (room) => room.requests.filter(({ path }) => path === "/players/me/failure").map(({ body }) => body);

/** Two play; cat's engine does this from turn 20 on. */
function playing(engine) {
  const made = table(2);
  const [ann, cat] = made.clients;
  Object.assign(cat, engine);
  made.clock.pass(3000);
  return { ...made, ann, cat };
}

test("an engine that throws is named with its turn, told to the room, and runs nothing more", () => {
  const { clock, room, ann, cat } = playing({ throwsAt: 20 });
  assert.deepEqual(cat.of("broken").map(({ generation, error }) => [generation, error.message]), [[20, "a bug"]]);
  assert.deepEqual(reports(room), [{ kind: "engine", generation: 20, text: "a bug" }]);
  assert.deepEqual(ann.of("failed"), [{ seat: 1, generation: 20, text: "a bug" }]);
  const { open } = room;
  const orders = cat.orders.length;
  const packets = cat.packets.length;
  clock.pass(5000);
  assert.ok(room.open > open + 40, "the others play on");
  assert.deepEqual([cat.orders.length, cat.packets.length], [orders, packets]);
});

test("a step that does not come back for 5 s is named, and its worker is ended", () => {
  const { clock, room, cat } = playing({ hangsAt: 20 });
  const asked = cat.orders.find(({ turns }) => turns?.[0].generation === 20).at;
  clock.pass(asked + 4900 - clock.now);
  assert.equal(cat.of("broken").length, 0);
  assert.equal(cat.killed, 0);
  clock.pass(200);
  assert.equal(cat.of("broken")[0].error.message, "it has not responded for 5 s");
  assert.equal(cat.of("broken")[0].generation, 20);
  assert.equal(cat.killed, 1);
  assert.deepEqual(reports(room)[0], { kind: "engine", generation: 20, text: "it has not responded for 5 s" });
  const { open } = room;
  clock.pass(3000);
  assert.ok(room.open > open + 20, "the others play on");
});

test("a long batch that says how far it is does not hang", () => {
  const { clock, cat } = playing({ hangsAt: 20 });
  const { epoch } = cat.orders.at(-1);
  for (let waited = 0; waited < 20; waited += 1) {
    clock.pass(1000);
    cat.act((now) => cat.session.engineReplied({ op: "progress", epoch, generation: 20 }, now));
  }
  assert.equal(cat.of("broken").length, 0);
  clock.pass(5100);
  assert.equal(cat.of("broken").length, 1);
});

test("a page that stood still itself gives the engine the whole time once more", () => {
  const { clock, cat } = playing({ hangsAt: 20 });
  cat.planned = -1; // no timer rings, as in a machine that sleeps
  cat.session.tick(clock.now + 60_000);
  assert.equal(cat.of("broken").length, 0);
});

test("a signal that does not fit is named once, not sent, and the player plays on", () => {
  const raises = {};
  for (let turn = 10; turn < 25; turn += 1) {
    raises[turn] = [{ name: "wonn", body: {} }, { name: "won", body: {} }, { name: "won", body: { by: 0.5 } },
      { name: "", body: null, why: "A signal needs a name." }, { name: "won", body: { by: "ann" } }];
  }
  const { room, cat } = playing({ raises });
  assert.deepEqual(cat.of("report"), [
    { kind: "signal", generation: 10, text: "There is no signal `wonn` in this room." },
    { kind: "signal", generation: 10, text: "In `won`, `by` is missing." },
    { kind: "signal", generation: 10, text: "In `won`, `by` is not a string of 1 to 9 characters." },
    { kind: "signal", generation: 10, text: "A signal needs a name." },
  ]);
  assert.deepEqual(reports(room), cat.of("report"));
  assert.equal(cat.of("broken").length, 0);
  assert.ok(cat.session.generation >= 25);
  const sent = cat.packets.flatMap(({ signals }) => signals);
  assert.equal(sent.length, 15);
  assert.ok(sent.every(({ name, body }) => name === "won" && body.by === "ann"));
});

test("an engine with a new fault in every turn is reported a few times only", () => {
  const raises = Object.fromEntries([...Array(25).keys()].map((turn) => [turn, [{ name: `x${turn}`, body: {} }]]));
  const { room, cat } = playing({ raises });
  assert.equal(reports(room).length, 8);
  assert.equal(cat.of("report").length, 8);
});

test("the text of a report is short and can be written down", () => {
  const { clock, room, cat } = playing({});
  const { epoch } = cat.orders.at(-1);
  const message = `\ud800${"😀".repeat(300)}`;
  cat.act((now) => cat.session.engineReplied({ op: "failed", epoch, generation: 5, error: { message } }, now));
  clock.pass(100);
  assert.deepEqual(reports(room)[0].text, `\ufffd${"😀".repeat(199)}`);
});

test("who has failed says so again after a lost connection, and sends no packet again", () => {
  const { clock, room, cat } = playing({ throwsAt: 20 });
  const packets = cat.packets.length;
  cat.cut();
  clock.pass(3000);
  assert.equal(reports(room).length, 2);
  assert.equal(cat.packets.length, packets);
});

test("a reload plays again from the room's events", () => {
  const { clock, room, cat } = playing({ throwsAt: 20 });
  cat.cut(false);
  cat.session.stop();
  clock.pass(1000);
  const again = new Client(clock, room, 1, { memory: cat.kept });
  clock.pass(4000);
  assert.ok(room.open - again.session.generation < 5);
  assert.equal(again.of("broken").length, 0);
  const { open } = room;
  clock.pass(1000);
  assert.ok(room.open > open + 5, "the room waits for it again, and it is there");
});

test("a watcher's engine that fails is the watcher's own trouble", () => {
  const { clock, room } = table(1);
  const eve = new Client(clock, room, null);
  eve.throwsAt = 10;
  clock.pass(3000);
  assert.equal(eve.of("broken").length, 1);
  assert.deepEqual(reports(room), []);
});

test("an engine that could not be made refuses the setup with the reason", () => {
  const { clock, room } = table(1, { begins: false });
  const cat = new Client(clock, room, 0);
  clock.pass(200);
  cat.act((now) => cat.session.engineBroken({ error: { name: "SyntaxError", message: "no `export default`", stack: "" } }, now));
  room.say("roster", { seats: [{ seat: 0, user: "user-0", name: "name-0", roles: [], team: null, connected: true, loaded: false }], spectators: 0 });
  room.say("chart", { generation: 0, chart: { states: ["setup", "setup.starting"], variables: {}, moved: [] } });
  clock.pass(200);
  const news = room.requests.filter(({ path }) => path === "/players/me/engine").map(({ body }) => body);
  assert.deepEqual(news, [{ refused: ["The engine failed: no `export default`"] }]);
});
