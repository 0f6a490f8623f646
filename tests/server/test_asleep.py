"""Rooms that sleep, rooms that wake up, and rooms that cannot yet."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from gameroom.model import RoomFile
from gameroom.server.config import Config
from gameroom.server.host.charts import Charts
from gameroom.server.host.rooms import Asleep
from gameroom.server.refusals import ProblemError
from gameroom.store import FileJournals, Header, StoreFailedError
from tests.server.table import ENGINE, KEYED, ROOM, Line, Person, Table, config, limits, served
from tests.server.test_durability import Watched
from tests.server.test_faults import played
from tests.server.test_turns import duel, packet

HOUR_MS = 3_600_000


def on_disk(folder: Path, **changes: int) -> Config:
    return config(data=folder, limits=limits(store_check_ms=60_000, **changes))


async def nobody_there(table: Table) -> None:
    """The server looks twice, and every room in which nobody is falls asleep."""
    for _ in range(2):
        await table.lobby.check()
    rooms = table.lobby.rooms
    await asyncio.gather(*(rooms.moved(room) for room in list(rooms.asleep)))


async def left_alone(table: Table, *lines: Line) -> None:
    """All of them lose their connections, and the rooms fall asleep."""
    for line in lines:
        await line.ws.close()
    rooms = table.lobby.rooms
    while any(runner.lines for runner in rooms.running.values()):
        await asyncio.sleep(0)
    await nobody_there(table)


def open_files(folder: Path) -> list[str]:
    links = (os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is(fd))
    return [path for path in links if path.startswith(str(folder)) and path.endswith(".journal")]


def _is(fd: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{fd}")


async def test_a_room_in_which_nobody_is_is_a_line_and_holds_no_file(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        for _ in range(20):
            await table.create()
        assert len(open_files(tmp_path)) == 20
        await nobody_there(table)
        assert open_files(tmp_path) == []
        assert table.lobby.rooms.running == {}
        assert all(isinstance(line, Asleep) for line in table.lobby.rooms.asleep.values())
        assert table.lobby.rooms._sessions._sessions == {}


async def test_everybody_finds_the_place_and_the_game_as_they_were(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        ann, of_ann, bob, of_bob = await duel(table)
        eve = await table.join(ann.room, "eve", spectate=True)
        of_eve = await eve.connect()
        await played(of_ann, of_bob, until=5)
        await left_alone(table, of_ann, of_bob, of_eve)
        assert ann.room in table.lobby.rooms.asleep
        back = await ann.connect(seq=of_ann.seqs[-1])
        other = await bob.connect(seq=0)
        assert (back.hello["body"]["seat"], back.hello["body"]["generation"]) == (0, 5)
        watching = await eve.connect()
        assert watching.hello["body"]["name"] == "eve", "who only watched is let in again"
        await played(back, other, since=6, until=9)
        await watching.until("turn", generation=9)


async def test_a_room_sleeps_from_the_last_connection_to_the_first(tmp_path: Path) -> None:
    """However long the server stood or ran: the room's own time stands still."""
    async with served(on_disk(tmp_path)) as table:
        ann, of_ann, bob, of_bob = await duel(table)
        await played(of_ann, of_bob, until=3)
        runner = table.lobby.rooms.running[ann.room]
        await left_alone(table, of_ann, of_bob)
        stood = runner.room.time
        await ann.connect()
        assert table.lobby.rooms.running[ann.room].room.time - stood < 1_000
    async with served(on_disk(tmp_path)) as table:
        bob.table = table
        await bob.connect()
        seats = table.lobby.rooms.running[ann.room].room.people.players()
        assert [one.name for one in seats] == ["ann", "bob"]


