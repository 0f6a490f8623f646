"""A snapshot goes out to bytes and back between any two events, and nothing changes."""

from __future__ import annotations

import json
import re
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gameroom import __version__
from gameroom.chart import (
    BadSnapshotError,
    ChartEvent,
    active,
    advance,
    begin,
    due,
    dump,
    from_plain,
    restore,
    step,
    variables,
)
from tests.chart.play import Play, person, states
from tests.chart.strategies import STORIES, charts
from tests.formats.alter import altered

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
            lives, effects = step(chart, lives, ChartEvent(what, now, generation, more))
            event = ChartEvent(what, now + pauses, generation, more)
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
            event = ChartEvent(what, now, generation, more)
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


# --- Another release's chart --------------------------------------------------------------

WAIT = {
    "transitions": [
        {"after": [500, "ms"], "to": "ended"},
        {"after": [500, "ms"], "do": [["raise", "late"]]},
        {"when": ["==", "round", 9], "to": "ended"},
        {"on": "go", "to": "game"},
    ]
}
GAME = {
    "initial": "day",
    "transitions": [{"on": "stop", "to": "wait"}, {"on": "back", "to": ["resume", "game"]}],
    "states": {"day": {"transitions": [{"on": "dusk", "to": "night"}]}, "night": {}},
}


def two_rooms(**changes):
    """A chart that was stopped in `wait`, having been in `game.night`; and another one that is
    the same but for these states, all in another order."""
    inner = {"wait": WAIT, "game": GAME, "ended": {"kind": "final"}}
    old = {**ROOM, **states(**inner)}
    back = {**inner["wait"], "transitions": [*WAIT["transitions"], {"on": "on", "to": RESUME}]}
    old["states"] = {**inner, "wait": back}
    new = {**old, "initial": "wait"}
    new["states"] = dict(reversed({**old["states"], "added": {}, **changes}.items()))
    play = Play(old, settings={"gold": 7})
    play.send("go").send("dusk").send("stop").wait(ms=100)
    return play, from_plain({name: part for name, part in new.items() if part is not None})


RESUME = ["resume", "game"]


def test_a_chart_of_another_release_goes_on_by_the_names_of_its_states():
    play, chart = two_rooms()
    assert chart.fingerprint != play.chart.fingerprint
    snapshot = restore(chart, dump(play.chart, play.snapshot), play.now)
    assert active(chart, snapshot) == ("wait",)
    assert due(snapshot) == play.now + 400
    assert snapshot.settings[chart.settings["gold"]] == 7
    snapshot, _ = step(chart, snapshot, ChartEvent("on", play.now))
    assert active(chart, snapshot) == ("game", "game.night"), "the history came along"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"game": {**GAME, "states": {"day": {"transitions": []}}}}, "no state `game.night`"),
        (
            {"wait": {"initial": "in", "states": {"in": {}}}},
            "0 of the states inside `wait` are active",
        ),
        ({"wait": {**WAIT, "transitions": WAIT["transitions"][1:]}}, "there is no timer wait"),
        (
            {"wait": {**WAIT, "transitions": [{"after": [9, "ms"]}, *WAIT["transitions"]]}},
            r"the timer wait \[\"after\",9,\"ms\"\] is missing",
        ),
    ],
)
def test_a_chart_in_which_something_is_not_found_is_refused_by_its_name(changes, why):
    play, chart = two_rooms(**changes)
    assert chart.fingerprint != play.chart.fingerprint
    with pytest.raises(BadSnapshotError, match=rf"by gameroom 0\.1.*another chart: .*{why}"):
        restore(chart, dump(play.chart, play.snapshot), 0)


def test_variables_are_found_by_name_or_begin_with_their_default():
    play = Play(ROOM)
    data = dump(play.chart, play.snapshot)
    more = {"round": {"type": ["int", 0, 9], "initial": 5}, "open": BOOL}
    chart = from_plain({**ROOM, "variables": more})
    assert variables(chart, restore(chart, data, 0)) == {"round": 4, "open": True}
    with pytest.raises(BadSnapshotError, match="there is no variable or setting `round`"):
        restore(from_plain({**ROOM, "variables": {"open": BOOL}}), data, 0)
    less = {"round": {"type": ["int", 0, 3], "initial": 0}}
    with pytest.raises(BadSnapshotError, match=r"`round` is 4, outside 0\.\.3"):
        restore(from_plain({**ROOM, "variables": less}), data, 0)


