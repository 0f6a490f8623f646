"""The page that plays a replay, in a real Chromium: to its end, back, and from files."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from gameroom.replay import verify
from gameroom.store import record, replay, sha256
from tests.browser.people import enter, people
from tests.browser.world import World, packets
from tests.formats import make

pytestmark = pytest.mark.asyncio(loop_scope="session")

TURNS = 60
ENDED = "The room has ended."
IS_AT = """(position) => {
  const { state } = window.gameroom?.replay ?? {};
  return state !== undefined && !state.isSeeking && !state.playing && state.position === position;
}"""
AT_END = """() => {
  const { state } = window.gameroom?.replay ?? {};
  if (state === undefined || state.playing || state.isSeeking) return false;
  return state.position === state.length;
}"""


async def played(world: World, context: BrowserContext) -> tuple[str, Page, dict[int, int]]:
    """A game of archers that has ended: its room, a page in it, and ann's checksums."""
    room = await world.room()
    ann = await enter(context, world, room, "ann")
    bob = await enter(context, world, room, "bob")
    await ann.plays(TURNS)
    sums = await ann.checksums(1)
    await bob.seat("seat.chat('well played')")
    await bob.seat("seat.leave()")
    await ann.reads(ENDED)
    assert ann.faults == []
    return room, ann.page, sums


async def position(page: Page, wanted: int) -> None:
    await page.wait_for_function(IS_AT, arg=wanted)


async def seek(page: Page, wanted: int) -> int:
    """Go there; the engine's checksum of there."""
    await page.evaluate("(to) => window.gameroom.replay.seek(to)", wanted)
    await position(page, wanted)
    told = await page.evaluate("() => window.gameroom.replay.snapshot()")
    return int(told["checksum"])


async def test_a_game_that_has_ended_is_watched_again(world: World, tmp_path: Path) -> None:
    async with people(world) as context:
        room, page, sums = await played(world, context)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: faults.append(said.text) if said.type == "error" else None,
        )
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="Save the replay").click()
        download = await saved.value
        assert download.suggested_filename.endswith(f"-{room}.replay")
        file = tmp_path / "x.replay"
        await download.save_as(file)

        await page.get_by_role("button", name="Watch the replay").click()
        await page.wait_for_url(f"**/replay?room={room}&profile=ann")
        await page.goto(page.url + "&dev=1")
        await position(page, 0)
        generation = packets_of(world, room)
        await page.get_by_label("Speed").select_option("Infinity")
        await page.get_by_role("button", name="Play", exact=True).click()
        await page.wait_for_function(AT_END)
        state = await page.evaluate("() => window.gameroom.replay.state")
        assert (state["length"], state["problem"], state["failed"]) == (generation, None, None)
        assert state["differs"] is None
        assert state["verified"] >= TURNS - 10
        text = f"verified up to turn {state['verified']}"
        assert await page.locator("#verdict").inner_text() == text
        assert await page.get_by_text("bob says: well played").count() == 1
        assert await page.get_by_text("bob has left").count() == 1

        for wanted in (50, 12, 33, 1, generation, 20):
            own = await seek(page, wanted)
            assert wanted not in sums or own == sums[wanted], wanted
        assert faults == []

        # What the browsers agreed on, node works out as well.
        report = await asyncio.to_thread(verify, file)
        assert report.findings == []
        assert report.checksums.why_not is None
        assert report.checksums.until >= TURNS - 10
        assert report.ended


def packets_of(world: World, room: str) -> int:
    return len(list(packets(world.journal(room))))


