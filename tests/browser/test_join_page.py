"""The page of a room in a real Chromium: come in, agree, play, be told, come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from gameroom.server import bodies
from gameroom.server.services import SERVICES
from tests.browser.people import Person, enter, people
from tests.browser.world import QUICK, World
from tests.patience import PATIENCE_MS

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
    made = await world.app[SERVICES].lobby.create(
        bodies.Create(
            room=GARDEN,
            engine=bodies.CodeBody(source=ENGINE),
            view=bodies.CodeBody(source=VIEW),
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


DISPLACED = "This seat is now open in another window."
CARD_SAYS = """([name, text, tone]) => [...document.querySelectorAll("#people li")].some((card) =>
  card.querySelector(".who").textContent === name &&
  card.querySelector(".presence").textContent === text &&
  card.querySelector(".presence").dataset.tone === tone)"""


async def again(person: Person) -> Person:
    """The same seat in another tab, which takes it over."""
    second = Person(await person.page.context.new_page(), person.name)
    await second.page.goto(person.page.url)
    await second.page.get_by_role("button", name=f"Continue as {person.name} here").click()
    await second.until("seat.status === 'live' && seat.seat === 0")
    return second


async def card(person: Person, name: str) -> tuple[str, str]:
    """What the card of this name says of presence, and in which tone."""
    where = person.page.locator("#people li").filter(has_text=name).locator(".presence")
    text, tone = await where.evaluate("card => [card.innerText, card.dataset.tone ?? '']")
    return text, tone


async def in_sight(person: Person, name: str) -> None:
    """This button can be seen without scrolling, and be pressed."""
    button = person.page.get_by_role("button", name=name)
    await expect(button).to_be_in_viewport()
    await expect(button).to_be_enabled()


def count_ready(context: BrowserContext) -> list[str]:
    """What the pages of this browser send, as text."""
    sent: list[str] = []

    def hear(frame: bytes | str) -> None:
        sent.append(frame if isinstance(frame, str) else frame.decode("latin-1"))

    def watch(page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framesent", hear))

    context.on("page", watch)
    return sent


async def play(*persons: Person) -> None:
    for person in persons:
        await person.page.get_by_role("button", name="I am ready").click()
    for person in persons:
        await person.plays(5)


async def test_a_setting_is_shown_to_all_with_who_changed_it(world: World):
    async with two(world) as (ann, bob, _):
        await ann.reads("bob takes seat 2")
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
        await ann.page.get_by_role("button", name="click to undo").click()
        await bob.reads("Waiting for ann and you to be ready.")
        await play(ann, bob)
        await ann.page.frame_locator(".gameroom-frame").get_by_text("turn ").first.wait_for()


async def test_a_refused_command_reaches_the_view_and_the_story(world: World):
    async with two(world) as (ann, bob, _):
        await play(ann, bob)
        game = ann.page.frame_locator(".gameroom-frame")
        await game.get_by_role("button", name="sow").click()
        await game.get_by_role("button", name="not allowed").wait_for()
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
        second = await again(ann)
        await ann.reads(DISPLACED)
        await ann.page.get_by_role("button", name="Take back the seat").click()
        await second.reads(DISPLACED)
        await ann.until("seat.status === 'live'")
        await ann.plays(await bob.seat("seat.generation") + 5)


async def test_a_page_displaced_in_the_setup_shows_its_way_back(world: World):
    async with two(world) as (ann, bob, _):
        second = await again(ann)
        await ann.reads(DISPLACED)
        assert await card(ann, "ann") == ("open in another window", "broken")
        assert await card(ann, "bob") == ("last seen: here", "")
        assert await ann.page.locator("#where").inner_text() == "last seen: gathering"
        await in_sight(ann, "Take back the seat")
        await ann.page.get_by_role("button", name="Take back the seat").click()
        await second.reads(DISPLACED)
        await play(ann, bob)


async def test_a_page_without_a_line_is_nowhere_called_here(world: World):
    async with two(world) as (ann, bob, _):
        await ann.seat("seat.dev.drop(600_000)")
        await ann.reads("You are disconnected")
        await in_sight(ann, "Try again now")
        assert await card(ann, "ann") in {("disconnected", "broken"), ("reconnecting", "slow")}
        await bob.page.wait_for_function(CARD_SAYS, arg=["ann", "away", "broken"])


async def test_a_room_that_is_deleted_in_the_setup_is_not_gathering_any_more(world: World):
    async with two(world) as (ann, bob, room):
        world.app[SERVICES].lobby.rooms.end(room)
        for person in (ann, bob):
            await person.reads("The room has ended.")
            assert await person.page.locator("#where").inner_text() == "ended"
            assert await person.page.locator("#link").inner_text() == "over"
            await in_sight(person, "Reload the page")
        refused = "seat.chat('hello').catch(({ problem }) => problem.detail)"
        assert await ann.seat(f"await {refused}") == "The room has ended."


async def test_a_second_tab_asks_whether_to_go_on_or_to_be_somebody_else(world: World):
    async with two(world) as (ann, _, _):
        second = await ann.page.context.new_page()
        await second.goto(ann.page.url)
        await second.get_by_role("button", name="Continue as ann here").wait_for()
        assert await ann.seat("seat.status") == "live", "nothing is taken before the answer"
        await second.get_by_role("button", name="Join as somebody else").click()
        await second.wait_for_url("**profile=a*")
        await second.get_by_role("button", name="Watch").wait_for()
        await second.get_by_label("Your name").fill("cid")
        await second.get_by_role("button", name="Watch").click()
        cid = Person(second, "cid")
        await cid.until("seat.status === 'live' && seat.name === 'cid'")
        assert await ann.seat("seat.status") == "live"
        await second.reload()
        await cid.until("seat.status === 'live' && seat.name === 'cid'")
        await ann.page.reload()
        await ann.until("seat.status === 'live' && seat.name === 'ann'")


async def test_a_page_that_plays_by_itself_says_once_that_it_is_ready(world: World):
    room = await garden(world)
    async with people(world) as one, people(world) as other:
        said = count_ready(one)
        ann = await enter(one, world, room, "ann")
        bob = await enter(other, world, room, "bob")
        await ann.plays(5)
        await bob.plays(5)
        assert sum(frame.count("/players/me/ready") for frame in said) == 1


async def test_somebody_who_just_came_is_not_called_back(world: World):
    async with two(world) as (ann, bob, room), people(world) as others:
        await play(ann, bob)
        eve = await enter(others, world, room, "eve", watch=True)
        await eve.reads("you joined at turn")
        await eve.page.reload()
        await eve.reads("you are back: ")


async def test_a_loss_is_told_on_both_sides(world: World):
    async with two(world) as (ann, bob, _):
        await play(ann, bob)
        await bob.seat("seat.dev.drop(300)")
        await ann.reads("bob's connection was lost")
        await ann.reads("bob reconnected")
        await bob.reads("turns caught up, 0 commands lost")
        await bob.until("seat.meters().losses === 1")


async def test_who_leaves_for_good_is_asked_once_and_told(world: World):
    async with two(world) as (ann, bob, _):
        leave = bob.page.get_by_role("button", name="Leave")
        await leave.click()
        assert "give up your place" in await leave.inner_text()
        await leave.click()
        await bob.reads("You left the room.")
        await ann.reads("bob has left")
        await bob.page.get_by_role("button", name="Join again").click()
        await bob.page.get_by_label("Your name").wait_for()


async def test_a_line_of_chat_is_as_long_as_the_room_allows(world: World):
    room = await world.room(
        QUICK.replace("policy pace", "policy chat { characters = 12 }\n  policy pace")
    )
    async with people(world) as browser:
        ann = await come(await browser.new_page(), world, room, "ann")
        said = ann.page.get_by_label("Chat message")
        await said.click()
        await said.press_sequentially("a line that is longer")
        assert await said.input_value() == "a line that "


async def test_lines_of_chat_are_text_and_never_markup(world: World):
    async with two(world) as (ann, bob, _):
        await ann.page.get_by_label("Chat message").fill("<b id=evil>hello</b>")
        await ann.page.get_by_role("button", name="Send").click()
        await bob.reads("ann says: <b id=evil>hello</b>")
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
        await dawid.page.get_by_label("Chat message").fill("שלום\u202e ann")
        await dawid.page.get_by_role("button", name="Send").click()
        await ann.reads("שלום ann")
        for text in ("שלום ann", "takes seat 2"):
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


async def test_a_room_that_is_waking_up_is_waited_for(world: World):
    room = await garden(world)
    asked = 0

    async def answer(route: Route) -> None:
        nonlocal asked
        if route.request.resource_type == "document":
            await route.continue_()
            return
        asked += 1
        if asked > 2:
            await route.continue_()
            return
        body = {"status": 503, "code": "waking", "title": "The room is waking up.",
                "type": "urn:gameroom:problem:waking", "detail": "The room is waking up.",
                "retry_after_ms": 20 if asked > 1 else 400}  # fmt: skip
        await route.fulfill(status=503, json=body, content_type="application/problem+json")

    async with people(world) as one:
        page = await one.new_page()
        await page.route(f"**/join/{room}*", answer)
        await page.goto(f"{world.address}/join/{room}")
        await page.get_by_text(
            "The room is waking up. This page continues automatically."
        ).wait_for()
        await page.get_by_label("Your name").fill("ann")
        await page.get_by_role("button", name="Join").click()
        await page.get_by_role("button", name="I am ready").wait_for()
        assert asked >= 3


async def test_an_address_of_no_room_says_what_to_do(world: World):
    async with people(world) as context:
        page = await context.new_page()
        await page.goto(f"{world.address}/join/nothing-here")
        await page.get_by_text("There is no such room").wait_for()


@pytest.mark.parametrize("width", [360, 1920])
async def test_the_page_fits_and_its_targets_can_be_touched(
    world: World, browser: Browser, width: int
):
    room = await garden(world)
    context = await browser.new_context(viewport={"width": width, "height": 740})
    context.set_default_timeout(PATIENCE_MS)
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