BOOL = {"type": ["bool"], "initial": True}


def test_a_later_format_is_refused_by_its_release():
    play = Play(ROOM)
    record = json.loads(dump(play.chart, play.snapshot))
    later = json.dumps({"format": 2, "release": "0.3.0", "states": {"all": "new"}})
    with pytest.raises(BadSnapshotError) as refused:
        restore(play.chart, later.encode(), 0)
    assert str(refused.value) == (
        "this snapshot was written by gameroom 0.3.0 in chart format 2;"
        f" this is gameroom {__version__}, which reads format 1"
    )
    assert record["release"] == __version__


def test_a_field_that_a_later_release_has_added_is_passed_over():
    play = Play(ROOM)
    record = json.loads(dump(play.chart, play.snapshot)) | {"mood": "good"}
    record["release"] = "0.1.9"
    assert restore(play.chart, json.dumps(record).encode(), 0) == play.snapshot


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.pop("states"),
        lambda record: record.update(states=[]),
        lambda record: record.update(states=["elsewhere"]),
        lambda record: record.update(states=["wait", "ended"]),
        lambda record: record.update(states=[""]),
        lambda record: record.update(states=[0]),
        lambda record: record.update(timers=[["wait", 5]]),
        lambda record: record.update(timers={}),
        lambda record: record["timers"].update(wait=5),
        lambda record: record.update(timers=dict.fromkeys(record["timers"], "soon")),
        lambda record: record.update(timers=dict.fromkeys(record["timers"], 2**80)),
        lambda record: record.update(held=["wait"]),
        lambda record: record.update(history={"wait": ["wait"]}),
        lambda record: record.update(variables={}),
        lambda record: record.update(variables={"round": 10}),
        lambda record: record.update(variables={"round": "many"}),
        lambda record: record.update(settings={"gold": 300}),
        lambda record: record.update(settings={"gold": -1, "maps": []}),
        lambda record: record.update(status="asleep"),
        lambda record: record.update(status="ended"),
        lambda record: record.update(generation=-1),
        lambda record: record.update(generation=2**60),
        lambda record: record.update(format="1"),
        lambda record: record.pop("format"),
    ],
)
def test_damaged_bytes_are_refused(damage):
    play = Play(ROOM)
    record = json.loads(dump(play.chart, play.snapshot))
    damage(record)
    with pytest.raises(BadSnapshotError, match="snapshot"):
        restore(play.chart, json.dumps(record).encode(), 0)


@pytest.mark.parametrize(
    ("part", "unknown", "why"),
    [
        ("variables", {"y": 1, "x": 1}, "there is no variable or setting `x`"),
        ("held", ["y", "x"], "there is no condition x"),
        ("timers", {"y": 1, "x": 1}, "there is no timer x"),
    ],
)
def test_of_several_unknown_names_the_first_is_told(part, unknown, why):
    play = Play(ROOM)
    record = json.loads(dump(play.chart, play.snapshot))
    record[part] = record[part] | unknown if isinstance(unknown, dict) else record[part] + unknown
    with pytest.raises(BadSnapshotError, match=why):
        restore(play.chart, json.dumps(record).encode(), 0)


def test_a_snapshot_altered_in_any_way_is_one_or_is_refused():
    """Here every part of the record is there: people, settings, a history, timers, a `when`."""
    play, _ = two_rooms()
    people = (person("ready", kinds=("player", "host"), vote="drop"),)
    play.wait(people=people, settings={"maps": ["hills", "sea"]})
    data, dice, taken = dump(play.chart, play.snapshot), Random(1), 0
    told = []
    for _ in range(2500):
        try:
            found = restore(play.chart, altered(data, dice), 0)
        except BadSnapshotError as error:
            told.append(str(error))
            continue
        taken += 1
        dump(play.chart, found)
        found, _ = step(play.chart, found, ChartEvent("on", 0, 0, {}))
        advance(play.chart, found, found.now + 1000, found.generation + 4)
    assert max(map(len, told)) < 400
    assert 100 < taken < 2000, "most are refused, and some are just other snapshots"


