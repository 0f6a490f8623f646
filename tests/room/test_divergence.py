"""Engines differ in the standard room: who is dropped, who goes on, and when it ends."""

from __future__ import annotations

import pytest

from gameroom.lockstep import packets
from gameroom.room import Folded, Room, inputs
from tests.room.table import Table

EIGHT = ("ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal")
GAME = """
language 1
use "standard"
room "Game" extends standard {
  players 1..8
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
}
"""
HALTED = "running.paused.diverged"
DROP = inputs.Ask("desync_vote", {"choice": "drop"})


def halted(names: tuple[str, ...], liars: tuple[str, ...]) -> Table:
    """A game that has run three turns, after which the liars report another checksum."""
    table = Table(GAME).start(*names)
    for _ in range(3):
        table.turn(*names)
    for name in names:
        table.packet(name, 4, checksum=666 if name in liars else 1)
    table.wait(100)
    assert table.states[-1] == HALTED
    return table


def goes_on(table: Table, names: tuple[str, ...], turns: int = 40) -> None:
    """They play for longer than any report is kept, and nobody diverges again."""
    assert table.states[-1] == "running.iterating"
    told = len([1 for event in table.told if isinstance(event.body, packets.Diverged)])
    first = table.room.generation + 1
    for generation in range(first, first + turns):
        for name in names:
            table.packet(name, generation, checksum=1)
        table.wait(100)
        assert table.room.generation == generation
    again = len([1 for event in table.told if isinstance(event.body, packets.Diverged)])
    assert again == told
    assert table.masters()[-1].checksum.generation == first + turns - 3
    assert not any(row.diverged for row in table.room.people.roster().seats)


def because(table: Table) -> str | None:
    return table.last(packets.Moves).chart.moved[-1].because


def test_one_liar_of_eight_who_leaves_stops_nobody() -> None:
    table = halted(EIGHT, liars=("hal",))
    assert [table.seat(name).diverged for name in EIGHT] == [False] * 7 + [True]
    table.send("hal", inputs.Leave())
    assert because(table) == "the remaining engines agree"
    goes_on(table, EIGHT[:7])


def test_a_liar_whose_connection_is_gone_stops_nobody() -> None:
    table = halted(EIGHT, liars=("hal",))
    table.send("hal", inputs.Disconnect())
    assert because(table) == "the remaining engines agree"
    for _ in range(5):
        table.turn(*EIGHT[:7])
    assert table.seat("hal").diverged, "the seat is kept, and what is known of it"


def test_a_liar_who_returns_is_compared_again() -> None:
    table = halted(EIGHT, liars=("hal",))
    table.send("hal", inputs.Disconnect())
    table.turn(*EIGHT[:7])
    table.send("hal", inputs.Connect(seq=table.room.seq))
    assert not table.seat("hal").diverged
    table.turn("hal", *EIGHT[:7])
    generation = table.room.generation + 1
    for name in ("hal", *EIGHT[:7]):
        table.packet(name, generation, checksum=666 if name == "hal" else 1)
    table.wait(100)
    assert table.states[-1] == HALTED
    assert table.seat("hal").diverged


def test_an_engine_that_began_again_is_one_of_them_again() -> None:
    table = halted(("ann", "bob", "cid"), liars=("cid",))
    table.send("cid", inputs.Disconnect())
    table.turn("ann", "bob")
    table.send("cid", inputs.Connect(seq=0))
    table.packet("cid", table.room.generation + 1, checksum=1)
    table.turn("ann", "bob")
    goes_on(table, ("ann", "bob", "cid"))


def test_one_liar_of_eight_is_dropped_by_half_of_those_present() -> None:
    table = halted(EIGHT, liars=("hal",))
    for name in EIGHT[:3]:
        table.send(name, DROP)
    assert table.states[-1] == HALTED
    table.send(EIGHT[3], DROP)
    assert table.parted == {"hal": 4101}
    goes_on(table, EIGHT[:7])


def test_a_liar_drops_nobody() -> None:
    table = halted(("ann", "bob", "cid"), liars=("cid",))
    table.send("cid", DROP)
    table.wait(1_000)
    assert table.states[-1] == HALTED
    assert not table.parted


