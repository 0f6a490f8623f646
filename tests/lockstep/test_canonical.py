"""Bounds of the hash and of the generator; tests/twins compares their values with kit.js."""

import pytest

from gameroom.lockstep.canonical import DEPTH_MAX, NotCanonicalError, canonical, hash32
from gameroom.lockstep.random import WORD, Random


def nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


def test_an_integer_is_hashed_as_four_bytes() -> None:
    assert hash32([-1]) == hash32([2**32 - 1]) == hash32(b"\xff\xff\xff\xff")
    assert hash32([-(2**31)]) == hash32([2**31]) == hash32(b"\0\0\0\x80")


@pytest.mark.parametrize("number", [-(2**31) - 1, 2**32])
def test_an_integer_that_does_not_fit_four_bytes_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="item 1 is"):
        hash32([0, number])


def test_the_seed_of_a_hash_counts_with_its_lowest_32_bits() -> None:
    assert hash32(b"a", 2**32 + 5) == hash32(b"a", 5) != hash32(b"a")


def test_a_value_may_be_as_deep_as_the_bound_and_no_deeper() -> None:
    assert canonical(nested(DEPTH_MAX)) == b"[" * DEPTH_MAX + b"0" + b"]" * DEPTH_MAX
    with pytest.raises(NotCanonicalError, match=f"deeper than {DEPTH_MAX}"):
        canonical(nested(DEPTH_MAX + 1))
    with pytest.raises(NotCanonicalError, match=f"deeper than {DEPTH_MAX}"):
        canonical({"a": nested(DEPTH_MAX)})


def test_every_lone_surrogate_is_refused() -> None:
    assert canonical("\ud7ff\ue000") == '"\ud7ff\ue000"'.encode()
    for code in (0xD800, 0xDFFF):
        with pytest.raises(NotCanonicalError, match="surrogate"):
            canonical(chr(code))


def test_between_gives_both_ends_and_nothing_else() -> None:
    random = Random(1)
    assert {random.between(3, 5) for _ in range(60)} == {3, 4, 5}
    assert {random.between(-1, 0) for _ in range(60)} == {-1, 0}
    assert random.between(7, 7) == 7


def test_a_generator_continues_from_any_four_words() -> None:
    assert Random().restore([0, WORD - 1, 0, 1]).state() == [0, WORD - 1, 0, 1]


@pytest.mark.parametrize("words", [[-1, 0, 0, 0], [0, 0, 0, WORD], [0] * 3, [0] * 5])
def test_what_is_not_four_words_is_refused(words: list[int]) -> None:
    with pytest.raises(ValueError, match="four uint32"):
        Random().restore(words)


def test_the_bounds_of_a_seed_and_of_below() -> None:
    assert Random(2**53 - 1).state() != Random(2**53 - 2).state()
    assert Random(1).below(WORD) == Random(1).next()
    assert Random(1).below(1) == 0


def test_each_item_can_be_picked_and_every_number_below() -> None:
    random = Random(1)
    assert {random.pick("abc") for _ in range(60)} == {"a", "b", "c"}
    assert {random.below(3) for _ in range(60)} == {0, 1, 2}


def test_a_number_that_would_make_some_more_likely_is_drawn_again() -> None:
    """2^32 - 1 is not a multiple of 3 away from 2^32, and this state gives it first."""
    state = [WORD - 1, 0, 5, 0]
    plain = Random().restore(state)
    assert [plain.next(), plain.next() % 3] == [WORD - 1, Random().restore(state).below(3)]
