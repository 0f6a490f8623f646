"""Which commands of a seat were taken: the last ones, by their ids."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.ids import IDS_MAX, Ids


def remembered(added: Iterable[int]) -> Ids:
    ids = Ids()
    for one in added:
        ids.add(one)
    return ids


def test_what_was_added_is_known_and_nothing_else() -> None:
    ids = remembered((1, 2**53 - 1))
    assert 1 in ids
    assert 2**53 - 1 in ids
    assert 2 not in ids
    assert len(ids) == 2
    assert len(Ids()) == 0


@given(st.lists(st.integers(1, 2**53 - 1), max_size=40), st.integers(1, 2**53 - 1))
def test_the_bytes_of_two_ids_are_no_third_one(added: list[int], other: int) -> None:
    """Bytes that begin in one id and end in the next say nothing."""
    ids = remembered(added)
    assert all(one in ids for one in added)
    shifted = {(one << bits) % 2**53 for one in added for bits in (7, 14, 21, 28, 35, 42, 49)}
    alike = {one ^ 1 << bit for one in added for bit in range(53)}
    for one in {other, *shifted, *alike} - {0}:
        assert (one in ids) == (one in added)


def test_only_the_latest_are_known() -> None:
    """Also when all have been replaced several times."""
    ids = remembered(range(1, 5 * IDS_MAX + 1))
    assert len(ids) == IDS_MAX
    known = [one for one in range(1, 5 * IDS_MAX + 10) if one in ids]
    assert known == list(range(4 * IDS_MAX + 1, 5 * IDS_MAX + 1))


def test_most_new_ids_are_told_apart_without_a_search() -> None:
    """Whatever came before: marks of ids that are forgotten do not pile up."""
    ids = remembered(one * 0x9E3779B97F4A7 % 2**53 + 1 for one in range(20 * IDS_MAX))
    marks = sum(byte.bit_count() for byte in ids._marks)
    assert marks <= 2 * IDS_MAX < len(ids._marks) * 8 // 4


@given(st.lists(st.integers(1, 2**53 - 1), max_size=40))
def test_the_text_says_all(added: list[int]) -> None:
    again = Ids(remembered(added).text())
    assert again.text() == remembered(added).text()
    assert len(again) == len(added)
    assert all(one in again for one in added)
    again.add(7)
    assert 7 in again


@pytest.mark.parametrize(
    "text",
    [
        "8",
        "80",
        "0000000000000001",
        "8000000000000081",
        "800000000000000g",
        "8000000000000001 ",
        "8000000000000001" * (IDS_MAX + 1),
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the ids of commands cannot be read"):
        Ids(text)
