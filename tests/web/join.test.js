// Joining over HTTP: one attempt takes one place, also when its answer is lost.
import assert from "node:assert/strict";
import { test } from "node:test";

import { RoomError, join } from "../../gameroom/web/gameroom.js";

globalThis.document = { baseURI: "http://server.example/join/r" };

const answer = (status, body) => ({ ok: status < 400, status, statusText: "", json: async () => body, text: async () => "" });
const LOST = () => { throw new TypeError("Failed to fetch"); };
const TAKEN = () => answer(201, { user: "u", name: "ann", seat: 0, spectator: false });
const FULL = () => answer(409, { status: 409, code: "room_full", detail: "The room is full." });

/** What the server hears of joins, each answered by the next of `answers`. The engine is never
 * there: that ends every join which has taken its place. */
function answering(...answers) {
  const heard = [];
  globalThis.fetch = async (url, { method, body } = {}) => {
    if (method === "POST") {
      heard.push(JSON.parse(body));
      return answers.shift()();
    }
    const link = { url: "/engines/none", sha256: "0".repeat(64) };
    return String(url).includes("/join/") ? answer(200, { engine: link, view: null, kit: null }) : answer(404, {});
  };
  return heard;
}

const come = (wish = { name: "ann" }) => join({ id: "r", ...wish }).catch((error) => error);
const keys = (heard) => heard.map((one) => one.idempotency_key);

test("each attempt has a key of its own, 128 bits of it", async () => {
  const heard = answering(TAKEN, TAKEN);
  await come();
  await come();
  const [one, other] = keys(heard);
  assert.match(one, /^[0-9a-f]{32}$/);
  assert.notEqual(one, other);
  assert.equal(heard[0].name, "ann");
});

test("after a lost answer the same attempt is sent once more", async () => {
  const heard = answering(LOST, TAKEN);
  const error = await come();
  assert.equal(heard.length, 2);
  assert.deepEqual(heard[0], heard[1]);
  assert.doesNotMatch(String(error), /Failed to fetch/, "it went on to the engine");
});

test("a refusal is an answer: nothing is sent again, and the next attempt has another key", async () => {
  const heard = answering(FULL, FULL);
  assert.ok((await come()) instanceof RoomError);
  assert.ok((await come()) instanceof RoomError);
  assert.equal(heard.length, 2);
  assert.notEqual(...keys(heard));
});

test("while no answer has come, to join again is the same attempt", async () => {
  const heard = answering(LOST, LOST, LOST, TAKEN, TAKEN);
  assert.match(String(await come()), /Failed to fetch/);
  await come();
  await come();
  const [first, ...rest] = keys(heard);
  assert.equal(rest.length, 4);
  assert.deepEqual(rest.slice(0, 3), [first, first, first]);
  assert.notEqual(rest[3], first, "answered: what follows is another attempt");
});

test("two calls at once are one attempt; another wish is another one", async () => {
  const heard = answering(TAKEN, TAKEN, TAKEN);
  await Promise.all([come(), come(), come({ name: "bob" })]);
  assert.equal(new Set(keys(heard)).size, 2);
  const [one, other] = heard.filter(({ name }) => name === "ann");
  assert.deepEqual(one, other);
});
