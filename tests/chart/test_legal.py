"""After every microstep the configuration is legal, and only what was exited is entered."""

from __future__ import annotations

from random import Random

import pytest

from gameroom.chart import ChartEvent, advance, begin, from_plain, step
from gameroom.chart.compile import compile_room
from gameroom.chart.legal import illegality
from gameroom.chart.mistakes import IllegalConfigurationError
from gameroom.chart.plain import plain_room
from gameroom.chart.plans import _Planner
from tests.chart.play import Play, say, states
from tests.chart.recalling import recalling, story
from tests.chart.reference import Reference
from tests.chart.test_reference import assert_same


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_a_snapshot_is_whole(seed):
    """And the slow interpreter says the same of it."""
    dice = Random(seed)
    for _ in range(25):
        room = plain_room(recalling(dice))
        chart, reference = compile_room(room), Reference(room)
        snapshot, effects = begin(chart)
        assert_whole(chart, snapshot)
        assert_same(chart, snapshot, effects, reference)
        now = generation = 0
        for what, more in story(dice, 25):
            before = snapshot.configuration
            if isinstance(what, str):
                snapshot, effects = step(chart, snapshot, ChartEvent(what, now, generation, more))
                reference.send(what, more, now, generation)
            else:
                now, generation = now + what, generation + more
                snapshot, effects = advance(chart, snapshot, now, generation)
                reference.advance(now, generation)
            assert_whole(chart, snapshot)
            assert_moves_follow(before, effects, snapshot.configuration)
            assert_same(chart, snapshot, effects, reference)


def assert_whole(chart, snapshot):
    """A legal configuration, with the timers and conditions of its states and no others."""
    assert why_not(chart.states[0], chart, snapshot.configuration) is None
    active = [s for s in chart.states if snapshot.configuration & s.bit]
    there = {t for state in active for t in state.transitions}
    timers = [t for t, _ in (*snapshot.timers, *snapshot.turn_timers)]
    assert len(timers) == len(set(timers)), "a timer runs twice"
    assert {*timers} <= {t for t in there if chart.transitions[t].unit}
    conditions = sum(1 << t for t in there if chart.transitions[t].condition)
    assert not (snapshot.held | snapshot.erred) & ~conditions
    for history in (state for state in chart.states if state.kind == "history"):
        recorded = snapshot.history[history.slot]
        assert not recorded & ~chart.states[history.parent].below


def why_not(state, chart, configuration):
    """The definition once more, from the root down."""
    inner = [chart.states[child] for child in state.children]
    here = [child for child in inner if configuration & child.bit]
    if inner and len(here) != (len(inner) if state.kind == "parallel" else 1):
        return f"in {state.path}: {[child.path for child in here]}"
    idle = [child for child in inner if child not in here]
    if stray := [child.path for child in idle if configuration & child.below]:
        return f"active inside {stray}"
    return next(filter(None, (why_not(child, chart, configuration) for child in here)), None)


def assert_moves_follow(configuration, effects, after):
    """What a move enters was not active; what it exits was. Moves of one microstep concern
    different states, so they can be followed one by one."""
    for effect in effects:
        if hasattr(effect, "entered"):
            for state in effect.exited:
                assert configuration >> state & 1
                configuration &= ~(1 << state)
            for state in effect.entered:
                assert not configuration >> state & 1, f"{state} is entered and was never exited"
                configuration |= 1 << state
    assert configuration == after


# --- A history recalled from inside its state ----------------------------------------------

NIGHT = {
    "transitions": [
        {"on": "again", "to": ["resume", "run"]},
        {"on": "back", "to": "run.past"},
        {"on": "out", "to": "rest"},
    ]
}


def at_night():
    """In `run.play.night`, having been there before; `play` has a timer."""
    play = {
        "initial": "day",
        "entry": say("play"),
        "exit": say("stop"),
        "transitions": [{"after": [100, "ms"], "do": say("ring")}],
        "states": {"day": {"transitions": [{"on": "dusk", "to": "night"}]}, "night": NIGHT},
    }
    run = {
        "initial": "play",
        "entry": say("run"),
        "states": {"play": play, "past": {"kind": "history", "deep": True}},
    }
    room = states(run=run, rest={"transitions": [{"on": "in", "to": ["resume", "run"]}]})
    played = Play(room).send("dusk").send("out").wait(ms=10).send("in")
    assert played.leaves == ("run.play.night",)
    return played


@pytest.mark.parametrize("event", ["again", "back"])
def test_what_stays_active_is_not_entered_again(event):
    play = at_night().wait(ms=10).send(event)
    assert play.moved == [(event, ("run.play.night",), ("run.play.night",))]
    assert play.said == []
    assert len(play.snapshot.timers) == 1
    assert play.wait(ms=89).said == []
    assert play.wait(ms=1).said == ["ring"], "its timer has run on since `play` was entered"
    assert play.wait(ms=1000).said == []


