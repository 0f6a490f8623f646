"""The live picture: the time of an `after` drains along the edge of its state."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from gameroom import language
from gameroom.picture import svg
from tests.browser.world import World
from tests.patience import PATIENCE_MS

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOM = """
language 1
use "standard"
room "drained" extends standard {
  extend state running.iterating {
    initial day
    state day iterates { after 40 turns -> night  after 90 turns -> running.paused.held }
    state night iterates { on pause -> day }
  }
}
"""
DRAW = """async (picture) => {
  for (const name of ["style", "chart"]) {
    const sheet = document.createElement("link");
    const loaded = new Promise((resolve) => sheet.addEventListener("load", resolve));
    document.head.append(Object.assign(sheet, { rel: "stylesheet", href: `/web/${name}.css` }));
    await loaded;
  }
  window.fetch = async () => new Response(picture);
  const { showChart } = await import("/web/chart.js");
  window.drawn = await showChart(document.body, "/the/picture/of/a/room");
}"""
WIND = """(path) => {
  const timer = document.getElementById(`state-${path}`).querySelector(":scope > .timer");
  timer.getAnimations()[0].currentTime = 9e5;
}"""
EDGE = """(path) => {
  const timer = document.getElementById(`state-${path}`).querySelector(":scope > .timer");
  const { display, strokeDashoffset, animationDuration } = getComputedStyle(timer);
  const currentTime = timer.getAnimations()[0]?.currentTime ?? null;
  return { display, offset: Number.parseFloat(strokeDashoffset), animationDuration, currentTime };
}"""
HELD = "running.paused.held"
DAY = "running.iterating.day"


@pytest_asyncio.fixture(loop_scope="session")
async def page(world: World) -> AsyncIterator[Page]:
    """The picture on a page of the server, nothing lit."""
    loaded = language.load(ROOM, name="drained.room", resolve=language.shipped)
    assert loaded.room is not None, loaded.diagnostics
    page = await world.browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{world.address}/web/chart.css")
    await page.evaluate(DRAW, svg(loaded.room))
    yield page
    await page.close()


async def light(page: Page, *states: str, entered: tuple[str, ...] = (), turn: int = 0) -> None:
    await page.evaluate("(told) => window.drawn.light(...told)", [states, entered, turn])


async def test_the_edge_of_a_state_that_was_entered_drains_for_as_long_as_its_after(page: Page):
    await light(page, "running", "running.paused", HELD, entered=(HELD,))
    edge = await page.evaluate(EDGE, HELD)
    assert edge["display"] == "inline"
    assert edge["animationDuration"] == "1800s"
    assert 0 <= edge["currentTime"] < 10_000
    await page.evaluate(WIND, HELD)
    assert (await page.evaluate(EDGE, HELD))["offset"] == pytest.approx(0.5, abs=0.01)


async def test_it_goes_on_while_other_things_happen_and_begins_anew_when_entered_again(page: Page):
    await light(page, "running", HELD, entered=(HELD,))
    await page.evaluate(WIND, HELD)
    await light(page, "running", HELD)
    assert (await page.evaluate(EDGE, HELD))["currentTime"] >= 9e5
    await light(page, "running", HELD, entered=(HELD,))
    assert (await page.evaluate(EDGE, HELD))["currentTime"] < 10_000


async def test_nothing_is_claimed_of_a_state_that_was_active_before(page: Page):
    await light(page, "running", HELD)
    assert (await page.evaluate(EDGE, HELD))["display"] == "none"


async def test_a_state_that_is_left_shows_no_timer(page: Page):
    await light(page, "running", HELD, entered=(HELD,))
    await light(page, "running", DAY, entered=(DAY,))
    assert (await page.evaluate(EDGE, HELD))["display"] == "none"
    await light(page, "running", HELD)
    assert (await page.evaluate(EDGE, HELD))["display"] == "none", "nobody said since when"


async def test_turns_drain_by_the_turn(page: Page):
    await light(page, "running", DAY, entered=(DAY,), turn=100)
    assert (await page.evaluate(EDGE, DAY))["offset"] == 0
    for turn, offset in ((110, 0.25), (130, 0.75), (200, 1)):
        await page.evaluate("(turn) => window.drawn.turn(turn)", turn)
        assert (await page.evaluate(EDGE, DAY))["offset"] == pytest.approx(offset)


async def test_who_wants_little_motion_has_no_edge_that_moves(page: Page):
    await page.emulate_media(reduced_motion="reduce")
    await light(page, "running", HELD, DAY, entered=(HELD, DAY))
    assert (await page.evaluate(EDGE, HELD))["display"] == "none"
    assert (await page.evaluate(EDGE, DAY))["display"] == "inline", "a step for every turn"
