"""Repair: whoever differs from a majority begins again, has no vote, and is let back in."""

from __future__ import annotations

import pytest

from gameroom.lockstep import packets
from gameroom.lockstep.checksums import Checksums
from gameroom.lockstep.packets import Checksum
from gameroom.room import inputs
from tests.room.table import Table

MENDED = """
language 1
use "standard"
room "Mended" extends standard {
  players 2..4
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
  policy divergence { repairs = 2 }
  extend state running {
    on diverged if event.decidable do { repair diverged }
    on repaired do { announce "repaired" }
  }
}
"""


def table() -> Table:
    started = Table(MENDED).start("ann", "bob", "cid")
    for _ in range(3):
        started.turn("ann", "bob", "cid")
    return started


def differing(table: Table, *, who: str = "cid") -> Table:
    """`who` differs in one turn, and the room has told it."""
    generation = table.room.generation + 1
    for name in ("ann", "bob", "cid"):
        table.packet(name, generation, checksum=2 if name == who else 1)
    table.wait_until_due()
    table.wait(100)
    return table


def back(table: Table, who: str) -> None:
    """As every client does that has to begin again."""
    table.send(who, inputs.Disconnect())
    table.send(who, inputs.Connect(0))


def agree(table: Table, who: str, *others: str) -> None:
    """`who` has caught up and reports what the others do, one turn after the repair."""
    for _ in range(5):
        table.packet(who, table.room.generation + 1, checksum=1)
        table.turn(*others)


def repairs(table: Table) -> list[packets.Repair]:
    return [event.body for event in table.told if isinstance(event.body, packets.Repair)]


def test_the_others_play_on_while_one_begins_again() -> None:
    ill = differing(table())
    assert [repair.seats for repair in repairs(ill)] == [(2,)]
    assert ill.seat("cid").diverged
    assert ill.seat("cid").repairing
    before = ill.room.generation
    for _ in range(5):
        ill.turn("ann", "bob")
    assert ill.room.generation == before + 5
    assert "running.iterating" in ill.states


def test_who_agrees_again_counts_again() -> None:
    ill = differing(table())
    back(ill, "cid")
    agree(ill, "cid", "ann", "bob")
    row = ill.seat("cid")
    assert not row.diverged
    assert not row.repairing
    assert ill.last(packets.Announcement).text == "repaired"
    cid = ill.room.people.members["cid"]
    ill.packet("cid", ill.room.generation + 1, checksum=1)
    assert cid.gathers_from is not None


def test_what_was_said_before_the_repair_proves_nothing() -> None:
    ill = differing(table())
    since = repairs(ill)[0].generation
    ill.send("cid", packets.ClientPacket(ill.room.generation + 1, (), Checksum(since, 1)))
    ill.turn("ann", "bob")
    ill.turn("ann", "bob")
    assert ill.seat("cid").repairing


def test_an_engine_that_goes_on_differing_has_no_vote() -> None:
    ill = differing(table())
    back(ill, "cid")
    for _ in range(5):
        ill.packet("cid", ill.room.generation + 1, checksum=9)
        ill.turn("ann", "bob")
    assert ill.seat("cid").repairing
    assert len([event for event in ill.told if isinstance(event.body, packets.Diverged)]) == 1


def test_who_is_under_repair_for_longer_than_the_grace_is_lost() -> None:
    ill = differing(table())
    back(ill, "cid")
    for _ in range(620):
        ill.turn("ann", "bob")
    assert ill.parted == {"cid": 4101}


def test_who_diverges_too_often_loses_the_seat() -> None:
    ill = table()
    for _ in range(2):
        differing(ill)
        back(ill, "cid")
        agree(ill, "cid", "ann", "bob")
        assert ill.parted == {}
        for _ in range(3):
            ill.turn("ann", "bob", "cid")
    differing(ill)
    assert ill.parted == {"cid": 4101}
    assert len(repairs(ill)) == 2


def test_where_nobody_knows_who_is_right_nobody_is_repaired() -> None:
    text = MENDED.replace("on diverged if event.decidable do", "on diverged do")
    ill = Table(text).start("ann", "bob")
    for _ in range(3):
        ill.turn("ann", "bob")
    generation = ill.room.generation + 1
    ill.packet("ann", generation, checksum=1)
    ill.packet("bob", generation, checksum=2)
    ill.wait(300)
    assert isinstance(ill.last(packets.Diverged), packets.Diverged)
    assert not ill.last(packets.Diverged).decidable
    assert repairs(ill) == []


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_repair_outlives_the_server(cut: int) -> None:
    """Killed right after the repair was told, or some entries later."""
    ill = differing(table())
    at = next(
        place
        for place, entry in enumerate(ill.journal)
        if isinstance(entry.event.body, packets.Repair)
    )
    again = ill.restarted(at + 1 + cut)
    member = again.room.people.members["cid"]
    assert (member.repairing, member.repairs, member.gathers_from) == (True, 1, None)
    for name in ("ann", "bob"):
        again.send(name, inputs.Connect(again.room.seq))
    back(again, "cid")
    agree(again, "cid", "ann", "bob")
    assert not again.seat("cid").repairing


def test_the_last_one_under_repair_plays_on() -> None:
    ill = differing(table())
    back(ill, "cid")
    ill.send("ann", inputs.Leave())
    ill.send("bob", inputs.Disconnect())
    for _ in range(3):
        ill.turn("cid")
    assert not ill.seat("cid").repairing
    assert "running.iterating" in ill.states


def test_trials_are_bounded() -> None:
    checksums = Checksums(window=4)
    checksums.quarantine(0, since=0)
    for generation in range(1, 100):
        checksums.report(0, Checksum(generation, generation), closed=generation)
    assert len(checksums._trials[0].reports) == 4
