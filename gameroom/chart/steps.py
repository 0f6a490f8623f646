"""Stepping: begin, step and advance, pure functions from a snapshot to the next one.

Time is only an argument. The rule it keeps: effects are in the order in which they must happen, and
equal arguments give equal results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gameroom.chart import plans
from gameroom.chart.events import ChartEvent, Effect, Person
from gameroom.chart.expressions import GENERATION, PEOPLE, SETTINGS, STATES
from gameroom.chart.macrostep import NO_FIELDS, Macrostep
from gameroom.chart.mistakes import Wrong
from gameroom.chart.snapshot import ChartSnapshot, frozen, is_due
from gameroom.chart.tables import NONE, Chart
from gameroom.chart.trace import MacroStep
from gameroom.model import Value, words

Stepped = tuple[ChartSnapshot, tuple[Effect, ...]]


def begin(
    chart: Chart,
    *,
    now: int = 0,
    people: Sequence[Person] = (),
    settings: Mapping[str, Value] | None = None,
    trace: list[MacroStep] | None = None,
) -> Stepped:
    """Enter the initial configuration and run until nothing more can happen.

    now: milliseconds. settings: values that differ from the defaults. trace: macrosteps are
    appended to it. The entry is not a transition, so it has no TransitionTaken effect; its actions
    and the transitions that follow have their effects.
    """
    start = ChartSnapshot(
        configuration=0,
        history=(0,) * chart.slots,
        data=chart.data,
        settings=_settings(chart, chart.defaults, settings or {}),
        people=tuple(people),
        timers=(),
        turn_timers=(),
        held=0,
        erred=0,
        now=now,
        generation=0,
        status="live",
    )
    run = Macrostep(chart, start, NO_FIELDS, 0, traced=trace is not None)
    run.begin()
    return _stepped(run, "begin", trace)


def step(
    chart: Chart,
    snapshot: ChartSnapshot,
    event: ChartEvent,
    *,
    trace: list[MacroStep] | None = None,
) -> Stepped:
    """Handle one external event: one macrostep. A chart that has ended or faulted ignores it.

    Timers are not checked: call `advance` first. A time or generation earlier than that of the
    snapshot is replaced by that of the snapshot.
    """
    if snapshot.status != "live":
        return snapshot, ()
    there, changed = _taken_in(chart, snapshot, event)
    number = chart.events.get(event.name, NONE)
    selected = _selected(chart, there, event.fields, number) if trace is None else None
    if selected is not None:
        straight = _straight(chart, there, selected, changed)
        if straight is not None:
            return straight
    run = Macrostep(chart, there, event.fields, changed, traced=trace is not None)
    if selected is not None:
        run.go(selected, event.name)
    else:
        run.take(number, event.name)
    return _stepped(run, event.name, trace)


def _selected(
    chart: Chart, there: ChartSnapshot, fields: Mapping[str, Value], event: int
) -> tuple[int, ...] | None:
    """Return what `Macrostep.select_transitions` selects; None if a guard has no value."""
    configuration, data = there.configuration, there.data
    selected: tuple[int, ...] = ()
    refused: list[int] = []
    for way in plans.ways(chart, configuration, event):
        for transition, guard in way:
            if transition in selected:
                break
            if guard is not None:
                if transition in refused:
                    continue
                try:
                    if not guard(configuration, data, fields, there):
                        refused.append(transition)
                        continue
                except (Wrong, ZeroDivisionError):
                    return None
            selected += (transition,)
            break
    return selected


def _straight(
    chart: Chart, there: ChartSnapshot, selected: tuple[int, ...], stale: int
) -> Stepped | None:
    """The fast path for an event that only moves states and triggers no `when`: most events in most
    rooms. Returns the same result as the main loop; None if the main loop is needed."""
    if not selected:
        return (there, ()) if _says_the_same(chart, there, stale) else None
    plan = plans.plan(chart, there.configuration, there.history, selected)
    if not plan.quiet or plan.depends & (stale | STATES):
        return None
    moved = ChartSnapshot(
        plan.configuration,
        there.history,
        there.data,
        there.settings,
        there.people,
        there.timers,
        there.turn_timers,
        there.held,
        there.erred,
        there.now,
        there.generation,
        "live",
    )
    return moved, plan.moved


def _says_the_same(chart: Chart, there: ChartSnapshot, stale: int) -> bool:
    """Whether no `when` that depends on something new has changed its value."""
    known = plans.known(chart, there.configuration)
    if not stale & known.depends:
        return True
    if there.erred & known.bits:
        return False
    for when in known.whens:
        if when.depends & stale:
            assert when.condition is not None
            try:
                value = when.condition(there.configuration, there.data, NO_FIELDS, there)
            except (Wrong, ZeroDivisionError):
                return False
            if bool(value) != bool(there.held >> when.id & 1):
                return False
    return True


def advance(
    chart: Chart,
    snapshot: ChartSnapshot,
    now: int,
    generation: int,
    *,
    people: tuple[Person, ...] | None = None,
    settings: Mapping[str, Value] | None = None,
    trace: list[MacroStep] | None = None,
) -> Stepped:
    """Let time pass: every timer that is due fires, each in its own macrostep.

    now: milliseconds. generation: the last closed turn. people, settings: new values; None to keep
    them. Timers fire in the order of `_due`. If a timer exits the state of a later one, the later
    one does not fire. A timer that starts during this call waits for the next call, so that an
    `after 0ms` cannot loop endlessly. If no timer fires, a `when` that depends on the new
    generation, people or settings can fire.
    """
    if snapshot.status != "live":
        return snapshot, ()
    there, stale = _taken_in(
        chart, snapshot, ChartEvent("", now, generation, NO_FIELDS, people, settings)
    )
    effects: list[Effect] = []
    cancelled = 0
    for number in _due(there):
        if there.status == "live" and not cancelled >> number & 1:
            transition = chart.transitions[number]
            name = words.trigger(transition.said.trigger)
            run = Macrostep(chart, there, NO_FIELDS, stale, traced=trace is not None)
            run.fire(transition, name)
            there, told = _stepped(run, name, trace)
            effects += told
            stale, cancelled = 0, cancelled | run.cancelled
    if stale & plans.known(chart, there.configuration).depends and there.status == "live":
        run = Macrostep(chart, there, NO_FIELDS, stale, traced=trace is not None)
        run.complete()
        # `advance` is called often and mostly changes nothing: trace only what has effects.
        there, told = _stepped(run, "", trace if run.effects else None)
        effects += told
    return there, tuple(effects)


def is_idle(chart: Chart, snapshot: ChartSnapshot, now: int, generation: int) -> bool:
    """Whether `advance` with the same people and settings would change only the time."""
    if snapshot.status != "live":
        return True
    if is_due(snapshot, now, generation):
        return False
    depends = plans.known(chart, snapshot.configuration).depends
    return not depends & GENERATION or generation <= snapshot.generation


def _due(there: ChartSnapshot) -> list[int]:
    """Return the transitions whose timers are due, in the order in which they fire: by time, then
    in document order. A time is (millisecond, generation). A timer in milliseconds has the current
    generation, and a timer in turns has the current millisecond."""
    timed = [(at, there.generation, t) for t, at in there.timers if at <= there.now]
    timed += [(there.now, at, t) for t, at in there.turn_timers if at <= there.generation]
    return [transition for _, _, transition in sorted(timed)]


def _taken_in(
    chart: Chart, snapshot: ChartSnapshot, event: ChartEvent
) -> tuple[ChartSnapshot, int]:
    """Return the snapshot with the event's time, people and settings, and which of them are new
    (PEOPLE, ...)."""
    if (
        event.people is None
        and event.settings is None
        and event.now <= snapshot.now
        and event.generation <= snapshot.generation
    ):
        return snapshot, 0
    people, settings, changed = snapshot.people, snapshot.settings, 0
    if event.people is not None:
        people = tuple(event.people)
        changed |= PEOPLE
    if event.settings is not None:
        settings = _settings(chart, settings, event.settings)
        changed |= SETTINGS
    there = _at(snapshot, event.now, event.generation, people, settings)
    if there.generation != snapshot.generation:
        changed |= GENERATION
    return there, changed


def _settings(
    chart: Chart, known: tuple[Value, ...], said: Mapping[str, Value]
) -> tuple[Value, ...]:
    """Return the settings by position. Settings that are not in `said` stay as they were."""
    assert said.keys() <= chart.settings.keys(), f"{said.keys() - chart.settings.keys()}"
    return frozen(said.get(name, value) for name, value in zip(chart.settings, known, strict=True))


def _at(
    snapshot: ChartSnapshot,
    now: int,
    generation: int,
    people: tuple[Person, ...],
    settings: tuple[Value, ...],
) -> ChartSnapshot:
    """Return the snapshot with another time, people and settings. Neither time nor generation ever
    decreases."""
    return ChartSnapshot(
        snapshot.configuration,
        snapshot.history,
        snapshot.data,
        settings,
        people,
        snapshot.timers,
        snapshot.turn_timers,
        snapshot.held,
        snapshot.erred,
        max(now, snapshot.now),
        max(generation, snapshot.generation),
        snapshot.status,
    )


def _stepped(run: Macrostep, event: str, trace: list[MacroStep] | None) -> Stepped:
    if trace is not None:
        trace.append(run.traced(event))
    return run.snapshot(), tuple(run.effects)
