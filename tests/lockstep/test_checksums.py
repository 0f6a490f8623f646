"""Verdicts by majority; signals by agreement."""

from gameroom.lockstep.checksums import Checksums, Signals, verdict
from gameroom.lockstep.packets import Checksum, Diverged, SignalReport

ANN, BOB, CID = 0, 1, 2


def test_equal_checksums_agree() -> None:
    assert verdict(7, {ANN: 5, BOB: 5}) == Checksum(7, 5)


def test_two_that_differ_are_undecidable_and_both_are_named() -> None:
    assert verdict(7, {ANN: 5, BOB: 6}) == Diverged(7, (ANN, BOB), False, {ANN: 5, BOB: 6})


def test_the_minority_is_named() -> None:
    found = verdict(7, {ANN: 5, BOB: 6, CID: 5})
    assert isinstance(found, Diverged)
    assert found.decidable
    assert found.seats == (BOB,)


def test_half_is_no_majority() -> None:
    found = verdict(7, {0: 5, 1: 5, 2: 6, 3: 7})
    assert isinstance(found, Diverged)
    assert not found.decidable
    assert found.seats == (0, 1, 2, 3)


def test_a_verdict_waits_for_everybody_who_is_expected() -> None:
    checksums = Checksums(window=4)
    checksums.report(ANN, Checksum(1, 5), closed=2)
    assert checksums.judge([ANN, BOB], closed=2) is None
    checksums.report(BOB, Checksum(1, 5), closed=2)
    assert checksums.judge([ANN, BOB], closed=2) == Checksum(1, 5)
    assert checksums.judge([ANN, BOB], closed=2) is None


def test_after_the_window_those_who_reported_are_compared() -> None:
    checksums = Checksums(window=4)
    checksums.report(ANN, Checksum(1, 5), closed=2)
    checksums.report(BOB, Checksum(1, 6), closed=2)
    assert checksums.judge([ANN, BOB, CID], closed=4) is None
    assert isinstance(checksums.judge([ANN, BOB, CID], closed=5), Diverged)


def test_a_report_cannot_be_taken_back_or_come_from_the_future() -> None:
    checksums = Checksums(window=4)
    checksums.report(ANN, Checksum(1, 5), closed=1)
    checksums.report(ANN, Checksum(1, 6), closed=1)
    checksums.report(ANN, Checksum(2, 9), closed=1)
    checksums.report(BOB, Checksum(1, 5), closed=1)
    assert checksums.judge([ANN, BOB], closed=1) == Checksum(1, 5)
    assert checksums.judge([ANN], closed=2) is None


def test_a_report_after_the_verdict_is_not_heard() -> None:
    checksums = Checksums(window=4)
    checksums.report(ANN, Checksum(1, 5), closed=1)
    assert checksums.judge([ANN], closed=1) == Checksum(1, 5)
    checksums.report(BOB, Checksum(1, 6), closed=1)
    assert checksums.judge([ANN, BOB], closed=9) is None


def test_a_generation_is_judged_once() -> None:
    checksums = Checksums(window=4)
    for expected in (Checksum(1, 5), None):
        for seat in (ANN, BOB):
            checksums.report(seat, Checksum(1, 5), closed=1)
        assert checksums.judge([ANN, BOB], closed=1) == expected
    assert checksums.judged == 1


WON = SignalReport(3, "won", {"by": "ann"})
LOST = SignalReport(3, "won", {"by": "bob"})


def test_a_signal_agreed_by_all_needs_all_with_the_same_body() -> None:
    signals = Signals(window=8, per_generation_max=4)
    signals.report(ANN, WON, closed=4)
    signals.report(BOB, LOST, closed=4)
    assert signals.agreed([ANN, BOB], {"won": "all"}, closed=4) == ()
    signals.report(BOB, WON, closed=4)
    assert signals.agreed([ANN, BOB], {"won": "all"}, closed=4) == (WON,)


def test_all_are_more_than_a_majority() -> None:
    signals = Signals(window=8, per_generation_max=4)
    for seat in (ANN, BOB):
        signals.report(seat, WON, closed=4)
    assert signals.agreed([ANN, BOB, CID], {"won": "all"}, closed=4) == ()


def test_a_signal_is_agreed_on_once() -> None:
    signals = Signals(window=8, per_generation_max=4)
    for _ in range(2):
        signals.report(ANN, WON, closed=4)
    assert signals.agreed([ANN], {"won": "all"}, closed=4) == (WON,)
    signals.report(ANN, WON, closed=5)
    assert signals.agreed([ANN], {"won": "all"}, closed=5) == ()


def test_a_majority_is_more_than_half() -> None:
    signals = Signals(window=8, per_generation_max=4)
    signals.report(ANN, WON, closed=4)
    assert signals.agreed([ANN, BOB], {"won": "majority"}, closed=4) == ()
    signals.report(CID, WON, closed=4)
    assert signals.agreed([ANN, BOB, CID], {"won": "majority"}, closed=4) == (WON,)


def test_nobody_agrees_on_nothing() -> None:
    signals = Signals(window=8, per_generation_max=4)
    signals.report(ANN, WON, closed=4)
    assert signals.agreed([], {"won": "all"}, closed=4) == ()


