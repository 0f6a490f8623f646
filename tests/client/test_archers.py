"""The shipped archers with eight Python clients, both subprotocols, on a real server."""

from contextlib import AsyncExitStack

from gameroom.client import LedgerEngine, Seat, join
from gameroom.lockstep.packets import Diverged, MasterPacket
from gameroom.wire import JSON, MSGPACK, Codec, read_definition
from tests.client.running import RunningServer, reach, start

QUICK = """
language 1
use "archers"
room "Quick archers" extends archers {
  policy pace { tick = 50 per second  turn = 20ms..40ms  ahead = auto }
}
"""
GENERATIONS = 300


class Diary(LedgerEngine):
    """A replica that remembers its checksums, and can be made to go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[int, int] = {}
        self.is_corrupt = False

    def step(self, generation, iterations, commands, states, seats):
        super().step(generation, iterations, commands, states, seats)
        self.value ^= self.is_corrupt
        self.pages[generation] = self.value
        return ()


async def seated(stack: AsyncExitStack, running: RunningServer, diaries: list[Diary]) -> list[Seat]:
    return [
        await stack.enter_async_context(
            join(
                running.url,
                name=f"player {number}",
                subprotocol=(MSGPACK, JSON)[number % 2],
                engine=diary,
            )
        )
        for number, diary in enumerate(diaries)
    ]


async def test_300_generations_with_equal_checksums_and_a_return(running: RunningServer) -> None:
    await running.create(QUICK)
    diaries = [Diary() for _ in range(8)]
    async with AsyncExitStack() as stack:
        players = await seated(stack, running, diaries)
        await start(players)
        late, late_diary = None, Diary()
        for number in range(60):
            sender = players[number % 8]
            sender.command("move", units=[number + 1], x=number, y=number)
            if number == 20:
                players[2].drop()
                late = await stack.enter_async_context(
                    join(running.url, name="late", engine=late_diary)
                )
            await reach([sender], sender.generation + 4)
        assert late is not None
        assert late.seat is None, "the seats are locked: who comes late watches"
        await reach([*players, late], GENERATIONS)
        for player in players:
            await player.until(lambda seat: seat.replica.waiting == 0)
        codec = Codec(MSGPACK, read_definition(players[0].definition))
    for generation in range(1, GENERATIONS + 1):
        pages = {diary.pages[generation] for diary in (*diaries, late_diary)}
        assert len(pages) == 1, generation
    await running.shut()
    masters = [one.body for one in running.journal(codec) if isinstance(one.body, MasterPacket)]
    sent = sorted(
        command.body["x"]
        for master in masters
        for part in master.commands
        for command in part.commands
    )
    assert sent == list(range(60)), "every command once"
    agreed = [master.checksum for master in masters if master.checksum is not None]
    assert all(one.value == diaries[0].pages[one.generation] for one in agreed)
    assert agreed[-1].generation > GENERATIONS - 20


async def test_a_corrupted_engine_halts_the_room_and_is_named(running: RunningServer) -> None:
    await running.create(QUICK)
    diaries = [Diary() for _ in range(8)]
    async with AsyncExitStack() as stack:
        players = await seated(stack, running, diaries)
        await start(players)
        await reach(players, 10)
        diaries[5].is_corrupt = True
        for player in players:
            await player.until(lambda seat: "running.paused.diverged" in seat.states)
        codec = Codec(MSGPACK, read_definition(players[0].definition))
    await running.shut()
    (verdict,) = [one.body for one in running.journal(codec) if isinstance(one.body, Diverged)]
    assert (verdict.seats, verdict.decidable) == ((5,), True)
    first = min(g for g in diaries[5].pages if diaries[5].pages[g] != diaries[0].pages[g])
    assert verdict.generation == first
