"""The published definition of a room: everything that a client or a page can use, as plain JSON.

Knows no chart semantics: a definition lists the states with their permissions, but no transitions.
`read_definition` converts it back to a model.RoomFile with the parts that a client needs (people,
settings, commands, requests, signals), so that a client encodes and checks with the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from gameroom import model
from gameroom.formats import printed
from gameroom.model import INT_MAX, Duration, Range
from gameroom.model.fit import misfit
from gameroom.model.policies import KEYS, policy
from gameroom.wire.frames import bad


def definition(room: model.RoomFile) -> dict[str, Any]:
    """Return the definition of a merged room in plain values: name, doc, players, spectators,
    teams, roles, settings, commands, requests, signals, permissions, states, policies."""
    assert room.extends is None, "a definition is made of a merged room"
    players = room.players or Range(1, 8)
    spectators = room.spectators or model.Spectators(0, 0)
    return {
        "name": room.name,
        "doc": room.doc,
        "players": {"low": players.low, "high": players.high},
        "spectators": {
            "low": spectators.low,
            "high": spectators.high,
            "delay_ms": spectators.delay.amount,
        },
        "teams": [
            {"name": team.name, "doc": team.doc, "low": team.low, "high": team.high}
            for team in room.teams
        ],
        "roles": [{"name": role.name, "doc": role.doc, "of": role.of} for role in room.roles],
        "settings": [
            {
                "name": setting.name,
                "doc": setting.doc,
                "default": _listed(setting.default),
                "type": _type(setting.type),
            }
            for setting in room.settings
        ],
        "commands": [_declared(command) for command in room.commands],
        "requests": [_declared(request) for request in room.requests],
        "signals": [{**_declared(signal), "agreed": signal.agreed} for signal in room.signals],
        "permissions": _permissions(room.root),
        "states": _states(room.root, ""),
        "policies": _policies(room),
    }


def definition_bytes(room: model.RoomFile) -> bytes:
    """Return the definition as JSON, for a file."""
    return msgspec.json.encode(definition(room))


def order_of(said: object) -> list[list[tuple[str, list[str]]]]:
    """Return the commands and the signals of a definition in order, each with the order of its
    fields, as needed to read packets (see `compact`). Raises BadFrameError."""
    read = _converted(said, _Order)
    return [
        [(one.name, [field.name for field in one.fields]) for one in declared]
        for declared in (read.commands, read.signals)
    ]


def read_definition(said: object) -> model.RoomFile:
    """Return the room of a definition, without states and policies. Unknown fields, from a newer
    server, are ignored. Raises BadFrameError with the place of the mistake."""
    read = _converted(said, _Definition)
    watchers = read.spectators
    try:
        return model.RoomFile(
            name=read.name,
            doc=read.doc,
            players=Range(read.players.low, read.players.high),
            spectators=model.Spectators(
                watchers.low, watchers.high, Duration(watchers.delay_ms, "ms")
            ),
            teams=tuple(model.Team(one.name, one.low, one.high, one.doc) for one in read.teams),
            roles=tuple(model.Role(one.name, one.of, one.doc) for one in read.roles),
            settings=tuple(_setting(at, one) for at, one in enumerate(read.settings)),
            commands=tuple(
                model.CommandDeclaration(one.name, _fields(one), one.doc) for one in read.commands
            ),
            requests=tuple(model.Request(one.name, _fields(one), one.doc) for one in read.requests),
            signals=tuple(
                model.SignalDeclaration(one.name, _fields(one), one.agreed, one.doc)
                for one in read.signals
            ),
        )
    except RecursionError:
        raise bad("the definition is nested too deeply") from None


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """The policies of a room that its clients follow. A definition contains all of them, so none
    has a default here.

    packet_bytes: the largest packet. checksum_every, snapshots_every: in turns; snapshots_every is
    0 for a room without snapshots.
    """

    commands_per_turn: int
    packet_bytes: int
    checksum_every: int
    snapshots_every: int


def read_policies(said: object) -> ClientPolicy:
    """Return the policies of a definition that clients follow. Raises BadFrameError if one is
    missing."""
    read = _converted(said, _Policed).policies
    return ClientPolicy(
        commands_per_turn=read.limits.commands_per_turn,
        packet_bytes=read.limits.packet_bytes,
        checksum_every=read.divergence.checksum_every,
        snapshots_every=read.snapshots.every,
    )


def _declared(
    one: model.CommandDeclaration | model.Request | model.SignalDeclaration,
) -> dict[str, Any]:
    return {
        "name": one.name,
        "doc": one.doc,
        "fields": [
            {"name": field.name, "doc": field.doc, "type": _type(field.type)}
            for field in one.fields
        ],
    }


def _type(type_: model.Type) -> dict[str, Any]:
    match type_:
        case model.IntType(low, high):
            return {"kind": "int", "low": low, "high": high}
        case model.StringType(low, high):
            return {"kind": "string", "low": low, "high": high}
        case model.BoolType():
            return {"kind": "bool"}
        case model.ChoiceType(choices):
            return {"kind": "choice", "choices": list(choices)}
        case model.ListType(item, low, high):
            return {"kind": "list", "item": _type(item), "low": low, "high": high}


def _states(state: model.State, prefix: str) -> list[dict[str, Any]]:
    """Return every state below this one, in document order."""
    found: list[dict[str, Any]] = []
    for child in state.states:
        path = f"{prefix}{child.name}"
        found.append(
            {
                "path": path,
                "kind": child.kind,
                "doc": child.doc,
                "iterates": child.iterates,
                "permissions": _permissions(child),
            }
        )
        found += _states(child, f"{path}.")
    return found


def _permissions(state: model.State) -> list[dict[str, Any]]:
    """Return the permissions of this state only, in document order."""
    return [
        {"effect": one.effect, "names": list(one.names), "who": list(one.who)}
        for one in state.permissions
    ]


def _policies(room: model.RoomFile) -> dict[str, dict[str, Any]]:
    """Return every policy with its value, set or default, in the unit of its kind. A range of times
    has low and high."""
    found: dict[str, dict[str, Any]] = {}
    for row in KEYS:
        value = policy(room, row.policy, row.key)
        said = {"low": value[0], "high": value[1]} if isinstance(value, tuple) else value
        found.setdefault(row.policy, {})[row.key] = said
    return found


# --- The shape of a definition, for reading ----------------------------------------------

_Whole = Annotated[int, msgspec.Meta(ge=-INT_MAX, le=INT_MAX)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=INT_MAX)]


class _Int(msgspec.Struct, tag_field="kind", tag="int"):
    low: _Whole
    high: _Whole


class _String(msgspec.Struct, tag_field="kind", tag="string"):
    low: _Count
    high: _Count


class _Bool(msgspec.Struct, tag_field="kind", tag="bool"):
    pass


class _Choice(msgspec.Struct, tag_field="kind", tag="choice"):
    choices: list[str]


class _List(msgspec.Struct, tag_field="kind", tag="list"):
    item: _Int | _String | _Bool | _Choice | _List
    low: _Count
    high: _Count


_Type = _Int | _String | _Bool | _Choice | _List
_Scalar = _Whole | str | bool


class _Range(msgspec.Struct):
    low: _Count
    high: _Count


class _Spectators(msgspec.Struct):
    low: _Count
    high: _Count
    delay_ms: _Count


class _Team(msgspec.Struct):
    name: str
    doc: str
    low: _Count
    high: _Count


class _Role(msgspec.Struct):
    name: str
    doc: str
    of: str


class _Setting(msgspec.Struct):
    name: str
    doc: str
    type: _Type
    default: _Scalar | list[_Scalar]


class _Field(msgspec.Struct):
    name: str
    doc: str
    type: _Type


class _Declared(msgspec.Struct):
    name: str
    doc: str
    fields: list[_Field]


class _Signal(_Declared):
    agreed: Literal["all", "majority"]


class _Definition(msgspec.Struct):
    name: str
    doc: str
    players: _Range
    spectators: _Spectators
    teams: list[_Team]
    roles: list[_Role]
    settings: list[_Setting]
    commands: list[_Declared]
    requests: list[_Declared]
    signals: list[_Signal]


class _Order(msgspec.Struct):
    """The parts of a definition that are needed to read packets."""

    commands: list[_Declared]
    signals: list[_Declared]


class _Limits(msgspec.Struct):
    commands_per_turn: _Count
    packet_bytes: _Count


class _Divergence(msgspec.Struct):
    checksum_every: Annotated[int, msgspec.Meta(ge=1, le=INT_MAX)]


class _Snapshots(msgspec.Struct):
    every: _Count


class _Policies(msgspec.Struct):
    limits: _Limits
    divergence: _Divergence
    snapshots: _Snapshots


class _Policed(msgspec.Struct):
    policies: _Policies


T = TypeVar("T")


def _converted(said: object, to: type[T]) -> T:
    try:
        return msgspec.convert(said, to)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise bad(f"the definition is not valid: {printed(str(error), 300)}") from None


def _setting(at: int, one: _Setting) -> model.Setting:
    type_ = _type_of(one.type)
    default = tuple(one.default) if isinstance(one.default, list) else one.default
    if (why := misfit(type_, default)) is not None:
        raise bad(f"the definition is not valid: settings[{at}].default {printed(why, 300)}")
    return model.Setting(one.name, type_, default, one.doc)


def _fields(one: _Declared) -> tuple[model.Field, ...]:
    return tuple(model.Field(field.name, _type_of(field.type), field.doc) for field in one.fields)


def _type_of(said: _Type) -> model.Type:
    match said:
        case _Int(low=low, high=high):
            return model.IntType(low, high)
        case _String(low=low, high=high):
            return model.StringType(low, high)
        case _Bool():
            return model.BoolType()
        case _Choice(choices=choices):
            return model.ChoiceType(tuple(choices))
        case _List(item=item, low=low, high=high):
            return model.ListType(_type_of(item), low, high)


def _listed(default: model.Scalar | tuple[model.Scalar, ...]) -> Any:
    return list(default) if isinstance(default, tuple) else default
