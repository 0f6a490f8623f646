"""Coverage: the states and transitions of a room that the scenarios of its file reach.

All parts of the merged room count, including inherited ones. Histories do not count, because they
are never active.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gameroom.chart import Chart
from gameroom.model import words
from gameroom.model.paths import walk
from gameroom.scenario.run import Outcome


@dataclass(frozen=True, slots=True)
class Missed:
    """A transition that was never taken. file, line: its place."""

    source: str
    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one room.

    states, transitions: how many there are. states_missed, transitions_missed: those that were
    never reached, in document order.
    """

    states: int
    transitions: int
    states_missed: tuple[str, ...]
    transitions_missed: tuple[Missed, ...]

    @property
    def percent(self) -> int:
        """The percentage of all states and transitions that were reached, rounded down."""
        everything = self.states + self.transitions
        missed = len(self.states_missed) + len(self.transitions_missed)
        return 100 * (everything - missed) // everything


def reached(chart: Chart, outcomes: Iterable[Outcome]) -> Coverage:
    """Return what these scenarios of the room of `chart` have reached together."""
    entered: set[str] = set()
    taken: set[int] = set()
    for outcome in outcomes:
        entered |= outcome.entered
        taken |= outcome.taken
    paths = [path for path, state in walk(chart.room.root) if path and state.kind != "history"]
    return Coverage(
        states=len(paths),
        transitions=len(chart.transitions),
        states_missed=tuple(path for path in paths if path not in entered),
        transitions_missed=tuple(
            _missed(chart, number)
            for number in range(len(chart.transitions))
            if number not in taken
        ),
    )


def _missed(chart: Chart, number: int) -> Missed:
    transition = chart.transitions[number]
    span = transition.said.span
    source = chart.states[transition.source].path or "the room"
    return Missed(source, words.transition(transition.said), span.file, span.line)


def told(found: Coverage, name: str) -> str:
    """Return a line with the coverage, followed by a line for each state and transition that was
    never reached."""
    states = found.states - len(found.states_missed)
    taken = found.transitions - len(found.transitions_missed)
    lines = [
        f"{name}: {found.percent}% covered, {states} of {found.states} states entered,"
        f" {taken} of {found.transitions} transitions taken"
    ]
    lines += [f"  never entered: {path}" for path in found.states_missed]
    lines += [
        f"  never taken: {missed.source}: {missed.text}  ({missed.file}:{missed.line})"
        for missed in found.transitions_missed
    ]
    return "\n".join(lines)