def test_four_against_four_drop_nobody_and_go_on_when_one_side_has_left() -> None:
    table = halted(EIGHT, liars=EIGHT[4:])
    assert all(table.seat(name).diverged for name in EIGHT), "nobody knows who is right"
    for name in EIGHT:
        table.send(name, DROP)
    assert not table.parted
    for name in EIGHT[4:7]:
        table.send(name, inputs.Leave())
        assert table.states[-1] == HALTED, "whoever leaves does not prove the others right"
    for name in EIGHT[:4]:
        table.send(name, DROP)
    assert table.states[-1] == HALTED
    table.send("hal", inputs.Leave())
    goes_on(table, EIGHT[:4])


def test_four_against_four_who_all_stay_end_after_a_while() -> None:
    table = halted(EIGHT, liars=EIGHT[4:])
    table.wait(600_000)
    assert table.last(packets.Ended).because == "the engines diverged"
    assert set(table.last(packets.Diverged).values) == set(range(8))


def test_of_two_who_differ_neither_can_drop_the_other() -> None:
    table = halted(("ann", "bob"), liars=("bob",))
    for name in ("ann", "bob"):
        table.send(name, DROP)
    table.wait(1_000)
    assert table.states[-1] == HALTED
    assert not table.parted


@pytest.mark.parametrize("leaves", ["ann", "bob"])
def test_of_two_who_differ_the_one_who_stays_goes_on(leaves: str) -> None:
    """So a false checksum voids no game: whoever sends it and goes has left, as ever."""
    table = halted(("ann", "bob"), liars=("bob",))
    stays = "bob" if leaves == "ann" else "ann"
    table.send(leaves, inputs.Leave())
    assert [row.name for row in table.last(packets.Roster).seats] == [stays], "all see who left"
    assert because(table) == "the remaining engines agree"
    goes_on(table, (stays,))


def test_a_false_checksum_and_a_way_out_leave_the_ending_to_the_room() -> None:
    text = GAME.replace(
        "policy pace",
        'extend state running.iterating { when players < 2 -> ended because "the other left" }\n'
        "policy pace",
    )
    table = Table(text).start("ann", "bob")
    for _ in range(3):
        table.turn("ann", "bob")
    for name in ("ann", "bob"):
        table.packet(name, 4, checksum=666 if name == "bob" else 1)
    table.wait(100)
    table.send("bob", inputs.Leave())
    assert table.last(packets.Ended).because == "the other left"
    assert table.last(packets.Ended).left == ("bob",), "the ending names who left"
    assert [row.name for row in table.last(packets.Roster).seats] == ["ann"]


def test_the_last_of_a_minority_goes_on_alone() -> None:
    table = halted(("ann", "bob", "cid"), liars=("cid",))
    for name in ("ann", "bob"):
        table.send(name, inputs.Leave())
    goes_on(table, ("cid",))


def test_what_remains_of_a_verdict_survives_a_restart() -> None:
    table = halted(EIGHT, liars=EIGHT[4:])
    for name in EIGHT[4:7]:
        table.send(name, inputs.Leave())
    again = table.restarted()
    assert again.states[-1] == HALTED
    for name in (*EIGHT[:4], "hal"):
        again.send(name, inputs.Connect(seq=again.room.seq))
    again.send("hal", inputs.Leave())
    assert again.states[-1] == "running.iterating"
    goes_on(again, EIGHT[:4])


def test_a_vote_survives_a_restart() -> None:
    table = halted(EIGHT, liars=("hal",))
    for name in EIGHT[:3]:
        table.send(name, DROP)
    again = table.restarted()
    for name in EIGHT:
        again.send(name, inputs.Connect(seq=again.room.seq))
    assert again.states[-1] == HALTED
    again.send("dan", DROP)
    goes_on(again, EIGHT[:7])


def test_a_checkpoint_knows_the_verdict() -> None:
    table = halted(EIGHT, liars=EIGHT[4:])
    table.send("hal", inputs.Leave())
    checkpoint = table.room.checkpoint()
    assert checkpoint.diverged is not None
    assert set(checkpoint.diverged.values) == set(range(7))
    again = Room.restored(table.chart, seed=7, folded=Folded.of(checkpoint), now=table.now)
    assert again.play.checksums.standing == table.room.play.checksums.standing
