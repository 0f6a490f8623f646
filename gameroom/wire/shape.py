"""Converts plain values to the records of the packets, and back.

Knows no bytes and no names of events. A reader is created once per type, from its annotations. The
server reads strictly: it refuses unknown fields. A client reads leniently: it ignores them, because
it can be older than its server. Fields with a default can be omitted. The keys of a
`Mapping[int, ...]` are strings on the wire.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Literal, TypeGuard, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo

from gameroom.wire.frames import bad

T = TypeVar("T")
_Reader = Callable[[object, str], object]


def is_record(hint: object) -> TypeGuard[type]:
    """Whether this is a dataclass or a struct."""
    return isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, msgspec.Struct))


def record_fields(type_: type) -> tuple[FieldInfo, ...]:
    """Return the fields of a dataclass or a struct, in order."""
    if issubclass(type_, msgspec.Struct):
        return msgspec.structs.fields(type_)
    assert is_dataclass(type_), f"{type_} has no fields"
    return tuple(
        FieldInfo(
            one.name,
            one.name,
            one.type,
            NODEFAULT if one.default is MISSING else one.default,
            NODEFAULT if one.default_factory is MISSING else one.default_factory,
        )
        for one in fields(type_)
    )


def plain(value: object) -> object:
    """Convert dataclasses, structs, tuples and read-only maps to plain lists and maps with string
    keys."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=as_dict)


def as_dict(value: object) -> object:
    """The hook of msgspec for unknown types: writes any Mapping as a map and any Sequence as a
    list. Raises TypeError for other types."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be encoded")


def read(type_: type[T], value: object, *, strict: bool) -> T:
    """Convert a plain value to `type_`. Raises BadFrameError with the place of the mistake."""
    made = _reader(cast(Hashable, type_), strict)(value, "")
    assert isinstance(made, type_)
    return made


@cache
def _reader(hint: Hashable, strict: bool) -> _Reader:
    if hint in (int, str, bool):
        return _scalar(hint)
    if is_record(hint):
        return _record(hint, strict)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _items(_reader(parts[0], strict))
    if origin in (types.UnionType, Union):
        chosen = [part for part in parts if part is not type(None)]
        assert len(chosen) == 1, f"{hint} is not one type or None"
        return _optional(_reader(chosen[0], strict))
    if origin is Literal:
        return _choice(parts)
    assert origin is Mapping, f"{hint} cannot be read"
    return _map(parts[0], _reader(parts[1], strict) if parts[1] in (int, str) else None)


def _named(where: str) -> str:
    return f"`{where}`" if where else "the body"


def _scalar(kind: object) -> _Reader:
    said = "an integer" if kind is int else "a string" if kind is str else "true or false"

    def reader(value: object, where: str) -> object:
        if type(value) is not kind:
            raise bad(f"{_named(where)} must be {said}")
        return value

    return reader


def _choice(words: tuple[object, ...]) -> _Reader:
    def reader(value: object, where: str) -> object:
        if not isinstance(value, str) or value not in words:
            raise bad(f"{_named(where)} must be one of {', '.join(map(str, words))}")
        return value

    return reader


def _optional(inner: _Reader) -> _Reader:
    return lambda value, where: None if value is None else inner(value, where)


def _items(inner: _Reader) -> _Reader:
    def reader(value: object, where: str) -> object:
        if not isinstance(value, list | tuple):
            raise bad(f"{_named(where)} must be a list")
        return tuple([inner(item, f"{where}[{i}]") for i, item in enumerate(value)])

    return reader


def _map(key: object, inner: _Reader | None) -> _Reader:
    def reader(value: object, where: str) -> object:
        if not isinstance(value, Mapping):
            raise bad(f"{_named(where)} must be a map")
        made = value if inner is None else {k: inner(v, f"{where}.{k}") for k, v in value.items()}
        if key is not int:
            return made
        try:
            return {int(k): v for k, v in made.items()}
        except ValueError:
            raise bad(f"`{where}` has a key that is not a number") from None

    return reader


def _record(type_: type, strict: bool) -> _Reader:
    hints = get_type_hints(type_)
    parts = record_fields(type_)
    readers = {part.name: _reader(hints[part.name], strict) for part in parts}
    needed = [part.name for part in parts if part.required]

    def reader(value: object, where: str) -> object:
        if not isinstance(value, Mapping):
            raise bad(f"{_named(where)} must be a map")
        made = {}
        for name, part in value.items():
            if name in readers:
                made[name] = readers[name](part, f"{where}.{name}" if where else str(name))
            elif strict:
                raise bad(f"`{where + '.' if where else ''}{str(name)[:40]}` is not a known field")
        for name in needed:
            if name not in made:
                raise bad(f"`{where + '.' if where else ''}{name}` is missing")
        return type_(**made)

    return reader
