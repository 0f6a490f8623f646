import assert from "node:assert/strict";
import { test } from "node:test";

import { kit, load, plain, seated } from "./engines.mjs";

const make = load("archers");
const DAY = ["running", "running.iterating", "running.iterating.day"];
const NIGHT = ["running", "running.iterating", "running.iterating.night"];
const [WATER, ROCK] = [3, 4];
const ALL = Array(24).fill(0xffffffff);

function begun({ players = 2, archers = 30, map = "plains", seed = 5 } = {}) {
  const engine = make();
  engine.init({ setup: { map, archers }, seats: seated(players), seed, states: DAY });
  return engine;
}

const ANY_SEAT = [0, 1, 2, 3, 4, 5, 6, 7];
const step = (engine, commands = [], { iterations = 2, states = DAY, generation = 1, seats = ANY_SEAT } = {}) =>
  plain(engine.step({ generation, iterations, commands, states, seats }));

const order = (seat, name, body) => ({ seat, name, body });
const run = (seat, x, y, units = ALL) => order(seat, "run", { units, x, y });
const move = (seat, x, y, units = ALL) => order(seat, "move", { units, x, y });

/** What players might send, sensible or not, the same for the same `random`. */
function anything(random, players, count) {
  const units = Array.from({ length: random.between(1, 24) }, () => random.below(2 ** 32));
  const [x, y] = [random.below(2048), random.below(2048)];
  const seat = random.below(players);
  return random.pick([
    () => move(seat, x, y, units),
    () => move(seat, 924 + random.below(200), 924 + random.below(200)),
    () => run(seat, x, y, units),
    () => order(seat, "attack", { units, target: random.below(Math.min(count + 9, 1500)) }),
    () => order(seat, "halt", { units }),
  ])();
}

const places = (scene, army) =>
  Array.from({ length: scene.each }, (_, n) => n + army * scene.each)
    .filter((i) => scene.hp[i] > 0)
    .map((i) => ({ i, x: scene.x[i] / 16, y: scene.y[i] / 16 }));
const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const cellOf = (scene, { x, y }) => scene.terrain[Math.floor(y / 32) * 64 + Math.floor(x / 32)];

test("who leaves the room lays down arms, and the last one there has won", () => {
  const engine = begun({ players: 3 });
  assert.deepEqual(step(engine, [], { seats: [0, 1, 2] }), []);
  assert.deepEqual(step(engine, [move(1, 900, 900)], { seats: [0, 2] }), []);
  assert.equal(places(engine.scene(), 1).length, 0);
  assert.equal(places(engine.scene(), 2).length, 30);
  assert.deepEqual(step(engine, [], { seats: [2] }), [{ name: "over", body: { winner: 2 } }]);
});

test("two engines that are told the same agree after each of 300 generations", () => {
  const random = new kit.Random(77);
  const [one, other] = [begun({ players: 4, archers: 60, map: "woods" }), begun({ players: 4, archers: 60, map: "woods" })];
  const seen = new Set();
  for (let generation = 1; generation <= 300; generation += 1) {
    const commands = Array.from({ length: random.below(5) }, () => anything(random, 4, 240));
    const told = { iterations: random.between(1, 4), states: generation % 90 < 60 ? DAY : NIGHT, generation };
    assert.deepEqual(step(other, commands, told), step(one, commands, told));
    assert.equal(other.checksum(), one.checksum(), `generation ${generation}`);
    seen.add(one.checksum());
  }
  assert.equal(seen.size, 300, "every generation changes the checksum");
  const left = places(one.scene(), 0).length + places(one.scene(), 1).length;
  assert.ok(left < 120, "they did fight");
});

test("a copy that is restored from a snapshot plays on the same", () => {
  const random = new kit.Random(11);
  for (const map of ["plains", "woods", "islands"]) {
    const setup = { players: 3, archers: 40, map, seed: random.below(1000) };
    const engine = begun(setup);
    for (let leg = 0; leg < 8; leg += 1) {
      for (let n = 0; n < 15; n += 1) step(engine, [anything(random, 3, 120)]);
      const snapshot = plain(engine.snapshot());
      const copy = begun(setup);
      copy.restore(snapshot);
      for (let n = 0; n < 20; n += 1) {
        const commands = [anything(random, 3, 120), anything(random, 3, 120)];
        const told = { iterations: random.between(1, 3), states: random.below(2) ? DAY : NIGHT };
        assert.deepEqual(step(copy, commands, told), step(engine, commands, told));
        assert.equal(copy.checksum(), engine.checksum());
      }
    }
  }
});

test("stepping twice from one snapshot gives one state", () => {
  const random = new kit.Random(3);
  const engine = begun({ archers: 50 });
  for (let n = 0; n < 120; n += 1) {
    const commands = [anything(random, 2, 100)];
    const before = engine.snapshot();
    step(engine, commands);
    const first = engine.checksum();
    engine.restore(before);
    step(engine, commands);
    assert.equal(engine.checksum(), first);
  }
});

