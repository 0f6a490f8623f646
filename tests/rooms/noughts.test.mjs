import assert from "node:assert/strict";
import { test } from "node:test";

import { kit, load, plain, seated } from "./engines.mjs";

const make = load("noughts");
const ITERATING = ["running", "running.iterating"];
const PLAYING = [...ITERATING, "running.iterating.playing"];
const DEALING = [...ITERATING, "running.iterating.dealing"];

const seats = seated(2);

function begun({ first = "seat order", seed = 1 } = {}) {
  const engine = make();
  engine.init({ setup: { first }, seats, seed, states: DEALING });
  return engine;
}

let generation = 0;
const step = (engine, commands, states = PLAYING) => {
  generation += 1;
  return plain(engine.step({ generation, iterations: 1, commands, states }));
};
const place = (seat, cell) => ({ seat, name: "place", body: { cell } });
const cells = (engine) => plain(engine.scene().cells).map((mark) => mark || ".").join("");

/** Both seats by turns, seat 0 first; every signal that was raised. */
const play = (engine, moves) => moves.flatMap((cell, n) => step(engine, [place(n % 2, cell)]));

test("two play, nobody else", () => {
  assert.deepEqual(plain(make().check({ setup: {}, seats, seed: 1 })), []);
  for (const n of [1, 3]) {
    const reasons = plain(make().check({ setup: {}, seats: seated(n), seed: 1 }));
    assert.deepEqual(reasons, [`noughts and crosses needs 2 players, not ${n}`]);
  }
});

test("three in a line win, each of the eight lines", () => {
  const lines = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];
  for (const line of lines) {
    const [a, b] = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((cell) => !line.includes(cell));
    const engine = begun();
    assert.deepEqual(play(engine, [line[0], a, line[1], b, line[2]]), [{ name: "won", body: { winner: "x" } }]);
    assert.deepEqual(plain(engine.scene().line), line);
  }
});

test("the second seat wins as o", () => {
  assert.deepEqual(play(begun(), [0, 3, 1, 4, 8, 5]), [{ name: "won", body: { winner: "o" } }]);
});

test("a full board without a line is a draw", () => {
  assert.deepEqual(play(begun(), [0, 1, 2, 4, 3, 5, 7, 6, 8]), [{ name: "won", body: { winner: "draw" } }]);
});

test("a line that the last cell completes is no draw", () => {
  assert.deepEqual(play(begun(), [0, 1, 2, 3, 4, 5, 7, 6, 8]), [{ name: "won", body: { winner: "x" } }]);
});

test("conflicts: not your turn, a taken cell, after the end", () => {
  const engine = begun();
  step(engine, [place(1, 4)]);
  assert.equal(cells(engine), ".........", "o does not begin");
  step(engine, [place(0, 4), place(0, 0), place(1, 4)]);
  assert.equal(cells(engine), "....x....", "one move each, and the cell is taken");
  const over = begun();
  play(over, [0, 3, 1, 4, 2]);
  assert.deepEqual(step(over, [place(1, 8)]), []);
  assert.equal(cells(over), "xxxoo....");
});

test("both in one turn: the one whose turn it is, then the other", () => {
  const engine = begun();
  step(engine, [place(0, 4), place(1, 0)]);
  assert.equal(cells(engine), "o...x....");
});

test("dealing empties the board, once for a rematch", () => {
  const engine = begun();
  play(engine, [0, 3, 1, 4, 2]);
  step(engine, [], [...ITERATING, "running.iterating.over"]);
  assert.equal(cells(engine), "xxxoo....", "the end stays on view");
  step(engine, [], DEALING);
  assert.equal(cells(engine), ".........");
  assert.deepEqual(play(engine, [0, 3, 1, 4, 2]), [{ name: "won", body: { winner: "x" } }]);
});

test("the lot falls on both, by the seed alone", () => {
  const beginners = Array.from({ length: 20 }, (_, seed) => {
    const engine = begun({ first: "drawn by lot", seed });
    step(engine, [], DEALING);
    return engine.scene().turn;
  });
  assert.deepEqual([...new Set(beginners)].sort(), ["o", "x"]);
  const again = begun({ first: "drawn by lot", seed: 7 });
  step(again, [], DEALING);
  assert.equal(again.scene().turn, beginners[7]);
});

test("a copy that is restored from a snapshot plays on the same", () => {
  const random = new kit.Random(4);
  for (let round = 0; round < 60; round += 1) {
    const [engine, copy] = [begun({ first: "drawn by lot", seed: round }), begun({ first: "drawn by lot", seed: round })];
    for (let n = random.below(16); n > 0; n -= 1) {
      step(engine, [place(random.below(2), random.below(9))], random.below(6) === 0 ? DEALING : PLAYING);
    }
    const snapshot = engine.snapshot();
    kit.canonical(plain(snapshot)); // no floats, nothing that has no canonical form
    copy.restore(plain(snapshot));
    assert.equal(copy.checksum(), engine.checksum());
    for (let n = 0; n < 8; n += 1) {
      const states = random.below(4) === 0 ? DEALING : PLAYING;
      const commands = [place(random.below(2), random.below(9)), place(random.below(2), random.below(9))];
      const [one, other] = [step(engine, commands, states), step(copy, commands, states)];
      assert.deepEqual(other, one);
      assert.equal(copy.checksum(), engine.checksum());
    }
    engine.restore(snapshot); // and a snapshot does not change with the game
    copy.restore(plain(snapshot));
    assert.equal(copy.checksum(), engine.checksum());
  }
});

test("every move shows in the checksum", () => {
  const seen = new Set();
  const engine = begun();
  seen.add(engine.checksum());
  [0, 1, 2, 4, 3, 5, 7, 6, 8].forEach((cell, n) => {
    step(engine, [place(n % 2, cell)]);
    seen.add(engine.checksum());
  });
  assert.equal(seen.size, 10);
});
