"""Snapshots over real sockets and HTTP, restarts, full disks; and watchers who see all late."""

from __future__ import annotations

import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gameroom.store import MemorySnapshots, StoredSnapshot, StoreFailedError, record
from tests.server.table import ENGINE, ROOM, Line, Person, Table, config, limits, playing, served
from tests.server.test_turns import packet

STATE = b'{"units":[1,2,3]}'
SHA256 = sha256(STATE).hexdigest()
DUEL = ROOM.replace("  policy pace", "  policy snapshots { every = 3 turns }\n  policy pace")
DELAY_MS = 400


@pytest.fixture
async def table():
    async with served(config(limits=limits(tail_events_max=2))) as running:
        yield running


async def duel(
    table: Table, text: str = DUEL, room: str | None = None
) -> tuple[Person, Line, Person, Line]:
    """Ann and bob in the running room: a new one, or the one with this id."""
    if room is None:
        room = (await table.create(room=text, engine={"source": ENGINE}))["id"]
    ann, bob = await table.join(room, "ann"), await table.join(room, "bob")
    lines = await ann.connect(), await bob.connect()
    await playing(*lines)
    return ann, lines[0], bob, lines[1]


async def turns(first: int, last: int, *lines: Line) -> list[dict[str, Any]]:
    told = []
    for generation in range(first, last + 1):
        for line in lines:
            await packet(line, generation)
        for line in lines:
            told.append(await line.until("turn", generation=generation))
    return told


async def say(line: Line, generation: int = 3, state: bytes = STATE) -> dict[str, Any]:
    said = {"sha256": sha256(state).hexdigest(), "size": len(state)}
    return await line.ask("PUT", f"/snapshots/{generation}/hash", said)


async def put(who: Person, state: bytes = STATE, generation: int = 3, **headers: str):
    return await who.table.client.put(
        f"/rooms/{who.room}/snapshots/{generation}",
        data=state,
        headers={
            "Authorization": f"Bearer {who.token}", "Content-Type": "application/json", **headers,
        },
    )  # fmt: skip


async def get(who: Person, what: object):
    headers = {"Authorization": f"Bearer {who.token}"}
    return await who.table.client.get(f"/rooms/{who.room}/snapshots/{what}", headers=headers)


async def kept(
    table: Table, text: str = DUEL, room: str | None = None
) -> tuple[Person, Line, Person, Line]:
    """The state after turn 3 is kept, and two more turns are played."""
    ann, of_ann, bob, of_bob = await duel(table, text, room)
    await turns(1, 3, of_ann, of_bob)
    assert (await say(of_ann))["status"] == 202
    assert (await say(of_bob))["status"] == 202
    verified = (await of_ann.until("verified"))["body"]
    assert (verified["sha256"], verified["size"]) == (SHA256, len(STATE))
    assert (await put((ann, bob)[verified["seat"]])).status == 201
    await turns(4, 5, of_ann, of_bob)
    return ann, of_ann, bob, of_bob


async def come(who: Person, seq: int = 0, **more: object) -> Line:
    line = Line(await who.socket())
    hello = {"token": who.token, "seq": seq, **more}
    line.hello = await line.ask("PUT", "/session", hello)
    assert line.hello["status"] == 200, line.hello
    return line


async def test_who_comes_late_gets_the_snapshot_and_the_tail_after_it(table: Table) -> None:
    ann, *_ = await kept(table)
    eve = await table.join(ann.room, "eve", spectate=True)
    line = await come(eve, snapshots=True)
    snapshot = line.hello["body"]["snapshot"]
    assert (snapshot["generation"], snapshot["sha256"]) == (3, SHA256)
    assert [row["name"] for row in snapshot["begin"]["seats"]] == ["ann", "bob"]
    first = await line.receive()
    assert first["seq"] == snapshot["seq"] + 1
    state = await get(eve, snapshot["generation"])
    assert state.status == 200
    assert await state.read() == STATE
    turn = await line.until("turn", generation=5)
    assert turn["seq"] > first["seq"]
    latest = await get(eve, "latest")
    assert await latest.json() == snapshot


