"""Verified snapshots: the majority's hash, one who sends, and what is kept of it."""

from __future__ import annotations

from hashlib import sha256

import pytest

from gameroom.lockstep.packets import ClientPacket, Verified
from gameroom.room import inputs
from gameroom.room.effects import Keep
from gameroom.room.snapshots import SEND_MS, STATE_BYTES_MAX
from tests.room.table import PLAIN, Table

ROOM = PLAIN.replace("  extend state running.iterating", "  policy snapshots { every = 5 turns }\n"
                     "  extend state running.iterating")  # fmt: skip
ALL = ("ann", "bob", "cid")
STATE = b'{"gold":300,"units":[1,2,3]}'
OTHER = b'{"gold":999,"units":[1,2,3]}'


@pytest.fixture
def table() -> Table:
    """Ann, bob and cid, five turns in: the room wants their states."""
    return played(Table(ROOM).start(*ALL), 5)


def played(table: Table, turns: int, *names: str) -> Table:
    for _ in range(turns):
        table.turn(*(names or ALL))
    return table


def have(table: Table, who: str, state: bytes = STATE, generation: int = 5):
    said = inputs.HaveState(generation, sha256(state).hexdigest(), len(state))
    return table.send(who, said)


def send(table: Table, who: str, state: bytes = STATE, generation: int = 5):
    return table.send(who, inputs.with_hash(generation, state))


def asked(table: Table) -> list[int]:
    return [event.body.seat for event in table.told if isinstance(event.body, Verified)]


def test_more_than_half_must_have_the_same_before_one_is_asked(table: Table) -> None:
    assert have(table, "ann").status == 202
    assert asked(table) == []
    have(table, "bob", OTHER)
    assert asked(table) == []
    have(table, "cid")
    assert asked(table) == [0]
    verified = table.told[-1].body
    assert isinstance(verified, Verified)
    assert (verified.generation, verified.size) == (5, len(STATE))
    assert verified.sha256 == sha256(STATE).hexdigest()


def test_what_is_kept_is_the_room_right_after_that_turn(table: Table) -> None:
    turn = next(event for event in table.told if event.body == table.masters()[4])
    table.turn(*ALL)
    have(table, "ann")
    have(table, "bob")
    assert send(table, "ann").status == 201
    (keep,) = table.kept
    snapshot = keep.snapshot
    assert keep.state == STATE
    assert (snapshot.generation, snapshot.seq) == (5, turn.seq)
    assert [row.name for row in snapshot.roster.seats] == ["ann", "bob", "cid"]
    assert snapshot.setup.settings == snapshot.begin.setup == {"map": "plains", "gold": 300}
    assert [row.name for row in snapshot.begin.seats] == ["ann", "bob", "cid"]
    assert "running.iterating" in snapshot.chart.states
    assert "running" in snapshot.begin.states
    assert send(table, "ann").problem.code == "not_asked", "once is enough"


def test_who_differs_is_never_asked(table: Table) -> None:
    have(table, "ann", OTHER)
    have(table, "bob")
    have(table, "cid")
    assert asked(table) == [1]
    assert send(table, "ann").problem.code == "not_asked"
    assert send(table, "ann", OTHER).problem.code == "not_asked"
    assert table.kept == []


def test_two_who_differ_have_no_snapshot() -> None:
    table = played(Table(ROOM).start("ann", "bob"), 5, "ann", "bob")
    have(table, "ann")
    have(table, "bob", OTHER)
    assert asked(table) == []


def test_other_bytes_are_refused_and_the_next_one_is_asked(table: Table) -> None:
    have(table, "ann")
    have(table, "bob")
    assert send(table, "ann", OTHER).problem.code == "another_state"
    assert asked(table) == [0, 1]
    assert send(table, "bob").status == 201
    assert len(table.kept) == 1


def test_who_does_not_send_in_time_is_passed_over(table: Table) -> None:
    have(table, "ann")
    have(table, "bob")
    asked_at = table.now
    table.wait(SEND_MS - 1)
    assert asked(table) == [0]
    table.wait(1)
    assert asked(table) == [0, 1]
    assert table.now == asked_at + SEND_MS
    assert send(table, "ann").problem.code == "not_asked", "too late"
    table.wait(SEND_MS)
    assert asked(table) == [0, 1], "nobody is left who could be asked"


