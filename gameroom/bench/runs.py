"""The course of a benchmark: the servers alternate, at equal load or in a search for most rooms.

Knows no process: the function that starts one is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

from gameroom.bench.plan import BenchError, BenchPlan, Kind, Order, Window, counted

STEPS = 8
"""The number of steps of the search between the last number that passed and the first that
failed."""
ROOMS_MAX = 4096
PACE_MIN = 0.98
"""A server that closes a smaller share of the due turns does not keep up."""


class Measures(Protocol):
    """A load that plays against a new server."""

    def measure(self, order: Order) -> Window: ...


Opens = Callable[[Kind], AbstractContextManager[Measures]]
Say = Callable[[str], None]


def paced(
    plan: BenchPlan, kinds: Sequence[Kind], opens: Opens, say: Say
) -> dict[Kind, list[Window]]:
    """The windows of each kind, in order of the pairs. Each window runs on a new server, and every
    other pair in reverse order. Raises BenchError."""
    found: dict[Kind, list[Window]] = {kind: [] for kind in kinds}
    order = Order(rooms=plan.rooms, warm_s=plan.warm_s, seconds=plan.seconds)
    for pair in range(plan.pairs):
        for kind in kinds if pair % 2 == 0 else reversed(kinds):
            say(f"pair {pair + 1} of {plan.pairs}: {kind}")
            with opens(kind) as load:
                found[kind].append(load.measure(order))
            say(f"  {brief(found[kind][-1])}")
    return found


def searched(
    plan: BenchPlan, kinds: Sequence[Kind], opens: Opens, limit_ms: float, say: Say
) -> dict[Kind, list[int]]:
    """For each kind, the largest numbers of rooms whose turns stay within the limit."""
    found: dict[Kind, list[int]] = {kind: [] for kind in kinds}
    for pair in range(plan.pairs):
        for kind in kinds if pair % 2 == 0 else reversed(kinds):
            say(f"search {pair + 1} of {plan.pairs}: {kind}")
            most = most_rooms(plan, partial(opens, kind), limit_ms, say)
            found[kind].append(most)
            say(f"  {counted(most, 'room')}")
    return found


def most_rooms(
    plan: BenchPlan,
    opens: Callable[[], AbstractContextManager[Measures]],
    limit_ms: float,
    say: Say,
) -> int:
    """The largest number of rooms with p99 lateness within the limit. It starts with plan.rooms and
    doubles until a number fails, then tries equal steps between the last two on a new server. 0 if
    even the smallest number fails."""

    def passes(load: Measures, rooms: int) -> bool:
        order = Order(rooms=rooms, warm_s=plan.warm_s, seconds=plan.seconds)
        # Try twice, because another program can disturb a window.
        for _ in range(2):
            try:
                window = load.measure(order)
            except BenchError as error:
                say(f"  {counted(rooms, 'room')}: {error}")
                return False
            say(f"  {counted(rooms, 'room')}: {brief(window)}")
            if window.p99_ms < limit_ms and window.pace >= PACE_MIN and not window.faults:
                return True
        return False

    def climb(numbers: Sequence[int], good: int) -> tuple[int, int | None]:
        """The last number that passes, and the first that fails."""
        with opens() as load:
            for rooms in numbers:
                if not passes(load, rooms):
                    return good, rooms
                good = rooms
        return good, None

    doubled = [plan.rooms]
    while doubled[-1] * 2 <= ROOMS_MAX:
        doubled.append(doubled[-1] * 2)
    good, bad = climb(doubled, 0)
    if bad is None:
        return good
    between = sorted({good + (bad - good) * step // STEPS for step in range(1, STEPS)} - {0, good})
    return climb(between, good)[0]


def brief(window: Window) -> str:
    """A short description of a window."""
    cpu = ""
    if window.server_cpu_s is not None and window.packets:
        cpu = f"{window.server_cpu_s / window.packets * 1e6:.1f} us a packet, "
    faults = f", {counted(len(window.faults), 'kind')} of faults" if window.faults else ""
    load = f"load {window.load_share:.0%}"
    return f"{cpu}p99 {window.p99_ms:.1f} ms late, pace {window.pace:.0%}, {load}{faults}"
