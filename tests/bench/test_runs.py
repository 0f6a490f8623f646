"""How a benchmark goes: the order of the servers, and the search for the most rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gameroom.bench.plan import BenchError, BenchPlan, Kind, Order, Window
from gameroom.bench.runs import most_rooms, paced, searched
from tests.bench.plans import window


class Machine:
    """Servers that are on time up to a number of rooms. `opened`: each as it was started;
    `asked`: the rooms of each order. Every window in `disturbed` is late once."""

    def __init__(self, most: int, *, breaks: bool = False, disturbed: tuple[int, ...] = ()) -> None:
        self.most, self.breaks, self.disturbed = most, breaks, set(disturbed)
        self.opened: list[Kind] = []
        self.asked: list[int] = []

    @contextmanager
    def open(self, kind: Kind = "gameroom") -> Iterator[Machine]:
        self.opened.append(kind)
        self.asked.append(0)
        yield self

    def measure(self, order: Order) -> Window:
        assert order.rooms >= self.asked[-1], "rooms are only ever added"
        self.asked.append(order.rooms)
        if order.rooms > self.most and self.breaks:
            raise BenchError("a room did not start within 300 s")
        is_late = order.rooms > self.most or order.rooms in self.disturbed
        self.disturbed.discard(order.rooms)
        return window(rooms=order.rooms, p99_ms=50.0 if is_late else 1.0)


def silent(text: str) -> None:
    pass


def test_every_other_pair_runs_in_the_reverse_order() -> None:
    machine, said = Machine(100), list[str]()
    found = paced(BenchPlan(pairs=3), ["gameroom", "relay"], machine.open, said.append)
    assert machine.opened == ["gameroom", "relay", "relay", "gameroom", "gameroom", "relay"]
    assert {kind: len(windows) for kind, windows in found.items()} == {"gameroom": 3, "relay": 3}
    assert said[0] == "pair 1 of 3: gameroom"


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("most", [0, 1, 7, 10, 11, 100, 159, 160, 161])
def test_the_search_comes_as_near_as_its_steps(most: int, breaks: bool) -> None:
    found = most_rooms(BenchPlan(rooms=10), Machine(most, breaks=breaks).open, 10.0, silent)
    doubled = 10
    while doubled <= most:
        doubled *= 2
    step = (doubled - (doubled // 2 if doubled > 10 else 0)) // 8 + 1
    assert most - step < found <= most


def test_a_window_that_was_disturbed_once_does_not_end_the_search() -> None:
    assert most_rooms(BenchPlan(rooms=10), Machine(40, disturbed=(10, 20)).open, 10.0, silent) == 40


def test_a_server_that_never_fails_ends_the_search() -> None:
    assert most_rooms(BenchPlan(rooms=1024), Machine(10**9).open, 10.0, silent) == 4096


def test_both_are_searched_as_often() -> None:
    found = searched(
        BenchPlan(rooms=10, pairs=2), ["gameroom", "relay"], Machine(20).open, 10, silent
    )
    assert found == {"gameroom": [20, 20], "relay": [20, 20]}
