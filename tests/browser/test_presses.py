"""Every button that starts something, pressed twice: what the server hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, Download, Page, Route, WebSocket, expect

from tests.browser.people import Person, enter, people
from tests.browser.test_join_page import come, garden, play
from tests.browser.world import World
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Ear:
    """All that the pages of a browser say to the server: requests, sockets and their frames."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[str] = []
        self.sockets = 0
        self.frames: list[str] = []
        for page in context.pages:
            self._watch(page)
        context.on("page", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("request", lambda said: self.requests.append(f"{said.method} {said.url}"))
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        self.sockets += 1
        socket.on("framesent", self._frame)

    def _frame(self, frame: bytes | str) -> None:
        self.frames.append(frame if isinstance(frame, str) else frame.decode("latin-1"))

    def posts(self, part: str) -> int:
        return self.asked("POST ", part)

    def asked(self, *parts: str) -> int:
        return sum(all(part in one for part in parts) for one in self.requests)

    def sent(self, *parts: str) -> int:
        return sum(all(part in one for part in parts) for one in self.frames)


@asynccontextmanager
async def seated(world: World) -> AsyncIterator[tuple[Person, Person, Ear, str]]:
    """ann and bob before the game, and what ann's browser says."""
    room = await garden(world)
    async with people(world) as one, people(world) as other:
        ear = Ear(one)
        ann = await come(await one.new_page(), world, room, "ann")
        bob = await come(await other.new_page(), world, room, "bob")
        yield ann, bob, ear, room
        assert [ann.faults, bob.faults] == [[], []]


async def heard(person: Person) -> None:
    """Everything that this page has said until now has reached the server, and was answered."""
    await person.seat("fetch(location.href)")
    await person.seat("seat.chat('that was all')")


async def entry(page: Page, world: World, room: str, name: str) -> None:
    await page.goto(f"{world.address}/join/{room}?dev=1")
    await page.get_by_label("Your name").fill(name)


async def twice(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).dblclick()


BOTH_CLICKS = """(button) => {
  for (const detail of [1, 2]) {
    button.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail }));
  }
}"""


async def twice_and_away(page: Page, name: str) -> None:
    """A double click that leaves the page. The browser may never acknowledge a press that arrives
    during a navigation, so both clicks come before it begins."""
    await page.get_by_role("button", name=name, exact=True).evaluate(BOTH_CLICKS)


async def test_a_double_click_on_join_takes_one_seat_and_presses_nothing_else(world: World):
    room = await garden(world)
    async with people(world) as context:
        ear, page = Ear(context), await context.new_page()
        await entry(page, world, room, "ann")
        await twice(page, "Join")
        ann = Person(page, "ann")
        await ann.until("seat.status === 'live' && seat.roster.seats.length > 0")
        await heard(ann)
        assert ear.posts("/players") == 1
        assert ear.sent("/players/me/ready") == 0
        assert [row.name for row in world.runner(room).shown().roster.seats] == ["ann"]


async def test_a_double_click_on_watch_takes_one_place(world: World):
    room = await world.room()
    async with people(world) as context:
        ear, page = Ear(context), await context.new_page()
        await entry(page, world, room, "ann")
        await twice(page, "Watch")
        ann = Person(page, "ann")
        await ann.until("seat.status === 'live'")
        assert ear.posts("/players") == 1
        assert world.runner(room).shown().roster.spectators == 1


async def test_presses_while_a_join_is_under_way_are_the_same_join(world: World):
    """Slow ones, of both buttons, and the key Enter; the first answer is lost on its way."""
    room = await garden(world)
    async with people(world) as context:
        page = await context.new_page()
        asked, go = asyncio.Event(), asyncio.Event()
        keys: list[object] = []

        async def lose(route: Route) -> None:
            keys.append(route.request.post_data_json["idempotency_key"])
            if len(keys) == 1:
                asked.set()
                await go.wait()
                await route.fetch()
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/players?*", lose)
        await entry(page, world, room, "ann")
        for _ in range(2):
            await page.get_by_role("button", name="Join", exact=True).click()
        await page.get_by_label("Your name").press("Enter")
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        go.set()
        ann = Person(page, "ann")
        await ann.until("seat.status === 'live' && seat.roster.seats.length > 0")
        assert keys == [keys[0]] * 2, "sent once more after the loss"
        assert [row.name for row in world.runner(room).shown().roster.seats] == ["ann"]


async def test_double_clicks_in_a_room_are_heard_once(world: World):
    async with seated(world) as (ann, bob, ear, room):
        await twice(ann.page, "I am ready")
        await ann.until("seat.roster.seats[0].ready")
        await heard(ann)
        assert (ear.sent("/players/me/ready"), ear.sent("/players/me/ready", "DELETE")) == (1, 0)
        assert world.runner(room).shown().roster.seats[0].ready
        # Off and on again: two presses, each one twice.
        await twice(ann.page, "Ready (click to undo)")
        await ann.until("!seat.roster.seats[0].ready")
        await heard(ann)
        assert ear.sent("/players/me/ready") == 2
        await play(ann, bob)

        await twice(ann.page, "Vote: rain")
        await ann.page.get_by_label("depth").fill("2")
        await twice(ann.page, "Mulch")
        await heard(ann)
        assert (ear.sent("/requests/vote"), ear.sent("/requests/mulch")) == (1, 1)

        leave = ann.page.locator("#leave")
        await leave.dblclick()
        await heard(ann)
        assert ear.sent("DELETE", "/players/me") == 1, "ready alone: a double click does not leave"
        await leave.dblclick()
        await ann.reads("You left the room.")
        assert ear.sent("DELETE", "/players/me") == 2
        loads = ear.asked("GET ", f"/join/{room}?dev=1")
        await twice_and_away(ann.page, "Join again")
        await (
            ann.page.get_by_text("you may watch")
            .or_(ann.page.get_by_label("Your name"))
            .first.wait_for()
        )
        assert ear.asked("GET ", f"/join/{room}?dev=1") - loads == 1


async def test_a_key_that_is_held_is_one_press(world: World):
    async with seated(world) as (ann, _, ear, room):
        await ann.page.locator("#ready").focus()
        for _ in range(3):
            await ann.page.keyboard.down("Enter")
        await ann.page.keyboard.up("Enter")
        await ann.until("seat.roster.seats[0].ready")
        await heard(ann)
        assert ear.sent("/players/me/ready") == 1
        assert world.runner(room).shown().roster.seats[0].ready


async def test_double_clicks_between_two_tabs_move_the_seat_once(world: World):
    async with seated(world) as (ann, _, ear, room):
        page = await ann.page.context.new_page()
        await page.goto(ann.page.url)
        await twice(page, "Continue as ann here")
        second = Person(page, "ann")
        await second.until("seat.status === 'live'")
        assert (ear.posts("/players"), ear.sockets) == (2, 2), "here, and before"
        await ann.until("seat.status === 'displaced'")
        await ann.page.bring_to_front()
        await twice(ann.page, "Take back the seat")
        await ann.until("seat.status === 'live'")
        await second.until("seat.status === 'displaced'")
        await heard(ann)
        assert ear.sockets == 3
        await page.bring_to_front()
        await twice_and_away(page, "Join as somebody else")
        await page.get_by_label("Your name").wait_for()
        assert ear.asked(f"GET {world.address}/join/{room}?", "profile=") == 1
        assert len(world.runner(room).shown().roster.seats) == 2


async def test_double_clicks_after_a_game_ask_once(world: World):
    room = await world.room()
    async with people(world) as context:
        ear = Ear(context)
        ann, bob = [await enter(context, world, room, name) for name in ("ann", "bob")]
        await ann.plays(5)
        await bob.seat("seat.leave()")
        await ann.reads("The room has ended.")
        downloads: list[Download] = []
        ann.page.on("download", lambda one: downloads.append(one))
        async with ann.page.expect_download():
            await twice(ann.page, "Save the replay")
        await twice_and_away(ann.page, "Watch the replay")
        await ann.page.get_by_role("button", name="One turn forward").wait_for()
        assert ear.asked("GET ", "/replay?room=") == 1
        async with ann.page.expect_download() as saved:
            await twice(ann.page, "Save the replay")
        assert (await saved.value).suggested_filename.endswith(".replay")
        # These two are meant to be pressed in a row.
        await ann.page.get_by_role("button", name="One turn forward").dblclick()
        await expect(ann.page.locator("#place")).to_contain_text("turn 2 of")
        assert len(downloads) == 2, "one from each page"


async def test_double_clicks_on_the_demo_page_do_it_once(world: World):
    async with people(world) as context:
        ear, page = Ear(context), await context.new_page()
        await page.goto(f"{world.address}/demo")
        before = page.url
        await twice_and_away(page, "New game")
        await page.wait_for_url(lambda url: "room=" in url and url != before)
        await expect(page.locator(".seat[data-status=live]")).to_have_count(3)
        assert ear.posts("/demo") == 1
        loads = ear.asked("GET ", "profile=ann", "auto=1")
        await twice(page, "Reload ann's page")
        await expect(page.locator("#story")).to_contain_text("ann is back after a reload")
        assert ear.asked("GET ", "profile=ann", "auto=1") - loads == 1
        await twice(page, "Corrupt ann's engine")
        button = page.get_by_role("button", name="It may halt the game: click again")
        await expect(button).to_be_visible()
