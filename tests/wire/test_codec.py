"""Frames and packets survive the way to the other side, in both subprotocols."""

import json

import msgspec
import pytest

from gameroom.lockstep.packets import (
    Body,
    Checksum,
    ClientPacket,
    Command,
    Event,
    MasterPacket,
    Refused,
    SignalReport,
)
from gameroom.lockstep.problem import Problem
from gameroom.wire import (
    JSON,
    MSGPACK,
    SUBPROTOCOLS,
    BadFrameError,
    Codec,
    EventFrame,
    Rejection,
    RequestFrame,
    ResponseFrame,
    is_turn,
    problem_body,
)
from gameroom.wire.strict import read_json
from tests.wire.rooms import BODIES, FULL, IDLE, ROOM

PACKETS = (
    ClientPacket(1),
    ClientPacket(311, checksum=Checksum(308, 0), latency=45, framerate=60),
    ClientPacket(
        311,
        (
            Command("move", {"unit": 1499, "x": -1}),
            Command("group", {"units": [1, 2, 3]}),
            Command("say", {"text": "grüß\U0001f3f9"}),
            Command("halt", {"all": True}),
            Command("stop"),
        ),
        Checksum(308, 0xFFFFFFFF),
        45,
        60,
        (SignalReport(309, "round_over", {"winner": "red"}),),
    ),
    ClientPacket(311, (Command("stop"), Command("stop")), ids=(2**53 - 1, 0)),
)


@pytest.fixture(params=SUBPROTOCOLS)
def codec(request: pytest.FixtureRequest) -> Codec:
    return Codec(request.param, ROOM)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_every_event_survives_the_way(codec: Codec, body: Body) -> None:
    frame = codec.decode_event(codec.encode_event(Event(1042, body)))
    assert isinstance(frame, EventFrame)
    assert (frame.seq, frame.body) == (1042, body)


@pytest.mark.parametrize("packet", PACKETS)
def test_every_client_packet_survives_the_way(codec: Codec, packet: ClientPacket) -> None:
    assert codec.decode(codec.encode_packet(packet)) == packet


@pytest.mark.parametrize("generation", [1, 311])
def test_a_signal_is_of_any_generation_up_to_its_packet_s(codec: Codec, generation: int) -> None:
    report = SignalReport(generation, "round_over", {"winner": "red"})
    packet = ClientPacket(311, signals=(report,))
    assert codec.decode(codec.encode_packet(packet)) == packet


@pytest.mark.parametrize("packet", PACKETS)
def test_a_packet_with_an_id_stays_a_request_that_wants_an_answer(
    codec: Codec, packet: ClientPacket
) -> None:
    request = RequestFrame("PUT", f"/turns/{packet.generation}", 7, packet)
    assert codec.decode(codec.encode_request(request)) == request


@pytest.mark.parametrize(
    "request_",
    [
        RequestFrame("PUT", "/session", 0, {"token": "t", "seq": 12}),
        RequestFrame("PUT", "/setup/map", 2**53 - 1, "islands"),
        RequestFrame("PATCH", "/setup", 3, {"waves": [1, 2], "fog": False}),
        RequestFrame("GET", "/turns?from=4", 4),
        RequestFrame("DELETE", "/players/me"),
    ],
)
def test_every_request_survives_the_way(codec: Codec, request_: RequestFrame) -> None:
    assert codec.decode(codec.encode_request(request_)) == request_


def test_an_answer_and_a_refusal_survive_the_way(codec: Codec) -> None:
    problem = Problem(409, "not_now", "Not now.", "setup", ("configure",), 250)
    for response in (
        ResponseFrame(7, 200, {"seat": None, "list": [1, "x"]}),
        ResponseFrame(7, 204),
        ResponseFrame(None, 409, problem_body(problem)),
    ):
        assert codec.decode_event(codec.encode_response(response)) == response


def test_the_keys_of_a_body_are_texts(codec: Codec) -> None:
    told = codec.decode_event(codec.encode_response(ResponseFrame(7, 200, {"by_seat": {0: 1}})))
    assert told == ResponseFrame(7, 200, {"by_seat": {"0": 1}})


@pytest.mark.parametrize("packet", [IDLE, FULL])
def test_stored_turns_travel_as_they_are(codec: Codec, packet: MasterPacket) -> None:
    """In MessagePack as the very array, in JSON as the body of the event."""
    event = Event(9, packet)
    stored = Codec(MSGPACK, ROOM).encode_event(event)
    assert isinstance(stored, bytes)
    told = codec.encode_response(
        ResponseFrame(7, 200, codec.joined({"turns": [codec.turn_bytes(stored)]}))
    )
    as_json = msgspec.json.decode(Codec(JSON, ROOM).encode_event(event))["body"]
    expected = msgspec.msgpack.decode(stored) if codec.binary else as_json
    assert codec.decode_event(told) == ResponseFrame(7, 200, {"turns": [expected]})


