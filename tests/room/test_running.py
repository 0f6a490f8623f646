"""Turns: gather all, verify, one master packet; lag, divergence, pause, signals."""

from gameroom.lockstep import packets
from gameroom.lockstep.packets import Command, Late, SeatCommands, SignalReport
from gameroom.room import inputs
from tests.room.table import PLAIN, Table

MOVE = Command("move", {"unit": 3})


def test_one_master_packet_in_seat_order() -> None:
    table = Table().start("ann", "bob")
    table.packet("bob", 1, Command("move", {"unit": 1}))
    assert table.masters() == [], "nothing of an open turn is told"
    table.packet("ann", 1, MOVE)
    (master,) = table.masters()
    assert master.generation == 1
    assert master.commands == (
        SeatCommands(0, (MOVE,)),
        SeatCommands(1, (Command("move", {"unit": 1}),)),
    )
    assert (master.iterations_per_command, master.turn_ms, master.ahead) == (1, 100, 2)


def test_turns_close_no_faster_than_the_turn_length() -> None:
    table = Table().start("ann", "bob")
    for generation in (1, 2):
        table.packet("ann", generation)
        table.packet("bob", generation)
    assert len(table.masters()) == 1
    table.wait(99)
    assert len(table.masters()) == 1
    table.wait(1)
    assert len(table.masters()) == 2


def test_a_refused_command_does_not_spoil_the_packet() -> None:
    table = Table().start("ann", "bob")
    table.packet("ann", 1, Command("wave"), MOVE, Command("move", {"unit": 10}), Command("fly"))
    table.turn("bob")
    assert table.masters()[0].commands == (SeatCommands(0, (MOVE,)),)
    refused = {(r.who, r.index): r.problem for r in table.rejected}
    assert refused["ann", 0].code == "not_now"
    assert refused["ann", 0].state == "running.iterating"
    assert "move" in refused["ann", 0].allowed
    assert "10" in refused["ann", 2].detail
    assert refused["ann", 3].code == "bad_command"


def test_more_commands_than_the_limit_are_refused_one_by_one() -> None:
    table = Table().start("ann", "bob")
    table.packet("ann", 1, *[MOVE] * 70)
    table.turn("bob")
    assert len(table.masters()[0].commands[0].commands) == 64
    assert [r.index for r in table.rejected] == list(range(64, 70))


def test_a_packet_sent_again_is_recognised() -> None:
    table = Table().start("ann", "bob")
    table.packet("ann", 1, MOVE)
    assert table.packet("ann", 1, MOVE).body["repeated"] is True
    table.turn("bob")
    assert table.masters()[0].commands == (SeatCommands(0, (MOVE,)),)


def test_too_early_is_refused() -> None:
    table = Table().start("ann", "bob")
    assert table.packet("ann", 99).problem.code == "too_early"


def test_whoever_comes_back_and_sends_the_newest_first_is_told_what_is_lost() -> None:
    table = Table().start("ann", "bob")
    table.send("ann", inputs.Disconnect())
    for _ in range(70):
        table.turn("bob")
    table.send("ann", inputs.Connect())
    assert table.packet("ann", 71).status == 202
    assert table.packet("ann", 2, MOVE).problem.code == "too_late"
    assert table.packet("ann", 2).body["repeated"], "without commands nothing is lost"
    assert table.packet("ann", 70, MOVE).body["late"]
    table.turn("bob")
    assert table.restarted().packet("ann", 2, MOVE).problem.code == "too_late"


def test_spectators_send_no_turns() -> None:
    table = Table().start("ann", "bob")
    table.join("eve")
    assert table.room.hello("eve").spectator is True
    assert table.packet("eve", 1).problem.status == 403


def test_the_roster_is_locked_and_latecomers_watch() -> None:
    table = Table().start("ann", "bob")
    table.join("cid")
    assert table.room.hello("cid").seat is None
    table.turn("ann", "bob")
    assert table.last(packets.Roster).spectators == 1


def test_where_the_room_lets_late_players_in_they_stop_nobody() -> None:
    open_ = PLAIN.replace("allow move from player", "allow move, join from player")
    table = Table(open_).start("ann", "bob")
    table.turn("ann", "bob")
    table.join("cid")
    assert table.room.hello("cid").seat == 2
    for _ in range(30):
        table.turn("ann", "bob")
    assert not any(master.absent for master in table.masters()[:1])
    assert {master.absent for master in table.masters()[2:]} == {(2,)}
    late = table.room.generation + 1
    table.packet("cid", late + 1, MOVE)
    table.turn("ann", "bob")
    assert table.room.generation == late, "cid counts from the turn of the first packet on"
    table.packet("ann", late + 1)
    table.packet("bob", late + 1)
    table.wait(100)
    assert table.masters()[-1].commands == (SeatCommands(2, (MOVE,)),)
    assert table.masters()[-1].absent == ()
    for name in ("ann", "bob"):
        table.packet(name, late + 2)
    table.wait(1_000)
    assert table.room.generation == late + 1, "now the turns wait for cid too"


