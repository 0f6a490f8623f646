// A replay read, laid out as a line of turns, and an engine led along it both ways.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";

import { pack } from "../../gameroom/web/sdk/msgpack.js";
import { Random, canonical, checksum, sha256 } from "../../gameroom/web/kit.js";
import { Playback, SPEEDS } from "../../gameroom/web/playback.js";
import { NoReplayError, readReplay } from "../../gameroom/web/replay-file.js";
import { Timeline } from "../../gameroom/web/timeline.js";

// ---- a game written by hand ----------------------------------------------------------------

const DEFINITION = {
  commands: [{ name: "add", fields: [{ name: "n" }] }], signals: [], policies: { pace: { turn: { low: 100, high: 500 } } },
};
const HEADER = { format: 1, room: "r", name: "sums.room", text: "", used: {}, engine: "e", view: null, seed: 5, setup: {}, created: 0 };

function record(seq, payload) {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(payload.length);
  head.writeBigUInt64LE(BigInt(seq), 4);
  const sum = (bytes) => {
    const four = Buffer.alloc(4);
    four.writeUInt32LE(crc32(bytes));
    return four;
  };
  return Buffer.concat([head, sum(head), payload, sum(payload), Buffer.from("\n")]);
}

function entry(seq, at, event) {
  const head = Buffer.alloc(17);
  head.writeBigUInt64LE(BigInt(at));
  head.writeUInt32LE(event.length, 9);
  head.writeUInt32LE(1, 13);
  return record(seq, Buffer.concat([head, event, Buffer.alloc(10, 1)])); // with the id of a command
}

const beginning = (header = HEADER, definition = DEFINITION) => [
  Buffer.from("gameroom replay\n"), record(0, Buffer.from(JSON.stringify(header))),
  record(0, Buffer.from(JSON.stringify(definition))), record(0, Buffer.from("the engine")),
];
const file = (events, more) => Buffer.concat([
  ...beginning(), ...events.map((event, i) => entry(i + 1, i * 10, Buffer.from(pack(event(i + 1))))),
  ...(more ?? [record(events.length + 1, Buffer.alloc(0))]),
]);

const told = (event, body) => (seq) => ({ event, seq, path: "/", body });
const row = (seat, name, more = {}) => ({ seat, name, user: name, team: null, roles: [], connected: true, missing: false, ...more });
const roster = (...seats) => told("roster", { seats, spectators: 0 });
const chart = (generation, states, moved = []) => told("chart", { generation, chart: { states, variables: {}, moved } });
const moved = (entered, because = null) => ({ transition: 1, event: "go", exited: [], entered: [entered], because });
const turn = (generation, commands = [], agreed = null, extras = {}) => (seq) => [
  seq, generation, 2, 100, 1, commands.length > 0 ? [[0, commands.map((n) => [0, n])]] : [],
  agreed === null ? 0 : generation - agreed[0], agreed === null ? 0 : agreed[1], extras,
];

/** What worker.js does of it, with an engine whose state hangs on every turn. */
class Machine {
  orders = [];
  wrongFrom = Infinity;
  #state = null;
  #dice = null;
  #wanted = null;

  init({ seed, seats }) {
    this.#dice = new Random(seed);
    this.#state = { sum: seats.length, turns: 0 };
  }

