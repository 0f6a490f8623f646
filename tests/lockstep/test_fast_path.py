"""The fast path of a packet keeps what the slow one keeps, or changes nothing."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.checksums import Checksums, Signals
from gameroom.lockstep.pace import WINDOW_REPORTS, PacePolicy, Pacer
from gameroom.lockstep.packets import Checksum, Command, SignalReport
from gameroom.lockstep.turns import Taken, Turns

ANN, BOB, CID = 0, 1, 2
GO = [(0, Command("go"))]


def playing() -> Turns:
    """The open turn is 3, of which ann was heard, and the window ends before 6."""
    turns = Turns(window=3)
    for generation in (1, 2, 3):
        turns.take(ANN, generation, [])
    for _ in range(2):
        turns.close([ANN, BOB])
    return turns


@pytest.mark.parametrize("generation", range(1, 9))
@pytest.mark.parametrize("seat", [ANN, BOB])
def test_a_packet_is_kept_as_the_long_way_keeps_it_or_not_at_all(
    seat: int, generation: int
) -> None:
    short, long = playing(), playing()
    before = copy.deepcopy(short)
    if short.expects(seat, generation):
        short.keep(seat, generation, [GO[0][1]], [7])
        assert long.take(seat, generation, GO, [7]) is Taken.KEPT
        assert short.heard_by_seat() == long.heard_by_seat()
        for _ in range(3):
            assert short.close([ANN, BOB]) == long.close([ANN, BOB])
    else:
        assert short.heard_by_seat() == before.heard_by_seat()
        assert short.unheard([ANN, BOB]) == before.unheard([ANN, BOB])


def kept(turns: Turns, seat: int) -> list[int]:
    """The generations whose packets are kept, of those from 1 to 8."""
    expected = []
    for generation in range(1, 9):
        if turns.expects(seat, generation):
            turns.keep(seat, generation, (), ())
            expected.append(generation)
    return expected


def test_the_next_packet_of_a_seat_is_expected() -> None:
    assert kept(playing(), ANN) == [4, 5]
    assert kept(playing(), BOB) == []
    fresh = Turns(window=3)
    assert kept(fresh, ANN) == [1, 2, 3]
    fresh.close([ANN])
    assert not fresh.expects(BOB, 1), "it is late"
    assert fresh.take(ANN, 1, GO) is Taken.REPEATED
    assert fresh.unheard([ANN, BOB]) == (BOB,)


def test_commands_and_ids_are_kept_the_short_way() -> None:
    turns = Turns(window=3)
    turns.keep(ANN, 1, [GO[0][1]], [7])
    assert turns.knows(ANN, 7)
    (held,) = turns.close([ANN]).held
    assert (held.seat, held.generation, list(held.commands), held.ids) == (ANN, 1, GO, (7,))


def reported(*reports: tuple[int, int, int]) -> Checksums:
    checksums = Checksums(window=8)
    for seat, generation, value in reports:
        checksums.report(seat, Checksum(generation, value), closed=9)
    return checksums


def test_a_report_waits_until_its_verdict() -> None:
    checksums = reported((ANN, 1, 5))
    assert not Checksums(window=8).has_reports
    assert checksums.has_reports
    checksums.judge([ANN], closed=1)
    assert not checksums.has_reports


def test_a_seat_is_on_trial_from_the_quarantine_to_the_release() -> None:
    checksums = Checksums(window=8)
    assert not checksums.has_trials
    checksums.quarantine(ANN, since=1)
    assert checksums.has_trials
    assert not checksums.keep(BOB, None, closed=9)
    checksums.release(ANN)
    assert not checksums.has_trials
    assert checksums.keep(BOB, None, closed=9)


@pytest.mark.parametrize(
    "reports",
    [
        [(ANN, 1, 5), (BOB, 1, 6)],
        [(ANN, 1, 5), (ANN, 2, 6), (BOB, 2, 7)],
    ],
)
def test_nothing_is_kept_while_reports_differ(reports: list[tuple[int, int, int]]) -> None:
    assert not reported(*reports).keep(CID, None, closed=9)
    assert not reported(*reports).keep(CID, Checksum(1, 5), closed=9)


def judged() -> Checksums:
    """Turn 1 has its verdict, and ann has reported turn 2."""
    checksums = reported((ANN, 1, 5), (ANN, 2, 6), (BOB, 1, 5))
    assert checksums.judge([ANN, BOB], closed=1) == Checksum(1, 5)
    return checksums


@pytest.mark.parametrize(
    ("seat", "checksum", "why"),
    [
        (CID, Checksum(1, 9), "too late to count"),
        (ANN, Checksum(1, 9), "too late to count"),
        (CID, Checksum(10, 9), "too early to count"),
        (CID, Checksum(2, 6), "equal to that of ann"),
        (BOB, Checksum(3, 7), "the first of its turn"),
        (ANN, Checksum(3, 6), "the next one of ann"),
        (BOB, None, "none in this packet"),
    ],
)
def test_a_report_without_a_dispute_is_kept_as_the_long_way_keeps_it(
    seat: int, checksum: Checksum | None, why: str
) -> None:
    short, long = judged(), judged()
    assert short.keep(seat, checksum, closed=9), why
    if checksum is not None:
        long.report(seat, checksum, closed=9)
    assert short == long


@pytest.mark.parametrize(
    ("seat", "checksum", "why"),
    [
        (BOB, Checksum(2, 7), "ann reported another value"),
        (ANN, Checksum(2, 6), "ann has reported it before"),
    ],
)
def test_other_reports_change_nothing(seat: int, checksum: Checksum, why: str) -> None:
    checksums = judged()
    assert not checksums.keep(seat, checksum, closed=9), why
    assert checksums == judged()


def test_a_signal_waits_while_it_can_be_agreed_on() -> None:
    signals = Signals(window=2, per_generation_max=4)
    assert not signals.has_reports
    signals.report(ANN, SignalReport(3, "won", {}), closed=3)
    assert signals.has_reports
    signals.agreed([ANN, BOB], {"won": "all"}, closed=5)
    assert not signals.has_reports


# -- the pace ------------------------------------------------------------------------------------

AUTO = PacePolicy(tick=20, turn_low=100, turn_high=500, ahead=None)


@given(st.lists(st.integers(1, 900), min_size=2 * WINDOW_REPORTS, max_size=3 * WINDOW_REPORTS))
def test_what_is_kept_sorted_is_what_sorting_the_window_gives(latencies: list[int]) -> None:
    pacer = Pacer(AUTO)
    for count, latency in enumerate(latencies, 1):
        pacer.report(ANN, latency, 60)
        window = latencies[max(0, count - WINDOW_REPORTS) : count]
        steps = sorted(abs(after - before) for before, after in pairwise(window))
        if count >= WINDOW_REPORTS:
            assert pacer.latency(ANN) == sorted(window)[-3] + steps[(len(steps) - 1) // 2]
