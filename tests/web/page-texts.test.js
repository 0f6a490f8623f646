// The words about people, line and room, in every situation that there can be.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ACTIONS, FACTS, awaited, isOver, line, notice, person, room } from "../../gameroom/web/page-texts.js";
import { PaceNews, back, news, paceWords } from "../../gameroom/web/story.js";
import { called, seatName } from "../../gameroom/web/words.js";

const ROW = {
  seat: 0, user: "u0", name: "ann", roles: [], team: null, connected: true, ready: false, loaded: false, refused: false,
  hidden: false, slow: null, missing: false, lost: false, diverged: false, repairing: false,
};
const row = (more = {}) => ({ ...ROW, ...more });
const BOB = row({ seat: 1, user: "u1", name: "bob" });
const flags = [
  {}, { connected: false }, { connected: false, lost: true }, { missing: true }, { connected: false, missing: true },
  { hidden: true }, { slow: "line" }, { slow: "engine" }, { diverged: true }, { repairing: true, diverged: true },
  { failed: true }, { ready: true }, { loaded: true }, { refused: true },
];
const STATUSES = ["new", "connecting", "live", "away", "displaced", "closed"];
const STATES = [
  [], ["setup", "setup.gathering"], ["setup", "setup.starting"], ["running", "running.iterating", "running.iterating.day"],
  ["running", "running.paused", "running.paused.held"], ["running", "running.paused", "running.paused.lagging"],
  ["running", "running.paused", "running.paused.diverged"], ["ended"],
];

/** All combinations of these values by name. */
function* product(axes) {
  const names = Object.keys(axes);
  if (names.length === 0) {
    yield {};
    return;
  }
  const [first, ...rest] = names;
  for (const others of product(Object.fromEntries(rest.map((name) => [name, axes[name]])))) {
    for (const value of axes[first]) yield { [first]: value, ...others };
  }
}

/** Every situation: of the line, the place, the room, what is wrong, and ann's and bob's rows. */
function* situations() {
  const axes = {
    status: STATUSES, wasLive: [false, true], code: [0, 4001, 4100, 4101, 4102, 4104], seat: [null, 0], states: STATES, played: [0, 7],
    ended: [null, { because: "one army is left", left: ["cid"] }],
    wrong: [{}, { failed: "The engine failed." }, { diverged: "Checksums differ." }, { differs: 40 }],
    silentS: [0, 9],
  };
  const pairs = flags.flatMap((more) => [[row(more), BOB], [row(), { ...BOB, ...more }]]);
  for (const { wrong, rows, ...one } of product({ ...axes, rows: pairs })) {
    // A line that is live, lost or taken over has been live; codes say why one is closed.
    if (["live", "away", "displaced"].includes(one.status) && !one.wasLive) continue;
    const codes = { closed: [4100, 4101, 4102, 4104], displaced: [4001] }[one.status] ?? [0];
    if (!codes.includes(one.code)) continue;
    const started = one.states.includes("running") || one.played > 0;
    yield { ...FACTS, meaning: "the connection was lost", waitS: 3, low: 3, isRunning: one.states.includes("running"),
      closed: one.played, started, mayResume: true, rows, ...one, ...wrong };
  }
}

const ALL = [...situations()];
const TONES = ["healthy", "slow", "broken", ""];
const BLANK = /undefined|null|NaN|^\s*$/;

/** There are many situations: only one that fails is written out. */
function holds(condition, what, facts) {
  if (!condition) assert.fail(`${what}: ${JSON.stringify(facts)}`);
}

test("there is one text for the line, one for the room and one for each person", () => {
  for (const facts of ALL) {
    for (const said of [line(facts), ...facts.rows.map((one) => person(one, facts))]) {
      holds(!BLANK.test(said.text) && TONES.includes(said.tone), JSON.stringify(said), facts);
    }
    holds(!BLANK.test(room(facts)), room(facts), facts);
    holds(!/undefined|null/.test(awaited(facts)), awaited(facts), facts);
  }
});

