"""Trees of scenarios to the model."""

from __future__ import annotations

from typing import Literal, cast

from lark import Token, Tree

from gameroom.language.expressions import expression
from gameroom.language.parse import Node
from gameroom.language.words import Words, inner, leaf, maybe, path, tokens, trees
from gameroom.model import Scenario, Step, Value


def scenario(words: Words, node: Node) -> Scenario:
    """`scenario "name" { steps }`."""
    title = leaf(node)
    return Scenario(
        words.text(title), tuple(step(words, part) for part in trees(node)), words.span(title)
    )


def step(words: Words, node: Node) -> Step:
    """One line of a scenario."""
    span, who = words.span(node), _who(node)
    match kind := str(node.data):
        case "step":
            return _expected(words, next(trees(node)))
        case "given" | "drops" | "returns" | "watches" | "leaves" | "diverges":
            return Step(kind, who, span=span)
        case "joins":
            team = words.name(node) if maybe(node, "name") is not None else ""
            return Step(kind, who, team, span=span)
        case "says" | "refuses":
            return Step(kind, who, words.text(next(tokens(node))), span=span)
        case "wait" | "silent":
            part = maybe(node, "duration")
            if part is None:
                return Step(kind, who, span=span)
            time = words.duration(part)
            return Step(kind, who, amount=time.amount, unit=time.unit, span=span)
        case "sends" | "raises":
            part = maybe(node, "map")
            body = _map(words, part) if part is not None else {}
            return Step(kind, who, words.name(node), body, span=span)
        case "sets":
            said = _value(words, node.children[-1])
            return Step(kind, who, words.name(node), said, span=span)
    raise AssertionError(node.data)


def _expected(words: Words, node: Node) -> Step:
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
            return Step(verb, _who(node), words.name(node), span=span)
        case kind:
            where = path(inner(node, "state_path"))
            return Step("not_state" if kind == "not_in_path" else "state", name=where, span=span)


def _who(node: Node) -> tuple[str, ...]:
    people = maybe(node, "people")
    return tuple(str(name) for name in tokens(people)) if people is not None else ()


def _value(words: Words, part: Token | Node) -> Value:
    if isinstance(part, Tree) and part.data == "map":
        return _map(words, part)
    if isinstance(part, Tree) and part.data == "items":
        return [_value(words, each) for each in part.children]
    if isinstance(part, Tree):
        said = part.children[0] if part.data == "literal" else part
        return words.literal(said)
    assert part.type == "NULL", part
    return None


def _map(words: Words, node: Node) -> dict[str, Value]:
    body: dict[str, Value] = {}
    for pair in trees(node):
        key, said = pair.children
        name = str(leaf(cast(Node, key)))
        if name in body:
            words.problems.error("E0306", f"`{name}` stands here twice", words.span(pair))
        body[name] = _value(words, said)
    return body
