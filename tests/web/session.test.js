// What a client owes the room, under a virtual clock and bad weather.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../gameroom/web/kit.js";
import { Client, Clock, DEFINITION, ITERATING, Room, table } from "./world.js";
import { Outlet } from "../../gameroom/web/sandbox.js";
import { closing, ruling } from "../../gameroom/web/sdk/definition.js";
import { Session } from "../../gameroom/web/sdk/session.js";
import { SlowLine } from "../../gameroom/web/sdk/socket.js";

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

test("every command arrives exactly once, whatever the weather", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { clock, room, clients } = table(3);
    const dice = new Random(seed);
    let unit = 0;
    for (let round = 0; round < 400; round += 1) {
      const client = dice.pick(clients);
      if (dice.below(3) > 0) move(client, unit++);
      if (dice.below(12) === 0) client.cut();
      if (dice.below(9) === 0) client.jitterMs = 1 + dice.below(120);
      clock.pass(dice.below(90));
    }
    clock.pass(8000);
    assert.deepEqual(unitsIn(room).sort((a, b) => a - b), upTo(unit).map((n) => n - 1), `seed ${seed}`);
    for (const { session, starts } of clients) {
      const { lost, doubled, waiting } = session.commands;
      assert.deepEqual({ lost, doubled, waiting }, { lost: 0, doubled: 0, waiting: 0 });
      assert.deepEqual(generations(starts), upTo(session.generation), "every turn once, in order");
    }
  }
});

test("a reload goes on with what was not sent and what was not heard", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(1000);
  move(ann, 1);
  clock.pass(150);
  ann.lagMs = 5000;
  move(ann, 2);
  clock.pass(150);
  move(ann, 3);
  ann.cut(false);
  const again = new Client(clock, room, 0, { memory: ann.kept });
  clock.pass(5000);
  assert.deepEqual(unitsIn(room), [1, 2, 3]);
  assert.deepEqual(again.session.commands, { sent: 3, confirmed: 3, refused: 0, lost: 0, doubled: 0, waiting: 0 });
});

test("a page without memory takes its earlier commands for nobody's mistake", () => {
  const { clock, room, clients: [ann] } = table(2);
  move(ann, 1);
  clock.pass(1000);
  ann.cut(false);
  const again = new Client(clock, room, 0);
  clock.pass(2000);
  assert.deepEqual(again.session.commands, { sent: 0, confirmed: 0, refused: 0, lost: 0, doubled: 0, waiting: 0 });
  assert.equal(unitsIn(room).length, 1);
});

test("what another user's page remembered is not sent", () => {
  const { clock, room, clients: [ann] } = table(2);
  ann.cut(false);
  const queue = [{ name: "move", body: { unit: 66 } }];
  const counts = { sent: 1, confirmed: 0, refused: 0, lost: 0, doubled: 0 };
  new Client(clock, room, 0, { memory: { user: "somebody", queue, packets: [], counts, countedUpTo: 0 } });
  clock.pass(2000);
  assert.deepEqual(unitsIn(room), []);
});

test("after a loss the client says what it saw last, and catches up without pacing", () => {
  const { clock, room, clients: [ann, bob] } = table(2);
  clock.pass(1000);
  const seen = room.journal.length;
  ann.offline = true;
  ann.cut();
  clock.pass(6000);
  const away = room.open - 1 - ann.session.generation;
  assert.ok(away > 30, "the others never stopped");
  ann.offline = false;
  ann.act((now) => ann.session.wake(now));
  clock.pass(400);
  const hello = ann.sent.filter(({ path }) => path === "/session").at(-1);
  assert.ok(hello.body.seq >= seen - 2 && hello.body.seq <= seen);
  const back = ann.of("back").at(-1);
  assert.ok(back.again && back.turns >= away && back.ms < 400);
  assert.equal(back.lost, 0);
  clock.pass(1000);
  assert.ok(room.seats.get(0).gathering, "and counts again");
  assert.equal(bob.session.counters.losses, 0);
});

test("when everybody's line breaks with all heard, the turns go on afterwards", () => {
  const { clock, room, clients } = table(2);
  clock.pass(1050);
  for (const client of clients) client.cut();
  clock.pass(3000);
  assert.ok(room.open > 20, `stuck at ${room.open}`);
});

test("a missing event is asked for again", () => {
  const { clock, room, clients: [ann] } = table(1);
  clock.pass(500);
  ann.act((now) => ann.session.received({ event: "chat", seq: room.journal.length + 5, path: "/chat", body: {} }, now));
  assert.equal(ann.session.status, "away");
  clock.pass(2000);
  assert.equal(ann.session.status, "live");
  assert.deepEqual(generations(ann.starts), upTo(ann.session.generation));
});

test("an event that was seen is passed over", () => {
  const { clock, room, clients: [ann] } = table(1);
  clock.pass(500);
  const turns = ann.of("turn").length;
  ann.act((now) => ann.session.received(room.journal.at(-2), now));
  assert.equal(ann.of("turn").length, turns);
});

test("a displaced client stays away until the person asks", () => {
  const { clock, clients: [ann] } = table(2);
  clock.pass(500);
  ann.cut(true, 4001);
  clock.pass(60_000);
  assert.equal(ann.session.status, "displaced");
  assert.equal(ann.sent.filter(({ path }) => path === "/session").length, 1);
  ann.act((now) => ann.session.takeBack(now));
  clock.pass(500);
  assert.equal(ann.session.status, "live");
});

