"""A fault of ours that a packet brings up costs its sender, not the room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gameroom.chart.plans import _Planner
from gameroom.lockstep.packets import ClientPacket
from gameroom.room.people import Member
from gameroom.room.play import Play
from gameroom.room.requests import Requests
from gameroom.room.room import Room
from gameroom.server.host import runner as runners
from tests.server.table import Line, Person, Table, config, served
from tests.server.test_turns import duel, move, packet

BAD = 9
"""The move that brings up the fault."""
EVENTS = 16
"""Between two checkpoints."""


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults of ours: a move of 9, and a line of chat that says "boom"."""
    chat = Requests._chat

    def faulty(step: Callable[[Play, Any, ClientPacket], Any]) -> Any:
        def instead(self: Play, who: Any, sent: ClientPacket) -> Any:
            if any(command.body.get("x") == BAD for command in sent.commands):
                raise KeyError(BAD)
            return step(self, who, sent)

        return instead

    def boom(self: Requests, member: Member, text: str) -> Any:
        assert text != "boom"
        return chat(self, member, text)

    monkeypatch.setattr(Play, "take", faulty(Play.take))
    monkeypatch.setattr(Play, "keep", faulty(Play.keep))
    monkeypatch.setattr(Requests, "_chat", boom)


async def played(line: Line, *lines: Line, until: int, since: int = 1) -> None:
    """All of them play turns, which `line` sees close."""
    for generation in range(since, until + 1):
        for one in (line, *lines):
            await packet(one, generation)
        await line.until("turn", generation=generation)


async def test_a_packet_that_brings_up_a_fault_costs_its_sender_the_socket(
    table: Table,
) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    await played(of_ann, of_bob, until=3)
    await packet(of_ann, 4, move(1))
    await packet(of_bob, 4, move(BAD))
    assert (await of_bob.closed())[0] == 1011
    assert (await of_ann.ask("GET", "/time"))["status"] == 200, "ann's socket is the same"
    seen = of_bob.seqs[-1]
    back = await bob.connect(seq=seen)
    await packet(back, 4, move(2))
    await played(of_ann, back, since=5, until=7)
    turns = [one["body"] for one in of_ann.events if one.get("event") == "turn"]
    commands = [part for turn in turns for part in turn["commands"]]
    assert {"seat": 0, "commands": [move(1)]} in commands, "what ann had sent is not lost"
    assert {"seat": 1, "commands": [move(2)]} in commands
    assert len(commands) == 2
    assert of_ann.seqs == list(range(1, of_ann.seqs[-1] + 1))


async def test_the_same_packet_is_refused_when_it_comes_again(table: Table) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    await packet(of_bob, 1, move(BAD))
    await of_bob.closed()
    back = await bob.connect()
    await packet(back, 1, move(BAD))
    rejected = await back.until("rejected", generation=1)
    assert rejected["body"]["problem"]["status"] == 422
    assert rejected["body"]["problem"]["code"] == "faulty_packet"
    answered = await back.ask("PUT", "/turns/1", {"commands": [move(BAD)]})
    assert answered["status"] == 422
    await packet(back, 1, move(3))
    await packet(of_ann, 1)
    await of_ann.until("turn", generation=1)


async def test_a_second_one_within_a_minute_costs_the_seat(table: Table) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    await packet(of_bob, 1, move(BAD))
    await of_bob.closed()
    back = await bob.connect()
    await packet(back, 1, move(BAD), latency=1)
    assert (await back.closed())[0] == 1011
    roster = await of_ann.until("roster")
    while len(roster["body"]["seats"]) > 1:
        roster = await of_ann.until("roster")
    refused = await Line(await bob.socket()).ask("PUT", "/session", {"token": bob.token})
    assert refused["status"] == 401
    await played(of_ann, until=3)


