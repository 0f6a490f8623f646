"""The pictures of the pages that players see: a real server, a real game, a real Chromium.

The server, the people and the browser are those of the browser tests. Nothing is waited for but
conditions. The rule it keeps: a picture shows a moment that the text beside it describes, once in
light and once in dark.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from gameroom import resources
from tests.browser.conftest import ARGUMENTS, chromium
from tests.browser.people import enter, people
from tests.browser.world import World, serve

WIDTH = 1280
TURNS = 80
"""How long the games on the pictures have been played."""

Take = Callable[[World, Path], Awaitable[None]]


async def take(names: set[str], folder: Path) -> None:
    """Write NAME-light.png and NAME-dark.png for each name. Fails where Chromium is missing."""
    where = chromium()
    with tempfile.TemporaryDirectory() as data:
        runner, address = await serve(Path(data))
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=where, args=ARGUMENTS)
                world = World(address, runner.app, browser)
                for name in sorted(names):
                    await PAGES[name](world, folder / f"{name}.png")
                await browser.close()
        finally:
            await runner.cleanup()


async def _shoot(page: Page, path: Path) -> None:
    for mode in ("light", "dark"):
        await page.emulate_media(color_scheme=mode, reduced_motion="reduce")
        await page.screenshot(path=path.with_stem(f"{path.stem}-{mode}"))


async def _archers(world: World) -> str:
    """The id of a new room of archers."""
    shipped = resources.shipped_room("archers")
    assert shipped is not None
    return await world.room(shipped[1])


async def _demo(world: World, path: Path) -> None:
    """A game of archers with three windows, after bob's connection was lost and came back."""
    async with people(world) as context:
        page = await context.new_page()
        await page.set_viewport_size({"width": WIDTH, "height": 1180})
        await page.goto(f"{world.address}/demo")
        await expect(page.locator("#generation")).to_have_text(re.compile(r"\d\d\d"))
        await page.get_by_role("button", name="Drop bob's connection").click()
        await expect(page.locator("#story")).to_contain_text("bob is back")
        await _shoot(page, path)


async def _join(world: World, path: Path) -> None:
    """The page of a room before the game: the settings, and who is there."""
    room = await _archers(world)
    async with people(world) as one, people(world) as other:
        ann = await one.new_page()
        await ann.set_viewport_size({"width": WIDTH, "height": 560})
        for page, name in ((ann, "ann"), (await other.new_page(), "bob")):
            await page.goto(f"{world.address}/join/{room}")
            await page.get_by_label("Your name").fill(name)
            await page.get_by_role("button", name="Join").click()
            await expect(page.locator("#people")).to_contain_text(name)
        await expect(ann.locator("#people li")).to_have_count(2)
        await expect(ann.locator("#settings input").first).to_be_visible()
        await _shoot(ann, path)


async def _replay(world: World, path: Path) -> None:
    """A replay in its middle."""
    room = await _archers(world)
    async with people(world) as context:
        ann = await enter(context, world, room, "ann")
        bob = await enter(context, world, room, "bob")
        await bob.seat("seat.chat('good luck')")
        await ann.plays(TURNS)
        await bob.seat("seat.leave()")
        await ann.reads("The room has ended.")
        page = ann.page
        await page.set_viewport_size({"width": WIDTH, "height": 900})
        await page.goto(f"{world.address}/replay?room={room}&profile=ann&dev=1")
        await page.wait_for_function("() => window.gameroom?.replay?.state?.length > 0")
        await page.evaluate("(to) => window.gameroom.replay.seek(to)", TURNS // 2)
        await page.wait_for_function(
            "(to) => { const { state } = window.gameroom.replay;"
            " return state.position === to && !state.isSeeking; }",
            arg=TURNS // 2,
        )
        await _shoot(page, path)


PAGES: dict[str, Take] = {"demo": _demo, "join": _join, "replay": _replay}
