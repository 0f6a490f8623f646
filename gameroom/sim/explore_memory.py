"""What was played once is not played again: most of what happens to a room looks at none of
its numbers, and goes the same way in the third round as in the first.

A site is a spot without its values. Of every step that was taken from a site is remembered
where it led, and which values anything on the way may have looked at or set. The rule it
keeps: where one of those is another, the step is played anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gameroom.chart import Moved
from gameroom.model import Value
from gameroom.sim.explore_looks import Looks
from gameroom.sim.explore_moves import Moves, Step
from gameroom.sim.explore_world import Run, Site, Spot, World


class Outcome(NamedTuple):
    """One way in which a step may go. taken, entered: transitions and states, as bits."""

    step: Step
    after: Spot
    taken: int
    entered: int


Brought = tuple[int, ...] | None
"""The places of the values that an outcome brings with it; all others stay as they are.
None: it brings all."""


class Played(NamedTuple):
    """One step from one site. asked: the places of the values and answers that its course
    may depend on, see `Looks`. known: by those, its outcomes."""

    asked: tuple[int, ...]
    known: dict[tuple[object, ...], list[tuple[Outcome, Brought]]]


@dataclass(slots=True)
class Memory:
    """All steps that were taken in one world, by site."""

    world: World
    looks: Looks
    _played: dict[Site, dict[Step, Played]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World) -> Memory:
        return cls(world, Looks.of(world))

    def outcomes(self, moves: Moves, spot: Spot) -> Iterator[Outcome]:
        """Everything that can happen at a spot, in a fixed order."""
        values = spot.values
        there = self.looks.with_answers(spot)
        site = self._played.setdefault(spot.site, {})
        for step in moves.steps(spot):
            found = None
            if (played := site.get(step)) is not None:
                found = played.known.get(tuple([there[at] for at in played.asked]))
            if found is None:
                played, found = self._play(moves, spot, step, played)
                site[step] = played
            for outcome, brought in found:
                if brought is None or outcome.after.values == values:
                    yield outcome
                else:
                    yield _elsewhere(outcome, brought, values)

    def _play(
        self, moves: Moves, spot: Spot, step: Step, before: Played | None
    ) -> tuple[Played, list[tuple[Outcome, Brought]]]:
        """Play it; what was known `before` is kept where it was told apart well enough."""
        asked = set(before.asked) if before is not None else set[int]()
        found: list[tuple[Outcome, Brought]] = []
        for taken, after, run in ways(moves, spot, step):
            looked, acted = self.looks.during(spot, step, run)
            asked |= looked
            found.append((Outcome(taken, after, *as_bits(run.moved)), self._brought(acted, after)))
        there = self.looks.with_answers(spot)
        played = before
        if played is None or len(asked) > len(played.asked):
            played = Played(tuple(sorted(asked)), {})
        played.known[tuple([there[at] for at in played.asked])] = found
        return played, found

    def _brought(self, acted: frozenset[int], after: Spot) -> Brought:
        if not after.values:
            return None
        return tuple(acted.union(self.world.unread(self.world.reads.at(after.configuration))))


def _elsewhere(outcome: Outcome, brought: tuple[int, ...], values: tuple[Value, ...]) -> Outcome:
    """The same outcome where the room had these values before."""
    step, after, taken, entered = outcome
    if brought:
        kept = list(values)
        for at in brought:
            kept[at] = after.values[at]
        values = tuple(kept)
    return Outcome(step, Spot(after.site, values), taken, entered)


def as_bits(moved: Iterable[Moved]) -> tuple[int, int]:
    taken = entered = 0
    for each in moved:
        taken |= 1 << each.transition
        for state in each.entered:
            entered |= 1 << state
    return taken, entered


def ways(moves: Moves, spot: Spot, step: Step) -> Iterator[tuple[Step, Spot, Run]]:
    """Where one step may lead: one way for every heir of every role that goes on."""
    picks: tuple[int, ...] = ()
    while True:
        run = Run(list(spot.members), picks=picks)
        after = moves.take(spot, step, run)
        yield step._replace(picks=picks) if picks else step, after, run
        full = [*picks, *([0] * (len(run.forks) - len(picks)))]
        while full and full[-1] + 1 >= run.forks[len(full) - 1]:
            full.pop()
        if not full:
            return
        full[-1] += 1
        picks = tuple(full)
