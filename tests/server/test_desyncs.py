"""Evidence of a desync over real sockets: who is heard, what is kept, who may read it."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from gameroom import desyncfile
from gameroom.lockstep import desync_report
from gameroom.lockstep.canonical import canonical, checksum
from gameroom.lockstep.packets import Diverged
from gameroom.server.bodies import Evidence
from gameroom.server.config import Limits
from gameroom.server.host.desyncs import AGAIN_MS, Case
from gameroom.store import FileDesyncs, NoPlaceError
from tests.patience import PATIENCE_S
from tests.server.table import (
    ENGINE,
    KEYED,
    ROOM,
    Line,
    Person,
    Table,
    config,
    limits,
    playing,
    served,
)
from tests.server.test_documents import Http
from tests.server.test_turns import move, packet

THREE = ROOM.replace("players 1..2", "players 3..3")
DROPS = THREE.replace(
    "extend state running.iterating {",
    "extend state running { on diverged do { drop diverged } }\n  extend state running.iterating {",
)
GOOD: dict[str, Any] = {"dice": [1, 2], "units": [{"hp": 3}, {"hp": 4}]}
BAD: dict[str, Any] = {"dice": [1, 2], "units": [{"hp": 3}, {"hp": 5}]}


@pytest.fixture
async def table(tmp_path: Path):
    async with served(config(data=tmp_path / "data")) as running:
        yield running


def parts(state: Any) -> dict[str, int]:
    return {"": checksum(state), **{name: checksum(part) for name, part in state.items()}}


class Witness:
    """A seat that says over HTTP what its engine was."""

    def __init__(self, person: Person, state: Any) -> None:
        self.person = person
        self.state = state
        self.headers = {
            "Authorization": f"Bearer {person.token}",
            "Content-Type": "application/json",
        }

    def path(self, generation: int) -> str:
        return f"/rooms/{self.person.room}/desyncs/{generation}"

    async def says(self, of: int, status: int = 200, **changes: Any) -> Any:
        data = canonical(self.state)
        body = {"generation": of, "parts": parts(self.state), "bytes": len(data), **changes}
        http = Http(self.person.table)
        how = {"json": body, "headers": self.headers, "valid": status != 422}
        said = await http("PUT", self.path(of), **how)
        assert {one[2] for one in http.seen} == {status}, said
        return said

    async def sends(self, generation: int, data: bytes | None = None, status: int = 204) -> Any:
        response = await self.person.table.client.put(
            f"{self.path(generation)}/state",
            data=canonical(self.state) if data is None else data,
            headers=self.headers,
        )
        assert response.status == status, await response.text()
        return None if status == 204 else await response.json()


async def diverged(table: Table, room: str = THREE, count: int = 3) -> list[tuple[Witness, Line]]:
    """So many play two turns and differ in the second: bob (seat 1) from all others."""
    made = await table.create(room=room, engine={"source": ENGINE})
    people = [await table.join(made["id"], name) for name in ("ann", "bob", "cid")[:count]]
    lines = [await person.connect() for person in people]
    await playing(*lines)
    for generation in (1, 2, 3):
        for seat, line in enumerate(lines):
            value = 7 if generation == 2 else 8 + (seat == 1)
            sums = {"generation": generation - 1, "value": value} if generation > 1 else None
            await packet(line, generation, move(generation), checksum=sums)
        for line in lines:
            if generation < 3:
                await line.until("turn", generation=generation)
    for line in lines:
        await line.until("diverged", generation=2)
    states = [BAD if seat == 1 else GOOD for seat in range(count)]
    return [(Witness(p, s), line) for p, s, line in zip(people, states, lines, strict=True)]


async def reports(table: Table, room: str, count: int = 1) -> list[dict[str, Any]]:
    """The list of reports once it has so many and no more is coming."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            listed = await Http(table)("GET", f"/rooms/{room}/desyncs", headers=KEYED)
            rows: list[dict[str, Any]] = listed["reports"]
            if len(rows) >= count and not listed["coming"]:
                return rows
            await asyncio.sleep(0.01)


async def report(table: Table, room: str) -> dict[str, Any]:
    (row,) = await reports(table, room)
    body: dict[str, Any] = await Http(table)("GET", row["path"], headers=KEYED)
    return body


