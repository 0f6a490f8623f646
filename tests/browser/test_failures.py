"""Engines that fail in a real Chromium: named in their page and to the others, who play on."""

from __future__ import annotations

import logging

import pytest

from gameroom.lockstep.packets import Failed
from gameroom.server import bodies
from gameroom.server.services import SERVICES
from tests.browser.people import Person, enter, people
from tests.browser.test_sandbox import ALONE, ENGINE
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

TWO = ALONE.replace("players 1..1", "players 2..2").replace(
    "  policy pace", "  signal won { by: int 0..9 } agreed by all\n  policy pace"
)
STEP = "step({ generation }) {"


def at_nine(does: str) -> str:
    """The engine does this at turn 9."""
    return ENGINE.replace(STEP, f"{STEP} if (generation === 9) {{ {does} }}")


async def alone(world: World, engine: str, text: str = ALONE) -> str:
    made = await world.app[SERVICES].lobby.create(
        bodies.Create(room=text, engine=bodies.CodeBody(source=engine))
    )
    return made.id


def failed(world: World, room: str) -> list[Failed]:
    return [one.body for one in world.journal(room) if isinstance(one.body, Failed)]


@pytest.mark.parametrize(
    ("does", "text"),
    [
        (
            "return Promise.resolve([]);",
            "step() returned a promise: it must return its signals directly",
        ),
        ("return 7;", "step() returned number, not a list of signals"),
        (
            "throw { get message() { throw 1; }, toString() { throw 2; } };",
            "it threw a value that cannot be described",
        ),
        ("for (;;) ;", "it has not responded for 0.4 s"),
    ],
)
async def test_what_an_engine_does_wrong_is_named_with_its_turn(
    world: World, does: str, text: str
) -> None:
    room = await alone(world, at_nine(does))
    async with people(world) as context:
        page = await context.new_page()
        person = Person(page, "ann")
        wish = "name=ann&auto=1&dev=1&step_ms=400"
        await page.goto(f"{world.address}/join/{room}?{wish}")
        await person.reads("The game's engine failed at turn 9")
        await person.reads(text)
        await person.until("seat.roster.seats[0].failed")
        assert await page.get_by_role("button", name="Load the game").is_visible()
        assert not person.faults
    (said,) = failed(world, room)
    assert (said.seat, said.generation) == (0, 9)
    assert text in said.text


async def test_the_others_play_on_and_a_reload_comes_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Both have the same engine; cat's page breaks it by hand, as a bug of one machine would."""
    room = await alone(world, ENGINE, TWO)
    async with people(world) as context:
        with caplog.at_level(logging.WARNING, logger="gameroom.server.host.runner"):
            ann = await enter(context, world, room, "ann")
            cat = await enter(context, world, room, "cat")
            await ann.plays(10)
            await cat.seat("seat.dev.breakEngine('out of memory')")
            await ann.reads("cat's engine failed at turn")
            await cat.reads("The game's engine failed at turn")
        at = await ann.seat("seat.generation")
        await ann.plays(at + 50)
        assert "cat's engine failed at turn" in caplog.text
        await cat.page.get_by_role("button", name="Load the game").click()
        await ann.until("!seat.roster.seats[1].failed")
        at = await ann.seat("seat.generation")
        await cat.plays(at + 10)
        await ann.plays(at + 10)


async def test_a_signal_that_does_not_fit_is_named_and_the_game_goes_on(world: World) -> None:
    raises = "return [{ name: 'wonn' }, { name: 'won', body: { by: 0.5 } }, null, { name: 'won' }];"
    room = await alone(world, at_nine(raises), TWO)
    async with people(world) as context:
        ann = await enter(context, world, room, "ann")
        cat = await enter(context, world, room, "cat")
        for person in (ann, cat):
            await person.reads("There is no signal `wonn` in this room.")
            await person.reads("In `won`, `by` is not a whole number from 0 to 9.")
            await person.reads("In `won`, `by` is missing.")
            await person.plays(40)
            assert not person.faults
    assert failed(world, room) == []
