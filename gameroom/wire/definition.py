"""What a room publishes of itself: everything a client or a page can use, as plain JSON.

Knows no chart semantics: states are named with what they permit, transitions are not told.
`read_definition` makes a model.Room of it again with the parts that a client needs (people,
settings, commands, requests, signals), so that a client encodes and checks with the same code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gameroom import model
from gameroom.model import Duration, Range, Rate


def definition(room: model.Room) -> dict[str, Any]:
    """The definition of a merged room: name, doc, players, spectators, teams, roles,
    settings, commands, requests, signals, permissions, states, policies. Plain values only."""
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
        "policies": {
            policy.name: {entry.key: _policy_value(entry.value) for entry in policy.entries}
            for policy in room.policies
        },
    }


def definition_bytes(room: model.Room) -> bytes:
    """The definition as JSON, for a file."""
    return msgspec.json.encode(definition(room))


def order_of(said: object) -> list[list[tuple[object, list[object]]]]:
    """The order of commands and signals with that of their fields, by which packets are read
    (see `compact`). KeyError or TypeError where it is no definition."""
    assert isinstance(said, Mapping), "a definition is a map"
    return [
        [(one["name"], [field["name"] for field in one["fields"]]) for one in said[kind]]
        for kind in ("commands", "signals")
    ]


def read_definition(said: Mapping[str, Any]) -> model.Room:
    """The room behind a definition, without states and policies. What a newer server says
    beyond it is passed over; KeyError or TypeError where it is no definition."""
    watchers = said["spectators"]
    return model.Room(
        name=said["name"],
        doc=said["doc"],
        players=Range(said["players"]["low"], said["players"]["high"]),
        spectators=model.Spectators(
            watchers["low"], watchers["high"], Duration(watchers["delay_ms"], "ms")
        ),
        teams=tuple(
            model.Team(one["name"], one["low"], one["high"], one["doc"]) for one in said["teams"]
        ),
        roles=tuple(model.Role(one["name"], one["of"], one["doc"]) for one in said["roles"]),
        settings=tuple(
            model.Setting(one["name"], _read_type(one["type"]), _frozen(one["default"]), one["doc"])
            for one in said["settings"]
        ),
        commands=tuple(
            model.Command(one["name"], _read_fields(one), one["doc"]) for one in said["commands"]
        ),
        requests=tuple(
            model.Request(one["name"], _read_fields(one), one["doc"]) for one in said["requests"]
        ),
        signals=tuple(
            model.Signal(one["name"], _read_fields(one), one["agreed"], one["doc"])
            for one in said["signals"]
        ),
    )


def _declared(one: model.Command | model.Request | model.Signal) -> dict[str, Any]:
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
    """Every state below this one in document order, by path."""
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
    """What this state itself allows, denies and ignores, in document order."""
    return [
        {"effect": one.effect, "names": list(one.names), "who": list(one.who)}
        for one in state.permissions
    ]


def _policy_value(value: object) -> Any:
    """A duration is {"ms": 250} or {"turns": 20}, a rate {"per_second": 20}; a range has low
    and high; `within 250ms` is {"within": {"ms": 250}}; words and numbers stand for
    themselves."""
    match value:
        case Duration(amount, unit):
            return {unit: amount}
        case Rate(per_second):
            return {"per_second": per_second}
        case Range(low, high):
            return {"low": low, "high": high}
        case (Duration() as low, Duration() as high):
            return {"low": _policy_value(low), "high": _policy_value(high)}
        case (str() as word, Duration() as span):
            return {word: _policy_value(span)}
        case bool() | int() | str():
            return value
    raise AssertionError(f"no policy has a value like {value!r}")


def _read_fields(one: Mapping[str, Any]) -> tuple[model.Field, ...]:
    return tuple(
        model.Field(field["name"], _read_type(field["type"]), field["doc"])
        for field in one["fields"]
    )


def _read_type(said: Mapping[str, Any]) -> model.Type:
    match said["kind"]:
        case "int":
            return model.IntType(said["low"], said["high"])
        case "string":
            return model.StringType(said["low"], said["high"])
        case "bool":
            return model.BoolType()
        case "choice":
            return model.ChoiceType(tuple(said["choices"]))
        case "list":
            return model.ListType(_read_type(said["item"]), said["low"], said["high"])
    raise TypeError(f"a type of kind {said['kind']!r} is not known")


def _listed(default: model.Scalar | tuple[model.Scalar, ...]) -> Any:
    return list(default) if isinstance(default, tuple) else default


def _frozen(default: Any) -> model.Scalar | tuple[model.Scalar, ...]:
    if isinstance(default, list | tuple):
        return tuple(default)
    assert isinstance(default, int | str)
    return default