  snapshot() {
    return { ...this.#state, dice: this.#dice.state() };
  }

  step({ commands, iterations, generation }) {
    for (const { body } of commands) this.#state.sum += body.n * iterations + this.#dice.below(1000);
    this.#state.turns += 1;
    if (generation >= this.wrongFrom) this.#state.sum += 1;
  }

  obey(order) {
    this.orders.push(order);
    switch (order.op) {
      case "init":
        this.init(order);
        return { op: "inited", generation: order.generation };
      case "restore": {
        assert.equal(sha256(order.bytes), order.sha256);
        this.init({ ...order.begin, seed: order.seed });
        const { dice, ...state } = JSON.parse(Buffer.from(order.bytes).toString());
        this.#dice.restore(dice);
        this.#state = state;
        return { op: "restored", generation: order.generation };
      }
      case "steps": {
        for (const one of order.turns) this.step(one);
        const { generation } = order.turns.at(-1);
        let state = null;
        if (order.stateEvery > 0) {
          assert.equal(order.stateEvery, generation);
          this.#wanted = canonical(this.snapshot());
          state = { generation, sha256: sha256(this.#wanted), size: this.#wanted.length };
        }
        return { op: "stepped", generation, sums: [[generation, checksum(this.snapshot())]], ms: 1, turns: order.turns.length, state };
      }
      default:
        return { op: "state", generation: order.generation, bytes: this.#wanted };
    }
  }
}

/** A game of so many turns, with the right checksums, two turns late. */
function game(turns, { differs = 0 } = {}) {
  const machine = new Machine();
  machine.init({ seed: 5, seats: [1, 2] });
  const sums = [0];
  const commands = (generation) => (generation % 3 === 0 ? [generation] : []);
  const events = [
    chart(0, ["setup"]), told("setup", { settings: {}, changed_by: "" }),
    roster(row(0, "ann")), roster(row(0, "ann"), row(1, "bob")),
    chart(0, ["running", "running.day"], [moved("running.day")]),
  ];
  for (let generation = 1; generation <= turns; generation += 1) {
    machine.step({ generation, iterations: 2, commands: commands(generation).map((n) => ({ body: { n } })) });
    sums.push(checksum(machine.snapshot()));
    const of = generation - 2;
    events.push(turn(generation, commands(generation), of > 0 ? [of, (sums[of] ^ (of === differs ? 1 : 0)) >>> 0] : null));
    if (generation === 20) events.push(told("chat", { name: "bob", text: "hello" }), roster(row(0, "ann"), row(1, "bob", { connected: false })));
    if (generation === 30) events.push(roster(row(0, "ann")), told("diverged", { generation: 29, seats: [0], decidable: false, values: {} }));
  }
  events.push(told("ended", { state: "ended", because: "done" }));
  return { events, sums, bytes: file(events) };
}

/** A player whose time passes as fast as it wants. */
class Player {
  now = 0;
  heard = [];
  machine = new Machine();

  constructor(line, options) {
    this.line = line;
    this.playback = new Playback(line, {
      engine: (order) => this.waiting.push(order),
      kill: () => this.heard.push(["killed"]),
      tell: (name, detail) => this.heard.push([name, detail]),
    }, options);
    this.waiting = [];
  }

  /** Until it wants nothing more, or has come to a position. */
  run(until = Infinity) {
    for (let guard = 0; guard < 100_000; guard += 1) {
      if (this.playback.position >= until) return this;
      if (this.waiting.length > 0) {
        this.playback.engineReplied(this.machine.obey(this.waiting.shift()), this.now);
        continue;
      }
      const { due } = this.playback;
      if (due === null) return this;
      this.now = Math.max(this.now, due);
      this.playback.tick(this.now);
    }
    throw new Error("it never rests");
  }

  get sum() {
    return checksum(this.machine.snapshot());
  }
}

// ---- the file ------------------------------------------------------------------------------

test("a whole file is read, with its parts", () => {
  const { bytes, events } = game(10);
  const { header, definition, engine, view, entries, problem } = readReplay(bytes);
  assert.deepEqual([header, definition, engine, view, problem], [HEADER, DEFINITION, "the engine", null, null]);
  assert.equal(entries.length, events.length);
  assert.deepEqual(entries.slice(0, 2).map(({ seq, at }) => [seq, at]), [[1, 0], [2, 10]]);
});

test("what is whole before a cut plays, wherever it is cut", () => {
  const { bytes, events } = game(5);
  const start = Buffer.concat(beginning()).length;
  for (let size = 0; size < bytes.length; size += 1) {
    const part = bytes.subarray(0, size);
    if (size < start) {
      assert.throws(() => readReplay(part), NoReplayError);
      continue;
    }
    const { entries, problem } = readReplay(part);
    assert.ok(entries.length <= events.length);
    assert.match(problem, /cut off at byte \d+/);
    assert.equal(new Timeline(readReplay(part)).problem, problem);
  }
});

test("no flipped bit is passed over, and what came before plays", () => {
  const { bytes } = game(5);
  for (let bit = 0; bit < bytes.length * 8; bit += 37) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    try {
      assert.notEqual(readReplay(flipped).problem, null);
    } catch (error) {
      assert.ok(error instanceof NoReplayError, error.stack);
    }
  }
});

test("other files are refused in words", () => {
  for (const [bytes, why] of [
    [Buffer.from(""), /not a replay/], [Buffer.from("gameroom journal\n"), /not a replay/],
    [Buffer.concat(beginning({ ...HEADER, format: 2, release: "0.3.0" })), /written by gameroom 0\.3\.0 in format 2; this player reads format 1/],
    [Buffer.concat(beginning({ ...HEADER, format: "1" })), /does not state its format/],
    [Buffer.concat(beginning(null)), /does not state its format/],
    [Buffer.concat([beginning()[0], record(0, Buffer.from("{"))]), /header cannot be read/],
  ]) assert.throws(() => readReplay(bytes), (error) => error instanceof NoReplayError && why.test(error.message));
});

test("the kit of a game comes with it", () => {
  const header = { ...HEADER, kit: "f".repeat(64) };
  const bytes = Buffer.concat([...beginning(header), record(0, Buffer.from("the kit")), record(1, Buffer.alloc(0))]);
  const { engine, view, kit, problem } = readReplay(bytes);
  assert.deepEqual([engine, view, kit, problem], ["the engine", null, "the kit", null]);
});

test("a definition that is none is told, and nothing plays", () => {
  for (const definition of [null, { commands: [null] }, { commands: [{ name: "x" }] }]) {
    const line = new Timeline(readReplay(Buffer.concat([...beginning(HEADER, definition), entry(1, 0, Buffer.from(pack(turn(1, [5])(1)))), record(2, Buffer.alloc(0))])));
    assert.equal(line.length, 0, JSON.stringify(definition));
    assert.match(line.problem, /cannot be read/);
  }
});

test("a view of a larger buffer is read as well", () => {
  const { bytes } = game(3);
  const larger = new Uint8Array(bytes.length + 7);
  larger.set(bytes, 7);
  assert.equal(readReplay(larger.subarray(7)).problem, null);
});

// ---- the line ------------------------------------------------------------------------------

test("a line has turns, people, marks and what was agreed", () => {
  const { bytes, sums } = game(40);
  const line = new Timeline(readReplay(bytes));
  assert.equal(line.length, 40);
  assert.equal(line.problem, null);
  assert.deepEqual(line.turn(2), {
    generation: 3, iterations: 2, commands: [{ seat: 0, name: "add", body: { n: 3 } }], states: ["running", "running.day"], seats: [0, 1],
  });
  assert.equal(line.turn(40), null);
  assert.deepEqual([line.generation(0), line.generation(7), line.time(7), line.turnMs(3)], [0, 7, 700, 100]);
  assert.deepEqual(line.roster(19).seats.map(({ name, connected }) => [name, connected]), [["ann", true], ["bob", true]]);
  assert.deepEqual(line.roster(20).seats.map(({ name, connected }) => [name, connected]), [["ann", true], ["bob", false]]);
  assert.deepEqual(line.roster(40).seats.map(({ name }) => name), ["ann"]);
  assert.equal(line.agreed.size, 38);
  assert.equal(line.agreed.get(12), sums[12]);
  assert.deepEqual(line.marks.map(({ position, kind, text }) => [position, kind, text]), [
    [0, "people", "ann takes seat 1"], [0, "people", "bob takes seat 2"], [0, "chart", "now running: day (go)"],
    [20, "chat", "bob says: hello"], [20, "people", "bob's connection was lost"], [30, "people", "bob has left"],
    [30, "diverged", "Checksums differ at turn 29 between ann. It is not known which engine is right."], [40, "room", "the room has ended: done"],
  ]);
  assert.deepEqual(line.told(25, 2).map(({ text }) => text), ["bob's connection was lost", "bob says: hello"]);
  assert.equal(line.told(0, 50).length, 3);
});

test("an event that cannot be read ends the line, and it is said", () => {
  const { events } = game(10);
  events[9] = () => ({ event: "roster", seq: 10, path: "/", body: {} });
  const line = new Timeline(readReplay(file(events)));
  assert.equal(line.length, 4);
  assert.match(line.problem, /^Event 10 cannot be read/);
});

// ---- playing -------------------------------------------------------------------------------

const lineOf = (turns, options) => {
  const made = game(turns, options);
  return { ...made, line: new Timeline(readReplay(made.bytes)) };
};

test("played to its end, all that was agreed on is the same", () => {
  const { line, sums } = lineOf(60);
  for (const speed of SPEEDS) {
    const player = new Player(line);
    player.playback.setSpeed(speed, 0);
    player.playback.play(0);
    player.run();
    const { position, playing, verified, differs } = player.playback;
    assert.deepEqual([position, playing, differs], [60, false, null], `${speed}`);
    assert.equal(verified, 58, `${speed}`);
    assert.equal(player.sum, sums[60]);
    // Turns of 100 ms: 60 of them last 6 s at speed 1.
    if (Number.isFinite(speed)) assert.ok(Math.abs(player.now - 6000 / speed) <= 200, `${speed}: ${player.now}`);
  }
});

test("from any position to any other the state is the same", () => {
  const { line, sums } = lineOf(200);
  const player = new Player(line, { every: 16 });
  const dice = new Random(1);
  for (let i = 0; i < 200; i += 1) {
    const to = dice.below(201);
    player.playback.seek(to, player.now);
    player.run();
    assert.equal(player.playback.position, to);
    assert.equal(player.playback.isSeeking, false);
    if (to > 0) assert.equal(player.sum, sums[to], `${i}: at ${to}`);
  }
  assert.equal(player.playback.differs, null);
});

test("going back goes by a snapshot, not by the beginning", () => {
  const { line } = lineOf(200);
  const player = new Player(line, { every: 50 });
  player.playback.seek(200, 0);
  player.run();
  assert.deepEqual(player.playback.places, [50, 100, 150, 200]);
  player.machine.orders.length = 0;
  player.playback.seek(170, 0);
  player.run();
  const [first, ...rest] = player.machine.orders;
  assert.deepEqual([first.op, first.generation], ["restore", 150]);
  assert.equal(rest.reduce((sum, { turns }) => sum + turns.length, 0), 20);
});

test("snapshots keep within their bytes by becoming fewer", () => {
  const { line, sums } = lineOf(400);
  const player = new Player(line, { every: 4, bytesMax: 1000 });
  player.playback.seek(400, 0);
  player.run();
  const { count, every, bytes } = player.playback.kept;
  assert.ok(bytes <= 1000 && count > 2 && every > 4, JSON.stringify(player.playback.kept));
  assert.ok(player.playback.places.every((place) => place % every === 0));
  player.playback.seek(123, 0);
  player.run();
  assert.equal(player.sum, sums[123]);
});

test("the first turn that comes out otherwise is told, once", () => {
  const { line, sums } = lineOf(60, { differs: 33 });
  const player = new Player(line);
  player.playback.play(0);
  player.run();
  assert.deepEqual(player.playback.differs, { generation: 33, agreed: (sums[33] ^ 1) >>> 0, own: sums[33] });
  assert.equal(player.playback.verified, 32);
  assert.equal(player.heard.filter(([name]) => name === "differs").length, 1);
});

test("an engine that plays otherwise is found out", () => {
  const { line } = lineOf(60);
  const player = new Player(line);
  player.machine.wrongFrom = 17;
  player.playback.setSpeed(Infinity, 0);
  player.playback.seek(60, 0);
  player.run();
  assert.ok(player.playback.differs.generation >= 17);
  assert.ok(player.playback.verified < 17);
});

test("steps go one turn on or back and stand still", () => {
  const { line, sums } = lineOf(60);
  const player = new Player(line);
  player.playback.play(0);
  player.run(10);
  player.playback.step(1, player.now);
  player.run();
  assert.deepEqual([player.playback.position, player.playback.playing], [11, false]);
  player.playback.step(-1, player.now);
  player.playback.step(-1, player.now);
  player.run();
  assert.deepEqual([player.playback.position, player.sum], [9, sums[9]]);
  player.playback.step(-100, player.now);
  player.run();
  assert.equal(player.playback.position, 0);
  player.playback.seek(1e9, player.now);
  player.run();
  assert.equal(player.playback.position, 60);
});

test("of many places asked for while it works the last one wins", () => {
  const { line, sums } = lineOf(200);
  const player = new Player(line);
  for (const to of [150, 20, 180, 77]) player.playback.seek(to, 0);
  player.run();
  assert.deepEqual([player.playback.position, player.sum], [77, sums[77]]);
});

test("played again from its end it begins at its beginning", () => {
  const { line, sums } = lineOf(30);
  const player = new Player(line);
  player.playback.setSpeed(Infinity, 0);
  for (let i = 0; i < 2; i += 1) {
    player.playback.play(player.now);
    player.run();
    assert.deepEqual([player.playback.position, player.sum], [30, sums[30]]);
  }
});

test("a second game in the room begins a new engine, both ways", () => {
  const { events } = game(10);
  const last = events.pop();
  events.push(chart(10, ["setup"]), roster(row(0, "ann"), row(1, "bob"), row(2, "cid")), chart(10, ["running", "running.day"]));
  for (let generation = 11; generation <= 20; generation += 1) events.push(turn(generation, [1]));
  events.push(last);
  const line = new Timeline(readReplay(file(events)));
  assert.deepEqual(line.begins.map(({ position, order }) => [position, order.generation, order.seats.length]), [[0, 0, 2], [10, 10, 3]]);
  const player = new Player(line, { every: 5 });
  const sums = [];
  for (let to = 0; to <= 20; to += 1) {
    player.playback.seek(to, 0);
    player.run();
    sums.push(player.sum);
  }
  for (const to of [20, 3, 10, 9, 11, 5, 15, 0]) {
    player.playback.seek(to, 0);
    player.run();
    assert.equal(player.sum, sums[to], `at ${to}`);
  }
});

test("an engine that fails stops the playing, and it is told", () => {
  const { line } = lineOf(30);
  const player = new Player(line);
  player.machine.obey = function (order) {
    return order.op === "steps" && order.turns[0].generation > 5
      ? { op: "failed", generation: 6, error: { message: "no" } } : Machine.prototype.obey.call(this, order);
  };
  player.playback.play(0);
  player.run();
  assert.deepEqual(player.playback.failed, { generation: 6, detail: "no" });
  assert.deepEqual([player.playback.playing, player.playback.due], [false, null]);
});

/** One that plays, whose engine is with a batch of turns and does not answer. */
function hanging() {
  const player = new Player(new Timeline(readReplay(game(60).bytes))).run();
  player.playback.play(player.now);
  player.run(10);
  player.playback.tick((player.now = player.playback.due));
  assert.ok(player.playback.isBusy, "an order is with the engine");
  return player;
}

test("an engine that hangs is named with its turn, and its worker is ended", () => {
  const { playback, now, heard } = hanging();
  playback.tick(now + 4900);
  assert.equal(playback.failed, null);
  playback.tick(playback.due);
  assert.deepEqual(playback.failed, { generation: 11, detail: "it has not responded for 5 s" });
  assert.deepEqual(heard.slice(-3).map(([name]) => name), ["killed", "playing", "failed"]);
  assert.equal(playback.due, null);
  playback.engineReplied({ op: "stepped", generation: 11, sums: [], ms: 1, turns: 1, state: null }, now + 9000);
  assert.equal(playback.position, 10, "what it says too late is not heard");
});

test("an engine that says how far it is does not hang, nor one whose page stood still", () => {
  const { playback, now } = hanging();
  for (let ms = 1000; ms <= 20_000; ms += 1000) {
    playback.engineReplied({ op: "progress", generation: 11 }, now + ms);
    playback.tick(now + ms);
  }
  playback.tick(now + 90_000);
  assert.equal(playback.failed, null);
  playback.tick(playback.due);
  assert.equal(playback.failed.generation, 11);
});

test("a room in which no game began has nothing to play", () => {
  const line = new Timeline(readReplay(file([chart(0, ["setup"]), roster(row(0, "ann"))])));
  const player = new Player(line);
  player.playback.play(0);
  player.run();
  player.playback.seek(5, 0);
  player.run();
  assert.deepEqual([line.length, player.playback.position, player.playback.playing], [0, 0, false]);
});
