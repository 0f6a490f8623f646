// The commands of the player: in which packet each rides, and what the room refuses.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, DEFINITION, table } from "./world.js";
import { Random } from "../../gameroom/web/kit.js";
import { Outlet } from "../../gameroom/web/sandbox.js";
import { ruling } from "../../gameroom/web/sdk/definition.js";
import { Session } from "../../gameroom/web/sdk/session.js";

const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const unitsIn = (room) => room.masters.flatMap(({ commands }) => commands.flatMap((one) => one.commands.map(({ body }) => body.unit)));
const move = (client, unit) => client.act(() => client.session.command("move", { unit }));

test("a refused command is told with its reason and counted, before or after its turn", () => {
  const { clock, clients: [ann] } = table(2);
  clock.pass(500);
  move(ann, 1);
  clock.pass(120);
  const { generation } = ann.packets.find(({ commands }) => commands.length > 0);
  const why = { status: 409, code: "not_now", detail: "Not by night.", state: "running", allowed: ["pause"] };
  ann.act((now) => ann.session.received({ event: "rejected", path: "/", body: { generation, index: 0, problem: why } }, now));
  assert.deepEqual(ann.of("rejected"), [
    { name: "move", body: { unit: 1 }, code: "not_now", detail: "Not by night.", state: "running", allowed: ["pause"] },
  ]);
  clock.pass(100);
  assert.equal(ann.session.commands.refused, 1);
  assert.equal(ann.session.commands.lost, 0);
});

test("beyond what may wait a command or a request is refused at once", () => {
  const { clock, clients: [ann] } = table(1);
  clock.pass(300);
  const many = upTo(5000);
  assert.equal(many.filter((unit) => ann.session.command("move", { unit })).length, 1024);
  assert.equal(many.filter(() => ann.session.command("pause")).length, 1024);
  assert.deepEqual(new Set(ann.of("rejected").map(({ code }) => code)), new Set(["too_many"]));
  clock.pass(1000);
  assert.equal(ann.session.command("move", { unit: 1 }), true, "the turns have carried some");
});

test("a view sends as many as a turn carries, then not one more until the page has taken them", () => {
  const posted = [];
  const sends = new Outlet((said) => posted.push(said), 0);
  assert.equal(sends.post({}), false, "there is no game yet");
  sends.most = 64;
  let sent = 0;
  for (let tried = 0; tried < 2_000_000; tried++) sent += sends.post({ unit: tried });
  assert.equal(sent, 64);
  assert.equal(posted.length, 64);
  assert.deepEqual(posted.at(-1), { unit: 63 });
  sends.taken(60);
  assert.equal(upTo(100).filter(() => sends.post({})).length, 60);
  const strange = new Outlet(() => { throw new Error("this cannot be copied"); }, 1);
  for (const _ of upTo(3)) assert.throws(() => strange.post({ unit: () => 0 }));
});

test("what cannot be sent is refused here already", () => {
  const { clock, room, clients: [ann] } = table(1);
  const cid = new Client(clock, room, null);
  clock.pass(300);
  ann.session.command("fly", {});
  ann.session.command("move", {});
  ann.session.command("move", { unit: 1, speed: 2 });
  ann.session.command("move", { unit: 0.5 });
  ann.session.command("move", { unit: 100000 });
  ann.session.command("move", [1]);
  ann.session.command("pause", { loudly: true });
  cid.session.command("move", { unit: 1 });
  assert.deepEqual(ann.of("rejected").map(({ code }) => code), ["no_such_command", ...Array(6).fill("bad_command")]);
  assert.equal(cid.of("rejected").length, 1);
  assert.equal(ann.session.commands.sent, 0);
  assert.deepEqual(ann.of("rejected").map(({ detail }) => detail).slice(1, 4), [
    "In `move`, `unit` is missing.", "In `move`, `speed` is not a field.", "In `move`, `unit` is not a whole number from 0 to 99999.",
  ]);
});

test("a client has no default of its own: a policy that the definition lacks is named", () => {
  for (const path of ["limits.commands_per_turn", "divergence.checksum_every", "snapshots.every", "pace.turn.low"]) {
    const definition = structuredClone(DEFINITION);
    const keys = path.split(".");
    delete keys.slice(0, -1).reduce((said, key) => said[key], definition.policies)[keys.at(-1)];
    assert.throws(() => new Session({}, { definition, seed: 1, random: () => 0 }), new RegExp(`policies\\.${path} is not a whole number`));
  }
});

