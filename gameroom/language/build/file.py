"""Builds a model.File with spans from a parsed file.

Knows the shape of the tree, but not the meaning of names. It reports duplicate and misplaced parts
and always continues, so that one run reports all problems of a file.
"""

from __future__ import annotations

from typing import Any, cast

from lark import Tree

from gameroom.language.build import members
from gameroom.language.build.scenarios import scenario
from gameroom.language.build.words import TreeWords, inner, leaf, maybe, path, tokens, trees
from gameroom.language.diagnostics.diagnostic import Edit, Fix, Problems
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import Node, Parsed
from gameroom.model import (
    Act,
    CommandDeclaration,
    File,
    Permission,
    Policy,
    Range,
    Request,
    Role,
    RoomFile,
    Scenario,
    Setting,
    SignalDeclaration,
    Span,
    Spectators,
    State,
    Team,
    Transition,
    Use,
    Variable,
)

LANGUAGE = 1
TRANSITIONS = ("on", "when", "after")


def build(parsed: Parsed, place: TextPlace, problems: Problems) -> File | None:
    """Return the file of a parsed text; None if there is no tree."""
    if parsed.tree is None:
        return None
    words = TreeWords(place, problems, parsed.docs)
    tree = parsed.tree
    rooms = [node for node in trees(tree) if node.data == "room"]
    for extra in rooms[1:]:
        problems.error(
            "E0111",
            "a file can contain only one room",
            words.span(leaf(extra)),
            secondary=(words.span(leaf(rooms[0])), "first room here"),
        )
    uses = [node for node in trees(tree) if node.data == "use"]
    return File(
        _language(words, tree),
        tuple(Use(words.text(leaf(node)), words.span(leaf(node))) for node in uses),
        room(words, rooms[0]) if rooms else None,
        _scenarios(words, tree),
        words.span(tree),
    )


def _language(words: TreeWords, tree: Node) -> int:
    said = [node for node in trees(tree) if node.data == "language"]
    first = next(trees(tree), None)
    if not said or first is not said[0]:
        words.problems.error(
            "E0110",
            "the file does not start with its language version",
            words.place.span(1, 1, 1, 2),
            help=f"write `language {LANGUAGE}` on the first line",
            fix=Fix(
                f"add `language {LANGUAGE}`",
                (Edit(words.place.span(1, 1, 1, 1), f"language {LANGUAGE}\n"),),
            )
            if not said
            else None,
        )
    for extra in said[1:]:
        words.problems.error(
            "E0306",
            "the language version is given twice",
            words.span(extra),
            secondary=(words.span(said[0]), "first given here"),
        )
    version = words.whole(leaf(said[0])) if said else LANGUAGE
    if version != LANGUAGE:
        words.problems.error(
            "E0110",
            f"unknown language version {version}",
            words.span(said[0]),
            help=f"write `language {LANGUAGE}`, the version that this gameroom reads",
        )
    return version


def _scenarios(words: TreeWords, tree: Node) -> tuple[Scenario, ...]:
    return tuple(scenario(words, node) for node in trees(tree) if node.data == "scenario")


def room(words: TreeWords, node: Node) -> RoomFile:
    """`room "Skirmish" extends standard { ... }`."""
    extends = maybe(node, "extends")
    name: str | None = None
    if extends is not None:
        said = leaf(extends)
        name = words.text(said) if said.type == "STRING" else str(said)

    def all_of(kind: str, make: Any) -> tuple[Any, ...]:
        return tuple(make(words, part) for part in trees(node) if part.data == kind)

    return RoomFile(
        words.text(leaf(node)),
        name,
        _players(words, node),
        _spectators(words, node),
        all_of("team", _team),
        all_of("role", _role),
        all_of("setting", _setting),
        all_of("command", _command),
        all_of("request", _request),
        all_of("signal", _signal),
        all_of("var", _variable),
        all_of("policy", _policy),
        _root(words, node),
        words.doc(node),
        words.span(leaf(node)),
        words.span(leaf(extends)) if extends is not None else words.span(leaf(node)),
    )


def _one(words: TreeWords, node: Node, kind: str) -> Node | None:
    """Return the first member of this kind, or None. Further ones are reported."""
    found = [part for part in trees(node) if part.data == kind]
    for extra in found[1:]:
        words.problems.error(
            "E0306",
            f"`{kind}` is given twice",
            words.span(extra),
            secondary=(words.span(found[0]), "first given here"),
        )
    return found[0] if found else None


def _players(words: TreeWords, node: Node) -> Range | None:
    said = _one(words, node, "players")
    return words.range(inner(said, "range")) if said is not None else None


def _spectators(words: TreeWords, node: Node) -> Spectators | None:
    said = _one(words, node, "spectators")
    return members.spectators(words, next(trees(said))) if said is not None else None


def _team(words: TreeWords, node: Node) -> Team:
    size = words.range(inner(node, "range"))
    name, doc, span = words.name(node), words.doc(node), words.head(node)
    return Team(name, size.low, size.high, doc, span, size.span)


