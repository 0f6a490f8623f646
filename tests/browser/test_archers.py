"""Archers in a real browser: equal games, reloads, corruption, viewers, the back button."""

from __future__ import annotations

import asyncio

import pytest

from gameroom.lockstep.packets import Diverged
from tests.browser.people import Person, agree, enter, people
from tests.browser.world import QUICK, World, packets

pytestmark = pytest.mark.asyncio(loop_scope="session")

TURNS = 300


async def send(person: Person, numbers: range) -> None:
    """One order for each number, told apart by where it leads."""
    await person.seat(
        "argument.map((x) => seat.send('move', { units: [1], x, y: 1000 }))", list(numbers)
    )


async def test_two_seats_and_a_watcher_play_300_turns_with_equal_checksums(world: World):
    room = await world.room()
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        bob = await enter(browsers, world, room, "bob")
        cid = await enter(browsers, world, room, "cid", watch=True)
        everybody = (ann, bob, cid)
        await asyncio.gather(*(person.plays(TURNS) for person in everybody))
        await agree(everybody, TURNS - 200, 50)
        assert [await person.seat("seat.seat") for person in everybody] == [0, 1, None]
        assert [person.faults for person in everybody] == [[], [], []]
    events = world.journal(room)
    verdicts = [packet.checksum for packet in packets(events) if packet.checksum is not None]
    assert verdicts[-1].generation >= TURNS - 10
    assert len(verdicts) >= TURNS / 2
    assert not [event for event in events if isinstance(event.body, Diverged)]


async def test_a_reload_comes_back_to_the_seat_with_no_command_lost_or_doubled(world: World):
    room = await world.room()
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        bob = await enter(browsers, world, room, "bob")
        await ann.plays(20)
        await send(ann, range(100, 110))
        await ann.page.reload()
        await ann.until("seat.status === 'live' && seat.isRunning")
        assert await ann.seat("seat.seat") == 0
        await send(ann, range(110, 120))
        await ann.until("seat.meters().commands.waiting === 0")
        back_at = await bob.seat("seat.generation")
        await asyncio.gather(ann.plays(back_at + 10), bob.plays(back_at + 10))
        counts = await ann.seat("seat.meters().commands")
        assert (counts["lost"], counts["doubled"]) == (0, 0)
        await agree((ann, bob), back_at, 1)
    mine = [said.body["x"] for said in world.commands(room, 0) if said.body.get("units") == [1]]
    assert [x for x in mine if 100 <= x < 120] == list(range(100, 120))


async def test_commands_of_a_dropped_connection_arrive_once(world: World):
    room = await world.room()
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        await enter(browsers, world, room, "bob")
        await ann.plays(20)
        for first in (200, 210, 220):
            await send(ann, range(first, first + 5))
            await ann.seat("seat.dev.drop(300)")
            await send(ann, range(first + 5, first + 10))
            await ann.until("seat.status === 'live'")
        await ann.until("seat.meters().commands.waiting === 0")
        last = await ann.seat("seat.closed")
        await ann.plays(last + 5)
    xs = [said.body["x"] for said in world.commands(room, 0) if said.body.get("units") == [1]]
    assert [x for x in xs if 200 <= x < 230] == list(range(200, 230))


async def duplicated(person: Person) -> Person:
    """The same tab once more, with a copy of all that its session keeps."""
    async with person.page.context.expect_page() as opened:
        await person.page.evaluate("void open(location.href)")
    return Person(await opened.value, person.name)


async def test_an_order_that_waits_in_a_duplicated_tab_is_played_once(world: World):
    room = await world.room()
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        bob = await enter(browsers, world, room, "bob")
        await ann.plays(20)
        await ann.seat("seat.dev.drop(600_000)")
        await send(ann, [300])
        copy = await duplicated(ann)
        await copy.until("seat.status === 'live' && seat.meters().commands.waiting === 0")
        await send(copy, [301])
        await copy.until("seat.meters().commands.waiting === 0")
        await ann.seat("seat.dev.drop(0)")
        await copy.until("seat.status === 'displaced'")
        await send(ann, [301])
        await ann.until("seat.meters().commands.waiting === 0")
        await ann.plays(await bob.seat("seat.closed"))
        counts = await ann.seat("seat.meters().commands")
        assert (counts["lost"], counts["doubled"], counts["refused"]) == (0, 0, 0)
    xs = [said.body["x"] for said in world.commands(room, 0) if said.body.get("units") == [1]]
    assert [x for x in xs if x >= 300] == [300, 301, 301], "from each tab one that looks alike"


async def test_a_corrupted_engine_halts_the_room_and_is_named(world: World):
    # Three have to be ready: with two nobody could tell who is right.
    room = await world.room(QUICK.replace("extends archers {", "extends archers {\n  players 3..3"))
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        bob = await enter(browsers, world, room, "bob")
        cid = await enter(browsers, world, room, "cid")
        await bob.plays(20)
        await bob.seat("seat.dev.corrupt()")
        for person in (ann, bob, cid):
            await person.is_in("running.paused.diverged")
        (told,) = [event.body for event in world.journal(room) if isinstance(event.body, Diverged)]
        await ann.reads(f"Checksums differ at turn {told.generation}: bob versus")


async def test_who_comes_late_is_a_viewer(world: World):
    room = await world.room()
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        await enter(browsers, world, room, "bob")
        await ann.plays(20)
        async with people(world) as others:
            late = await enter(others, world, room, "late")
            assert await late.seat("seat.seat") is None
            seen = await ann.seat("seat.closed") + 10
            await asyncio.gather(late.plays(seen), ann.plays(seen))
            await agree((late, ann), 20, 1)
            refused = await late.seat(
                "new Promise((heard) => { seat.on('rejected', heard);"
                " seat.send('move', { units: [1], x: 1, y: 1 }); })"
            )
            assert "watching" in refused["detail"]


async def test_back_and_forward_come_back_to_the_same_seat(world: World):
    room = await world.room()
    async with people(world) as browsers:
        ann = await enter(browsers, world, room, "ann")
        await enter(browsers, world, room, "bob")
        await ann.plays(20)
        user = await ann.seat("seat.user")
        await ann.page.goto(f"{world.address}/livez")
        await ann.page.go_back()
        await ann.until("seat.status === 'live' && seat.isRunning")
        await ann.page.go_back()
        await ann.page.go_forward()
        await ann.until("seat.status === 'live' && seat.isRunning")
        assert (await ann.seat("seat.user"), await ann.seat("seat.seat")) == (user, 0)
        await ann.plays(await ann.seat("seat.closed") + 5)
