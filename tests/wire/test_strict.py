"""What two programs could read differently is refused, in both encodings."""

import json

import msgspec
import pytest

from gameroom.wire import CONTAINERS_MAX, BadFrameError, read_json, read_msgpack
from gameroom.wire.strict import DEPTH_MAX, VALUES_MAX


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 1}', "twice"),
        ('[{"b": {"a": 1, "a": 2}}]', "twice"),
        ("NaN", "not an integer"),
        ("[-Infinity]", "not an integer"),
        ("1.5", "not an integer"),
        ("[1.0]", "not an integer"),
        ("1e3", "not an integer"),
        ("9007199254740992", "2\\^53"),
        ("-9007199254740992", "2\\^53"),
        ("1" * 5000, "digits"),
        ('"\\ud800"', "surrogate"),
        ('{"\\udc00": 1}', "surrogate"),
        ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), "deeper"),
        ("[" * 60_000, "deeper"),
        ("{} {}", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ("[1,]", "not JSON"),
        ("01", "not JSON"),
        ("", "not JSON"),
        ('"\t"', "not JSON"),
    ],
)
def test_a_text_that_is_not_strict_json_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadFrameError, match=why) as raised:
        read_json(text)
    assert raised.value.problem.status == 400
    detail = str(raised.value)
    assert raised.value.problem.detail == f"{detail[0].upper()}{detail[1:]}."


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(BadFrameError, match="UTF-8"):
        read_json(b'"\xff"')


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x82\xa1a\x01\xa1a\x01", "twice"),
        (b"\xde\x00\x02\xa1a\x01\xa1a\x02", "twice"),
        (b"\xdf\x00\x00\x00\x02\xa1a\x01\xa1a\x02", "twice"),
        (b"\x81\xa1b\x91\x82\xa1a\x01\xa1a\x02", "twice"),
        (b"\x92\x01\x82\xa1a\x01\xa1a\x02", "twice"),
        (b"\x92\x91\x01\x82\xa1a\x01\xa1a\x02", "twice"),
        (b"\xca\x3f\x80\x00\x00", "float"),
        (b"\xcb" + b"\x00" * 8, "float"),
        (b"\xcf\x00\x20\x00\x00\x00\x00\x00\x00", "2\\^53"),
        (b"\xcf" + b"\xff" * 8, "2\\^53"),
        (b"\xd3\x80" + b"\x00" * 7, "2\\^53"),
        (b"\xa3\xed\xa0\x80", "UTF-8"),
        (b"\x81\x01\x02", "not a string"),
        (b"\x81\xc0\x02", "not a string"),
        (b"\x81\x91\x01\x02", "not a string|MessagePack"),
        (b"\xc4\x01a", "bytes"),
        (b"\xd6\xff\x00\x00\x00\x00", "datetime"),
        (b"\xd4\x05\x00", "Ext"),
        (b"\x01\x02", "MessagePack"),
        (b"\x92\x01", "MessagePack"),
        (b"\xdd\xff\xff\xff\xff", "MessagePack"),
        (b"\xc1", "MessagePack"),
        (b"", "MessagePack"),
        (b"\x91" * (DEPTH_MAX + 1) + b"\x01", "deeper"),
        (b"\x91" * 60_000 + b"\x01", "deeper"),
    ],
)
def test_bytes_that_are_not_strict_msgpack_are_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadFrameError, match=why) as raised:
        read_msgpack(data)
    assert raised.value.problem.status == 400


def test_the_edges_are_taken() -> None:
    deepest: object = 2**53 - 1
    for _ in range(DEPTH_MAX - 1):
        deepest = [deepest]
    value = {"a": deepest, "ü": -(2**53) + 1, "n": None, "t": True, "s": "\U0001f3f9", "e": {}}
    assert read_json(msgspec.json.encode(value)) == value
    assert read_msgpack(msgspec.msgpack.encode(value)) == value


@pytest.mark.parametrize("many", ["[" + "[]," * 2304 + "[]]", '{"a": [' + "{}," * 2304 + "{}]}"])
def test_only_so_many_lists_and_maps_are_read_from_a_client(many: str) -> None:
    """Each costs the reader many times its two bytes."""
    with pytest.raises(BadFrameError, match="lists and maps"):
        read_json(many, CONTAINERS_MAX)
    with pytest.raises(BadFrameError, match="lists and maps"):
        read_msgpack(msgspec.msgpack.encode(msgspec.json.decode(many)), CONTAINERS_MAX)
    assert read_json(many) == read_msgpack(msgspec.msgpack.encode(msgspec.json.decode(many)))


def test_as_many_lists_and_values_as_the_bounds_say_are_read() -> None:
    lists = [[] for _ in range(CONTAINERS_MAX - 1)]
    numbers = [1] * (VALUES_MAX - 1)
    for most in (lists, numbers, [numbers], {"a": numbers}):
        assert read_json(json.dumps(most), CONTAINERS_MAX) == most
        assert read_msgpack(msgspec.msgpack.encode(most), CONTAINERS_MAX) == most


@pytest.mark.parametrize("more", [[1] * (VALUES_MAX + 1), [[1] * VALUES_MAX, [1] * VALUES_MAX]])
def test_more_values_are_not_read_from_a_client(more: list[object]) -> None:
    """In MessagePack each may be a single byte."""
    with pytest.raises(BadFrameError, match=f"more than {VALUES_MAX} values"):
        read_json(json.dumps(more), CONTAINERS_MAX)
    with pytest.raises(BadFrameError, match=f"more than {VALUES_MAX} values"):
        read_msgpack(msgspec.msgpack.encode(more), CONTAINERS_MAX)


@pytest.mark.parametrize("number", [0, 5, -5, 2**53 - 1, -(2**53) + 1])
def test_a_number_by_itself_is_read(number: int) -> None:
    assert read_json(str(number)) == read_msgpack(msgspec.msgpack.encode(number)) == number


@pytest.mark.parametrize("value", [None, True, False, "word", "grüß", [], {}])
def test_any_plain_value_by_itself_is_read(value: object) -> None:
    assert read_json(json.dumps(value)) == read_msgpack(msgspec.msgpack.encode(value)) == value


def test_a_large_map_is_read() -> None:
    large = {f"k{number}": number for number in range(300)}
    assert read_msgpack(msgspec.msgpack.encode(large)) == large


def test_brackets_within_a_text_are_no_lists() -> None:
    many = '["' + "[{" * 5000 + '\\"", "' + "[" * 5000 + '"]'
    assert len(read_json(many, CONTAINERS_MAX)) == 2


@pytest.mark.parametrize("long", [[2**53], ["\ud800"], [1, 2**53], [None, 2**53], [True, "\ud800"]])
def test_a_long_list_is_looked_at_to_its_end(long: list[object]) -> None:
    good = next(iter(long))
    fill = 0 if isinstance(good, int) else "x" if isinstance(good, str) else good
    text = json.dumps([fill] * 20 + long)
    with pytest.raises(BadFrameError):
        read_json(text)
