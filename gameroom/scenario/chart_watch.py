"""Records the macrosteps of a room's chart, each with the active states before and after it.

It reads the trace of the real room's chart driver and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.chart import Chart, MacroStep
from gameroom.room import Room


@dataclass(frozen=True, slots=True)
class Seen:
    """One macrostep.

    at, generation: when it happened, in milliseconds and as the last closed turn.
    before, after: the active states in document order, not only the innermost.
    """

    at: int
    generation: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    step: MacroStep


class ChartWatch:
    """Watches one room. Create it before the room begins."""

    def __init__(self, chart: Chart, room: Room) -> None:
        self._order = chart.by_path
        self._room = room
        self._states: tuple[str, ...] = ()
        self._trace: list[MacroStep] = []
        room.chart_driver.trace = self._trace

    def look(self, now: int) -> tuple[Seen, ...]:
        """Return the macrosteps since the last call. Call it in every millisecond in which the room
        does anything."""
        seen = tuple(self._seen(step, now) for step in self._trace)
        self._trace.clear()
        return seen

    def _seen(self, step: MacroStep, now: int) -> Seen:
        before, active = self._states, set(self._states)
        for micro in step.microsteps:
            active = (active - set(micro.exited)) | set(micro.entered)
        self._states = tuple(sorted(active, key=self._order.__getitem__))
        return Seen(now, self._room.generation, before, self._states, step)


def leaves(states: tuple[str, ...]) -> tuple[str, ...]:
    """Return the innermost of these states."""
    return tuple(
        path for path in states if not any(other.startswith(path + ".") for other in states)
    )
