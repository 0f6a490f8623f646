"""Checks whether a value fits a type: for settings, variables and bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from gameroom.model.types import (
    BoolType,
    ChoiceType,
    Field,
    IntType,
    ListType,
    StringType,
    Type,
)


def misfit(type_: Type, value: object) -> str | None:
    """Return why `value` does not fit this type, as the end of a sentence; None if it fits.

    A bool does not fit `int`, and a float does not fit any type.
    """
    match type_:
        case IntType(low, high):
            if isinstance(value, bool) or not isinstance(value, int):
                return f"is not a whole number from {low} to {high}"
            if not low <= value <= high:
                return f"is {value}, outside {low}..{high}"
        case BoolType():
            if not isinstance(value, bool):
                return "is not true or false"
        case StringType(low, high):
            if not isinstance(value, str):
                return f"is not a string of {low} to {high} characters"
            if not low <= len(value) <= high:
                return f"has {len(value)} characters, not {low} to {high}"
            if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
                return "has a lone surrogate"
        case ChoiceType(choices):
            if not isinstance(value, str) or value not in choices:
                return "is not one of " + ", ".join(f'"{choice}"' for choice in choices)
        case ListType(item, low, high):
            if isinstance(value, str) or not isinstance(value, Sequence):
                return f"is not a list of {low} to {high} items"
            if not low <= len(value) <= high:
                return f"has {len(value)} items, not {low} to {high}"
            for index, part in enumerate(value):
                if (why := misfit(item, part)) is not None:
                    return f"has item {index}, which {why}"
        case _:
            assert_never(type_)
    return None


def misfit_body(fields: Sequence[Field], body: object) -> str | None:
    """Return why `body` does not have exactly these fields, as a clause; None if it has."""
    if not isinstance(body, Mapping):
        return "the body is not a map"
    for field in fields:
        if field.name not in body:
            return f"`{field.name}` is missing"
        if (why := misfit(field.type, body[field.name])) is not None:
            return f"`{field.name}` {why}"
    if len(body) > len(fields):
        known = {field.name for field in fields}
        extra = sorted(str(name)[:40] for name in body if name not in known)
        return f"`{extra[0]}` is not a field"
    return None
