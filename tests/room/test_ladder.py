"""The ladder for the slow and the absent: named, slowed for, waited for, dropped; hidden pages."""

from gameroom.lockstep import packets
from gameroom.lockstep.packets import ClientPacket
from gameroom.room import inputs
from tests.room.table import PLAIN, Table

WITHIN = PLAIN.replace("policy pace", "policy turns { gather = within 250ms }\n  policy pace")
PACED = PLAIN.replace("turn = 100ms..100ms", "turn = 100ms..400ms")
HEARS = PACED.replace(
    "extend state running.iterating {",
    """extend state running {
    on slow do { announce "slow" }
    on steady do { announce "steady" }
    on hide do { announce "hidden" }
    on show do { announce "seen" }
    on recover do { announce "heard" }
  }
  extend state running.iterating {""",
)


def row(table: Table, name: str) -> packets.RosterRow:
    """Of the roster that was told last."""
    return next(row for row in table.last(packets.Roster).seats if row.name == name)


def said(table: Table) -> list[str]:
    return [e.body.text for e in table.told if isinstance(e.body, packets.Announcement)]


def play(table: Table, *names: str, turns: int = 1, **rates: int) -> None:
    """So many turns, everybody with the frame rate that is given, else 60."""
    for _ in range(turns):
        generation = table.room.generation + 1
        for name in names:
            framerate = rates.get(name, 60)
            table.send(name, ClientPacket(generation, latency=40, framerate=framerate))
        table.wait(table.room.pace.turn_ms)
        assert table.room.generation >= generation


# -- slow ------------------------------------------------------------------------------------


def test_who_holds_the_pace_back_is_named_with_the_turn_that_is_longer() -> None:
    table = Table(HEARS).start("ann", "bob")
    play(table, "ann", "bob", turns=10, bob=4)
    assert [one.slow for one in table.last(packets.Roster).seats] == [None, "engine"]
    assert said(table) == ["slow"]
    slower = next(m.generation for m in table.masters() if m.turn_ms > 100)
    order = [e.body for e in table.told]
    named = next(
        i
        for i, b in enumerate(order)
        if isinstance(b, packets.Roster) and any(one.slow for one in b.seats)
    )
    turn = next(
        i
        for i, b in enumerate(order)
        if isinstance(b, packets.MasterPacket) and b.generation == slower
    )
    assert named < turn, "by name first, then slower"
    assert table.masters()[-1].turn_ms == 250, "one iteration of a fourth of a second"
    play(table, "ann", "bob", turns=80)
    assert said(table) == ["slow", "steady"]
    assert not row(table, "bob").slow
    assert table.masters()[-1].turn_ms == 100


def test_a_slow_player_who_drops_holds_nothing_back() -> None:
    table = Table(HEARS).start("ann", "bob")
    play(table, "ann", "bob", turns=10, bob=4)
    table.send("bob", inputs.Disconnect())
    play(table, "ann", turns=60)
    assert said(table) == ["slow", "steady"]
    assert table.masters()[-1].turn_ms == 100


def test_the_pace_is_in_the_journal_and_goes_on_after_a_restart() -> None:
    table = Table(HEARS).start("ann", "bob")
    play(table, "ann", "bob", turns=10, bob=4)
    again = table.restarted()
    assert again.room.pace == table.room.pace
    again.send("ann", inputs.Connect())
    again.send("bob", inputs.Connect())
    play(again, "ann", "bob", turns=2, bob=4)
    assert again.room.pace == table.room.pace


# -- silent ----------------------------------------------------------------------------------


def test_all_are_told_for_how_long_somebody_is_silent_and_when_the_seat_is_lost() -> None:
    table = Table().start("ann", "bob")
    table.turn("ann", "bob")
    assert (row(table, "bob").absent_ms, row(table, "bob").lost_in_ms) == (0, None)
    table.packet("ann", 2)
    table.wait(4_000)
    assert (row(table, "bob").absent_ms, row(table, "bob").lost_in_ms) == (3_000, 57_000)
    table.wait(10_000)
    table.join("cid")
    assert (row(table, "bob").absent_ms, row(table, "bob").lost_in_ms) == (14_000, 46_000), (
        "as of the roster that is told: who comes later can count on too"
    )
    table.packet("bob", 2)
    assert (row(table, "bob").absent_ms, row(table, "bob").lost_in_ms) == (0, None)


def test_who_has_no_connection_waits_the_grace() -> None:
    table = Table().start("ann", "bob")
    table.turn("ann", "bob")
    table.send("bob", inputs.Disconnect())
    table.turn("ann")
    told = row(table, "bob")
    assert not told.connected
    assert told.absent_ms + told.lost_in_ms == 60_000


def test_a_pause_is_no_silence() -> None:
    table = Table().start("ann", "bob")
    table.turn("ann", "bob")
    table.packet("ann", 2)
    table.wait(1_000)
    table.send("ann", inputs.Ask("pause"))
    table.wait(20_000)
    assert "running.paused.held" in table.states
    table.send("ann", inputs.Ask("resume"))
    table.wait(2_900)
    assert "running.iterating" in table.states, "three seconds begin anew"
    table.wait(200)
    assert "running.paused.lagging" in table.states


def test_half_of_those_who_are_here_drop_the_silent() -> None:
    table = Table().start("ann", "bob", "cid")
    table.packet("ann", 1)
    table.packet("cid", 1)
    table.wait(3_100)
    assert table.send("ann", inputs.Ask("lag_vote", {"choice": "wait"})).problem is None
    assert "running.paused.lagging" in table.states
    table.send("bob", inputs.Ask("lag_vote", {"choice": "wait"}))
    table.send("cid", inputs.Ask("lag_vote", {"choice": "drop"}))
    assert "running.iterating" in table.states
    assert table.parted == {"bob": 4101}


