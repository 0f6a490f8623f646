"""`after`: armed on entry, cancelled on exit, in order of time."""

import pytest

from gameroom.chart import ChartEvent, due, is_idle, step
from gameroom.chart.snapshot import is_due
from gameroom.model import DURATION_MAX
from tests.chart.play import Play, say, states


def test_it_fires_when_it_is_due_and_not_before():
    play = Play(states(a={"transitions": [{"after": [30, "ms"], "do": say("now")}]}), now=1000)
    assert due(play.snapshot) == 1030
    play.now = 1000
    assert play.wait(ms=29).said == []
    assert play.wait(ms=1).said == ["now"]
    assert due(play.snapshot) is None
    assert play.wait(ms=1000).said == [], "once"


def test_whether_a_timer_is_due_depends_on_time_or_generation():
    after = [{"after": [30, "ms"], "do": say("a")}, {"after": [90, "ms"], "do": say("b")}]
    turns = [{"after": [2, "turns"], "do": say("c")}, {"after": [9, "turns"], "do": say("d")}]
    snapshot = Play(states(a={"transitions": [*after, *turns]})).snapshot
    asked = [(29, 1), (30, 1), (29, 2), (31, 0), (0, 3)]
    assert [is_due(snapshot, *one) for one in asked] == [False, True, True, True, True]
    assert not is_due(Play(states(a={})).snapshot, 1000, 1000)


def test_a_chart_is_idle_until_a_timer_is_due():
    timers = [{"after": [30, "ms"], "do": say("a")}, {"after": [2, "turns"], "do": say("b")}]
    play = Play(states(a={"transitions": timers}))
    asked = [(29, 1), (30, 1), (29, 2)]
    assert [is_idle(play.chart, play.snapshot, *one) for one in asked] == [True, False, False]


def test_a_chart_is_not_idle_while_a_condition_asks_for_the_turn():
    play = Play(states(a={"transitions": [{"when": [">", "generation", 9], "do": say("now")}]}))
    asked = [(1000, 0), (0, 1)]
    assert [is_idle(play.chart, play.snapshot, *one) for one in asked] == [True, False]


def test_a_chart_that_has_ended_is_idle():
    play = Play(states(a={"transitions": [{"on": "go", "to": "z"}]}, z={"kind": "final"}))
    assert is_idle(play.chart, play.send("go").snapshot, 1000, 1000)


@pytest.mark.parametrize("end", [{"to": "z"}, {"do": [["raise", "loop"]]}], ids=["end", "fault"])
def test_no_timer_fires_after_the_end(end):
    room = states(
        a={"transitions": [{"after": [10, "ms"], **end}]},
        z={"kind": "final"},
    )
    loop = {"on": "loop", "do": [["raise", "loop"]]}
    room["transitions"] = [loop, {"after": [20, "ms"], "do": say("never")}]
    play = Play(room).wait(ms=30)
    assert play.said == []
    assert play.snapshot.status in ("ended", "faulted")


def test_it_counts_from_the_entry_of_its_state():
    room = states(
        a={"transitions": [{"on": "go", "to": "b"}]},
        b={"transitions": [{"after": [10, "ms"], "do": say("now")}]},
    )
    play = Play(room)
    play.wait(ms=100).send("go")
    assert play.wait(ms=9).said == []
    assert play.wait(ms=1).said == ["now"]


def test_leaving_cancels_it():
    room = states(
        a={"transitions": [{"after": [10, "ms"], "do": say("never")}, {"on": "go", "to": "b"}]},
        b={},
    )
    play = Play(room).send("go")
    assert due(play.snapshot) is None
    assert play.wait(ms=100).said == []


def test_entering_again_starts_it_anew():
    room = states(
        a={"transitions": [{"after": [10, "ms"], "do": say("now")}, {"on": "again", "to": "a"}]}
    )
    play = Play(room).wait(ms=9).send("again")
    assert play.wait(ms=9).said == []
    assert play.wait(ms=1).said == ["now"]


def test_a_timer_that_is_already_due_dies_with_its_state():
    """The event is taken first; the timer was due before it, but its state is gone."""
    room = states(
        a={"transitions": [{"after": [10, "ms"], "to": "late"}, {"on": "go", "to": "b"}]},
        b={},
        late={},
    )
    play = Play(room)
    snapshot, _ = step(play.chart, play.snapshot, ChartEvent("go", now=50))
    play.snapshot = snapshot
    assert play.wait(ms=60).active == ("b",)


def test_of_two_that_are_due_the_first_can_kill_the_second():
    room = states(
        a={
            "transitions": [
                {"after": [20, "ms"], "do": say("never")},
                {"after": [10, "ms"], "to": "b"},
            ]
        },
        b={},
    )
    play = Play(room).wait(ms=100)
    assert play.active == ("b",)
    assert play.said == []


def test_the_earlier_fires_first_whatever_the_document_says():
    room = states(
        a={
            "transitions": [
                {"after": [20, "ms"], "do": say("later")},
                {"after": [10, "ms"], "do": say("sooner")},
            ]
        }
    )
    assert Play(room).wait(ms=100).said == ["sooner", "later"]


def test_due_at_the_same_time_they_fire_in_document_order():
    """The outer state stands first in the document. The inner one was entered later and
    waits shorter; both are due at 30."""
    room = states(
        a={
            "initial": "b",
            "transitions": [{"after": [30, "ms"], "do": say("outer")}],
            "states": {
                "b": {"transitions": [{"on": "go", "to": "c"}]},
                "c": {
                    "transitions": [
                        {"after": [20, "ms"], "do": say("inner")},
                        {"after": [20, "ms"], "do": say("inner too")},
                    ]
                },
            },
        }
    )
    play = Play(room).wait(ms=10).send("go")
    assert play.wait(ms=20).said == ["outer", "inner", "inner too"]


