"""What is stored before it is told, what a restart brings back, and what a failure stops."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameroom.server.config import Config
from gameroom.store import (
    Entry,
    Header,
    Journal,
    Mark,
    StoredCheckpoint,
    StoreFailedError,
    Torn,
)
from gameroom.wire import Close
from tests.server.table import KEYED, Line, Person, config, limits, playing, served
from tests.server.test_turns import move, packet


class Watched:
    """A real journal that notes each append, and can be told to fail like a full disk."""

    def __init__(self, journal: Journal, notes: list[tuple[str, int]]) -> None:
        self._journal = journal
        self._notes = notes
        self.full = False

    @property
    def header(self) -> Header:
        return self._journal.header

    @property
    def last(self) -> int:
        return self._journal.last

    @property
    def torn(self) -> Torn | None:
        return self._journal.torn

    def append(self, entry: Entry) -> None:
        if self.full:
            raise StoreFailedError("no space left on device")
        self._journal.append(entry)
        self._notes.append(("stored", entry.seq))

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        return self._journal.read(after, limit)

    @property
    def checkpoint(self) -> StoredCheckpoint | None:
        return self._journal.checkpoint

    def mark(self) -> Mark:
        return self._journal.mark()

    def keep(self, mark: Mark, said: bytes) -> None:
        self._journal.keep(mark, said)

    def sync(self) -> None:
        self._journal.sync()

    def close(self) -> None:
        self._journal.close()


def on_disk(folder: Path) -> Config:
    return config(data=folder)


async def test_every_event_is_stored_before_anybody_is_told(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        runner = table.lobby.rooms.running[made["id"]]
        notes: list[tuple[str, int]] = []
        runner.events.journal = Watched(runner.events.journal, notes)
        ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
        lines = await ann.connect(), await bob.connect()
        for line in list(runner.lines.values()):
            push = line.push

            def noted(told, push=push) -> None:
                notes.append(("told", told.seq))
                push(told)

            line.push = noted
        await playing(*lines)
        for generation in (1, 2):
            for line in lines:
                await packet(line, generation)
            await lines[0].until("turn", generation=generation)
        told = [seq for what, seq in notes if what == "told"]
        assert len(set(told)) > 4
        for seq in told:
            assert notes.index(("stored", seq)) < notes.index(("told", seq))


async def test_what_cannot_be_stored_is_told_to_nobody(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
        line, other = await ann.connect(), await bob.connect()
        await other.ask("GET", "/time")
        runner = table.lobby.rooms.running[made["id"]]
        runner.events.journal = watched = Watched(runner.events.journal, [])
        watched.full = True
        await line.send(id=99, method="PUT", path="/setup/gold", body=999)
        code, reason = await other.closed()
        assert code == 1013
        assert "could not store" in reason
        assert (await line.closed())[0] == 1013
        assert not [e for e in other.events if e.get("body", {}).get("changed_by") == "ann"]
        response = await table.client.get(f"/rooms/{made['id']}")
        assert (await table.problem(response, 503))["code"] == "not_stored"
        healthy = await table.create(game="noughts")
        assert healthy["id"] in table.lobby.rooms.running


async def test_a_restart_on_the_same_folder_goes_on_where_it_was(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create(seed=99, game="noughts")
        duel = await table.create()
        ann, bob = await table.join(duel["id"], "ann"), await table.join(duel["id"], "bob")
        lines = await ann.connect(), await bob.connect()
        await lines[0].ask("PUT", "/setup/gold", 640)
        await playing(*lines)
        for generation in (1, 2, 3):
            for line in lines:
                await packet(line, generation, move(generation))
            for line in lines:
                await line.until("turn", generation=generation)
        seen = lines[0].seqs[-1]
        table.lobby.close(Close.RESTART, "the server starts anew")
        for line in lines:
            assert (await line.closed())[0] == 1012
    async with served(on_disk(tmp_path)) as table:
        assert set(table.lobby.rooms.asleep) == {made["id"], duel["id"]}
        ann.table = bob.table = table
        back = await ann.connect(seq=seen)
        hello = back.hello["body"]
        assert (hello["name"], hello["seat"], hello["generation"]) == ("ann", 0, 3)
        late = await bob.connect(seq=0)
        for generation in (1, 2, 3):
            turn = await late.until("turn")
            assert turn["body"]["generation"] == generation
        assert (await back.ask("GET", "/setup"))["body"]["settings"]["gold"] == 640
        for line in (back, late):
            await packet(line, 4, move(4))
        for line in (back, late):
            turn = await line.until("turn", generation=4)
            assert turn["body"]["commands"][0] == {"seat": 0, "commands": [move(4)]}
        assert back.seqs == list(range(seen + 1, back.seqs[-1] + 1))
        tail = (await back.ask("GET", "/turns?from=2"))["body"]["turns"]
        assert [turn["generation"] for turn in tail] == [2, 3, 4]
        picture = await (await table.client.get(made["join"])).json()
        assert picture["seed"] == 99


async def test_a_room_of_which_nothing_was_stored_yet_begins_anew(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        path = next((tmp_path / "journals").glob("*.journal"))
        first = next(iter(table.lobby.rooms.running[made["id"]].events.journal.read()))
        size = path.read_bytes().index(first.event)
    with path.open("r+b") as file:
        file.truncate(size)
    path.with_suffix(".checkpoint").unlink()
    async with served(on_disk(tmp_path)) as table:
        ann = await table.join(made["id"], "ann")
        line = await ann.connect()
        assert (await line.ask("GET", "/chart"))["body"]["chart"]["states"][0] == "setup"


async def test_one_damaged_journal_keeps_no_other_room_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(on_disk(tmp_path)) as table:
        first, second = await table.create(), await table.create()
    path = tmp_path / "journals" / f"{first['id']}.journal"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    async with served(on_disk(tmp_path)) as table:
        response = await table.client.get(f"/rooms/{first['id']}")
        assert (await table.problem(response, 503))["code"] == "room_damaged"
        assert f"room {first['id']}: cannot wake up, its journal is kept" in caplog.text
        assert (await table.client.get(f"/rooms/{second['id']}")).status == 200
    assert path.read_bytes() == bytes(data)


@pytest.mark.parametrize("way", ["cut", "emptied", "removed"])
async def test_a_journal_that_is_damaged_under_a_running_room_is_named_on_every_way(
    tmp_path: Path, way: str
) -> None:
    """Only the latest event is in memory; everything before it has to be read."""
    async with served(config(data=tmp_path, limits=limits(tail_bytes_max=1))) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        line = await ann.connect()
        await playing(line)
        for generation in (1, 2):
            await packet(line, generation)
            await line.until("turn", generation=generation)
        path = tmp_path / "journals" / f"{made['id']}.journal"
        if way == "removed":
            path.unlink()
        else:
            os.truncate(path, 0 if way == "emptied" else path.stat().st_size // 2)
        headers = {"Authorization": f"Bearer {ann.token}"}
        for what in ("turns", "replay"):
            url = f"/rooms/{made['id']}/{what}"
            response = await table.client.get(url, headers=headers)
            assert (await table.problem(response, 503))["code"] == "not_readable"
        told = await line.ask("GET", "/turns")
        assert (told["status"], told["body"]["code"]) == (503, "not_readable")
        assert (await line.ask("GET", "/time"))["status"] == 200, "the socket stays open"


def break_store(folder: Path) -> None:
    """Take a table away, as an operator's mistake or a damaged file would."""
    with sqlite3.connect(folder / "gameroom.sqlite") as db:
        db.execute("ALTER TABLE probe RENAME TO gone")
        db.execute("ALTER TABLE sessions RENAME TO sessions_gone")


