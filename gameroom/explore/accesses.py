"""Which values of a room a step read and set, derived from what the step did.

The values of a chart are its variables, then its settings. They are followed by the results of all
conditions that read only values, so that `rounds == 9` counts as one truth value and not as ten
numbers. All are identified by index. The rule it keeps: it errs on the safe side. A value that may
have been read counts as read, and one that may have been set counts as set, even if an action
before it failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gameroom.chart import ChartEvent
from gameroom.chart.expressions import DATA, GENERATION, PEOPLE, SETTINGS, STATES, Ask
from gameroom.chart.macrostep import NO_FIELDS
from gameroom.chart.mistakes import Wrong
from gameroom.chart.tables import TransitionRow
from gameroom.explore.abstract_room import AbstractRoom, Run, Spot
from gameroom.explore.facets import blocks, conditions
from gameroom.explore.moves import Move
from gameroom.model import Act, Expression, Literal, Name, Value
from gameroom.model.expressions import operands, parts
from gameroom.model.paths import walk

Places = frozenset[int]

NOWHERE: Places = frozenset()


@dataclass(frozen=True, slots=True)
class Asking:
    """A transition that reads values.

    values: their indices. answers: the indices of the results of its conditions, which replace the
    values if none of them was set; equal to `values` if the conditions read more than values.
    """

    transition: TransitionRow
    values: Places
    answers: Places


@dataclass(frozen=True, slots=True)
class Accesses:
    """The values that the parts of one chart read and set. Parts without any are left out.

    asks: the conditions whose results follow the values. asking: the transitions that read values.
    acting: the values in the actions of transitions, by number. entering, exiting: those in the
    actions of states, by number. internal: the events that the chart raises.
    """

    world: AbstractRoom
    asks: tuple[Ask, ...]
    asking: tuple[Asking, ...]
    acting: Mapping[int, Places]
    entering: Mapping[int, Places]
    exiting: Mapping[int, Places]
    internal: frozenset[int]
    _answers: dict[tuple[Value, ...], tuple[object, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: AbstractRoom) -> Accesses:
        chart = world.chart
        places = {**world.settings, **chart.variables}
        asks: list[Ask] = []
        said = [state for _, state in walk(chart.room.root)]
        acts = [act for state in said for block in blocks(state) for act in block]
        raised = {chart.events[act.name] for act in acts if act.verb == "raise"}
        return cls(
            world,
            asking=tuple(_asking(world, places, asks)),
            asks=tuple(asks),
            acting=_some(_acted(each.said.actions, places) for each in chart.transitions),
            entering=_some(_acted(state.entry, places) for state in said),
            exiting=_some(_acted(state.exit, places) for state in said),
            internal=frozenset({chart.error, *chart.done.values(), *raised}),
        )

    def with_answers(self, spot: Spot) -> tuple[object, ...]:
        """Return the values of a spot, followed by the results of the conditions."""
        found = self._answers.get(spot.values)
        if found is None:
            answers = [self._answer(spot, ask) for ask in self.asks]
            found = self._answers[spot.values] = (*spot.values, *answers)
        return found

    def _answer(self, spot: Spot, ask: Ask) -> Value | None:
        """Evaluate a condition. None if it fails."""
        snapshot = self.world.snapshot(spot)
        try:
            return ask(snapshot.configuration, snapshot.data, NO_FIELDS, snapshot)
        except (Wrong, ZeroDivisionError):
            return None

    def during(self, spot: Spot, step: Move, run: Run) -> tuple[Places, Places]:
        """Return the values that a step from this spot may have read, and those it may have
        used in its actions."""
        if not self.world.plain:
            return NOWHERE, NOWHERE
        entered, found = 0, set(self._configured(step))
        for moved in run.moved:
            found |= self.acting.get(moved.transition, NOWHERE)
            for state in moved.exited:
                found |= self.exiting.get(state, NOWHERE)
            for state in moved.entered:
                found |= self.entering.get(state, NOWHERE)
                entered |= 1 << state
        acted = frozenset(found)
        for asking in self.asking:
            if self._was_asked(asking.transition, spot, step, run, entered, acted):
                found |= asking.values if asking.values & acted else asking.answers
        return frozenset(found), acted

    def _was_asked(
        self,
        transition: TransitionRow,
        spot: Spot,
        step: Move,
        run: Run,
        entered: int,
        acted: Places,
    ) -> bool:
        """Whether the transition may have been considered: its state was active, and its trigger
        may have occurred."""
        state = 1 << transition.source
        if not state & (spot.configuration | entered):
            return False
        if transition.condition is not None:
            changed = STATES | PEOPLE | GENERATION | (DATA if acted else 0)
            changed |= SETTINGS if step.verb == "configure" else 0
            return bool(state & entered or transition.depends & changed)
        if transition.unit:
            return transition.id == step.timer
        events = self.world.chart.events
        fed = (events.get(each.name) for each in run.fed if isinstance(each, ChartEvent))
        return transition.event in self.internal or transition.event in fed

    def _configured(self, step: Move) -> Iterator[int]:
        """Yield the settings that the step changes."""
        if step.verb == "configure":
            yield from (self.world.settings[name] for name, _ in step.body)


def _asking(world: AbstractRoom, places: Mapping[str, int], asks: list[Ask]) -> Iterator[Asking]:
    """Yield the transitions that read values. Appends their conditions to `asks`."""
    for each in world.chart.transitions:
        said = list(conditions(each.said))
        values = _named(said, places)
        if not values:
            continue
        answers = values
        if all(_about_values(part, places) for one in said for part in parts(one)):
            first = len(world.plain) + len(asks)
            asks += [ask for ask in (each.condition, each.guard) if ask is not None]
            answers = frozenset(range(first, len(world.plain) + len(asks)))
        yield Asking(each, values, answers)


def _about_values(part: Expression, places: Mapping[str, int]) -> bool:
    return (
        bool(operands(part))
        or isinstance(part, Literal)
        or (isinstance(part, Name) and part.name in places)
    )


def _named(asked: Iterable[Expression | None], places: Mapping[str, int]) -> Places:
    return frozenset(
        places[part.name]
        for each in asked
        for part in parts(each)
        if isinstance(part, Name) and part.name in places
    )


def _acted(acts: Iterable[Act], places: Mapping[str, int]) -> Places:
    """Return the values that actions set, and those they read. A failed action prevents the ones
    after it, so the previous value of a set variable matters, too."""
    sets = [act for act in acts if act.verb == "set"]
    return frozenset(places[act.name] for act in sets) | _named((a.value for a in sets), places)


def _some(looks: Iterable[Places]) -> dict[int, Places]:
    return {number: each for number, each in enumerate(looks) if each}
