"""What a room holds in memory: flat from the first minutes on, however long it plays."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from logging import Logger
from pathlib import Path
from types import FunctionType, ModuleType

from gameroom.chart import Chart
from gameroom.lockstep.packets import Checksum, ClientPacket, Command
from gameroom.model import RoomFile
from gameroom.room import Room, inputs
from gameroom.roomfile import read
from gameroom.server.host.clock import RoomClock
from gameroom.server.host.recent import EncodedEvent
from gameroom.server.host.runner import Runner
from gameroom.store import FileJournals, Header, MemorySnapshots
from gameroom.wire import JSON, MSGPACK
from tests.server.table import ROOM

TAIL_BYTES = 100_000
TURN_MS = 40


class Now(RoomClock):
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> int:
        return self.ms

    def at(self, now: int) -> float:
        return 1e9


class Socket:
    """A line that takes everything."""

    def __init__(self, runner: Runner, who: str, subprotocol: str) -> None:
        self.who, self.delay_ms = who, 0
        self._runner, self._subprotocol = runner, subprotocol

    def push(self, told: EncodedEvent) -> None:
        assert self._runner.events.frame(told, self._subprotocol)

    def reject(self, rejected: object) -> None:
        raise AssertionError("nothing is refused here")

    def catch_up(self) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


def playing(
    folder: Path, loop: asyncio.AbstractEventLoop, tail_bytes: int = TAIL_BYTES
) -> tuple[Runner, Iterator[None]]:
    """A running game of two, one of them in JSON; each step is a turn."""
    chart, used = read("duel.room", ROOM)
    header = Header("r", "duel.room", ROOM, "e" * 64, used, seed=7)
    clock = Now()
    runner = Runner(
        Room(chart, seed=7),
        journal=FileJournals(folder).create(header),
        snapshots=MemorySnapshots(),
        heads=(),
        clock=clock,
        loop=loop,
        tail_bytes_max=tail_bytes,
        forget=lambda room, user: None,
        over=lambda runner: None,
        stopped=lambda runner: None,
        keep=lambda runner, mark, said: None,
    )
    runner.begin()
    for who, subprotocol in (("ann", MSGPACK), ("bob", JSON)):
        runner.receive(who, inputs.Join(who))
        runner.attach(Socket(runner, who, subprotocol), 0)
    for packet in (inputs.Ready(), inputs.Load()):
        for who in ("ann", "bob"):
            assert runner.receive(who, packet).problem is None

    def turns() -> Iterator[None]:
        generation = 0
        while True:
            generation += 1
            checksum = Checksum(generation - 1, 42) if generation > 1 else None
            for who in ("ann", "bob"):
                commands = (Command("move", {"x": generation % 10}),)
                packet = ClientPacket(generation, commands, checksum, latency=20, framerate=60)
                assert runner.receive(who, packet).problem is None
            clock.ms += TURN_MS
            runner._enter(lambda: runner.room.tick(clock.ms))
            assert runner.room.generation == generation
            yield

    return runner, turns()


def held(runner: Runner) -> int:
    """Bytes of all that can be reached from a runner, but for code and what a room file says."""
    fixed = (type, ModuleType, FunctionType, asyncio.AbstractEventLoop, Logger, RoomFile, Chart)
    seen: dict[int, object] = {}
    waiting: list[object] = [runner]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, fixed):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return sum(sys.getsizeof(one) for one in seen.values())


async def test_a_long_game_holds_no_more_than_a_short_one(tmp_path: Path) -> None:
    runner, turns = playing(tmp_path, asyncio.get_running_loop())
    for _ in range(800):
        next(turns)
    before = held(runner)
    assert TAIL_BYTES / 2 < before < 6 * TAIL_BYTES
    for _ in range(1_600):
        next(turns)
    # Even one number for each turn would be more.
    assert held(runner) - before < 8 * 1_600 / 2
    assert len(runner._waiting) <= 4
    stride, keys, _ = runner.events.marks.rows()
    assert (len(keys) <= 256, stride) == (True, 16)
    runner.events.journal.close()
