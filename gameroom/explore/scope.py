"""How much of a room is explored: how many people, and what may go wrong with them.

First the least: the fewest players that matter, whose connections hold. Then one player
more, then broken connections, then both, each only where what came before was cheap. It
counts steps, never time, so that equal rooms are explored equally on every machine.
The rule it keeps: what was not tried is told.
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
"""However many a room seats or mentions, no more are tried."""

MORE_STEPS_MAX = 4_000
"""After so many steps nothing more is tried: a fraction of a second."""

BOTH_STEPS_MAX = 1_000
"""Where broken connections cost no more steps, they are tried with one more player too."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a room is explored. room: with fewer seats where there are too many.

    first, last: players at first, and at most. faithful: it has the real number of seats.
    """

    room: RoomFile
    first: int
    last: int
    faithful: bool


@dataclass(frozen=True, slots=True)
class Explored:
    """The graphs that count, the most thorough first; each holds what no other does.

    players, connections: the most that was tried; where there are two graphs, one had more
    players and the other broken connections.
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
        """Nothing was left out but people and their connections."""
        return self.complete and self.scale.faithful and not self.graphs[0].moves.inexact

    @property
    def whole(self) -> bool:
        """Nothing was left out: what never happened here can't happen."""
        moves = self.graphs[0].moves
        all_at_once = moves.connections and moves.players == self.scale.last
        return self.exact and all_at_once

    def thorough(self, until: Callable[[Graph], bool]) -> Graph:
        """Everything at once, past what is cheap. until: when enough was found."""
        moves = PossibleMoves.of(self.memory.world, self.scale.last, connections=True)
        return search(moves, self.most, self.memory, until=until)


def explored(room: RoomFile, configurations_max: int) -> Explored:
    """Explore a room as far as that is cheap, and in no graph past so many configurations."""
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
    """The fewest players that may play, or those that conditions are about, and one more;
    a smaller room where these are too many."""
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
    """What was looked into, and what was not, as sentences."""
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
