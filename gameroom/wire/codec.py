"""Encodes and decodes frames and packets, for one room and one subprotocol.

Knows no socket and no rule of the room: the room decides whether a command is allowed now and
whether its body fits. The codec refuses frames that it cannot read. An event is encoded once, and
every socket of the subprotocol receives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, get_args

import msgspec
from msgspec import structs

from gameroom import model
from gameroom.lockstep.packets import (
    Body,
    ClientPacket,
    Event,
    MasterPacket,
    SeatCommands,
    untyped,
)
from gameroom.lockstep.problem import Problem
from gameroom.model import Value
from gameroom.wire.compact import (
    WordTable,
    client_array,
    master_array,
    master_plain,
    read_client_array,
    read_master_array,
)
from gameroom.wire.events import BODIES, REJECTED, event_name, event_path
from gameroom.wire.frames import (
    BadFrameError,
    EventFrame,
    Method,
    RejectedCommand,
    Rejection,
    RequestFrame,
    ResponseFrame,
    bad,
    fitting,
)
from gameroom.wire.problems import problem_body, read_problem
from gameroom.wire.refused import json_id, msgpack_generation, msgpack_id
from gameroom.wire.shape import as_dict, plain, read
from gameroom.wire.strict import CONTAINERS_MAX, read_json, read_msgpack
from gameroom.wire.typed import packet_reader

JSON = "gameroom.v1.json"
MSGPACK = "gameroom.v1.msgpack"
Subprotocol = Literal["gameroom.v1.json", "gameroom.v1.msgpack"]
SUBPROTOCOLS: tuple[Subprotocol, ...] = get_args(Subprotocol)

PATH_CHARS_MAX = 200
_METHODS: tuple[Method, ...] = get_args(Method)
_TURN = re.compile(r"/turns/(0|[1-9][0-9]{0,15})")
_REQUEST_KEYS = frozenset({"id", "method", "path", "body"})


class Codec:
    """Encodes and decodes frames for the server and for the client.

    subprotocol: one of SUBPROTOCOLS. room: the merged room, or the result of `read_definition`.
    """

    def __init__(self, subprotocol: str, room: model.RoomFile) -> None:
        assert subprotocol in SUBPROTOCOLS, subprotocol
        self.subprotocol = subprotocol
        self.binary = subprotocol == MSGPACK
        self._declared = room.commands
        self._commands = WordTable(room.commands)
        self._signals = WordTable(room.signals)

    # --- The server's side ---------------------------------------------------------

    def encode_event(self, event: Event) -> bytes | str:
        """Encode an event. All sockets receive the same bytes."""
        body = event.body
        if isinstance(body, MasterPacket):
            if self.binary:
                return msgspec.msgpack.encode(master_array(event, self._commands))
            parts = tuple(SeatCommands(one.seat, untyped(one.commands)) for one in body.commands)
            body = structs.replace(body, commands=parts)
        return self._pack(
            {
                "event": event_name(body),
                "seq": event.seq,
                "path": event_path(body),
                "body": body,
            }
        )

    def encode_private(self, rejected: RejectedCommand) -> bytes | str:
        """Encode the event `rejected`, for the sender of the packet only."""
        return self._pack(
            {
                "event": REJECTED,
                "path": f"/turns/{rejected.generation}",
                "body": {
                    "generation": rejected.generation,
                    "index": rejected.index,
                    "problem": problem_body(rejected.problem),
                },
            }
        )

    def encode_response(self, response: ResponseFrame) -> bytes | str:
        frame: dict[str, object] = {"status": response.status, "body": response.body}
        if response.id is not None:
            frame = {"id": response.id, **frame}
        if self.binary and isinstance(response.body, msgspec.Raw):
            return msgspec.msgpack.encode(frame)
        return self._pack(frame)

    def turn_bytes(self, event: bytes) -> msgspec.Raw:
        """Return a stored turn as it appears in the response to `GET /turns`: in MessagePack the
        stored array, in JSON the plain body. event: MessagePack from `encode_event`."""
        if self.binary:
            return msgspec.Raw(event)
        body = master_plain(msgspec.msgpack.decode(event), self._commands)
        return msgspec.Raw(msgspec.json.encode(body))

    def joined(self, body: Mapping[str, object]) -> msgspec.Raw:
        """Encode a body whose parts are already encoded, for `encode_response` and HTTP."""
        encode = msgspec.msgpack.encode if self.binary else msgspec.json.encode
        return msgspec.Raw(encode(body))

    def encode_refusal(self, error: BadFrameError) -> bytes | str:
        """Encode the answer to a bad frame: `rejected` for a packet without an id, and otherwise a
        response."""
        if error.generation is not None and error.id is None:
            return self.encode_private(Rejection(error.generation, None, error.problem))
        body = problem_body(error.problem)
        return self.encode_response(ResponseFrame(error.id, error.problem.status, body))

    def unread(self, data: bytes | str, problem: Problem) -> BadFrameError:
        """Return the refusal of a frame. The frame is read only to find its id or generation, which
        the answer needs."""
        error = BadFrameError(problem)
        error.id = json_id(data) if isinstance(data, str) else msgpack_id(data)
        if isinstance(data, bytes) and error.id is None:
            error.generation = msgpack_generation(data)
        return error

    def decode(self, data: bytes | str) -> RequestFrame | ClientPacket:
        """Decode a frame from a client. A packet without an id is a ClientPacket and gets no
        response. A packet with an id is the body of its RequestFrame. Raises BadFrameError."""
        try:
            frame = self._unpack(data, CONTAINERS_MAX)
        except BadFrameError as error:
            if isinstance(data, bytes) == self.binary:
                raise self.unread(data, error.problem) from error
            raise
        if isinstance(frame, list) and self.binary:
            try:
                return read_client_array(frame, self._commands, self._signals)
            except BadFrameError as error:
                error.generation = _whole(frame[0]) if frame else None
                raise
        if not isinstance(frame, Mapping):
            raise bad("a frame must be a map")
        id_ = _whole(frame.get("id"))
        try:
            request = _request(frame, id_)
            turn = _TURN.fullmatch(request.path.partition("?")[0])
            if request.method != "PUT" or turn is None:
                return request
            packet = read_packet(request.body, int(turn[1]))
        except BadFrameError as error:
            error.id = id_
            raise
        return packet if id_ is None else replace(request, body=packet)

    @cached_property
    def typed(self) -> Callable[[Any], ClientPacket | None]:
        """The fast path of `decode`, for most frames: client packets without signals, whose
        commands fit. Their commands become TypedCommands. It returns None for all other frames;
        call `decode` for these. Takes bytes in MessagePack and text in JSON."""
        reader = packet_reader(self._declared)
        return reader.read_array if self.binary else reader.read_put

    # --- The client's side ---------------------------------------------------------

    def encode_packet(self, packet: ClientPacket) -> bytes | str:
        """Encode a client packet without an id: the usual form, which is sent every turn."""
        if self.binary:
            return msgspec.msgpack.encode(client_array(packet, self._commands, self._signals))
        return self.encode_request(RequestFrame("PUT", f"/turns/{packet.generation}", body=packet))

    def encode_request(self, request: RequestFrame) -> bytes | str:
        frame: dict[str, object] = {"method": request.method, "path": request.path}
        if request.id is not None:
            frame = {"id": request.id, **frame}
        if request.body is not None:
            frame["body"] = request.body
        return self._pack(frame)

    def decode_event(self, data: bytes | str) -> EventFrame | ResponseFrame:
        """Decode a frame from a server. Unknown fields are ignored. The body of an unknown event is
        returned as plain values. Raises BadFrameError."""
        frame = self._unpack(data)
        if isinstance(frame, list) and self.binary:
            event = read_master_array(frame, self._commands)
            return EventFrame("turn", event_path(event.body), event.body, event.seq)
        if not isinstance(frame, Mapping):
            raise bad("a frame must be a map")
        body = frame.get("body")
        if "status" in frame:
            return ResponseFrame(_whole(frame.get("id")), _whole(frame["status"]) or 500, body)
        name, path = frame.get("event"), frame.get("path")
        if not isinstance(name, str) or not isinstance(path, str):
            raise bad("a frame must have `status` or `event`")
        return EventFrame(name, path, _event_body(name, body), _whole(frame.get("seq")))

    # --- Bytes ---------------------------------------------------------------------

    def _pack(self, frame: Mapping[str, object]) -> bytes | str:
        if self.binary:
            return msgspec.msgpack.encode(plain(frame))
        return msgspec.json.encode(frame, enc_hook=as_dict).decode()

    def _unpack(self, data: bytes | str, containers_max: int | None = None) -> Value:
        if isinstance(data, bytes) != self.binary:
            raise bad("the message has the wrong type for the subprotocol: text or binary")
        if isinstance(data, bytes):
            return read_msgpack(data, containers_max)
        return read_json(data, containers_max)


def is_turn(event: bytes) -> bool:
    """Whether these bytes of an event in MessagePack are a master packet: the only event that is an
    array instead of a map."""
    return event[:1] >= b"\x90" and event[:1] <= b"\x9f"


def read_packet(body: object, generation: int) -> ClientPacket:
    """Read the client packet in the body of `PUT /turns/<generation>`. The body can omit its
    generation; otherwise it must equal that of the path. Raises BadFrameError."""
    if not isinstance(body, Mapping):
        raise bad("the body of a client packet must be a map")
    packet = read(ClientPacket, {"generation": generation, **body}, strict=True)
    if packet.generation != generation:
        raise bad(f"the body is for generation {packet.generation}, the path for {generation}")
    return fitting(packet)


def _request(frame: Mapping[str, Value], id_: int | None) -> RequestFrame:
    if unknown := frame.keys() - _REQUEST_KEYS:
        raise bad(f"a request has no key `{min(unknown)[:40]}`")
    if id_ is None and frame.get("id") is not None:
        raise bad("an id must be a whole number, 0 or greater")
    path, said = frame.get("path"), frame.get("method")
    method = next((one for one in _METHODS if one == said), None)
    if method is None:
        raise bad("the method of a request must be one of " + ", ".join(_METHODS))
    if not isinstance(path, str) or not path.startswith("/") or len(path) > PATH_CHARS_MAX:
        raise bad(
            f"a path must be a string that starts with / and has at most {PATH_CHARS_MAX} "
            "characters"
        )
    return RequestFrame(method, path, id_, frame.get("body"))


def _event_body(name: str, body: Value) -> Body | Rejection | Value:
    if name == REJECTED and isinstance(body, Mapping):
        index, problem = body.get("index"), read_problem(body.get("problem"))
        generation = _whole(body.get("generation")) or 0
        return Rejection(generation, index if isinstance(index, int) else None, problem)
    if name in BODIES:
        return read(BODIES[name], body, strict=False)
    return body


def _whole(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None
