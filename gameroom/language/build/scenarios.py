"""Builds scenarios from trees."""

from __future__ import annotations

from typing import Any, Literal, cast

from lark import Token, Tree

from gameroom.language.build.expressions import expression
from gameroom.language.build.words import TreeWords, inner, leaf, maybe, path, tokens, trees
from gameroom.language.syntax.parse import Node
from gameroom.model import Scenario, Span, Step, Value


def scenario(words: TreeWords, node: Node) -> Scenario:
    """`scenario "name" { steps }`."""
    title = leaf(node)
    return Scenario(
        words.text(title), tuple(step(words, part) for part in trees(node)), words.span(title)
    )


def step(words: TreeWords, node: Node) -> Step:
    """One line of a scenario."""
    span, (who, who_spans) = words.span(node), _who(words, node)
    match kind := str(node.data):
        case "step":
            return _expected(words, next(trees(node)))
        case "given" | "drops" | "returns" | "watches" | "leaves" | "diverges":
            return Step(kind, who, span=span, who_spans=who_spans)
        case "hides" | "shows" | "slow" | "steady" | "fails":
            return Step(kind, who, span=span, who_spans=who_spans)
        case "joins":
            team = maybe(node, "name")
            return Step(
                kind,
                who,
                str(leaf(team)) if team is not None else "",
                span=span,
                who_spans=who_spans,
                name_span=words.span(team) if team is not None else span,
            )
        case "says" | "refuses":
            text = words.text(next(tokens(node)))
            return Step(kind, who, text, span=span, who_spans=who_spans)
        case "wait" | "silent":
            part = maybe(node, "duration")
            if part is None:
                return Step(kind, who, span=span, who_spans=who_spans)
            time = words.duration(part)
            return Step(
                kind, who, amount=time.amount, unit=time.unit, span=span, who_spans=who_spans
            )
        case "sends" | "raises" | "sets":
            named, last = inner(node, "name"), node.children[-1]
            said = _value(words, last) if last is not named else {}
            return Step(
                kind,
                who,
                str(leaf(named)),
                said,
                span=span,
                who_spans=who_spans,
                name_span=words.span(named),
                body_span=words.span(last),
            )
    raise AssertionError(node.data)


def _expected(words: TreeWords, node: Node) -> Step:
    span = words.span(node)
    match str(node.data):
        case "that":
            condition = expression(words, next(trees(node)))
            return Step("that", condition=condition, span=span)
        case "refused":
            why = next(tokens(node), None)
            return Step("refused", name=words.text(why) if why is not None else "", span=span)
        case "told":
            return Step("told", name=words.text(leaf(node)), span=span)
        case "are":
            verb: Literal["is", "is_not"] = "is_not" if any(tokens(node)) else "is"
            who, who_spans = _who(words, node)
            return Step(
                verb,
                who,
                words.name(node),
                span=span,
                who_spans=who_spans,
                name_span=words.head(node),
            )
        case kind:
            where = inner(node, "state_path")
            verb_of = "not_state" if kind == "not_in_path" else "state"
            return Step(
                cast(Any, verb_of), name=path(where), span=span, name_span=words.span(where)
            )


def _who(words: TreeWords, node: Node) -> tuple[tuple[str, ...], tuple[Span, ...]]:
    """Return the people of a step, and the span of each name."""
    people = maybe(node, "people")
    names = tuple(tokens(people)) if people is not None else ()
    return tuple(map(str, names)), tuple(map(words.span, names))


def _value(words: TreeWords, part: Token | Node) -> Value:
    if isinstance(part, Tree) and part.data == "map":
        return _map(words, part)
    if isinstance(part, Tree) and part.data == "items":
        return [_value(words, each) for each in part.children]
    if isinstance(part, Tree):
        said = part.children[0] if part.data == "literal" else part
        return words.literal(said)
    assert part.type == "NULL", part
    return None


def _map(words: TreeWords, node: Node) -> dict[str, Value]:
    body: dict[str, Value] = {}
    for pair in trees(node):
        key, said = pair.children
        name = str(leaf(cast(Node, key)))
        if name in body:
            words.problems.error(
                "E0306",
                f"`{name}` is given twice",
                words.span(cast(Node, key)),
                help="remove one of them",
            )
        body[name] = _value(words, said)
    return body
