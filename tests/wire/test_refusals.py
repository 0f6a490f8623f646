"""Frames that say nothing we understand are refused, and the refusal finds its sender."""

import msgspec
import pytest

from gameroom.wire import JSON, MSGPACK, BadFrameError, Codec, EventFrame, Rejection, ResponseFrame
from tests.wire.rooms import ROOM


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
        ({"method": "GET", "path": "/", "user": "bob"}, "user is not a key"),
        ({"method": "GET", "path": "/", "status": 200}, "status is not a key"),
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
        ({"seat": 3}, "seat is not known"),
        ({"commands": {}}, "commands is not a list"),
        ({"commands": [{"body": {}}]}, "name is missing"),
        ({"commands": [{"name": "stop", "body": []}]}, "not a map"),
        ({"commands": [{"name": "stop", "seat": 1}]}, "seat is not known"),
        ({"latency": -1}, "latency"),
        ({"latency": "1"}, "latency is not an integer"),
        ({"framerate": True}, "framerate is not an integer"),
        ({"checksum": {"generation": 311, "value": 1}}, "checksum"),
        ({"checksum": {"generation": 3, "value": 2**32}}, "checksum"),
        ({"checksum": {"generation": 3, "value": -1}}, "checksum"),
        ({"checksum": {"generation": 3}}, "value is missing"),
        ({"signals": [{"generation": 312, "name": "x"}]}, "signal"),
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
        ([1, [], 0, 0, 0, 0, [], 0], "parts"),
        (["1", [], 0, 0, 0, 0], "generation"),
        ([-1, [], 0, 0, 0, 0], "generation"),
        ([True, [], 0, 0, 0, 0], "generation"),
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
        ([1, [], 1, 2**32, 0, 0], "32 bits"),
        ([1, [], 0, 0, None, 0], "latency"),
        ([1, [], 0, 0, 0, "x"], "framerate"),
        ([1, [], 0, 0, 0, 0, [[]]], "age"),
        ([1, [], 0, 0, 0, 0, [[0]]], "index"),
        ([1, [], 0, 0, 0, 0, [[0, 1, "red"]]], "index"),
    ],
)
def test_an_array_that_is_no_client_packet_is_refused(array: object, why: str) -> None:
    with pytest.raises(BadFrameError, match=why):
        Codec(MSGPACK, ROOM).decode(msgspec.msgpack.encode(array))


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
