"""The Python client against a real server on loopback: sockets, subprotocols, returns."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from gameroom.client import ClosedError, LedgerEngine, RefusedError, Seat, join
from gameroom.lockstep.packets import Chat, Command, MasterPacket
from gameroom.wire import JSON, MSGPACK, Close, Codec, EventFrame, read_definition
from tests.client.running import ROOM, RunningServer, reach, seated, start


class Diary(LedgerEngine):
    """A ledger that remembers its checksum after every turn. Its state is large, as a game's."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[int, int] = {}

    def step(self, generation, iterations, commands, states, seats):
        super().step(generation, iterations, commands, states, seats)
        self.pages[generation] = self.value
        return ()

    def snapshot(self):
        return [self.value, *range(100_000)]

    def restore(self, state):
        super().restore(state[0])


async def test_eight_players_and_a_watcher_in_both_subprotocols(running: RunningServer) -> None:
    diaries = [Diary() for _ in range(9)]
    async with AsyncExitStack() as stack:
        places = [
            await stack.enter_async_context(
                join(
                    running.url,
                    name=f"player {number}",
                    spectate=number == 8,
                    subprotocol=(MSGPACK, JSON)[number % 2],
                    engine=diaries[number],
                )
            )
            for number in range(9)
        ]
        players = places[:8]
        assert [seat.seat for seat in places] == [0, 1, 2, 3, 4, 5, 6, 7, None]
        await players[0].configure(map="islands", gold=500)
        await start(players)
        for step in range(50):
            player = players[step % 8]
            player.command("move", units=[step, step + 1], x=step, y=0)
            if step % 10 == 9:
                players[3].drop()
            await reach([player], player.generation + 1)
        await reach(places, 70)
        assert {tuple(sorted(seat.setup.items())) for seat in places} == {
            (("gold", 500), ("map", "islands"))
        }
        assert players[3].returns > 0
        log = [tuple(one.command for one in player.log) for player in players]
        codec = Codec(MSGPACK, read_definition(players[0].definition))
    for generation in range(1, 71):
        assert len({diary.pages[generation] for diary in diaries}) == 1, generation
    await running.shut()
    said = commanded(running.journal(codec))
    wanted = [
        [
            Command("move", {"units": [step, step + 1], "x": step, "y": 0})
            for step in range(number, 50, 8)
        ]
        for number in range(8)
    ]
    assert [said[number] for number in range(8)] == wanted
    assert [list(one) for one in log] == wanted


def commanded(journal: Sequence[EventFrame]) -> dict[int, list[Command]]:
    """By seat, the commands in the master packets of a journal."""
    found: dict[int, list[Command]] = {}
    for frame in journal:
        if isinstance(frame.body, MasterPacket):
            for part in frame.body.commands:
                found.setdefault(part.seat, []).extend(part.commands)
    return found


@pytest.mark.parametrize("subprotocol", [JSON, MSGPACK])
async def test_twenty_drops_lose_and_double_nothing(
    running: RunningServer, subprotocol: str
) -> None:
    async with join(running.url, name="ann", subprotocol=subprotocol, hurry=True) as ann:
        await start([ann])
        for number in range(100):
            ann.command("move", units=[number], x=number, y=0)
            if number % 5 == 2:
                ann.drop()
            await reach([ann], ann.generation + 1)
        await ann.until(lambda seat: seat.replica.waiting == 0)
        assert ann.returns == 20
        assert not ann.refusals
        codec = Codec(MSGPACK, read_definition(ann.definition))
    await running.shut()
    assert [one.body["x"] for one in commanded(running.journal(codec))[0]] == list(range(100))


async def test_everybody_may_lose_the_connection_at_once(running: RunningServer) -> None:
    async with seated(running, 3) as seats:
        for _ in range(3):
            for seat in seats:
                seat.drop()
            await reach(seats, max(seat.generation for seat in seats) + 10)


async def test_a_restarted_server_is_found_again_and_nothing_is_lost(
    running: RunningServer,
) -> None:
    async with seated(running, 2) as (ann, bob):
        for number in range(60):
            ann.command("move", units=[1], x=number, y=0)
            bob.command("move", units=[2], x=number, y=0)
            if number % 20 == 10:
                await running.shut()
                await running.open()
            await reach([ann, bob], max(ann.generation, bob.generation) + 1)
        for seat in (ann, bob):
            await seat.until(lambda seat: seat.replica.waiting == 0)
        codec = Codec(MSGPACK, read_definition(ann.definition))
    await running.shut()
    said = commanded(running.journal(codec))
    assert [[one.body["x"] for one in said[seat]] for seat in (0, 1)] == [list(range(60))] * 2


