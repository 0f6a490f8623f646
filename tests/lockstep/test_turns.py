"""One packet per seat and generation; no command is lost or doubled."""

from gameroom.lockstep.packets import Command, Late
from gameroom.lockstep.turns import HOLES_MAX, SKIPPED_MAX, Held, Taken, Turns

A, B = 0, 1


def said(*names: str) -> list[tuple[int, Command]]:
    return [(index, Command(name)) for index, name in enumerate(names)]


def names(held: tuple[Held, ...]) -> list[tuple[int, list[str]]]:
    return [(one.seat, [command.name for _, command in one.commands]) for one in held]


def test_a_turn_holds_the_packets_in_seat_order() -> None:
    turns = Turns(window=4)
    assert turns.take(B, 1, said("b")) is Taken.KEPT
    assert turns.unheard([A, B]) == (A,)
    assert turns.take(A, 1, said("a")) is Taken.KEPT
    assert turns.unheard([A, B]) == ()
    closed = turns.close([A, B])
    assert closed.generation == 1
    assert names(closed.held) == [(A, ["a"]), (B, ["b"])]
    assert closed.absent == ()
    assert turns.open == 2


def test_a_repeated_packet_counts_once() -> None:
    turns = Turns(window=4)
    turns.take(A, 1, said("first"))
    assert turns.take(A, 1, said("second")) is Taken.REPEATED
    assert names(turns.close([A]).held) == [(A, ["first"])]


def test_a_packet_for_a_closed_turn_is_not_taken_again() -> None:
    turns = Turns(window=4)
    turns.take(A, 1, said("go"))
    turns.close([A])
    assert turns.take(A, 1, said("go")) is Taken.REPEATED
    assert turns.close([A]).held == ()


def test_packets_ahead_wait_for_their_turn() -> None:
    turns = Turns(window=4)
    turns.take(A, 1, said("one"))
    turns.take(A, 3, said("three"))
    assert names(turns.close([A]).held) == [(A, ["one"])]
    assert turns.close([A]).absent == (A,)
    assert names(turns.close([A]).held) == [(A, ["three"])]


def test_a_packet_that_was_refused_whole_can_still_come() -> None:
    turns = Turns(window=4)
    turns.take(A, 2, said("two"))
    assert turns.take(A, 1, said("one")) is Taken.KEPT
    assert turns.take(A, 1, said("one")) is Taken.REPEATED
    assert names(turns.close([A]).held) == [(A, ["one"])]
    assert names(turns.close([A]).held) == [(A, ["two"])]


def test_a_hole_is_filled_late_and_once() -> None:
    turns = Turns(window=4)
    turns.take(A, 2, said())
    turns.close([A])
    assert turns.take(A, 1, said("one")) is Taken.LATE
    assert turns.take(A, 1, said("one")) is Taken.REPEATED
    assert turns.close([A]).late == (Late(A, 1),)


def test_after_a_restart_the_same_packets_are_known() -> None:
    turns = Turns(window=4)
    for generation, present, late in ((1, [A], []), (2, [], []), (3, [A], []), (4, [A], [])):
        turns.fold(generation, present, late)
    turns.fold(5, [A], [Late(A, 2)])
    assert turns.heard == {A: 5}
    for generation in range(1, 6):
        assert turns.take(A, generation, said("again")) is Taken.REPEATED
    turns.fold(6, [], [])
    turns.fold(7, [A], [])
    assert turns.open == 8
    assert turns.take(A, 6, said("never heard")) is Taken.LATE


def test_only_so_many_holes_are_kept() -> None:
    turns = Turns(window=1000)
    turns.take(A, 900, said())
    assert turns.take(A, 900 - HOLES_MAX - 1, said("old")) is Taken.SKIPPED
    for hole in (900 - HOLES_MAX, 900 - HOLES_MAX + 1):
        assert turns.take(A, hole, said("newer")) is Taken.KEPT
        assert turns.take(A, hole, said("newer")) is Taken.REPEATED


def test_whoever_sends_a_later_packet_first_learns_which_commands_are_lost() -> None:
    turns = Turns(window=1000)
    turns.take(A, 1, said("one"))
    turns.take(A, 300, said("first back"))
    turns.take(A, 600, said("and again"))
    for lost in (2, 299, 301, 535):
        assert turns.take(A, lost, said("old")) is Taken.SKIPPED
        assert turns.take(A, lost, said()) is Taken.REPEATED, "nothing is lost with it"
    for heard in (1, 300, 600):
        assert turns.take(A, heard, said("known")) is Taken.REPEATED
    assert turns.take(A, 599, said("a hole")) is Taken.KEPT
    again = Turns.resumed(1000, turns.open, turns.heard_by_seat())
    assert again.take(A, 2, said("old")) is Taken.SKIPPED
    assert again.take(A, 599, said("known")) is Taken.REPEATED
    turns.forget(A)
    assert turns.take(A, 2, said("theirs")) is Taken.KEPT
    assert turns.take(A, 2, said("theirs")) is Taken.REPEATED


