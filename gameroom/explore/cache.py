"""Caches steps: most steps read no values, so they have the same result in the third round of a
game as in the first.

A site is a spot without its values. For every step from a site, the cache contains its results and
the values that it may have read or set. The rule it keeps: if one of the values that it read
differs, the step is run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gameroom.chart import TransitionTaken
from gameroom.explore.abstract_room import AbstractRoom, Run, Site, Spot
from gameroom.explore.accesses import Accesses
from gameroom.explore.moves import Move, PossibleMoves
from gameroom.model import Value


class CachedStep(NamedTuple):
    """One possible result of a step.

    taken, entered: transitions and states, as bits. brought: the indices of the values that are as
    in `after`, whatever they were before; all others do not change. None if `after` has no values.
    """

    step: Move
    after: Spot
    taken: int
    entered: int
    brought: tuple[int, ...] | None = None


@dataclass(slots=True)
class Played:
    """The cached steps from one site.

    asked: by step, the indices of the values and results on which it may depend (see `Accesses`);
    steps that depend on none are left out. known: the results by `key`.
    """

    asked: dict[Move, tuple[int, ...]] = field(default_factory=dict)
    known: dict[object, tuple[CachedStep, ...]] = field(default_factory=dict)

    def key(self, step: Move, there: tuple[object, ...]) -> object:
        """Return the key of a step in `known`. there: the current values and results."""
        asked = self.asked.get(step)
        return step if asked is None else (step, *[there[at] for at in asked])


@dataclass(slots=True)
class Memory:
    """All cached steps of one AbstractRoom, by site."""

    world: AbstractRoom
    looks: Accesses
    _played: dict[Site, Played] = field(default_factory=dict)

    @classmethod
    def of(cls, world: AbstractRoom) -> Memory:
        return cls(world, Accesses.of(world))

    def outcomes(
        self, moves: PossibleMoves, spot: Spot, steps: Iterable[Move] | None = None
    ) -> Iterator[CachedStep]:
        """Yield the results of all steps from a spot, in a fixed order. steps: only these."""
        values = spot.values
        there = self.looks.with_answers(spot)
        played = self._played.get(spot.site)
        if played is None:
            played = self._played[spot.site] = Played()
        for step in moves.steps(spot) if steps is None else steps:
            found = played.known.get(played.key(step, there))
            if found is None:
                yield from self._play(moves, spot, step, played)
                continue
            for outcome in found:
                if outcome.brought is None or outcome.after.values == values:
                    yield outcome
                else:
                    yield _elsewhere(outcome, outcome.brought, values)

    def _play(
        self, moves: PossibleMoves, spot: Spot, step: Move, played: Played
    ) -> tuple[CachedStep, ...]:
        before = played.asked.get(step, ())
        asked = set(before)
        found = []
        for taken, after, run in ways(moves, spot, step):
            looked, acted = self.looks.during(spot, step, run)
            asked |= looked
            found.append(CachedStep(taken, after, *as_bits(run.moved), self._brought(acted, after)))
        if len(asked) > len(before):
            # Entries with a key of fewer values are never found again.
            played.asked[step] = tuple(sorted(asked))
        outcomes = tuple(found)
        played.known[played.key(step, self.looks.with_answers(spot))] = outcomes
        return outcomes

    def _brought(self, acted: frozenset[int], after: Spot) -> tuple[int, ...] | None:
        if not after.values:
            return None
        return tuple(acted.union(self.world.unread(self.world.reads.at(after.configuration))))


def _elsewhere(
    outcome: CachedStep, brought: tuple[int, ...], values: tuple[Value, ...]
) -> CachedStep:
    """Return the outcome for a room that had these values before."""
    step, after, taken, entered, _ = outcome
    if brought:
        kept = list(values)
        for at in brought:
            kept[at] = after.values[at]
        values = tuple(kept)
    return CachedStep(step, Spot(after.site, values), taken, entered)


def as_bits(moved: Iterable[TransitionTaken]) -> tuple[int, int]:
    taken = entered = 0
    for each in moved:
        taken |= 1 << each.transition
        for state in each.entered:
            entered |= 1 << state
    return taken, entered


def ways(moves: PossibleMoves, spot: Spot, step: Move) -> Iterator[tuple[Move, Spot, Run]]:
    """Yield all possible results of a step: one for each combination of choices, such as the heir
    of a role."""
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
