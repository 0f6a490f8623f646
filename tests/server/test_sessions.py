"""Sessions while games go on: what the event loop never waits for, and how long they last."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gameroom.room import inputs
from gameroom.server.auth import COOKIE_AGE_S
from gameroom.server.host.stores import open_stores
from gameroom.store import MemorySessions, Session, StoreFailedError
from gameroom.wire import Close
from tests.server.table import (
    KEYED,
    PATIENCE_S,
    Person,
    Table,
    config,
    counted,
    limits,
    served,
)
from tests.server.test_desyncs import DROPS, diverged
from tests.server.test_turns import duel, move, packet

DAY_MS = 24 * 3_600_000


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}


# -- The loop's thread ---------------------------------------------------------------


@pytest.fixture
def on_the_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The calls to SQLite that the test's own thread makes: each of them fails the test. Those
    of other threads are counted, so that no test passes because nothing was called."""
    faults: list[str] = []
    loop, elsewhere = threading.get_ident(), 0

    def called(name: str) -> None:
        nonlocal elsewhere
        if threading.get_ident() == loop:
            faults.append(name)
        else:
            elsewhere += 1

    def watched(base: type, *names: str) -> type:
        def calling(name: str) -> Any:
            return lambda self, *args, **more: (
                called(f"{base.__name__}.{name}"),
                getattr(base, name)(self, *args, **more),
            )[1]

        return type(base.__name__, (base,), {name: calling(name) for name in names})

    cursor = watched(
        sqlite3.Cursor, "execute", "fetchone", "fetchall", "fetchmany", "__next__", "close"
    )
    connection = watched(sqlite3.Connection, "cursor", "commit", "rollback", "close")
    connection.execute = lambda self, *args: self.cursor(cursor).execute(*args)  # type: ignore[attr-defined]
    connect = sqlite3.connect

    def watched_connect(*args: Any, **more: Any) -> sqlite3.Connection:
        called("connect")
        found: sqlite3.Connection = connect(*args, **more, factory=connection)
        return found

    monkeypatch.setattr(sqlite3, "connect", watched_connect)
    yield faults
    assert faults == []
    assert elsewhere > 10, "the store was used"