test("green is what works now, and only that", () => {
  const works = /^(connected|watching|here(, \d+ ms)?)$/;
  for (const facts of ALL) {
    const isCutOff = facts.status !== "live" || isOver(facts);
    for (const { text, tone } of [line(facts), ...facts.rows.map((one) => person(one, facts))]) {
      holds((tone === "healthy") === works.test(text), `${tone}, ${text}`, facts);
      holds(tone !== "healthy" || !isCutOff, `${text}, without a line`, facts);
    }
  }
});

test("an engine that is wrong is never called connected alone, and something is offered", () => {
  for (const facts of ALL) {
    if (facts.status !== "live" || facts.ended !== null || (facts.failed ?? facts.differs) === null) continue;
    holds(line(facts).tone === "broken", line(facts).text, facts);
    holds(facts.diverged !== null || notice(facts)?.actions.includes("reload"), "no way on", facts);
    holds(facts.seat === null || person(facts.rows[0], facts).tone === "broken", "the own card", facts);
  }
});

test("the line, the room and the own card do not contradict each other", () => {
  for (const facts of ALL) {
    const [mine, others] = facts.seat === null ? [null, facts.rows] : [person(facts.rows[0], facts), facts.rows.slice(1)];
    if (isOver(facts)) {
      holds(/over|left/.test(line(facts).text), line(facts).text, facts);
      holds(/^(ended|closed|left)$/.test(room(facts)), `${room(facts)}, the state that it had before`, facts);
      holds(awaited(facts) === "", awaited(facts), facts);
      holds(mine === null || mine.text === "the room has ended", mine?.text, facts);
    } else if (facts.status !== "live") {
      holds(mine === null || mine.text === line(facts).text, mine?.text, facts);
      for (const other of others) holds(/^last seen: /.test(person(other, facts).text), person(other, facts).text, facts);
      if (facts.wasLive && facts.states.length > 0) holds(room(facts).startsWith("last seen: "), room(facts), facts);
    }
  }
});

test("a page that is cut off offers a way on, in the setup and over the game", () => {
  for (const facts of ALL) {
    const found = notice(facts);
    const isCutOff = isOver(facts) || facts.status === "displaced" || (facts.status !== "live" && facts.wasLive);
    holds(!isCutOff || found?.actions.length > 0, "no way on", facts);
    if (found === null) continue;
    holds(!BLANK.test(found.text) && TONES.includes(found.tone), found.text, facts);
    for (const action of found.actions) holds(Object.hasOwn(ACTIONS, action), action, facts);
    if (facts.status === "displaced" && !isOver(facts)) holds(found.actions[0] === "take_back", found.actions[0], facts);
    if (found.actions.includes("watch_again")) holds(facts.started && facts.ended !== null, "nothing to watch", facts);
  }
});

test("nothing lies over a setup or a game that goes on", () => {
  for (const facts of ALL) {
    if (facts.status !== "live" || facts.ended !== null || (facts.failed ?? facts.diverged ?? facts.differs) !== null) continue;
    const goesOn = !facts.started || (facts.silentS === 0 && !facts.states.some((path) => path.includes("paused")));
    if (goesOn) holds(notice(facts) === null, notice(facts)?.text, facts);
  }
});

test("the setup says whom it waits for", () => {
  const facts = { ...FACTS, status: "live", wasLive: true, seat: 0, low: 2, states: STATES[1], rows: [row()] };
  assert.equal(awaited(facts), "1 more player needed. Share the address of this page to invite people.");
  const both = [row(), row({ seat: 1, name: "bob" })];
  assert.equal(awaited({ ...facts, rows: both }), "Waiting for you and bob to be ready.");
  assert.equal(awaited({ ...facts, rows: both, states: STATES[2] }), "Waiting for you and bob to load the game…");
  assert.equal(awaited({ ...facts, rows: both.map((one) => ({ ...one, ready: true })) }), "");
});