async def test_the_report_names_the_part_that_differs(
    table: Table, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    ann, bob, cid = [witness for witness, _ in await diverged(table)]
    room = ann.person.room
    with caplog.at_level(logging.WARNING):
        assert await ann.says(2) == {"state": True}
        assert await bob.says(2) == {"state": True}
        told = await cid.says(2)
        assert not told["state"], "one of the majority is enough"
        assert told["again_ms"] > 0, "unless that one fails"
        await ann.sends(2)
        await bob.sends(2)
        found = await report(table, room)
    assert (found["generation"], found["agreed"]) == (2, {"generation": 1, "value": 7})
    assert [row["side"] for row in found["seats"]] == ["majority", "minority", "majority"]
    assert [row["name"] for row in found["seats"]] == ["ann", "bob", "cid"]
    assert found["differences"] == [{"path": "units.1.hp", "values": {"0": 4, "1": 5}}]
    assert found["states"] == {"0": GOOD, "1": BAD}
    (turn,) = found["happened"]
    assert turn["turn"] == 2
    assert turn["commands"][1] == {"seat": 1, "commands": [move(2)]}
    assert found["room"]["id"] == room
    assert found["room"]["seed"] == 7
    path = tmp_path / "data" / "desyncs" / f"{room}-2.desync"
    assert desyncfile.read(path.read_bytes()).body == found
    assert f"room {room}: engines diverged at turn 2: report written to {path}" in caplog.messages
    response = await table.client.get(f"/rooms/{room}/desyncs/2", headers=KEYED)
    assert f'filename="{room}-2.desync"' in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == "no-store"


async def test_two_of_whom_nobody_knows_who_is_right_both_send_their_state(table: Table):
    both = [witness for witness, _ in await diverged(table, ROOM, 2)]
    for witness in both:
        assert await witness.says(2) == {"state": True}
    for witness in both:
        await witness.sends(2)
    found = await report(table, both[0].person.room)
    assert not found["decidable"]
    assert [row["side"] for row in found["seats"]] == ["unknown", "unknown"]
    assert found["differences"][0]["path"] == "units.1.hp"


async def test_who_is_dropped_for_it_may_still_say_what_it_was_and_nothing_else(table: Table):
    ann, bob, cid = await diverged(table, DROPS)
    assert (await bob[1].closed())[0] == 4101
    witness = bob[0]
    assert await witness.says(2) == {"state": True}
    me = f"/rooms/{witness.person.room}/players/me"
    await table.problem(await table.client.get(me, headers=witness.headers), 401)
    back = Line(await witness.person.socket())
    said = await back.ask("PUT", "/session", {"token": witness.person.token})
    assert said["status"] == 401
    await witness.sends(2)
    await ann[0].says(2)
    await ann[0].sends(2)
    await cid[0].says(2)
    found = await report(table, witness.person.room)
    assert found["differences"][0]["values"] == {"0": 4, "1": 5}
    response = await table.client.put(witness.path(2), json={}, headers=witness.headers)
    await table.problem(response, 401)


async def test_each_seat_is_heard_once_and_only_the_seats_that_were_compared(table: Table):
    ann, bob, cid = [witness for witness, _ in await diverged(table)]
    stranger = await table.join(ann.person.room, "dan")
    assert (await Witness(stranger, GOOD).says(2, 404))["code"] == "no_such_desync"
    assert (await ann.says(1, 404))["code"] == "no_such_desync"
    assert (await ann.says(2, 422, generation=1))["code"] == "bad_body"
    assert (await ann.sends(2, status=409))["code"] == "not_wanted"
    await ann.says(2)
    assert await ann.says(2, parts={"": 1}) == {"state": True}, "the state, not other words"
    await ann.sends(2)
    assert await ann.says(2) == {"state": False}
    assert (await ann.sends(2, status=409))["code"] == "not_wanted"
    await cid.says(2)
    assert (await cid.sends(2, status=409))["code"] == "not_wanted"
    nobody = await table.client.put(bob.path(2), json={})
    await table.problem(nobody, 401)
    for path in (f"/rooms/{ann.person.room}/desyncs", ann.path(2)):
        await table.problem(await table.client.get(path), 401)
        await table.problem(await table.client.get(path, headers=ann.headers), 401)
    odd = await table.client.put(f"{ann.path(2)}x", json={}, headers=ann.headers)
    assert (await table.problem(odd, 400))["code"] == "bad_number"


async def test_what_one_says_is_told_as_said_and_spoils_nothing(table: Table):
    ann, bob, cid = [witness for witness, _ in await diverged(table)]
    await bob.says(2, parts={"": 1, "\u001b[31mred": 2}, why="\u001b[31mred")
    await bob.sends(2, b'{"units": 0.5}')
    await ann.says(2)
    await ann.sends(2)
    await cid.says(2, why="it is\nlost\u202e")
    found = await report(table, ann.person.room)
    assert found["seats"][2]["said"]["why"] == "it is lost"
    assert (
        found["seats"][1]["said"]["why"] == "0.5 is not a whole number from -(2^53 - 1) to 2^53 - 1"
    )
    assert list(found["states"]) == ["0"]
    assert found["by"] == "parts"


async def test_what_is_too_big_is_refused(tmp_path: Path):
    small = limits(desync_state_bytes_max=100)
    async with served(config(data=tmp_path, limits=small)) as table:
        ann, bob, cid = [witness for witness, _ in await diverged(table)]
        assert await ann.says(2, bytes=101) == {"state": False}, "it could not be taken"
        many = {f"{n:0200}": n for n in range(512)}
        await bob.says(2, parts=many)
        assert (await bob.sends(2, b"[" + b" " * 200 + b"]", status=413))["code"] == "too_big"
        await cid.says(2, 422, parts={**many, "one more": 1})
    (path,) = (tmp_path / "desyncs").iterdir()
    body = desyncfile.read(path.read_bytes()).body
    assert body["states"] == {}
    assert body["seats"][2]["said"]["why"] == "no evidence received"


async def test_a_report_is_made_when_nobody_says_anything(tmp_path: Path):
    async with served(config(data=tmp_path, limits=limits(desync_wait_ms=100))) as table:
        ann, _, _ = [witness for witness, _ in await diverged(table)]
        found = await report(table, ann.person.room)
        assert [row["said"]["why"] for row in found["seats"]] == ["no evidence received"] * 3
        assert [row["checksum"] for row in found["seats"]] == [8, 9, 8]
        assert found["happened"]
        assert (await ann.says(2, 404))["code"] == "no_such_desync"


async def test_a_server_that_stops_writes_what_it_knows(tmp_path: Path):
    async with served(config(data=tmp_path)) as table:
        ann, bob, _ = [witness for witness, _ in await diverged(table)]
        for witness in (ann, bob):
            await witness.says(2)
            await witness.sends(2)
    (path,) = (tmp_path / "desyncs").iterdir()
    body = desyncfile.read(path.read_bytes()).body
    assert body["differences"][0]["path"] == "units.1.hp"
    assert body["seats"][2]["said"]["why"] == "no evidence received"


async def test_a_full_disk_is_logged_and_the_game_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    data = tmp_path / "data"
    data.mkdir()
    async with served(config(data=data, limits=limits(desync_wait_ms=50))) as table:
        (data / "desyncs").write_text("in the way", encoding="utf-8")
        three = await diverged(table, DROPS)
        async with asyncio.timeout(PATIENCE_S):
            while not [
                one
                for one in caplog.messages
                if "the desync report of turn 2 cannot be stored" in one
            ]:
                await asyncio.sleep(0.01)
        ann, _, cid = [line for _, line in three]
        for line in (ann, cid):
            await packet(line, 4)
        await ann.until("turn", generation=4)
        listed = f"/rooms/{three[0][0].person.room}/desyncs"
        response = await table.client.get(listed, headers=KEYED)
        assert response.status in (200, 503)


async def test_without_a_data_folder_reports_are_in_memory():
    async with served(config(limits=limits(desync_wait_ms=50))) as table:
        three = await diverged(table)
        assert (await report(table, three[0][0].person.room))["generation"] == 2


async def test_only_so_many_desyncs_are_examined_at_once(caplog: pytest.LogCaptureFixture):
    async with served(config(limits=limits(desyncs_open_max=1))) as table:
        first = await diverged(table)
        other = await diverged(table)
        assert await first[0][0].says(2) == {"state": True}
        assert (await other[0][0].says(2, 404))["code"] == "no_such_desync"
        assert any("too many desyncs at once" in one for one in caplog.messages)


async def test_the_report_of_a_room_that_is_over_can_be_had(table: Table):
    three = await diverged(table)
    room = three[0][0].person.room
    for witness, _ in three:
        if (await witness.says(2))["state"]:
            await witness.sends(2)
    await reports(table, room)
    assert (await table.client.delete(f"/rooms/{room}", headers=KEYED)).status == 204
    assert (await report(table, room))["room"]["id"] == room
    for path in (f"/rooms/{room}/desyncs/77", "/rooms/..%2f..%2fetc/desyncs/2"):
        await table.problem(await table.client.get(path, headers=KEYED), 404)


async def test_a_desync_after_a_restart_knows_the_last_agreement_from_the_journal(tmp_path: Path):
    running = config(data=tmp_path, limits=limits(desync_wait_ms=100))
    async with served(running) as table:
        made = await table.create(room=THREE, engine={"source": ENGINE})
        people = [await table.join(made["id"], name) for name in ("ann", "bob", "cid")]
        lines = [await person.connect() for person in people]
        await playing(*lines)
        for generation in (1, 2, 3):
            for line in lines:
                sums = {"generation": generation - 1, "value": 7} if generation > 1 else None
                await packet(line, generation, checksum=sums)
            for line in lines:
                await line.until("turn", generation=generation)
        seq = lines[0].seqs[-1]
    async with served(running) as table:
        for person in people:
            person.table = table
        lines = [await person.connect(seq) for person in people]
        # Turns wait for whoever is back from the first packet on: one that cannot be late.
        for seat, line in enumerate(lines):
            await packet(line, 8, move(seat))
        for line in lines:
            await line.until("turn", generation=8)
        for seat, line in enumerate(lines):
            sums = {"generation": 8, "value": int(seat == 1)}
            await packet(line, 9, move(seat), checksum=sums)
        found = await report(table, made["id"])
    assert found["generation"] == 8
    assert found["agreed"]["generation"] in (1, 2)
    turns = [one["turn"] for one in found["happened"] if "turn" in one]
    assert turns == list(range(found["agreed"]["generation"] + 1, 9))


def test_a_room_keeps_its_first_reports_and_a_server_its_latest(tmp_path: Path):
    store = FileDesyncs(tmp_path / "x", per_room_max=2, in_all_max=3)
    store.put("a-1", 5, b"5", 1000)
    store.put("a-1", 7, b"77", 2000)
    with pytest.raises(NoPlaceError):
        store.put("a-1", 9, b"9", 3000)
    store.put("a", 1, b"1", 4000)
    store.put("b", 2, b"2", 5000)
    assert [(one.generation, one.bytes, one.at) for one in store.of_room("a-1")] == [(7, 2, 2000)]
    assert store.get("a", 1) == b"1"
    assert store.get("../a", 1) is None
    assert json.loads(store.get("b", 2) or b"") == 2


# -- one who is asked and sends nothing ------------------------------------------------------


async def test_the_next_of_the_majority_is_asked_where_one_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = limits(desync_state_wait_ms=3_000)
    async with served(config(data=tmp_path, limits=changes)) as table:
        now = 0
        monkeypatch.setattr(table.lobby.desyncs, "_now", lambda: now)
        ann, bob, cid = [witness for witness, _ in await diverged(table)]
        assert (await ann.says(2))["state"], "and never sends it"
        assert (await bob.says(2))["state"]
        await bob.sends(2)
        now = 2_999
        assert await cid.says(2) == {"state": False, "again_ms": AGAIN_MS}
        now = 3_000
        assert (await cid.says(2))["state"]
        await cid.sends(2)
        made = await report(table, ann.person.room)
        assert [row["path"] for row in made["differences"]] == ["units.1.hp"]


class Verdict:
    """A case under a virtual clock: the seats that agree, then one that does not."""

    def __init__(self, majority: int, **changes: int) -> None:
        values = dict.fromkeys(range(majority), 7) | {majority: 8}
        self.case = Case(
            room="r",
            limits=Limits(**changes),
            subject=desync_report.Subject("r", "duel", "e", 7, {}, 0, 0),
            verdict=Diverged(2, (majority,), True, values),
            agreed=None,
            happened=(),
            users={f"user {seat}": seat for seat in values},
            names={},
        )

    def says(self, seat: int, now: int, size: int = 3) -> bool:
        """Whether this seat is asked for its state from now on."""
        self.case.said.setdefault(seat, Evidence(generation=2, bytes=size))
        if self.case.is_wanted(seat, now):
            self.case.asked[seat] = now + self.case.limits.desync_state_wait_ms
            return True
        return False


def test_everybody_of_the_majority_has_a_turn_until_one_sends_the_state() -> None:
    verdict = Verdict(4, desync_state_wait_ms=3000)
    assert verdict.says(4, 0), "the odd one"
    verdict.case.states[4] = b"bad"
    assert [verdict.says(seat, 0) for seat in range(4)] == [True, False, False, False]
    assert [verdict.says(seat, 2_999) for seat in range(4)] == [False] * 4
    assert [verdict.says(seat, 3_000) for seat in range(4)] == [False, True, False, False]
    assert not verdict.case.is_complete(5_000), "there is time for the second one"
    assert verdict.says(3, 6_000), "whoever asks first"
    verdict.case.states[3] = b"good"
    assert verdict.case.is_complete(6_001)
    assert not verdict.says(2, 60_000), "one is enough"


def test_whoever_is_sending_is_waited_for() -> None:
    verdict = Verdict(2, desync_state_wait_ms=3000)
    assert verdict.says(0, 0)
    verdict.case.hearing.add(0)
    assert not verdict.says(1, 9_000)
    verdict.case.hearing.clear()
    assert verdict.says(1, 9_000), "it broke off"


def test_a_case_is_complete_when_nobody_is_left_to_ask() -> None:
    verdict = Verdict(2, desync_state_wait_ms=3000)
    assert verdict.says(2, 0)
    verdict.case.states[2] = b"bad"
    assert verdict.says(0, 0)
    assert not verdict.says(1, 0, size=0), "it kept no state"
    assert not verdict.case.is_complete(2_999)
    assert verdict.case.is_complete(3_000)