def test_a_turn_is_the_event_that_is_an_array() -> None:
    for body in BODIES:
        event = Codec(MSGPACK, ROOM).encode_event(Event(9, body))
        assert isinstance(event, bytes)
        assert is_turn(event) == isinstance(body, MasterPacket)
    begins = (b"", b"\x8f\x01", b"\x90", b"\x9f\x01", b"\xa0")
    assert [is_turn(event) for event in begins] == [False, False, True, True, False]


@pytest.mark.parametrize("index", [0, -1, None])
def test_a_rejection_is_an_event_without_seq(codec: Codec, index: int | None) -> None:
    told = Rejection(311, index, Problem(422, "bad_command", "No.", None, ("move",)))
    frame = codec.decode_event(codec.encode_private(told))
    assert frame == EventFrame("rejected", "/turns/311", told, None)


def test_the_json_of_an_event_reads_as_the_protocol_is_written() -> None:
    codec = Codec(JSON, ROOM)
    assert codec.encode_event(Event(9, BODIES[5])) == (
        '{"event":"refused","seq":9,"path":"/players/1/engine",'
        '"body":{"seat":1,"reasons":["no such map"]}}'
    )


def test_the_json_of_a_client_packet_is_the_packet_field_by_field() -> None:
    data = Codec(JSON, ROOM).encode_packet(PACKETS[2])
    frame = read_json(data)
    assert isinstance(frame, dict)
    assert (frame["method"], frame["path"]) == ("PUT", "/turns/311")
    assert frame["body"]["checksum"] == {"generation": 308, "value": 0xFFFFFFFF}
    assert frame["body"]["signals"] == [
        {"generation": 309, "name": "round_over", "body": {"winner": "red"}}
    ]


def test_the_written_example_of_a_client_array_is_read() -> None:
    # docs/wire.md shows these bytes.
    data = bytes.fromhex("96cd0137919300030403ce00bc614e2d3c")
    assert Codec(MSGPACK, ROOM).decode(data) == ClientPacket(
        311, (Command("move", {"unit": 3, "x": 4}),), Checksum(308, 12345678), 45, 60
    )


def test_a_newer_server_may_say_more_than_its_client_knows(codec: Codec) -> None:
    told = ResponseFrame(None, 200)
    data = codec.encode_response(told)
    assert codec.decode_event(data) == told
    other = codec._pack({"event": "weather", "seq": 3, "path": "/sky", "body": {"rain": 1}})
    assert codec.decode_event(other) == EventFrame("weather", "/sky", {"rain": 1}, 3)
    more = {"seat": 1, "reasons": ["x"], "mood": "bad"}
    frame = codec.decode_event(
        codec._pack({"event": "refused", "seq": 3, "path": "/players/1/engine", "body": more})
    )
    assert isinstance(frame, EventFrame)
    assert frame.body == Refused(1, ("x",))


@pytest.mark.parametrize("slow", ["lines", True, {}, 1])
def test_a_word_that_is_none_of_those_that_can_be_is_refused(codec: Codec, slow: object) -> None:
    body = {"seats": [{"seat": 0, "user": "u1", "name": "ann", "slow": slow}]}
    data = codec._pack({"event": "roster", "seq": 3, "path": "/players", "body": body})
    with pytest.raises(BadFrameError, match=r"slow` must be one of line, engine"):
        codec.decode_event(data)


@pytest.mark.parametrize("index", range(3))
def test_the_other_kind_of_frame_is_refused(index: int) -> None:
    data = Codec(MSGPACK, ROOM).encode_packet(PACKETS[index])
    with pytest.raises(BadFrameError, match="subprotocol"):
        Codec(JSON, ROOM).decode(data)


@pytest.mark.parametrize("query", ["", "?", "?x=1"])
def test_a_packet_is_one_whatever_its_query(query: str) -> None:
    frame = RequestFrame("PUT", f"/turns/311{query}", None, {"commands": []})
    for subprotocol in SUBPROTOCOLS:
        codec = Codec(subprotocol, ROOM)
        assert codec.decode(codec.encode_request(frame)) == ClientPacket(311)


@pytest.mark.parametrize("turn", [IDLE, FULL])
def test_a_stored_turn_in_a_tail_is_the_body_of_its_event(turn: MasterPacket) -> None:
    """Put together from bytes, without looking at each value again."""
    msgpack, text = Codec(MSGPACK, ROOM), Codec(JSON, ROOM)
    stored = msgpack.encode_event(Event(9, turn))
    assert isinstance(stored, bytes)
    told = json.loads(text.encode_event(Event(9, turn)))
    assert json.loads(bytes(text.turn_bytes(stored))) == told["body"]
    assert bytes(msgpack.turn_bytes(stored)) == stored
