"""A room's replay over HTTP: who gets it, when, and what is in it."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gameroom import resources
from gameroom.server.http.handlers import replays
from gameroom.store import Entry, Header, replay
from gameroom.store.journal import COPY_BYTES
from tests.server.table import ENGINE, KEYED, ROOM, Table, config, playing, served
from tests.server.test_turns import move, packet

LATE = ROOM.replace("spectators 0..2", "spectators 0..2 delay 30s")


@pytest.fixture(params=["memory", "disk"])
async def table(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Table]:
    data = None if request.param == "memory" else tmp_path
    async with served(config(data=data)) as running:
        yield running


def read(data: bytes) -> tuple[replay.Reader, list[Entry]]:
    reader = replay.Reader(io.BytesIO(data), "x.replay")
    entries = list(reader.entries())
    assert reader.cut is None
    return reader, entries


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_session_gets_all_that_the_room_has_said(table: Table) -> None:
    made = await table.create()
    ann, bob = [await table.join(made["id"], name) for name in ("ann", "bob")]
    lines = [await ann.connect(), await bob.connect()]
    await playing(*lines)
    for line in lines:
        await packet(line, 1, move(1))
    await lines[0].until("turn", generation=1)
    response = await table.client.get(f"/rooms/{made['id']}/replay", headers=bearer(ann.token))
    assert response.status == 200
    assert response.content_type == replay.MEDIA
    name = f"room-{made['id']}.replay"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.headers["Cache-Control"] == "no-store"
    reader, entries = read(await response.read())
    journal = table.lobby.rooms.running[made["id"]].events.journal
    assert reader.header == journal.header
    assert (reader.code.engine, reader.code.view) == (ENGINE.encode(), None)
    assert reader.code.kit == resources.kit()
    said = json.loads(reader.code.definition)
    assert [command["name"] for command in said["commands"]] == ["move", "shout"]
    assert entries == list(journal.read())[: len(entries)]
    assert len(entries) >= 8


async def test_strangers_get_nothing(table: Table) -> None:
    made, other = await table.create(), await table.create()
    bob = await table.join(other["id"], "bob")
    for headers in ({}, bearer(bob.token), bearer("x" * 43)):
        response = await table.client.get(f"/rooms/{made['id']}/replay", headers=headers)
        await table.problem(response, 401)


async def test_where_watchers_are_told_late_nobody_looks_ahead(table: Table) -> None:
    made = await table.create(room=LATE, engine={"source": ENGINE})
    ann = await table.join(made["id"], "ann")
    line = await ann.connect()
    path = f"/rooms/{made['id']}/replay"
    said = await table.problem(await table.client.get(path, headers=bearer(ann.token)), 409)
    assert said["code"] == "not_over"
    assert "30000 ms late" in said["detail"]
    assert (await table.client.get(path, headers=KEYED)).status == 200
    await playing(line)
    assert (await line.ask("POST", "/requests/surrender"))["status"] < 300
    await line.until("ended")
    response = await table.client.get(path, headers=bearer(ann.token))
    _, entries = read(await response.read())
    assert len(entries) == table.lobby.rooms.running[made["id"]].room.seq


async def test_the_create_key_opens_what_was_let_go_of(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    path = f"/rooms/{made['id']}/replay"
    assert (await table.client.delete(f"/rooms/{made['id']}", headers=KEYED)).status == 204
    await table.problem(await table.client.get(path, headers=bearer(ann.token)), 404)
    for _ in range(2):
        response = await table.client.get(path, headers=KEYED)
        reader, entries = read(await response.read())
        assert reader.header.room == made["id"]
        assert entries
    for nobody in ("none", "..%2f..%2fetc%2fpasswd", "a" * 65):
        await table.problem(await table.client.get(f"/rooms/{nobody}/replay", headers=KEYED), 404)


async def test_a_long_journal_is_read_by_another_thread_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the games of this server go on meanwhile."""
    async with served(config(data=tmp_path)) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        await ann.connect()
        journal = table.lobby.rooms.running[made["id"]].events.journal
        first = journal.last
        for seq in range(first + 1, first + 20_001):
            journal.append(Entry(seq, seq, b"e" * 60))
        copy, sizes, threads = journal.copy, list[int](), set[int]()

        def copied() -> Iterator[bytes]:
            for piece in copy():
                sizes.append(len(piece))
                threads.add(threading.get_ident())
                yield piece

        monkeypatch.setattr(journal, "copy", copied)
        response = await table.client.get(f"/rooms/{made['id']}/replay", headers=bearer(ann.token))
        size = len(await response.read())
    assert size > sum(sizes) > 20_000 * 90
    assert threading.get_ident() not in threads
    assert max(sizes) <= COPY_BYTES


@pytest.mark.parametrize("name", ['a"\r\n/../é.room', ".room", "x" * 300])
def test_a_file_name_has_no_odd_characters(name: str) -> None:
    told = replays.file_name(Header(room="r-1", name=name, text="", engine=""))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}-r-1\.replay", told)
