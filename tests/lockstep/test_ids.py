"""Which commands of a seat were taken: the last ones, by their ids."""

from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.ids import IDS_MAX, Ids


def test_what_was_added_is_known_and_nothing_else() -> None:
    ids = Ids((1, 2**53 - 1))
    assert 1 in ids
    assert 2**53 - 1 in ids
    assert 2 not in ids
    assert ids.listed() == (1, 2**53 - 1)


@given(st.lists(st.integers(1, 2**53 - 1), max_size=40), st.integers(1, 2**53 - 1))
def test_the_bytes_of_two_ids_are_no_third_one(added: list[int], other: int) -> None:
    """Bytes that begin in one id and end in the next say nothing."""
    ids = Ids(added)
    assert ids.listed() == tuple(added)
    assert all(one in ids for one in added)
    shifted = {(one << bits) % 2**53 for one in added for bits in (7, 14, 21, 28, 35, 42, 49)}
    for one in {other, *shifted} - {0}:
        assert (one in ids) == (one in added)


def test_only_the_latest_are_known() -> None:
    ids = Ids(range(1, IDS_MAX + 1))
    assert 1 in ids
    ids.add(IDS_MAX + 1)
    assert 1 not in ids
    assert ids.listed() == tuple(range(2, IDS_MAX + 2))