async def test_a_question_while_the_connection_breaks_is_asked_again(
    running: RunningServer,
) -> None:
    async with seated(running, 1) as (ann,):
        assert ann._link.line is not None
        connection = ann._link.line._response.connection
        assert connection is not None
        assert connection.transport is not None
        # From now on nothing can be sent; that the connection is gone, its reader learns later.
        connection.transport.abort()
        # Whoever would ask again and again meanwhile soon has no id left.
        ann._link._ids = iter(range(1000, 1020))  # type: ignore[assignment]
        await ann.ask("GET", "/time")
        assert ann.returns == 1


async def test_a_token_leads_a_fresh_program_back_to_its_seat(running: RunningServer) -> None:
    async with (
        seated(running, 2) as (ann, bob),
        join(running.url, token=bob.token, hurry=True) as again,
    ):
        assert (again.user, again.seat, again.name) == (bob.user, 1, "player 1")
        with pytest.raises(ClosedError, match="took this seat") as closed:
            await bob.until(lambda seat: False)
        assert closed.value.code == Close.DISPLACED
        await reach([ann, again], ann.generation + 20)
        again.command("move", units=[1], x=1, y=1)
        await again.until(lambda seat: len(seat.log) == 1)


async def test_a_token_of_nobody_is_refused(running: RunningServer) -> None:
    with pytest.raises(RefusedError) as refused:
        async with join(running.url, token="x" * 43):
            pass
    assert refused.value.problem.status == 401


async def test_a_room_that_is_not_there_is_refused(running: RunningServer) -> None:
    with pytest.raises(RefusedError) as refused:
        async with join(running.url + "x"):
            pass
    assert refused.value.problem.status == 404


async def test_what_is_refused_says_why_and_what_is_allowed(running: RunningServer) -> None:
    async with join(running.url, name="ann") as ann:
        with pytest.raises(RefusedError) as refused:
            await ann.request("surrender")
        problem = refused.value.problem
        assert (problem.status, problem.state) == (409, "setup.gathering")
        assert "configure" in problem.allowed
        with pytest.raises(RefusedError, match="422"):
            await ann.configure(map="moon")
        with pytest.raises(RefusedError, match="404"):
            await ann.request("fly")
        with pytest.raises(ValueError, match="no command"):
            ann.command("fly")


async def test_a_command_that_the_state_refuses_is_told_to_its_sender_alone(
    running: RunningServer,
) -> None:
    async with seated(running, 2) as (ann, bob):
        await ann.until(lambda seat: seat.within("running.iterating.night"))
        ann.command("build", kind="tower", x=1, y=1)
        ann.command("move", units=[1], x=1, y=1)
        await ann.until(lambda seat: len(seat.log) == 1 and len(seat.refusals) == 1)
        (refusal,) = ann.refusals
        assert (refusal.index, refusal.problem.code) == (0, "not_now")
        assert not bob.refusals


async def test_chat_and_events_are_read_in_order(running: RunningServer) -> None:
    async with join(running.url, name="ann") as ann, join(running.url, subprotocol=JSON) as bob:
        told: list[object] = []

        async def listen() -> None:
            async for frame in bob.events():
                if isinstance(frame.body, Chat):
                    told.append(frame.body)
                    if len(told) == 3:
                        return

        listening = asyncio.create_task(listen())
        await bob.ask("GET", "/time")
        for text in ("one", "two", "three"):
            await ann.chat(text)
        await listening
        assert told == [Chat("ann", "one"), Chat("ann", "two"), Chat("ann", "three")]


async def test_who_leaves_is_gone(running: RunningServer) -> None:
    async with join(running.url, name="ann") as ann, join(running.url, name="bob") as bob:
        await ann.until(lambda seat: len(seat.roster.seats) == 2)
        await bob.leave()
        await ann.until(lambda seat: [one.name for one in seat.roster.seats] == ["ann"])
        with pytest.raises(ClosedError):
            await bob.ready()
        with pytest.raises(RefusedError):
            async with join(running.url, token=bob.token):
                pass


async def test_a_room_that_ends_closes_its_seats(running: RunningServer) -> None:
    async with seated(running, 1) as (ann,):
        await ann.request("surrender")
        with pytest.raises(ClosedError) as closed:
            await ann.until(lambda seat: False)
        assert closed.value.code == Close.ENDED
        assert ann.replica.ended is not None
        assert ann.replica.ended.because == "somebody gave up"


