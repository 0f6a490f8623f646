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

from gameroom.client import join
from gameroom.lockstep.canonical import canonical
from gameroom.lockstep.packets import ClientPacket, Command, Verified, Welcome
from gameroom.replica import LedgerEngine, Replica
from gameroom.room import Room, inputs
from gameroom.room.effects import Append, Broadcast, Keep
from gameroom.server.app import make_app
from gameroom.server.auth import digest
from gameroom.server.config import Config
from gameroom.server.host.blueprint import read_room
from gameroom.server.host.events import entry_of, stored_snapshot
from gameroom.server.host.stores import open_stores
from gameroom.store import Header, RoomRecord, Session, SessionStore
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


def play(folder: Path, turns: int, *, snapshots: bool) -> str:
    """A game of so many turns in this data folder; the room's id."""
    stores = open_stores(Config(data=folder))
    chart, used = read_room("long.room", ROOM)
    engine = asyncio.run(listed(stores.sessions))
    header = Header("long", "long.room", ROOM, engine, used, seed=7)
    journal = stores.journals.create(header)
    codec = Codec(MSGPACK, chart.room)
    room = Room(chart, seed=7)
    replica = Replica(
        chart.room, LedgerEngine(), seed=7, policy=read_policies(definition(chart.room))
    )
    now = 0

    def perform(effects) -> None:
        for effect in effects:
            match effect:
                case Append():
                    journal.append(entry_of(effect, codec))
                case Broadcast(event=event) if snapshots:
                    replica.feed(EventFrame(event.seq, "", event.body), now)
                    while replica.play(now, hurry=True):
                        pass
                    if isinstance(event.body, Verified):
                        asked.append(event.body)
                case Keep() if snapshots:
                    stores.snapshots.put("long", stored_snapshot(effect))

    def say(who: str, packet: inputs.Packet) -> None:
        perform(room.receive(who, packet, now))

    asked: list[Verified] = []
    perform(room.begin())
    for who in ("ann", "bob"):
        say(who, inputs.Join(who))
        say(who, inputs.Connect())
    replica.welcome(read(Welcome, plain(room.hello("ann")), strict=False))
    for packet in (inputs.Ready(), inputs.Load()):
        for who in ("ann", "bob"):
            say(who, packet)
    for generation in range(1, turns + 1):
        for who in ("ann", "bob"):
            commands = (MOVE,) if generation % 10 == 0 else ()
            say(who, ClientPacket(generation, commands, latency=20, framerate=60))
        now += 100
        perform(room.tick(now))
        assert room.generation == generation
        if snapshots and generation % room.snapshots.every == 0:
            state = canonical(replica.engine.snapshot())
            sha256 = hashlib.sha256(state).hexdigest()
            for who in ("ann", "bob"):
                say(who, inputs.HaveState(generation, sha256, len(state)))
            sender = room.people.at(asked[-1].seat)
            assert sender is not None
            say(sender.user, inputs.with_hash(generation, state))
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
