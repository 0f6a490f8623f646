"""What was played once is not played again, and that makes no difference to what is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given

from gameroom.chart import Chart, compile_room, from_plain
from gameroom.explore.abstract_room import AbstractRoom, Spot
from gameroom.explore.cache import CachedStep, Memory, as_bits, ways
from gameroom.explore.facets import reads_of
from gameroom.explore.moves import PossibleMoves
from gameroom.explore.search import Graph, search
from tests.explore.test_stories import FEW, charts
from tests.language.texts import good, room


class Forgetful(Memory):
    """Plays everything, every time."""

    def outcomes(self, moves: PossibleMoves, spot: Spot) -> Iterator[CachedStep]:
        for step in moves.steps(spot):
            for taken, after, run in ways(moves, spot, step):
                yield CachedStep(taken, after, *as_bits(run.moved))


class Counting(Memory):
    """Counts what is played."""

    plays = 0

    def _play(self, *args: object) -> object:  # type: ignore[override] # as it is
        self.plays += 1
        return super()._play(*args)  # type: ignore[arg-type] # as it is


def both(chart: Chart, players: int = 2, most: int = 800) -> tuple[Graph, Graph]:
    """One room explored with memory and without."""
    world = AbstractRoom.of(chart, reads_of(chart))
    moves = PossibleMoves.of(world, players)
    return search(moves, most, Memory.of(world)), search(moves, most, Forgetful.of(world))


def same(one: Graph, other: Graph) -> bool:
    return (
        one.spots == other.spots
        and one.order == other.order
        and one.edges == other.edges
        and one.by_people == other.by_people
        and one.came == other.came
        and one.departures == other.departures
        and (one.taken, one.entered, one.steps) == (other.taken, other.entered, other.steps)
    )


@FEW
@given(charts())
def test_memory_makes_no_difference(chart: Chart) -> None:
    assert same(*both(chart))


COUNTING = {
    "a condition that stands still while people change": """
        var n: int 0..3 = 0
        extend state running.iterating {
          allow go from player
          on go do { set n = n + 1 }
          when n > 2 and players < 2 -> ended
        }
    """,
    "an action that fails, and one behind it": """
        var n: int 0..2 = 0
        var m: int 0..1 = 0
        extend state running.iterating {
          allow go, back from player
          on go do { set n = n + 1  set m = 1 }
          on back do { set n = 0 }
          when m == 1 and players == 1 -> ended
        }
    """,
    "a value that is copied": """
        var n: int 0..2 = 0
        var m: int 0..2 = 0
        extend state running.iterating {
          allow go, back from player
          on go if players == 2 do { set m = n }
          on back if players == 2 do { set n = n + 1 }
          on back if m == 1 -> ended
        }
    """,
    "an exit that counts": """
        var n: int 0..3 = 0
        extend state running.iterating {
          allow go from player
          on go -> running.paused.held
          exit do { set n = n + 1 }
        }
        extend state running.paused.held { on pause if n == 3 -> ended  allow pause from player }
    """,
    "an entry that counts": """
        var n: int 0..3 = 0
        extend state running.iterating { allow go from player  on go -> running.paused.held }
        extend state running.paused.held {
          allow pause from player
          entry do { set n = n + 1 }
          on pause if n == 3 -> ended
        }
    """,
    "a value that goes on while it is forgotten": """
        setting wins: int 0..4 = 2
        var n: int 0..3 = 0
        extend state running.iterating {
          allow go from player
          on go if n == wins -> ended
          on go if n < 3 do { set n = n + 1 } -> running.paused.held
        }
    """,
    "a division by nought": """
        setting parts: int 0..2 = 0
        var n: int 0..6 = 6
        extend state running.iterating {
          allow go from player
          on go if n / parts > 2 do { set n = n / 2 }
          on error -> ended
        }
    """,
    "a guard of an event that the chart raises": """
        var n: int 0..3 = 0
        extend state running.iterating {
          allow go, back from player
          on back do { set n = n + 1 }
          on go do { raise next }
          on next if n > 1 -> ended
        }
    """,
    "a guard of a time": """
        var n: int 0..3 = 0
        extend state running.iterating {
          allow go from player
          on go do { set n = n + 1 }
          after 5s if n > 1 -> ended
        }
    """,
    "two numbers of which one is set": """
        var n: int 0..3 = 0
        var m: int 0..3 = 0
        extend state running.iterating {
          allow go, back from player
          on go do { set n = n + 1 }
          on back do { set m = m + 1 }
          when n == m + 2 -> ended
        }
    """,
    "two settings of which one is set": """
        setting gold: int 0..3 = 0
        setting wood: int 0..3 = 1
        extend state setup.gathering { when gold == wood + 1 -> ended }
    """,
    "a number that is set beside one that it is compared with": """
        setting wins: int 0..4 = 2
        var n: int 0..4 = 0
        extend state running.iterating {
          allow go from player
          on go do { set n = n + 1 } -> running.paused.held
        }
        extend state running.paused.held { when n == wins -> ended }
    """,
}


@pytest.mark.parametrize("text", COUNTING.values(), ids=COUNTING)
def test_rooms_that_count_are_explored_the_same_with_and_without(text: str) -> None:
    one, other = both(compile_room(good(room(f"request go\nrequest back\n{text}"))))
    assert one.complete
    assert same(one, other)


def test_a_number_that_few_ask_for_is_no_reason_to_play_again() -> None:
    """Thirty nights cost hardly more than two."""

    def plays(nights: int) -> tuple[int, int]:
        text = (
            f"request go\nvar night: int 0..{nights} = 0\nextend state running.iterating {{\n"
            f"  allow go from player  when night == {nights} -> ended\n"
            "  after 40s do { set night = night + 1 } -> running.iterating\n}"
        )
        chart = compile_room(good(room(text)))
        world = AbstractRoom.of(chart, reads_of(chart))
        memory = Counting.of(world)
        graph = search(PossibleMoves.of(world, 2), 5_000, memory)
        assert graph.complete
        return len(graph.spots), memory.plays

    (few, played), (many, played_again) = plays(2), plays(30)
    assert many > 5 * few
    assert played_again < 2 * played


def test_what_is_asked_of_a_number_counts_as_one_answer() -> None:
    """A room that asks only whether the number is large is played twice and not ten times."""
    chart = from_plain(
        {
            "players": [1, 1],
            "variables": {"n": {"type": ["int", 0, 9], "initial": 0}},
            "initial": "a",
            "states": {
                "a": {
                    "permissions": [["allow", ["join"], ["player"]]],
                    "transitions": [{"on": "join", "to": "b"}],
                },
                "b": {"transitions": [{"when": [">", "n", 5], "to": "c"}]},
                "c": {"kind": "final"},
            },
        }
    )
    world = AbstractRoom.of(chart, reads_of(chart))
    memory = Counting.of(world)
    moves = PossibleMoves.of(world, 1)
    spot, _ = world.begin()
    found = [list(memory.outcomes(moves, Spot(spot.site, (n,)))) for n in range(10)]
    assert [chart.states[-1].bit & only.after.configuration > 0 for (only,) in found] == [
        n > 5 for n in range(10)
    ]
    assert memory.plays == 2


def test_a_search_ends_when_enough_was_found() -> None:
    chart = compile_room(good(room("players 2..3")))
    moves = PossibleMoves.of(AbstractRoom.of(chart, reads_of(chart)), 2)
    running = 1 << chart.by_path["running"]
    whole = search(moves, 800)
    part = search(moves, 800, until=lambda graph: bool(graph.entered & running))
    assert part.entered & running
    assert not part.complete
    assert part.order == whole.order[: len(part.order)]
    before = part.order[:-1]
    assert not any(part.spots[number].configuration & running for number in before)
