"""A run of microsteps has an end: past the limit the chart faults, it never hangs."""

import pytest

from gameroom.chart import MICROSTEPS_MAX, ChartEvent, Fault, TransitionTaken, dump, restore, step
from tests.chart.play import Play, say, states


def test_whens_that_chase_each_other():
    room = states(
        still={"transitions": [{"on": "go", "to": "a"}]},
        a={"transitions": [{"when": True, "to": "b"}, {"after": [1, "ms"], "to": "still"}]},
        b={"transitions": [{"when": True, "to": "a"}]},
    )
    play = Play(room).send("go")
    assert isinstance(play.effects[-1], Fault)
    assert play.snapshot.status == "faulted"
    assert len([e for e in play.effects if isinstance(e, TransitionTaken)]) == 1 + MICROSTEPS_MAX
    assert play.snapshot.timers == ()


def test_internal_events_that_chase_each_other():
    raising = [{"on": "go", "do": [["raise", "go"]]}]
    play = Play(states(a={"transitions": raising})).send("go")
    assert isinstance(play.effects[-1], Fault)


def test_a_chart_that_never_begins():
    play = Play(states(a={"transitions": [{"when": True, "to": "a"}]}))
    assert play.snapshot.status == "faulted"


@pytest.mark.parametrize(("steps", "status"), [(0, "live"), (1, "faulted")])
def test_the_limit_itself(steps, status):
    """`again` is taken by an internal event that counts up; the last one is the limit's."""
    counting = [
        {"on": "go", "do": [["raise", "again"]]},
        {
            "on": "again",
            "if": ["<", ["+", "n", 1], MICROSTEPS_MAX + steps],
            "do": [["set", "n", ["+", "n", 1]], ["raise", "again"]],
        },
    ]
    room = states(a={"transitions": counting})
    room["variables"] = {"n": {"type": ["int", 0, 9999], "initial": 0}}
    assert Play(room).send("go").snapshot.status == status


def test_a_faulted_chart_takes_nothing_more_even_after_a_restore():
    play = Play(states(a={"transitions": [{"when": True, "to": "a"}]}))
    snapshot = restore(play.chart, dump(play.chart, play.snapshot), 5)
    assert step(play.chart, snapshot, ChartEvent("go")) == (snapshot, ())


def test_a_fault_is_told_once():
    play = Play(states(a={"transitions": [{"on": "go", "do": [["raise", "go"], *say("x")]}]}))
    assert len([e for e in play.send("go").effects if isinstance(e, Fault)]) == 1
    assert play.send("go").effects == ()
