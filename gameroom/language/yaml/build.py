"""Builds a model.File from a tree of YAML nodes.

A phrase of the language (a type, a target, an expression, an action, a step) is a string here. The
same grammar parses it, with spans mapped to the YAML file. The JSON Schema has already checked the
shape, so it is not checked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from gameroom.language.build import members
from gameroom.language.build.expressions import expression
from gameroom.language.build.scenarios import step
from gameroom.language.build.words import TreeWords
from gameroom.language.diagnostics.diagnostic import Problems, name_help
from gameroom.language.diagnostics.suppression import STRAY
from gameroom.language.source.lines import unified
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.grammar import reserved
from gameroom.language.syntax.parse import Node, parse
from gameroom.language.yaml.nodes import Entries, Items, Text, Tree
from gameroom.language.yaml.nodes import read as read_nodes
from gameroom.language.yaml.schema import fitting
from gameroom.model import (
    Act,
    After,
    ChoiceType,
    CommandDeclaration,
    Duration,
    Expression,
    Field,
    File,
    Literal,
    On,
    Permission,
    Policy,
    PolicyEntry,
    Range,
    Request,
    Role,
    RoomFile,
    Scalar,
    Scenario,
    Setting,
    SignalDeclaration,
    State,
    Step,
    Target,
    Team,
    Transition,
    Trigger,
    Type,
    Use,
    Variable,
    When,
)

_T = TypeVar("_T")


def read(text: str, name: str, problems: Problems) -> File | None:
    """Return the file of a YAML text; None if it does not have the shape of a room file."""
    read_tree = read_nodes(text, name, problems)
    tree = fitting(read_tree, problems) if read_tree is not None else None
    return _Front(problems).file(tree) if tree is not None else None


def _texts(node: Tree | None) -> list[Text]:
    """Return the items of a string or a list of strings."""
    if isinstance(node, Items):
        return [item for item in node.items if isinstance(item, Text)]
    return [node] if isinstance(node, Text) else []


def _entries(node: Tree | None) -> tuple[tuple[Text, Tree], ...]:
    return node.entries if isinstance(node, Entries) else ()


def _get(node: Tree | None, key: str) -> Tree | None:
    return node.get(key) if isinstance(node, Entries) else None


def _doc(node: Tree | None) -> str:
    said = _get(node, "doc")
    if not isinstance(said, Text):
        return ""
    return "\n".join(line.rstrip() for line in unified(said.text).split("\n")).strip()


class _Front:
    """Builds one file. Every method takes nodes that fit the schema."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def file(self, tree: Entries) -> File:
        room = tree.get("room")
        return File(
            1,
            tuple(Use(each.text, each.span) for each in _texts(tree.get("use"))),
            self._room(room) if isinstance(room, Entries) else None,
            tuple(
                Scenario(name.text, self._steps(steps), name.span)
                for name, steps in _entries(tree.get("scenarios"))
            ),
            tree.span,
        )

    # Phrases of the language

    def _phrase(self, said: Text, start: str, make: Callable[[TreeWords, Node], _T]) -> _T | None:
        words, before = TreeWords(said.place, self._problems), len(self._problems.found)
        parsed = parse(said.text, said.place, self._problems, start)
        tree = parsed.tree
        if self._problems.keep_only(STRAY, since=before):
            self._problems.suppression.skip(places=map(said.place.of, parsed.tokens))
        if tree is None:
            self._problems.suppression.skip(re.findall(r"\w+", said.text))
            return None
        return make(words, tree)

    def _condition(self, said: Text) -> Expression:
        return self._phrase(said, "expression", expression) or Literal(True, said.span)

    def _duration(self, said: Text) -> Duration:
        made = self._phrase(said, "duration", lambda words, node: words.duration(node))
        return made or Duration(0, "ms", said.span)

    def _range(self, node: Tree | None) -> Range | None:
        said = node if isinstance(node, Text) else cast(Text, _get(node, "size"))
        return self._phrase(said, "range", lambda words, node: words.range(node))

    def _target(self, said: Text) -> Target | None:
        return self._phrase(said, "target", members.target)

    def _type(self, node: Tree | None) -> Type | None:
        if isinstance(node, Entries):
            return self._type(node.get("type"))
        if isinstance(node, Items):
            return self._choices(node)
        assert isinstance(node, Text), node
        return self._phrase(node, "type", members.type_of)

    def _choices(self, node: Items) -> ChoiceType:
        first: dict[str, Text] = {}
        for each in _texts(node):
            if (earlier := first.setdefault(each.text, each)) is not each:
                self._problems.error(
                    "E0306",
                    f'the choice "{each.text}" is given twice',
                    each.span,
                    secondary=(earlier.span, "first given here"),
                )
        return ChoiceType(tuple(first), node.span)

    def _actions(self, node: Tree | None) -> tuple[Act, ...]:
        acts = (self._phrase(each, "action", members.action) for each in _texts(node))
        return tuple(act for act in acts if act is not None)

    def _steps(self, node: Tree) -> tuple[Step, ...]:
        steps = (self._phrase(each, "step", step) for each in _texts(node))
        return tuple(each for each in steps if each is not None)

    def _made(self, node: Tree | None, make: Callable[[Text, Tree], _T | None]) -> tuple[_T, ...]:
        """Build the declarations of a map. A name whose phrase cannot be read is left out."""
        found: list[_T] = []
        for name, said in _entries(node):
            made = make(name, said)
            if made is not None:
                found.append(made)
            else:
                self._problems.suppression.skip([name.text])
        return tuple(found)

    # Names

    def _name(self, said: Text) -> str:
        """Return a name. Reports an error if it is not valid in the other spelling."""
        for part in said.text.split("."):
            if part in reserved():
                self._problems.error(
                    "E0103", f"`{part}` is a reserved word and can't be used as a name", said.span
                )
            elif not (part.isascii() and part.isidentifier()):
                self._problems.error(
                    "E0204", f"`{part[:40]}` is not a valid name", said.span, help=name_help(part)
                )
        return said.text

    # A room

    def _room(self, node: Entries) -> RoomFile:
        name, extends = self._title(node), node.get("extends")
        spectators = node.get("spectators")
        players = node.get("players")

        def all_of(key: str, make: Callable[[Text, Tree], _T | None]) -> tuple[_T, ...]:
            return self._made(node.get(key), make)

        return RoomFile(
            name.text,
            extends.text if isinstance(extends, Text) else None,
            self._range(players) if players is not None else None,
            self._phrase(spectators, "spectators_value", members.spectators)
            if isinstance(spectators, Text)
            else None,
            all_of("teams", self._team),
            all_of("roles", self._role),
            all_of("settings", self._setting),
            all_of("commands", self._command),
            all_of("requests", self._request),
            all_of("signals", self._signal),
            all_of("vars", self._variable),
            all_of("policies", self._policy),
            self._root(node, name),
            _doc(node),
            name.span,
            extends.span if extends is not None else name.span,
        )

    def _title(self, node: Entries) -> Text:
        """Return the room's name; empty if it is missing, which has been reported already."""
        said = node.get("name")
        return (
            said if isinstance(said, Text) else Text("", "", node.span, TextPlace(node.span.file))
        )

    def _team(self, name: Text, node: Tree) -> Team | None:
        size = self._range(node)
        if size is None:
            return None
        return Team(self._name(name), size.low, size.high, _doc(node), name.span, size.span)

    def _role(self, name: Text, node: Tree) -> Role:
        of = node if isinstance(node, Text) else cast(Text, _get(node, "is"))
        return Role(self._name(name), self._name(of), _doc(node), name.span, of.span)

    def _setting(self, name: Text, node: Tree) -> Setting | None:
        type_ = self._type(_get(node, "type"))
        if type_ is None:
            return None
        said = cast(Tree, _get(node, "default"))
        value: Scalar | tuple[Scalar, ...] = (
            tuple(cast(Scalar, each.value) for each in _texts(said))
            if isinstance(said, Items)
            else cast(Scalar, cast(Text, said).value)
        )
        return Setting(
            self._name(name),
            type_,
            value,
            _doc(node),
            name.span,
            said.span,
        )

    def _fields(self, node: Tree) -> tuple[Field, ...]:
        return self._made(_get(node, "fields"), self._field)

    def _field(self, name: Text, node: Tree) -> Field | None:
        type_ = self._type(node)
        return Field(name.text, type_, _doc(node), name.span) if type_ is not None else None

    def _command(self, name: Text, node: Tree) -> CommandDeclaration:
        return CommandDeclaration(self._name(name), self._fields(node), _doc(node), name.span)

    def _request(self, name: Text, node: Tree) -> Request:
        return Request(self._name(name), self._fields(node), _doc(node), name.span)

    def _signal(self, name: Text, node: Tree) -> SignalDeclaration:
        agreed = cast(Text, _get(node, "agreed by")).text
        return SignalDeclaration(
            self._name(name), self._fields(node), cast(Any, agreed), _doc(node), name.span
        )

    def _variable(self, name: Text, node: Tree) -> Variable | None:
        said = cast(Text, _get(node, "initial"))
        type_ = self._type(_get(node, "type"))
        if type_ is None:
            return None
        value = cast(Scalar, said.value)
        return Variable(self._name(name), type_, value, _doc(node), name.span, said.span)

    def _policy(self, name: Text, node: Tree) -> Policy:
        return Policy(self._name(name), self._made(node, self._entry), name.span)

    def _entry(self, key: Text, node: Tree) -> PolicyEntry | None:
        said = cast(Text, node)
        value = self._phrase(said, "policy_value", members.policy_value)
        if value is None:
            return None
        return PolicyEntry("_".join(key.text.split()), value, key.span, said.span)

    # States

    def _root(self, node: Entries, name: Text) -> State:
        return self._state("", node, "state", "new", name, initial="setup")

    def _states(self, node: Tree | None) -> tuple[State, ...]:
        return tuple(self._headed(head, said) for head, said in _entries(node))

    def _headed(self, head: Text, node: Tree) -> State:
        """Build a state. head: such as `state day` or `extend state setup.gathering`."""
        *before, name = head.text.split()
        mode, kind = ("new", *before)[-2:]
        self._name(Text(name, name, head.span, head.place))
        if mode == "new" and "." in name:
            self._problems.error(
                "E0112",
                f"a new state can't be named by a path: `{name}`",
                head.span,
                help=f"to add to an inherited state, write `extend {kind} {name}`",
            )
            name = name.rpartition(".")[2]
        if kind == "history":
            return self._history(name, node, mode, head)
        return self._state(name, node, kind, mode, head)

    def _history(self, name: str, node: Tree, mode: str, head: Text) -> State:
        deep, to = _get(node, "deep"), _get(node, "to")
        return State(
            name,
            "history",
            cast(Any, mode),
            deep=isinstance(deep, Text) and deep.value is True,
            default=self._target(to) if isinstance(to, Text) else None,
            doc=_doc(node),
            span=head.span,
            name_span=head.span,
        )

    def _state(
        self, name: str, node: Tree, kind: str, mode: str, head: Text, initial: str | None = None
    ) -> State:
        begin, iterates = _get(node, "initial"), _get(node, "iterates")
        permissions, transitions = _get(node, "permissions"), _get(node, "transitions")
        return State(
            name,
            cast(Any, kind),
            cast(Any, mode),
            isinstance(iterates, Text) and iterates.value is True,
            self._name(begin) if isinstance(begin, Text) else initial,
            tuple(map(self._permission, _listed(permissions))),
            tuple(map(self._transition, _listed(transitions))),
            self._actions(_get(node, "entry")),
            self._actions(_get(node, "exit")),
            self._states(_get(node, "states")),
            doc=_doc(node) if name else "",
            span=head.span,
            name_span=head.span,
            initial_span=begin.span if begin is not None else head.span,
        )

    def _permission(self, node: Tree) -> Permission:
        effect = next(key for key, _ in _entries(node) if key.text != "from")
        names, who = _texts(_get(node, effect.text)), _texts(_get(node, "from"))
        return Permission(
            cast(Any, effect.text),
            tuple(map(self._name, names)),
            tuple(map(self._name, who)),
            node.span,
            tuple(each.span for each in names),
            tuple(each.span for each in who),
        )

    def _transition(self, node: Tree) -> Transition:
        guard, to, because = _get(node, "if"), _get(node, "to"), _get(node, "because")
        return Transition(
            self._trigger(node),
            self._condition(guard) if isinstance(guard, Text) else None,
            self._actions(_get(node, "do")),
            self._target(to) if isinstance(to, Text) else None,
            because.text if isinstance(because, Text) else None,
            node.span,
        )

    def _trigger(self, node: Tree) -> Trigger:
        on, when, after = (cast(Text, _get(node, key)) for key in ("on", "when", "after"))
        if on is not None:
            return self._phrase(on, "event", members.event) or On("error", on.span)
        if after is not None:
            return After(self._duration(after), after.span)
        guard = _get(node, "if")
        if guard is not None:
            self._problems.error(
                "E0204",
                "a `when` can't have an `if`",
                guard.span,
                help="join the two conditions with `and`",
            )
        return When(self._condition(when), when.span)


def _listed(node: Tree | None) -> tuple[Tree, ...]:
    return node.items if isinstance(node, Items) else ()
