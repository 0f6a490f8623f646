"""The chart of one room: where it is, what waits to happen, what it permits.

Knows the chart's API and the words for telling it; no turns and no people beyond what
guards may ask. What the chart wants done (drop, unready, ...) it hands to the room.
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
    """What the chart may know at this moment: read anew for every event."""

    ms: int
    generation: int
    people: Callable[[], tuple[Person, ...]]
    settings: Mapping[str, Value]


COMING_IN = frozenset({"join", "watch"})


class ChartDriver:
    """The chart and its snapshot. `changed` says that the snapshot has to be stored.

    _stale: the people or the settings may be others than the chart knows: the next `run` lets
    it look again. A timer's conditions always see the people as they are.

    trace: where it is a list, every macrostep is added to it (scenarios, `gameroom trace`).
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
        """Something happened to the room; the chart takes it at the next `run`."""
        self._pending.append((event, fields))

    def is_idle(self, ms: int, generation: int) -> bool:
        """Whether a `run` at this time would do nothing."""
        if self._stale or self._pending or self.changed:
            return False
        return charts.is_idle(self.chart, self.snapshot, ms, generation)

    def run(self, now: Now, do: Callable[[Did], None]) -> list[packets.Moved]:
        """Fire the due timers, then take what happened, one macrostep each.

        `do` carries out what the chart wants done, after each macrostep; it may make
        further things happen, which are taken in the same run.
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

    # -- looking -----------------------------------------------------------------------

    @property
    def states(self) -> tuple[str, ...]:
        """The active states' paths in document order."""
        return charts.active(self.chart, self.snapshot)

    @property
    def iterates(self) -> bool:
        return charts.iterates(self.chart, self.snapshot)

    def is_in(self, path: str) -> bool:
        return charts.is_in(self.chart, self.snapshot, path)

    @property
    def waits(self) -> bool:
        """Has something happened that the chart takes only at the next `run`?"""
        return bool(self._pending)

    def due(self) -> int | None:
        """When the next timer is due, in milliseconds."""
        return charts.due(self.snapshot)

    def as_told(self, moved: list[packets.Moved]) -> packets.ChartState:
        """Where the chart is, as everyone is told."""
        return packets.ChartState(
            states=self.states,
            variables=charts.variables(self.chart, self.snapshot),
            moved=tuple(moved),
        )

    def ruling(self, name: str, kinds: frozenset[str]) -> str:
        """allow, deny, ignore or unsaid."""
        return charts.ruling(self.chart, self.snapshot, name, kinds)

    def forbidden(
        self, name: str, kinds: frozenset[str], detail: str = "", *, is_in: bool = True
    ) -> Problem:
        """Why not, where the room is, and what goes there. is_in: this person has come in
        already, so that coming in is no help."""
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
        """The snapshot's bytes if it has changed since the last call."""
        if not self.changed:
            return None
        self.changed = False
        return charts.dump(self.chart, self.snapshot)

    def restore(self, dump: bytes, now: int) -> None:
        """Go on from a stored snapshot; its timers have what remained at `now`.

        It counts as changed: a room that was down for a while has later deadlines than its
        journal says, and the next restart must not take that while for time that passed.
        """
        self._snapshot = charts.restore(self.chart, dump, now)
        self.changed = self._stale = True


def _line(because: str | None) -> str | None:
    """The room file's reason as people are told it."""
    return None if because is None else clean_line(because)
