"""Reads the packet that every player sends every turn in one call of the decoder.

Knows the shapes of a client packet without signals, in both subprotocols, with the types of the
commands that a room declares. The rule it keeps: it returns the same as the careful path (`codec`,
`strict`, `compact`, and `model.fit` for the commands) or None. A test checks this with random
frames. After None, the careful path reads the frame or says why it is refused.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal, assert_never, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import astuple

from gameroom.lockstep.packets import Checksum, ClientPacket, TypedCommand
from gameroom.model import INT_MAX, CommandDeclaration
from gameroom.model.types import BoolType, ChoiceType, Field, IntType, ListType, StringType, Type
from gameroom.wire.frames import CHECKSUM_MAX

BYTES_MAX = 1024
"""The longest frame for the fast path. Longer frames are rare, and the careful path limits how many
values they contain."""

READERS_MAX = 256
"""How many readers are cached for rooms that declare the same commands."""

Generation = Annotated[int, Meta(ge=1, le=INT_MAX)]
Count = Annotated[int, Meta(ge=0, le=INT_MAX)]
Sum32 = Annotated[int, Meta(ge=0, le=CHECKSUM_MAX)]
NoSignals = Annotated[tuple[None, ...], Meta(max_length=0)]

_STRICT: dict[str, Any] = {"forbid_unknown_fields": True, "frozen": True, "gc": False}


class _Checksum(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    generation: Generation
    value: Sum32


class _NamedCommand(Struct, frozen=True, gc=False):
    """A command in JSON. Each declared command has a subclass with its body."""

    typed: ClassVar[Callable[..., TypedCommand]]
    body: Any


class PacketReader:
    """Reads the client packets of rooms that declare these commands."""

    def __init__(self, commands: tuple[CommandDeclaration, ...]) -> None:
        typed = [_typed(index, command) for index, command in enumerate(commands)]
        named = [_named(*pair) for pair in zip(commands, typed, strict=True)]
        array = msgspec.msgpack.Decoder(_array(_any(typed)))
        put = msgspec.json.Decoder(_put(_any(named)))
        self._read_array: Callable[[bytes], Any] = array.decode
        self._read_put: Callable[[str], Any] = put.decode

    def read_array(self, data: bytes) -> ClientPacket | None:
        """Read a client packet in MessagePack. Returns None if it needs the careful path."""
        if len(data) > BYTES_MAX:
            return None
        try:
            made = self._read_array(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        generation, age, ids = made.generation, made.checksum_age, made.ids
        if age >= generation or (ids and len(ids) != len(made.commands)):
            return None
        return ClientPacket(
            generation,
            made.commands,
            Checksum(generation - age, made.checksum) if age else None,
            made.latency,
            made.framerate,
            (),
            ids,
        )

    def read_put(self, text: str) -> ClientPacket | None:
        """Read a client packet in JSON. Returns None if it needs the careful path."""
        if len(text) > BYTES_MAX:
            return None
        try:
            made = self._read_put(text)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return None
        said = made.body
        generation = int(made.path[_TURNS:])
        # If a key occurs twice, the decoder keeps one of them. So count the keys.
        keys = 10 - astuple(said).count(UNSET)
        checksum: Any = None
        if said.checksum:
            if said.checksum.generation >= generation:
                return None
            keys += 2
            checksum = Checksum(said.checksum.generation, said.checksum.value)
        commands, ids = [], said.ids or ()
        for one in said.commands or ():
            values = astuple(one.body)
            keys += 2 + len(values)
            commands.append(one.typed(*values))
        if (
            text.count('":') != keys
            or generation > INT_MAX
            or (said.generation is not UNSET and said.generation != generation)
            or (ids and len(ids) != len(commands))
        ):
            return None
        return ClientPacket(
            generation,
            tuple(commands),
            checksum,
            said.latency or 0,
            said.framerate or 0,
            (),
            ids,
        )


@lru_cache(READERS_MAX)
def packet_reader(commands: tuple[CommandDeclaration, ...]) -> PacketReader:
    """Return the reader for rooms that declare these commands. A reader takes a millisecond to
    create and more memory than a room, so these rooms share it."""
    return PacketReader(commands)


_TURNS = len("/turns/")


def _typed(index: int, command: CommandDeclaration) -> type[TypedCommand]:
    """Return the type of this command in MessagePack: `[index, value, ...]`."""
    made: Any = msgspec.defstruct(
        "TypedCommand",
        _fields(command.fields),
        bases=(TypedCommand,),
        namespace={
            "name": command.name,
            "field_names": tuple(field.name for field in command.fields),
        },
        tag=index,
        array_like=True,
        **_STRICT,
    )
    return cast("type[TypedCommand]", made)


def _named(command: CommandDeclaration, typed: type[TypedCommand]) -> type[Struct]:
    """Return the type of this command in JSON: `{"name": ..., "body": {...}}`."""
    names = {f"f{index}": field.name for index, field in enumerate(command.fields)}
    body = msgspec.defstruct("Body", _fields(command.fields), rename=names, **_STRICT)
    return msgspec.defstruct(
        "NamedCommand",
        [("body", body)],
        bases=(_NamedCommand,),
        namespace={"typed": typed},
        tag_field="name",
        tag=command.name,
        **_STRICT,
    )


def _fields(fields: Sequence[Field]) -> list[tuple[str, Any]]:
    """Return the fields of a struct. They are numbered, because a declared name can be any
    word."""
    return [(f"f{index}", _annotation(field.type)) for index, field in enumerate(fields)]


def _annotation(type_: Type) -> Any:
    """Return a type that accepts the same values as `fit.misfit` does for a declared type."""
    match type_:
        case IntType(low, high):
            return Annotated[int, Meta(ge=low, le=high)]
        case BoolType():
            return bool
        case StringType(low, high):
            return Annotated[str, Meta(min_length=low, max_length=high)]
        case ChoiceType(choices):
            return Literal[choices]
        case ListType(item, low, high):
            listed = types.GenericAlias(list, _annotation(item))
            return Annotated[listed, Meta(min_length=low, max_length=high)]
        case _:
            assert_never(type_)


def _any(commands: Sequence[type[Struct]]) -> Any:
    """Return the type of a tuple of these commands."""
    if not commands:
        return Annotated[tuple[None, ...], Meta(max_length=0)]
    return types.GenericAlias(tuple, (reduce(or_, commands), ...))


def _array(commands: Any) -> type[Struct]:
    """Return the type of a client packet in MessagePack; see `compact`."""
    return msgspec.defstruct(
        "Packet",
        [
            ("generation", Generation),
            ("commands", commands),
            ("checksum_age", Count),
            ("checksum", Sum32),
            ("latency", Count),
            ("framerate", Count),
            ("signals", NoSignals, ()),
            ("ids", tuple[Count, ...], ()),
        ],
        array_like=True,
        **_STRICT,
    )


def _put(commands: Any) -> type[Struct]:
    """Return the type of a JSON request without an id whose body is a client packet."""
    body = msgspec.defstruct(
        "Body",
        [
            ("generation", Generation | UnsetType, UNSET),
            ("commands", commands | UnsetType, UNSET),
            ("checksum", _Checksum | UnsetType | None, UNSET),
            ("latency", Count | UnsetType, UNSET),
            ("framerate", Count | UnsetType, UNSET),
            ("signals", NoSignals | UnsetType, UNSET),
            ("ids", tuple[Count, ...] | UnsetType, UNSET),
        ],
        **_STRICT,
    )
    return msgspec.defstruct(
        "Put",
        [
            ("method", Literal["PUT"]),
            ("path", Annotated[str, Meta(pattern=r"^/turns/[1-9][0-9]{0,15}$")]),
            ("body", body),
        ],
        **_STRICT,
    )
