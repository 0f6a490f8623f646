"""How long a desync report takes, and how long it holds up a server's loop meanwhile.

What it costs the engines is in copies.mjs: `node tests/benchmarks/copies.mjs`.
"""

from __future__ import annotations

import asyncio
import time
from random import Random

import pytest

from gameroom.lockstep.canonical import canonical
from gameroom.lockstep.desync_report import Subject, Witness, report
from gameroom.lockstep.packets import Checksum, Diverged

SUBJECT = Subject("room", "big", "e" * 64, 1, {}, 0, 0)
VERDICT = Diverged(5, (1,), True, {0: 1, 1: 2})


def states(count: int) -> list[bytes]:
    """Two states of so many numbers, as archers has them, that differ in one of them."""
    dice = Random(1)
    good = [dice.randrange(32_768) for _ in range(count)]
    bad = [*good]
    bad[count // 2] += 1
    return [canonical(good), canonical(bad)]


def made(sent: list[bytes]) -> bytes:
    witnesses = [Witness(seat, "x", seat + 1, 5, {}, state) for seat, state in enumerate(sent)]
    return report(SUBJECT, VERDICT, Checksum(4, 1), [], witnesses).dump()


async def held_up(sent: list[bytes]) -> float:
    """The longest that the loop had to wait, in seconds, while a thread made the report."""
    worst, done = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal worst
        while not done.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - began - 0.001)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.02)
    await asyncio.to_thread(made, sent)
    done.set()
    await watching
    return worst


@pytest.mark.parametrize("count", [27_008, 700_000], ids=["1500 archers", "4 MB"])
def test_a_report(benchmark, count):
    sent = states(count)
    benchmark.pedantic(made, args=(sent,), rounds=3)
    benchmark.extra_info["bytes"] = len(sent[0])
    held_ms = 1000 * min(asyncio.run(held_up(sent)) for _ in range(3))
    benchmark.extra_info["loop held up, ms"] = round(held_ms)
    print(f"\n{len(sent[0])} bytes a state: the loop was held up {held_ms:.0f} ms at worst")
