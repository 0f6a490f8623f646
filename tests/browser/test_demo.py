"""The demo page: it starts by itself, tells what happens, and loses nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from gameroom import resources
from tests.browser.people import people
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


ENDLESS = """language 1
use "archers"

## Does not end when one army is left: the pages play by themselves, and a test can take longer.
room "endless" extends archers {
  extend state running.iterating.day { on over do { announce "one army is left" } }
  extend state running.iterating.night { on over do { announce "one army is left" } }
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def demo(world: World) -> AsyncIterator[Page]:
    """The demo in a wide window, its game running."""
    async with people(world) as browsers:
        page = await browsers.new_page()
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.goto(f"{world.address}/demo?room={await world.room(ENDLESS)}")
        await expect(page.locator("#generation")).to_have_text(re.compile(r"\d\d"))
        yield page


BOTH_CLICKS = """async (button) => {
  button.click();
  await new Promise((done) => setTimeout(done));
  const asked = button.textContent;
  button.click();
  return asked;
}"""


async def corrupt(demo: Page, name: str) -> None:
    """The page asks once, and the second click counts for some seconds: both come in one go, or a
    machine might be too slow for it."""
    button = demo.locator(f".seat[data-profile={name}]").locator("[data-doing=corrupt]")
    await expect(button).to_be_enabled()
    assert "click again" in await button.evaluate(BOTH_CLICKS)


async def test_three_games_and_the_chart_are_in_step(demo: Page):
    await expect(demo.locator(".seat[data-status=live]")).to_have_count(3)
    await expect(demo.locator("#state")).to_have_text("running.iterating.day")
    active = demo.locator(".statechart .active.leaf")
    await expect(active).to_have_attribute("id", "state-running.iterating.day")
    await expect(demo.locator("#agreed")).to_have_text(re.compile(r"turn \d+"))
    for place in await demo.locator(".seat").all():
        await expect(place.locator("[data-meter=down]")).to_have_text(re.compile(r"[1-9]\d* B/s"))


async def test_a_drop_is_caught_up_with_nothing_lost(demo: Page):
    await demo.get_by_role("button", name="Drop bob's connection").click()
    await expect(demo.locator("#story")).to_contain_text("bob's connection was lost")
    await expect(demo.locator("#story")).to_contain_text(
        re.compile(r"bob is back: [1-9]\d* turns? caught up in \d+ ms, 0 commands lost")
    )
    tally = demo.locator(".seat[data-profile=bob] .tally")
    await expect(tally).to_have_attribute("data-lost", "0")
    await expect(tally).to_have_text(
        re.compile(r"[1-9]\d* turns? caught up, 0 commands lost, 0 duplicated")
    )


async def test_a_reload_and_a_delay_are_told(demo: Page):
    await demo.locator(".seat[data-profile=ann]").get_by_label("250 ms").check()
    await expect(demo.locator("#story")).to_contain_text("ann is delayed by 250 ms each way")
    await expect(demo.locator("#story")).to_contain_text(
        re.compile(r"turns are longer: \d+ ms instead of \d+ ms, because ann's connection is slow")
    )
    await demo.get_by_role("button", name="Reload ann's page").click()
    await expect(demo.locator("#story")).to_contain_text("ann is back after a reload")
    await expect(demo.locator(".seat[data-profile=ann] [data-meter=latency]")).to_have_text(
        re.compile(r"[45]\d\d ms")
    )


async def test_corruption_asks_once_and_then_halts_the_game(demo: Page):
    await corrupt(demo, "ann")
    await expect(demo.locator("#state")).to_have_text("running.paused.diverged")
    await expect(demo.locator("#story")).to_contain_text(
        re.compile(r"Checksums differ at turn \d+ between (ann and bob|bob and ann)\.")
    )


async def test_the_card_of_a_corrupted_watcher_says_so_until_it_is_loaded_again(demo: Page):
    card = demo.locator(".seat[data-profile=cid]")
    await corrupt(demo, "cid")
    said = card.locator(".presence")
    await expect(said).to_have_text(re.compile(r"watching, out of sync since turn \d+"))
    await expect(card).to_have_attribute("data-tone", "broken")
    told = demo.locator("#story li").filter(has_text="has been out of sync")
    await expect(told).to_have_count(1)
    await demo.get_by_role("button", name="Reload cid's page").click()
    await expect(said).to_have_text("watching")
    await expect(card).to_have_attribute("data-tone", "healthy")


async def test_numbers_of_turns_say_whose_they_are(demo: Page):
    labels = await demo.locator("dt").all_inner_texts()
    assert {"Turn closed", "Turn length", "Agreed up to", "Turn shown"} <= set(labels)
    assert "Generation" not in labels
    for meter in await demo.locator("dl > div", has_text="Turn").all():
        assert await meter.get_attribute("title")


async def test_on_a_phone_one_seat_is_shown_and_the_others_go_on(demo: Page):
    await demo.set_viewport_size({"width": 390, "height": 844})
    shown = demo.locator(".seat.shown")
    await expect(shown).to_have_count(1)
    await demo.locator(".switcher").get_by_role("button", name="bob").click()
    await expect(shown.locator("h2")).to_have_text("bob plays")
    await expect(demo.locator(".seat[data-profile=ann]")).not_to_be_in_viewport()
    overflow = await demo.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    before = int(await demo.locator("#generation").inner_text())
    await demo.wait_for_function(
        "before => Number(document.querySelector('#generation').textContent) > before + 10",
        arg=before,
    )


async def test_with_three_players_a_corrupted_engine_heals(demo: Page):
    await demo.get_by_role("button", name="New game with repair").click()
    await expect(demo.locator("#places")).to_have_text("three seats and a spectator, one server")
    await expect(demo.locator(".seat[data-status=live]")).to_have_count(4)
    await expect(demo.locator("#state")).to_have_text("running.iterating.day")
    await corrupt(demo, "cid")
    story = demo.locator("#story")
    await expect(story).to_contain_text(
        re.compile(r"at turn \d+: cid versus (ann and bob|bob and ann)")
    )
    await expect(story).to_contain_text("cid's engine is restarting")
    await expect(story).to_contain_text("cid's engine is back in sync")
    await expect(demo.locator("#state")).to_have_text(re.compile("running.iterating"))
    before = int(await demo.locator("#generation").inner_text())
    await demo.wait_for_function(
        "before => Number(document.querySelector('#generation').textContent) > before + 10",
        arg=before,
    )


async def test_a_game_for_two_offers_no_repair(world: World):
    folder = resources.rooms() / "noughts"
    text = (folder / "noughts.room").read_text(encoding="utf-8")
    room = await world.room(text, game="noughts")
    async with people(world) as browsers:
        page = await browsers.new_page()
        await page.goto(f"{world.address}/demo?room={room}")
        await expect(page.locator("#places")).to_have_text("two seats and a spectator, one server")
        await expect(page.get_by_role("button", name="with repair")).to_have_count(0)