async def test_the_loop_s_thread_makes_no_call_to_sqlite(
    tmp_path: Path, on_the_loop: list[str]
) -> None:
    on_disk = config(data=tmp_path)
    async with served(on_disk) as table:
        (ann, line), (bob, gone), (cid, third) = await diverged(table, DROPS)
        room = ann.person.room
        assert (await gone.closed())[0] == 4101
        await bob.says(2)
        await bob.sends(2)
        for witness in (ann, cid):
            await witness.says(2)
        await ann.sends(2)
        await packet(line, 4, move(1))
        await packet(third, 4)
        await line.until("turn", generation=4)
        me = f"/rooms/{room}/players/me"
        assert (await table.client.get(me, headers=bearer(ann.person))).status == 200
        assert (await table.client.delete(me, headers=bearer(cid.person))).status == 204
        picture = await (await table.client.get(f"/join/{room}")).json()
        assert (await table.client.get(picture["engine"]["url"])).status == 200
        assert (await table.client.get(f"/engines/{'0' * 64}")).status == 404
        for who in (bearer(ann.person), KEYED):
            replay = await table.client.get(f"/rooms/{room}/replay", headers=who)
            assert (replay.status, len(await replay.read()) > 0) == (200, True)
        assert (await table.client.get("/readyz")).status == 200
        other = await table.create(room=DROPS, engine={"sha256": picture["engine"]["sha256"]})
        assert (await table.client.delete(f"/rooms/{other['id']}", headers=KEYED)).status == 204
        await table.lobby.check()
    async with served(on_disk) as table:
        assert list(table.lobby.rooms.asleep) == [room]
        ann.person.table = table
        await ann.person.connect()
        for witness in (bob, cid):
            response = await table.client.get(me, headers=bearer(witness.person))
            await table.problem(response, 401)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """An operator's program writes into the database, and does not stop."""
    with closing(sqlite3.connect(folder / "gameroom.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield


async def test_while_the_database_is_locked_only_newcomers_wait(tmp_path: Path) -> None:
    patient = config(data=tmp_path, limits=limits(store_wait_ms=60_000))
    async with served(patient) as table:
        ann, line, bob, other = await duel(table)
        path = f"/rooms/{ann.room}"
        with locked(tmp_path):
            newcomer = asyncio.create_task(table.join(ann.room, "cid", spectate=True))
            checked = asyncio.create_task(table.lobby.check())
            await line.ws.close()
            line = await ann.connect(seq=line.seqs[-1])
            for generation in range(1, 6):
                for one in (line, other):
                    await packet(one, generation, move(generation))
                for one in (line, other):
                    await one.until("turn", generation=generation)
            assert (await table.client.get("/readyz")).status == 200
            assert (await table.client.get(f"{path}/players/me", headers=bearer(ann))).status == 200
            assert (
                await table.client.delete(f"{path}/players/me", headers=bearer(bob))
            ).status == 204
            gone = await table.client.get(f"{path}/players/me", headers=bearer(bob))
            await table.problem(gone, 401)
            assert not newcomer.done()
            assert not checked.done()
        assert (await newcomer).name == "cid"
        assert await checked is None


async def test_a_newcomer_who_cannot_be_stored_gets_no_place(tmp_path: Path) -> None:
    async with served(config(data=tmp_path, limits=limits(store_wait_ms=20))) as table:
        ann, line, *_ = await duel(table)
        with locked(tmp_path):
            response = await table.client.post(f"/rooms/{ann.room}/players", json={"name": "cid"})
            problem = await table.problem(response, 503)
        assert problem["code"] == "no_session_store"
        assert problem["retry_after_ms"] > 0
        roster = (await line.ask("GET", "/players"))["body"]
        assert [row["name"] for row in roster["seats"]] == ["ann", "bob"]
        await table.lobby.check()
        await table.join(ann.room, "cid", spectate=True)


class Held(MemorySessions):
    """A store whose answers to `put_session` and `put_room` come when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        self.fails = False

    async def put_session(self, session: Session) -> None:
        self.asked.set()
        await self.answers.wait()
        await super().put_session(session)

    async def end_room(self, room: str, at: int) -> None:
        if self.fails:
            raise StoreFailedError("locked")
        await super().end_room(room, at)

    async def revoke(self, room: str, user: str) -> None:
        if self.fails:
            raise StoreFailedError("locked")
        await super().revoke(room, user)


@pytest.mark.parametrize(("meanwhile", "status"), [("ended", 404), ("stopped", 503), ("full", 409)])
async def test_what_happens_while_a_session_is_stored_is_seen(meanwhile: str, status: int) -> None:
    held = Held()
    async with served(config(), stores=replace(open_stores(config()), sessions=held)) as table:
        made = await table.create()
        room = made["id"]
        held.answers.clear()
        held.asked.clear()
        path = f"/rooms/{room}/players"
        late = asyncio.create_task(table.client.post(path, json={"name": "late"}))
        await held.asked.wait()
        if meanwhile == "ended":
            table.lobby.rooms.end(room)
        elif meanwhile == "stopped":
            table.lobby.rooms.running[room].close(Close.INTERNAL, "a fault")
        else:
            for name in ("ann", "bob", "cid", "dan"):
                table.lobby.rooms.running[room].receive(name, inputs.Join(name))
        held.answers.set()
        await table.problem(await late, status)
        await table.lobby.settle()
        assert await held.of_room(room) == (), "no session is left behind"


async def test_an_end_that_cannot_be_stored_is_stored_later() -> None:
    held = Held()
    quick = config(limits=limits(store_check_ms=1))
    async with served(quick, stores=replace(open_stores(config()), sessions=held)) as table:
        first, second = await table.create(), await table.create()
        ann = await table.join(first["id"], "ann")
        await table.join(first["id"], "bob")
        held.fails = True
        me = f"/rooms/{first['id']}/players/me"
        assert (await table.client.delete(me, headers=bearer(ann))).status == 204
        assert (await table.client.delete(f"/rooms/{second['id']}", headers=KEYED)).status == 204
        assert len(await held.of_room(first["id"])) == 2
        held.fails = False
        async with asyncio.timeout(PATIENCE_S):
            while len(await held.rooms()) > 1:
                await asyncio.sleep(0.001)
        assert [one.name for one in await held.of_room(first["id"])] == ["bob"]


# -- The time of day -----------------------------------------------------------------


class Wall:
    """A clock on the wall that somebody sets."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.mark.parametrize("days", [10, 400, -8, -20_000])
async def test_the_time_of_day_ends_nobody_s_way_back(tmp_path: Path, days: int) -> None:
    on_disk, wall = config(data=tmp_path), Wall()
    timed = replace(counted(), wall=wall)
    async with served(on_disk, sources=timed) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        wall.ms += days * DAY_MS
        bob = await table.join(made["id"], "bob")
        for person in (ann, bob):
            await person.connect()
        await table.lobby.check()
    async with served(on_disk, sources=timed) as table:
        assert list(table.lobby.rooms.asleep) == [made["id"]]
        for back_ms in (0, days * DAY_MS):
            wall.ms -= back_ms
            for person in (ann, bob):
                person.table = table
                line = await person.connect()
        assert (await line.ask("GET", "/players/me"))["body"]["name"] == "bob"


async def test_a_browser_s_cookie_lives_on_with_each_socket(table: Table) -> None:
    made = await table.create()
    room, origin = made["id"], {"Origin": table.origin}
    response = await table.client.post(f"/rooms/{room}/players", json={}, headers=origin)
    first = response.cookies["gameroom_0"]
    assert int(first["max-age"]) == COOKIE_AGE_S == 400 * 86_400
    ann = Person(table, room, "", "", 0, False)
    socket = await ann.socket(headers=origin)
    renewed = socket._response.cookies["gameroom_0"]
    assert renewed.OutputString() == first.OutputString()
    token = {"Authorization": f"Bearer {first.value}"}
    for headers, cookie in ((origin | token, None), (origin, "t" * 43)):
        table.client.session.cookie_jar.clear()
        more = {} if cookie is None else {"Cookie": f"gameroom_0={cookie}"}
        socket = await ann.socket(headers=headers | more)
        assert not socket._response.cookies, "a program has none, a stranger gets none"
