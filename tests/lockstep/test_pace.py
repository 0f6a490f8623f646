"""The pace follows the slowest: rises fast, settles slowly, and no spike moves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.pace import (
    AHEAD_MAX,
    MARGIN_MS,
    SETTLE_TURNS,
    WINDOW_REPORTS,
    Pace,
    PacePolicy,
    Pacer,
    fitting,
)

AUTO = PacePolicy(tick=20, turn_low=100, turn_high=500, ahead=None)

policies = st.builds(
    lambda tick, low, more, ahead: PacePolicy(tick, low, low + more, ahead),
    st.integers(1, 240),
    st.integers(20, 2_000),
    st.integers(0, 3_000),
    st.none() | st.integers(1, 8),
)
latencies = st.integers(1, 5_000)
framerates = st.integers(0, 1_000)


def fed(*reports: tuple[int, int], policy: PacePolicy = AUTO, seat: int = 0) -> Pacer:
    pacer = Pacer(policy)
    for latency, framerate in reports:
        pacer.report(seat, latency, framerate)
    return pacer


# -- which pace fits -------------------------------------------------------------------------


@given(policies, latencies, framerates)
def test_every_pace_is_within_the_bounds_of_its_room(policy, latency, framerate) -> None:
    pace = fitting(policy, latency, framerate)
    assert policy.turn_low <= pace.turn_ms <= policy.turn_high
    assert pace.iterations_per_command >= 1
    assert pace.ahead == policy.ahead or (policy.ahead is None and 1 <= pace.ahead <= AHEAD_MAX)


@given(policies, latencies, framerates)
def test_the_round_trip_is_hidden_wherever_the_bounds_allow_it(policy, latency, framerate) -> None:
    pace = fitting(policy, latency, framerate)
    most = AHEAD_MAX if policy.ahead is None else policy.ahead
    assert pace.delay_ms >= min(latency + MARGIN_MS, policy.turn_high * most)


@given(policies, latencies, st.integers(1, 1_000))
def test_no_engine_gets_more_to_do_than_it_can(policy, latency, framerate) -> None:
    pace = fitting(policy, latency, framerate)
    rate = min(framerate, policy.tick)
    assert pace.iterations_per_command * 1000 <= pace.turn_ms * rate or (
        pace.iterations_per_command == 1 and pace.turn_ms == policy.turn_high
    )


@given(policies, latencies, framerates, st.integers(0, 2_000))
def test_who_is_slower_never_makes_it_quicker(policy, latency, framerate, more) -> None:
    quick = fitting(policy, latency, framerate)
    far = fitting(policy, latency + more, framerate)
    assert far.turn_ms >= quick.turn_ms
    if framerate > 1:
        slow = fitting(policy, latency, framerate - 1)
        assert (
            slow.iterations_per_command * quick.turn_ms
            <= quick.iterations_per_command * slow.turn_ms
        )


def test_a_good_connection_has_short_turns_and_little_delay() -> None:
    assert fitting(AUTO, 100, 60) == Pace(100, 2, 2)


def test_a_fixed_ahead_lengthens_the_turns_instead() -> None:
    assert fitting(PacePolicy(20, 100, 500, ahead=2), 700, 0) == Pace(400, 2, 8)


@pytest.mark.parametrize("latency", range(0, 1500, 7))
def test_turns_hold_whole_iterations_of_the_game(latency: int) -> None:
    pace = fitting(AUTO, latency, 0)
    assert pace.iterations_per_command * 50 == pace.turn_ms


@pytest.mark.parametrize(
    ("framerate", "pace"),
    [
        (19, Pace(106, 1, 2)),
        (10, Pace(100, 1, 1)),
        (5, Pace(200, 1, 1)),
        (3, Pace(334, 1, 1)),
        (1, Pace(500, 1, 1)),
    ],
)
def test_a_slow_engine_has_longer_turns_then_fewer_iterations_never_none(
    framerate: int, pace: Pace
) -> None:
    assert fitting(AUTO, 0, framerate) == pace


# -- what is followed ------------------------------------------------------------------------


@given(
    st.lists(st.integers(20, 400), min_size=2, max_size=WINDOW_REPORTS),
    st.integers(2_000, 60_000),
    st.data(),
)
def test_a_spike_changes_nothing(usual: list[int], spike: int, data) -> None:
    """One in the first reports, two in a full window, wherever they stand."""
    most = 2 if len(usual) >= WINDOW_REPORTS // 2 else 1
    places = data.draw(st.lists(st.integers(0, len(usual) - 1), max_size=most, unique=True))
    spiked = [spike if place in places else usual[place] for place in range(len(usual))]
    pacer = fed(*((latency, 60) for latency in spiked))
    most_ms = max(AUTO.turn_low, 2 * max(usual) - min(usual))
    assert pacer.next([0]).delay_ms <= fitting(AUTO, most_ms, 0).delay_ms


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(20, 1_000)), min_size=3, max_size=300))
def test_one_frame_that_took_long_changes_nothing(reports: list[tuple[int, int]]) -> None:
    pacer = Pacer(AUTO)
    for turn, (latency, framerate) in enumerate(reports):
        pacer.report(0, latency, 1 if turn == len(reports) // 2 else framerate)
        assert pacer.next([0]).iterations_per_command * 50 == pacer.pace.turn_ms
        assert not pacer.slow


def test_the_first_report_says_nothing_yet() -> None:
    pacer = fed((2_000, 60))
    assert pacer.next([0]) == fitting(AUTO, AUTO.turn_low, 0)


def test_it_rises_with_the_third_report_of_more() -> None:
    pacer = fed(*[(40, 60)] * WINDOW_REPORTS)
    before = pacer.next([0])
    for _ in range(2):
        pacer.report(0, 900, 60)
        assert pacer.next([0]) == before
    pacer.report(0, 900, 60)
    assert pacer.next([0]).delay_ms >= 900


def test_it_settles_only_after_many_calm_turns() -> None:
    pacer = fed(*[(900, 60)] * WINDOW_REPORTS)
    high = pacer.next([0])
    for _ in range(WINDOW_REPORTS):
        pacer.report(0, 40, 60)
    seen = [pacer.next([0]) for _ in range(SETTLE_TURNS)]
    assert seen[-2] == high
    assert seen[-1] == fitting(AUTO, 40, 60)


@given(st.lists(st.lists(latencies, max_size=3), max_size=400), st.integers(1, 240))
def test_whatever_was_the_pace_comes_back(past: list[list[int]], framerate: int) -> None:
    """Nothing ratchets: with calm reports the pace is soon what it is for calm reports."""
    pacer = Pacer(AUTO)
    for reports in past:
        for latency in reports:
            pacer.report(0, latency, framerate)
        pacer.next([0])
    for _ in range(WINDOW_REPORTS + 8 * SETTLE_TURNS):
        pacer.report(0, 40, 60)
        pacer.next([0])
    assert pacer.pace == fitting(AUTO, 40, 0)
    assert not pacer.slow


def test_who_is_not_gathered_does_not_count() -> None:
    alone, watched = fed(*[(40, 60)] * WINDOW_REPORTS), fed(*[(40, 60)] * WINDOW_REPORTS)
    for _ in range(WINDOW_REPORTS):
        watched.report(1, 2_000, 1)
    assert watched.next([0]) == alone.next([0])
    assert not watched.slow
    assert watched.next([0, 1]) != alone.next([0])


def test_after_a_restart_the_pace_goes_on_as_it_was() -> None:
    for pace in (Pace(100, 2, 2), Pace(150, 4, 3), Pace(134, 1, 2), Pace(500, 8, 1)):
        pacer = Pacer(AUTO)
        pacer.take_over(pace)
        assert [pacer.next([0]) for _ in range(SETTLE_TURNS - 1)] == [pace] * (SETTLE_TURNS - 1)


# -- who is named ----------------------------------------------------------------------------


def told(pacer: Pacer, turns: int, **by_seat: tuple[int, int]) -> dict[int, str]:
    seats = [int(name[1:]) for name in by_seat]
    for _ in range(turns):
        for seat, report in zip(seats, by_seat.values(), strict=True):
            pacer.report(seat, *report)
        pacer.next(seats)
    return dict(pacer.slow)


def test_a_line_that_is_worse_than_the_others_is_named_until_it_is_steady() -> None:
    pacer = Pacer(AUTO)
    assert told(pacer, 30, s0=(40, 60), s1=(400, 60), s2=(60, 60)) == {1: "line"}
    assert told(pacer, 30, s0=(40, 60), s1=(40, 60), s2=(60, 60)) == {1: "line"}
    assert told(pacer, 60, s0=(40, 60), s1=(40, 60), s2=(60, 60)) == {}


def test_both_are_named_each_for_its_own_and_for_one_thing_until_it_is_steady() -> None:
    pacer = Pacer(AUTO)
    both = {1: "line", 2: "engine"}
    assert told(pacer, 30, s0=(40, 60), s1=(400, 60), s2=(60, 10)) == both
    assert told(pacer, 30, s0=(40, 60), s1=(400, 10), s2=(400, 10)) == both
    assert told(pacer, 90, s0=(40, 60), s1=(40, 10), s2=(60, 60)) == {1: "line"}


def test_where_all_are_far_away_nobody_is_slow() -> None:
    assert told(Pacer(AUTO), 30, s0=(400, 60), s1=(420, 60)) == {}


def test_a_delay_that_nobody_notices_is_not_slow() -> None:
    assert told(Pacer(AUTO), 30, s0=(10, 60), s1=(150, 60)) == {}


def test_an_engine_that_cannot_hold_the_tick_is_slow_even_alone() -> None:
    assert told(Pacer(AUTO), 30, s0=(40, 10)) == {0: "engine"}
    assert told(Pacer(AUTO), 30, s0=(40, 19)) == {}


def test_who_is_gone_holds_nothing_back() -> None:
    pacer = Pacer(AUTO)
    told(pacer, 30, s0=(40, 60), s1=(400, 60))
    pacer.forget(1)
    assert pacer.slow == {}
