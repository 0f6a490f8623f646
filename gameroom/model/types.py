"""The types of settings, variables and bodies. Every one of them has a largest size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gameroom.model.span import NOWHERE, Span

INT_MAX = 2**53 - 1
"""The largest magnitude of an integer that Python and JavaScript agree on."""

Scalar = int | str | bool
Value = int | str | bool | None | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True)
class IntType:
    """`int 0..1499`, both ends included."""

    low: int
    high: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class StringType:
    """`string(1..16)`: sizes in Unicode code points, both ends included."""

    low: int
    high: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class BoolType:
    """`bool`."""

    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ChoiceType:
    """`"plains" | "islands"`."""

    choices: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ListType:
    """`list(0..400) of int 0..1499`: sizes in items, both ends included."""

    item: Type
    low: int
    high: int
    span: Span = field(default=NOWHERE, compare=False)


Type = IntType | StringType | BoolType | ChoiceType | ListType


@dataclass(frozen=True, slots=True)
class Field:
    """One named part of a command's, request's or signal's body."""

    name: str
    type: Type
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
