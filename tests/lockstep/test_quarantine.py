"""A seat whose engine begins again: it has no vote until it agrees with the others, and a seat
that is vacated is forgotten."""

import pytest

from gameroom.lockstep.checksums import Checksums, without
from gameroom.lockstep.packets import Checksum, Diverged

ANN, BOB, CID = 0, 1, 2
ALL = (ANN, BOB, CID)


def said(checksums: Checksums, generation: int, **values: int) -> Checksum | Diverged | None:
    """What ann, bob and cid report of a closed generation, and the verdict."""
    for name, value in values.items():
        seat = {"ann": ANN, "bob": BOB, "cid": CID}[name]
        checksums.report(seat, Checksum(generation, value), closed=generation)
    return checksums.judge((ANN, BOB), closed=generation)


def quarantined(window: int = 8) -> Checksums:
    """cid begins again after generation 4."""
    checksums = Checksums(window=window)
    checksums.quarantine(CID, since=4)
    return checksums


def test_a_seat_in_quarantine_has_no_vote() -> None:
    assert said(quarantined(), 5, ann=7, bob=7, cid=1) == Checksum(5, 7)


def test_it_is_healed_when_it_agrees_and_votes_again() -> None:
    checksums = quarantined()
    said(checksums, 5, ann=7, bob=7, cid=1)
    assert checksums.healed() == ()
    said(checksums, 6, ann=8, bob=8, cid=8)
    assert checksums.healed() == (CID,)
    assert checksums.healed() == (), "it is said once"
    again = said(checksums, 7, ann=9, bob=9, cid=1)
    assert again == Diverged(7, (CID,), True, {ANN: 9, BOB: 9, CID: 1})


def test_one_equal_generation_among_others_is_enough() -> None:
    checksums = quarantined()
    said(checksums, 5, ann=7, bob=7, cid=7)
    said(checksums, 6, ann=8, bob=8, cid=1)
    assert checksums.healed() == (CID,)


@pytest.mark.parametrize(
    ("generation", "closed", "healed"), [(4, 6, ()), (5, 6, (CID,)), (6, 6, (CID,)), (6, 5, ())]
)
def test_only_what_comes_after_the_beginning_and_is_closed_heals(
    generation: int, closed: int, healed: tuple[int, ...]
) -> None:
    checksums = quarantined()
    checksums.report(CID, Checksum(generation, 7), closed=closed)
    for seat in (ANN, BOB):
        checksums.report(seat, Checksum(generation, 7), closed=6)
    assert checksums.judge((ANN, BOB), closed=6) == Checksum(generation, 7)
    assert checksums.healed() == healed


def test_seats_are_healed_in_their_order() -> None:
    checksums = Checksums(window=8)
    for seat in (CID, BOB):
        checksums.quarantine(seat, since=4)
    for seat in ALL:
        checksums.report(seat, Checksum(5, 7), closed=5)
    assert checksums.judge((ANN,), closed=5) == Checksum(5, 7)
    assert checksums.healed() == (BOB, CID)


def test_what_was_reported_before_the_quarantine_is_forgotten() -> None:
    checksums = Checksums(window=8)
    checksums.report(CID, Checksum(5, 1), closed=5)
    checksums.quarantine(CID, since=4)
    assert said(checksums, 5, ann=7, bob=7) == Checksum(5, 7)
    assert checksums.healed() == ()


def test_a_second_quarantine_begins_from_scratch() -> None:
    checksums = quarantined()
    said(checksums, 5, ann=7, bob=7, cid=7)
    checksums.quarantine(CID, since=5)
    assert checksums.healed() == ()


def test_after_a_release_without_agreement_the_seat_votes() -> None:
    checksums = quarantined()
    checksums.release(CID)
    checksums.release(ANN)
    assert isinstance(said(checksums, 5, ann=7, bob=7, cid=1), Diverged)


def test_only_the_latest_reports_of_a_seat_in_quarantine_are_kept() -> None:
    checksums = quarantined(window=2)
    for generation in (5, 6, 7):
        checksums.report(CID, Checksum(generation, generation), closed=7)
    for generation in (5, 6):
        said(checksums, generation, ann=generation, bob=generation)
    assert checksums.healed() == (CID,), "the reports of 6 and 7 are kept"
    checksums = quarantined(window=2)
    for generation in (5, 6, 7):
        checksums.report(CID, Checksum(generation, generation), closed=7)
    said(checksums, 5, ann=5, bob=5)
    assert checksums.healed() == ()


def test_only_the_latest_agreements_are_kept() -> None:
    checksums = Checksums(window=2)
    for generation in (1, 2, 3):
        said(checksums, generation, ann=7, bob=7)
    assert checksums.agreed_before(9) == Checksum(3, 7)
    assert checksums.agreed_before(3) == Checksum(2, 7)
    assert checksums.agreed_before(2) is None


# -- a standing divergence ------------------------------------------------------------------------


def standing(**values: int) -> Checksums:
    checksums = Checksums(window=8)
    for seat in ALL:
        checksums.report(seat, Checksum(5, [*values.values()][seat]), closed=5)
    found = checksums.judge(ALL, closed=5)
    assert isinstance(found, Diverged)
    checksums.standing = found
    return checksums


def test_a_verdict_without_a_vacated_seat() -> None:
    verdict = Diverged(5, (BOB, CID), True, {ANN: 1, BOB: 2, CID: 3})
    assert without(verdict, CID) == Diverged(5, (BOB,), True, {ANN: 1, BOB: 2})


def test_a_seat_differs_while_two_of_the_verdict_do() -> None:
    checksums = standing(ann=1, bob=1, cid=2)
    assert checksums.differs(CID)
    assert checksums.differs(ANN)
    checksums.vacate(CID)
    assert not checksums.differs(ANN)
    assert not checksums.differs(BOB)


def test_a_seat_that_is_not_in_the_verdict_differs_from_it() -> None:
    checksums = standing(ann=1, bob=1, cid=2)
    checksums.vacate(CID)
    assert checksums.differs(CID)
    assert Checksums(window=8).differs(ANN)


def test_two_that_still_differ_go_on_differing_after_a_third_left() -> None:
    checksums = standing(ann=1, bob=2, cid=3)
    checksums.vacate(CID)
    assert checksums.differs(ANN)


def test_a_seat_is_vacated_where_no_divergence_stands() -> None:
    checksums = Checksums(window=8)
    checksums.report(CID, Checksum(5, 1), closed=5)
    checksums.vacate(CID)
    assert checksums.standing is None
    assert said(checksums, 5, ann=7, bob=7) == Checksum(5, 7)


# -- forgetting -----------------------------------------------------------------------------------


def test_a_forgotten_seat_leaves_the_quarantine() -> None:
    checksums = quarantined()
    said(checksums, 5, ann=7, bob=7, cid=7)
    checksums.forget(CID)
    assert checksums.healed() == ()


def test_a_generation_that_only_a_forgotten_seat_reported_has_no_verdict() -> None:
    checksums = Checksums(window=8)
    checksums.report(CID, Checksum(5, 1), closed=5)
    checksums.forget(CID)
    assert checksums.judge((), closed=5) is None
    assert checksums.judged == 0


def test_after_it_was_forgotten_a_seat_is_waited_for_again() -> None:
    """What it had passed over is no longer known: somebody else may sit there."""
    checksums = Checksums(window=8)
    checksums.report(CID, Checksum(6, 1), closed=6)
    checksums.forget(CID)
    for seat in (ANN, BOB):
        checksums.report(seat, Checksum(5, 7), closed=6)
    assert checksums.judge(ALL, closed=6) is None
