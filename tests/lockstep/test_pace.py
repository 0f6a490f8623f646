"""The pace follows the slowest: rises fast, settles slowly, and no spike moves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.pace import (
    AHEAD_MAX,
    MARGIN_MS,
    SETTLE_TURNS,
    SLIGHTLY,
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


def test_commands_are_sent_up_to_eight_turns_ahead() -> None:
    assert fitting(AUTO, 9_000, 60) == Pace(500, 8, 10)


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


def test_the_longest_turn_holds_as_many_iterations_as_fit() -> None:
    assert fitting(PacePolicy(tick=2, turn_low=2501, turn_high=2501, ahead=None), 0, 0) == (
        Pace(2501, 1, 5)
    )


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


def test_the_latency_of_a_line_is_known_from_the_second_report_on() -> None:
    assert Pacer(AUTO).latency(0) == 0
    assert fed((80, 60)).latency(0) == 0
    assert fed((80, 60), (90, 60)).latency(0) == 80
    assert fed((80, 60), (90, 60)).latency(1) == 0


def test_jitter_counts_from_the_fifth_report_on() -> None:
    """The middle difference between one report and the next, once one spike cannot move it."""
    assert fed(*((ms, 60) for ms in (80, 90, 80, 120))).latency(0) == 90
    assert fed(*((ms, 60) for ms in (80, 90, 80, 120, 90))).latency(0) == 90 + 10


def test_the_jitter_is_the_middle_one() -> None:
    """The differences are 10, 20, ... 60 ms; the longest round trip is passed over."""
    assert fed(*((ms, 60) for ms in (100, 110, 130, 160, 200, 250, 310))).latency(0) == 250 + 30
    assert fed(*((ms, 60) for ms in (100, 110, 130, 160, 200, 250))).latency(0) == 200 + 30


def test_two_spikes_are_passed_over_when_half_of_the_window_is_known() -> None:
    spikes = [(900, 60)] * 2
    assert fed(*[(80, 60)] * (WINDOW_REPORTS // 2 - 3), *spikes).latency(0) == 900
    assert fed(*[(80, 60)] * (WINDOW_REPORTS // 2 - 2), *spikes).latency(0) == 80


def test_an_engine_says_something_from_its_fifth_report_on() -> None:
    slow = [(40, 10)]
    assert fed(*slow * 4).next([0]) == fitting(AUTO, AUTO.turn_low, 0)
    assert fed(*slow * 5).next([0]) == fitting(AUTO, AUTO.turn_low, 10)


def test_a_line_that_nobody_knows_stays_as_long_as_the_shortest_turn() -> None:
    pacer = Pacer(AUTO)
    paces = {pacer.next([0]) for _ in range(10 * SETTLE_TURNS)}
    assert paces == {fitting(AUTO, AUTO.turn_low, 0)}


def test_slightly_less_settles_slowly_and_from_scratch_when_as_much_is_needed_again() -> None:
    """Seat 1 needs one millisecond more, which makes the turns longer."""
    pacer = fed(*[(380, 60)] * WINDOW_REPORTS)
    for _ in range(WINDOW_REPORTS):
        pacer.report(1, 381, 60)
    longer = pacer.next([0, 1])
    assert longer != fitting(AUTO, 380, 0)
    assert {pacer.next([0]) for _ in range(3 * SETTLE_TURNS)} == {longer}
    assert pacer.next([0, 1]) == longer
    assert {pacer.next([0]) for _ in range(SLIGHTLY * SETTLE_TURNS - 1)} == {longer}
    assert pacer.next([0]) == fitting(AUTO, 380, 0)


@pytest.mark.parametrize(("latency", "turns"), [(350, 1), (351, SLIGHTLY)])
def test_seven_eighths_are_clearly_less(latency: int, turns: int) -> None:
    """Of a round trip of 400 ms."""
    pacer = fed(*[(latency, 60)] * WINDOW_REPORTS)
    for _ in range(WINDOW_REPORTS):
        pacer.report(1, 400, 60)
    longer = pacer.next([0, 1])
    assert {pacer.next([0]) for _ in range(turns * SETTLE_TURNS - 1)} == {longer}
    assert pacer.next([0]) == fitting(AUTO, latency, 0) != longer


def test_it_settles_on_the_most_that_was_needed_meanwhile() -> None:
    pacer = Pacer(AUTO)
    for seat, latency in enumerate((150, 300, 900)):
        for _ in range(WINDOW_REPORTS):
            pacer.report(seat, latency, 60)
    pacer.next([0, 1, 2])
    for turn in range(SETTLE_TURNS):
        pacer.next([0, 1] if turn == 20 else [0])
    assert pacer.pace == fitting(AUTO, 300, 0)


def test_the_middle_of_an_engine_s_reports_counts() -> None:
    pacer = fed(*((40, rate) for rate in (5, 20, 6, 19, 7, 18)))
    assert pacer.next([0]) == fitting(AUTO, AUTO.turn_low, 18)


def test_before_any_report_a_line_is_as_long_as_the_shortest_turn() -> None:
    assert Pacer(AUTO).pace == fitting(AUTO, AUTO.turn_low, 0)


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
    reached = {fitting(AUTO, ms, rate) for ms in range(100, 1500, 37) for rate in (20, 10)}
    for pace in (Pace(134, 1, 2), Pace(500, 8, 1), *reached):
        pacer = Pacer(AUTO)
        pacer.take_over(pace)
        assert pacer.pace == pace
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


@pytest.mark.parametrize(("latency", "slow"), [(280, {}), (380, {1: "line"})])
def test_a_slow_line_needs_more_than_half_as_much_delay_again(latency: int, slow: dict) -> None:
    """The delays are 200 beside 300 and 400 ms."""
    assert told(Pacer(AUTO), 30, s0=(180, 60), s1=(latency, 60)) == slow


def test_the_better_half_says_what_is_usual() -> None:
    """The delays are 100, 300 and 400 ms: the middle one is usual."""
    assert told(Pacer(AUTO), 30, s0=(80, 60), s1=(280, 60), s2=(380, 60)) == {}


def test_of_four_the_second_best_is_usual() -> None:
    four = told(Pacer(AUTO), 30, s0=(80, 60), s1=(180, 60), s2=(380, 60), s3=(380, 60))
    assert four == {2: "line", 3: "line"}


@pytest.mark.parametrize(("latency", "slow"), [(230, {}), (231, {1: "line"})])
def test_a_delay_is_noticed_above_a_quarter_of_a_second(latency: int, slow: dict) -> None:
    fixed = PacePolicy(tick=1000, turn_low=100, turn_high=500, ahead=1)
    assert fitting(fixed, latency, 0).delay_ms == latency + MARGIN_MS
    assert told(Pacer(fixed), 30, s0=(80, 1000), s1=(latency, 1000)) == slow


def test_a_seat_is_named_until_it_was_steady_for_long_enough() -> None:
    pacer = Pacer(AUTO)
    told(pacer, 30, s0=(40, 60), s1=(400, 60))
    for _ in range(WINDOW_REPORTS):
        pacer.report(1, 40, 60)
    for _ in range(SETTLE_TURNS - 1):
        pacer.next([0, 1])
    assert pacer.slow == {1: "line"}
    pacer.next([0, 1])
    assert pacer.slow == {}


def test_an_engine_that_runs_once_a_second_is_heard() -> None:
    assert told(Pacer(AUTO), 30, s0=(40, 1)) == {0: "engine"}


def test_zeros_say_nothing_new() -> None:
    pacer = fed(*[(900, 60)] * WINDOW_REPORTS, *[(0, 0)] * WINDOW_REPORTS)
    assert pacer.latency(0) == 900
    assert pacer.next([0]) == fitting(AUTO, 900, 0)
    slow = fed(*[(40, 10)] * 5, *[(0, 0)] * WINDOW_REPORTS)
    assert slow.next([0]) == fitting(AUTO, AUTO.turn_low, 10)


def test_an_engine_is_slow_below_nine_tenths_of_the_tick() -> None:
    assert told(Pacer(AUTO), 30, s0=(40, 18)) == {}
    assert told(Pacer(AUTO), 30, s0=(40, 17)) == {0: "engine"}


def test_an_engine_that_cannot_hold_the_tick_is_slow_even_alone() -> None:
    assert told(Pacer(AUTO), 30, s0=(40, 10)) == {0: "engine"}
    assert told(Pacer(AUTO), 30, s0=(40, 19)) == {}


def test_who_is_no_longer_gathered_is_no_longer_named() -> None:
    pacer = Pacer(AUTO)
    assert told(pacer, 30, s0=(40, 60), s1=(400, 60)) == {1: "line"}
    pacer.next([0])
    assert pacer.slow == {}


def test_who_is_gone_holds_nothing_back() -> None:
    pacer = Pacer(AUTO)
    told(pacer, 30, s0=(40, 60), s1=(400, 60))
    pacer.forget(1)
    assert pacer.slow == {}
    assert pacer.latency(1) == 0
