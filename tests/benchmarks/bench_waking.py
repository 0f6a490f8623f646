"""How long after its start a server has a hundred rooms of six hours again.

The rooms were awake when their server was killed: each has a journal of 216,000 turns and a
checkpoint some entries before its end. Measured are the time until the server listens and the
time until each room has answered `GET /rooms/<id>`, all asked at once, over real sockets. The
control is the same server with one room of a minute.

    pytest --override-ini python_files='bench_*.py' tests/benchmarks/bench_waking.py -s
"""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path

from aiohttp import ClientSession

from gameroom import roomfile
from gameroom.lockstep.packets import ClientPacket
from gameroom.room import inputs
from gameroom.room.driver import Driver
from gameroom.server.config import Config
from gameroom.server.host.recovery import checkpoint_bytes
from gameroom.server.host.runner import CHECKPOINT_EVENTS
from gameroom.server.host.stores import open_stores
from gameroom.store import FileJournals, Header, RoomRecord, SessionStore, checkpoint, record
from gameroom.store.marks import Marks
from tests.benchmarks.bench_rejoin import ROOM, Writing
from tests.server.process import serving

ROOMS = 100
TURNS = 6 * 36_000
REACHABLE_S = 2.0


def played(folder: Path, turns: int) -> Header:
    """The journal of room `0` with so many turns, and its checkpoint."""
    chart, used = roomfile.read("long.room", ROOM)
    engine = asyncio.run(_engine(folder))
    header = Header("0", "long.room", ROOM, engine, used, seed=7)
    journal = FileJournals(folder / "journals").create(header)
    driver, marks = Driver(chart, seed=7), Marks()
    room = driver.room
    kept = turns - CHECKPOINT_EVENTS * 3 // 4
    driver.attach(Writing(journal, chart.room))
    driver.begin()
    for packet in (inputs.Join("ann"), inputs.Connect(), inputs.Ready(), inputs.Load()):
        driver.send("ann", packet)
    for packet in (inputs.Join("bob"), inputs.Connect()):
        driver.send("bob", packet)
    for packet in (inputs.Ready(), inputs.Load()):
        for who in ("ann", "bob"):
            driver.send(who, packet)
    for generation in range(1, turns + 1):
        for who in ("ann", "bob"):
            driver.send(who, ClientPacket(generation, latency=20, framerate=60))
        driver.wait(100)
        marks.add(generation, room.seq)
        if generation == kept:
            journal.keep(journal.mark(), checkpoint_bytes(room, marks, None))
    assert room.generation == turns
    journal.close()
    return header


async def _engine(folder: Path) -> str:
    sessions = open_stores(Config(data=folder)).sessions
    try:
        return await sessions.put_engine(b"export default () => ({});\n")
    finally:
        await sessions.close()


def copied(folder: Path, header: Header, rooms: int) -> None:
    """The same game in so many rooms."""
    first = folder / "journals" / "0.journal"
    with first.open("rb") as file:
        head = file.read(1 << 20)
    offset = record.HEADER_OFFSET
    offset += record.read_head(head[offset : offset + record.HEAD_BYTES], "0", offset, 0)
    found = checkpoint.read(first)
    assert found is not None
    for number in range(1, rooms):
        path = folder / "journals" / f"{number}.journal"
        made = record.MAGIC + record.header_record(replace(header, room=str(number)))
        moved = len(made) - offset
        with path.open("wb") as to, first.open("rb") as file:
            to.write(made)
            file.seek(offset)
            shutil.copyfileobj(file, to, 1 << 20)
        mark = found[0]
        offsets = tuple(one + moved for one in mark.offsets)
        mark = replace(mark, offset=mark.offset + moved, offsets=offsets)
        checkpoint.write(path, mark, found[1].said)
    asyncio.run(_listed(open_stores(Config(data=folder)).sessions, rooms))


async def _listed(sessions: SessionStore, rooms: int) -> None:
    for number in range(rooms):
        await sessions.put_room(RoomRecord(str(number), "long"))
    await sessions.close()


async def reached(address: str, rooms: int) -> float:
    """Seconds until every room has answered."""
    began = time.perf_counter()

    async def ask(client: ClientSession, number: int) -> None:
        while True:
            async with client.get(f"{address}/rooms/{number}") as response:
                if response.status == 200:
                    body = await response.json()
                    assert body["generation"] > 0
                    return
                assert response.status in (429, 503), await response.text()
            await asyncio.sleep(0.05)

    async with ClientSession() as client:
        await asyncio.gather(*(ask(client, number) for number in range(rooms)))
    return time.perf_counter() - began


def measured(folder: Path, turns: int, rooms: int) -> tuple[float, float]:
    """Seconds to listening, and from there until all rooms have answered."""
    header = played(folder, turns)
    copied(folder, header, rooms)
    began = time.perf_counter()
    with serving("--data", str(folder)) as process:
        listening = time.perf_counter() - began
        reachable = asyncio.run(reached(process.address, rooms))
        process.stop()
    return listening, reachable


def test_a_hundred_rooms_of_six_hours_are_reachable_at_once(tmp_path: Path) -> None:
    one = measured(tmp_path / "one", 600, 1)
    many = measured(tmp_path / "many", TURNS, ROOMS)
    print()
    for what, (listening, reachable) in (("1 room of a minute", one), ("100 of 6 hours", many)):
        print(f"{what:>20}: listens after {listening:.2f} s, all answered {reachable:.2f} s later")
    assert many[1] < REACHABLE_S
