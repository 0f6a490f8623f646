"""How long the event loop stands still while another program has the session database locked,
against the same load without a lock, in turns.

For 3 seconds people ask for everything that needs a session or the store: a place, their own
place, a socket, an engine, the health. What is measured is how late a timer of 2 ms rings.

    pytest tests/benchmarks/bench_lock.py
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.table import Table, config, limits, served
from tests.server.test_turns import duel

SECONDS = 3.0
STEP_S = 0.002


async def late_ms() -> list[float]:
    """How late a timer rang, each time."""
    loop = asyncio.get_running_loop()
    found, until = [], loop.time() + SECONDS
    while (now := loop.time()) < until:
        await asyncio.sleep(STEP_S)
        found.append((loop.time() - now - STEP_S) * 1000)
    return found


async def ask(table: Table, room: str, token: str, engine: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    post = table.client.post(f"/rooms/{room}/players", json={"spectate": True})
    get = [
        table.client.get(f"/rooms/{room}/players/me", headers=headers),
        table.client.get(f"/engines/{engine}"),
        table.client.get("/readyz"),
    ]
    for response in await asyncio.gather(post, *get):
        response.release()


async def test_a_locked_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = limits(joins_per_minute=100_000, connects_per_minute=100_000)
    async with served(config(data=tmp_path, limits=many)) as table:
        ann, *_ = await duel(table)
        engine = (await (await table.client.get(f"/join/{ann.room}")).json())["engine"]["sha256"]
        seq = 0
        for run in range(3):
            for locked in (False, True):
                with closing(sqlite3.connect(tmp_path / "gameroom.sqlite")) as db:
                    if locked:
                        db.execute("BEGIN EXCLUSIVE")
                    measured = asyncio.create_task(late_ms())
                    asked = []
                    while not measured.done():
                        asked.append(asyncio.create_task(ask(table, ann.room, ann.token, engine)))
                        line = await ann.connect(seq)
                        seq = line.hello["body"]["seq"]
                        await line.ws.close()
                        await asyncio.sleep(0.02)
                await asyncio.gather(*asked)
                late = sorted(await measured)
                with capsys.disabled():
                    print(
                        f"\nrun {run}, {'locked' if locked else 'free':6}: {len(asked)} rounds,"
                        f" p99 {late[len(late) * 99 // 100]:.1f} ms, worst {late[-1]:.1f} ms",
                        end="",
                    )
                assert late[-1] < 500, "the loop stood still"