test("a snapshot is whole numbers that the canonical form takes", () => {
  const engine = begun({ archers: 10 });
  step(engine, [move(0, 1024, 1024)]);
  const snapshot = engine.snapshot();
  assert.doesNotThrow(() => kit.canonical(plain(snapshot)));
  assert.ok(snapshot.every((n) => Object.is(n, n | 0)));
});

test("looking at the scene changes nothing, and the scene does not change by itself", () => {
  const engine = begun();
  step(engine, [move(0, 1024, 1024)]);
  const before = engine.checksum();
  const scene = engine.scene();
  scene.x.fill(0);
  scene.terrain.fill(3);
  assert.equal(engine.checksum(), before);
  const shown = engine.scene();
  const x = [...shown.x];
  for (let n = 0; n < 10; n += 1) step(engine);
  assert.deepEqual([...shown.x], x);
  const quiet = begun();
  step(quiet, [move(0, 1024, 1024)]);
  for (let n = 0; n < 10; n += 1) step(quiet);
  assert.equal(engine.checksum(), quiet.checksum(), "what is done to a scene is not done to the game");
});

test("another seed is another field", () => {
  const fields = [1, 2, 3].map((seed) => begun({ seed }).scene().terrain.join(""));
  assert.equal(new Set(fields).size, 3);
});

test("from everybody's place all the ground can be reached", () => {
  for (const map of ["plains", "woods", "islands"]) {
    for (const [players, archers] of [[2, 500], [3, 200], [5, 100], [8, 125]]) {
      for (let seed = 0; seed < 4; seed += 1) {
        const scene = begun({ players, archers, map, seed }).scene();
        const open = (cell) => scene.terrain[cell] !== WATER && scene.terrain[cell] !== ROCK;
        const at = ({ x, y }) => Math.floor(y / 32) * 64 + Math.floor(x / 32);
        const reached = new Set([at(places(scene, 0)[0])]);
        for (const cell of reached) {
          const col = cell % 64;
          for (const next of [col > 0 && cell - 1, col < 63 && cell + 1, cell >= 64 && cell - 64, cell < 4032 && cell + 64]) {
            if (next !== false && open(next)) reached.add(next);
          }
        }
        const cut = [...scene.terrain.keys()].filter((cell) => open(cell) && !reached.has(cell));
        assert.deepEqual(cut, [], `${map}, ${players} x ${archers}, seed ${seed}: ground that nobody can get to`);
        for (let army = 0; army < players; army += 1) {
          for (const archer of places(scene, army)) {
            assert.ok(reached.has(at(archer)), `${map}, ${players} x ${archers}, seed ${seed}: archer ${archer.i}`);
          }
        }
      }
    }
  }
});

test("nobody walks on water, or over rocks, or out of the field", () => {
  const random = new kit.Random(8);
  const engine = begun({ players: 3, archers: 60, map: "islands" });
  for (let n = 0; n < 250; n += 1) {
    step(engine, n % 10 === 0 ? [0, 1, 2].map((seat) => run(seat, random.below(2048), random.below(2048))) : []);
    const scene = engine.scene();
    for (let army = 0; army < 3; army += 1) {
      for (const archer of places(scene, army)) assert.ok(cellOf(scene, archer) < WATER, `archer ${archer.i}`);
    }
  }
});

test("an order is kept: they arrive, whatever lies between, and then stand", () => {
  for (const map of ["plains", "woods", "islands"]) {
    const engine = begun({ archers: 40, map, seed: 9 });
    const mine = 0;
    // Run, so that nobody stops to shoot.
    step(engine, [run(mine, 1024, 1024)]);
    for (let n = 0; n < 700; n += 1) step(engine);
    const scene = engine.scene();
    const there = places(scene, mine).filter((archer) => apart(archer, { x: 1024, y: 1024 }) < 180);
    assert.ok(there.length >= 0.9 * places(scene, mine).length, `${map}: ${there.length} arrived`);
    const walking = places(scene, mine).filter(({ i }) => scene.walks[i]);
    assert.equal(walking.length, 0, `${map}: they stand still when they are there`);
  }
});

test("ranks keep apart", () => {
  const engine = begun({ archers: 100, map: "plains" });
  const army = places(engine.scene(), 0);
  for (const one of army) for (const other of army) assert.ok(one === other || apart(one, other) > 10);
});

test("the mask names the sender's own archers and nobody else's", () => {
  const engine = begun({ archers: 40 });
  const before = engine.scene();
  step(engine, [run(1, 1024, 1024, [0b101, 0b10])]);
  for (let n = 0; n < 5; n += 1) step(engine);
  const after = engine.scene();
  const moved = [...after.x.keys()].filter((i) => after.walks[i]);
  assert.deepEqual(moved, [40, 42, 73]);
  assert.deepEqual([...before.x.slice(0, 40)], [...after.x.slice(0, 40)]);
});

test("words of the mask beyond the army, seats without an army: ignored", () => {
  const [engine, quiet] = [begun({ archers: 10 }), begun({ archers: 10 })];
  step(engine, [run(0, 9, 9, [0xfffffc00, 0xffffffff, 7]), run(6, 9, 9)]);
  step(quiet);
  assert.equal(engine.checksum(), quiet.checksum());
});