@settings(CALM, max_examples=25)
@given(charts(), STORIES, st.randoms(use_true_random=False))
def test_whatever_was_stored_is_a_snapshot_or_is_refused(plain, story, dice):
    """Bytes that were altered in any way; what is taken plays on."""
    chart = from_plain(plain)
    snapshot, _ = begin(chart)
    for what, more in story:
        if isinstance(what, str):
            snapshot, _ = step(chart, snapshot, ChartEvent(what, 0, 0, more))
    for _ in range(8):
        data = altered(dump(chart, snapshot), dice)
        try:
            found = restore(chart, data, 0)
        except BadSnapshotError:
            continue
        dump(chart, found)
        for what, more in story:
            if isinstance(what, str):
                found, _ = step(chart, found, ChartEvent(what, 0, 0, more))
            else:
                found, _ = advance(chart, found, found.now + what, found.generation + more)


def a_match():
    """Everything that a snapshot can hold: two regions, one of them in a composite, a written
    history of either kind and an implied one, timers of both units, one of which has fired,
    and conditions that hold or have no value."""
    sky = {
        "initial": "day",
        "transitions": [{"after": [500, "ms"], "do": [["raise", "noon"]]}],
        "states": {
            "day": {"transitions": [{"on": "dusk", "to": "night"}]},
            "night": {
                "initial": "dark",
                "states": {"dark": {"transitions": [{"after": [9, "turns"], "to": "sky.day"}]}},
            },
            "last": {"kind": "history"},
        },
    }
    rain = {
        "transitions": [
            {"after": [1, "ms"], "do": [["raise", "drop"]]},
            {"when": ["==", "round", 4], "do": [["raise", "four"]]},
            {"when": ["==", ["/", 1, "none"], 1], "do": [["raise", "never"]]},
        ]
    }
    play = {
        "kind": "parallel",
        "transitions": [{"on": "stop", "to": "wait"}, {"on": "win", "to": "ended"}],
        "states": {"sky": sky, "rain": rain, "regions": {"kind": "history"}},
    }
    wait = {
        "transitions": [{"on": "go", "to": ["resume", "play"]}, {"after": [9, "ms"], "to": "ended"}]
    }
    ended = {"kind": "final"}
    room = {**ROOM, **states(play=play, wait=wait, ended=ended)}
    room["variables"] = {**ROOM["variables"], "none": {"type": ["int", 0, 0], "initial": 0}}
    match = Play(room, people=(person("ready", vote="drop"),))
    return match.send("dusk").send("stop").send("go").wait(ms=5, turns=2)


SKY, DARK = 'play.sky ["after",500,"ms"]', 'play.sky.night.dark ["after",9,"turns"]'
RAIN = 'play.rain ["after",1,"ms"]'
FOUR = 'play.rain ["when",["==",["name","round"],["value",4]]]'
ONE_OVER = 'play.rain ["when",["==",["/",["value",1],["name","none"]],["value",1]]]'


