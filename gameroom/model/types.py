"""The types of settings, variables and bodies. Each type limits the size of its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gameroom.model.span import NOWHERE, Span

INT_MAX = 2**53 - 1
"""The largest integer; the smallest is its negative. Python and JavaScript agree on all of them."""

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
    """`string(1..16)`: the length in Unicode code points, both ends included."""

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
    """`list(0..400) of int 0..1499`: the length in items, both ends included."""

    item: Type
    low: int
    high: int
    span: Span = field(default=NOWHERE, compare=False)


Type = IntType | StringType | BoolType | ChoiceType | ListType


@dataclass(frozen=True, slots=True)
class Field:
    """One field in the body of a command, a request or a signal."""

    name: str
    type: Type
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
