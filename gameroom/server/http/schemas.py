"""JSON Schemas of all bodies, generated from the code's types by msgspec.

msgspec does not support recursive type aliases, and `model.Value` is one. So each dataclass is
mirrored as a struct with the same name and fields, in which a separate type replaces `Value`. The
schema of that type is in this module. msgspec generates all other schemas.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT

from gameroom.lockstep.packets import AtLeast
from gameroom.model import INT_MAX, Value
from gameroom.wire.shape import is_record, record_fields

TEMPLATE = "#/components/schemas/{name}"


class PlainValue:
    """Replaces `model.Value`: the value of a setting, a variable or a field of a body."""


VALUE_SCHEMA: dict[str, Any] = {
    "title": "Value",
    "type": ["integer", "string", "boolean", "null", "array", "object"],
}


def components(of: Iterable[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A schema for each type, in order, and the named schemas that they refer to."""
    mirrored = [mirror(type_) for type_ in of]
    schemas, named = msgspec.json.schema_components(
        mirrored, schema_hook=_hook, ref_template=TEMPLATE
    )
    return [dict(schema) for schema in schemas], dict(named)


def _hook(type_: type) -> dict[str, Any]:
    if type_ is PlainValue:
        return dict(VALUE_SCHEMA)
    raise NotImplementedError  # msgspec's convention for a type that the hook does not know


@cache
def mirror(hint: Any) -> Any:
    """The type, with each dataclass in it replaced by a struct that msgspec can describe."""
    if hint == Value:
        return PlainValue
    if is_record(hint):
        return _struct(hint)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated and isinstance(bound := parts[1], AtLeast):
        return Annotated[parts[0], msgspec.Meta(ge=bound.low, le=INT_MAX)]
    if origin in (Union, types.UnionType):
        return reduce(or_, map(mirror, parts))
    if origin is tuple:
        items: Any = tuple
        return items[mirror(parts[0]), ...]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        made: Any = Mapping
        return made[mirror(parts[0]), mirror(parts[1])]
    return hint


def _struct(type_: type) -> type[msgspec.Struct]:
    hints = get_type_hints(type_, localns={"Value": PlainValue}, include_extras=True)
    rows: list[Any] = []
    for field in record_fields(type_):
        row: tuple[Any, ...] = (field.name, mirror(hints[field.name]))
        if field.default is not NODEFAULT:
            row += (field.default,)
        elif not field.required:
            row += (msgspec.field(default_factory=field.default_factory),)
        rows.append(row)
    made = msgspec.defstruct(type_.__name__, rows, frozen=True, kw_only=True)
    made.__doc__ = re.sub(r"\s+", " ", type_.__doc__ or "").strip()
    return made