test("what is sent over no line is answered with why, and kept only where the line comes back by itself", async () => {
  const why = async (prepare) => {
    const { clock, clients: [ann] } = table(2);
    clock.pass(300);
    const asked = ann.session.request("POST", "/chat", { text: "hello" });
    prepare(ann, clock);
    const taken = ann.session.command("move", { unit: 1 });
    const problems = await Promise.all([asked, ann.session.request("POST", "/requests/pause", {})].map((one) => one.catch((said) => said)));
    assert.deepEqual(problems[0], problems[1], "what was on its way, and what is asked now");
    const [refused] = ann.of("rejected");
    return { code: problems[0].code, detail: problems[0].detail, taken, refused: refused?.code ?? null };
  };
  const away = "You are not connected; it comes back by itself.";
  assert.deepEqual(await why((ann) => ann.cut(true, 1006)), { code: "away", detail: away, taken: true, refused: null });
  const elsewhere = "This seat is played from another window now. Take it back to go on here.";
  assert.deepEqual(await why((ann) => ann.cut(true, 4001)), { code: "displaced", detail: elsewhere, taken: false, refused: "displaced" });
  const dropped = "You were dropped from the room.";
  assert.deepEqual(await why((ann) => ann.cut(true, 4101)), { code: "closed", detail: dropped, taken: false, refused: "closed" });
  const ended = { code: "ended", detail: "The room has ended.", taken: false, refused: "ended" };
  assert.deepEqual(await why((ann, clock) => {
    ann.room.say("ended", { state: "ended", because: null, left: [] });
    clock.pass(ann.lagMs);
    ann.session.lost(4102, clock.now);
  }), ended);
});

test("a slow line keeps its order when its delay falls and timers are early or late", () => {
  const dice = new Random(3);
  const timers = [];
  let now = 0;
  const line = new SlowLine(() => now, (act, ms) => timers.push({ at: now + Math.max(0, ms + dice.below(5) - 2), act }));
  const heard = [];
  for (let frame = 0; frame < 400; frame += 1) {
    line.put(frame < 200 ? 500 : 0, () => heard.push(frame));
    now += 3.3;
    for (const timer of timers.filter(({ at }) => at <= now)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.act();
    }
  }
  while (timers.length > 0) {
    const timer = timers.shift();
    now = Math.max(now, timer.at);
    timer.act();
  }
  assert.deepEqual(heard, Array.from({ length: 400 }, (_, frame) => frame));
});

test("each close code says whether to come back", () => {
  for (const [code, again] of [[1001, "later"], [1006, "at once"], [1012, "later"], [4000, "at once"], [4001, "by hand"],
    [4002, "at once"], [4003, "later"], [4050, "later"], [4100, "never"], [4102, "never"], [4103, "never"], [4190, "never"]]) {
    assert.equal(closing(code).again, again, String(code));
    const { clock, clients: [ann] } = table(2);
    clock.pass(300);
    ann.cut(true, code);
    clock.pass(30_000);
    const expected = again === "never" ? "closed" : again === "by hand" ? "displaced" : "live";
    assert.equal(ann.session.status, expected, String(code));
  }
});

test("without a network the client asks less and less often, and at once when it is back", () => {
  const { clock, clients: [ann] } = table(2);
  clock.pass(300);
  ann.offline = true;
  ann.cut();
  clock.pass(60_000);
  const tries = ann.told.filter(({ name, detail }) => name === "status" && detail.status === "connecting").map(({ at }) => at);
  const gaps = tries.slice(2).map((at, i) => at - tries[i + 1]);
  assert.ok(gaps.every((gap, i) => i === 0 || gap >= gaps[i - 1]) && Math.max(...gaps) <= 8100, gaps.join());
  ann.offline = false;
  ann.act((now) => ann.session.wake(now));
  clock.pass(100);
  assert.equal(ann.session.status, "live");
});

test("a line that is dead without saying so is found out", () => {
  const { clock, room, clients: [ann] } = table(2);
  clock.pass(1000);
  ann.answers = false;
  room.leave(0, room.seats.get(0).send);
  clock.pass(9000);
  assert.ok(ann.session.counters.losses > 0);
});

test("latency is the round trip, reported once per measurement", () => {
  const { clock, clients: [ann] } = table(2);
  ann.lagMs = 30;
  clock.pass(10_000);
  assert.ok(ann.session.rtt >= 55 && ann.session.rtt < 65, String(ann.session.rtt));
  const reported = ann.packets.map(({ latency }) => latency).filter((ms) => ms > 0);
  const probes = ann.sent.filter(({ path }) => path === "/time").length;
  assert.ok(reported.length <= probes && reported.length > 5);
  assert.ok(reported.slice(5).every((ms) => ms >= 60 && ms < 130));
});

test("framerate is how many iterations the engine can run in a second", () => {
  const { clock, clients: [ann] } = table(2);
  ann.engineMs = 10;
  clock.pass(3000);
  assert.equal(ann.packets.at(-1).framerate, 200, "two iterations in 10 ms");
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
    "`units` has an item 1 that is 10, not from 0 to 9", "`units` is not a list of 1 to 2 items",
  ].map((why) => `In \`plant\`, ${why}.`));
  told.length = 0;
  session.command("plant", good);
  assert.deepEqual(told, ["You are watching: only players command."]);
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
