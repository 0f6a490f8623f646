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

from gameroom.chart import TransitionTaken
from gameroom.explore.abstract_room import AbstractRoom, Run, Site, Spot
from gameroom.explore.accesses import Accesses
from gameroom.explore.moves import Move, PossibleMoves
from gameroom.model import Value


class CachedStep(NamedTuple):
    """One way in which a step may go. taken, entered: transitions and states, as bits.

    brought: the places of the values that are what `after` says, whatever they were before;
    all others stay as they are. None: all of them are.
    """

    step: Move
    after: Spot
    taken: int
    entered: int
    brought: tuple[int, ...] | None = None


@dataclass(slots=True)
class Played:
    """What was played from one site. asked: of a step that asks at all, the places of the
    values and answers that what follows may depend on, see `Looks`. known: by step, and by
    those, where it led."""

    asked: dict[Move, tuple[int, ...]] = field(default_factory=dict)
    known: dict[object, tuple[CachedStep, ...]] = field(default_factory=dict)

    def key(self, step: Move, there: tuple[object, ...]) -> object:
        """By what `known` knows a step, where the values and answers are these."""
        asked = self.asked.get(step)
        return step if asked is None else (step, *[there[at] for at in asked])


@dataclass(slots=True)
class Memory:
    """All steps that were taken in one world, by site."""

    world: AbstractRoom
    looks: Accesses
    _played: dict[Site, Played] = field(default_factory=dict)

    @classmethod
    def of(cls, world: AbstractRoom) -> Memory:
        return cls(world, Accesses.of(world))

    def outcomes(
        self, moves: PossibleMoves, spot: Spot, steps: Iterable[Move] | None = None
    ) -> Iterator[CachedStep]:
        """Everything that can happen at a spot, in a fixed order. steps: only these."""
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
            # What is known by less is never asked for again.
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
    """The same outcome where the room had these values before."""
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
