"""Some hundred short games in all weathers: every invariant holds, and a seed is a game."""

from __future__ import annotations

import pytest

from gameroom.sim.world import INVARIANTS, WEATHERS, Plan, simulate
from tests.sim.world_rooms import SHIPPED, WRITTEN, chart

SEEDS = 8
TURNS = 40


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("room", [*WRITTEN, *SHIPPED])
def test_every_invariant_holds(room: str, weather: str) -> None:
    for seed in range(1, SEEDS + 1):
        outcome = simulate(chart(room), Plan(seed, TURNS, WEATHERS[weather]))
        assert outcome.broken is None, f"{room}: {outcome.broken}"


def test_every_invariant_is_looked_at() -> None:
    looked: set[str] = set()
    for weather in WEATHERS.values():
        outcome = simulate(chart("skirmish"), Plan(1, TURNS, weather))
        looked |= {name for name, times in outcome.checks.items() if times > 0}
    assert looked == {broken.name for broken in INVARIANTS}


def test_the_same_seed_is_the_same_game_and_another_is_another() -> None:
    plans = [Plan(seed, TURNS, WEATHERS["storm"]) for seed in (5, 5, 6)]
    first, again, other = (simulate(chart("skirmish"), plan) for plan in plans)
    assert first == again
    assert first.digest != other.digest


def test_the_weather_does_what_it_says() -> None:
    """What never happens proves nothing."""
    met: dict[str, int] = {}
    for weather in WEATHERS.values():
        for seed in range(1, 5):
            for name, times in simulate(
                chart("skirmish"), Plan(seed, TURNS, weather)
            ).numbers.items():
                met[name] = met.get(name, 0) + times
    rare = [name for name, times in met.items() if times == 0 and name != "repairs"]
    assert rare == [], rare


def test_a_liar_in_a_room_that_repairs_begins_again() -> None:
    repaired = 0
    for seed in range(1, 25):
        outcome = simulate(chart("mended"), Plan(seed, 60, WEATHERS["cheats"]))
        assert outcome.broken is None, str(outcome.broken)
        repaired += outcome.numbers["repairs"]
    assert repaired > 0
