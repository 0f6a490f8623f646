"""Turns start evenly although they arrive unevenly, and what one late turn cost is made good."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from gameroom.lockstep.random import Random
from gameroom.replica.timing import Timing

TURN_MS = 100


def played(arrivals: Sequence[int]) -> list[int]:
    """When turns of TURN_MS are played that arrive at these times."""
    timing, times, now = Timing(), list[int](), 0
    waiting = sorted(enumerate(arrivals), key=lambda one: one[1])
    here: dict[int, int] = {}
    for number in range(len(arrivals)):
        while number not in here:
            which, at = waiting.pop(0)
            timing.arrived(TURN_MS, at)
            here[which] = at
        due = timing.start_at(TURN_MS, max(now, here[number]))
        now = max(due, here[number])
        while waiting and waiting[0][1] <= now:
            which, at = waiting.pop(0)
            timing.arrived(TURN_MS, at)
            here[which] = at
        timing.started(here[number], due, now)
        times.append(now)
    return times


def gaps(times: Sequence[int]) -> list[int]:
    return [after - before for before, after in itertools.pairwise(times)]


def test_even_arrivals_are_played_evenly() -> None:
    times = played([number * TURN_MS for number in range(100)])
    assert set(gaps(times)[20:]) == {TURN_MS}
    assert times[-1] - 99 * TURN_MS <= 5


def test_what_one_late_turn_cost_is_made_good_by_slightly_shorter_turns() -> None:
    # A lost packet: turns 50 to 59 arrive together, a second late.
    arrivals = [number * TURN_MS for number in range(200)]
    arrivals[50:60] = [arrivals[60]] * 10
    times = played(arrivals)
    after = gaps(times)[60:]
    assert min(after) >= TURN_MS * 9 // 10
    assert times[60] - arrivals[60] > 900
    assert times[199] - arrivals[199] < 100


def test_jitter_is_smoothed_and_not_followed() -> None:
    dice = Random(1)
    arrivals = [number * TURN_MS + dice.below(40) for number in range(300)]
    felt = gaps(played(arrivals))[50:]
    assert max(felt) - min(felt) < 40
    assert max(gaps(arrivals)) - min(gaps(arrivals)) > 70


def test_a_rest_is_no_jitter() -> None:
    timing = Timing()
    for number in range(20):
        timing.arrived(TURN_MS, number * TURN_MS)
    timing.rest()
    timing.arrived(TURN_MS, 20 * TURN_MS + 250)
    assert timing.wanted(TURN_MS) == 2
    assert timing.start_at(TURN_MS, 5_000) == 5_000
