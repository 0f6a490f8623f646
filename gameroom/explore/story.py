"""Stories: the shortest way to a problem, in the words of the room language.

"ann joins, bob joins, ann leaves": people are named in the order in which they join. A story also
contains the input of the chart, so that it can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gameroom.chart import Chart, ChartEvent, ChartSnapshot, MacroStep, active, advance, begin, step
from gameroom.explore.abstract_room import Fired, Run
from gameroom.explore.moves import Move
from gameroom.explore.search import Graph
from gameroom.model import Value, words
from gameroom.room.lifecycle import RULES

NAMES = ("ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal")
"""The names of the first people. Later ones get a number."""


@dataclass(frozen=True, slots=True)
class Story:
    """One story.

    steps: the events, one phrase each. states: the active states at the end, in document order.
    fed: the input of the chart: events with the people at that moment, and timers that fired.
    """

    steps: tuple[str, ...]
    states: tuple[str, ...]
    fed: tuple[ChartEvent | Fired, ...] = ()

    def __str__(self) -> str:
        return ", ".join(self.steps) or "the room begins"


def story_of(graph: Graph, number: int, last: Move | None = None) -> Story:
    """Return the story of the best way to this spot, followed by the step `last`."""
    world = graph.moves.world
    spot, run = world.begin()
    names: list[str] = []
    told: list[str] = []
    fed: list[ChartEvent | Fired] = []
    newcomers = _newcomers()
    steps = graph.way(number)
    for taken in [*steps, last] if last is not None else steps:
        who = names[spot.members.index(taken.member)] if taken.member >= 0 else ""
        coming = next(newcomers) if taken.verb in ("join", "watch") else ""
        told.append(_told(world.chart, taken, who or coming))
        there = [*names, coming] if coming else list(names)
        run = Run(list(spot.members), names=there, picks=taken.picks)
        spot = graph.moves.take(spot, taken, run)
        assert run.names is not None
        names = run.names
        fed += run.fed
    assert last is not None or spot == graph.spots[number], "the story must end at its spot"
    return Story(tuple(told), active(world.chart, world.snapshot(spot)), tuple(fed))


def replay(
    chart: Chart, fed: Sequence[ChartEvent | Fired], trace: list[MacroStep] | None = None
) -> ChartSnapshot:
    """Replay the input of a story on a chart from the beginning. Every timer fires when it is
    due."""
    snapshot, _ = begin(chart, trace=trace)
    for each in fed:
        if isinstance(each, ChartEvent):
            event = ChartEvent(
                each.name, snapshot.now, each.generation, each.fields, each.people, each.settings
            )
            snapshot, _ = step(chart, snapshot, event, trace=trace)
        else:
            now = dict(snapshot.timers).get(each.timer, snapshot.now)
            turn = dict(snapshot.turn_timers).get(each.timer, snapshot.generation)
            snapshot, _ = advance(chart, snapshot, now, turn, people=each.people, trace=trace)
    return snapshot


def _newcomers() -> Iterator[str]:
    yield from NAMES
    number = len(NAMES)
    while True:
        number += 1
        yield f"person {number}"


def _told(chart: Chart, taken: Move, who: str) -> str:
    match taken.verb:
        case "join":
            return f"{who} joins {taken.name}".rstrip()
        case "configure":
            changed = [f"{name} = {_value(value)}" for name, value in taken.body]
            return f"{who} sets {changed[0]}" if changed else f"{who} changes a setting"
        case "request":
            return f"{who} sends {taken.name}{_body(taken.body)}"
        case "signal":
            return f"the engines raise {taken.name}{_body(taken.body)}"
        case "timer":
            return _passing(chart, taken.timer)
        case "turns":
            return f"turn {dict(taken.body)['turn']} closes"
        case "diverged" if not who:
            return "the engines diverge"
        case "cut off":
            return "everybody drops"
        case verb:
            return f"{who} {RULES[verb].told}"


def _passing(chart: Chart, timer: int) -> str:
    transition = chart.transitions[timer]
    if transition.unit == "turns":
        return "1 turn passes" if transition.amount == 1 else f"{transition.amount} turns pass"
    return f"{words.trigger(transition.said.trigger).removeprefix('after ')} pass"


def _body(body: tuple[tuple[str, Value], ...]) -> str:
    said = "  ".join(f"{name}: {_value(value)}" for name, value in body)
    return f" {{ {said} }}" if said else ""


def _value(value: Value) -> str:
    return words.scalar(value)