test("what happens to people is told, each once, by name or as you", () => {
  const told = (before, after, own = null) => news(before, after, own).map(({ text }) => text);
  const bob = row({ seat: 1, name: "bob" });
  assert.deepEqual(told(undefined, bob), ["bob takes seat 2"]);
  assert.deepEqual(told(undefined, bob, 1), ["you take seat 2"]);
  assert.deepEqual(told(bob, undefined), ["bob has left"]);
  assert.deepEqual(told(bob, { ...bob, connected: false }), ["bob's connection was lost"]);
  assert.deepEqual(told(bob, { ...bob, connected: false }, 1), [], "the page says that from its own side");
  assert.deepEqual(told({ ...bob, connected: false }, bob), ["bob reconnected"]);
  assert.deepEqual(told(bob, { ...bob, missing: true }), ["everyone is waiting for bob"]);
  assert.deepEqual(told(bob, { ...bob, slow: "line" }), ["bob's connection is slow"]);
  assert.deepEqual(told(bob, { ...bob, slow: "engine" }, 1), ["your engine cannot keep up"]);
  assert.deepEqual(told({ ...bob, slow: "line" }, bob), ["bob is keeping up again"]);
  assert.deepEqual(told(bob, { ...bob, roles: ["host"] }), ["bob is now host"]);
  assert.deepEqual(told(bob, { ...bob, roles: ["host"] }, 1), ["you are now host"]);
  for (const before of flags) {
    for (const after of flags) {
      const texts = told(row(before), row(after));
      assert.equal(new Set(texts).size, texts.length);
    }
  }
});

test("seats count from 1, and who watches is nobody's seat", () => {
  assert.equal(seatName(0), "seat 1");
  assert.equal(called(row(), 0), "you");
  assert.equal(called(row(), null), "ann");
});

test("somebody who just came is not called back", () => {
  assert.equal(back({ again: false, turns: 0, lost: 0 }, false), null);
  assert.equal(back({ again: false, turns: 20, lost: 0 }, false).text, "you joined at turn 20");
  assert.equal(back({ again: false, turns: 20, lost: 0 }, true).text, "you are back: 20 turns caught up, 0 commands lost");
  assert.equal(back({ again: true, turns: 0, lost: 0 }, false).text, "you are back: 0 turns caught up, 0 commands lost");
  assert.equal(back({ again: true, turns: 1, lost: 2 }, true).tone, "broken");
});

test("turns that are longer for good are told once, with whose line or engine it is", () => {
  const pace = new PaceNews();
  const rows = [row(), row({ seat: 1, name: "bob", slow: "line" })];
  const told = (turnMs, turns, of = rows) => Array.from({ length: turns }, () => pace.turn(turnMs, of)).filter((one) => one !== null).map(({ text }) => text);
  assert.deepEqual(told(100, 50), [], "the first length is no news");
  assert.deepEqual(told(110, 50), [], "nor is a little more");
  assert.deepEqual([...told(300, 5), ...told(100, 5)], [], "nor is a spike");
  assert.deepEqual(told(300, 50), ["turns are longer: 300 ms instead of 100 ms, because bob's connection is slow"]);
  assert.deepEqual(told(100, 50, [row()]), ["turns are shorter again: 100 ms instead of 300 ms"]);
});

test("why turns are longer is told for everybody who makes them so", () => {
  const rows = [row({ slow: "engine" }), row({ seat: 1, name: "bob", slow: "line" }), row({ seat: 2, name: "cid", slow: "line" })];
  assert.equal(paceWords(100, 300, rows, 0).text,
    "turns are longer: 300 ms instead of 100 ms, because your engine cannot keep up, bob's connection is slow and cid's connection is slow");
  assert.equal(paceWords(100, 200, [row()]).text, "turns are longer: 200 ms instead of 100 ms, because commands take longer to reach everyone");
});

test("the length of turns from before somebody looked is no news", () => {
  const pace = new PaceNews();
  for (let turn = 0; turn < 30; turn += 1) assert.equal(pace.turn(turn < 15 ? 100 : 400, [], null, true), null);
  assert.equal(pace.turn(400, []), null);
});