async def test_other_requests_and_http_are_no_different(table: Table) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    headers = {"Authorization": f"Bearer {bob.token}"}
    path = f"/rooms/{bob.room}/chat"
    response = await table.client.post(path, json={"text": "boom"}, headers=headers)
    assert (await table.problem(response, 500))["code"] == "fault"
    response = await table.client.post(path, json={"text": "boom"}, headers=headers)
    assert (await table.problem(response, 422))["code"] == "faulty_packet"
    assert (await of_bob.closed())[0] == 1011
    response = await table.client.post(path, json={"text": "hello"}, headers=headers)
    assert response.status == 204
    assert (await of_ann.until("chat"))["body"]["text"] == "hello"


async def test_other_rooms_hear_nothing_of_it(table: Table) -> None:
    other = await table.create()
    cas = await table.join(other["id"], "cas")
    line = await cas.connect()
    _, _, _, of_bob = await duel(table)
    await packet(of_bob, 1, move(BAD))
    await of_bob.closed()
    assert (await line.ask("PUT", "/players/me/ready"))["status"] == 204


async def test_a_long_game_is_made_again_from_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "CHECKPOINT_EVENTS", EVENTS)
    async with served(config(data=tmp_path)) as table:
        _, of_ann, bob, of_bob = await duel(table)
        last = 3 * EVENTS
        await played(of_ann, of_bob, until=last)
        runner = table.lobby.rooms.running[bob.room]
        read: list[int] = []
        original = runner.events.journal.read

        def noted(after: int = 0, limit: int | None = None) -> Any:
            for entry in original(after, limit):
                read.append(entry.seq)
                yield entry

        runner.events.journal.read = noted  # type: ignore[method-assign]
        await packet(of_bob, last + 1, move(BAD))
        await of_bob.closed()
        assert 0 < len(read) <= EVENTS
        back = await bob.connect(seq=of_bob.seqs[-1])
        await played(of_ann, back, since=last + 1, until=last + 5)


