"""The largest size of a value of a type on the wire, in bytes of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gameroom.model.types import BoolType, ChoiceType, Field, IntType, ListType, StringType, Type

CHARACTER_BYTES_MAX = 6
"""The most bytes that JSON encoders write for one code point: an escaped control character."""


def bytes_max(type_: Type) -> int:
    """Return the size of the largest JSON text of a value of this type, in bytes."""
    match type_:
        case IntType(low, high):
            return max(len(str(low)), len(str(high)))
        case BoolType():
            return len("false")
        case StringType(_, high):
            return 2 + CHARACTER_BYTES_MAX * high
        case ChoiceType(choices):
            return max((len(json.dumps(choice)) for choice in choices), default=2)
        case ListType(item, _, high):
            return 2 + high * (bytes_max(item) + 1)


def body_bytes_max(fields: Sequence[Field]) -> int:
    """Return the size of the largest JSON text of a body with these fields, in bytes."""
    return 2 + sum(len(field.name) + 4 + bytes_max(field.type) for field in fields)
