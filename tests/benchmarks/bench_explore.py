"""What a deep check costs: shipped rooms, rooms of many states, and more players.

    pytest --override-ini 'python_files=bench_*.py' tests/benchmarks/bench_explore.py

The aim: under 300 ms for shipped rooms and under 2 s for 200 states, on an idle core.
Measured beside much other work on two shared cores, processor time, the best of three: 54 ms
(noughts) to 739 ms (hidden-role, of five players), the others up to 205 ms; 1.3 s for 200 states.
"""

from __future__ import annotations

import pytest

from gameroom.chart import compile_room
from gameroom.explore.abstract_room import AbstractRoom
from gameroom.explore.facets import reads_of
from gameroom.explore.moves import PossibleMoves
from gameroom.explore.run import explore
from gameroom.explore.search import search
from gameroom.language import load, shipped

SHIPPED = (
    "standard", "archers", "noughts", "free-for-all", "teams", "real-time", "turn-based", "party",
    "hidden-role", "best-of-three",
)  # fmt: skip


def checked(text, name="bench.room"):
    loaded = load(text, name=name, resolve=shipped)
    assert loaded.room is not None, loaded.diagnostics
    return loaded.room


def chain(states):
    """A game of so many leaf states in a row, each with a vote, a timer and a signal."""
    lines = []
    for number in range(states):
        after = f"s{number + 1}" if number + 1 < states else "ended"
        lines.append(
            f"state s{number} iterates {{ allow vote from player  on scored -> {after}"
            f'  when all player chose "on" -> {after}  after 600 turns -> ended }}'
        )
    body = "\n".join(lines)
    return checked(
        'language 1\nuse "standard"\nroom "chain" extends standard {\n  players 2..8\n'
        '  request vote { choice: "on" | "stay" }\n  signal scored agreed by all\n'
        f"  extend state running.iterating {{\n    initial s0\n{body}\n  }}\n}}\n"
    )


def report(benchmark, room):
    found = benchmark.pedantic(explore, args=(room,), rounds=3, warmup_rounds=1)
    benchmark.extra_info["configurations"] = found.configurations
    benchmark.extra_info["players"] = found.players
    benchmark.extra_info["notes"] = list(found.notes)
    assert found.diagnostics == ()


@pytest.mark.benchmark(group="explore: shipped rooms")
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped(benchmark, name):
    source = shipped(name)
    report(benchmark, checked(source.text, source.name))


@pytest.mark.benchmark(group="explore: number of states")
@pytest.mark.parametrize("states", [10, 50, 100, 200])
def test_states(benchmark, states):
    report(benchmark, chain(states))


@pytest.mark.benchmark(group="explore: number of players")
@pytest.mark.parametrize("players", [1, 2, 3, 4, 5])
def test_players(benchmark, players):
    """One search of the standard room, whatever that costs."""
    source = shipped("standard")
    chart = compile_room(checked(source.text, source.name))
    reads = reads_of(chart)

    def one():
        return search(PossibleMoves.of(AbstractRoom.of(chart, reads), players), 100_000)

    graph = benchmark.pedantic(one, rounds=3, warmup_rounds=1)
    assert graph.complete
    benchmark.extra_info["configurations"] = len(graph.spots)
    benchmark.extra_info["steps"] = graph.steps