def mend_store(folder: Path) -> None:
    with sqlite3.connect(folder / "gameroom.sqlite") as db:
        db.execute("ALTER TABLE gone RENAME TO probe")
        db.execute("ALTER TABLE sessions_gone RENAME TO sessions")


async def test_with_no_working_session_store_no_game_starts(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        line = await ann.connect()
        assert (await table.client.get("/readyz")).status == 200
        break_store(tmp_path)
        await table.lobby.check()
        ready = await table.client.get("/readyz")
        assert ready.status == 503
        assert "session store" in (await ready.json())["detail"]
        response = await table.client.post("/create", json={"game": "noughts"}, headers=KEYED)
        problem = await table.problem(response, 503)
        assert problem["code"] == "no_session_store"
        assert problem["retry_after_ms"] > 0
        response = await table.client.post(f"/rooms/{made['id']}/players", json={})
        assert (await table.problem(response, 503))["code"] == "no_session_store"
        refused = await line.ask("PUT", "/players/me/ready")
        assert (refused["status"], refused["body"]["code"]) == (503, "no_session_store")
        again = await ann.connect()
        assert again.hello["body"]["name"] == "ann", "a way back needs no store"
        line = again
        assert (await table.client.get("/livez")).status == 200
        mend_store(tmp_path)
        await table.lobby.check()
        assert (await table.client.get("/readyz")).status == 200
        assert (await line.ask("PUT", "/players/me/ready"))["status"] == 204
        await table.create(game="noughts")


async def test_a_store_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
    whole = (tmp_path / "gameroom.sqlite").read_bytes()
    for path in tmp_path.glob("gameroom.sqlite*"):
        path.unlink()
    (tmp_path / "gameroom.sqlite").write_bytes(b"this is no database" * 100)
    async with served(on_disk(tmp_path)) as table:
        response = await table.client.post("/create", json={"game": "noughts"}, headers=KEYED)
        assert (await table.problem(response, 503))["code"] == "no_session_store"
        assert not table.lobby.rooms.running
        stranger = Line(await Person(table, made["id"], "u", "ann", 0, False).socket())
        refused = await stranger.ask("PUT", "/session", {"token": "t" * 43})
        assert (refused["status"], refused["body"]["code"]) == (503, "no_session_store")
        status = await table.client.get(f"/rooms/{made['id']}")
        assert (await table.problem(status, 503))["code"] == "no_session_store"
        (tmp_path / "gameroom.sqlite").write_bytes(whole)
        await table.lobby.check()
        assert (await table.client.get("/readyz")).status == 200
        assert list(table.lobby.rooms.asleep) == [made["id"]], "the rooms came back with the store"
