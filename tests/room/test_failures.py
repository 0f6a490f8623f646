"""Engines that fail: who goes on, who is told, and what brings a player back."""

from __future__ import annotations

import pytest

from gameroom.lockstep import packets
from gameroom.room import Folded, Room, effects, inputs
from gameroom.texts import clean_line
from tests.room.table import Table

THREE = ("ann", "bob", "cat")
OTHERS = ("ann", "bob")
GAME = """
language 1
use "standard"
room "Game" extends standard {
  players 1..3
  spectators 0..2
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
  on failed do { announce "an engine failed" }
  on recover do { announce "somebody plays again" }
}
"""
GRACE_MS = 60_000


def broke(generation: int = 3, text: str = "x is undefined") -> inputs.Fail:
    return inputs.Fail("engine", generation, text)


def played() -> Table:
    table = Table(GAME).start(*THREE)
    for _ in range(3):
        table.turn(*THREE)
    return table


def failed() -> Table:
    table = played()
    assert table.send("cat", broke()).status == 204
    return table


def ran(last: int, *, sends: int) -> packets.ClientPacket:
    """A packet of an engine that has run the turns up to `last`."""
    return packets.ClientPacket(sends, checksum=packets.Checksum(last, 1))


def announced(table: Table) -> list[str]:
    return [one.body.text for one in table.told if isinstance(one.body, packets.Announcement)]


def on(table: Table, turns: int) -> None:
    for _ in range(turns):
        table.turn(*OTHERS, checksum=1)


def test_everybody_is_told_and_the_others_play_on_without_a_pause() -> None:
    table = failed()
    assert table.last(packets.Failed) == packets.Failed(2, 3, "x is undefined")
    assert table.seat("cat").failed
    on(table, 30)
    assert table.room.generation == 33
    assert table.states[-1] == "running.iterating"
    assert announced(table) == ["an engine failed"]


def test_the_player_is_dropped_after_the_grace() -> None:
    table = failed()
    on(table, 590)
    assert table.seat("cat").failed
    on(table, 20)
    assert table.parted == {"cat": 4101}


def test_how_long_it_has_been_is_told_with_the_roster() -> None:
    table = failed()
    since = table.room.time
    on(table, 10)
    row, passed = table.room.event_log.roster().seats[2], table.room.time - since
    assert passed > 0
    assert (row.absent_ms, row.lost_in_ms) == (passed, GRACE_MS - passed)


def test_a_pause_for_the_silent_player_ends_when_the_engine_says_that_it_hangs() -> None:
    table = played()
    for generation in (4, 5):
        for name in OTHERS:
            table.packet(name, generation)
    table.wait(4_000)
    assert table.states[-1] == "running.paused.lagging"
    table.send("cat", broke(3, "step did not come back for 5 s"))
    table.wait(200)
    assert table.states[-1] == "running.iterating"
    assert not table.seat("cat").missing
    assert table.seat("cat").failed


def test_a_reload_heals_with_the_first_packet_that_is_in_time() -> None:
    table = failed()
    table.send("cat", inputs.Disconnect())
    on(table, 50)
    table.send("cat", inputs.Connect())
    assert table.seat("cat").failed, "it has still to catch up"
    table.packet("cat", 40)
    assert table.seat("cat").failed, "that turn is over"
    table.packet("cat", 54)
    assert not table.seat("cat").failed
    table.turn(*OTHERS)
    assert not table.last(packets.Roster).seats[2].failed
    assert announced(table)[-1] == "somebody plays again"
    table.packet("ann", 55)
    table.packet("bob", 55)
    table.wait(1_000)
    assert table.room.generation == 54, "the turns wait for cat again"


def test_a_packet_that_was_on_its_way_when_the_engine_failed_is_no_return() -> None:
    table = failed()
    table.send("cat", ran(2, sends=5))
    assert table.seat("cat").failed
    assert "somebody plays again" not in announced(table)
    on(table, 3)
    assert table.room.generation == 6, "nobody waits for cat"


def test_a_report_that_comes_after_the_reload_only_delays_the_return() -> None:
    table = played()
    table.send("cat", inputs.Disconnect())
    on(table, 2)
    table.send("cat", inputs.Connect())
    table.send("cat", broke(3))
    table.send("cat", ran(2, sends=6))
    assert table.seat("cat").failed, "an engine that failed at turn 3 may have said this"
    table.send("cat", ran(4, sends=7))
    assert not table.seat("cat").failed, "this one has run turn 3"


def test_after_a_restart_no_turn_waits_for_who_has_failed() -> None:
    table = failed()
    on(table, 2)
    again = table.restarted()
    for name in THREE:
        again.send(name, inputs.Connect())
    on(again, 3)
    assert again.room.generation == 8