def test_without_a_gallery_latecomers_are_refused() -> None:
    table = Table(PLAIN.replace("spectators 0..2", "spectators none")).start("ann", "bob")
    assert table.send("cid", inputs.Join("cid")).problem is not None


def test_a_pause_stands_in_the_master_packet_and_stops_the_turns() -> None:
    table = Table().start("ann", "bob")
    assert table.send("ann", inputs.Ask("pause")).status == 202
    assert "running.iterating" in table.states, "a pause waits for the open turn"
    master = table.turn("ann", "bob")
    assert "running.paused.held" in master.chart.states
    table.packet("ann", 2)
    table.packet("bob", 2)
    table.wait(5_000)
    assert len(table.masters()) == 1
    table.send("bob", inputs.Ask("resume"))
    assert "running.iterating" in table.states
    assert len(table.masters()) == 2, "what was heard in the pause counts"


def test_a_silent_player_is_named_and_all_wait_and_go_on() -> None:
    table = Table().start("ann", "bob")
    table.turn("ann", "bob")
    table.packet("ann", 2)
    table.wait(2_999)
    assert "running.iterating" in table.states
    table.wait(200)
    assert "running.paused.lagging" in table.states
    assert [row.name for row in table.last(packets.Roster).seats if row.missing] == ["bob"]
    table.packet("bob", 2, MOVE)
    assert "running.iterating" in table.states
    assert table.masters()[-1].commands == (SeatCommands(1, (MOVE,)),)
    assert not table.seat("bob").missing


def test_a_player_silent_for_a_minute_is_dropped_and_the_others_play_on() -> None:
    table = Table().start("ann", "bob", "cid")
    table.packet("ann", 1)
    table.packet("cid", 1)
    table.wait(3_000)
    assert "running.paused.lagging" in table.states
    table.wait(57_000)
    assert "running.iterating" in table.states
    assert table.parted == {"bob": 4101}
    assert len(table.masters()) == 1
    table.turn("ann", "cid")


def test_the_others_may_vote_to_drop() -> None:
    table = Table().start("ann", "bob", "cid")
    table.packet("ann", 1)
    table.packet("cid", 1)
    table.wait(3_000)
    table.send("ann", inputs.Ask("vote", {"choice": "drop"}))
    assert "running.paused.lagging" in table.states
    table.send("cid", inputs.Ask("vote", {"choice": "drop"}))
    assert "running.iterating" in table.states
    assert table.parted == {"bob": 4101}
    assert table.seat("ann").choices == {}, "a vote ends with the state that asked for it"


def test_a_lost_connection_is_not_waited_for_and_comes_back_to_the_seat() -> None:
    table = Table().start("ann", "bob")
    table.turn("ann", "bob")
    table.send("bob", inputs.Disconnect())
    for generation in (2, 3, 4):
        assert table.turn("ann").absent == (1,), generation
    table.send("bob", inputs.Connect())
    assert table.room.hello("bob") == packets.Welcome(
        "bob", "bob", 1, heard=1, seq=table.room.seq, generation=4, turn_ms=100, ahead=2
    )
    assert table.turn("ann").absent == (1,), "catching up: the others do not wait"
    table.packet("bob", 7)
    table.packet("bob", 8)
    table.turn("ann")
    table.packet("ann", 7)
    table.wait(100)
    assert table.masters()[5].absent == (1,), "bob's packets begin with 7"
    assert table.masters()[6].absent == ()
    table.packet("ann", 8)
    table.packet("ann", 9)
    table.wait(2_000)
    assert table.room.generation == 8, "from now on bob is waited for again"


def test_who_comes_back_with_everything_heard_says_so_by_repeating() -> None:
    table = Table().start("ann", "bob")
    for generation in (1, 2, 3):
        table.packet("ann", generation)
        table.packet("bob", generation)
    closed = table.room.generation
    assert closed < 3, "the last of them is heard before its turn may close"
    for packet in (inputs.Disconnect(), inputs.Connect()):
        table.send("ann", packet)
        table.send("bob", packet)
    table.wait(5_000)
    assert table.room.generation == closed, "nobody is gathered, nothing closes"
    table.packet("ann", 3)
    table.packet("bob", 3)
    table.wait(1_000)
    assert table.room.generation == 3
    assert table.masters()[-1].absent == ()


def test_late_commands_ride_in_the_next_turn_exactly_once() -> None:
    table = Table().start("ann", "bob")
    table.send("bob", inputs.Disconnect())
    table.turn("ann")
    table.send("bob", inputs.Connect())
    assert table.packet("bob", 1, MOVE).body["late"] is True
    master = table.turn("ann")
    assert master.commands == (SeatCommands(1, (MOVE,)),)
    assert master.late == (Late(1, 1),)
    assert table.turn("ann").commands == ()


