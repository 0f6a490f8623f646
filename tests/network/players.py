"""Players of archers, each a thread that lives in a network namespace of its own.

Knows the Python client and the clock. A player joins, is ready when all have joined, gives
orders until told to stop, and stays until every order was applied. Its engine has no rules of
the game (the game's own are JavaScript): it hashes what it is told, and notes when.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from gameroom.client import LedgerEngine, Seat, SeatedCommand, Signal, join
from gameroom.lockstep.packets import Command
from gameroom.lockstep.packets import RosterRow as Place
from gameroom.lockstep.random import Random
from gameroom.model import Value
from tests.network.namespaces import Namespace
from tests.network.orders import Orders
from tests.patience import PATIENCE_S

"""So long a player waits for the others, or for the last orders, before it gives up."""


@dataclass(slots=True)
class Notes:
    """What one player saw; times in milliseconds of one clock.

    sent: the orders. latencies: by order, when it was sent and how long it took until it was
    applied. turns: when each turn was run. pages: by generation, the checksum after it.
    """

    sent: list[Command] = field(default_factory=list)
    latencies: list[tuple[int, int]] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    pages: dict[int, int] = field(default_factory=dict)
    returns: int = 0


class Army(LedgerEngine):
    """An engine that can be slow. rate: iterations per second that it holds, 0 for any."""

    def __init__(self, name: str, notes: Notes) -> None:
        super().__init__()
        self.rate = 0
        self._name = name
        self._notes = notes
        self._seat = -1
        self._waiting: deque[tuple[int, Command]] = deque()

    def ordered(self, command: Command) -> None:
        self._notes.sent.append(command)
        self._waiting.append((now_ms(), command))

    def init(
        self,
        setup: Mapping[str, Value],
        seats: Sequence[Place],
        seed: int,
        states: Sequence[str],
    ) -> None:
        super().init(setup, seats, seed, states)
        self._seat = next(one.seat for one in seats if one.name == self._name)

    def step(
        self,
        generation: int,
        iterations: int,
        commands: Sequence[SeatedCommand],
        states: Sequence[str],
        seats: Sequence[int],
    ) -> Sequence[Signal]:
        now = now_ms()
        self._notes.turns.append(now)
        for command in commands:
            if command.seat == self._seat:
                at, ordered = self._waiting.popleft()
                assert (ordered.name, ordered.body) == (command.name, command.body)
                self._notes.latencies.append((at, now - at))
        super().step(generation, iterations, commands, states, seats)
        self._notes.pages[generation] = self.value
        if self.rate:
            time.sleep(iterations / self.rate)
        return ()


class Player(threading.Thread):
    """One seat, from joining to the last order. `enough` ends the orders of all, `all_here`
    is passed when everybody has joined and again when everybody is done."""

    def __init__(
        self,
        name: str,
        host: Namespace,
        url: str,
        orders: Orders,
        all_here: threading.Barrier,
        enough: threading.Event,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.notes = Notes()
        self.playing = threading.Event()
        self.error: BaseException | None = None
        self.seat: Seat | None = None
        self._engine = Army(name, self.notes)
        self._host, self._url, self._orders = host, url, orders
        self._all_here, self._enough = all_here, enough
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def hold(self, rate: int) -> None:
        """From now on the engine holds so many iterations per second, and says so."""
        assert self.seat is not None
        self.seat.replica.framerate = self._engine.rate = rate

    def drop(self) -> None:
        """Cut the connection on this host, as a phone does that leaves its network."""
        assert self._loop is not None
        assert self.seat is not None
        self._loop.call_soon_threadsafe(self.seat.drop)

    def stop(self) -> None:
        """Go at once, whatever is still to be done."""
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # it has gone already
                self._loop.call_soon_threadsafe(self._task.cancel)

    def run(self) -> None:
        try:
            self._host.enter()
            asyncio.run(self._play())
        except BaseException as error:
            # The others break off their meeting then: the first error is the reason.
            self.error = None if isinstance(error, threading.BrokenBarrierError) else error
            self._all_here.abort()
        finally:
            self.playing.set()

    async def _play(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        async with join(
            self._url, name=self.name, engine=self._engine, patience_s=PATIENCE_S
        ) as self.seat:
            await self._meet()
            async with asyncio.timeout(PATIENCE_S):
                await self.seat.ready()
                await self.seat.until(lambda seat: seat.within("setup.starting"))
                await self.seat.load()
                await self.seat.until(lambda seat: seat.generation >= 1)
            self.playing.set()
            while not self._enough.is_set():
                await asyncio.sleep(self._orders.gap_ms() / 1000)
                if self.seat.within("running.iterating"):
                    self._order(self.seat)
            async with asyncio.timeout(PATIENCE_S):
                await self.seat.until(
                    lambda seat: len(self.notes.latencies) == len(self.notes.sent)
                )
            await self._meet()
            self.notes.returns = self.seat.returns

    def _order(self, seat: Seat) -> None:
        command = self._orders.next()
        self._engine.ordered(command)
        seat.command(command.name, **command.body)

    async def _meet(self) -> None:
        await asyncio.to_thread(self._all_here.wait, PATIENCE_S)


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def armies(count: int, total: int, seed: int) -> list[Orders]:
    """The orders of so many players who share `total` archers."""
    each = total // count
    return [Orders(Random(seed + number), each, each * count) for number in range(count)]