async def test_an_engine_that_refuses_the_setup_says_why(running: RunningServer) -> None:
    class Picky(LedgerEngine):
        def check(self, setup, seats, seed):
            return () if setup["map"] == "islands" else ("this map has no islands",)

    async with join(running.url, name="ann", engine=Picky()) as ann:
        await ann.ready()
        await ann.until(lambda seat: seat.within("setup.starting"))
        assert await ann.load() == ("this map has no islands",)
        await ann.until(lambda seat: seat.within("setup.gathering"))
        await ann.configure(map="islands")
        await start([ann])


async def test_a_fault_of_the_engine_ends_the_seat_and_is_told(running: RunningServer) -> None:
    class Broken(LedgerEngine):
        def step(self, generation, iterations, commands, states, seats):
            raise ZeroDivisionError("the tenth archer")

    async with join(running.url, name="ann", engine=Broken()) as ann:
        await ann.ready()
        await ann.until(lambda seat: seat.within("setup.starting"))
        await ann.load()
        with pytest.raises(ZeroDivisionError, match="the tenth archer"):
            await ann.until(lambda seat: False)


OFTEN = ROOM.replace("  request", "  policy snapshots { every = 40 turns }\n  request", 1)


@pytest.mark.parametrize("subprotocol", [JSON, MSGPACK])
async def test_who_comes_late_goes_on_from_what_the_others_have(
    running: RunningServer, subprotocol: str
) -> None:
    """Ann and bob play; cid comes late, and the turns before the snapshot are not run again."""
    room = await running.create(OFTEN)
    diaries = [Diary() for _ in range(3)]
    async with AsyncExitStack() as stack:

        async def come(number: int, **wish: bool) -> Seat:
            name, engine = f"player {number}", diaries[number]
            return await stack.enter_async_context(
                join(room, name=name, engine=engine, subprotocol=subprotocol, **wish)
            )

        ann, bob = await come(0), await come(1)
        await start([ann, bob])
        ann.command("move", units=[1], x=2, y=3)
        await reach([ann, bob], 120)
        assert running.snapshots()
        cid = await come(2, spectate=True)
        await reach([cid, ann, bob], ann.generation + 20)
        assert cid.setup == ann.setup
    first = min(diaries[2].pages)
    assert first % 40 == 1
    assert first > 40
    for generation, value in diaries[2].pages.items():
        assert diaries[0].pages.get(generation, value) == value, generation


async def test_a_late_player_takes_a_seat_and_commands_like_the_others(
    running: RunningServer,
) -> None:
    text = OFTEN.replace("allow move, build, surrender from", "allow move, surrender, join from")
    room = await running.create(text.replace("allow move, surrender from", "allow move, join from"))
    diaries = [Diary() for _ in range(3)]
    async with AsyncExitStack() as stack:

        async def come(number: int) -> Seat:
            name, engine = f"player {number}", diaries[number]
            return await stack.enter_async_context(join(room, name=name, engine=engine))

        ann, bob = await come(0), await come(1)
        await start([ann, bob])
        await reach([ann, bob], 120)
        cid = await come(2)
        assert cid.seat == 2
        cid.command("move", units=[7], x=8, y=9)
        await cid.until(lambda seat: seat.log)
        await reach([ann, bob, cid], cid.log[0].generation + 20)
    assert min(diaries[2].pages) > 40
    for generation, value in diaries[2].pages.items():
        assert diaries[0].pages.get(generation, value) == value, generation
    await running.shut()
    codec = Codec(MSGPACK, read_definition(cid.definition))
    assert commanded(running.journal(codec)) == {
        2: [Command("move", {"units": [7], "x": 8, "y": 9})]
    }


async def test_an_engine_that_cannot_restore_is_told_everything(running: RunningServer) -> None:
    room = await running.create(OFTEN)

    class Forgetful(Diary):
        def restore(self, state: object) -> None:
            raise ValueError("what is this?")

    late = Forgetful()
    async with join(room, name="ann", engine=(diary := Diary())) as ann:
        await start([ann])
        await reach([ann], 120)
        assert running.snapshots()
        async with join(room, name="cid", spectate=True, engine=late, hurry=True) as cid:
            await reach([cid], 120)
    assert min(late.pages) == 1
    assert late.pages[120] == diary.pages[120]