test("a client obeys the policies of the definition", async () => {
  const policies = {
    ...DEFINITION.policies, divergence: { checksum_every: 3, repairs: 3 }, snapshots: { every: 40 },
    pace: { tick: 20, turn: { low: 70, high: 500 }, ahead: null },
  };
  const { clock, clients: [ann] } = table(2, { definition: { ...DEFINITION, policies } });
  assert.equal(new Session({}, { definition: { ...DEFINITION, policies }, seed: 1, random: () => 0 }).pace.turn_ms, 70);
  await clock.passing(5000, 50);
  const orders = ann.orders.filter(({ op }) => op === "steps");
  assert.ok(orders.length > 0);
  assert.ok(orders.every(({ every }) => every === 3));
  assert.ok(orders.some(({ stateEvery }) => stateEvery === 40));
  const told = ann.sent.filter(({ body }) => body?.checksum).map(({ body }) => body.checksum.generation);
  assert.ok(told.length > 3 && told.every((generation) => generation % 3 === 0), String(told));
});

test("every type of a field is checked before it travels", () => {
  const types = {
    flag: { kind: "bool" }, soil: { kind: "choice", choices: ["clay", "sand"] }, name: { kind: "string", low: 1, high: 3 },
    units: { kind: "list", item: { kind: "int", low: 0, high: 9 }, low: 1, high: 2 },
  };
  const fields = Object.entries(types).map(([name, type]) => ({ name, doc: "", type }));
  const told = [];
  const ports = { tell: (_, detail) => told.push(detail.detail), keep() {} };
  const definition = { ...DEFINITION, commands: [{ name: "plant", doc: "", fields }] };
  const session = new Session(ports, { definition, seed: 1, random: () => 0 });
  const good = { flag: true, soil: "clay", name: "😀😀😀", units: [1, 2] };
  for (const bad of [{ flag: 1 }, { soil: "mud" }, { name: "" }, { name: "four" }, { name: "\ud800" }, { units: [] }, { units: [1, 10] }, { units: "12" }]) {
    session.command("plant", { ...good, ...bad });
  }
  assert.deepEqual(told, [
    "`flag` is not true or false", '`soil` is not one of "clay", "sand"', "`name` has 0 characters, not 1 to 3",
    "`name` has 4 characters, not 1 to 3", "`name` has a lone surrogate", "`units` has 0 items, not 1 to 2",
    "`units` has item 1, which is 10, outside 0..9", "`units` is not a list of 1 to 2 items",
  ].map((why) => `In \`plant\`, ${why}.`));
  told.length = 0;
  session.command("plant", good);
  assert.deepEqual(told, ["You are watching. Only players can send commands."]);
});

/** Ann's packet with one command is refused as a whole. */
function refusedWhole(why) {
  const { clock, clients: [ann] } = table(2);
  clock.pass(500);
  move(ann, 1);
  clock.pass(110);
  const { generation, ids } = ann.packets.find(({ commands }) => commands.length > 0);
  ann.act((now) => ann.session.received({ event: "rejected", path: "/", body: { generation, index: null, problem: why } }, now));
  return { clock, ann, generation, ids };
}

test("a packet that the room will not have is sent again without its commands", () => {
  const { ann, generation } = refusedWhole({ status: 413, code: "packet_too_big", detail: "Not this one." });
  assert.deepEqual(ann.packets.at(-1).commands, []);
  assert.equal(ann.packets.at(-1).generation, generation);
  assert.deepEqual(ann.of("rejected").map((one) => one.code), ["packet_too_big"]);
});

test("the commands of a packet that came too late ride in the next one, as the same", () => {
  const { clock, ann, ids } = refusedWhole({ status: 409, code: "too_late", detail: "Long over." });
  clock.pass(200);
  assert.deepEqual(ann.of("rejected"), []);
  assert.deepEqual(ann.packets.filter(({ commands }) => commands.length > 0).map((one) => one.ids), [ids, ids]);
});

// -- two pages that believe that they are one: a duplicated tab, a restored session --

/** The browser copies what the page kept; the copy comes in and takes the seat. */
const duplicated = (clock, room, page, memory = page.kept) => new Client(clock, room, 0, { memory });

const takesBack = (page) => page.act((now) => page.session.takeBack(now));

test("an order that was waiting when the tab was duplicated is played once", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(500);
  ann.offline = true;
  ann.cut();
  clock.pass(50);
  move(ann, 1);
  const copy = duplicated(clock, room, ann);
  clock.pass(2000);
  assert.deepEqual(unitsIn(room), [1]);
  ann.offline = false;
  takesBack(ann);
  clock.pass(2000);
  assert.deepEqual(unitsIn(room), [1]);
  for (const { session } of [ann, copy]) {
    assert.deepEqual(session.commands, { sent: 1, confirmed: 1, refused: 0, lost: 0, doubled: 0, waiting: 0 });
  }
  assert.deepEqual(ann.of("rejected"), []);
});

