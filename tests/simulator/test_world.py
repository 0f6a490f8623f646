"""Some hundred short games in all weathers: every invariant holds, and a seed is a game."""

from __future__ import annotations

from collections import Counter

import pytest

from gameroom.simulator import INVARIANTS, WEATHERS, RunPlan, simulate
from tests.simulator.world_rooms import SHIPPED, WRITTEN, chart

pytestmark = pytest.mark.slow

SEEDS = 6
TURNS = 40


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("room", [*WRITTEN, *SHIPPED])
def test_every_invariant_holds(room: str, weather: str) -> None:
    for seed in range(1, SEEDS + 1):
        outcome = simulate(chart(room), RunPlan(seed, TURNS, WEATHERS[weather]))
        assert outcome.broken is None, f"{room}: {outcome.broken}"


def test_every_invariant_is_looked_at() -> None:
    looked: set[str] = set()
    for weather in WEATHERS.values():
        outcome = simulate(chart("skirmish"), RunPlan(1, TURNS, weather))
        looked |= {name for name, times in outcome.checks.items() if times > 0}
    assert looked == {broken.name for broken in INVARIANTS}


def test_the_same_seed_is_the_same_game_and_another_is_another() -> None:
    plans = [RunPlan(seed, TURNS, WEATHERS["storm"]) for seed in (5, 5, 6)]
    first, again, other = (simulate(chart("skirmish"), plan) for plan in plans)
    assert first == again
    assert first.digest != other.digest


def test_the_weather_does_what_it_says() -> None:
    """What never happens proves nothing."""
    met: Counter[str] = Counter()
    for weather in ("storm", "cheats", "bugs"):
        for seed in range(1, 4):
            met.update(simulate(chart("mended"), RunPlan(seed, TURNS, WEATHERS[weather])).numbers)
    assert [name for name, times in met.items() if times == 0] == []


def test_liars_begin_again_where_the_room_repairs() -> None:
    met: Counter[str] = Counter()
    for seed in range(1, 13):
        outcome = simulate(chart("mended"), RunPlan(seed, 60, WEATHERS["cheats"]))
        assert outcome.broken is None, str(outcome.broken)
        met.update(outcome.numbers)
    assert met["repairs"] > 3


def test_whoever_is_still_catching_up_has_all_the_time_to_be_heard() -> None:
    """The run ended early here, while one player was connected and not yet heard again."""
    assert simulate(chart("mended"), RunPlan(13, 80, WEATHERS["storm"])).broken is None


def test_whoever_was_heard_for_a_turn_and_is_gone_when_it_closes_is_not_awaited() -> None:
    """A liar who is alone at that moment agrees with himself; the account blamed the room."""
    assert simulate(chart("mended"), RunPlan(43, 80, WEATHERS["storm"])).broken is None


def test_a_run_says_how_far_it_is() -> None:
    turns: list[int] = []
    outcome = simulate(chart("skirmish"), RunPlan(1, TURNS, WEATHERS["calm"]), turns.append)
    assert turns == sorted(turns)
    assert TURNS in turns
    assert outcome == simulate(chart("skirmish"), RunPlan(1, TURNS, WEATHERS["calm"]))