def test_gather_within_closes_without_the_late_ones() -> None:
    text = PLAIN.replace("policy pace", "policy turns { gather = within 250ms }\n  policy pace")
    table = Table(text).start("ann", "bob")
    table.packet("ann", 1)
    table.wait(249)
    assert table.masters() == []
    table.wait(1)
    assert table.masters()[0].absent == (1,)
    table.packet("bob", 1, MOVE)
    table.packet("ann", 2)
    table.packet("bob", 2)
    table.wait(100)
    assert table.masters()[1].late == (Late(1, 1),)


def test_equal_checksums_are_announced() -> None:
    table = Table().start("ann", "bob")
    for _ in range(4):
        master = table.turn("ann", "bob", checksum=77)
    assert master.checksum == packets.Checksum(2, 77)
    assert "running.iterating" in table.states


def test_differing_checksums_halt_and_name_generation_and_players() -> None:
    table = Table().start("ann", "bob", "cid")
    for _ in range(2):
        table.turn("ann", "bob", "cid")
    table.packet("ann", 3, checksum=5)
    table.packet("bob", 3, checksum=6)
    table.packet("cid", 3, checksum=5)
    told = table.last(packets.Diverged)
    assert (told.generation, told.seats, told.decidable) == (1, (1,), True)
    assert told.values == {0: 5, 1: 6, 2: 5}
    assert "running.paused.diverged" in table.states
    closed = len(table.masters())
    table.wait(60_000)
    assert len(table.masters()) == closed
    table.wait(600_000)
    assert table.last(packets.Ended).because == "the engines diverged"


def test_two_that_differ_halt_undecided() -> None:
    table = Table().start("ann", "bob")
    for _ in range(2):
        table.turn("ann", "bob")
    table.packet("ann", 3, checksum=5)
    table.packet("bob", 3, checksum=6)
    told = table.last(packets.Diverged)
    assert (told.seats, told.decidable) == ((0, 1), False)
    assert "running.paused.diverged" in table.states


def test_a_signal_counts_when_all_engines_raise_it() -> None:
    table = Table().start("ann", "bob")
    table.turn("ann", "bob")
    won = (SignalReport(1, "won", {"by": "ann"}),)
    table.packet("ann", 2, signals=won)
    table.packet("bob", 2)
    table.wait(100)
    assert "running.iterating" in table.states
    table.packet("bob", 3, signals=won)
    table.packet("ann", 3)
    table.wait(100)
    assert table.last(packets.Ended) == packets.Ended("ended", "somebody won")
    assert table.masters()[-1].chart.states == ("ended",)


def test_a_signal_that_the_room_does_not_know_is_refused() -> None:
    table = Table().start("ann", "bob")
    table.turn("ann", "bob")
    table.packet("ann", 2, signals=(SignalReport(1, "won", {"by": "eve"}),))
    assert table.rejected[-1].problem.code == "bad_signal"


def test_when_everybody_has_left_the_room_ends() -> None:
    table = Table().start("ann", "bob")
    table.send("ann", inputs.Leave())
    table.send("bob", inputs.Leave())
    assert table.last(packets.Ended).because == "everybody left"
    assert table.last(packets.Ended).left == ("ann", "bob")


def test_seq_has_no_gap_and_everything_told_is_stored_first() -> None:
    table = Table().start("ann", "bob")
    for _ in range(5):
        table.turn("ann", "bob")
    assert [event.seq for event in table.told] == list(range(1, len(table.told) + 1))
    assert [entry.event for entry in table.journal] == table.told


TWO_BALLOTS = """
language 1
use "standard"
room "Two ballots" extends standard {
  players 1..3
  request vote { choice: "yes" | "no" }
  extend state running.iterating {
    initial first
    state first iterates {
      allow vote from player
      when majority of player chose "yes" -> second
    }
    state second iterates {
      allow vote from player
      when majority of player chose "yes" -> ended because "agreed twice"
    }
  }
}
"""


def test_a_vote_does_not_answer_the_next_question() -> None:
    table = Table(TWO_BALLOTS).start("ann")
    table.send("ann", inputs.Ask("vote", {"choice": "yes"}))
    table.turn("ann")
    assert "running.iterating.second" in table.room.states
    assert table.seat("ann").choices == {}
    table.turn("ann")
    assert "running.iterating.second" in table.room.states


HEIR = """
language 1
use "standard"
room "Heir" extends standard {
  players 1..3
  setting hard: bool = false
  role captain is player
  extend state setup.gathering {
    on configure do { pass captain }
    after 2s if any captain connected -> ended because "somebody leads"
    after 9s -> ended because "nobody leads"
  }
}
"""


def test_a_timer_sees_the_role_that_was_handed_on_since_the_last_event() -> None:
    table = Table(HEIR)
    table.join("ann")
    table.send("ann", inputs.Configure({"hard": True}))
    table.wait(2_000)
    ended = table.told[-1].body
    assert isinstance(ended, packets.Ended)
    assert ended.because == "somebody leads"