test("orders that two copies give are both played, also when they look alike", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(500);
  const copy = duplicated(clock, room, ann);
  clock.pass(500);
  move(copy, 2);
  move(copy, 3);
  clock.pass(500);
  takesBack(ann);
  clock.pass(500);
  move(ann, 2);
  clock.pass(1000);
  assert.deepEqual(unitsIn(room), [2, 3, 2]);
  assert.deepEqual(ann.session.commands, { sent: 1, confirmed: 1, refused: 0, lost: 0, doubled: 0, waiting: 0 });
});

test("an order in a packet that a copy's took the place of is played after the return", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(500);
  const memory = structuredClone(ann.kept);
  move(ann, 1);
  while (ann.packets.every(({ commands }) => commands.length === 0)) clock.pass(1);
  ann.answers = false;
  clock.pass(50);
  assert.ok(room.packets.every(({ commands }) => commands.length === 0), "it was lost on its way");
  const copy = duplicated(clock, room, ann, memory);
  clock.pass(200);
  move(copy, 2);
  clock.pass(2000);
  assert.deepEqual(unitsIn(room), [2]);
  ann.answers = true;
  takesBack(ann);
  clock.pass(2000);
  assert.deepEqual(unitsIn(room), [2, 1]);
  assert.deepEqual(ann.session.commands, { sent: 1, confirmed: 1, refused: 0, lost: 0, doubled: 0, waiting: 0 });
});

test("whoever duplicates tabs at any moment loses nothing and doubles nothing", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const { clock, room, clients: [ann, bob] } = table(2);
    const dice = new Random(seed);
    const pages = [ann];
    const given = [];
    for (let unit = 0; unit < 300; unit += 1) {
      const page = dice.pick(pages);
      page.act(() => page.session.command("move", { unit }) && given.push(unit));
      if (dice.below(10) === 0) page.cut();
      if (dice.below(20) === 0 && pages.length < 5) pages.push(duplicated(clock, room, page));
      if (dice.below(12) === 0) takesBack(dice.pick(pages));
      if (dice.below(9) === 0) page.jitterMs = 1 + dice.below(120);
      if (dice.below(9) === 0) bob.cut();
      clock.pass(dice.below(90));
    }
    clock.pass(4000);
    for (const page of pages) {
      takesBack(page);
      clock.pass(4000);
    }
    assert.ok(pages.length > 2 && given.length > 60, `it was tried (${given.length})`);
    assert.deepEqual(unitsIn(room).sort((a, b) => a - b), given, `seed ${seed}`);
    assert.deepEqual(pages.map((page) => page.session.commands.waiting), pages.map(() => 0));
  }
});

test("a packet that came too fast is sent again when the room says", () => {
  const { clock, clients: [ann] } = table(2);
  clock.pass(500);
  const { generation } = ann.packets.at(-1);
  const why = { status: 429, code: "too_often", detail: "Slower.", retry_after_ms: 30 };
  ann.act((now) => ann.session.received({ event: "rejected", path: "/", body: { generation, index: null, problem: why } }, now));
  const before = ann.packets.filter((one) => one.generation === generation).length;
  clock.pass(31);
  assert.equal(ann.packets.filter((one) => one.generation === generation).length, before + 1);
});

test("a request of the room file goes as a request, and its refusal to whoever asked", async () => {
  const { clock, room, clients: [ann] } = table(1);
  clock.pass(300);
  ann.session.command("pause");
  await clock.passing(100);
  assert.deepEqual(room.requests.map(({ method, path }) => `${method} ${path}`), ["POST /requests/pause"]);
  ann.cut();
  await assert.rejects(ann.session.request("POST", "/requests/pause"), ({ code }) => code === "away");
});

test("what a state permits follows the path, and deny wins between regions", () => {
  const kinds = new Set(["player", "host"]);
  const said = (effect, names, who = ["player"]) => ({ effect, names, who });
  const states = [
    { path: "a", permissions: [said("allow", ["x", "y"])] },
    { path: "a.b", permissions: [said("deny", ["y"]), said("ignore", ["z"], ["host"])] },
    { path: "a.c", permissions: [said("allow", ["z"], ["spectator"])] },
  ];
  const definition = { ...DEFINITION, permissions: [said("allow", ["w"], ["anyone"])], states };
  const of = (name, active = ["a", "a.b"]) => ruling(definition, active, name, kinds);
  assert.deepEqual(["w", "x", "y", "z", "q"].map((name) => of(name)), ["allow", "allow", "deny", "ignore", "unsaid"]);
  assert.equal(of("y", ["a", "a.b", "a.c"]), "deny");
  assert.equal(of("z", ["a", "a.c"]), "unsaid", "only watchers may");
});
