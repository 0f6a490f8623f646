"""The packet that every player sends every turn, read in one call of the decoder.

Knows the shapes of a client packet without signals, in both subprotocols. The rule it keeps: what
is read here is what the careful way reads (`codec`, `strict`, `compact`), which a test holds with
random frames; whatever else comes reads as None, and the careful way says why it is refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gameroom.lockstep.packets import Checksum, ClientPacket, Command
from gameroom.model import INT_MAX
from gameroom.wire.compact import WordTable
from gameroom.wire.frames import CHECKSUM_MAX

BYTES_MAX = 1024
"""Longer frames are rare, and are counted and paid for the careful way."""

Generation = Annotated[int, Meta(ge=1, le=INT_MAX)]
Count = Annotated[int, Meta(ge=0, le=INT_MAX)]
Sum32 = Annotated[int, Meta(ge=0, le=CHECKSUM_MAX)]
Scalar = Annotated[int, Meta(ge=-INT_MAX, le=INT_MAX)] | str | bool | None
Item = Scalar | list[Scalar]
NoSignals = Annotated[list[None], Meta(max_length=0)]


class _Array(Struct, array_like=True, forbid_unknown_fields=True, frozen=True, gc=False):
    """A client packet in MessagePack, see `compact`."""

    generation: Generation
    commands: list[list[Item]]
    checksum_age: Count
    checksum: Sum32
    latency: Count
    framerate: Count
    signals: NoSignals = []
    ids: list[Count] = []


class _Checksum(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    generation: Generation
    value: Sum32


class _Command(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    name: str
    body: dict[str, Item]


class _Body(Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    generation: Generation | UnsetType = UNSET
    commands: list[_Command] | UnsetType = UNSET
    checksum: _Checksum | UnsetType | None = UNSET
    latency: Count | UnsetType = UNSET
    framerate: Count | UnsetType = UNSET
    signals: NoSignals | UnsetType = UNSET
    ids: list[Count] | UnsetType = UNSET


class _Put(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """A request without an id whose body is a client packet."""

    method: Literal["PUT"]
    path: Annotated[str, Meta(pattern=r"^/turns/[1-9][0-9]{0,15}$")]
    body: _Body


_ARRAY = msgspec.msgpack.Decoder(_Array)
_PUT = msgspec.json.Decoder(_Put)
_TURNS = len("/turns/")


def read_array(data: bytes, commands: WordTable) -> ClientPacket | None:
    """A client packet in MessagePack, None where it takes a careful reader."""
    if len(data) > BYTES_MAX:
        return None
    try:
        made = _ARRAY.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    generation, age = made.generation, made.checksum_age
    if age >= generation or len(made.ids) not in (0, len(made.commands)):
        return None
    given = []
    for flat in made.commands:
        index = flat[0] if flat else None
        if type(index) is not int or not 0 <= index < len(commands.names):
            return None
        fields = commands.fields[index]
        if len(flat) != len(fields) + 1:
            return None
        given.append(Command(commands.names[index], dict(zip(fields, flat[1:], strict=True))))
    return ClientPacket(
        generation,
        tuple(given),
        Checksum(generation - age, made.checksum) if age else None,
        made.latency,
        made.framerate,
        (),
        tuple(made.ids),
    )


def read_put(text: str) -> ClientPacket | None:
    """A client packet in JSON, None where it takes a careful reader."""
    if len(text) > BYTES_MAX:
        return None
    try:
        made = _PUT.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None
    said = made.body
    generation = int(made.path[_TURNS:])
    parts = (said.commands, said.checksum, said.latency, said.framerate, said.signals, said.ids)
    keys = 3 + sum(part is not UNSET for part in (said.generation, *parts))
    commands = () if isinstance(said.commands, UnsetType) else said.commands
    ids = () if isinstance(said.ids, UnsetType) else said.ids
    checksum = None if isinstance(said.checksum, UnsetType) else said.checksum
    keys += 2 * (checksum is not None) + sum(2 + len(one.body) for one in commands)
    if (
        text.count('":') != keys  # Where a key stands twice the decoder keeps one of them.
        or generation > INT_MAX
        or said.generation not in (UNSET, generation)
        or len(ids) not in (0, len(commands))
        or (checksum is not None and checksum.generation >= generation)
    ):
        return None
    return ClientPacket(
        generation,
        tuple(Command(one.name, one.body) for one in commands),
        None if checksum is None else Checksum(checksum.generation, checksum.value),
        0 if isinstance(said.latency, UnsetType) else said.latency,
        0 if isinstance(said.framerate, UnsetType) else said.framerate,
        (),
        tuple(ids),
    )
