"""The fast core against the plain transcription of the standard, on random charts."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from gameroom.chart import (
    ChartEnded,
    ChartEvent,
    Did,
    Fault,
    TransitionTaken,
    active,
    advance,
    begin,
    differs,
    is_idle,
    path,
    step,
)
from gameroom.chart.compile import compile_room
from gameroom.chart.plain import plain_room
from tests.chart.reference import Reference
from tests.chart.strategies import STORIES, charts

CALM = settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@CALM
@given(charts(), STORIES)
def test_both_do_the_same(plain, story):
    room = plain_room(plain)
    chart = compile_room(room)
    snapshot, effects = begin(chart)
    reference = Reference(room)
    assert_same(chart, snapshot, effects, reference)
    now = generation = 0
    for what, more in story:
        if isinstance(what, str):
            event = ChartEvent(what, now, generation, more)
            snapshot, effects = step(chart, snapshot, event)
            reference.send(what, more, now, generation)
        else:
            now, generation = now + what, generation + more
            before, is_quiet = snapshot, is_idle(chart, snapshot, now, generation)
            snapshot, effects = advance(chart, snapshot, now, generation)
            assert not is_quiet or (effects == () and not differs(before, snapshot))
            reference.advance(now, generation)
        assert_same(chart, snapshot, effects, reference)


def assert_same(chart, snapshot, effects, reference):
    assert active(chart, snapshot) == reference.active
    assert dict(zip(chart.variables, snapshot.data, strict=True)) == reference.data
    moves = [
        ("moved", e.transition, paths(chart, e.exited), paths(chart, e.entered))
        for e in effects
        if isinstance(e, TransitionTaken)
    ]
    assert moves == [entry for entry in reference.log if entry[0] == "moved"]
    others = [other(chart, e) for e in effects if not isinstance(e, TransitionTaken)]
    assert others == [entry for entry in reference.log if entry[0] != "moved"]
    alive = reference.running and not reference.faulted
    assert (snapshot.status == "live") == alive
    if alive:
        timers = {**dict(snapshot.timers), **dict(snapshot.turn_timers)}
        assert timers == {edge.id: at for edge, at in reference.timers.items()}


def other(chart, effect):
    match effect:
        case Did(verb, name):
            return verb, name
        case ChartEnded(state, _):
            return "ended", path(chart, state)
        case Fault():
            return ("fault",)
    raise AssertionError(effect)


def paths(chart, states):
    return tuple(path(chart, state) for state in states)
