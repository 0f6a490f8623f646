"""How many events a second a chart takes: 14 states, two regions, 8 transitions per 6 events.

The same chart and the same six events as in the comparison with other libraries: a
lifecycle, a parallel part with two regions, guards over data, one action and one `done`.

    pytest tests/benchmarks/bench_chart.py
"""

from __future__ import annotations

import pytest

from gameroom.chart import ChartEvent, Person, advance, begin, from_plain, step

ROUNDS = 200

CHART = {
    "initial": "setup",
    "variables": {"n": {"type": ["int", 0, 1000], "initial": 3}},
    "states": {
        "setup": {
            "initial": "gathering",
            "states": {
                "gathering": {"transitions": [{"on": "start", "to": "running"}]},
                "starting": {"transitions": [{"on": "start", "to": "running"}]},
            },
        },
        "running": {
            "kind": "parallel",
            "transitions": [{"on": "stop", "to": "setup"}],
            "states": {
                "play": {
                    "initial": "day",
                    "states": {
                        "day": {
                            "transitions": [
                                {"on": "turn", "if": ["<", "n", 2], "to": "dusk"},
                                {"on": "turn", "if": [">=", "n", 2], "to": "night"},
                            ]
                        },
                        "dusk": {"transitions": [{"on": "turn", "to": "night"}]},
                        "night": {"transitions": [{"on": "turn", "to": "day"}]},
                    },
                },
                "net": {
                    "initial": "good",
                    "states": {
                        "good": {
                            "transitions": [
                                {"on": "lag", "to": "bad"},
                                {"on": "turn", "if": ["==", "n", 3], "to": "good"},
                            ]
                        },
                        "bad": {
                            "initial": "waiting",
                            "transitions": [{"on": "calm", "to": "good"}],
                            "states": {
                                "waiting": {"transitions": [{"on": "turn", "to": "voting"}]},
                                "voting": {"transitions": [{"on": "turn", "to": "waiting"}]},
                            },
                        },
                    },
                },
            },
        },
        "ended": {"kind": "final"},
    },
}

EVENTS = [ChartEvent(name) for name in ("start", "turn", "lag", "turn", "calm", "stop")]


def lap(chart, snapshot):
    for _ in range(ROUNDS):
        for event in EVENTS:
            snapshot, _ = step(chart, snapshot, event)
    return snapshot


@pytest.mark.benchmark(group="chart")
def test_events(benchmark):
    chart = from_plain(CHART)
    assert len(chart.states) == 1 + 14
    snapshot, _ = begin(chart)
    after, taken = snapshot, 0
    for event in EVENTS:
        after, effects = step(chart, after, event)
        taken += len(effects)
    assert after == snapshot
    assert taken == 8
    benchmark(lap, chart, snapshot)
    benchmark.extra_info["events_per_second"] = round(
        ROUNDS * len(EVENTS) / benchmark.stats.stats.median
    )


@pytest.mark.benchmark(group="chart")
def test_turns_of_the_standard_room_with_eight_players(benchmark, standard):
    """What the chart costs a turn in which nothing moves: advance, and an event with people."""
    people = tuple(
        Person(frozenset({"player"}), frozenset({"connected", "ready", "loaded"})) for _ in range(8)
    )
    snapshot, _ = begin(standard, people=people)
    for name in ("ready", "loaded"):
        snapshot, _ = step(standard, snapshot, ChartEvent(name, people=people))

    def turns(snapshot):
        for generation in range(1, ROUNDS + 1):
            snapshot, _ = advance(standard, snapshot, generation * 100, generation)
            snapshot, _ = step(
                standard,
                snapshot,
                ChartEvent("return", generation * 100, generation, people=people),
            )

    benchmark(turns, snapshot)
    benchmark.extra_info["turns_per_second"] = round(ROUNDS / benchmark.stats.stats.median)
