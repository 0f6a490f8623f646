"""Outward from the beginning over abstract rooms, and the way back from the ends.

Nearest first: breadth-first, but that a mishap counts as MISHAP events, so that a story
has as few of them as it needs. Knows spots and steps as values; what they mean is
elsewhere. The rule it keeps: what was not looked into counts as unknown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from gameroom.chart import Moved
from gameroom.sim.explore_moves import BY_PEOPLE, Moves, Step
from gameroom.sim.explore_world import Run, Spot

MISHAP = 3
MISHAPS = frozenset({"drop", "lost", "lag", "diverged", "refused"})


@dataclass(slots=True)
class Graph:
    """Everything that was found, by number in the order in which it was found.

    came: how each spot is reached best: from where, by which step. edges: where each
    leads; by_people: where people's doings lead it (see BY_PEOPLE). departures: every leaving
    of a player, from where to where. order: those that were looked into, nearest first.
    taken, entered: transitions and states, as bits. steps: how many were tried.
    """

    moves: Moves
    spots: list[Spot] = field(default_factory=list)
    came: list[tuple[int, Step]] = field(default_factory=list)
    far: list[int] = field(default_factory=list)
    edges: list[list[int]] = field(default_factory=list)
    by_people: list[list[int]] = field(default_factory=list)
    departures: list[tuple[int, int, Step]] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    steps: int = 0
    taken: int = 0
    entered: int = 0
    _numbers: dict[Spot, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.order) == len(self.spots)

    @property
    def unknown(self) -> set[int]:
        """What was found and not looked into."""
        return set(range(len(self.spots))) - set(self.order)

    def add(self, spot: Spot, came: tuple[int, Step], far: int) -> tuple[int, bool]:
        """The number of a spot, and whether this is the best way to it so far."""
        number = self._numbers.setdefault(spot, len(self.spots))
        if number == len(self.spots):
            self.spots.append(spot)
            self.came.append(came)
            self.far.append(far)
            self.edges.append([])
            self.by_people.append([])
            return number, True
        if far < self.far[number]:
            self.far[number], self.came[number] = far, came
            return number, True
        return number, False

    def note(self, moved: Iterable[Moved]) -> None:
        for each in moved:
            self.taken |= 1 << each.transition
            for state in each.entered:
                self.entered |= 1 << state

    def way(self, number: int) -> list[Step]:
        """The steps of the best way to a spot."""
        found = []
        while number:
            number, step = self.came[number]
            found.append(step)
        return found[::-1]


BEGINS = (-1, Step("begin"))


def search(moves: Moves, configurations_max: int) -> Graph:
    """Everything that can happen to the room, up to so many configurations."""
    graph = Graph(moves)
    first, run = moves.world.begin()
    graph.note(run.moved)
    graph.entered |= first.configuration
    graph.add(first, BEGINS, 0)
    waiting = [(0, 0)]
    looked: set[int] = set()
    while waiting and len(graph.spots) <= configurations_max:
        _, number = heappop(waiting)
        if number in looked:
            continue
        looked.add(number)
        graph.order.append(number)
        if graph.spots[number].status == "live":
            for reached in _look_into(graph, number):
                heappush(waiting, (graph.far[reached], reached))
    return graph


def _look_into(graph: Graph, number: int) -> Iterator[int]:
    """Everything that can happen at one spot; the spots to which this is the best way."""
    moves, spot = graph.moves, graph.spots[number]
    reached_already = {number}
    for step in moves.steps(spot):
        far = graph.far[number] + (MISHAP if step.verb in MISHAPS else 1)
        for taken, after, run in outcomes(moves, spot, step):
            graph.steps += 1
            if run.moved:
                graph.note(run.moved)
            reached, better = graph.add(after, (number, taken), far)
            if taken.verb in ("leave", "lost"):
                graph.departures.append((number, reached, taken))
            if taken.verb in BY_PEOPLE:
                graph.by_people[number].append(reached)
            if reached not in reached_already:
                reached_already.add(reached)
                graph.edges[number].append(reached)
            if better:
                yield reached


def outcomes(moves: Moves, spot: Spot, step: Step) -> Iterator[tuple[Step, Spot, Run]]:
    """Where one step may lead: one outcome for every heir of every role that goes on."""
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


def stuck(graph: Graph) -> set[int]:
    """The spots from which no end is reached. What was not looked into may lead anywhere,
    and a fault is an end of its own."""
    ended = {number for number, spot in enumerate(graph.spots) if spot.status != "live"}
    return set(range(len(graph.spots))) - leading_to(graph.edges, ended | graph.unknown)


def leading_to(edges: list[list[int]], ends: Iterable[int]) -> set[int]:
    """All that leads to one of these, and these."""
    back: list[list[int]] = [[] for _ in edges]
    for number, after in enumerate(edges):
        for reached in after:
            back[reached].append(number)
    found = set(ends)
    waiting = deque(found)
    while waiting:
        for before in back[waiting.popleft()]:
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found


def moved_on(graph: Graph) -> set[int]:
    """The spots from which people can bring the room into other states, without anybody
    leaving and without waiting. What was not looked into counts as such."""
    starts = {
        number
        for number, spot in enumerate(graph.spots)
        if spot.status != "live"
        or any(_elsewhere(graph, number, after) for after in graph.by_people[number])
    }
    return leading_to(graph.by_people, starts | graph.unknown)


def _elsewhere(graph: Graph, number: int, after: int) -> bool:
    return graph.spots[number].configuration != graph.spots[after].configuration