test("of two orders to one archer in a turn the last one counts", () => {
  const [both, last] = [begun(), begun()];
  step(both, [run(0, 100, 100), run(0, 1024, 1024)]);
  step(last, [run(0, 1024, 1024)]);
  for (let n = 0; n < 60; n += 1) [both, last].forEach((engine) => step(engine));
  const [one, other] = [both, last].map((engine) => places(engine.scene(), 0));
  one.forEach((archer, n) => assert.ok(apart(archer, other[n]) < 40));
});

test("nobody attacks their own, the dead or what is not there", () => {
  for (const target of [3, 1499]) {
    const [engine, quiet] = [begun({ archers: 10 }), begun({ archers: 10 })];
    step(engine, [order(0, "attack", { units: ALL, target })]);
    step(quiet);
    assert.equal(engine.checksum(), quiet.checksum());
  }
});

test("halt stops them where they are", () => {
  const engine = begun();
  step(engine, [run(0, 1024, 1024)]);
  for (let n = 0; n < 10; n += 1) step(engine);
  step(engine, [order(0, "halt", { units: ALL })]);
  assert.ok(!engine.scene().walks.includes(1));
});

test("an attack follows its target", () => {
  const engine = begun({ archers: 10, map: "plains" });
  step(engine, [order(0, "attack", { units: ALL, target: 14 })]);
  for (let n = 0; n < 900 && places(engine.scene(), 1).some(({ i }) => i === 14); n += 1) step(engine);
  assert.ok(!places(engine.scene(), 1).some(({ i }) => i === 14), "the target fell");
});

test("one army is left: every engine says so, once", () => {
  const engine = begun({ archers: 10 });
  step(engine, [move(0, 1024, 1024), move(1, 1024, 1024)]);
  const signals = [];
  let after = 0;
  for (let n = 0; n < 3000 && after < 50; n += 1) {
    signals.push(...step(engine, n % 100 === 0 ? [move(0, 1024, 1024), move(1, 1024, 1024)] : []));
    if (signals.length > 0) after += 1;
  }
  const left = [0, 1].map((army) => places(engine.scene(), army).length);
  assert.equal(Math.min(...left), 0);
  assert.deepEqual(signals, [{ name: "over", body: { winner: left[0] > 0 ? 0 : left[1] > 0 ? 1 : -1 } }]);
  assert.equal(engine.scene().finished, true);
});

test("the winner is named by seat, also when the seats have gaps", () => {
  const engine = make();
  const seats = seated(6).filter(({ seat }) => seat === 2 || seat === 5);
  engine.init({ setup: { map: "plains", archers: 10 }, seats, seed: 1, states: DAY });
  const signals = [];
  for (let n = 0; n < 4000 && signals.length === 0; n += 1) {
    signals.push(...step(engine, n % 60 === 0 ? [move(5, 1024, 1024), move(2, 1024, 1024)] : []));
  }
  const left = plain(engine.scene().seats).filter((_, army) => places(engine.scene(), army).length > 0);
  assert.deepEqual(signals[0].body, { winner: left[0] ?? -1 });
  assert.ok([2, 5, -1].includes(signals[0].body.winner));
});

test("at night nobody shoots as far as by day", () => {
  const shots = (states) => {
    const engine = begun({ archers: 10, map: "islands", seed: 3 });
    let [arrows, nearest] = [0, Infinity];
    step(engine, [run(0, 952, 1024), run(1, 1098, 1024)], { states });
    for (let n = 0; n < 500; n += 1) {
      step(engine, [], { states, iterations: 2 });
      const scene = engine.scene();
      for (let at = 0; at < scene.arrows.length; at += 7) {
        const [x0, y0, , , shot] = scene.arrows.slice(at, at + 7);
        if (shot > scene.iteration - 2) {
          arrows += 1;
          for (const enemy of places(scene, scene.arrows[at + 6] < 10 ? 1 : 0)) {
            nearest = Math.min(nearest, apart(enemy, { x: x0 / 16, y: y0 / 16 }));
          }
        }
      }
    }
    return { arrows, nearest };
  };
  const [day, night] = [shots(DAY), shots(NIGHT)];
  assert.ok(day.arrows > 0);
  assert.ok(day.nearest > 125 && day.nearest < 145, `${day.nearest}: in sight at night, but out of range`);
  assert.equal(night.arrows, 0);
});

test("a setup that the field does not hold is refused, in words", () => {
  const check = (players, archers, map = "plains") =>
    plain(make().check({ setup: { map, archers }, seats: seated(players), seed: 1 }));
  assert.deepEqual(check(8, 187), []);
  assert.deepEqual(check(2, 750), []);
  assert.deepEqual(check(8, 188), ["the plains have room for 1500 archers, but 8 armies of 188 need 1504: choose 187 or fewer for each army"]);
  assert.deepEqual(check(4, 300, "islands"), ["the islands have room for 1000 archers, but 4 armies of 300 need 1200: choose 250 or fewer for each army"]);
  assert.deepEqual(check(1, 10), ["archers needs 2 to 8 players, not 1"]);
  assert.deepEqual(check(2, 10, "moon"), ['there is no map called "moon"']);
});