async def test_who_lacks_little_or_cannot_restore_gets_every_event(table: Table) -> None:
    ann, *_ = await kept(table)
    eve = await table.join(ann.room, "eve", spectate=True)
    line = await come(eve)
    assert line.hello["body"]["snapshot"] is None
    assert (await line.receive())["seq"] == 1
    seq = line.hello["body"]["seq"]
    line = await come(eve, seq=seq - 1, snapshots=True)
    assert line.hello["body"]["snapshot"] is None
    assert (await line.receive())["seq"] == seq


async def test_nobody_outside_the_room_sees_or_sends_a_state(table: Table) -> None:
    ann, of_ann, *_ = await kept(table)
    made = await table.create(room=DUEL, engine={"source": ENGINE})
    stranger = await table.join(made["id"], "eve")
    other = Person(table, ann.room, "", "", None, False, stranger.token)
    for response in (await get(other, 3), await get(other, "latest"), await put(other)):
        await table.problem(response, 401)
    await table.problem(await get(ann, 2), 404)
    await table.problem(await get(ann, 9**17), 400)
    eve = await table.join(ann.room, "eve", spectate=True)
    assert (await table.problem(await put(eve), 403))["code"] == "not_a_player"
    assert (await say(of_ann, 2))["status"] == 409
    refused = await of_ann.ask("PUT", "/snapshots/3/hash", {"sha256": "x", "size": 1})
    assert refused["status"] == 422


async def test_other_bytes_too_many_bytes_and_other_kinds_are_refused(table: Table) -> None:
    ann, of_ann, bob, of_bob = await duel(table)
    await turns(1, 3, of_ann, of_bob)
    assert (await table.problem(await get(ann, "latest"), 404))["code"] == "no_snapshot"
    await say(of_ann)
    await say(of_bob)
    await of_ann.until("verified", seat=0)
    await table.problem(await put(ann, STATE, **{"Content-Type": "text/plain"}), 415)
    assert (await table.problem(await put(ann, b" " * (4 * 2**20 + 1)), 413))["code"] == "too_big"
    assert (await table.problem(await put(bob), 409))["code"] == "not_asked"
    assert (await table.problem(await put(ann, b"[]"), 422))["code"] == "another_state"
    await of_ann.until("verified", seat=1)


async def test_a_large_state_travels_small(table: Table) -> None:
    large = b"[" + b",".join(b"%d" % (n % 977) for n in range(900_000)) + b"]"
    ann, of_ann, _, of_bob = await duel(table)
    await turns(1, 3, of_ann, of_bob)
    await say(of_ann, state=large)
    await say(of_bob, state=large)
    await of_ann.until("verified", seat=0)
    small = gzip.compress(large, 1)
    assert len(small) * 4 < len(large) < 4 * 2**20
    assert (await put(ann, small, **{"Content-Encoding": "gzip"})).status == 201
    response = await get(ann, 3)
    assert response.headers["Content-Encoding"] in ("gzip", "deflate")
    assert await response.read() == large
    bomb = gzip.compress(bytes(64 * 2**20), 9)
    await turns(4, 6, of_ann, of_bob)
    await say(of_ann, 6, large)
    await say(of_bob, 6, large)
    await of_ann.until("verified", generation=6, seat=0)
    refused = await put(ann, bomb, 6, **{"Content-Encoding": "gzip"})
    assert (await table.problem(refused, 413))["code"] == "too_big"


async def test_a_snapshot_outlives_the_server(tmp_path: Path) -> None:
    settings = config(data=tmp_path, limits=limits(tail_events_max=2))
    async with served(settings) as first:
        ann, *_ = await kept(first)
    async with served(settings) as second:
        again = Person(second, ann.room, ann.user, "ann", 0, False, ann.token)
        line = await come(again, snapshots=True)
        assert line.hello["body"]["snapshot"]["generation"] == 3
        assert await (await get(again, 3)).read() == STATE


async def test_a_snapshot_of_lost_events_is_not_used(tmp_path: Path) -> None:
    settings = config(data=tmp_path, limits=limits(tail_events_max=2))
    async with served(settings) as first:
        ann, *_ = await kept(first)
        runner = first.lobby.rooms.running[ann.room]
        snapshot = runner.snapshots.latest(runner.now)
        assert snapshot is not None
    path = tmp_path / "journals" / f"{ann.room}.journal"
    data, offset = path.read_bytes(), record.HEADER_OFFSET
    for number in range(snapshot.seq):
        offset += record.read_head(data[offset:][: record.HEAD_BYTES], "", offset, number)
    path.write_bytes(data[:offset])
    path.with_suffix(".checkpoint").unlink()
    async with served(settings) as second:
        again = Person(second, ann.room, ann.user, "ann", 0, False, ann.token)
        line = await come(again, snapshots=True)
        assert line.hello["body"]["snapshot"] is None
        assert (await line.receive())["seq"] == 1
        await second.problem(await get(again, 3), 404)


