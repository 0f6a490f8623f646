"""Converts tokens of the tree to plain values: numbers, strings, paths, times.

All builders of the language use it. A token that does not fit is reported with its place and
replaced with a valid value, so that building can continue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Literal

from lark import Token, Tree

from gameroom.language.diagnostics.diagnostic import Edit, Fix, Problems
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import Node
from gameroom.model import DURATION_MAX, INT_MAX, Duration, Range, Scalar, Span
from gameroom.model.words import UNITS

_UNIT_MS = {unit: size for size, unit in UNITS}


class TreeWords:
    """Reads tokens and small trees of one parsed text."""

    def __init__(
        self, place: TextPlace, problems: Problems, docs: Mapping[int, str] | None = None
    ) -> None:
        self.place = place
        self.problems = problems
        self._docs = docs or {}

    def span(self, part: Token | Node) -> Span:
        """Return the place of this part."""
        if isinstance(part, Token):
            return self.place.of(part)
        meta = part.meta
        if meta.empty:
            return self.place.span(1, 1, 1, 1)
        return self.place.span(meta.line, meta.column, meta.end_line, meta.end_column)

    def doc(self, node: Node) -> str:
        """Return the doc comment before this declaration, or ""."""
        return "" if node.meta.empty else self._docs.get(node.meta.start_pos, "")

    def head(self, node: Node) -> Span:
        """Return the place of the declared name."""
        return self.span(inner(node, "name"))

    def name(self, node: Node) -> str:
        """Return the declared name."""
        return str(leaf(inner(node, "name")))

    def whole(self, part: Token | Node) -> int:
        """`3`, `-3`."""
        negative = isinstance(part, Tree)
        token = leaf(part) if isinstance(part, Tree) else part
        value = int(token) if len(token) <= 16 else INT_MAX + 1
        if value > INT_MAX:
            self.problems.error(
                "E0503",
                f"`{str(token)[:20]}` is larger than {INT_MAX}",
                self.span(part),
                help="write a number up to 2^53-1, which every engine stores exactly",
            )
            value = INT_MAX
        return -value if negative else value

    def text(self, token: Token) -> str:
        """Return a string without its quotes. Escapes are resolved as in JSON."""
        try:
            value = json.loads(str(token), strict=False)
        except ValueError:
            value = None
        if not isinstance(value, str) or any("\ud800" <= char <= "\udfff" for char in value):
            self.problems.error(
                "E0109",
                "invalid escape in a string",
                self.span(token),
                help=r"valid escapes are \" \\ \n \t and \uXXXX, as in JSON",
            )
            return ""
        return value

    def literal(self, token_or_negative: Token | Node) -> Scalar:
        """A number, a string, `true` or `false`."""
        part = token_or_negative
        if isinstance(part, Tree) or part.type == "INT":
            return self.whole(part)
        if part.type == "STRING":
            return self.text(part)
        return part.type == "TRUE"

    def range(self, node: Node) -> Range:
        """`2..8`."""
        low, high = (self.whole(part) for part in node.children)
        return self.ordered(Range(low, high, self.span(node)))

    def ordered(self, said: Range) -> Range:
        """Return the range. If its ends are reversed, report that and swap them."""
        if said.low <= said.high:
            return said
        right = f"{said.high}..{said.low}"
        fix = Fix(f"write `{right}`", (Edit(said.span, right),))
        self.problems.error(
            "E0502",
            f"the range {said.low}..{said.high} is reversed",
            said.span,
            help=f"write `{right}`",
            fix=fix if self.place.whole is None else None,
        )
        return Range(said.high, said.low, said.span)

    def duration(self, node: Node) -> Duration:
        """`250ms`, `20 turns`."""
        token, span = leaf(node), self.span(node)
        digits = token.rstrip("msh")
        amount = int(digits) if len(digits) <= 16 else INT_MAX + 1
        if token.type == "INT":
            return self._capped(amount, "turns", span)
        return self._capped(amount * _UNIT_MS[token[len(digits) :]], "ms", span)

    def _capped(self, amount: int, unit: Literal["ms", "turns"], span: Span) -> Duration:
        if amount > (most := DURATION_MAX[unit]):
            told = "7 days" if unit == "ms" else f"{most} turns"
            self.problems.error("E0503", f"a time can't be longer than {told}", span)
            amount = most
        return Duration(amount, unit, span)


def path(node: Node) -> str:
    """`running.paused`."""
    return ".".join(str(part) for part in node.children)


def leaf(node: Node) -> Token:
    """Return the first token of a node."""
    part = node.children[0]
    assert isinstance(part, Token)
    return part


def tokens(node: Node) -> Iterator[Token]:
    """Yield the node's own tokens."""
    return (part for part in node.children if isinstance(part, Token))


def trees(node: Node) -> Iterator[Node]:
    """Yield the node's own subtrees."""
    return (part for part in node.children if isinstance(part, Tree))


def maybe(node: Node, *kinds: str) -> Node | None:
    """Return the first subtree of one of these kinds, or None."""
    return next((part for part in trees(node) if part.data in kinds), None)


def inner(node: Node, *kinds: str) -> Node:
    """Return the first subtree of one of these kinds. The grammar guarantees that there is one."""
    found = maybe(node, *kinds)
    assert found is not None, (node.data, kinds)
    return found
