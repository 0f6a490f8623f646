"""The bytes of the load: frames to send, prebuilt except for the generation, and a fast decoder.

Knows no socket and no clock. docs/wire.md describes the messages, RFC 6455 the frames around them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from gameroom.bench.plan import CHECKSUM_AGE, Wire

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
OPCODE: dict[Wire, int] = {"json": TEXT, "msgpack": BINARY}

LATENCY_MS, FRAMERATE = 5, 60

MaskedPacket = Callable[[int], bytes]
"""Returns a complete client frame for a generation."""


class SeenCommand(NamedTuple):
    """One command of a turn. who: the number of the player. of: the generation it was sent for."""

    seat: int
    who: int
    of: int


class SeenEvent(NamedTuple):
    """One event as everyone in a room receives it. generation: of a turn, None for other events.
    state: the innermost state, if the event contains one."""

    seq: int
    generation: int | None
    commands: tuple[SeenCommand, ...] = ()
    absent: tuple[int, ...] = ()
    state: str | None = None


class SeenAnswer(NamedTuple):
    """A message to one person: the answer to a request, or the rejection of a packet."""

    id: int | None
    status: int
    body: Any


def head(opcode: int, size: int) -> bytes:
    """The head of a client's frame. Its mask is all zeros, so the payload follows unchanged."""
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size, 0, 0, 0, 0))
    if size < 65_536:
        return bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big") + bytes(4)
    return bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8, "big") + bytes(4)


def masked(payload: bytes, opcode: int) -> bytes:
    """A client's frame with this payload."""
    return head(opcode, len(payload)) + payload


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The server's frames in `data` as (opcode, payload), and the bytes of an incomplete one. The
    server does not fragment messages."""
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(data)
    while end - at >= 2:
        size, start = data[at + 1], at + 2
        if size == 126:
            if end - at < 4:
                break
            size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        elif size == 127:
            if end - at < 10:
                break
            size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
        if start + size > end:
            break
        found.append((data[at] & 0x0F, data[start : start + size]))
        at = start + size
    return found, data[at:]


def request(wire: Wire, number: int, method: str, path: str, body: object = None) -> bytes:
    """The frame of a request that wants an answer."""
    said = {"id": number, "method": method, "path": path, "body": body}
    return masked(_encode(wire, said), OPCODE[wire])


def first_packet(wire: Wire, who: int, text: str, generation: int) -> bytes:
    """The frame of a packet without a checksum, before the first turn has run."""
    if wire == "msgpack":
        made: object = [generation, [[0, who, generation, text]], 0, 0, LATENCY_MS, FRAMERATE]
    else:
        command = {"name": "act", "body": {"who": who, "of": generation, "text": text}}
        body = {"commands": [command], "latency": LATENCY_MS, "framerate": FRAMERATE}
        made = {"method": "PUT", "path": f"/turns/{generation}", "body": body}
    return masked(_encode(wire, made), OPCODE[wire])


def packets(wire: Wire, who: int, text: str) -> MaskedPacket:
    """A function that creates the frames of one player's packets, with one command and the checksum
    of the last turn that has run. The checksum is the same for all players: the generation."""
    make = _msgpack_packets(who, text) if wire == "msgpack" else _json_packets(who, text)

    def of(generation: int) -> bytes:
        if generation <= CHECKSUM_AGE:
            return first_packet(wire, who, text, generation)
        return make(generation)

    return of


def _msgpack_packets(who: int, text: str) -> MaskedPacket:
    # Changing numbers are encoded with four bytes, so that the frame's size stays the same.
    packed = msgspec.msgpack.encode(text)
    before = b"\x96\xce"
    middle = b"\x91\x94\x00\xce" + who.to_bytes(4, "big") + b"\xce"
    after = packed + bytes((CHECKSUM_AGE,)) + b"\xce"
    end = bytes((LATENCY_MS, FRAMERATE))
    before = head(BINARY, sum(map(len, (before, middle, after, end))) + 12) + before

    def make(generation: int) -> bytes:
        number = generation.to_bytes(4, "big")
        checksum = (generation - CHECKSUM_AGE).to_bytes(4, "big")
        return b"".join((before, number, middle, number, after, checksum, end))

    return make


def _json_packets(who: int, text: str) -> MaskedPacket:
    form = (
        b'{"method":"PUT","path":"/turns/%%d","body":{"commands":[{"name":"act","body":'
        b'{"who":%d,"of":%%d,"text":%s}}],"checksum":{"generation":%%d,"value":%%d},'
        b'"latency":%d,"framerate":%d}}'
    ) % (who, msgspec.json.encode(text).replace(b"%", b"%%"), LATENCY_MS, FRAMERATE)

    def make(generation: int) -> bytes:
        seen = generation - CHECKSUM_AGE
        return masked(form % (generation, generation, seen, seen), TEXT)

    return make


def read(wire: Wire, payload: bytes) -> SeenEvent | SeenAnswer:
    """Decode a payload from the server. Raises ValueError if it is not valid."""
    said = msgspec.msgpack.decode(payload) if wire == "msgpack" else msgspec.json.decode(payload)
    if isinstance(said, list):
        return _turn_array(said)
    if "status" in said:
        return SeenAnswer(said.get("id"), said["status"], said["body"])
    if said["event"] == "rejected":
        return SeenAnswer(None, said["body"]["problem"]["status"], said["body"])
    if said["event"] == "turn":
        return _turn_map(said["seq"], said["body"])
    chart = said["body"]["chart"] if said["event"] == "chart" else None
    return SeenEvent(said["seq"], None, state=_state(chart))


def _turn_array(said: list[Any]) -> SeenEvent:
    extras = said[8] if len(said) == 9 else {}
    return SeenEvent(
        said[0],
        said[1],
        tuple(SeenCommand(seat, one[1], one[2]) for seat, many in said[5] for one in many),
        tuple(extras.get("absent", ())),
        _state(extras.get("chart")),
    )


def _turn_map(seq: int, body: dict[str, Any]) -> SeenEvent:
    return SeenEvent(
        seq,
        body["generation"],
        tuple(
            SeenCommand(part["seat"], one["body"]["who"], one["body"]["of"])
            for part in body["commands"]
            for one in part["commands"]
        ),
        tuple(body.get("absent", ())),
        _state(body.get("chart")),
    )


def _state(chart: dict[str, Any] | None) -> str | None:
    return None if chart is None else str(chart["states"][-1])


def _encode(wire: Wire, said: object) -> bytes:
    return msgspec.msgpack.encode(said) if wire == "msgpack" else msgspec.json.encode(said)