def test_each_fires_in_its_own_macrostep():
    """What follows from the first is finished before the second fires."""
    room = states(
        a={
            "transitions": [
                {"after": [10, "ms"], "do": [["raise", "told"], *say("first")]},
                {"after": [10, "ms"], "do": say("second")},
                {"on": "told", "do": say("told")},
            ]
        }
    )
    play = Play(room).wait(ms=10)
    assert play.said == ["first", "told", "second"]
    assert [macrostep.event for macrostep in play.trace] == ["after 10ms", "after 10ms"]


def test_turns():
    room = states(a={"transitions": [{"after": [3, "turns"], "do": say("now")}]})
    play = Play(room)
    assert due(play.snapshot) is None, "a turn timer has no time"
    assert [play.wait(ms=999, turns=1).said for _ in range(4)] == [[], [], ["now"], []]


def test_turn_timers_count_as_due_now_and_those_of_an_earlier_turn_first():
    room = states(
        a={
            "transitions": [
                {"after": [50, "ms"], "do": say("at 50")},
                {"after": [3, "turns"], "do": say("turn 3")},
                {"after": [2, "turns"], "do": say("turn 2")},
                {"after": [10, "ms"], "do": say("at 10")},
            ]
        }
    )
    assert Play(room).wait(ms=60, turns=4).said == ["at 10", "at 50", "turn 2", "turn 3"]


@pytest.mark.parametrize(
    "timers",
    [
        [[20, "ms"], [2, "turns"], [20, "ms"]],
        [[2, "turns"], [20, "ms"], [2, "turns"]],
    ],
)
def test_milliseconds_and_turns_that_are_due_together_fire_in_document_order(timers):
    """Whatever their units: neither goes before the other."""
    waits = [
        {"after": amount, "do": say(f"{amount[1]} {place}")} for place, amount in enumerate(timers)
    ]
    told = [f"{amount[1]} {place}" for place, amount in enumerate(timers)]
    assert Play(states(a={"transitions": waits})).wait(ms=20, turns=2).said == told


def test_a_turn_that_closed_before_comes_before_the_millisecond_that_is_now():
    waits = [
        {"after": [20, "ms"], "do": say("now")},
        {"after": [2, "turns"], "do": say("turn 2")},
        {"after": [1, "turns"], "do": say("turn 1")},
        {"after": [19, "ms"], "do": say("before")},
    ]
    play = Play(states(a={"transitions": waits})).wait(ms=20, turns=2)
    assert play.said == ["before", "turn 1", "now", "turn 2"]


def test_a_guard_that_says_no_uses_the_timer_up():
    room = states(
        a={
            "transitions": [
                {"after": [10, "ms"], "if": "open", "do": say("never")},
                {"on": "open", "do": [["set", "open", True]]},
            ]
        }
    )
    room["variables"] = {"open": {"type": ["bool"], "initial": False}}
    play = Play(room).wait(ms=10).send("open")
    assert play.wait(ms=100).said == []
    assert due(play.snapshot) is None


def test_no_time_at_all_cannot_hang():
    """Armed while time is told, a timer waits for the next time that it is told."""
    room = states(
        a={"transitions": [{"after": [0, "ms"], "to": "b"}]},
        b={"transitions": [{"after": [0, "ms"], "to": "a"}]},
    )
    play = Play(room)
    assert [play.wait().active for _ in range(3)] == [("b",), ("a",), ("b",)]


@pytest.mark.parametrize("unit", ["ms", "turns"])
def test_a_timer_that_is_armed_while_time_is_told_waits_for_the_next_time(unit):
    """The inner one is due in this very moment too; the outer one fires first and enters the
    state anew, so the inner one waits again, and for no time at all."""
    room = states(
        a={
            "initial": "b",
            "transitions": [{"after": [5, unit], "to": "a"}, {"on": "go", "to": "a.c"}],
            "states": {"b": {"transitions": [{"after": [0, unit], "do": say("now")}]}, "c": {}},
        },
    )
    room["states"]["a"]["states"]["c"]["transitions"] = [{"on": "back", "to": "b"}]
    room["states"]["a"]["transitions"][1]["to"] = ["internal", "c"]
    play = Play(room).wait()
    assert play.said == ["now"]
    play.send("go")
    play.wait(**{unit: 4})
    step_on = {"ms": {"now": play.now + 1}, "turns": {"generation": play.generation + 1}}[unit]
    event = ChartEvent("back", **({"now": play.now, "generation": play.generation} | step_on))
    play.snapshot, _ = step(play.chart, play.snapshot, event)
    assert play.wait(**{unit: 1}).said == [], "cancelled and armed by the outer one"
    assert play.wait().said == ["now"]


def test_the_longest_times_can_be_stored():
    waits = [{"after": [most, unit], "do": say("late")} for unit, most in DURATION_MAX.items()]
    play = Play(states(a={"transitions": waits}))
    before = play.snapshot
    assert play.reload().snapshot == before


def test_a_state_that_fires_its_own_timer_again_and_again_is_a_clock():
    room = states(a={"transitions": [{"after": [10, "ms"], "do": say("tick"), "to": "a"}]})
    play = Play(room)
    assert [play.wait(ms=10).said for _ in range(3)] == [["tick"]] * 3


def test_the_root_may_wait_too():
    room = states(a={"transitions": [{"on": "go", "to": "b"}]}, b={})
    room["transitions"] = [{"after": [10, "ms"], "do": say("now")}]
    assert Play(room).wait(ms=5).send("go").wait(ms=5).said == ["now"]