def test_signals_outside_the_window_or_too_many_are_not_kept() -> None:
    signals = Signals(window=8, per_generation_max=1)
    signals.report(ANN, WON, closed=11)
    signals.report(ANN, WON, closed=2)
    assert signals.agreed([ANN], {"won": "all"}, closed=4) == ()
    signals.report(ANN, WON, closed=4)
    signals.report(ANN, LOST, closed=4)
    assert signals.agreed([ANN], {"won": "all"}, closed=4) == (WON,)


def test_a_signal_outside_the_window_is_forgotten_with_those_who_agreed() -> None:
    signals = Signals(window=2, per_generation_max=4)
    signals.report(ANN, WON, closed=4)
    assert signals.agreed([ANN], {"won": "all"}, closed=4) == (WON,)
    later = SignalReport(5, "won", {"by": "ann"})
    signals.report(ANN, later, closed=5)
    assert signals.agreed([ANN], {"won": "all"}, closed=5) == (later,)
    assert list(signals._raised) == list(signals._agreed) == [5]


def test_a_signal_has_the_window_and_no_longer() -> None:
    signals = Signals(window=2, per_generation_max=4)
    signals.report(ANN, WON, closed=5)
    assert signals.agreed([ANN], {"won": "all"}, closed=4) == ()
    signals.report(ANN, WON, closed=4)
    assert signals.agreed([ANN], {"won": "all"}, closed=5) == ()


def test_the_signal_of_a_vacated_seat_does_not_count() -> None:
    signals = Signals(window=8, per_generation_max=4)
    signals.report(ANN, WON, closed=4)
    signals.report(BOB, WON, closed=4)
    signals.forget(BOB)
    assert signals.agreed([ANN, BOB], {"won": "all"}, closed=4) == ()
    assert signals.agreed([ANN], {"won": "all"}, closed=4) == (WON,)


def test_signals_are_agreed_on_in_the_order_of_generation_and_name() -> None:
    signals = Signals(window=8, per_generation_max=4)
    drawn, earlier = SignalReport(3, "drawn", {}), SignalReport(2, "won", {})
    for one in (WON, drawn, earlier):
        signals.report(ANN, one, closed=4)
    by = {"won": "all", "drawn": "all"}
    assert signals.agreed([ANN], by, closed=4) == (earlier, drawn, WON)


def test_less_than_half_of_the_expected_agree_on_nothing() -> None:
    """After the window one report of three would be a majority of itself."""
    checksums = Checksums(window=4)
    checksums.report(0, Checksum(1, 666), closed=1)
    assert checksums.judge((0, 1, 2), closed=5) is None
    checksums.report(1, Checksum(1, 7), closed=5)
    assert checksums.judge((0, 1, 2), closed=6) is None, "it is too late for that generation"
    for seat in (0, 1):
        checksums.report(seat, Checksum(6, 7), closed=6)
    assert checksums.judge((0, 1, 2), closed=10) == Checksum(6, 7)


def test_three_of_five_are_enough_after_the_window() -> None:
    checksums = Checksums(window=4)
    for seat in (0, 1, 2):
        checksums.report(seat, Checksum(1, 7), closed=1)
    assert checksums.judge(range(5), closed=4) is None
    assert checksums.judge(range(5), closed=5) == Checksum(1, 7)


def test_half_of_the_expected_agree_on_nothing() -> None:
    checksums = Checksums(window=4)
    for seat in (0, 1):
        checksums.report(seat, Checksum(1, 7), closed=1)
    assert checksums.judge((0, 1, 2, 3), closed=5) is None


def test_a_seat_with_its_most_signals_can_still_join_one_of_others() -> None:
    signals = Signals(window=8, per_generation_max=1)
    signals.report(ANN, WON, closed=4)
    signals.report(BOB, LOST, closed=4)
    signals.report(BOB, WON, closed=4)
    assert signals.agreed([ANN, BOB], {"won": "all"}, closed=4) == (WON,)


def test_the_order_of_fields_does_not_make_another_signal() -> None:
    signals = Signals(window=8, per_generation_max=4)
    signals.report(ANN, SignalReport(3, "won", {"by": "ann", "points": 2}), closed=4)
    signals.report(BOB, SignalReport(3, "won", {"points": 2, "by": "ann"}), closed=4)
    assert len(signals.agreed([ANN, BOB], {"won": "all"}, closed=4)) == 1


def test_a_generation_that_one_has_passed_over_holds_no_later_one_up() -> None:
    checksums = Checksums(window=32)
    for seat, generation in ((0, 1), (0, 2), (0, 3), (1, 1), (1, 3)):
        checksums.report(seat, Checksum(generation, 7), closed=5)
    checksums.report(2, Checksum(3, 8), closed=5)
    agreed = checksums.judge((0, 1, 2), closed=5)
    assert agreed == Checksum(1, 7), "two of three, and the third will not report it any more"
    verdict = checksums.judge((0, 1, 2), closed=5)
    assert isinstance(verdict, Diverged)
    assert (verdict.generation, verdict.seats) == (3, (2,))
