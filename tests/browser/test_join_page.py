"""The page of a room in a real Chromium: come in, agree, play, be told, come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from gameroom.server import bodies
from gameroom.server.app import LOBBY
from tests.browser.people import WAIT_MS, Person, enter, people
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

GARDEN = """
language 1
use "standard"

## A garden for two.
room "garden" extends standard {
  players 2..2
  ## How many flowers.
  setting flowers: int 1..9 = 3
  setting fenced: bool = false
  setting soil: "clay" | "sand" = "clay"
  command sow { bed: int 0..9 }
  request vote { choice: "rain" | "sun" }
  request mulch { depth: int 1..5 }
  policy pace { tick = 50 per second  turn = 20ms..40ms  ahead = auto }
  extend state running.iterating { allow vote, mulch from player }
}
"""

ENGINE = """
export default (kit) => {
  let turn = 0;
  return {
    init() { turn = 0; }, step({ generation }) { turn = generation; }, checksum: () => kit.checksum(turn),
    snapshot: () => turn, restore: (kept) => { turn = kept; }, scene: () => turn,
  };
};
"""  # noqa: E501 - a line of JavaScript

VIEW = """
export default (root, game) => {
  root.innerHTML = "<button>sow</button><p></p>";
  root.querySelector("button").onclick = () => game.send("sow", { bed: 1 });
  return {
    show: (scene) => { root.querySelector("p").textContent = `turn ${scene}`; },
    refused: ({ detail }) => { root.querySelector("button").textContent = detail; },
  };
};
"""


async def garden(world: World) -> str:
    made = await world.app[LOBBY].create(
        bodies.Create(
            room=GARDEN,
            engine=bodies.Code(source=ENGINE),
            view=bodies.Code(source=VIEW),
        )
    )
    return made.id


async def come(page: Page, world: World, room: str, name: str) -> Person:
    """Through the name form, as people do."""
    person = Person(page, name)
    await page.goto(f"{world.address}/join/{room}?dev=1")
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Join").click()
    await person.until("seat.status === 'live' && seat.roster.seats.length > 0")
    return person


@asynccontextmanager
async def two(world: World) -> AsyncIterator[tuple[Person, Person, str]]:
    """ann and bob in browsers of their own, before the game."""
    room = await garden(world)
    async with people(world) as one, people(world) as other:
        ann = await come(await one.new_page(), world, room, "ann")
        bob = await come(await other.new_page(), world, room, "bob")
        yield ann, bob, room
        assert [ann.faults, bob.faults] == [[], []]


async def play(*persons: Person) -> None:
    for person in persons:
        await person.page.get_by_role("button", name="I am ready").click()
    for person in persons:
        await person.plays(5)


async def test_a_setting_is_shown_to_all_with_who_changed_it(world: World):
    async with two(world) as (ann, bob, _):
        await ann.reads("bob came in")
        await ann.reads("Waiting for you and bob to be ready.")
        await ann.page.get_by_label("flowers").fill("7")
        await ann.page.get_by_label("flowers").press("Tab")
        await bob.reads("ann set flowers to 7")
        assert await bob.page.get_by_label("flowers").input_value() == "7"
        await bob.page.get_by_label("fenced").check()
        await ann.reads("bob set fenced to true")
        assert await ann.page.get_by_label("fenced").is_checked()
        await bob.page.get_by_label("soil").select_option("sand")
        await ann.reads("bob set soil to sand")


async def test_news_of_the_setup_leave_a_field_alone_while_somebody_types_in_it(world: World):
    async with two(world) as (ann, bob, _):
        flowers = ann.page.get_by_label("flowers")
        await flowers.fill("7")
        await bob.page.get_by_label("flowers").fill("5")
        await bob.page.get_by_label("flowers").press("Tab")
        await ann.reads("bob set flowers to 5")
        assert await flowers.input_value() == "7"
        await flowers.press("Tab")
        await bob.reads("ann set flowers to 7")
        await flowers.press("1")
        await flowers.press("Backspace")
        await bob.page.get_by_label("flowers").fill("6")
        await bob.page.get_by_label("flowers").press("Tab")
        await ann.reads("bob set flowers to 6")
        await flowers.press("Tab")
        assert await flowers.input_value() == "6", "ann changed nothing, so bob's holds"


async def test_readiness_names_whom_the_room_waits_for_and_can_be_taken_back(world: World):
    async with two(world) as (ann, bob, _):
        await ann.page.get_by_role("button", name="I am ready").click()
        await bob.reads("Waiting for you to be ready.")
        await ann.reads("Waiting for bob to be ready.")
        await ann.page.get_by_role("button", name="take it back").click()
        await bob.reads("Waiting for ann and you to be ready.")
        await play(ann, bob)
        await ann.page.frame_locator(".gameroom-frame").get_by_text("turn ").first.wait_for()


async def test_a_refused_command_reaches_the_view_and_the_story(world: World):
    async with two(world) as (ann, bob, _):
        await play(ann, bob)
        game = ann.page.frame_locator(".gameroom-frame")
        await game.get_by_role("button", name="sow").click()
        await game.get_by_role("button", name="not allowed").wait_for(timeout=WAIT_MS)
        await ann.reads("sow was refused")
        counts = await ann.seat("seat.meters().commands")
        assert (counts["refused"], counts["lost"]) == (1, 0)


async def test_requests_are_buttons_while_they_are_allowed(world: World):
    async with two(world) as (ann, bob, _):
        buttons = ann.page.locator("#requests")
        assert await buttons.get_by_role("button").count() == 0
        await play(ann, bob)
        await buttons.get_by_role("button", name="Vote: rain").click()
        await ann.until("seat.roster.seats[0].choices.vote === 'rain'")
        await buttons.get_by_label("depth").fill("2")
        await buttons.get_by_role("button", name="Mulch").click()
        await buttons.get_by_role("button", name="Pause").click()
        await bob.reads("Paused.")
        assert await bob.page.locator("#requests").get_by_role("button").count() == 1
        await bob.page.locator("#veil").get_by_role("button", name="Resume").click()
        await bob.plays(await ann.seat("seat.generation") + 10)
        assert await bob.page.locator("#veil").is_hidden()


async def test_a_second_window_takes_the_seat_and_the_first_can_take_it_back(world: World):
    async with two(world) as (ann, bob, _):
        await play(ann, bob)
        second = Person(await ann.page.context.new_page(), "ann")
        await second.page.goto(ann.page.url)
        await second.until("seat.status === 'live' && seat.seat === 0")
        await ann.reads("This seat is played from another window now.")
        await ann.page.get_by_role("button", name="Take the seat back here").click()
        await second.reads("This seat is played from another window now.")
        await ann.until("seat.status === 'live'")
        await ann.plays(await bob.seat("seat.generation") + 5)


async def test_a_loss_is_told_on_both_sides(world: World):
    async with two(world) as (ann, bob, _):
        await play(ann, bob)
        await bob.seat("seat.dev.drop(300)")
        await ann.reads("bob dropped at turn")
        await ann.reads("bob is back")
        await bob.reads("turns caught up, 0 lost")
        await bob.until("seat.meters().losses === 1")


async def test_who_leaves_for_good_is_asked_once_and_told(world: World):
    async with two(world) as (ann, bob, _):
        leave = bob.page.get_by_role("button", name="Leave")
        await leave.click()
        assert "given up" in await leave.inner_text()
        await leave.click()
        await bob.reads("You left the room.")
        await ann.reads("bob is not in the room any more")
        await bob.page.get_by_role("button", name="Join again").click()
        await bob.page.get_by_label("Your name").wait_for()


async def test_lines_of_chat_are_text_and_never_markup(world: World):
    async with two(world) as (ann, bob, _):
        await ann.page.get_by_label("Say something").fill("<b id=evil>hello</b>")
        await ann.page.get_by_role("button", name="Say").click()
        await bob.reads("ann: <b id=evil>hello</b>")
        assert await bob.page.locator("#evil").count() == 0


PLACES = """([name, text]) => {
  const said = [...document.querySelectorAll("#story li span:last-child")]
    .map((span) => span.firstChild).find((node) => node.data.includes(text));
  const left = (word) => {
    const range = document.createRange();
    range.setStart(said, said.data.indexOf(word));
    range.setEnd(said, said.data.indexOf(word) + word.length);
    return range.getBoundingClientRect().left;
  };
  return [left(name), left(text)];
}"""
"""Where a name and a text are on the screen, in the line of the story with this text."""


async def test_a_name_from_right_to_left_stays_before_what_is_said(world: World):
    room = await garden(world)
    async with people(world) as one, people(world) as other:
        ann = await come(await one.new_page(), world, room, "ann")
        dawid = await come(await other.new_page(), world, room, "דוד")
        await dawid.page.get_by_label("Say something").fill("שלום\u202e ann")
        await dawid.page.get_by_role("button", name="Say").click()
        await ann.reads("שלום ann")
        for text in ("שלום ann", "came in"):
            name_left, text_left = await ann.page.evaluate(PLACES, ["דוד", text])
            assert name_left < text_left, text


async def test_a_name_that_nobody_could_see_is_refused_with_the_reason(world: World):
    room = await garden(world)
    async with people(world) as one:
        page = await one.new_page()
        await page.goto(f"{world.address}/join/{room}")
        await page.get_by_label("Your name").fill("\u3164")
        await page.get_by_role("button", name="Join").click()
        await Person(page, "nobody").reads("A name needs at least one visible character.")


async def test_an_address_of_no_room_says_what_to_do(world: World):
    async with people(world) as context:
        page = await context.new_page()
        await page.goto(f"{world.address}/join/nothing-here")
        await page.get_by_text("There is no such room").wait_for(timeout=WAIT_MS)


@pytest.mark.parametrize("width", [360, 1920])
async def test_the_page_fits_and_its_targets_can_be_touched(
    world: World, browser: Browser, width: int
):
    room = await garden(world)
    context = await browser.new_context(viewport={"width": width, "height": 740})
    async with people(world) as other:
        ann = await come(await context.new_page(), world, room, "ann")
        await fits(ann.page)
        bob = await enter(other, world, room, "bob")
        await ann.page.get_by_role("button", name="I am ready").click()
        await bob.plays(5)
        await ann.plays(5)
        await fits(ann.page)
    await context.close()


async def fits(page: Page) -> None:
    """Nothing sticks out sideways, and whatever can be pressed is 44 pixels high."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) <= 0
    small = await page.evaluate(
        """[...document.querySelectorAll("button, select, input:not([type=checkbox])")]
          .filter((one) => one.offsetParent !== null && one.offsetHeight < 44)
          .map((one) => one.textContent || one.id)"""
    )
    assert small == []
