"""Which commands of a seat were taken: the last ones, by their ids."""

from gameroom.lockstep.ids import IDS_MAX, Ids


def test_what_was_added_is_known_and_nothing_else() -> None:
    ids = Ids((1, 2**53 - 1))
    assert 1 in ids
    assert 2**53 - 1 in ids
    assert 2 not in ids
    assert ids.listed() == (1, 2**53 - 1)


def test_the_bytes_of_two_ids_are_no_third_one() -> None:
    """Eight bytes that begin in one id and end in the next say nothing."""
    ids = Ids((0x01_00, 0x02_00, 0x01_02))
    assert 0x01_00_00 not in ids
    assert 0x02 not in ids
    assert 0x01_02 in ids, "its bytes begin in the one before it too"


def test_only_the_latest_are_known() -> None:
    ids = Ids(range(1, IDS_MAX + 1))
    assert 1 in ids
    ids.add(IDS_MAX + 1)
    assert 1 not in ids
    assert ids.listed() == tuple(range(2, IDS_MAX + 2))