def test_what_was_skipped_is_known_exactly() -> None:
    for generation, skipped in (
        (1, ()),
        (HOLES_MAX + 1, ()),
        (HOLES_MAX + 2, ((1, 1),)),
        (HOLES_MAX + 5, ((1, 4),)),
    ):
        turns = Turns(window=1000)
        turns.take(A, generation, said())
        assert turns.heard_by_seat()[0].skipped == skipped


def test_a_hole_that_falls_too_far_back_is_skipped() -> None:
    turns = Turns(window=1000)
    for generation in range(2, 4 * HOLES_MAX, 2):
        turns.take(A, generation, said())
    last = min(turns.heard_by_seat()[0].holes) - 2
    assert turns.take(A, last, said("old")) is Taken.SKIPPED


def test_a_hole_is_kept_as_long_as_it_is_near_enough() -> None:
    turns = Turns(window=1000)
    for generation in range(2, 2 * HOLES_MAX + 1, 2):
        turns.take(A, generation, said())
    assert turns.heard_by_seat()[0].holes[0] == 1
    turns.take(A, 2 * HOLES_MAX + 3, said())
    (heard,) = turns.heard_by_seat()
    assert heard.holes[0] == heard.highest - HOLES_MAX + 2
    assert heard.skipped[-1] == (HOLES_MAX + 3, HOLES_MAX + 3)


def test_only_the_latest_skipped_ranges_are_remembered() -> None:
    turns = Turns(window=100_000)
    for generation in range(100, 100 * (SKIPPED_MAX + 5), 100):
        turns.take(A, generation, said())
    assert len(turns.heard_by_seat()[0].skipped) == SKIPPED_MAX
    assert turns.take(A, 1, said("long ago")) is Taken.REPEATED


def test_a_packet_beyond_the_window_is_early_and_can_be_sent_again() -> None:
    turns = Turns(window=2)
    assert turns.take(A, 3, said("soon")) is Taken.EARLY
    turns.close([A])
    assert turns.take(A, 3, said("soon")) is Taken.KEPT


def test_late_commands_ride_in_the_open_turn_before_its_own() -> None:
    turns = Turns(window=4)
    assert turns.close([A, B]).absent == (A, B)
    assert turns.take(A, 1, said("late")) is Taken.LATE
    turns.take(A, 2, said("in time"))
    closed = turns.close([A, B])
    assert names(closed.held) == [(A, ["late"]), (A, ["in time"])]
    assert closed.late == (Late(A, 1),)
    assert closed.absent == (B,)


def test_a_late_packet_without_commands_leaves_no_mark() -> None:
    turns = Turns(window=4)
    turns.close([A])
    assert turns.take(A, 1, said()) is Taken.LATE
    assert turns.close([A]).late == ()


def test_a_new_person_on_a_vacated_seat_starts_from_nothing() -> None:
    turns = Turns(window=4)
    turns.take(A, 1, said("mine"))
    turns.take(A, 2, said("mine too"))
    turns.take(A, 4, said("mine, ahead"))
    turns.forget(A)
    assert turns.take(A, 1, said("theirs")) is Taken.KEPT
    assert turns.heard_by_seat()[0].holes == ()
    assert names(turns.close([A]).held) == [(A, ["theirs"])]
    assert turns.close([A]).held == ()


def test_the_late_commands_of_a_vacated_seat_are_nobody_s() -> None:
    turns = Turns(window=4)
    turns.close([A])
    assert turns.take(A, 1, said("late")) is Taken.LATE
    turns.forget(A)
    assert turns.close([A]).held == ()


def test_the_ids_of_a_seat_s_commands_are_known_until_it_is_vacated() -> None:
    turns = Turns(window=4)
    turns.take(A, 2, said("two"), [22])
    turns.close([A, B])
    turns.take(A, 1, said("late"), [11])
    assert turns.take(A, 9, said("early"), [99]) is Taken.EARLY
    assert [one for one in (11, 22, 99) if turns.knows(A, one)] == [11, 22]
    assert not turns.knows(B, 22)
    assert turns.close([A, B]).ids == ((A, 11), (A, 22))
    again = Turns.resumed(4, turns.open, turns.heard_by_seat())
    assert again.knows(A, 11)
    again.fold(3, [A], [], [(A, 33)])
    assert again.knows(A, 33)
    again.forget(A)
    assert not again.knows(A, 33)
