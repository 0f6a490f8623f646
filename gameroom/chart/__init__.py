"""The statechart core: it compiles a merged room to frozen tables, and pure functions step them.

The semantics and the names are those of W3C SCXML, with `when`, `after` and a limit added; see
docs/chart.md. It knows no clock, no network, no text, and of people only what guards can read. The
rule it keeps: `step(chart, snapshot, event)` returns the same result every time.
"""

from gameroom.chart.compile import compile_room
from gameroom.chart.events import (
    ChartEnded,
    ChartEvent,
    Did,
    Effect,
    Fault,
    Person,
    TransitionTaken,
)
from gameroom.chart.macrostep import MICROSTEPS_MAX
from gameroom.chart.mistakes import ChartError
from gameroom.chart.permissions import allowed, ruling, ruling_in
from gameroom.chart.plain import from_plain
from gameroom.chart.queries import active, differs, is_in, iterates, path, variables
from gameroom.chart.snapshot import BadSnapshotError, ChartSnapshot, due, dump, is_due, restore
from gameroom.chart.steps import advance, begin, is_idle, step
from gameroom.chart.tables import Chart, Ruling
from gameroom.chart.trace import Considered, MacroStep, MicroStep, Removed

__all__ = [
    "MICROSTEPS_MAX",
    "BadSnapshotError",
    "Chart",
    "ChartEnded",
    "ChartError",
    "ChartEvent",
    "ChartSnapshot",
    "Considered",
    "Did",
    "Effect",
    "Fault",
    "MacroStep",
    "MicroStep",
    "Person",
    "Removed",
    "Ruling",
    "TransitionTaken",
    "active",
    "advance",
    "allowed",
    "begin",
    "compile_room",
    "differs",
    "due",
    "dump",
    "from_plain",
    "is_due",
    "is_idle",
    "is_in",
    "iterates",
    "path",
    "restore",
    "ruling",
    "ruling_in",
    "step",
    "variables",
]