def test_a_whole_match_comes_back():
    match = a_match()
    record = json.loads(dump(match.chart, match.snapshot))
    assert record["states"] == ["play.sky.night.dark", "play.rain"]
    assert record["timers"] == {SKY: 495, DARK: 7, RAIN: None}
    assert (record["held"], record["erred"]) == ([FOUR], [ONE_OVER])
    assert record["history"] == {
        "play": ["play.sky.night.dark", "play.rain"],
        "play.regions": ["play.sky", "play.rain"],
        "play.sky.last": ["play.sky.night"],
    }
    before = match.snapshot
    assert match.reload().snapshot == before


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ({"states": ["play.sky.day", "play.sky.night.dark", "play.rain"]}, "2 of the states"),
        ({"states": ["play.sky.night.dark", "play.rain", "wait"]}, "2 of the states"),
        ({"states": ["play.sky.night.dark"]}, "1 of the states inside `play` are active"),
        ({"states": ["play.sky.night", "play.rain"]}, "0 of the states inside `play.sky.night`"),
        ({"states": ["play.sky", "play.rain"]}, "0 of the states inside `play.sky`"),
        (
            {"states": ["play.sky.night", "play.sky.night.dark", "play.rain"]},
            "`play.sky.night` is not an innermost state",
        ),
        ({"states": ["play.sky.night.dark", "play.rain", "play.rain"]}, "listed twice"),
        ({"states": ["play.sky.last", "play.rain"]}, "0 of the states inside `play.sky`"),
        (
            {"states": ["play.sky.night.dark", "play.sky.last", "play.rain"]},
            "`play.sky.last` is a history state, which can never be active",
        ),
        (
            {"states": ["ended"], "timers": {}, "held": [], "erred": []},
            "status `live` contradicts the states `ended`",
        ),
        (
            {"status": "ended", "timers": {}},
            "status `ended` contradicts the states `play.sky.night.dark`",
        ),
        ({"status": "faulted"}, "there is no timer"),
        ({"timers": {SKY: 495, RAIN: None}}, "is missing"),
        ({"timers": {SKY: 495, DARK: 7, RAIN: None, 'wait ["after",9,"ms"]': 9}}, "is no timer"),
        ({"timers": {SKY: 501, DARK: 7, RAIN: None}}, "out of range"),
        ({"timers": {SKY: 495, DARK: 10, RAIN: None}}, "out of range"),
        ({"timers": {SKY: -(2**53), DARK: 7, RAIN: None}}, "out of range"),
        ({"held": [FOUR, FOUR]}, "listed twice"),
        ({"held": [FOUR, ONE_OVER]}, "listed both as true and as failed"),
        ({"erred": ["wait"]}, "there is no condition"),
        ({"history": {"play": ["play.sky.night.dark"]}}, "1 of the states inside `play`"),
        ({"history": {"play": ["play.sky.night", "play.rain"]}}, "0 of the states inside"),
        (
            {"history": {"play": ["play.sky.night", "play.sky.night.dark", "play.rain"]}},
            "not an innermost state",
        ),
        (
            {"history": {"play": ["play.sky.day", "play.sky.night.dark", "play.rain"]}},
            "2 of the states inside `play.sky`",
        ),
        ({"history": {"play": ["play.sky.day", "play.rain", "wait"]}}, "is not inside `play`"),
        (
            {"history": {"play.regions": ["play.sky", "play.sky"]}},
            "has recorded states that don't fit",
        ),
        (
            {"history": {"play.regions": ["play.sky", "play.rain", "play.rain"]}},
            "recorded states that don't fit",
        ),
        (
            {"history": {"play.regions": ["play.sky", "play.regions"]}},
            "has recorded states that don't fit",
        ),
        ({"history": {"play.sky.last": ["play.sky.last"]}}, "has recorded states that don't fit"),
        (
            {"history": {"play.sky.last": ["play.sky.night.dark"]}},
            "has recorded states that don't fit",
        ),
        (
            {"history": {"play.sky.last": ["play.sky.day", "play.sky.night"]}},
            "recorded states that don't fit",
        ),
        ({"history": {"play.sky.last": []}}, "has recorded states that don't fit"),
        ({"history": {"play.sky": ["play.sky.day"]}}, "there is no history"),
        ({"generation": -1}, "generation is out of range"),
    ],
)
def test_what_no_chart_can_come_to_is_damage(damage, why):
    match = a_match()
    record = json.loads(dump(match.chart, match.snapshot)) | damage
    with pytest.raises(BadSnapshotError, match="damaged.*" + re.escape(why)):
        restore(match.chart, json.dumps(record).encode(), 0)


def test_a_timer_is_restored_with_all_that_it_began_with_or_overdue():
    match = a_match()
    record = json.loads(dump(match.chart, match.snapshot))
    record["timers"] = {SKY: 500, DARK: -3, RAIN: 1}
    snapshot = restore(match.chart, json.dumps(record).encode(), 1000)
    assert (
        dump(match.chart, snapshot)
        == json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    )
    assert sorted(at for _, at in snapshot.timers) == [1001, 1500]
    assert [at for _, at in snapshot.turn_timers] == [-1]


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"\xff", b"[1]"])
def test_what_is_no_snapshot_is_refused(data):
    with pytest.raises(BadSnapshotError, match="snapshot"):
        restore(from_plain(ROOM), data, 0)
