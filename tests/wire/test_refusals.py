"""Frames that say nothing we understand are refused, and the refusal finds its sender."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.packets import Event
from gameroom.wire import (
    JSON,
    MSGPACK,
    BadFrameError,
    Codec,
    EventFrame,
    Rejection,
    RequestFrame,
    ResponseFrame,
    read_packet,
)
from gameroom.wire.codec import PATH_CHARS_MAX
from tests.wire.rooms import IDLE, ROOM


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ([], "map"),
        ("x", "map"),
        ({}, "method"),
        ({"method": "put", "path": "/"}, "method"),
        ({"method": "TRACE", "path": "/"}, "method"),
        ({"method": 1, "path": "/"}, "method"),
        ({"method": "GET"}, "path"),
        ({"method": "GET", "path": "turns"}, "path"),
        ({"method": "GET", "path": "/" + "x" * 200}, "path"),
        ({"method": "GET", "path": "/", "user": "bob"}, "no key `user`"),
        ({"method": "GET", "path": "/", "status": 200}, "no key `status`"),
        ({"method": "GET", "path": "/", "id": "7"}, "id"),
        ({"method": "GET", "path": "/", "id": True}, "id"),
        ({"method": "GET", "path": "/", "id": -1}, "id"),
    ],
)
def test_a_map_that_is_no_request_is_refused(frame: object, why: str) -> None:
    with pytest.raises(BadFrameError, match=why):
        Codec(JSON, ROOM).decode(msgspec.json.encode(frame).decode())


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "map"),
        ([], "map"),
        ({"generation": 312}, "312"),
        ({"seat": 3}, "seat` is not a known field"),
        ({"commands": {}}, "`commands` must be a list"),
        ({"commands": [{"body": {}}]}, "name` is missing"),
        ({"commands": [{"name": "stop", "body": []}]}, "must be a map"),
        ({"commands": [{"name": "stop", "seat": 1}]}, "seat` is not a known field"),
        ({"latency": -1}, "latency"),
        ({"latency": "1"}, "`latency` must be an integer"),
        ({"framerate": True}, "`framerate` must be an integer"),
        ({"framerate": -1}, "framerate"),
        ({"checksum": {"generation": 311, "value": 1}}, "checksum"),
        ({"checksum": {"generation": 3, "value": 2**32}}, "checksum"),
        ({"checksum": {"generation": 3, "value": -1}}, "checksum"),
        ({"checksum": {"generation": 3}}, "value` is missing"),
        ({"checksum": 5}, "^`checksum` must be a map"),
        ({"checksum": {"generation": "3", "value": 1}}, "^`checksum.generation` must be an int"),
        ({"checksum": {"generation": 0, "value": 1}}, "checksum"),
        ({"signals": [{"generation": 312, "name": "x"}]}, "signal"),
        ({"signals": [{"generation": 0, "name": "x"}]}, "signal"),
        ({"signals": [{"generation": -1, "name": "x"}]}, "signal"),
    ],
)
def test_a_body_that_is_no_client_packet_is_refused(body: object, why: str) -> None:
    frame = {"id": 5, "method": "PUT", "path": "/turns/311", "body": body}
    for codec, data in (
        (Codec(JSON, ROOM), msgspec.json.encode(frame).decode()),
        (Codec(MSGPACK, ROOM), msgspec.msgpack.encode(frame)),
    ):
        with pytest.raises(BadFrameError, match=why) as raised:
            codec.decode(data)
        assert raised.value.id == 5


@pytest.mark.parametrize(
    ("array", "why"),
    [
        ([], "parts"),
        ([1, [], 0, 0, 0], "parts"),
        ([1, [], 0, 0, 0, 0, [], [], 0], "parts"),
        ([1, [], 0, 0, 0, 0, [], 0], "ids must be a list"),
        ([1, [], 0, 0, 0, 0, [], [7]], "one id for each command"),
        ([1, [[0, 1, 1]], 0, 0, 0, 0, [], [-1]], "whole number"),
        ([1, [[0, 1, 1]], 0, 0, 0, 0, [], [2**53]], "outside"),
        ([1, [[0, 1, 1]], 0, 0, 0, 0, [], ["7"]], "whole number"),
        (["1", [], 0, 0, 0, 0], "generation"),
        ([-1, [], 0, 0, 0, 0], "generation"),
        ([True, [], 0, 0, 0, 0], "generation"),
        ([0, [], 0, 0, 0, 0], "from 1 to 2"),
        ([1, {}, 0, 0, 0, 0], "commands"),
        ([1, [4], 0, 0, 0, 0], "commands"),
        ([1, [[]], 0, 0, 0, 0], "index"),
        ([1, [[5]], 0, 0, 0, 0], "index"),
        ([1, [["stop"]], 0, 0, 0, 0], "index"),
        ([1, [[0, 1]], 0, 0, 0, 0], "1 values, not 2"),
        ([1, [[4, 1]], 0, 0, 0, 0], "1 values, not 0"),
        ([1, [[0, 1, {"x": 1}]], 0, 0, 0, 0], "map"),
        ([1, [], -1, 0, 0, 0], "checksum_age"),
        ([1, [], 2, 0, 0, 0], "has run"),
        ([1, [], 1, 0, 0, 0], "has run"),
        ([2, [], 1, 2**32, 0, 0], "32 bits"),
        ([1, [], 0, 0, None, 0], "latency"),
        ([1, [], 0, 0, 0, "x"], "framerate"),
        ([1, [], 0, 0, 0, 0, [[]]], "age"),
        ([1, [], 0, 0, 0, 0, [[0]]], "index"),
        ([1, [], 0, 0, 0, 0, [[1, 0, "red"]]], "has run"),
        ([5, [], 0, 0, 0, 0, [[2**53 - 1, 0, "red"]]], "has run"),
        ([1, [], 0, 0, 0, 0, [[0, 1, "red"]]], "index"),
    ],
)
def test_an_array_that_is_no_client_packet_is_refused(array: object, why: str) -> None:
    with pytest.raises(BadFrameError, match=why):
        Codec(MSGPACK, ROOM).decode(msgspec.msgpack.encode(array))


@pytest.mark.parametrize("generation", [0, 2**53, 9_999_999_999_999_999])
def test_generations_count_from_1_to_2_to_the_53(generation: int) -> None:
    frame = {"id": 5, "method": "PUT", "path": f"/turns/{generation}", "body": {"commands": []}}
    for codec, data in (
        (Codec(JSON, ROOM), msgspec.json.encode(frame).decode()),
        (Codec(MSGPACK, ROOM), msgspec.msgpack.encode(frame)),
    ):
        with pytest.raises(BadFrameError, match="from 1 to 2"):
            codec.decode(data)
    with pytest.raises(BadFrameError, match="from 1 to 2"):
        read_packet({"commands": []}, generation)
    del frame["id"]
    with pytest.raises(BadFrameError, match="from 1 to 2"):
        Codec(JSON, ROOM).decode(msgspec.json.encode(frame).decode())


def test_a_path_may_be_as_long_as_the_bound() -> None:
    path = "/" + "x" * (PATH_CHARS_MAX - 1)
    request = RequestFrame("GET", path, 1)
    codec = Codec(JSON, ROOM)
    assert codec.decode(codec.encode_request(request)) == request


def test_json_has_no_arrays_of_turns_either() -> None:
    turn = msgspec.msgpack.decode(Codec(MSGPACK, ROOM).encode_event(Event(1, IDLE)))
    with pytest.raises(BadFrameError, match="a frame must be a map"):
        Codec(JSON, ROOM).decode_event(msgspec.json.encode(turn).decode())


def test_json_has_no_arrays_of_packets() -> None:
    with pytest.raises(BadFrameError, match="map"):
        Codec(JSON, ROOM).decode("[1,[],0,0,0,0]")


def test_the_refusal_of_a_hot_packet_is_told_as_rejected() -> None:
    codec = Codec(MSGPACK, ROOM)
    with pytest.raises(BadFrameError) as raised:
        codec.decode(msgspec.msgpack.encode([311, [[9]], 0, 0, 0, 0]))
    told = codec.decode_event(codec.encode_refusal(raised.value))
    assert told == EventFrame(
        "rejected", "/turns/311", Rejection(311, None, raised.value.problem), None
    )


def test_the_refusal_of_a_request_carries_its_id() -> None:
    codec = Codec(JSON, ROOM)
    with pytest.raises(BadFrameError) as raised:
        codec.decode('{"id": 9, "method": "PUT", "path": "/turns/311", "body": 1}')
    told = codec.decode_event(codec.encode_refusal(raised.value))
    assert isinstance(told, ResponseFrame)
    assert (told.id, told.status) == (9, 400)


DEEP = 30_000
"""Nested far deeper than any reader goes."""


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ('{"id": 9, "method": "PUT", "path": "/setup/gold", "body": 1.0}', 9),
        ('{"method": "PUT", "path": "/x", "body": [1e3, NaN], "id": 9}', 9),
        ('{"id": 9, "body": -Infinity}', 9),
        ('{"id": 9, "body": 9007199254740992}', 9),
        ('{"id": 9, "body": ' + "9" * 5000 + "}", 9),
        ('{"id": 9, "body": {"a": 1, "a": 2}}', 9),
        ('{"id": 9, "path": "/x", "path": "/y"}', 9),
        ('{"id": 9, "body": {"id": 1.5, "id": 2}}', 9),
        ('{"id": 9, "body": "\\ud800"}', 9),
        ('{"id": 9, "\\udfff": 1}', 9),
        ('{"id": 9, "body": ' + "[" * 20 + "]" * 20 + "}", 9),
        ('{"id": 9, "body": ' + "[" * DEEP + "]" * DEEP + "}", 9),
        ('{"id": 9007199254740991, "body": 0.5}', 2**53 - 1),
        ('{"id": 0, "body": 0.5}', 0),
        # None can be read, or more than one.
        ('{"body": ' + "[" * DEEP + "]" * DEEP + ', "id": 9}', None),
        ('{"id": 9, "id": 10, "body": 0.5}', None),
        ('{"id": 9.0}', None),
        ('{"id": true, "body": 0.5}', None),
        ('{"id": -1, "body": 0.5}', None),
        ('{"id": "9", "body": 0.5}', None),
        ('{"id": 9007199254740992}', None),
        ('{"body": {"id": 9, "x": 0.5}}', None),
        ('[{"id": 9}, 0.5]', None),
        ("9.5", None),
        ('{"id": 9, "body": 0.5', None),
        ("", None),
    ],
)
def test_a_bad_value_does_not_hide_the_id_in_json(text: str, id_: int | None) -> None:
    with pytest.raises(BadFrameError) as raised:
        Codec(JSON, ROOM).decode(text)
    assert (raised.value.id, raised.value.generation) == (id_, None)


ID = b"\xa2id"


@pytest.mark.parametrize(
    ("data", "id_", "generation"),
    [
        (msgspec.msgpack.encode({"id": 9, "body": 1.0}), 9, None),
        (msgspec.msgpack.encode({"body": float("nan"), "id": 300}), 300, None),
        (msgspec.msgpack.encode({"id": 70_000, "body": 2**53}), 70_000, None),
        (msgspec.msgpack.encode({"id": 2**53 - 1, "body": b"bytes"}), 2**53 - 1, None),
        (msgspec.msgpack.encode({"id": 9, "body": {1: 2}}), 9, None),
        (msgspec.msgpack.encode({"id": 9, 1: 2}), 9, None),
        (msgspec.msgpack.encode({"id": 9, "body": msgspec.msgpack.Ext(1, b"x")}), 9, None),
        (b"\x82" + ID + b"\x09\xa1b\xa1\xff", 9, None),
        (b"\x82" + ID + b"\x09\xa1b\x82\xa1a\x01\xa1a\x02", 9, None),
        (b"\x83" + ID + b"\x09\xa1a\x01\xa1a\x02", 9, None),
        (b"\x82" + ID + b"\x09\xa1b" + b"\x91" * 20 + b"\x01", 9, None),
        (b"\x82" + ID + b"\x09\xa1b" + b"\x91" * DEEP + b"\x01", 9, None),
        (b"\x82" + ID + b"\xcd\x01\x2c\xa1b" + b"\x91" * DEEP + b"\x01", 300, None),
        (msgspec.msgpack.encode([311, [[0, 1.5]], 0, 0, 0, 0]), None, 311),
        (msgspec.msgpack.encode([5, [[0, b"x"]], 0, 0, 0, 0]), None, 5),
        (msgspec.msgpack.encode([5, [], 0, 0, 0, 2**60]), None, 5),
        (b"\x96\xcd\x01\x37\x90\x00\x00\x00" + b"\x91" * DEEP + b"\x01", None, 311),
        (b"\x97\xcd\x01\x37\x90\x00\x00\x00\x00" + b"\x91" * DEEP + b"\x01", None, 311),
        (b"\x83" + ID + b"\x09\xa1a\x01\xa1b" + b"\x91" * DEEP + b"\x01", 9, None),
        (msgspec.msgpack.encode({"id": 9, "body": {"id": 1.5}}), 9, None),
        (msgspec.msgpack.encode({"id": {}, "body": 1.5}), None, None),
        # None can be read, or more than one.
        (b"\x82" + ID + b"\x09" + ID + b"\x0a", None, None),
        (msgspec.msgpack.encode({"id": 9.0}), None, None),
        (msgspec.msgpack.encode({"id": -1, "body": 1.0}), None, None),
        (msgspec.msgpack.encode({"id": 2**53}), None, None),
        (msgspec.msgpack.encode({"body": {"id": 9, "x": 1.0}}), None, None),
        (msgspec.msgpack.encode([1.5, [], 0, 0, 0, 0]), None, None),
        (msgspec.msgpack.encode([{"id": 9}, 1.0]), None, None),
        (b"\x82" + ID + b"\x09\xa1b\xc1", None, None),
        (b"\x82" + ID + b"\x09\xa1b", None, None),
        (b"\x91" * DEEP, None, None),
        (b"\xcb" + bytes(8), None, None),
        (b"", None, None),
    ],
)
def test_a_bad_value_does_not_hide_whom_to_answer_in_messagepack(
    data: bytes, id_: int | None, generation: int | None
) -> None:
    with pytest.raises(BadFrameError) as raised:
        Codec(MSGPACK, ROOM).decode(data)
    assert (raised.value.id, raised.value.generation) == (id_, generation)


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60)))
def test_whatever_comes_is_read_or_refused(data: bytes | str) -> None:
    for codec in (Codec(JSON, ROOM), Codec(MSGPACK, ROOM)):
        with contextlib.suppress(BadFrameError):
            codec.decode(data)
