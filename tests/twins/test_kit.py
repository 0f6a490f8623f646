"""The Python twins of the kit give the answers of tests/vectors/kit.json, as kit.js does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.canonical import NotCanonicalError, canonical, checksum, hash32
from gameroom.lockstep.random import Random, atan2, cos, isqrt, sin
from gameroom.model.builtin import INHERITED

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "kit.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", VECTORS["random"], ids=lambda v: str(v["seed"]))
def test_a_seed_gives_the_same_numbers_as_in_javascript(vector: dict[str, Any]) -> None:
    random = Random(vector["seed"])
    assert [random.next() for _ in vector["next"]] == vector["next"]
    assert [[n, random.below(n)] for n, _ in vector["below"]] == vector["below"]
    assert random.shuffle(list(range(8))) == vector["shuffle"]
    assert random.state() == vector["state"]


def test_a_generator_goes_on_from_its_state() -> None:
    first = Random(42)
    first.next()
    second = Random().restore(first.state())
    assert [second.next(), second.between(3, 9)] == [first.next(), first.between(3, 9)]
    assert second.pick("abc") == first.pick("abc")


@pytest.mark.parametrize("seed", [-1, 2**53])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        Random(seed)


def test_a_bound_or_state_out_of_range_is_refused() -> None:
    for n in (0, -1, 2**32 + 1):
        with pytest.raises(ValueError, match="below"):
            Random().below(n)
    with pytest.raises(ValueError, match="four"):
        Random().restore([1, 2, 3])


def test_a_plain_value_has_the_bytes_that_it_has_in_javascript() -> None:
    for vector in VECTORS["canonical"]:
        assert canonical(vector["value"]).decode() == vector["text"]
        assert checksum(vector["value"]) == vector["checksum"]


@pytest.mark.parametrize("value", [0.5, 2**53, "\ud800", {1: 2}, {1, 2}, b"", object()])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        canonical(value)


def test_a_refusal_names_the_place() -> None:
    with pytest.raises(NotCanonicalError, match=r"value\.units\[1\]\.x"):
        canonical({"units": [{"x": 1}, {"x": 0.5}]})


def test_an_endless_value_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(NotCanonicalError, match="deeper than 64"):
        canonical(endless)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_canonical_bytes_say_the_value_and_nothing_of_its_order(value: Any) -> None:
    data = canonical(value)
    assert json.loads(data) == value
    assert canonical(json.loads(data)) == data


def test_hash32_agrees_on_bytes_and_on_integers() -> None:
    for vector in VECTORS["hash32"]:
        data = vector["ints"] if "ints" in vector else bytes(vector["bytes"])
        assert hash32(data, vector["seed"]) == vector["hash"]
    with pytest.raises(ValueError, match="item 1"):
        hash32([1, 2**32])


def test_hash32_is_murmur3() -> None:
    """Known answers of the reference implementation (smhasher, MurmurHash3_x86_32)."""
    assert hash32(b"") == 0
    assert hash32(b"", 1) == 0x514E28B7
    assert hash32(b"\xff\xff\xff\xff") == 0x76293B50
    assert hash32(b"Hello, world!", 0x9747B28C) == 0x24884CBA


def test_integer_mathematics_agrees() -> None:
    assert all(isqrt(n) == root for n, root in VECTORS["isqrt"])
    assert all([a, sin(a), cos(a)] == [a, s, c] for a, s, c in VECTORS["trig"])
    assert all(atan2(y, x) == angle for y, x, angle in VECTORS["atan2"])
    assert all([a // b, a % b] == [quotient, rest] for a, b, quotient, rest in VECTORS["division"])
    assert all(a * b // c == share for a, b, c, share in VECTORS["mul_div"])
    assert all(base**exponent == power for base, exponent, power in VECTORS["pow"])


def test_no_room_may_declare_what_every_object_of_javascript_has() -> None:
    assert sorted(INHERITED) == VECTORS["inherited"]