# -- turns that do not wait --------------------------------------------------------------------


def test_within_a_time_the_silent_are_named_too_and_hold_no_turn_up_any_more() -> None:
    text = WITHIN.replace(
        "extend state running.iterating {",
        'extend state running.iterating {\n    on lag do { announce "lag" }',
    )
    table = Table(text).start("ann", "bob")
    took = []
    for generation in range(1, 41):
        table.packet("ann", generation)
        before = table.now
        while table.room.generation < generation:
            table.wait(50)
        took.append(table.now - before)
    assert took[2] == 250
    assert took[-1] == 100
    assert row(table, "bob").missing
    assert said(table) == ["lag"]
    open_ = table.room.generation + 1
    table.packet("bob", open_)
    assert not table.seat("bob").missing
    table.packet("ann", open_)
    table.wait(100)
    assert table.masters()[-1].absent == ()


def test_within_a_time_who_is_always_late_is_not_silent() -> None:
    table = Table(WITHIN).start("ann", "bob")
    for generation in range(1, 41):
        table.packet("ann", generation)
        while table.room.generation < generation:
            table.wait(50)
        assert table.packet("bob", generation).body["late"] is True
    assert not table.seat("bob").missing
    assert "running.iterating" in table.states


def test_who_returns_for_a_later_turn_was_not_silent_in_the_one_before() -> None:
    """Turn 3 is long overdue when cid comes back and is heard for turn 4."""
    table = Table(HEARS).start("ann", "bob", "cid")
    play(table, "ann", "bob", "cid", turns=2)
    table.send("cid", inputs.Disconnect())
    table.packet("ann", 3)
    table.wait(2_600)
    table.send("cid", inputs.Connect())
    table.packet("cid", 4)
    table.wait(200)
    table.packet("bob", 3)
    table.wait(400)
    assert table.room.generation == 3
    assert not table.seat("cid").missing
    assert "running.iterating" in table.states


# -- hidden ----------------------------------------------------------------------------------


def test_a_hidden_page_that_still_answers_plays_on() -> None:
    table = Table(HEARS).start("ann", "bob")
    table.send("bob", inputs.Hide())
    play(table, "ann", "bob", turns=3)
    assert row(table, "bob").hidden
    assert all(master.absent == () for master in table.masters())
    assert said(table) == ["hidden"]


def test_a_hidden_page_that_stops_is_not_waited_for_and_catches_up() -> None:
    table = Table(HEARS).start("ann", "bob")
    table.send("bob", inputs.Hide())
    play(table, "ann", "bob")
    table.packet("ann", 2)
    table.wait(249)
    assert table.room.generation == 1
    table.wait(1)
    assert table.masters()[-1].absent == (1,), "a quarter of a second, once"
    play(table, "ann", turns=100)
    assert "running.iterating" in table.states
    assert (table.seat("bob").hidden, table.seat("bob").missing) == (True, False)
    table.send("bob", inputs.Hide(False))
    play(table, "ann", turns=2)
    assert said(table) == ["hidden", "seen"]
    open_ = table.room.generation + 1
    table.packet("bob", open_ + 1)
    play(table, "ann")
    assert table.masters()[-1].absent == (1,)
    table.packet("ann", open_ + 1)
    table.wait(100)
    assert table.masters()[-1].absent == ()
    table.packet("ann", open_ + 2)
    table.wait(2_000)
    assert table.room.generation == open_ + 1, "and is waited for again"


def test_a_hidden_page_that_stays_silent_loses_the_seat_after_the_grace() -> None:
    table = Table(HEARS).start("ann", "bob")
    table.send("bob", inputs.Hide())
    play(table, "ann", "bob")
    table.packet("ann", 2)
    table.wait(350)
    play(table, "ann", turns=590)
    assert table.parted == {}
    play(table, "ann", turns=10)
    assert table.parted == {"bob": 4101}


def test_who_says_late_that_the_page_is_hidden_is_waited_for_no_longer() -> None:
    table = Table(HEARS).start("ann", "bob")
    play(table, "ann", "bob")
    table.packet("ann", 2)
    table.wait(4_000)
    assert "running.paused.lagging" in table.states
    table.send("bob", inputs.Hide())
    assert said(table) == ["heard", "hidden"]
    table.wait(300)
    assert table.masters()[-1].absent == (1,)


def test_a_page_that_is_hidden_has_the_grace_from_then_on_however_late_the_turn_is() -> None:
    patient = "policy lag { pause after = 2m }\n  policy pace"
    table = Table(HEARS.replace("policy pace", patient)).start("ann", "bob")
    play(table, "ann", "bob")
    table.packet("ann", 2)
    table.wait(90_000)
    assert table.room.generation == 1, "it waits for bob"
    table.send("bob", inputs.Hide())
    assert table.masters()[-1].absent == (1,)
    assert row(table, "bob").lost_in_ms == 60_000
    play(table, "ann", turns=590)
    assert table.parted == {}
    play(table, "ann", turns=20)
    assert table.parted == {"bob": 4101}


def test_a_new_connection_is_seen_until_it_says_otherwise() -> None:
    table = Table(HEARS).start("ann", "bob")
    table.send("bob", inputs.Hide())
    table.send("bob", inputs.Disconnect())
    assert not table.seat("bob").hidden
    assert table.send("bob", inputs.Hide()).status == 204
    assert not table.seat("bob").hidden, "nobody is there"


def test_hiding_and_showing_have_an_allowance() -> None:
    table = Table().start("ann", "bob")
    answers = [table.send("bob", inputs.Hide(turn % 2 == 0)) for turn in range(30)]
    assert answers[-1].problem is not None
    assert answers[-1].problem.code == "too_often"
