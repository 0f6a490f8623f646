"""A snapshot goes out to bytes and back between any two events, and nothing changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings

from gameroom.chart import Event, advance, begin, due, dump, from_plain, restore, step
from tests.chart.play import Play, person, states
from tests.chart.strategies import STORIES, charts

CALM = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PAUSE_MS = 1000


@CALM
@given(charts(), STORIES)
def test_restoring_between_any_two_events_changes_nothing(plain, story):
    """One chart lives through; the other is stopped for a second after every event, and
    compiled anew each time."""
    chart = from_plain(plain)
    lives, effects = begin(chart)
    now = generation = pauses = 0
    restored = lives
    for what, more in story:
        pauses += PAUSE_MS
        again = from_plain(plain)
        restored = restore(again, dump(chart, restored), now + pauses)
        assert dump(again, restored) == dump(chart, lives)
        if isinstance(what, str):
            lives, effects = step(chart, lives, Event(what, now, generation, more))
            event = Event(what, now + pauses, generation, more)
            restored, others = step(again, restored, event)
        else:
            now, generation = now + what, generation + more
            lives, effects = advance(chart, lives, now, generation)
            restored, others = advance(again, restored, now + pauses, generation)
        assert effects == others
        assert dump(again, restored) == dump(chart, lives)


@CALM
@given(charts(), STORIES)
def test_looking_changes_nothing(plain, story):
    """With a trace the chart goes the long way; without, often the short one."""
    chart = from_plain(plain)
    assert begin(chart, trace=[]) == begin(chart)
    snapshot, _ = begin(chart)
    now = generation = 0
    for what, more in story:
        if isinstance(what, str):
            event = Event(what, now, generation, more)
            plainly = step(chart, snapshot, event)
            assert step(chart, snapshot, event, trace=[]) == plainly
            assert step(chart, snapshot, event) == plainly, "the same answer every time"
        else:
            now, generation = now + what, generation + more
            plainly = advance(chart, snapshot, now, generation)
            assert advance(chart, snapshot, now, generation, trace=[]) == plainly
        snapshot = plainly[0]
        assert restore(chart, dump(chart, snapshot), snapshot.now) == snapshot


ROOM = {
    "variables": {"round": {"type": ["int", 0, 9], "initial": 4}},
    "settings": {
        "maps": {"type": ["list", 0, 4, ["string", 1, 9]], "default": ["plains"]},
        "gold": {"type": ["int", 0, 900], "default": 300},
    },
    **states(
        wait={
            "transitions": [
                {"after": [500, "ms"], "to": "ended"},
                {"after": [3, "turns"], "to": "ended"},
                {"on": "drop", "do": [["drop", "lost"]]},
            ]
        },
        ended={"kind": "final"},
    ),
}


def test_timers_go_on_with_what_remained():
    play = Play(ROOM).wait(ms=200, turns=1).reload(pause=60_000)
    assert due(play.snapshot) == play.now + 300
    assert play.wait(ms=299).active == ("wait",)
    assert play.wait(ms=1).active == ("ended",)


def test_turn_timers_count_turns_and_not_the_time_away():
    play = Play(ROOM).wait(turns=1).reload(pause=0)
    assert play.wait(turns=1).active == ("wait",)
    assert play.wait(turns=1).active == ("ended",)


def test_an_overdue_timer_is_still_overdue():
    play = Play(ROOM)
    play.now = 700
    play.send("unheard").reload(pause=5)
    assert due(play.snapshot) == play.now - 200
    assert play.wait().active == ("ended",)


def test_people_settings_and_variables_come_back():
    ann = person("ready", kinds=("player", "host"), vote="drop")
    play = Play(ROOM, people=(ann, person("away", "lost")), settings={"maps": ["hills", "sea"]})
    before = play.snapshot
    assert play.reload().snapshot == before
    assert play.snapshot.people[0] == ann
    assert play.snapshot.settings == (("hills", "sea"), 300)


def test_the_bytes_are_canonical():
    play = Play(ROOM, people=(person("ready", kinds=("player", "host")),))
    data = dump(play.chart, play.snapshot)
    spelled = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"))
    assert data == spelled.encode()
    twin = person("ready", kinds=("host", "player"))
    assert dump(play.chart, Play(ROOM, people=(twin,)).snapshot) == data


def test_a_snapshot_of_another_chart_is_refused():
    play = Play(ROOM)
    other = from_plain({**ROOM, "variables": {"round": {"type": ["int", 0, 9], "initial": 5}}})
    with pytest.raises(ValueError, match="another chart"):
        restore(other, dump(play.chart, play.snapshot), 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.pop("states"),
        lambda record: record.update(states=[1]),
        lambda record: record.update(states=[0, 99]),
        lambda record: record.update(timers=[[99, 5]]),
        lambda record: record.update(timers=[[0, "soon"]]),
        lambda record: record.update(held=[-1]),
        lambda record: record.update(history=[[1]]),
        lambda record: record.update(variables={}),
        lambda record: record.update(variables={"round": 10}),
        lambda record: record.update(variables={"round": "many"}),
        lambda record: record.update(settings={"gold": 300}),
        lambda record: record.update(settings={"gold": -1, "maps": []}),
        lambda record: record.update(status="asleep"),
        lambda record: record.update(extra=1),
    ],
)
def test_damaged_bytes_are_refused(damage):
    play = Play(ROOM)
    record = json.loads(dump(play.chart, play.snapshot))
    damage(record)
    with pytest.raises(ValueError, match="snapshot"):
        restore(play.chart, json.dumps(record).encode(), 0)


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"\xff", b"[1]"])
def test_what_is_no_snapshot_is_refused(data):
    with pytest.raises(ValueError, match="not a snapshot"):
        restore(from_plain(ROOM), data, 0)
