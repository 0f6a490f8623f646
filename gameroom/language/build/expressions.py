"""Builds model expressions from trees."""

from __future__ import annotations

from typing import Any, cast

from lark import Tree

from gameroom.language.build.words import TreeWords, inner, leaf, maybe, path, tokens, trees
from gameroom.language.syntax.parse import Node
from gameroom.model import (
    Binary,
    Call,
    Chose,
    Count,
    EnoughPlayers,
    EventField,
    Expression,
    Flag,
    InState,
    Literal,
    Name,
    Negative,
    Not,
    Predicate,
    Quorum,
)

OPERANDS_MAX = 64
"""How many operands one chain such as `a and b and c` can have."""


def expression(words: TreeWords, node: Node) -> Expression:
    """Return the expression of a tree."""
    span = words.span(node)
    match str(node.data):
        case "conjunction" | "negation" | "expression" | "comparison" | "sum" | "product":
            return _chain(words, node)
        case "not_":
            return Not(expression(words, _only(node)), span)
        case "minus":
            return Negative(expression(words, _only(node)), span)
        case "literal_atom":
            return Literal(words.literal(leaf(node)), span)
        case "variable":
            return Name(str(leaf(node)), span)
        case "event_field":
            return EventField(str(leaf(inner(node, "key"))), span)
        case "call":
            name, *arguments = trees(node)
            said = tuple(expression(words, each) for each in arguments)
            return Call(str(leaf(name)), said, span, words.span(name))
        case "in_state":
            return InState(path(inner(node, "path")), span)
        case "quorum":
            return _quorum(words, node)
        case "count_of":
            who = inner(node, "name")
            return Count(str(leaf(who)), _predicate(words, node), span, words.span(who))
        case "enough":
            return EnoughPlayers(span)
    raise AssertionError(node.data)


_JOINS = {"expression": "or", "conjunction": "and"}


def _chain(words: TreeWords, node: Node) -> Expression:
    """Build `a + b - c`, from the left. For `and` and `or`, the name of the rule is the
    operator."""
    operands = list(trees(node))
    join = _JOINS.get(str(node.data))
    ops = [join] * (len(operands) - 1) if join else [str(token) for token in tokens(node)]
    if len(operands) > OPERANDS_MAX:
        words.problems.error(
            "E0107",
            f"more than {OPERANDS_MAX} operands in a row",
            words.span(node),
            help="group some of them in parentheses",
        )
        return Literal(True, words.span(node))
    if node.data == "comparison" and len(operands) > 2:
        words.problems.error(
            "E0505",
            "comparisons can't be chained",
            words.span(node),
            help="write `a < b and b < c`",
        )
    left = expression(words, operands[0])
    for op, operand in zip(ops, operands[1:], strict=True):
        right = expression(words, operand)
        left = Binary(cast(Any, op), left, right, left.span.to(right.span))
    return left


_KINDS = {"ALL": "all", "ANY": "any", "NO": "no", "MAJORITY": "majority"}


def _quorum(words: TreeWords, node: Node) -> Quorum:
    first, span, who = leaf(node), words.span(node), inner(node, "name")
    kind, amount = _KINDS.get(first.type, ""), 0
    if first.type == "INT":
        kind, amount = "count", words.whole(first)
        if amount < 1:
            words.problems.error(
                "E0504",
                "a quorum of 0 is always met",
                words.span(first),
                help="to require that this is true of nobody, write `no player ...`",
            )
    elif first.type == "SHARE":
        digits = first.rstrip("% \t")
        kind, amount = "percent", int(digits) if len(digits) < 9 else 0
        if not 1 <= amount <= 100:
            words.problems.error(
                "E0504",
                "a share must be between 1% and 100%",
                words.span(first),
                help="write a share such as `60%`",
            )
    return Quorum(
        cast(Any, kind), str(leaf(who)), _predicate(words, node), amount, span, words.span(who)
    )


def _predicate(words: TreeWords, node: Node) -> Predicate:
    part = inner(node, "flag", "chose")
    if part.data == "flag":
        # The checker decides whether the flag exists.
        return Flag(str(leaf(part)), words.span(part))
    text, request = next(tokens(part)), maybe(part, "name")
    if request is None:
        return Chose(words.text(text), None, words.span(text))
    return Chose(words.text(text), str(leaf(request)), words.span(text), words.span(request))


def _only(node: Node) -> Node:
    part = node.children[0]
    assert isinstance(part, Tree)
    return part
