"""How long somebody takes to come back into a long game, by its age: over a snapshot, and over
the whole log.

Two players of a small room, 100 ms turns, one command each in every tenth turn; the journal is
written by the room itself under a virtual clock, the return is over a real socket by the Python
client with a ledger for an engine. So this is the wire's and the client's time; an engine with
rules adds what it takes to run the turns.

    pytest tests/benchmarks/bench_rejoin.py
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from gameroom import roomfile
from gameroom.client import join
from gameroom.lockstep.canonical import canonical
from gameroom.lockstep.packets import ClientPacket, Command, Event, Verified, Welcome
from gameroom.model import RoomFile
from gameroom.replica import LedgerEngine, Replica
from gameroom.room import inputs
from gameroom.room.driver import Driver, RoomListener
from gameroom.room.effects import Append, Keep
from gameroom.server.app import make_app
from gameroom.server.auth import digest
from gameroom.server.config import Config
from gameroom.server.host.stored import stored_snapshot
from gameroom.server.host.stores import open_stores
from gameroom.store import Header, Journal, RoomRecord, Session, SessionStore, SnapshotStore
from gameroom.wire import MSGPACK, Codec, EventFrame, definition, plain, read_policies
from gameroom.wire.shape import read

TOKEN = "a" * 43
ROOM = """
language 1
use "standard"
room "long" extends standard {
  players 2..2
  command move { x: int 0..9999  y: int 0..9999 }
  policy pace { tick = 20 per second  turn = 100ms..100ms  ahead = 2 }
  extend state running.iterating { allow move from player }
}
"""
MOVE = Command("move", {"x": 17, "y": 4711})
HOURS = {"10 minutes": 6_000, "one hour": 36_000, "two hours": 72_000}


class Writing(RoomListener):
    """Writes what a room says to a server's files; its snapshots only where they have a store."""

    def __init__(
        self, journal: Journal, file: RoomFile, snapshots: SnapshotStore | None = None
    ) -> None:
        self.journal, self.snapshots = journal, snapshots
        self.codec = Codec(MSGPACK, file)

    def store(self, entry: Append) -> None:
        self.journal.append(roomfile.entry_of(entry, self.codec))

    def keep(self, told: Keep) -> None:
        if self.snapshots is not None:
            self.snapshots.put(self.journal.header.room, stored_snapshot(told))


class Following(RoomListener):
    """Ann's replica. asked: whose state the room wants."""

    def __init__(self, driver: Driver, file: RoomFile) -> None:
        self.driver = driver
        policy = read_policies(definition(file))
        self.replica = Replica(file, LedgerEngine(), seed=7, policy=policy)
        self.asked: list[Verified] = []

    def hear(self, event: Event) -> None:
        self.replica.feed(EventFrame("", "", event.body, event.seq), self.driver.now)
        while self.replica.play(self.driver.now, hurry=True):
            pass
        if isinstance(event.body, Verified):
            self.asked.append(event.body)


def play(folder: Path, turns: int, *, snapshots: bool) -> str:
    """A game of so many turns in this data folder; the room's id."""
    stores = open_stores(Config(data=folder))
    chart, used = roomfile.read("long.room", ROOM)
    engine = asyncio.run(listed(stores.sessions))
    header = Header("long", "long.room", ROOM, engine, used, seed=7)
    journal = stores.journals.create(header)
    driver = Driver(chart, seed=7)
    ann = Following(driver, chart.room)
    driver.attach(Writing(journal, chart.room, stores.snapshots))
    if snapshots:
        driver.attach(ann)
    driver.begin()
    for who in ("ann", "bob"):
        driver.send(who, inputs.Join(who))
        driver.send(who, inputs.Connect())
    room = driver.room
    ann.replica.welcome(read(Welcome, plain(room.hello("ann")), strict=False))
    for packet in (inputs.Ready(), inputs.Load()):
        for who in ("ann", "bob"):
            driver.send(who, packet)
    for generation in range(1, turns + 1):
        for who in ("ann", "bob"):
            commands = (MOVE,) if generation % 10 == 0 else ()
            driver.send(who, ClientPacket(generation, commands, latency=20, framerate=60))
        driver.wait(100)
        assert room.generation == generation
        if snapshots and generation % room.snapshots.every == 0:
            state = canonical(ann.replica.engine.snapshot())
            sha256 = hashlib.sha256(state).hexdigest()
            for who in ("ann", "bob"):
                driver.send(who, inputs.HaveState(generation, sha256, len(state)))
            sender = room.people.at(ann.asked[-1].seat)
            assert sender is not None
            driver.send(sender.user, inputs.with_hash(generation, state))
    journal.close()
    return "long"


async def listed(sessions: SessionStore) -> str:
    """The room in the session store, with ann's session; the hash of its engine."""
    await sessions.put_room(RoomRecord("long", "long"))
    await sessions.put_session(Session(digest(TOKEN), "long", "ann", "ann"))
    engine = await sessions.put_engine(b"export default () => ({});\n")
    await sessions.close()
    return engine


class Counting(LedgerEngine):
    """Counts the turns that it runs."""

    runs = 0

    def step(self, *turn):
        self.runs += 1
        return super().step(*turn)


async def come_back(folder: Path, room: str, turns: int) -> tuple[float, int]:
    """Seconds until the engine is where the room is, and how many turns it has run for it."""
    config = Config(data=folder)
    server = TestServer(make_app(config, open_stores(config)), host="127.0.0.1")
    await server.start_server()
    engine = Counting()
    begun = time.perf_counter()
    url = f"http://127.0.0.1:{server.port}/join/{room}"
    async with join(url, token=TOKEN, engine=engine, hurry=True) as ann:
        await ann.until(lambda seat: seat.generation >= turns)
        took = time.perf_counter() - begun
    await server.close()
    return took, engine.runs


@pytest.mark.parametrize("age", HOURS)
@pytest.mark.parametrize("snapshots", [True, False], ids=["snapshot", "whole log"])
def test_a_return(tmp_path: Path, capsys, age: str, snapshots: bool) -> None:
    turns = HOURS[age] + 250
    room = play(tmp_path, turns, snapshots=snapshots)
    took, runs = asyncio.run(come_back(tmp_path, room, turns))
    way = "over a snapshot" if snapshots else "over the whole log"
    with capsys.disabled():
        print(f"\nback into a game of {age} ({turns} turns) {way}: {took:.2f} s, {runs} turns run")
    assert runs == (turns % 600 if snapshots else turns)