async def test_a_full_disk_is_said_and_harms_no_game(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: MemorySnapshots, room: str, snapshot: StoredSnapshot) -> None:
        raise StoreFailedError("No space left on device")

    monkeypatch.setattr(MemorySnapshots, "put", full)
    ann, of_ann, _, of_bob = await duel(table)
    await turns(1, 3, of_ann, of_bob)
    await say(of_ann)
    await say(of_bob)
    await of_ann.until("verified", seat=0)
    assert (await table.problem(await put(ann), 503))["code"] == "not_stored"
    await turns(4, 5, of_ann, of_bob)
    await table.problem(await get(ann, "latest"), 404)


# -- watchers who see all late ---------------------------------------------------------------

LATE = DUEL.replace("spectators 0..2", f"spectators 0..2 delay {DELAY_MS}ms")


async def test_a_watcher_sees_each_event_as_late_as_the_room_says(table: Table) -> None:
    ann, of_ann, _, of_bob = await duel(table, LATE)
    clock = table.lobby.rooms.running[ann.room].clock
    eve = await table.join(ann.room, "eve", spectate=True)
    line = await come(eve)
    told_at: dict[int, int] = {}
    for generation in range(1, 8):
        for player in (of_ann, of_bob):
            await packet(player, generation)
        told_at[(await of_ann.until("turn", generation=generation))["seq"]] = clock.now()
    said = [await line.receive()]
    while said[-1].get("event") != "turn" or said[-1]["body"]["generation"] < 7:
        said.append(await line.receive())
        seq = said[-1]["seq"]
        # It was stored before ann heard of it: by at most the time of its way to her.
        assert clock.now() - told_at.get(seq, 0) >= DELAY_MS - 100
    assert [one["seq"] for one in said] == list(range(1, len(said) + 1))


async def test_a_late_watcher_learns_nothing_new_elsewhere(table: Table) -> None:
    ann, of_ann, *_ = await kept(table, LATE)
    eve = await table.join(ann.room, "eve", spectate=True)
    line = await come(eve, snapshots=True)
    assert line.hello["body"]["snapshot"] is None, "it is too new"
    assert line.hello["body"]["generation"] < 5
    tail = await line.ask("GET", "/turns?from=1")
    assert len(tail["body"]["turns"]) < 5
    await table.problem(await get(eve, "latest"), 404)
    await table.problem(await get(eve, 3), 404)
    assert (await of_ann.ask("GET", "/turns?from=1"))["body"]["turns"][-1]["generation"] == 5
    await line.until("turn", generation=5)
    assert json.loads(await (await get(eve, 3)).read()) == json.loads(STATE)


async def test_a_late_watcher_sees_the_end_before_the_door_closes(table: Table) -> None:
    ann, of_ann, _, of_bob = await duel(table, LATE)
    eve = await table.join(ann.room, "eve", spectate=True)
    line = await come(eve)
    await turns(1, 3, of_ann, of_bob)
    await of_ann.ask("POST", "/requests/surrender", {})
    await packet(of_ann, 4)
    await packet(of_bob, 4)
    await of_ann.until("ended")
    assert (await of_ann.closed())[0] == 4102
    await line.until("turn", generation=3)
    await line.until("ended")
    assert (await line.closed())[0] == 4102


async def test_chat_of_a_player_comes_late_too(table: Table) -> None:
    ann, of_ann, _, _ = await duel(table, LATE)
    eve = await table.join(ann.room, "eve", spectate=True)
    line = await come(eve)
    clock = table.lobby.rooms.running[ann.room].clock
    await of_ann.ask("POST", "/chat", {"text": "at the bridge"})
    said_at = clock.now()
    await line.until("chat", text="at the bridge")
    assert clock.now() - said_at >= DELAY_MS - 100
