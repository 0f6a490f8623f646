"""Answers share a slice of each round of the loop, and give way to turns."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from collections.abc import Mapping

import pytest

from gameroom.server.host.deadlines import Deadlines
from gameroom.server.host.rounds import PATIENCE_S as ANSWER_PATIENCE_S
from gameroom.server.host.rounds import STAND_BACK_S, BusyError, Rounds, cpu_us
from tests.server.ticking import Ticking


class Answers:
    """Answers that take a while by a clock of their own, and which were given in which round."""

    def __init__(self, cost_us: int, **limits: int) -> None:
        self.loop = Ticking()
        self.deadlines = Deadlines()
        self.now_us = 0
        self.cost_us = cost_us
        self.given: list[list[str]] = [[]]
        self.dropped: list[str] = []
        self.rounds = Rounds(
            self.loop,
            **{"slice_us": 500, "waiting_max": 1000, "waiting_per_payer_max": 300, **limits},
            near=self.deadlines.near,
            clock_us=lambda: self.now_us,
        )

    def ask(self, payer: str) -> None:
        def job() -> None:
            self.now_us += self.cost_us
            self.given[-1].append(payer)

        self.rounds.run(payer, job, lambda: self.dropped.append(payer))

    def until_all(self, count: int) -> list[list[str]]:
        while sum(map(len, self.given)) < count:
            self.given.append([])
            self.loop.round()
        return self.given


def test_answers_share_a_slice_of_each_round() -> None:
    answers = Answers(cost_us=200)
    for _ in range(9):
        answers.ask("ann")
    assert [len(given) for given in answers.until_all(9)] == [3, 3, 3]


def test_one_long_answer_is_the_most_that_a_round_is_late_by() -> None:
    answers = Answers(cost_us=5000)
    for _ in range(3):
        answers.ask("ann")
    assert [len(given) for given in answers.until_all(3)] == [1, 1, 1]


def test_who_asks_much_waits_behind_who_asks_little() -> None:
    answers = Answers(cost_us=500)
    for _ in range(100):
        answers.ask("ann")
    answers.ask("bob")
    answers.ask("cas")
    given = list(itertools.chain(*answers.until_all(102)))
    assert given.index("bob") <= 3
    assert given.index("cas") <= 4


def test_what_an_answer_asks_for_waits_for_its_own_turn() -> None:
    answers = Answers(cost_us=10)

    def endless() -> None:
        answers.ask("ann")
        answers.rounds.run("bob", endless, lambda: None)

    answers.rounds.run("bob", endless, lambda: None)
    assert answers.given == [[]]
    for _ in range(3):
        answers.given.append([])
        answers.loop.round()
    assert [len(given) for given in answers.given] == [0, 50, 50, 50], "ten microseconds each"


def test_answers_stand_back_for_a_turn_that_is_about_to_be_closed() -> None:
    answers = Answers(cost_us=200)
    answers.deadlines.add(1.0)
    answers.loop.now = 0.9
    answers.ask("ann")
    assert answers.given == [["ann"]], "there is time enough"
    answers.loop.round()
    answers.loop.now = 0.999
    answers.ask("bob")
    answers.loop.round()
    assert answers.given == [["ann"]]
    answers.deadlines.remove(1.0)  # The turn is closed.
    answers.loop.ring()
    assert answers.given == [["ann", "bob"]]


def test_answers_do_not_stand_back_for_ever_where_a_turn_is_always_about_to_be_closed() -> None:
    answers = Answers(cost_us=200)
    for ms in range(1000):
        answers.deadlines.add(ms / 1000)
    for _ in range(10):
        answers.ask("ann")
    answers.loop.round()
    waited_s = 0.0
    while sum(map(len, answers.given)) < 10:
        if answers.loop.later:
            waited_s += answers.loop.later[-1][0]
            answers.loop.now = waited_s
            answers.loop.ring()
        else:
            answers.loop.round()
    assert waited_s <= 4 * (ANSWER_PATIENCE_S + STAND_BACK_S), "three answers in each slice"


def test_a_deadline_is_near_from_a_margin_before_until_it_is_removed() -> None:
    deadlines = Deadlines()
    for when in (1.0, 1.0, 3.0):
        deadlines.add(when)
    near = [at for at in range(900, 1100) if deadlines.near(at / 1000, 2)]
    assert near == list(range(998, 1006)), "and is forgotten where it is 5 ms late"
    deadlines.remove(1.0)
    assert deadlines.near(1.0, 2), "there are two of them"
    deadlines.remove(1.0)
    assert not deadlines.near(1.0, 2)
    assert deadlines.near(2.999, 2)


def test_only_so_many_answers_wait() -> None:
    answers = Answers(cost_us=500, waiting_max=5, waiting_per_payer_max=3)
    for _ in range(4):
        answers.ask("ann")
    with pytest.raises(BusyError):
        answers.ask("ann")
    for payer in ("bob", "cas", "dan", "eve"):
        answers.ask(payer)
    assert answers.dropped == ["ann", "ann"], "the payer with the most gives way"
    for payer in ("ann", "fay"):
        with pytest.raises(BusyError):
            answers.ask(payer)
    assert sorted(itertools.chain(*answers.until_all(6))) == [
        "ann",
        "ann",
        "bob",
        "cas",
        "dan",
        "eve",
    ]
    answers.ask("fay")


async def test_a_crowd_at_a_few_addresses_keeps_no_newcomer_out() -> None:
    rounds = Rounds(
        asyncio.get_running_loop(),
        slice_us=1,
        waiting_max=40,
        waiting_per_payer_max=10,
        clock_us=lambda: 0,
    )
    crowd = [
        asyncio.ensure_future(rounds.turn(f"address {number % 4}", least_us=1))
        for number in range(100)
    ]
    await asyncio.sleep(0)
    await rounds.turn("newcomer", least_us=1)
    ended = await asyncio.gather(*crowd, return_exceptions=True)
    assert sum(isinstance(one, BusyError) for one in ended) >= 60


def test_a_full_collection_is_not_charged_to_the_request_in_which_it_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock_ns = 0

    def collecting(phase: str, info: Mapping[str, int]) -> None:
        nonlocal clock_ns
        if phase == "start":
            clock_ns += 1_000_000_000

    monkeypatch.setattr(time, "thread_time_ns", lambda: clock_ns)
    gc.callbacks.append(collecting)
    try:
        began = cpu_us()
        clock_ns += 3_000
        gc.collect()
        assert cpu_us() - began == 3
        gc.collect(0)
        assert cpu_us() - began == 1_000_003, "what the request itself left behind is its cost"
    finally:
        gc.callbacks.remove(collecting)
