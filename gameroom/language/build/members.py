"""Builds the small members of a room from trees: types, fields, policies, transitions.

Each function takes one tree, from a `.room` file or from a string of the YAML spelling. `file`
builds states and whole files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from lark import Tree

from gameroom.language.build.expressions import expression
from gameroom.language.build.words import TreeWords, inner, leaf, maybe, path, tokens, trees
from gameroom.language.syntax.parse import Node
from gameroom.model import (
    Act,
    After,
    BoolType,
    ChoiceType,
    Field,
    IntType,
    ListType,
    On,
    Permission,
    PolicyEntry,
    Range,
    Rate,
    Scalar,
    Spectators,
    StringType,
    Target,
    Transition,
    Trigger,
    Type,
    When,
)

UNSIZED: dict[str, tuple[str, str, Type]] = {
    "int_unsized": ("`int` has no bounds", "add bounds, such as `int 0..100`", IntType(0, 0)),
    "string_unsized": (
        "`string` has no size",
        "add a size, such as `string(0..40)`",
        StringType(0, 0),
    ),
    "list_unsized": ("`list` has no size", "add a size, such as `list(0..10) of ...`", BoolType()),
}
_TYPES = (
    "int_type", "string_type", "bool_type", "choice_type", "list_type", *UNSIZED
)  # fmt: skip


def type_of(words: TreeWords, node: Node) -> Type:
    """Return the type of `node`, or of the first type inside it."""
    part = node if node.data in _TYPES else inner(node, *_TYPES)
    span = words.span(part)
    kind = str(part.data)
    if kind in UNSIZED:
        message, help, type_ = UNSIZED[kind]
        words.problems.error("E0501", message, span, help=help)
        words.problems.suppression.skip()
        return replace(type_, span=span)
    if kind == "bool_type":
        return BoolType(span)
    if kind == "choice_type":
        return _choices(words, part)
    size = words.range(inner(part, "range"))
    if kind == "int_type":
        return IntType(size.low, size.high, span)
    size = _natural(words, size)
    if kind == "string_type":
        return StringType(size.low, size.high, span)
    return ListType(type_of(words, inner(part, *_TYPES)), size.low, size.high, span)


def _choices(words: TreeWords, node: Node) -> ChoiceType:
    choices: dict[str, None] = {}
    for token in tokens(node):
        choice = words.text(token)
        if choice in choices:
            words.problems.error(
                "E0306", f'the choice "{choice}" is given twice', words.span(token)
            )
        else:
            choices[choice] = None
    return ChoiceType(tuple(choices), words.span(node))


def _natural(words: TreeWords, size: Range) -> Range:
    if size.low < 0:
        words.problems.error("E0502", "a size can't be negative", size.span)
    return size


def fields(words: TreeWords, node: Node) -> tuple[Field, ...]:
    """Return the fields of a command, a request or a signal. Without braces there are none."""
    block = maybe(node, "fields")
    if block is None:
        return ()
    return tuple(
        Field(
            str(leaf(inner(part, "key"))),
            type_of(words, part),
            words.doc(part),
            words.span(inner(part, "key")),
        )
        for part in trees(block)
    )


def value(words: TreeWords, node: Node) -> tuple[Scalar | tuple[Scalar, ...], Any]:
    """Return a default value and its span."""
    part = inner(node, "literal", "list_value")
    if part.data == "literal":
        return words.literal(part.children[0]), words.span(part)
    said = (each.children[0] for each in trees(part))
    return tuple(words.literal(each) for each in said), words.span(part)


def spectators(words: TreeWords, node: Node) -> Spectators:
    """`0..100 delay 10s` or `none`."""
    span = words.span(node)
    if node.data == "nobody":
        return Spectators(0, 0, span=span)
    size, delay = words.range(inner(node, "range")), maybe(node, "duration")
    if delay is None:
        return Spectators(size.low, size.high, span=span)
    return Spectators(size.low, size.high, words.duration(delay), span)


def policy_value(words: TreeWords, node: Node) -> Any:
    """Return the value after the `=` of a policy's key."""
    match str(node.data):
        case "count":
            return words.whole(leaf(node))
        case "rate":
            return Rate(words.whole(leaf(node)), words.span(node))
        case "single":
            return words.duration(inner(node, "duration"))
        case "times":
            low, high = (words.duration(each) for each in trees(node))
            return low, high
        case "within":
            return "within", words.duration(inner(node, "duration"))
    return str(leaf(node))


_VALUES = ("count", "rate", "single", "times", "within", "word_value")


def policy_entry(words: TreeWords, node: Node) -> PolicyEntry:
    """`pause after = 3s`."""
    named, said = inner(node, "policy_key"), inner(node, *_VALUES)
    key = "_".join(str(token) for token in tokens(named))
    return PolicyEntry(key, policy_value(words, said), words.span(named), words.span(said))


def permission(words: TreeWords, node: Node) -> Permission:
    """`allow move, build from player`."""
    names, who = ([*trees(part)] for part in trees(node))
    return Permission(
        cast(Any, str(leaf(node))),
        tuple(str(leaf(name)) for name in names),
        tuple(str(leaf(name)) for name in who),
        words.span(node),
        tuple(words.span(name) for name in names),
        tuple(words.span(name) for name in who),
    )


def transition(words: TreeWords, node: Node) -> Transition:
    """`on ...`, `when ...` or `after ...`, with the rest of the transition."""
    span = words.span(node)
    guard, arrow, because = maybe(node, "guard"), maybe(node, "arrow"), maybe(node, "because")
    return Transition(
        _trigger(words, node),
        expression(words, _child(guard)) if guard is not None else None,
        actions(words, maybe(node, "do")),
        target(words, _child(arrow)) if arrow is not None else None,
        words.text(leaf(because)) if because is not None else None,
        span,
    )


def _trigger(words: TreeWords, node: Node) -> Trigger:
    first = _child(node)
    match str(node.data):
        case "on":
            return event(words, first)
        case "when":
            return When(expression(words, first), words.span(first))
        case _:
            return After(words.duration(first), words.span(first))


def event(words: TreeWords, node: Node) -> On:
    """`pause`, `done(setup.draft)`."""
    span = words.span(node)
    if node.data == "event_done":
        return On(f"done({path(inner(node, 'path'))})", span)
    return On(str(leaf(inner(node, "name"))), span)


_TARGETS = {"to": "external", "to_resume": "resume", "to_internal": "internal"}


def target(words: TreeWords, node: Node) -> Target:
    """`running.paused`, `resume running`, `internal night`."""
    where = inner(node, "path")
    return Target(path(where), cast(Any, _TARGETS[str(node.data)]), words.span(where))


def actions(words: TreeWords, node: Node | None) -> tuple[Act, ...]:
    """The actions of `do { }`."""
    return tuple(action(words, part) for part in trees(node)) if node is not None else ()


def action(words: TreeWords, node: Node) -> Act:
    """`set rounds = rounds + 1`, `announce "text"`, `drop missing`."""
    span = words.span(node)
    if node.data == "set":
        name = inner(node, "name")
        said = [part for part in trees(node) if part is not name]
        return Act("set", str(leaf(name)), expression(words, said[0]), span, words.span(name))
    if node.data == "act":
        name = inner(node, "name")
        return Act(cast(Any, str(leaf(node))), str(leaf(name)), None, span, words.span(name))
    return Act("announce", words.text(leaf(node)), None, span, words.span(leaf(node)))


def _child(node: Node) -> Node:
    return next(part for part in node.children if isinstance(part, Tree))