def test_a_newer_turn_takes_the_place_of_an_unfinished_one(table: Table) -> None:
    have(table, "ann")
    have(table, "bob")
    played(table, 5)
    assert send(table, "ann").problem.code == "not_wanted"
    assert have(table, "ann", generation=5).problem.code == "not_wanted"
    have(table, "bob", generation=10)
    have(table, "cid", generation=10)
    assert asked(table) == [0, 1]


def test_who_is_asked_and_leaves_is_replaced(table: Table) -> None:
    for name in ALL:
        have(table, name)
    assert asked(table) == [0]
    table.send("ann", inputs.Leave())
    assert asked(table) == [0, 1]
    assert send(table, "bob").status == 201


def test_who_is_asked_and_leaves_no_majority_behind_ends_it(table: Table) -> None:
    have(table, "ann")
    have(table, "bob")
    have(table, "cid", OTHER)
    assert asked(table) == [0]
    table.send("ann", inputs.Leave())
    assert asked(table) == [0], "bob and cid differ, and nobody can tell who is right"
    assert table.room.snapshots.deadline() is None, "the room is not woken for that again"
    assert send(table, "bob").problem.code == "not_asked"


def test_other_bytes_of_the_only_one_end_it_too(table: Table) -> None:
    have(table, "ann")
    have(table, "bob")
    table.send("bob", inputs.Disconnect())
    assert send(table, "ann", OTHER).problem.code == "another_state"
    assert asked(table) == [0]
    assert table.room.snapshots.deadline() is None


def test_who_is_away_is_not_asked(table: Table) -> None:
    have(table, "ann")
    table.send("ann", inputs.Disconnect())
    have(table, "bob")
    have(table, "cid")
    assert asked(table) == [1]


def test_the_shortest_line_is_asked_a_hidden_page_last() -> None:
    table = Table(ROOM).start(*ALL)
    for generation in range(1, 6):
        for name, latency in (("ann", 30), ("bob", 400), ("cid", 90)):
            table.send(name, ClientPacket(generation, latency=latency, framerate=60))
        table.wait_until_due()
    table.send("ann", inputs.Hide())
    for name in ("ann", "cid", "bob"):
        have(table, name)
    assert asked(table) == [2]
    table.wait(SEND_MS)
    assert asked(table) == [2, 1]


def test_the_first_word_counts(table: Table) -> None:
    have(table, "ann", OTHER)
    have(table, "ann")
    have(table, "bob")
    assert asked(table) == []


def test_watchers_strangers_and_nonsense_are_refused(table: Table) -> None:
    table.join("eve", spectate=True)
    assert have(table, "eve").problem.code == "not_a_player"
    assert send(table, "eve").problem.code == "not_a_player"
    assert have(table, "nobody").problem.code == "not_in_the_room"
    big = inputs.HaveState(5, "0" * 64, STATE_BYTES_MAX + 1)
    assert table.send("ann", big).problem.code == "too_big"
    for sha, size in (("0" * 63, 4), ("G" * 64, 4), ("0" * 64, 0)):
        assert table.send("ann", inputs.HaveState(5, sha, size)).problem.code == "bad_body"
    assert have(table, "ann", generation=4).problem.code == "not_wanted"


def test_a_room_without_snapshots_wants_none() -> None:
    table = played(Table(ROOM.replace("every = 5 turns", "every = 0 turns")).start(*ALL), 5)
    assert have(table, "ann").problem.code == "not_wanted"


def test_after_a_restart_the_next_turn_of_its_kind_is_kept(table: Table) -> None:
    have(table, "ann")
    have(table, "bob")
    again = table.restarted()
    assert send(again, "ann").problem.code == "not_wanted"
    for name in ALL:
        again.send(name, inputs.Connect(seq=again.room.seq))
    played(again, 5)
    have(again, "ann", generation=10)
    have(again, "bob", generation=10)
    assert send(again, "ann", generation=10).status == 201
    (keep,) = again.kept
    assert [row.name for row in keep.snapshot.begin.seats] == ["ann", "bob", "cid"]
    assert isinstance(keep, Keep)
