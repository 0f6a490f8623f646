// The replay that is kept of this format plays in the page's code, with the kit of its time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { sha256 } from "../../gameroom/web/kit.js";
import { Playback } from "../../gameroom/web/playback.js";
import { NoReplayError, readReplay } from "../../gameroom/web/replay-file.js";
import { Timeline } from "../../gameroom/web/timeline.js";
import { running } from "./machine.js";

const KEPT = readFileSync(new URL("../formats/kept/noughts.replay", import.meta.url));

async function played(replay) {
  const line = new Timeline(replay);
  assert.equal(line.problem, null);
  let now = 0;
  let over = null;
  const playback = new Playback(line, { engine: (order) => machine.send(order), tell: () => {} });
  const done = new Promise((resolve) => (over = resolve));
  const go = () => {
    while (playback.due !== null && !playback.isBusy) playback.tick((now = Math.max(now, playback.due)));
    if (playback.failed !== null || (playback.atEnd && !playback.isBusy)) over();
  };
  const machine = await running(replay, (reply) => {
    playback.engineReplied(reply, now);
    go();
  });
  playback.setSpeed(Infinity, now);
  playback.play(now);
  go();
  await done;
  await machine.end();
  return playback;
}

test("the kept replay plays, and all that was agreed on comes out the same", async () => {
  const replay = readReplay(KEPT);
  assert.equal(replay.header.kit, sha256(new TextEncoder().encode(replay.kit)));
  const { position, failed, differs, verified } = await played(replay);
  assert.deepEqual([position, failed, differs, verified], [40, null, null, 38]);
});

test("another kit would show another game", async () => {
  const replay = readReplay(KEPT);
  const other = replay.kit.replace("export function checksum(value) {", "$& return hash32(canonical(value), 1);");
  assert.notEqual(other, replay.kit);
  assert.notEqual((await played({ ...replay, kit: other })).differs, null);
});

test("whatever is altered is told by the reader or by the line", () => {
  let dice = 7;
  const below = (n) => (dice = (dice * 48271) % 2147483647) % n;
  for (let round = 0; round < 300; round += 1) {
    const bytes = Buffer.from(KEPT);
    for (let n = below(3); n >= 0; n -= 1) bytes[below(bytes.length)] ^= 1 << below(8);
    const part = bytes.subarray(0, below(4) === 0 ? below(bytes.length) : bytes.length);
    try {
      assert.notEqual(new Timeline(readReplay(part)).problem, null);
    } catch (error) {
      assert.ok(error instanceof NoReplayError, error.stack);
    }
  }
});
