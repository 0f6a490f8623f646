"""Compiling: numbers in document order, the fingerprint, the memory of plans."""

from dataclasses import replace

import pytest

from gameroom import model
from gameroom.chart import (
    ChartError,
    ChartEvent,
    begin,
    compile_room,
    differs,
    from_plain,
    is_in,
    iterates,
    path,
    plans,
    step,
)
from gameroom.chart.plain import plain_room
from tests.chart.play import Play, say, states

ROOM = states(
    a={
        "initial": "b",
        "transitions": [{"on": "x", "to": "d"}, {"on": "y", "to": ["resume", "a"]}],
        "states": {
            "b": {"transitions": [{"on": "x", "to": "c"}]},
            "c": {"iterates": True},
            "h": {"kind": "history"},
        },
    },
    d={"transitions": [{"on": "x", "to": "a.h"}]},
)


def test_states_are_numbered_in_preorder():
    chart = from_plain(ROOM)
    paths = [path(chart, state) for state in range(6)]
    assert paths == ["", "a", "a.b", "a.c", "a.h", "d"]


def test_transitions_are_numbered_over_the_whole_chart():
    chart = from_plain(ROOM)
    numbered = [(t.id, path(chart, t.source)) for t in chart.transitions]
    assert numbered == [(0, "a"), (1, "a"), (2, "a.b"), (3, "d")]


def test_looking():
    play = Play(ROOM)
    assert not iterates(play.chart, play.snapshot)
    play.send("x")
    assert iterates(play.chart, play.snapshot)
    assert is_in(play.chart, play.snapshot, "a.c")
    assert not is_in(play.chart, play.snapshot, "a.b")
    assert not is_in(play.chart, play.snapshot, "nowhere")


def test_only_time_has_passed():
    room = states(a={"transitions": [{"on": "act", "do": say("x")}, {"on": "go", "to": "b"}]}, b={})
    play = Play(room)
    before = play.snapshot
    later = play.wait(ms=5, turns=2).send("act").snapshot
    assert later != before
    assert not differs(before, later)
    assert differs(before, play.send("go").snapshot)


def test_the_fingerprint_covers_what_is_said_and_not_how():
    same = plain_room(ROOM)
    spans = replace(same, doc="Told.", span=model.Span("x.room", 1, 1, 2, 2))
    assert from_plain(ROOM).fingerprint == compile_room(spans).fingerprint
    other = states(a=ROOM["states"]["a"], d={"transitions": [{"on": "y", "to": "a.h"}]})
    assert from_plain(other).fingerprint != from_plain(ROOM).fingerprint


def test_a_mistake_carries_the_authors_span():
    span = model.Span("x.room", 7, 3, 7, 9)
    wrong = model.Transition(model.On("x"), target=model.Target("nowhere", span=span))
    root = model.State("", states=(model.State("a", transitions=(wrong,)),))
    with pytest.raises(ChartError) as raised:
        compile_room(model.RoomFile("x", root=root))
    assert raised.value.span == span


def test_two_states_of_one_name_are_refused():
    root = model.State("", states=(model.State("a"), model.State("a")))
    with pytest.raises(ChartError, match="`a` is declared twice"):
        compile_room(model.RoomFile("x", root=root))


def test_a_forgetful_memory_changes_no_answer(monkeypatch):
    """With room for one plan and one configuration everything is worked out again."""
    told = [play_through(from_plain(ROOM))]
    monkeypatch.setattr(plans, "PLANS_MAX", 1)
    monkeypatch.setattr(plans, "CONFIGURATIONS_MAX", 1)
    chart = from_plain(ROOM)
    told.append(play_through(chart))
    assert told[0] == told[1]
    assert len(chart.memo.plans) == 1
    assert len(chart.memo.configurations) == 1


def play_through(chart):
    snapshot, _ = begin(chart)
    told = []
    for name in "xxyxxyxx":
        snapshot, effects = step(chart, snapshot, ChartEvent(name))
        told.append((snapshot, effects))
    return told


def test_stepping_leaves_the_old_snapshot_as_it_was():
    room = states(a={"transitions": [{"on": "go", "do": [["set", "n", 1], *say("x")]}]})
    play = Play(room | {"variables": {"n": {"type": ["int", 0, 1], "initial": 0}}})
    old = play.snapshot
    play.send("go")
    assert (old.data, play.snapshot.data) == ((0,), (1,))
