"""Snapshots of a real game in a real browser: late comers, returns, repair, a poisoned state."""

from __future__ import annotations

import pytest

from gameroom.lockstep.canonical import hash32
from gameroom.lockstep.packets import Verified
from tests.browser.people import Person, agree, enter, people
from tests.browser.world import QUICK, World, packets

pytestmark = pytest.mark.asyncio(loop_scope="session")

OFTEN = QUICK.replace("  policy pace", "  policy snapshots { every = 25 turns }\n  policy pace")
MENDING = OFTEN.replace(
    "extends archers {", "extends archers {\n  players 3..3"
).rstrip().removesuffix("}") + (
    "  extend state running {\n    on diverged if event.decidable do { repair diverged }\n  }\n}\n"
)


async def restored(person: Person) -> int:
    """The first generation that this page's engine has run itself."""
    return await person.seat("seat.meters().resumedFrom")


async def kept(world: World, room: str, person: Person, generation: int) -> None:
    """Play until a snapshot of this turn or a later one is kept."""
    await person.plays(generation)
    await person.until("seat.generation >= argument", generation)
    runner = world.runner(room)
    while (latest := runner.snapshots.latest(runner.now)) is None or latest.generation < generation:
        await person.plays(await person.seat("seat.generation") + 1)


async def test_who_comes_late_goes_on_from_a_snapshot(world: World):
    room = await world.room(OFTEN)
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        bob = await enter(browsers, world, room, "bob")
        await kept(world, room, ann, 75)
        eve = await enter(browsers, world, room, "eve", watch=True)
        begun = await restored(eve)
        assert begun >= 75
        await agree((eve, ann, bob), begun + 1, 10)
        await eve.until("seat.agreed > argument", begun)
        await eve.reads("you see the same game as the players.")
        assert [person.faults for person in (ann, bob, eve)] == [[], [], []]
    verified = [event.body for event in world.journal(room) if isinstance(event.body, Verified)]
    assert {one.generation % 25 for one in verified} == {0}
    assert len(verified) >= 3


async def test_a_reload_in_a_long_game_comes_back_over_a_snapshot(world: World):
    room = await world.room(OFTEN)
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        bob = await enter(browsers, world, room, "bob")
        await kept(world, room, ann, 75)
        await ann.seat("seat.send('move', { units: [1], x: 4, y: 1000 })")
        await ann.page.reload()
        await ann.until("seat.status === 'live' && seat.generation > 75")
        assert await restored(ann) >= 75
        await ann.until("seat.meters().commands.waiting === 0")
        begun = await ann.seat("seat.generation")
        await agree((ann, bob), begun, 10)
        counts = await ann.seat("seat.meters().commands")
        assert (counts["lost"], counts["doubled"]) == (0, 0)
    mine = [said.body["x"] for said in world.commands(room, 0) if said.body.get("units") == [1]]
    assert mine.count(4) == 1


async def test_a_diverged_engine_is_mended_from_a_snapshot(world: World):
    room = await world.room(MENDING)
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        bob = await enter(browsers, world, room, "bob")
        cid = await enter(browsers, world, room, "cid")
        await kept(world, room, ann, 75)
        assert (await cid.seat("seat.dev.corrupt()"))["path"] is not None
        await cid.until("seat.roster.seats[2].repairing")
        await cid.until("!seat.roster.seats[2].repairing && !seat.roster.seats[2].diverged")
        assert await restored(cid) >= 75
        healed = await cid.seat("seat.generation")
        await agree((cid, ann), healed, 5)
        assert [person.faults for person in (ann, bob, cid)] == [[], [], []]


async def test_a_room_s_states_are_those_of_its_engines(world: World):
    """What the server keeps is what the engine has: restored, its checksum is the agreed one."""
    room = await world.room(OFTEN)
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        await enter(browsers, world, room, "bob")
        await kept(world, room, ann, 50)
        runner = world.runner(room)
        snapshot = runner.snapshots.latest(runner.now)
        assert snapshot is not None
        state = await runner.snapshots.state(snapshot.generation, runner.now)
        assert state is not None
        assert len(state) == snapshot.size
        own = await ann.seat("seat.checksum(argument)", snapshot.generation)
    assert hash32([int(n) for n in state.decode().strip("[]").split(",")]) == own


async def test_a_late_watcher_checks_what_it_sees(world: World):
    late = OFTEN.replace("extends archers {", "extends archers {\n  spectators 0..9 delay 2s")
    room = await world.room(late)
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        await enter(browsers, world, room, "bob")
        eve = await enter(browsers, world, room, "eve", watch=True)
        await eve.plays(40)
        turn = next(one for one in packets(world.journal(room)) if one.generation == 40)
        assert world.age_ms(room, turn) >= 2_000
        await eve.until("seat.agreed >= 30")
        await eve.reads("you see the same game as the players, 2 s later.")
        await eve.seat("seat.dev.corrupt()")
        await eve.reads("this page has been out of sync with the players")
        assert await ann.seat("seat.isRunning")
        assert (ann.faults, eve.faults) == ([], [])
