"""What rooms take in memory after minutes and after an hour.

Thirty rooms of two players at ten turns a second, one command each in every turn, the journals
in files and one of the players in JSON; rooms and runners are the server's own under a virtual
clock, in one process. Printed is the growth of the resident size since the rooms began.

    pytest --override-ini python_files='bench_*.py' tests/benchmarks/bench_memory.py -s
"""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

from gameroom.server.config import Limits
from tests.server.test_memory import playing

ROOMS = 30
MINUTES = (1, 3, 10, 20)


def resident() -> int:
    """The resident size of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_rooms_stay_as_large_as_after_the_first_minutes(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    gc.collect()
    before = resident()
    tail_bytes = Limits().tail_bytes_max
    rooms = [playing(tmp_path / str(n), loop, tail_bytes=tail_bytes) for n in range(ROOMS)]
    minute, sizes = 0, dict[int, float]()
    print()
    for until in MINUTES:
        for _ in range((until - minute) * 600):
            for _, turns in rooms:
                next(turns)
        minute = until
        gc.collect()
        sizes[minute] = (resident() - before) / 1e6
        print(f"{ROOMS} rooms after {minute:>2} min: {sizes[minute]:.1f} MB more than before")
    for runner, _ in rooms:
        runner.events.journal.close()
    assert sizes[20] < 1.1 * sizes[10]