def test_a_default_deep_in_one_region_leaves_the_other_where_it_is():
    """The parallel state stays; its other region may not begin anew beside itself."""
    regions = {
        "sky": {
            "initial": "day",
            "states": {
                "day": {"transitions": [{"on": "back", "to": "top.past"}]},
                "night": {},
            },
        },
        "rain": {
            "initial": "dry",
            "states": {"dry": {"transitions": [{"on": "pour", "to": "wet"}]}, "wet": {}},
        },
    }
    past = {"kind": "history", "deep": True, "default": "top.p.sky.night"}
    inner = {"p": {"kind": "parallel", "states": regions}, "past": past}
    play = Play(states(top={"initial": "p", "states": inner})).send("pour").send("back")
    assert play.leaves == ("top.p.sky.night", "top.p.rain.wet")


# --- One domain for each transition --------------------------------------------------------


def one_region(kind="resume", **history):
    """A parallel state with one region, recalled from inside; nothing is recorded yet."""
    to = ["resume", "p"] if kind == "resume" else "p.past"
    only = {"initial": "a", "states": {"a": {"transitions": [{"on": "go", "to": to}]}, "b": {}}}
    p = {"kind": "parallel", "entry": say("p"), "exit": say("not p"), "states": {"only": only}}
    if kind == "history":
        p["states"]["past"] = {"kind": "history", **history}
    return states(top={"initial": "p", "states": {"p": p}})


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(
    "room",
    [one_region(), one_region("history", deep=True), one_region("history", deep=False)],
)
def test_a_parallel_state_recalled_from_inside_is_there_afterwards(room, recorded):
    """Before anything is recorded the domain lies around the parallel state; what the exits
    record lies inside its region. Were the domain taken anew, only that would be entered."""
    room["states"]["away"] = {"transitions": [{"on": "in", "to": "top"}]}
    room["states"]["top"]["transitions"] = [{"on": "out", "to": "away"}]
    play = Play(room)
    if recorded:
        play.send("out").send("in")
    play.send("go")
    assert play.leaves == ("top.p.only.a",)
    ((_, exited, entered),) = play.moved
    assert exited == tuple(reversed(entered))
    assert play.send("go").active == ("top", "top.p", "top.p.only", "top.p.only.a")


# --- The definition ------------------------------------------------------------------------

MATCH = {
    "initial": "play",
    "states": {
        "play": {
            "kind": "parallel",
            "states": {
                "sky": {"initial": "day", "states": {"day": {}, "night": {}}},
                "rain": {},
                "past": {"kind": "history"},
            },
        },
        "over": {"kind": "final"},
    },
}


@pytest.mark.parametrize(
    ("active", "why"),
    [
        ("play play.sky play.sky.day play.rain", None),
        ("over", None),
        ("", "0 of the states inside the room are active"),
        ("play play.sky play.sky.day play.rain over", "2 of the states inside the room are active"),
        ("play play.sky play.sky.day", "1 of the states inside `play` are active"),
        ("play play.sky play.rain", "0 of the states inside `play.sky` are active"),
        (
            "play play.sky play.sky.day play.sky.night play.rain",
            "2 of the states inside `play.sky` are active",
        ),
        ("over play.rain", "`play.rain` is active without its enclosing state"),
        (
            "play play.sky play.sky.day play.rain play.past",
            "`play.past` is a history state, which can never be active",
        ),
    ],
)
def test_which_configurations_are_legal(active, why):
    chart = from_plain(MATCH)
    configuration = 1 | sum(1 << chart.by_path[path] for path in active.split())
    assert illegality(chart.states, configuration) == why
    assert illegality(chart.states, configuration & ~1) == "the room is not active"


def test_an_illegal_configuration_is_a_fault_that_is_named_and_changes_nothing(monkeypatch):
    room = states(a={"initial": "b", "states": {"b": {}, "c": {}}}, z={})
    room["transitions"] = [{"on": "go", "to": "a.c"}]
    play = Play(room)
    before = play.snapshot
    with monkeypatch.context() as patch:
        patch.setattr(_Planner, "compute_exit_set", lambda self, transitions: 0)
        for _ in range(2):
            with pytest.raises(
                IllegalConfigurationError,
                match=r"2 of the states inside `a` are active after: on go -> a\.c",
            ):
                step(play.chart, before, ChartEvent("go"))
    assert play.send("go").leaves == ("a.c",), "no plan of it was kept"