async def test_a_room_to_which_nobody_comes_back_ends(tmp_path: Path) -> None:
    """By the time that servers run on the store, not by the time of day."""
    text = ROOM.replace("reconnect { grace", "reconnect { sleep = 2h  grace")
    async with served(on_disk(tmp_path)) as table:
        made = await table.create(room=text, engine={"source": ENGINE})
        await nobody_there(table)
        line = table.lobby.rooms.asleep[made["id"]]
        assert line.until is not None
        assert 0 < line.until - table.lobby.rooms.now <= 2 * HOUR_MS
    async with served(on_disk(tmp_path)) as table:
        rooms = table.lobby.rooms
        until = rooms.asleep[made["id"]].until
        assert until is not None
        await table.stores.sessions.check(until - rooms.now - 30_000)
        await table.lobby.check()
        assert made["id"] in rooms.asleep, "half a minute is left"
        await table.stores.sessions.check(40_000)
        await table.lobby.check()
        await rooms.moved(made["id"])
        assert rooms.running[made["id"]].room.over
        picture = await (await table.client.get(f"/rooms/{made['id']}")).json()
        assert picture["id"] == made["id"]


async def test_while_nobody_knows_the_rooms_none_is_refused_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(on_disk(tmp_path)) as table:
        ann, of_ann, *_ = await duel(table)

    def full(self: FileJournals) -> None:
        raise StoreFailedError("journals: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FileJournals, "check", full)
        async with served(on_disk(tmp_path)) as table:
            ann.table = table
            line = Line(await ann.socket())
            refused = await line.ask("PUT", "/session", {"token": ann.token})
            assert (refused["status"], refused["body"]["code"]) == (503, "no_journal_store")
            assert refused["body"]["retry_after_ms"] > 0
            assert (await line.closed())[0] == 1013
            ready = await (await table.client.get("/readyz")).json()
            assert "No space left on device" in ready["detail"]
            response = await table.client.get(f"/rooms/{ann.room}")
            await table.problem(response, 503)
            patch.undo()
            await table.lobby.check()
            assert (await table.client.get("/readyz")).status == 200
            await ann.connect(seq=of_ann.seqs[-1])


async def test_a_room_that_a_full_disk_stopped_comes_back_without_a_restart(
    tmp_path: Path,
) -> None:
    async with served(on_disk(tmp_path)) as table:
        ann, of_ann, _, of_bob = await duel(table)
        await played(of_ann, of_bob, until=3)
        runner = table.lobby.rooms.running[ann.room]
        runner.events.journal = full = Watched(runner.events.journal, [])  # type: ignore[assignment]
        full.full = True
        await packet(of_ann, 4)
        await packet(of_bob, 4)
        assert (await of_ann.closed())[0] == 1013
        line = Line(await ann.socket())
        refused = await line.ask("PUT", "/session", {"token": ann.token})
        assert (refused["status"], refused["body"]["code"]) == (503, "not_stored")
        assert (await line.closed())[0] == 1013
        await table.lobby.check()
        back = await ann.connect(seq=of_ann.seqs[-1])
        assert back.hello["body"]["generation"] == 3


@pytest.mark.parametrize("what", ["damaged", "missing", "unreadable"])
async def test_a_journal_that_cannot_be_read_turns_nobody_away_for_good(
    tmp_path: Path, what: str
) -> None:
    async with served(on_disk(tmp_path)) as table:
        ann, of_ann, *_ = await duel(table)
        other = await table.create()
    path = tmp_path / "journals" / f"{ann.room}.journal"
    whole = path.read_bytes()
    path.unlink()
    if what == "damaged":
        path.write_bytes(whole[:200] + b"?" + whole[201:])
    elif what == "unreadable":
        path.mkdir()
    async with served(on_disk(tmp_path)) as table:
        ann.table = table
        line = Line(await ann.socket())
        refused = await line.ask("PUT", "/session", {"token": ann.token})
        assert refused["status"] == 503
        assert (await line.closed())[0] == 1013
        assert (await table.client.get(f"/rooms/{other['id']}")).status == 200
        if what == "unreadable":
            path.rmdir()
        path.write_bytes(whole)
        for one in table.lobby.rooms.asleep.values():
            one.again_at = 0.0
        await ann.connect(seq=of_ann.seqs[-1])


async def test_rooms_whose_session_database_is_lost_are_named_and_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        await table.join(made["id"], "ann")
    for path in tmp_path.glob("gameroom.sqlite*"):
        path.unlink()
    async with served(on_disk(tmp_path)) as table:
        assert "rooms with a journal but without sessions: 1" in caplog.text
        assert made["id"] in caplog.text
        bob = await table.join(made["id"], "bob")
        await bob.connect()
        replay = await table.client.get(f"/rooms/{made['id']}/replay", headers=KEYED)
        assert replay.status == 404, "its engine is lost with the database"


async def test_a_session_that_nobody_has_is_still_refused_for_good(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        await nobody_there(table)
        stranger = Line(await Person(table, made["id"], "u", "ann", 0, False).socket())
        refused = await stranger.ask("PUT", "/session", {"token": "t" * 43})
        assert refused["status"] == 401
        assert (await stranger.closed())[0] == 4103


async def test_many_who_come_at_once_wake_a_room_once(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        await nobody_there(table)
        people = await asyncio.gather(*(table.join(made["id"], spectate=False) for _ in range(2)))
        assert sorted(one.seat or 0 for one in people) == [0, 1]
        responses = await asyncio.gather(
            *(table.client.get(f"/rooms/{made['id']}") for _ in range(8))
        )
        assert {response.status for response in responses} == {200}
        assert len(open_files(tmp_path)) == 1


async def test_a_room_that_takes_long_to_wake_says_so(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path, wake_wait_ms=1)) as table:
        made = await table.create()
        await nobody_there(table)
        rooms, may_read = table.lobby.rooms, asyncio.Event()
        read, rooms.charts = rooms.file, Charts()

        async def slowly(header: Header) -> RoomFile:
            await may_read.wait()
            return await read(header)

        rooms.file = slowly  # type: ignore[method-assign]
        response = await table.client.get(f"/rooms/{made['id']}")
        problem = await table.problem(response, 503)
        assert (problem["code"], problem["retry_after_ms"] > 0) == ("waking", True)
        may_read.set()
        while made["id"] not in table.lobby.rooms.running:
            await asyncio.sleep(0)
        assert (await table.client.get(f"/rooms/{made['id']}")).status == 200


async def test_an_asleep_room_can_be_ended(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        await nobody_there(table)
        path = f"/rooms/{made['id']}"
        assert (await table.client.delete(path, headers=KEYED)).status == 204
        assert (await table.client.get(path)).status == 404
    async with served(on_disk(tmp_path)) as table:
        assert (await table.client.get(path)).status == 404


async def test_a_room_that_is_ended_while_it_wakes_up_stays_ended(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path)) as table:
        made = await table.create()
        await nobody_there(table)
        rooms = table.lobby.rooms
        waking = asyncio.create_task(rooms.find(made["id"]))
        await asyncio.sleep(0)
        assert made["id"] in rooms._moving
        rooms.end(made["id"])
        with pytest.raises(ProblemError) as refused:
            await waking
        assert refused.value.problem.status == 404
        assert open_files(tmp_path) == []
        assert not rooms.running


async def test_turns_of_any_age_are_found_after_waking(tmp_path: Path) -> None:
    async with served(on_disk(tmp_path, tail_bytes_max=2_000, turns_per_answer_max=64)) as table:
        ann, of_ann, bob, of_bob = await duel(table)
        await played(of_ann, of_bob, until=40)
        await left_alone(table, of_ann, of_bob)
        back = await ann.connect(seq=of_ann.seqs[-1])
        for first in (1, 2, 17, 39, 40):
            tail = (await back.ask("GET", f"/turns?from={first}"))["body"]["turns"]
            assert [turn["generation"] for turn in tail] == list(range(first, 41))
        assert (await back.ask("GET", "/turns?from=41"))["body"]["turns"] == []
        late = await bob.connect(seq=0)
        await late.until("turn", generation=40)
        assert late.seqs == list(range(1, late.seqs[-1] + 1))
