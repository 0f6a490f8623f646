"""A running macrostep: SCXML's main loop between two external events.

The class contains the working state of a pure function: it exists for one macrostep only. The rule
it keeps: `when`s come before internal events, with at most MICROSTEPS_MAX of both together.

When a `when` fires. Its condition is evaluated after each microstep that can change it. When the
condition becomes true, the `when` is waiting. It stops waiting when it is taken, when its `if` is
false, when the condition becomes false, or when its state is exited. It keeps waiting when an inner
or earlier transition was selected instead, or when it lost a conflict. At the end of a macrostep,
no `when` is waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from gameroom.chart import plans
from gameroom.chart import trace as tracing
from gameroom.chart.actions import Block
from gameroom.chart.events import Effect, Fault, Person
from gameroom.chart.expressions import STATES, Ask
from gameroom.chart.mistakes import Wrong
from gameroom.chart.plans import EVENTLESS
from gameroom.chart.snapshot import ChartSnapshot, Status, Timers
from gameroom.chart.tables import Chart, Known, TransitionPlan, TransitionRow
from gameroom.chart.trace import Look, MacroStep, MicroStep, Verdict
from gameroom.model import Value

MICROSTEPS_MAX = 256
"""How many microsteps and internal events a macrostep can have. If there are more, the chart
faults."""

NO_FIELDS: Mapping[str, Value] = {}


class Macrostep:
    """The working state of a macrostep. Guards read it, too.

    stale: what changed since the `when`s were evaluated (STATES, DATA, ...).
    fresh: bits of the `when`s that were never evaluated.
    held, spent: bits of the `when`s that are true, and of those that are true and have stopped
    waiting.
    cancelled: bits of the `after`s whose timers stopped, even if they have started again.
    """

    __slots__ = (
        "cancelled",
        "chart",
        "configuration",
        "data",
        "effects",
        "erred",
        "fields",
        "fresh",
        "generation",
        "held",
        "history",
        "internal_queue",
        "look",
        "looks",
        "microsteps",
        "now",
        "people",
        "settings",
        "spent",
        "stale",
        "status",
        "timers",
        "turn_timers",
    )

    def __init__(
        self,
        chart: Chart,
        snapshot: ChartSnapshot,
        fields: Mapping[str, Value],
        stale: int,
        *,
        traced: bool,
    ) -> None:
        self.chart = chart
        self.configuration = snapshot.configuration
        self.history = snapshot.history
        self.data = list(snapshot.data)
        self.settings = snapshot.settings
        self.people: tuple[Person, ...] = snapshot.people
        self.timers = snapshot.timers
        self.turn_timers = snapshot.turn_timers
        self.held = self.spent = snapshot.held
        self.erred = snapshot.erred
        self.now = snapshot.now
        self.generation = snapshot.generation
        self.status: Status = snapshot.status
        self.fields = fields
        self.stale = stale
        self.fresh = 0
        self.cancelled = 0
        self.microsteps = 0
        self.effects: list[Effect] = []
        self.internal_queue: deque[tuple[int, Mapping[str, Value]]] = deque()
        self.look: Look | None = Look() if traced else None
        self.looks: list[MicroStep] = []

    def snapshot(self) -> ChartSnapshot:
        return ChartSnapshot(
            self.configuration,
            self.history,
            tuple(self.data),
            self.settings,
            self.people,
            self.timers,
            self.turn_timers,
            self.held,
            self.erred,
            self.now,
            self.generation,
            self.status,
        )

    def traced(self, event: str) -> MacroStep:
        return MacroStep(event, tuple(self.looks), self.status)

    # The loop

    def begin(self) -> None:
        """Enter the root, then run until nothing more can happen."""
        self.microstep(plans.plan_initial(self.chart), "begin")
        self.complete()

    def take(self, event: int, name: str) -> None:
        """Handle one external event and everything that follows from it."""
        self.go(self.select_transitions(event), name)

    def go(self, selected: tuple[int, ...], name: str) -> None:
        """Take the transitions that an external event selected, and handle everything that
        follows."""
        self._step(selected, name)
        self.complete()

    def fire(self, transition: TransitionRow, name: str) -> None:
        """Handle a timer that is due: an event for its own transition only."""
        self.timers = tuple(timer for timer in self.timers if timer[0] != transition.id)
        self.turn_timers = tuple(t for t in self.turn_timers if t[0] != transition.id)
        enabled = transition.guard is None or self._says(transition.guard, transition.id)
        if enabled and self.look is not None:
            self._consider(transition.id, "enabled")
        self._step((transition.id,) if enabled else (), name)
        self.complete()

    def complete(self) -> None:
        """Run microsteps without an external event until nothing more can happen."""
        while self.status == "live":
            known = plans.known(self.chart, self.configuration)
            if self.fresh or self.stale & known.depends:
                self._ask_whens(known)
            self.stale = 0
            name = ""
            selected = self.select_eventless_transitions(known)
            if not selected:
                if self.look is not None and self.look.considered:
                    self._step((), "")
                if not self.internal_queue:
                    return
                event, self.fields = self.internal_queue.popleft()
                name = self.chart.event_names[event]
                selected = self.select_transitions(event)
            self.microsteps += 1
            if self.microsteps > MICROSTEPS_MAX:
                self._fault()
                return
            self._step(selected, name)

    def _step(self, selected: tuple[int, ...], name: str) -> None:
        if selected:
            self.microstep(plans.plan(self.chart, self.configuration, self.history, selected), name)
        elif self.look is not None:
            self.looks.append(self.look.done(name))
            self.look = Look()

    def _fault(self) -> None:
        self.status = "faulted"
        self.timers = self.turn_timers = ()
        self.effects.append(Fault(f"more than {MICROSTEPS_MAX} microsteps followed from one event"))

    # Selecting

    def select_transitions(self, event: int) -> tuple[int, ...]:
        """Select for every active leaf the first transition on this event whose guard is true. The
        leaf's own transitions come before those of its ancestors. A guard is evaluated once."""
        selected: list[int] = []
        refused: list[int] = []
        for way in plans.ways(self.chart, self.configuration, event):
            for transition, guard in way:
                if transition in refused:
                    continue
                if transition in selected:
                    break
                if guard is None or self._says(guard, transition):
                    selected.append(transition)
                    if self.look is not None:
                        self._consider(transition, "enabled")
                    break
                refused.append(transition)
        return tuple(selected)

    def select_eventless_transitions(self, known: Known) -> tuple[int, ...]:
        """Select in the same way among the `when`s that are waiting."""
        waiting = self.held & ~self.spent & known.bits
        if not waiting and self.look is None:
            return ()
        selected: list[int] = []
        for way in plans.ways(self.chart, self.configuration, EVENTLESS):
            for transition, guard in way:
                if transition in selected:
                    break
                if not waiting >> transition & 1:
                    if self.look is not None:
                        self._consider(transition, self._unready(transition))
                    continue
                if guard is None or self._says(guard, transition):
                    selected.append(transition)
                    if self.look is not None:
                        self._consider(transition, "enabled")
                    break
                self.spent |= 1 << transition
                waiting &= ~(1 << transition)
        return tuple(selected)

    def _ask_whens(self, known: Known) -> None:
        """Evaluate the conditions that can have changed, in document order."""
        for when in known.whens:
            bit = 1 << when.id
            if not (when.depends & self.stale or self.fresh & bit):
                continue
            assert when.condition is not None
            try:
                value = when.condition(self.configuration, self.data, self.fields, self)
            except (Wrong, ZeroDivisionError):
                value = False
                if not self.erred & bit:
                    self.erred |= bit
                    self._error()
            else:
                self.erred &= ~bit
            if value:
                self.held |= bit
            else:
                self.held &= ~bit
                self.spent &= ~bit
        self.fresh = 0

    def _says(self, guard: Ask, transition: int) -> bool:
        """Evaluate a guard. If it has no value, raise the `error` event and return False."""
        try:
            yes = bool(guard(self.configuration, self.data, self.fields, self))
        except (Wrong, ZeroDivisionError):
            self._error()
            if self.look is not None:
                self._consider(transition, "error")
            return False
        if not yes and self.look is not None:
            self._consider(transition, "guard")
        return yes

    # Taking

    def microstep(self, plan: TransitionPlan, name: str) -> None:
        """Exit states, run actions and enter states, as planned."""
        self.effects += plan.moved
        if plan.remembered:
            history = list(self.history)
            for slot, states in plan.remembered:
                history[slot] = states
            self.history = tuple(history)
        for self.configuration, block in plan.content:
            self._run(block)
        self.configuration = plan.configuration
        self.stale |= STATES
        self.spent = (self.spent | plan.fired) & ~plan.forgotten
        self.held &= ~plan.forgotten
        self.erred &= ~plan.forgotten
        self.fresh = (self.fresh | plan.forgotten) & plans.known(
            self.chart, self.configuration
        ).bits
        if plan.cancelled or plan.armed:
            self._set_timers(plan)
        if plan.ended is not None:
            self.status = "ended"
            self.timers = self.turn_timers = ()
            self.effects.append(plan.ended)
        if self.look is not None:
            self.looks.append(self.look.done(name, plan, self.chart))
            self.look = Look()

    def _run(self, block: Block) -> None:
        """Run the actions of a block. If one fails, the rest of the block does not run."""
        for action, text in zip(block.actions, block.texts, strict=True):
            try:
                action(self)
            except (Wrong, ZeroDivisionError) as wrong:
                self._error()
                if self.look is not None:
                    self.look.actions.append(f"{text}: {tracing.reason(wrong)}")
                return
            if self.look is not None:
                self.look.actions.append(text)

    def _set_timers(self, plan: TransitionPlan) -> None:
        self.cancelled |= plan.cancelled
        self.timers = _armed(self.timers, plan, "ms", self.now)
        self.turn_timers = _armed(self.turn_timers, plan, "turns", self.generation)

    # Called by actions and guards

    def enqueue(self, event: int, fields: Mapping[str, Value]) -> None:
        self.internal_queue.append((event, fields))

    def _error(self) -> None:
        self.enqueue(self.chart.error, NO_FIELDS)

    # Tracing

    def _consider(self, transition: int, verdict: Verdict) -> None:
        assert self.look is not None
        here = (self.configuration, self.data, self.fields, self)
        self.look.consider(tracing.considered(self.chart, transition, verdict, here))

    def _unready(self, transition: int) -> Verdict:
        if self.erred >> transition & 1:
            return "error"
        return "fired" if self.held >> transition & 1 else "false"


def _armed(timers: Timers, plan: TransitionPlan, unit: str, since: int) -> Timers:
    kept = [timer for timer in timers if not plan.cancelled >> timer[0] & 1]
    kept += [(t.id, since + t.amount) for t in plan.armed if t.unit == unit]
    return tuple(sorted(kept))
