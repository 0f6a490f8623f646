"""The pace follows the slowest: rises fast, settles slowly, ignores one spike."""

import pytest

from gameroom.lockstep.pace import SETTLE_TURNS, WINDOW_REPORTS, Pacer, Policy, fitting

AUTO = Policy(tick=20, turn_low=100, turn_high=500, ahead=None)


@pytest.mark.parametrize("latency", range(0, 1500, 35))
def test_the_round_trip_is_hidden_wherever_the_bounds_allow_it(latency: int) -> None:
    pace = fitting(AUTO, latency, 0)
    assert AUTO.turn_low <= pace.turn_ms <= AUTO.turn_high
    assert pace.turn_ms * pace.ahead >= latency


def test_a_good_connection_has_short_turns_and_little_delay() -> None:
    pace = fitting(AUTO, 100, 60)
    assert (pace.turn_ms, pace.ahead, pace.iterations_per_command) == (100, 2, 2)


def test_a_fixed_ahead_lengthens_the_turns_instead() -> None:
    pace = fitting(Policy(20, 100, 500, ahead=2), 700, 0)
    assert (pace.turn_ms, pace.ahead) == (400, 2)


def test_turns_hold_whole_iterations_of_the_game() -> None:
    for latency in range(0, 1500, 7):
        pace = fitting(AUTO, latency, 0)
        assert pace.turn_ms % 50 == 0
        assert pace.iterations_per_command * 50 == pace.turn_ms


def test_a_slow_engine_runs_fewer_iterations_never_none() -> None:
    assert fitting(AUTO, 0, 10).iterations_per_command == 1
    assert fitting(AUTO, 0, 1).iterations_per_command == 1


def test_it_rises_as_soon_as_the_latency_stays_high() -> None:
    pacer = Pacer(AUTO)
    before = pacer.pace
    for _ in range(WINDOW_REPORTS):
        pacer.report(0, 40, 60)
    pacer.report(0, 900, 60)
    assert pacer.next([0]) == before, "one spike is nothing"
    for _ in range(3):
        pacer.report(0, 900, 60)
    after = pacer.next([0])
    assert after.turn_ms * after.ahead >= 900


def test_it_settles_only_after_many_calm_turns() -> None:
    pacer = Pacer(AUTO)
    for _ in range(WINDOW_REPORTS):
        pacer.report(0, 900, 60)
    high = pacer.next([0])
    for _ in range(WINDOW_REPORTS):
        pacer.report(0, 40, 60)
    seen = [pacer.next([0]) for _ in range(SETTLE_TURNS)]
    assert seen[-2] == high
    assert seen[-1].turn_ms * seen[-1].ahead < high.turn_ms * high.ahead


def test_who_is_not_gathered_does_not_count() -> None:
    alone, watched = Pacer(AUTO), Pacer(AUTO)
    for _ in range(WINDOW_REPORTS):
        alone.report(0, 40, 60)
        watched.report(0, 40, 60)
        watched.report(1, 2000, 1)
    assert watched.next([0]) == alone.next([0])
    assert watched.next([0, 1]) != alone.next([0])
