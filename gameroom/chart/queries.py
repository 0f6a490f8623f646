"""Reads a snapshot in terms of the room file: paths and names."""

from __future__ import annotations

from gameroom.chart.snapshot import ChartSnapshot
from gameroom.chart.tables import ROOT, Chart, bits
from gameroom.model import Value


def path(chart: Chart, state: int) -> str:
    """Return the dotted path of a state's number; "" for the root."""
    return chart.states[state].path


def active(chart: Chart, snapshot: ChartSnapshot) -> tuple[str, ...]:
    """Return the paths of the active states in document order: a state comes before its substates.
    The root, which is always active, is left out."""
    states = bits(snapshot.configuration)
    return tuple(chart.states[state].path for state in states if state != ROOT)


def is_in(chart: Chart, snapshot: ChartSnapshot, path: str) -> bool:
    """Whether the state with this full path is active. False if there is no such state."""
    state = chart.by_path.get(path)
    return state is not None and bool(snapshot.configuration >> state & 1)


def iterates(chart: Chart, snapshot: ChartSnapshot) -> bool:
    """Whether turns advance: a state with `iterates` is active."""
    return bool(snapshot.configuration & chart.iterating)


def variables(chart: Chart, snapshot: ChartSnapshot) -> dict[str, Value]:
    """Return the room's variables by name, in their declared order."""
    return dict(zip(chart.variables, snapshot.data, strict=True))


def differs(before: ChartSnapshot, after: ChartSnapshot) -> bool:
    """Whether two snapshots of one chart differ in more than `now` and `generation`."""
    return any(getattr(before, part) != getattr(after, part) for part in _PARTS)


_PARTS = tuple(
    part for part in ChartSnapshot.__struct_fields__ if part not in ("now", "generation")
)