@pytest.mark.parametrize("after", ["a restart", "a lost connection"])
def test_a_failed_engine_that_is_reported_again_has_not_come_back(after: str) -> None:
    """Its packets may still be on their way when the report has arrived."""
    table = failed()
    on(table, 2)
    if after == "a restart":
        table = table.restarted()
        for name in OTHERS:
            table.send(name, inputs.Connect())
    else:
        table.send("cat", inputs.Disconnect())
    table.send("cat", inputs.Connect())
    assert table.send("cat", broke()).status == 204
    table.packet("cat", table.room.generation + 1)
    assert table.seat("cat").failed
    table.turn(*OTHERS)


def test_who_repeats_the_last_packet_is_back_too() -> None:
    """All three engines failed, so that the turns rest where the packets have been heard."""
    table = played()
    table.packet("cat", 4)
    table.send("cat", broke())
    table.send("cat", inputs.Disconnect())
    table.send("cat", inputs.Connect())
    assert table.packet("cat", 4).body["repeated"]
    assert not table.seat("cat").failed


def test_a_return_has_the_whole_grace_to_catch_up() -> None:
    table = failed()
    on(table, 500)
    table.send("cat", inputs.Disconnect())
    table.send("cat", inputs.Connect())
    on(table, 590)
    assert "cat" not in table.parted
    on(table, 20)
    assert table.parted == {"cat": 4101}


def test_who_fails_and_goes_away_is_dropped_like_anybody_away() -> None:
    table = failed()
    table.send("cat", inputs.Disconnect())
    on(table, 610)
    assert table.parted == {"cat": 4101}


def test_all_engines_fail_at_once_and_the_room_ends() -> None:
    table = played()
    for name in THREE:
        table.send(name, broke())
    table.wait(GRACE_MS + 1_000)
    assert table.room.over
    assert table.last(packets.Ended).because == "everybody left"


def test_who_has_failed_is_asked_for_no_checksum_and_no_state() -> None:
    table = failed()
    for _ in range(40):
        table.turn(*OTHERS, checksum=1)
    assert table.masters()[-1].checksum is not None
    assert table.masters()[-1].checksum.generation > 30


def test_the_same_report_again_changes_nothing() -> None:
    table = failed()
    said = len(table.told)
    assert table.send("cat", broke()).status == 204
    assert len(table.told) == said


def test_a_restart_keeps_who_has_failed() -> None:
    table = failed()
    on(table, 2)
    again = table.restarted()
    assert again.seat("cat").failed
    again.send("cat", inputs.Connect())
    assert again.send("cat", broke()).status == 204
    assert len([one for one in again.told if isinstance(one.body, packets.Failed)]) == 1
    checkpoint = again.room.checkpoint()
    third = Room.restored(again.chart, seed=7, folded=Folded.of(checkpoint), now=again.now)
    assert third.people.at(2).failed


@pytest.mark.parametrize("kind", ["signal", "snapshot", "view"])
def test_what_does_not_stop_an_engine_is_for_the_log_alone(kind: inputs.FailureKind) -> None:
    table = played()
    said = len(table.told)
    assert table.send("cat", inputs.Fail(kind, 3, "`by` is missing")).status == 204
    assert table.logged == [effects.Log("cat", "cat", kind, 3, "`by` is missing")]
    assert len(table.told) == said
    assert not table.seat("cat").failed
    table.turn(*THREE)


@pytest.mark.parametrize(
    ("who", "packet", "code"),
    [
        ("eve", broke(), "not_a_player"),
        ("stranger", broke(), "not_in_the_room"),
        ("ann", broke(-1), "bad_report"),
        ("ann", broke(4), "bad_report"),
        ("ann", broke(2**53 - 1), "bad_report"),
        ("ann", broke(text=""), "bad_report"),
        ("ann", broke(text="\u202e \n\x00"), "bad_report"),
        ("ann", broke(text="x" * 201), "bad_report"),
        ("cat", broke(text="another"), "already_failed"),
        ("cat", broke(2), "already_failed"),
        ("cat", inputs.Fail("view", 3, "x"), "already_failed"),
    ],
)
def test_hostile_reports_are_refused(who: str, packet: inputs.Fail, code: str) -> None:
    table = failed()
    table.join("eve", spectate=True)
    said = len(table.told)
    assert table.send(who, packet).problem.code == code
    assert len(table.told) == said


def test_before_the_game_no_engine_can_fail() -> None:
    table = Table(GAME)
    table.join(*THREE)
    assert table.send("ann", broke(0)).problem.code == "not_now"


def test_reports_have_a_rate_and_the_fatal_one_has_its_own() -> None:
    table = played()
    codes = []
    for number in range(100):
        reply = table.send("cat", inputs.Fail("view", 3, f"fault {number}"))
        codes.append(reply.problem.code if reply.problem else None)
    assert codes[0] is None
    assert codes[-1] == "too_often"
    assert table.send("cat", broke()).status == 204


def test_a_text_is_one_line_that_turns_nothing_around() -> None:
    assert clean_line("a\r\nb\u2028c\x1b[2Jd\u202ee\u2066") == "a b c [2Jde"
    table = played()
    table.send("cat", broke(text="\u202eone\ntwo\x07"))
    assert table.last(packets.Failed).text == "one two"
