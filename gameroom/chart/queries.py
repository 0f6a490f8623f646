"""Reading a snapshot in the room file's words."""

from __future__ import annotations

from gameroom.chart.snapshot import ChartSnapshot
from gameroom.chart.tables import ROOT, Chart, bits
from gameroom.model import Value


def path(chart: Chart, state: int) -> str:
    """The dotted path of a state's number; "" is the root."""
    return chart.states[state].path


def active(chart: Chart, snapshot: ChartSnapshot) -> tuple[str, ...]:
    """Paths of the active states in document order: every state before what is in it. The
    root, always active, is left out."""
    states = bits(snapshot.configuration)
    return tuple(chart.states[state].path for state in states if state != ROOT)


def is_in(chart: Chart, snapshot: ChartSnapshot, path: str) -> bool:
    """Is the state at this full path active? False where there is no such state."""
    state = chart.by_path.get(path)
    return state is not None and bool(snapshot.configuration >> state & 1)


def iterates(chart: Chart, snapshot: ChartSnapshot) -> bool:
    """Do turns advance: is a state active that says `iterates`?"""
    return bool(snapshot.configuration & chart.iterating)


def variables(chart: Chart, snapshot: ChartSnapshot) -> dict[str, Value]:
    """The room's variables by name, as declared."""
    return dict(zip(chart.variables, snapshot.data, strict=True))


def differs(before: ChartSnapshot, after: ChartSnapshot) -> bool:
    """Whether more than time has passed between two snapshots of one chart."""
    return any(getattr(before, part) != getattr(after, part) for part in _PARTS)


_PARTS = tuple(
    part for part in ChartSnapshot.__struct_fields__ if part not in ("now", "generation")
)
