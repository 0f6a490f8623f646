"""A person at a browser: a tab of its own on the page of a room, and what it shows.

Waiting is always for a condition in the page; Playwright asks it again at every frame.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import BrowserContext, Page

from tests.browser.world import World
from tests.patience import PATIENCE_MS

# `dev=1` makes the page of a room hold out a promise of its seat. A condition that is waited
# for must answer at once, so it keeps the seat when the promise gives it.
WITH_SEAT = "async (argument) => { const seat = await window.gameroom.seat; return %s; }"
ONCE_SEATED = """(argument) => {
  window.gameroom?.seat.then((seat) => { window.seated = seat; });
  const seat = window.seated;
  return seat !== undefined && (%s);
}"""


class Person:
    """One tab with a seat (or a watcher's place) in a room."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def seat(self, expression: str, argument: object = None) -> Any:
        """The value of a JavaScript expression about this page's `seat`."""
        return await self.page.evaluate(WITH_SEAT % expression, argument)

    async def until(self, condition: str, argument: object = None) -> None:
        """Wait until a JavaScript condition about `seat` holds."""
        await self.page.wait_for_function(ONCE_SEATED % condition, arg=argument)

    async def plays(self, generation: int) -> None:
        """Wait until this engine has run the generation."""
        await self.until("seat.generation >= argument", generation)

    async def checksums(self, since: int) -> dict[int, int]:
        """By generation, those of this engine. One that catches up has not all of them."""
        told = await self.seat(
            "Array.from({ length: seat.generation - argument + 1 }, (_, i) => argument + i)"
            ".map((of) => [of, seat.checksum(of) ?? null])",
            since,
        )
        return {generation: value for generation, value in told if value is not None}

    async def is_in(self, state: str) -> None:
        await self.until("seat.states.includes(argument)", state)

    async def reads(self, text: str) -> None:
        """Wait until the page shows this text."""
        await self.page.get_by_text(text).first.wait_for()


def agreed(first: dict[int, int], *others: dict[int, int]) -> int:
    """For how many generations all of them have a checksum; fails where these differ."""
    common = set(first).intersection(*others)
    for generation in common:
        assert {values[generation] for values in (first, *others)} == {first[generation]}, (
            generation
        )
    return len(common)


async def agree(persons: Sequence[Person], since: int, turns: int) -> None:
    """All of them play until so many turns from `since` on were compared, and were the same. An
    engine that catches up has a checksum of some turns only."""
    while agreed(*[await person.checksums(since) for person in persons]) < turns:
        await persons[0].plays(await persons[0].seat("seat.generation") + turns)


@asynccontextmanager
async def people(world: World) -> AsyncIterator[BrowserContext]:
    """Browsers of strangers: no cookie is shared with any other test."""
    context = await world.browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        await context.close()


async def enter(
    context: BrowserContext, world: World, room: str, name: str, *, watch: bool = False
) -> Person:
    """Open the room's page as this person, who takes what the page does by itself."""
    person = Person(await context.new_page(), name)
    wish = f"profile={name}&name={name}&auto=1&dev=1" + ("&spectate=1" if watch else "")
    await person.page.goto(f"{world.address}/join/{room}?{wish}")
    await person.until("seat.status === 'live'")
    return person