async def test_a_file_is_played_by_keys_and_what_is_wrong_is_said(
    world: World, tmp_path: Path
) -> None:
    async with people(world) as context:
        room, page, _ = await played(world, context)
        response = await page.request.get(f"{world.address}/rooms/{room}/replay?profile=ann")
        data = await response.body()
        await page.goto(f"{world.address}/replay?dev=1")
        await page.set_input_files("#file", {"name": "x.replay", "mimeType": "", "buffer": data})
        await position(page, 0)
        assert await page.locator("#save").is_hidden()
        await page.keyboard.press("ArrowRight")
        await position(page, 1)
        await page.keyboard.press("Shift+ArrowRight")
        await position(page, 11)
        await page.keyboard.press("ArrowLeft")
        await position(page, 10)
        await page.keyboard.press("End")
        await page.wait_for_function(AT_END)
        await page.keyboard.press("Home")
        await position(page, 0)
        await page.locator("#line").focus()
        await page.keyboard.press("Space")
        await page.wait_for_function("() => window.gameroom.replay.state.position > 3")
        await page.keyboard.press("Space")
        assert not (await page.evaluate("() => window.gameroom.replay.state"))["playing"]

        cut = {"name": "x.replay", "mimeType": "", "buffer": data[:-3000]}
        await page.set_input_files("#file", cut)
        await page.get_by_text("The file is incomplete: it is cut off at byte").wait_for()
        other = data.replace(b"export default", b"export  default", 1)
        await page.set_input_files("#file", {"name": "x", "mimeType": "", "buffer": other})
        await page.get_by_text("The engine cannot be read").wait_for()
        await page.set_input_files("#file", {"name": "x", "mimeType": "", "buffer": b"no"})
        await page.get_by_text("This file is not a replay.").wait_for()
        # A stranger is told why there is nothing.
        await page.goto(f"{world.address}/replay?room={room}&profile=zoe")
        await page.get_by_text("There is no such session. Join the room again.").wait_for()


def with_kit(change: bytes) -> bytes:
    """The replay with more in its kit, which its header names rightly."""
    with make.REPLAY.open("rb") as file:
        reader = replay.Reader(file, "kept")
        entries = list(reader.entries())
    kit = (reader.code.kit or b"").replace(b"export function checksum(value) {", change)
    header, code = replace(reader.header, kit=sha256(kit)), replace(reader.code, kit=kit)
    records = map(record.entry_record, entries)
    return b"".join(replay.written(header, code, records, lambda: len(entries)))


async def test_a_replay_is_played_with_the_kit_that_came_with_it(world: World) -> None:
    async with people(world) as context:
        page = await context.new_page()
        await page.goto(f"{world.address}/replay?dev=1")

        async def state_at_the_end(data: bytes) -> dict[str, Any]:
            file = {"name": "x.replay", "mimeType": "", "buffer": data}
            await page.set_input_files("#file", file)  # type: ignore[arg-type]
            await position(page, 0)
            await page.get_by_label("Speed").select_option("Infinity")
            await page.keyboard.press("End")
            await page.wait_for_function(AT_END)
            return dict(await page.evaluate("() => window.gameroom.replay.state"))

        state = await state_at_the_end(make.REPLAY.read_bytes())
        assert (state["differs"], state["verified"], state["failed"]) == (None, 38, None)
        change = b"export function checksum(value) { return hash32(canonical(value), 1);"
        state = await state_at_the_end(with_kit(change))
        assert state["differs"] is not None
        reaching = b"fetch('/'); export function checksum(value) {"
        file = {"name": "x", "mimeType": "", "buffer": with_kit(reaching)}
        await page.set_input_files("#file", file)  # type: ignore[arg-type]
        await page.get_by_text("an engine has no network").wait_for()


async def test_an_engine_that_hangs_is_named_with_its_turn(world: World) -> None:
    """The kit that came with the replay never comes back: all that a page can do is end it."""
    endless = b"export function checksum(value) { for (;;) ;"
    async with people(world) as context:
        page = await context.new_page()
        await page.goto(f"{world.address}/replay?dev=1&step_ms=400")
        file = {"name": "x.replay", "mimeType": "", "buffer": with_kit(endless)}
        await page.set_input_files("#file", file)  # type: ignore[arg-type]
        await position(page, 0)
        await page.keyboard.press("ArrowRight")
        failed = "The game's engine failed at turn 1: it has not responded for 0.4 s."
        await page.get_by_text(failed).wait_for()
        assert await page.locator("#play").is_disabled()
