"""What a server with a hundred thousand sleeping rooms takes: its memory and its start, and how
long a room takes to wake up.

    pytest --override-ini python_files='bench_*.py' tests/benchmarks/bench_sleeping.py -s
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import time
from pathlib import Path

from aiohttp import ClientSession

from tests.benchmarks.bench_waking import copied, played
from tests.server.process import Process, serving

ROOMS = 100_000
WOKEN = 100
TURNS = 200
MEMORY_MB = 1024


def asleep(folder: Path, rooms: int) -> None:
    """So many rooms that sleep, of which the first WOKEN can wake up."""
    header = played(folder, TURNS)
    copied(folder, header, WOKEN)
    journals = folder / "journals"
    for number in range(WOKEN, rooms):
        os.link(journals / f"{number % WOKEN}.journal", journals / f"{number}.journal")
    database = folder / "gameroom.sqlite"
    with sqlite3.connect(database) as db:
        db.execute("UPDATE rooms SET sleeps_until = 1000000000")
        rest = [(str(number), "long", 0, None, 1_000_000_000) for number in range(WOKEN, rooms)]
        db.executemany("INSERT INTO rooms VALUES (?, ?, ?, ?, ?)", rest)
    db.close()


def memory_mb(process: Process) -> float:
    """The resident memory of the server, without its worker process."""
    status = Path(f"/proc/{process.child.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def waking(address: str) -> list[float]:
    """Milliseconds until each room has answered, one after the other."""
    took = []
    async with ClientSession() as client:
        while True:
            async with client.get(f"{address}/readyz") as response:
                if response.status == 200:
                    break
            await asyncio.sleep(0.05)
        for number in range(WOKEN):
            while True:
                began = time.perf_counter()
                async with client.get(f"{address}/rooms/{number}") as response:
                    if response.status == 200:
                        break
                    assert response.status in (429, 503), await response.text()
                await asyncio.sleep(0.05)
            took.append((time.perf_counter() - began) * 1000)
    return took


def test_a_hundred_thousand_sleeping_rooms(tmp_path: Path) -> None:
    found = {}
    for rooms in (WOKEN, ROOMS):
        folder = tmp_path / str(rooms)
        asleep(folder, rooms)
        began = time.perf_counter()
        with serving("--data", str(folder)) as process:
            listening = time.perf_counter() - began
            asyncio.run(waking(process.address))  # Until then the list of rooms is read.
            found[rooms] = memory_mb(process)
            process.stop()
        with serving("--data", str(folder)) as process:
            took = asyncio.run(waking(process.address))
            process.stop()
        print(
            f"\n{rooms} rooms: listening after {listening:.2f} s, {found[rooms]:.0f} MB, "
            f"a room wakes up in {statistics.median(took[1:]):.1f} ms (p50), "
            f"{sorted(took[1:])[-5]:.1f} ms (p95), the first in {took[0]:.0f} ms"
        )
    each = (found[ROOMS] - found[WOKEN]) * 1024 / (ROOMS - WOKEN)
    print(f"{each:.2f} kB for each sleeping room")
    assert found[ROOMS] < MEMORY_MB
