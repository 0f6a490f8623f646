"""A hash of a chart's behaviour, which a stored snapshot contains to identify its chart.

The form. A room is written as plain JSON (lists, maps, strings, numbers, booleans), in UTF-8 with
sorted keys and without spaces, and then hashed. This module spells out every tag and key of it, so
renaming a class or a field of the model does not change the form. Words of the language that the
model stores as data (`set`, `majority`, `parallel`) are written as they are. Anything that equals
its default is left out, so that a field of a later release changes nothing in rooms that do not
use it. `FORM` comes before the hash. Increase it whenever the same room would be written
differently, or when the meaning of an omitted part changes (the default of a policy). Snapshots
of another form are still read, state by state (see `snapshot`).

The form contains all that decides which events follow, and in which order:

- States, their children and transitions in document order, because the order decides entry,
  conflicts and priority. A region is written as an ordinary state, because its parent already
  makes it a region.
- Targets, `in(...)`, `done(...)` and initial states as full paths, so that two spellings of
  one path are equal. A `chose` without a request lists the requests that offer the choice.
- Permissions in order, because the last matching one decides; their names and people as sets.
- Commands and signals and their fields in order, because the msgpack subprotocol numbers them.
  Requests, settings, variables, roles and the choices of a type are looked up by name, so they
  are sorted. Teams stay in order: a new player joins the first of the smallest teams.
- Initial values and defaults, types, players, spectators with their delay, and policies by
  value: a policy that is set to its default equals an omitted one.
- The text of `announce`, because it is the body of an event.

The form does not contain spans, comments, docs, the room's name and `because`: they are for people
and do not affect the events.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gameroom.model import (
    Act,
    After,
    Binary,
    BoolType,
    Call,
    ChoiceType,
    Chose,
    CommandDeclaration,
    Count,
    EnoughPlayers,
    EventField,
    Expression,
    Field,
    Flag,
    InState,
    IntType,
    ListType,
    Literal,
    Name,
    Negative,
    Not,
    On,
    Permission,
    Predicate,
    Quorum,
    Range,
    Request,
    RoomFile,
    Setting,
    SignalDeclaration,
    Spectators,
    State,
    StringType,
    Target,
    Team,
    Transition,
    Trigger,
    Type,
    Variable,
    When,
)
from gameroom.model.paths import join, resolve
from gameroom.model.policies import KEYS, policy

FORM = 1
"""The version of the form: the number before the colon."""

Plain: TypeAlias = "bool | int | str | Sequence[Plain] | Mapping[str, Plain] | None"
"""JSON: scalars, lists, and maps with string keys."""


def fingerprint(room: RoomFile) -> str:
    """Return the fingerprint of a merged room: FORM, a colon and 32 hexadecimal digits of a
    SHA-256."""
    digest = hashlib.sha256(compact(Form(room).room()).encode())
    return f"{FORM}:{digest.hexdigest()[:32]}"


def compact(form: Plain) -> str:
    """Return the canonical JSON of a plain value."""
    return json.dumps(form, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Form:
    """Writes parts of a room in the form. It resolves their paths in that room."""

    def __init__(self, room: RoomFile) -> None:
        self._room = room

    def room(self) -> Plain:
        said = self._room
        return _said(
            players=_range(said.players),
            spectators=_spectators(said.spectators),
            teams=[_team(one) for one in said.teams],
            roles={one.name: one.of for one in said.roles},
            settings={one.name: _setting(one) for one in said.settings},
            commands=[_declared(one) for one in said.commands],
            requests={one.name: _request(one) for one in said.requests},
            signals=[[*_declared(one), one.agreed] for one in said.signals],
            variables={one.name: _variable(one) for one in said.variables},
            policies=_policies(said),
            root=self.state(said.root, ""),
        )

    # -- states ------------------------------------------------------------------------

    def state(self, said: State, path: str) -> Plain:
        is_history = said.kind == "history"
        return _said(
            name=said.name,
            kind="" if said.kind in ("state", "region") else said.kind,
            iterates=said.iterates,
            initial=self._initial(said, path),
            allows=[_permission(one) for one in said.permissions],
            ways=[self.transition(one, path) for one in said.transitions],
            entry=[self._act(one, path) for one in said.entry],
            exit=[self._act(one, path) for one in said.exit],
            states=[self.state(one, join(path, one.name)) for one in said.states],
            deep=is_history and said.deep,
            default=self._target(said.default, path) if is_history else None,
        )

    def _initial(self, said: State, path: str) -> str:
        """Return the initial state of a compound state, or "". The root's default is `setup` if
        there is such a state, or else its first state."""
        if said.kind in ("parallel", "history", "final") or not said.states:
            return ""
        if said.initial is None and not path:
            names = [one.name for one in said.states]
            return "setup" if "setup" in names else names[0]
        return join(path, said.initial or "")

    def transition(self, said: Transition, path: str) -> Plain:
        return _said(
            on=self.trigger(said.trigger, path),
            guard=None if said.guard is None else self._expression(said.guard, path),
            acts=[self._act(one, path) for one in said.actions],
            to=self._target(said.target, path),
        )

    def trigger(self, said: Trigger, path: str) -> list[Plain]:
        match said:
            case On(event):
                return ["on", self._event(event, path)]
            case When(condition):
                return ["when", self._expression(condition, path)]
            case After(length):
                return ["after", length.amount, length.unit]

    def _event(self, name: str, path: str) -> str:
        if name.startswith("done(") and name.endswith(")"):
            return f"done({self._path(name[len('done(') : -1], path)})"
        return name

    def _target(self, said: Target | None, path: str) -> Plain:
        if said is None:
            return None
        full = self._path(said.path, path)
        return full if said.kind == "external" else [said.kind, full]

    def _act(self, said: Act, path: str) -> Plain:
        value = [] if said.value is None else [self._expression(said.value, path)]
        return [said.verb, said.name, *value]

    def _path(self, said: str, source: str) -> str:
        """Return the full path, or `said` if it does not exist. The compiler refuses such a path
        later."""
        found = resolve(self._room.root, source, said)
        return said if found is None else found

    # -- expressions -------------------------------------------------------------------

    def _expression(self, said: Expression, path: str) -> list[Plain]:
        match said:
            case Literal(value):
                return ["value", value]
            case Name(name):
                return ["name", name]
            case EventField(name):
                return ["event", name]
            case Not(operand):
                return ["not", self._expression(operand, path)]
            case Negative(operand):
                return ["minus", self._expression(operand, path)]
            case Binary(op, left, right):
                return [op, self._expression(left, path), self._expression(right, path)]
            case Call(name, arguments):
                return ["call", name, *(self._expression(each, path) for each in arguments)]
            case InState(inner):
                return ["in", self._path(inner, path)]
            case Quorum(kind, who, predicate, amount):
                number = [amount] if kind in ("count", "percent") else []
                return ["quorum", kind, *number, who, self._predicate(predicate)]
            case Count(who, predicate):
                return ["how many", who, self._predicate(predicate)]
            case EnoughPlayers():
                return ["enough players"]

    def _predicate(self, said: Predicate) -> list[Plain]:
        match said:
            case Flag(flag):
                return ["is", flag]
            case Chose(choice, request):
                return ["chose", choice, sorted(self._offering(choice, request))]

    def _offering(self, choice: str, request: str | None) -> set[str]:
        return {
            asked.name
            for asked in self._room.requests
            if request in (None, asked.name)
            for field in asked.fields
            if field.name == "choice"
            and isinstance(field.type, ChoiceType)
            and choice in field.type.choices
        }


def _said(**parts: Plain) -> dict[str, Plain]:
    """Return a map without empty parts. A part for which 0 or "" has a meaning is in a list."""
    return {name: part for name, part in parts.items() if part}


def _range(said: Range | None) -> Plain:
    return None if said is None else [said.low, said.high]


def _spectators(said: Spectators | None) -> Plain:
    """`spectators none` is written like a room without `spectators`."""
    if said is None or (said.low, said.high) == (0, 0):
        return None
    delay = said.delay
    return [said.low, said.high, *([delay.amount, delay.unit] if delay.amount else [])]


def _team(said: Team) -> Plain:
    return [said.name, said.low, said.high]


def _setting(said: Setting) -> Plain:
    default = said.default
    return [_type(said.type), list(default) if isinstance(default, tuple) else default]


def _variable(said: Variable) -> Plain:
    return [_type(said.type), said.initial]


def _declared(said: CommandDeclaration | SignalDeclaration) -> list[Plain]:
    return [said.name, [_field(one) for one in said.fields]]


def _request(said: Request) -> Plain:
    return {one.name: _type(one.type) for one in said.fields}


def _field(said: Field) -> Plain:
    return [said.name, _type(said.type)]


def _policies(room: RoomFile) -> Plain:
    """Return the policies that differ from their default in KEYS."""
    values = ((row, policy(room, row.policy, row.key)) for row in KEYS)
    return {
        f"{row.policy}.{row.key}": list(value) if isinstance(value, tuple) else value
        for row, value in values
        if value != row.default
    }


def _permission(said: Permission) -> Plain:
    return [said.effect, sorted(set(said.names)), sorted(set(said.who))]


def _type(said: Type) -> list[Plain]:
    match said:
        case IntType(low, high):
            return ["int", low, high]
        case StringType(low, high):
            return ["string", low, high]
        case BoolType():
            return ["bool"]
        case ChoiceType(choices):
            return ["choice", sorted(choices)]
        case ListType(item, low, high):
            return ["list", _type(item), low, high]
