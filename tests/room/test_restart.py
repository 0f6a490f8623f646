"""A room is its journal: killed at any point, it comes back as it was."""

import pytest

from gameroom.lockstep import packets
from gameroom.lockstep.packets import Command, SeatCommands
from gameroom.room import Folded, Room, inputs
from tests.room.table import PLAIN, Table

MOVE = Command("move", {"unit": 3})


def test_setup_and_seats_survive() -> None:
    table = Table()
    table.join("ann", "bob")
    table.send("ann", inputs.Configure({"gold": 700}))
    table.ready("ann")
    again = table.restarted()
    assert again.room.settings == table.room.settings
    assert again.states == table.states
    ann = again.seat("ann")
    assert (ann.ready, ann.connected, ann.roles) == (True, True, ("host",))
    assert again.send("ann", inputs.Join("ann")).body.seat == 0
    again.wait(10_000)
    assert not again.seat("ann").connected, "she is expected back for as long as a newcomer"


def test_turns_go_on_where_they_were() -> None:
    table = Table().start("ann", "bob")
    for _ in range(3):
        table.turn("ann", "bob")
    table.packet("ann", 4, MOVE)
    again = table.restarted()
    assert again.room.generation == 3
    for name in ("ann", "bob"):
        again.send(name, inputs.Connect(seq=again.room.seq))
        assert again.room.hello(name).heard == 3
    again.packet("ann", 4, MOVE)
    again.wait(1_000)
    assert again.room.generation == 3, "bob was there before and is waited for"
    master = again.turn("bob")
    assert master.generation == 4
    assert master.commands == (SeatCommands(0, (MOVE,)),)


def test_a_repeated_packet_is_still_recognised() -> None:
    table = Table().start("ann", "bob")
    table.packet("ann", 1, MOVE)
    table.turn("bob")
    again = table.restarted()
    again.send("ann", inputs.Connect())
    assert again.packet("ann", 1, MOVE).body["repeated"] is True


def test_an_ended_room_stays_ended() -> None:
    table = Table().start("ann", "bob")
    table.send("ann", inputs.Leave())
    table.send("bob", inputs.Leave())
    again = table.restarted()
    assert again.room.over
    assert again.send("cid", inputs.Join("cid")).problem.status == 410


def test_timers_go_on_with_what_remained() -> None:
    table = Table()
    table.join("ann")
    table.wait(20 * 60_000)
    table.send("ann", inputs.Say("still here?"))
    again = table.restarted()
    again.send("ann", inputs.Connect())
    again.wait(9 * 60_000)
    assert not again.room.over
    again.wait(60_000)
    assert again.last(packets.Ended).because == "nobody started the game"


def test_a_timer_that_was_used_up_stays_so() -> None:
    text = PLAIN.replace(
        "allow move from player",
        "allow move from player  after 2 turns if generation > 4 -> ended",
    )
    table = Table(text).start("ann", "bob")
    for _ in range(5):
        table.turn("ann", "bob")
    again = table.restarted()
    for name in ("ann", "bob"):
        again.send(name, inputs.Connect(seq=again.room.seq))
    again.turn("ann", "bob")
    assert not again.room.over


@pytest.mark.parametrize("cut", range(1, 24))
def test_every_prefix_of_a_journal_is_a_room(cut: int) -> None:
    table = Table().start("ann", "bob")
    for _ in range(4):
        table.turn("ann", "bob")
    table.send("ann", inputs.Ask("pause"))
    table.turn("ann", "bob")
    entries = table.journal[:cut]
    room = Room.restored(table.chart, seed=7, folded=Folded({}).fold_all(entries), now=table.now)
    assert room.seq == len(entries)
    masters = [e.event.body for e in entries if isinstance(e.event.body, packets.MasterPacket)]
    assert room.generation == len(masters)
    told = [e.event.body for e in entries if isinstance(e.event.body, packets.Moves)]
    if told and not masters:
        assert room.states == told[-1].chart.states


def test_a_second_restart_does_not_count_the_first_outage() -> None:
    table = Table()
    table.join("ann")
    table.wait(60_000)
    table.driver.now += 10 * 60_000
    once = table.restarted()
    once.send("ann", inputs.Connect())
    once.send("ann", inputs.Disconnect())
    left = once.room.chart_driver.due() - once.now
    twice = once.restarted()
    assert twice.room.chart_driver.due() - once.now == left


def test_who_left_and_came_again_at_one_turn_is_new_after_a_restart_too() -> None:
    text = PLAIN.replace(
        "extend state running.iterating {",
        "extend state running.iterating {\n    allow join from anyone",
    )
    table = Table(text).start("ann", "bob", "cid")
    for _ in range(3):
        table.turn("ann", "bob", "cid")
    table.send("cid", inputs.Leave())
    assert table.join("cid").problem is None
    table.packet("cid", table.room.generation + 1)
    seat = table.seat("cid").seat
    table.turn("ann", "bob")
    again = table.restarted()
    assert again.room.play.turns.heard == table.room.play.turns.heard
    assert again.room.hello("cid").heard == table.room.hello("cid").heard
    assert table.parted["cid"] == 4100
    assert table.seat("cid").seat == seat


def silent_bob() -> Table:
    """A game that waits for bob."""
    table = Table().start("ann", "bob")
    for _ in range(3):
        table.turn("ann", "bob")
    table.packet("ann", 4)
    table.wait(5_000)
    assert "running.paused.lagging" in table.states
    return table


def test_a_game_that_waits_for_a_silent_player_goes_on_after_a_restart() -> None:
    again = silent_bob().restarted()
    assert again.seat("bob").missing, "who is missing stays so until something is heard"
    for name in ("ann", "bob"):
        again.send(name, inputs.Connect(seq=again.room.seq))
    for name in ("ann", "bob"):
        again.packet(name, 4)
    again.wait(1_000)
    assert again.states[-1] == "running.iterating"
    assert again.room.generation == 4


def test_whoever_does_not_come_back_after_a_restart_is_away() -> None:
    again = silent_bob().restarted()
    again.send("ann", inputs.Connect(seq=again.room.seq))
    again.wait(9_000)
    assert again.states[-1] == "running.paused.lagging"
    again.wait(1_500)
    assert not again.seat("bob").connected
    assert again.states[-1] == "running.iterating", "a lost connection is not waited for"


@pytest.mark.parametrize("flag", ["hidden", "slow", "missing", "lost", "diverged", "ready"])
def test_what_conditions_can_ask_of_people_survives(flag: str) -> None:
    table = Table().start("ann", "bob")
    bob = table.room.people.seated()[1]
    setattr(bob, flag, True)
    bob.slow_by = "line" if flag == "slow" else None
    table.wait(10)
    table.wait(2_000)
    assert getattr(table.last(packets.Roster).seats[1], flag)
    folded = Folded({}).fold_all(table.journal)
    again = Room.restored(table.chart, seed=7, folded=folded, now=table.now)
    assert getattr(again.people.seated()[1], flag)
    assert again.people.facts()[1].flags == table.room.people.facts()[1].flags


def test_watchers_of_before_a_restart_are_told_to_be_gone() -> None:
    table = Table().start("ann", "bob")
    table.join("zoe", spectate=True)
    table.turn("ann", "bob")
    assert table.last(packets.Roster).spectators == 1
    again = table.restarted()
    for name in ("ann", "bob"):
        again.send(name, inputs.Connect(again.room.seq))
    again.turn("ann", "bob")
    assert again.last(packets.Roster).spectators == 0
