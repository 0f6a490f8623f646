"""Writes a file of the model in the YAML spelling.

This module writes the lines itself, because it needs only a small part of YAML: maps and lists in
block style, short ones in flow style, and plain scalars if every reader reads them as the same
string; otherwise quotes. Comments of a `.room` file stay with the member that they belong to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gameroom.language.rewrite import phrases
from gameroom.language.syntax.parse import Comment
from gameroom.model import (
    NOWHERE,
    Act,
    After,
    ChoiceType,
    CommandDeclaration,
    Field,
    File,
    On,
    Permission,
    Policy,
    Request,
    Role,
    RoomFile,
    Setting,
    SignalDeclaration,
    Span,
    State,
    Team,
    Transition,
    Type,
    Variable,
    When,
)
from gameroom.model.words import action, duration, expression

WIDTH_COLUMNS = 100
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Doc:
    """A string that can have several lines."""

    text: str


@dataclass(frozen=True, slots=True)
class YamlItems:
    """A list. Each item has its place in the `.room` file. small: on one line if it fits."""

    items: tuple[tuple[Node, Span], ...]
    small: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """A map. Each key has its place in the `.room` file. small: on one line if it fits."""

    pairs: tuple[tuple[str, Node, Span], ...]
    small: bool = False


Node = str | int | bool | None | Doc | YamlItems | Pairs


def as_yaml(file: File, comments: Iterable[Comment] = ()) -> str:
    """Return the text of a `.room.yaml` file. comments: the comments of the `.room` file from which
    `file` was read, without the docs, which are part of the model."""
    tree = _file(file)
    return _YamlWriter(_anchored(tree, comments)).file(tree)


# Conversion of the model to a tree of YAML


def _pairs(*pairs: tuple[str, Node, Span] | None, small: bool = False) -> Pairs:
    return Pairs(tuple(pair for pair in pairs if pair is not None), small)


def _if(said: object, key: str, node: Node, span: Span = NOWHERE) -> tuple[str, Node, Span] | None:
    """Return the pair, or None if `said` is empty."""
    return (key, node, span) if said else None


def _doc(doc: str) -> tuple[str, Node, Span] | None:
    return _if(doc, "doc", Doc(doc))


def _one_or_many(said: Sequence[str]) -> Node:
    if len(said) == 1:
        return said[0]
    return YamlItems(tuple((each, NOWHERE) for each in said), small=True)


def _file(file: File) -> Pairs:
    steps = (
        (
            each.name,
            YamlItems(tuple((phrases.step(step), step.span) for step in each.steps)),
            each.span,
        )
        for each in file.scenarios
    )
    uses = [use.name for use in file.uses]
    return _pairs(
        ("language", file.language, file.span),
        _if(uses, "use", _one_or_many(uses), file.uses[0].span if uses else NOWHERE),
        ("room", _room(file.room), file.room.span) if file.room is not None else None,
        _if(file.scenarios, "scenarios", Pairs(tuple(steps))),
    )


def _room(room: RoomFile) -> Pairs:
    players, spectators, root = room.players, room.spectators, room.root

    def all_of(
        key: str, said: tuple[_T, ...], make: Callable[[_T], tuple[str, Node, Span]]
    ) -> tuple[str, Node, Span] | None:
        return _if(said, key, Pairs(tuple(map(make, said))))

    return _pairs(
        ("name", room.name, NOWHERE),
        ("extends", room.extends, NOWHERE) if room.extends is not None else None,
        _doc(room.doc),
        ("players", phrases.size(players), players.span) if players is not None else None,
        ("spectators", phrases.spectators(spectators), spectators.span)
        if spectators is not None
        else None,
        all_of("teams", room.teams, _team),
        all_of("roles", room.roles, _role),
        all_of("settings", room.settings, _setting),
        all_of("commands", room.commands, _body),
        all_of("requests", room.requests, _body),
        all_of("signals", room.signals, _body),
        all_of("vars", room.variables, _variable),
        all_of("policies", room.policies, _policy),
        *_members(root),
    )


def _team(team: Team) -> tuple[str, Node, Span]:
    size = f"{team.low}..{team.high}"
    long = _pairs(("size", size, NOWHERE), _doc(team.doc), small=True)
    return team.name, long if team.doc else size, team.span


def _role(role: Role) -> tuple[str, Node, Span]:
    long = _pairs(("is", role.of, NOWHERE), _doc(role.doc), small=True)
    return role.name, long if role.doc else role.of, role.span


def _type(said: Type) -> Node:
    if isinstance(said, ChoiceType):
        return YamlItems(tuple((choice, NOWHERE) for choice in said.choices), small=True)
    return phrases.type_(said)


def _setting(said: Setting) -> tuple[str, Node, Span]:
    default: Node = (
        YamlItems(tuple((each, NOWHERE) for each in said.default), small=True)
        if isinstance(said.default, tuple)
        else said.default
    )
    node = _pairs(
        _doc(said.doc), ("type", _type(said.type), NOWHERE), ("default", default, NOWHERE),
        small=True,
    )  # fmt: skip
    return said.name, node, said.span


def _variable(said: Variable) -> tuple[str, Node, Span]:
    node = _pairs(
        _doc(said.doc), ("type", _type(said.type), NOWHERE), ("initial", said.initial, NOWHERE),
        small=True,
    )  # fmt: skip
    return said.name, node, said.span


def _body(said: CommandDeclaration | Request | SignalDeclaration) -> tuple[str, Node, Span]:
    fields = Pairs(tuple(map(_field, said.fields)), small=True)
    node = _pairs(
        _doc(said.doc),
        _if(said.fields, "fields", fields),
        ("agreed by", said.agreed, NOWHERE) if isinstance(said, SignalDeclaration) else None,
        small=True,
    )
    return said.name, node if node.pairs else None, said.span


def _field(field: Field) -> tuple[str, Node, Span]:
    long = _pairs(("type", _type(field.type), NOWHERE), _doc(field.doc), small=True)
    return field.name, long if field.doc else _type(field.type), field.span


def _policy(policy: Policy) -> tuple[str, Node, Span]:
    entries = (
        (phrases.policy_key(each), phrases.policy_value(each), each.span) for each in policy.entries
    )
    return policy.name, Pairs(tuple(entries), small=True), policy.span


def _members(state: State) -> list[tuple[str, Node, Span] | None]:
    """Return the members of a state. `initial` is left out for the room, which always begins in
    `setup`."""
    permissions = tuple((_permission(each), each.span) for each in state.permissions)
    transitions = tuple((_transition(each), each.span) for each in state.transitions)
    begins = state.name and state.initial is not None
    return [
        _if(begins, "initial", state.initial, state.initial_span),
        _if(state.entry, "entry", _actions(state.entry)),
        _if(state.exit, "exit", _actions(state.exit)),
        _if(permissions, "permissions", YamlItems(permissions)),
        _if(transitions, "transitions", YamlItems(transitions)),
        _if(state.states, "states", Pairs(tuple(map(_state, state.states)))),
    ]


def _state(state: State) -> tuple[str, Node, Span]:
    mode = "" if state.mode == "new" else f"{state.mode} "
    if state.kind == "history":
        to = phrases.target(state.default) if state.default is not None else ""
        node = _pairs(
            _doc(state.doc), _if(state.deep, "deep", True), _if(to, "to", to), small=True
        )  # fmt: skip
    else:
        iterates = _if(state.iterates, "iterates", True)
        node = _pairs(_doc(state.doc), iterates, *_members(state))
    return f"{mode}{state.kind} {state.name}", node if node.pairs else None, state.span


def _permission(said: Permission) -> Node:
    names, who = _one_or_many(said.names), _one_or_many(said.who)
    return _pairs((said.effect, names, NOWHERE), ("from", who, NOWHERE), small=True)


def _transition(said: Transition) -> Node:
    match said.trigger:
        case On(event):
            trigger = ("on", event, NOWHERE)
        case When(condition):
            trigger = ("when", expression(condition), NOWHERE)
        case After(length):
            trigger = ("after", duration(length), NOWHERE)
    target, guard = said.target, said.guard
    return _pairs(
        trigger,
        ("if", expression(guard), NOWHERE) if guard is not None else None,
        _if(said.actions, "do", _actions(said.actions)),
        ("to", phrases.target(target), NOWHERE) if target is not None else None,
        ("because", said.because, NOWHERE) if said.because is not None else None,
        small=True,
    )


def _actions(acts: tuple[Act, ...]) -> Node:
    if len(acts) == 1:
        return action(acts[0])
    return YamlItems(tuple((action(act), act.span) for act in acts), small=True)


# Comments

_Place = tuple[int, int]


def _places(node: Node) -> Iterator[_Place]:
    """Yield the places of the members of this tree, in any order."""
    inside: list[tuple[Node, Span]] = []
    if isinstance(node, Pairs):
        inside = [(inner, span) for _, inner, span in node.pairs]
    elif isinstance(node, YamlItems):
        inside = list(node.items)
    for inner, span in inside:
        if span.line:
            yield span.line, span.column
        yield from _places(inner)


def _anchored(tree: Node, comments: Iterable[Comment]) -> dict[_Place, list[str]]:
    """Return the comments by the place of their member. A comment at the end of a line belongs to
    the member that begins on that line. Another comment belongs to the next member, or to (0, 0) if
    there is none."""
    places = sorted(set(_places(tree)))
    lines = {line for line, _ in reversed(places)}
    found: dict[_Place, list[str]] = {}
    for comment in comments:
        line, column = comment.span.line, comment.span.column
        beside = line in lines and next(each for each in places if each[0] == line)
        if beside and beside[1] < column:
            place = beside
        else:
            place = next((each for each in places if each > (line, column)), (0, 0))
        found.setdefault(place, []).append(_comment(comment.text))
    return found


def _comment(text: str) -> str:
    """Return the comment with escapes for characters that YAML does not allow."""
    return "".join(char if char in "\t\xa0" else _ODD.sub(_escaped, char) for char in text)


# Conversion of the tree to lines

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ .,()<>=+*/%\"'|{}\[\]-]*")
_FLOW_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ .()<>=+*/%-]*")
_NUMBERED = re.compile(r"[0-9]+(ms|s|m|h)?(\.\.-?[0-9]+(ms|s|m|h)?)?( [a-z][a-z0-9]*)*")
# Some readers do not read these as strings.
_TAKEN = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ODD = re.compile(
    r"[^\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def _scalar(said: str | int | bool | None, flow: bool) -> str:
    match said:
        case None:
            return "null"
        case bool():
            return "true" if said else "false"
        case int():
            return str(said)
        case str() if _NUMBERED.fullmatch(said) and not said.isdigit():
            return said
        case str() if (_FLOW_PLAIN if flow else _PLAIN).fullmatch(said):
            if said.lower() not in _TAKEN and not said.endswith(" "):
                return said
    if '"' in said and not _ODD.search(said):
        return "'" + said.replace("'", "''") + "'"
    return _ODD.sub(_escaped, json.dumps(said, ensure_ascii=False))


def _key(said: str) -> str:
    """Return a key. All known readers read it as a string, even if it looks like another value."""
    return said if _NAME.fullmatch(said) and said != "null" else _scalar(said, flow=True)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _YamlWriter:
    """Writes one tree. comments: by the place of their member."""

    def __init__(self, comments: dict[_Place, list[str]]) -> None:
        self._comments = comments
        self._lines: list[str] = []

    def file(self, tree: Pairs) -> str:
        self._block(tree, 0)
        self._lines += self._comments.get((0, 0), [])
        return "\n".join(self._lines) + "\n"

    def _block(self, node: Pairs | YamlItems, indent: int, lead: str = "") -> None:
        """Write the lines of a map or a list. lead: replaces the indentation of the first line."""
        spaces = " " * indent
        if isinstance(node, YamlItems):
            for inner, span in node.items:
                self._remark(span, indent)
                self._item(inner, indent)
            return
        for key, inner, span in node.pairs:
            if not lead:
                self._remark(span, indent)
            self._pair(lead or spaces, key, inner, indent)
            lead = ""

    def _remark(self, span: Span, indent: int) -> None:
        place = (span.line, span.column)
        if place != (0, 0):
            self._lines += [" " * indent + text for text in self._comments.pop(place, [])]

    def _item(self, node: Node, indent: int) -> None:
        lead = " " * indent + "- "
        short = self._short(node, len(lead))
        if short is not None:
            self._lines.append(lead + short)
        else:
            assert isinstance(node, Pairs), node
            self._block(node, indent + 2, lead)

    def _pair(self, lead: str, key: str, node: Node, indent: int) -> None:
        head = f"{lead}{_key(key)}:"
        if len(head) > len(lead) + 900:
            # A key of more than 1024 characters needs an explicit `?`.
            self._lines.append(f"{lead}? {_key(key)}")
            head = " " * indent + ":"
        if node is None:
            self._lines.append(head)
        elif isinstance(node, Doc):
            self._doc(head, node.text, indent + 2)
        elif (short := self._short(node, len(head) + 1)) is not None:
            self._lines.append(f"{head} {short}")
        else:
            assert isinstance(node, Pairs | YamlItems), node
            self._lines.append(head)
            self._block(node, indent + 2)

    def _doc(self, head: str, text: str, indent: int) -> None:
        lines = text.split("\n")
        if len(lines) == 1 or any(_ODD.search(line) for line in lines):
            self._lines.append(f"{head} {_scalar(text, flow=False)}")
            return
        self._lines.append(f"{head} |-")
        self._lines += [f"{' ' * indent}{line}".rstrip() for line in lines]

    def _short(self, node: Node, column: int) -> str | None:
        """Return the node on one line that starts at this column; None if it needs several."""
        if isinstance(node, Doc):
            return None
        if not isinstance(node, Pairs | YamlItems):
            return _scalar(node, flow=False)
        if isinstance(node, YamlItems) and not node.items:
            return "[]"
        if isinstance(node, Pairs) and not node.pairs:
            return "{}"
        flow = self._flow(node)
        return flow if flow is not None and column + len(flow) <= WIDTH_COLUMNS else None

    def _flow(self, node: Node) -> str | None:
        """Return the node in flow style; None if that is impossible or it has comments inside."""
        if isinstance(node, Doc):
            return None if "\n" in node.text else _scalar(node.text, flow=True)
        if not isinstance(node, Pairs | YamlItems):
            return _scalar(node, flow=True)
        if not node.small or any(place in self._comments for place in _places(node)):
            return None
        if isinstance(node, YamlItems):
            parts = [self._flow(inner) for inner, _ in node.items]
            return None if None in parts else "[" + ", ".join(map(str, parts)) + "]"
        pairs = [(key, self._flow(inner)) for key, inner, _ in node.pairs]
        if any(said is None for _, said in pairs):
            return None
        return "{" + ", ".join(f"{_key(key)}: {said}" for key, said in pairs) + "}"
