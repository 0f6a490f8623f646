// A connection that breaks, is slow, is closed or is taken over, under a virtual clock.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, table } from "./world.js";
import { Random } from "../../gameroom/web/kit.js";
import { closing } from "../../gameroom/web/sdk/definition.js";
import { SlowLine } from "../../gameroom/web/sdk/socket.js";

const generations = (packets) => packets.map(({ generation }) => generation);
const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const unitsIn = (room) => room.masters.flatMap(({ commands }) => commands.flatMap((one) => one.commands.map(({ body }) => body.unit)));
const move = (client, unit) => client.act(() => client.session.command("move", { unit }));

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
  const away = "You are not connected. The connection is restored automatically.";
  assert.deepEqual(await why((ann) => ann.cut(true, 1006)), { code: "away", detail: away, taken: true, refused: null });
  const elsewhere = "This seat is now open in another window. Take it back to continue here.";
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
