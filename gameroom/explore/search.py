"""Searches the spots that a room can reach from its beginning, and follows them back from the ends.

The search is breadth-first, but a mishap counts as MISHAP events, so that stories contain as few
mishaps as possible. Knows spots and steps as values, but not their meaning. The rule it keeps: a
spot that was found but not explored counts as unknown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from gameroom.chart import Chart
from gameroom.explore.abstract_room import Spot
from gameroom.explore.cache import Memory, as_bits
from gameroom.explore.facets import active_behind
from gameroom.explore.moves import BY_PEOPLE, Move, PossibleMoves

MISHAP = 3
MISHAPS = frozenset({"drop", "lost", "lag", "diverged", "refused"})


@dataclass(slots=True)
class Graph:
    """All spots that were found, numbered in the order in which they were found.

    came: by spot, the previous spot and the step on the best way to it. far: its distance.
    edges: by spot, the spots to which it leads. by_people: those to which it leads by an event of
    BY_PEOPLE. departures: (from, to, step) for each player who leaves or is lost.
    order: the explored spots, nearest first. taken, entered: transitions and states, as bits.
    steps: how many were tried.
    """

    moves: PossibleMoves
    spots: list[Spot] = field(default_factory=list)
    came: list[tuple[int, Move]] = field(default_factory=list)
    far: list[int] = field(default_factory=list)
    edges: list[list[int]] = field(default_factory=list)
    by_people: list[list[int]] = field(default_factory=list)
    departures: list[tuple[int, int, Move]] = field(default_factory=list)
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
        """The spots that were found but not explored."""
        return set(range(len(self.spots))) - set(self.order)

    def add(self, spot: Spot, came: tuple[int, Move], far: int) -> tuple[int, bool]:
        """Add a spot. Returns its number, and whether this is the best way to it so far."""
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

    def way(self, number: int) -> list[Move]:
        """Return the steps of the best way to a spot."""
        found = []
        while number:
            number, step = self.came[number]
            found.append(step)
        return found[::-1]


BEGINS = (-1, Move("begin"))


def search(
    moves: PossibleMoves,
    configurations_max: int,
    memory: Memory | None = None,
    *,
    until: Callable[[Graph], bool] = lambda graph: False,
) -> Graph:
    """Explore a room, up to this many configurations. memory: that of an earlier search in the same
    AbstractRoom. until: stops the search when it returns True."""
    memory = memory or Memory.of(moves.world)
    graph = Graph(moves)
    first, run = moves.world.begin()
    graph.taken, graph.entered = as_bits(run.moved)
    graph.entered |= first.configuration
    graph.add(first, BEGINS, 0)
    waiting = [(0, 0)]
    looked: set[int] = set()
    while waiting and len(graph.spots) <= configurations_max and not until(graph):
        _, number = heappop(waiting)
        if number in looked:
            continue
        looked.add(number)
        graph.order.append(number)
        if graph.spots[number].status == "live":
            for reached in _look_into(graph, number, memory):
                heappush(waiting, (graph.far[reached], reached))
    return graph


def _look_into(graph: Graph, number: int, memory: Memory) -> Iterator[int]:
    """Explore one spot. Yields the spots to which this is the best way so far."""
    reached_already = {number}
    for step, after, taken, entered, _ in memory.outcomes(graph.moves, graph.spots[number]):
        graph.steps += 1
        graph.taken |= taken
        graph.entered |= entered
        far = graph.far[number] + (MISHAP if step.verb in MISHAPS else 1)
        reached, better = graph.add(after, (number, step), far)
        if step.verb in ("leave", "lost"):
            graph.departures.append((number, reached, step))
        if step.verb in BY_PEOPLE:
            graph.by_people[number].append(reached)
        if reached not in reached_already:
            reached_already.add(reached)
            graph.edges[number].append(reached)
        if better:
            yield reached


def cut_off(graph: Graph, memory: Memory) -> None:
    """Try lost connections at every explored spot, of one player and of all at once, until one
    leads to a fault. The spots after them are not explored."""
    known = any(spot.status == "faulted" for spot in graph.spots)
    if known or not goes_round(graph.moves.world.chart, memory.looks.internal):
        return
    for number in tuple(graph.order):
        spot = graph.spots[number]
        if spot.status != "live":
            continue
        breaking = graph.moves.breaking(spot)
        for step, after, taken, entered, _ in memory.outcomes(graph.moves, spot, breaking):
            graph.taken |= taken
            graph.entered |= entered
            if after.status == "faulted":
                reached, _ = graph.add(after, (number, step), graph.far[number] + MISHAP)
                graph.edges[number].append(reached)
                graph.order.append(reached)
                return


def goes_round(chart: Chart, internal: frozenset[int]) -> bool:
    """Whether transitions that wait for nothing can form an endless loop. Errs on the safe side:
    conditions are ignored. internal: the events that the chart raises."""
    left = [
        each for each in chart.transitions if each.condition is not None or each.event in internal
    ]
    behind = {each.id: active_behind(chart, each) for each in left}
    while True:
        more = [
            each
            for each in left
            if any(behind[each.id] >> other.source & 1 for other in left if other is not each)
            or (each.target >= 0 and behind[each.id] >> each.source & 1)
        ]
        if len(more) == len(left):
            return bool(left)
        left = more


def stuck(graph: Graph) -> set[int]:
    """Return the spots that cannot reach an end. An unexplored spot may reach one, and a fault
    counts as an end."""
    ended = {number for number, spot in enumerate(graph.spots) if spot.status != "live"}
    return set(range(len(graph.spots))) - leading_to(graph.edges, ended | graph.unknown)


def leading_to(edges: list[list[int]], ends: Iterable[int]) -> set[int]:
    """Return these spots, and all spots that can reach one of them."""
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
    """Return the spots from which people can move the room to other states, without anybody leaving
    and without waiting. It includes unexplored spots."""
    starts = {
        number
        for number, spot in enumerate(graph.spots)
        if spot.status != "live"
        or any(_elsewhere(graph, number, after) for after in graph.by_people[number])
    }
    return leading_to(graph.by_people, starts | graph.unknown)


def _elsewhere(graph: Graph, number: int, after: int) -> bool:
    return graph.spots[number].configuration != graph.spots[after].configuration