def _role(words: TreeWords, node: Node) -> Role:
    _, of = trees(node)
    return Role(words.name(node), str(leaf(of)), words.doc(node), words.head(node), words.span(of))


def _setting(words: TreeWords, node: Node) -> Setting:
    default, where = members.value(words, node)
    return Setting(
        words.name(node),
        members.type_of(words, node),
        default,
        words.doc(node),
        words.head(node),
        where,
    )


def _command(words: TreeWords, node: Node) -> CommandDeclaration:
    return CommandDeclaration(
        words.name(node), members.fields(words, node), words.doc(node), words.head(node)
    )


def _request(words: TreeWords, node: Node) -> Request:
    return Request(words.name(node), members.fields(words, node), words.doc(node), words.head(node))


def _signal(words: TreeWords, node: Node) -> SignalDeclaration:
    names = [part for part in trees(node) if part.data == "name"]
    agreed = str(leaf(names[1]))
    if agreed not in ("all", "majority"):
        words.problems.error(
            "E0101",
            f"a signal must be agreed by `all` or `majority`, not by `{agreed}`",
            words.span(names[1]),
            meant=(agreed, ("all", "majority")),
        )
        agreed = "all"
    return SignalDeclaration(
        words.name(node),
        members.fields(words, node),
        cast(Any, agreed),
        words.doc(node),
        words.head(node),
    )


def _variable(words: TreeWords, node: Node) -> Variable:
    initial, where = members.value(words, node)
    return Variable(
        words.name(node),
        members.type_of(words, node),
        cast(Any, initial),
        words.doc(node),
        words.head(node),
        where,
    )


def _policy(words: TreeWords, node: Node) -> Policy:
    return Policy(
        words.name(node),
        tuple(
            members.policy_entry(words, part) for part in trees(node) if part.data == "policy_entry"
        ),
        words.head(node),
    )


def _root(words: TreeWords, node: Node) -> State:
    if (said := _one(words, node, "initial")) is not None:
        words.problems.error(
            "E0601", "a room can't have `initial`: it always starts in `setup`",
            words.span(said), help="remove it, or write `extend state setup { initial ... }`",
        )  # fmt: skip
    span = words.span(leaf(node))
    return _state("", words, node, "state", span, span, initial="setup")


def state(words: TreeWords, node: Node) -> State:
    """`state day iterates { ... }`, `extend state setup.gathering { ... }`, `history back`."""
    mode, where = maybe(node, "mode"), inner(node, "path")
    kind = next(token for token in tokens(node) if token.type not in ("ITERATES", "DEEP"))
    named, said = path(where), str(leaf(mode)) if mode is not None else "new"
    if mode is None and "." in named:
        words.problems.error(
            "E0112",
            f"a new state can't be named by a path: `{named}`",
            words.span(where),
            help=f"to add to an inherited state, write `extend {kind} {named}`",
        )
        named = named.rpartition(".")[2]
    marks = {token.type for token in tokens(node)}
    arrow, body = maybe(node, "arrow"), maybe(node, "body")
    default = members.target(words, next(trees(arrow))) if arrow is not None else None
    if kind.type == "HISTORY":
        return State(
            named,
            "history",
            cast(Any, said),
            deep="DEEP" in marks,
            default=default,
            doc=words.doc(node),
            span=words.span(node),
            name_span=words.span(where),
        )
    return _state(
        named,
        words,
        body if body is not None else Tree("body", []),
        str(kind),
        words.span(node),
        words.span(where),
        mode=said,
        iterates="ITERATES" in marks,
        doc=words.doc(node),
    )


def _state(
    name: str,
    words: TreeWords,
    body: Node,
    kind: str,
    span: Span,
    name_span: Span,
    *,
    mode: str = "new",
    iterates: bool = False,
    initial: str | None = None,
    doc: str = "",
) -> State:
    begin = _one(words, body, "initial") if initial is None else None
    beginning = inner(begin, "path") if begin is not None else None
    permissions: list[Permission] = []
    transitions: list[Transition] = []
    states: list[State] = []
    for part in trees(body):
        if part.data == "permission":
            permissions.append(members.permission(words, part))
        elif part.data in TRANSITIONS:
            transitions.append(members.transition(words, part))
        elif part.data == "state":
            states.append(state(words, part))
    return State(
        name,
        cast(Any, kind),
        cast(Any, mode),
        iterates,
        path(beginning) if beginning is not None else initial,
        tuple(permissions),
        tuple(transitions),
        _acts(words, body, "entry"),
        _acts(words, body, "exit"),
        tuple(states),
        doc=doc,
        span=span,
        name_span=name_span,
        initial_span=words.span(beginning) if beginning is not None else span,
    )


def _acts(words: TreeWords, body: Node, kind: str) -> tuple[Act, ...]:
    said = _one(words, body, kind)
    return members.actions(words, inner(said, "do")) if said is not None else ()
