"""The chart of one room: its state, its pending events and its permissions.

Knows the chart's API and how to describe its moves to clients; no turns, and of people only what
guards can read. The room carries out the actions of the chart (drop, unready, ...).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gameroom import chart as charts
from gameroom.chart.events import ChartEnded, ChartEvent, Did, Fault, Person, TransitionTaken
from gameroom.lockstep import packets
from gameroom.lockstep.problem import Problem
from gameroom.model import Value
from gameroom.texts import clean_line


@dataclass(frozen=True, slots=True)
class Now:
    """The input of the chart for one event. people: called again for every event."""

    ms: int
    generation: int
    people: Callable[[], tuple[Person, ...]]
    settings: Mapping[str, Value]


COMING_IN = frozenset({"join", "watch"})


class ChartDriver:
    """The chart and its snapshot.

    changed: whether the snapshot has to be stored.
    trace: if it is a list, every macrostep is appended to it (scenarios, `gameroom trace`).
    ending: the body of the last event, if the chart has ended.
    _stale: the people or the settings can have changed since the chart read them, so the next `run`
    passes them again. If a timer is due, it always passes them.
    """

    def __init__(self, chart: charts.Chart) -> None:
        self.chart = chart
        self.changed = False
        self.trace: list[charts.MacroStep] | None = None
        self.ending: packets.Ended | None = None
        self._snapshot: charts.ChartSnapshot | None = None
        self._pending: deque[tuple[str, Mapping[str, Value]]] = deque()
        self._stale = False

    @property
    def snapshot(self) -> charts.ChartSnapshot:
        assert self._snapshot is not None, "the room has not begun"
        return self._snapshot

    # -- moving ------------------------------------------------------------------------

    def begin(self, now: Now) -> tuple[list[packets.Moved], list[Did]]:
        """Enter the initial states."""
        assert self._snapshot is None, "a room begins once"
        self._snapshot, effects = charts.begin(
            self.chart,
            now=now.ms,
            people=now.people(),
            settings=now.settings,
            trace=self.trace,
        )
        self.changed = self._stale = True
        return self._told(effects)

    def happen(self, event: str, fields: Mapping[str, Value]) -> None:
        """Queue an event for the chart. The next `run` handles it."""
        self._pending.append((event, fields))

    def is_idle(self, ms: int, generation: int) -> bool:
        """Whether a `run` at this time (milliseconds) and generation would do nothing."""
        if self._stale or self._pending or self.changed:
            return False
        return charts.is_idle(self.chart, self.snapshot, ms, generation)

    def run(self, now: Now, do: Callable[[Did], None]) -> list[packets.Moved]:
        """Fire the timers that are due, then handle the queued events, with one macrostep for each.

        do: called for each action of the chart, after its macrostep. It can queue further events,
        which the same run handles.
        """
        before = self.snapshot
        anew = self._stale or charts.is_due(before, now.ms, now.generation)
        self._stale = False
        self._snapshot, effects = charts.advance(
            self.chart,
            before,
            now.ms,
            now.generation,
            people=now.people() if anew else None,
            settings=now.settings if anew else None,
            trace=self.trace,
        )
        self.changed = self.changed or charts.differs(before, self._snapshot)
        moved = self._carried_out(effects, do)
        while self._pending and self.ending is None:
            name, fields = self._pending.popleft()
            event = ChartEvent(
                name, now.ms, now.generation, fields, now.people(), settings=now.settings
            )
            self._snapshot, effects = charts.step(
                self.chart, self.snapshot, event, trace=self.trace
            )
            self.changed = True
            moved += self._carried_out(effects, do)
        return moved

    def _carried_out(
        self, effects: tuple[charts.Effect, ...], do: Callable[[Did], None]
    ) -> list[packets.Moved]:
        moved, dids = self._told(effects)
        for did in dids:
            self._stale = True
            do(did)
        return moved

    def _told(self, effects: tuple[charts.Effect, ...]) -> tuple[list[packets.Moved], list[Did]]:
        moved: list[packets.Moved] = []
        dids: list[Did] = []
        for effect in effects:
            match effect:
                case TransitionTaken(transition, event, exited, entered, because):
                    self.changed = True
                    paths = (self._paths(exited), self._paths(entered))
                    moved.append(packets.Moved(transition, event, *paths, _line(because)))
                case Did():
                    dids.append(effect)
                case ChartEnded(state, because):
                    self.ending = packets.Ended(charts.path(self.chart, state), _line(because))
                case Fault(reason):
                    self.ending = packets.Ended("fault", reason)
        return moved, dids

    def _paths(self, states: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(charts.path(self.chart, state) for state in states)

    # -- reading -----------------------------------------------------------------------

    @property
    def states(self) -> tuple[str, ...]:
        """The paths of the active states in document order."""
        return charts.active(self.chart, self.snapshot)

    @property
    def iterates(self) -> bool:
        return charts.iterates(self.chart, self.snapshot)

    def is_in(self, path: str) -> bool:
        return charts.is_in(self.chart, self.snapshot, path)

    @property
    def waits(self) -> bool:
        """Whether an event is queued for the next `run`."""
        return bool(self._pending)

    def due(self) -> int | None:
        """Return when the next timer is due, in milliseconds; None if no timer runs."""
        return charts.due(self.snapshot)

    def as_told(self, moved: list[packets.Moved]) -> packets.ChartState:
        """Return the state of the chart for the clients."""
        return packets.ChartState(
            states=self.states,
            variables=charts.variables(self.chart, self.snapshot),
            moved=tuple(moved),
        )

    def ruling(self, name: str, kinds: frozenset[str]) -> str:
        """Return "allow", "deny", "ignore" or "unsaid"."""
        return charts.ruling(self.chart, self.snapshot, name, kinds)

    def forbidden(
        self, name: str, kinds: frozenset[str], detail: str = "", *, is_in: bool = True
    ) -> Problem:
        """Return the refusal of an action, with the state of the room and what is allowed there.

        detail: the reason; by default that the action is not allowed in this state.
        is_in: whether this person has joined, so that joining is not suggested.
        """
        state = self.states[-1] if self.states else None
        goes = charts.allowed(self.chart, self.snapshot, kinds)
        return Problem(
            status=409,
            code="not_now",
            detail=detail or f"`{name}` is not allowed for you in `{state}`.",
            state=state,
            allowed=tuple(one for one in goes if not (is_in and one in COMING_IN)),
        )

    # -- storing -----------------------------------------------------------------------

    def dump_if_changed(self) -> bytes | None:
        """Return the snapshot's bytes if it has changed since the last call, and otherwise None."""
        if not self.changed:
            return None
        self.changed = False
        return charts.dump(self.chart, self.snapshot)

    def restore(self, dump: bytes, now: int) -> None:
        """Continue from a stored snapshot. now: milliseconds; timers continue from here with their
        remaining time.

        The snapshot counts as changed: the deadlines of a room that was down are now later than
        those in its journal. Without a new snapshot, the next restart would count the downtime as
        time that has passed.
        """
        self._snapshot = charts.restore(self.chart, dump, now)
        self.changed = self._stale = True


def _line(because: str | None) -> str | None:
    """Return the reason from the room file as one clean line."""
    return None if because is None else clean_line(because)