async def test_a_room_that_cannot_go_on_by_itself_stops_alone(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await table.create()
    cas = await table.join(other["id"], "cas")
    line = await cas.connect()
    ann, of_ann, _, _ = await duel(table)
    broken = table.lobby.rooms.running[ann.room].room
    tick = Room.tick

    def fails(self: Room, now: int) -> Any:
        if self.seed == broken.seed and self.generation == 0 and "running" in self.states:
            raise RuntimeError("planted")
        return tick(self, now)

    monkeypatch.setattr(Room, "tick", fails)
    await packet(of_ann, 1, move(BAD))
    assert (await of_ann.closed())[0] == 1011
    response = await table.client.get(f"/rooms/{ann.room}")
    assert (await table.problem(response, 503))["code"] == "fault"
    assert (await line.ask("PUT", "/players/me/ready"))["status"] == 204


async def test_a_chart_that_would_go_into_an_illegal_configuration_is_a_fault_of_its_room(
    table: Table, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The room is made again as it was before the event, and goes on from there. The log says
    what was wrong."""
    enters, planted = _Planner.compute_entry_set, [0]

    def nothing_once(self: _Planner, transitions: Any) -> int:
        return planted.pop() if planted else enters(self, transitions)

    made = await table.create()
    ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
    of_ann, of_bob = await ann.connect(), await bob.connect()
    assert (await of_ann.ask("PUT", "/players/me/ready"))["status"] == 204
    monkeypatch.setattr(_Planner, "compute_entry_set", nothing_once)
    await of_bob.send(method="PUT", path="/players/me/ready")
    assert (await of_bob.closed())[0] == 1011
    assert "0 of the states inside `setup` are active after: when all player ready" in caplog.text
    await of_ann.state("setup.starting")
    assert (await of_ann.ask("GET", "/time"))["status"] == 200, "ann's socket is the same"


async def test_whoever_was_unlucky_once_an_hour_keeps_the_seat(table: Table) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    runner = table.lobby.rooms.running[bob.room]
    await packet(of_bob, 1, move(BAD))
    await of_bob.closed()
    runner._faults._seen = {who: at - 61 for who, at in runner._faults._seen.items()}  # type: ignore[assignment]
    back = await bob.connect()
    await packet(back, 1, move(BAD), latency=1)
    await back.closed()
    assert isinstance(bob, Person)
    line = await bob.connect()
    await packet(line, 1)
    await packet(of_ann, 1)
    await of_ann.until("turn", generation=1)


# -- a packet that is taken, and wrong when its turn closes ---------------------------------

LATE = 8
"""The move that brings up the fault when its turn closes."""


@pytest.fixture
def planted_in_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    close = Play.close

    def faulty(self: Play) -> Any:
        turn = close(self)
        for part in turn.commands:
            assert all(command.body.get("x") != LATE for command in part.commands)
        return turn

    monkeypatch.setattr(Play, "close", faulty)


@pytest.mark.usefixtures("planted_in_closing")
async def test_who_sent_it_pays_where_time_closes_the_turn(
    table: Table,
) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    await played(of_ann, of_bob, until=3)
    await packet(of_bob, 4, move(LATE))
    await packet(of_bob, 5)
    assert (await of_bob.ask("GET", "/time"))["status"] == 200
    answered = await of_ann.ask("PUT", "/turns/4", {"commands": [move(1)]})
    assert answered["status"] == 202
    assert (await of_bob.closed())[0] == 1011
    back = await bob.connect(seq=of_bob.seqs[-1])
    assert back.hello["body"]["heard"] == 3, "what came behind it is sent again, too"
    await packet(back, 4, move(LATE))
    rejected = await back.until("rejected", generation=4)
    assert rejected["body"]["problem"]["code"] == "faulty_packet"
    await packet(back, 4)
    turn = await of_ann.until("turn", generation=4)
    assert turn["body"]["commands"] == [{"seat": 0, "commands": [move(1)]}]
    await played(of_ann, back, since=5, until=6)


@pytest.mark.usefixtures("planted_in_closing")
async def test_who_sent_it_pays_and_not_who_sent_the_last_packet_of_the_turn(
    table: Table,
) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    await packet(of_bob, 1, move(LATE))
    assert (await of_bob.ask("GET", "/time"))["status"] == 200
    answered = await of_ann.ask("PUT", "/turns/1", {"commands": [move(1)]})
    assert answered["status"] == 202
    assert (await of_bob.closed())[0] == 1011
    back = await bob.connect(seq=of_bob.seqs[-1])
    await packet(back, 1)
    turn = await of_ann.until("turn", generation=1)
    assert turn["body"]["commands"] == [{"seat": 0, "commands": [move(1)]}]


@pytest.mark.usefixtures("planted_in_closing")
async def test_a_late_one_and_a_second_one_are_no_different(table: Table) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    await packet(of_bob, 1, move(LATE))
    await packet(of_ann, 1, move(1))
    assert (await of_bob.closed())[0] == 1011
    await of_ann.until("turn", generation=1)
    back = await bob.connect()
    answered = await back.ask("PUT", "/turns/1", {"commands": [move(LATE)], "latency": 1})
    assert answered["body"]["late"]
    await packet(back, 2)
    await packet(of_ann, 2)
    assert (await back.closed())[0] == 1011
    refused = await Line(await bob.socket()).ask("PUT", "/session", {"token": bob.token})
    assert refused["status"] == 401, "the second one costs the seat"
    await of_ann.until("turn", generation=2)


async def test_an_equal_packet_of_somebody_else_is_taken(table: Table) -> None:
    _, of_ann, _, of_bob = await duel(table)
    await of_bob.send(method="POST", path="/chat", body={"text": "boom"})
    await of_bob.closed()
    await of_ann.send(method="POST", path="/chat", body={"text": "boom"})
    assert (await of_ann.closed())[0] == 1011, "it is given to the room"


async def test_who_has_lost_the_place_does_not_come_back_before_that_is_told(
    table: Table,
) -> None:
    _, of_ann, bob, of_bob = await duel(table)
    await played(of_ann, of_bob, until=1)
    await packet(of_bob, 2, move(BAD))
    await of_bob.closed()
    back = await bob.connect()
    await played(of_ann, back, since=2, until=2)
    await packet(back, 3, move(BAD))
    await back.closed()
    refused = await Line(await bob.socket()).ask("PUT", "/session", {"token": bob.token})
    assert refused["status"] == 401
