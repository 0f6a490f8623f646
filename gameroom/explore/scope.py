"""How much of a room is explored: how many people, and whether connections are lost.

The first exploration has the fewest players that matter, and no connection is lost. Then come one
more player, lost connections, and both, each only if the explorations before it were cheap. The
cost is measured in steps, not in time, so that equal rooms are explored equally on every machine.
The rule it keeps: notes list everything that was not tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gameroom.explore.abstract_room import AbstractRoom
from gameroom.explore.cache import Memory
from gameroom.explore.facets import asked_in, needed_players, reads_of
from gameroom.explore.moves import PossibleMoves
from gameroom.explore.search import Graph, cut_off, search
from gameroom.model import Name, Range, RoomFile
from gameroom.roomfile import compiled

PLAYERS_TRIED_MAX = 8
"""The most players that are tried, even if the room has more seats."""

MORE_STEPS_MAX = 4_000
"""How many steps the first explorations can take before no further one is started: a fraction of a
second."""

BOTH_STEPS_MAX = 1_000
"""How many steps lost connections can take to be tried with one more player, too."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of the explored room.

    room: with fewer seats if it has too many. first, last: the fewest and the most players to try.
    faithful: whether it has the real number of seats.
    """

    room: RoomFile
    first: int
    last: int
    faithful: bool


@dataclass(frozen=True, slots=True)
class Explored:
    """The graphs of the explorations, most thorough first.

    There are two graphs if one has more players and the other has lost connections.
    players, connections: the most that was tried. most: the limit of configurations in a graph.
    """

    scale: Scale
    graphs: tuple[Graph, ...]
    players: int
    connections: bool
    most: int
    memory: Memory

    @property
    def complete(self) -> bool:
        return all(graph.complete for graph in self.graphs)

    @property
    def configurations(self) -> int:
        return sum(len(graph.spots) for graph in self.graphs)

    @property
    def exact(self) -> bool:
        """Whether nothing was left out, except for people and lost connections."""
        return self.complete and self.scale.faithful and not self.graphs[0].moves.inexact

    @property
    def whole(self) -> bool:
        """Whether nothing was left out, so that anything that never happened cannot happen."""
        moves = self.graphs[0].moves
        all_at_once = moves.connections and moves.players == self.scale.last
        return self.exact and all_at_once

    def thorough(self, until: Callable[[Graph], bool]) -> Graph:
        """Explore with all players and lost connections, even if that is not cheap. until: stops
        when it returns True."""
        moves = PossibleMoves.of(self.memory.world, self.scale.last, connections=True)
        return search(moves, self.most, self.memory, until=until)


def explored(room: RoomFile, configurations_max: int) -> Explored:
    """Explore a room as far as that is cheap, with at most this many configurations in a graph."""
    scale = scale_of(room)
    chart = compiled(scale.room)
    world = AbstractRoom.of(chart, reads_of(chart))
    memory = Memory.of(world)

    def searched(players: int, *, connections: bool) -> Graph:
        moves = PossibleMoves.of(world, players, connections=connections)
        return search(moves, configurations_max, memory)

    def result(*graphs: Graph, players: int, connections: bool) -> Explored:
        for graph in graphs:
            if not graph.moves.connections:
                cut_off(graph, memory)
        return Explored(scale, graphs, players, connections, configurations_max, memory)

    first, last = scale.first, scale.last
    least = searched(first, connections=False)
    steps = least.steps
    more = None
    if last > first and least.complete and steps <= MORE_STEPS_MAX:
        more = searched(last, connections=False)
        steps += more.steps
    most = more if more is not None and more.complete else least
    players = last if most is more else first
    if not least.complete or steps > MORE_STEPS_MAX:
        return result(most, players=players, connections=False)
    broken = searched(first, connections=True)
    if not broken.complete:
        return result(most, players=players, connections=False)
    if last > first and broken.steps <= BOTH_STEPS_MAX:
        both = searched(last, connections=True)
        if both.complete:
            return result(both, players=last, connections=True)
    if players == first:
        return result(broken, players=first, connections=True)
    return result(broken, most, players=players, connections=True)


def scale_of(room: RoomFile) -> Scale:
    """Return the numbers of players to try: the fewest that can play or the number that conditions
    need, and one more. If these are too many, return a smaller room."""
    assert room.players is not None
    low, high = room.players.low, room.players.high
    needs = needed_players(room)
    first = min(max(low, needs, 2), high)
    if _asks_for_seats(room):
        first = high
    if first <= PLAYERS_TRIED_MAX:
        return Scale(room, first, min(first + 1, high), faithful=True)
    fewer = min(max(needs, 2), 3)
    small = replace(room, players=Range(min(low, fewer), fewer, room.players.span))
    return Scale(small, fewer, fewer, faithful=False)


def notes(room: RoomFile, found: Explored) -> Iterator[str]:
    """Yield sentences about what was explored and what was not."""
    assert room.players is not None
    high = room.players.high
    small = found.scale.room.players
    assert small is not None
    if not found.scale.faithful:
        real = f"{room.players.low}..{high}"
        yield f"checked as a room for {small.low}..{small.high} players instead of {real}"
    tried = "1 player" if high == 1 else f"{found.players} of {high} players"
    if found.complete:
        count = found.configurations
        many = "1 configuration" if count == 1 else f"{count} configurations"
        yield f"checked with up to {tried}: {many}"
    else:
        yield f"stopped after {found.most} configurations, with up to {tried}"
    if not found.connections:
        yield "lost connections were not checked, except where a transition handles them"
    elif len(found.graphs) > 1:
        less = found.graphs[0].moves.players
        yield f"lost connections were checked with up to {less} player{'' if less == 1 else 's'}"
    for name in found.graphs[0].moves.inexact:
        yield f"not checked with every value of `{name}`"


def _asks_for_seats(room: RoomFile) -> bool:
    return any(part == Name("players_max") for part in asked_in(room))
