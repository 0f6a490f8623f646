"""A chart from plain Python values: dicts, lists, strings, integers and booleans.

Use it in tests, in generators, and if you want the semantics without the language. It builds a
model.RoomFile and compiles that, as for a room file. docs/chart.md describes the shape. The rule it
keeps: every mistake is a ValueError that begins with the path into the value
(`states.a.transitions[0].if: ...`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from gameroom import model
from gameroom.chart.compile import compile_room
from gameroom.chart.mistakes import ChartError
from gameroom.chart.plain_expressions import at, expression, fail, listed, texts, whole
from gameroom.chart.tables import Chart
from gameroom.model import Span

NESTING_MAX = 64
"""How many levels deep states can be nested."""

_T = TypeVar("_T")

_ROOM = frozenset(
    {"name", "players", "spectators", "teams", "roles", "settings", "commands", "requests"}
    | {"signals", "variables"}
)
_STATE = frozenset(
    {"kind", "iterates", "initial", "permissions", "transitions", "entry", "exit", "states"}
    | {"deep", "default", "doc"}
)
_TRANSITION = frozenset({"on", "when", "after", "if", "do", "to", "because"})
_KINDS = ("state", "parallel", "region", "final", "history")


def from_plain(value: Mapping[str, object]) -> Chart:
    """Return the chart of a room in plain values. Raises ValueError with the path."""
    room = plain_room(value)
    try:
        return compile_room(room)
    except ChartError as error:
        raise ValueError(f"{error.span.file or 'the room'}: {error.problem}") from error


def plain_room(value: Mapping[str, object]) -> model.RoomFile:
    """Return the merged room of plain values, not yet compiled. Raises ValueError with the
    path."""
    said = _mapping(value, "", _ROOM | _STATE)
    return model.RoomFile(
        name=_text(said.get("name", "plain"), "name"),
        players=_range(said.get("players", [0, 8]), "players"),
        spectators=_spectators(said.get("spectators", [0, 0])),
        teams=_each(said, "teams", _team),
        roles=_each(said, "roles", _role),
        settings=_each(said, "settings", _setting),
        commands=_each(
            said, "commands", lambda n, v, w: model.CommandDeclaration(n, _fields(v, w))
        ),
        requests=_each(said, "requests", lambda n, v, w: model.Request(n, _fields(v, w))),
        signals=_each(said, "signals", _signal),
        variables=_each(said, "variables", _variable),
        root=_state("", {key: said[key] for key in said if key in _STATE}, "", 0),
    )


# Readers of single values. Each checks the shape; errors name the place.


def _mapping(value: object, where: str, known: frozenset[str] | None = None) -> dict[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        fail(where, "expected a dict with string keys")
    if known is not None:
        for key in value:
            if key not in known:
                fail(where, f"unknown key `{key}`; use one of {', '.join(sorted(known))}")
    return dict(value)


def _text(value: object, where: str) -> str:
    return value if isinstance(value, str) else fail(where, "expected a string")


def _bool(value: object, where: str) -> bool:
    return value if isinstance(value, bool) else fail(where, "expected True or False")


def _range(value: object, where: str) -> model.Range:
    low, high = _pair(value, where)
    return model.Range(low, high, at(where))


def _pair(value: object, where: str) -> tuple[int, int]:
    parts = listed(value, where)
    if len(parts) != 2:
        fail(where, "expected [low, high]")
    return whole(parts[0], f"{where}[0]"), whole(parts[1], f"{where}[1]")


def _each(
    said: Mapping[str, object], key: str, make: Callable[[str, object, str], _T]
) -> tuple[_T, ...]:
    inner = _mapping(said.get(key, {}), key)
    return tuple(make(name, value, f"{key}.{name}") for name, value in inner.items())


# Declarations


def _spectators(value: object) -> model.Spectators:
    low, high = _pair(value, "spectators")
    return model.Spectators(low, high, span=at("spectators"))


def _team(name: str, value: object, where: str) -> model.Team:
    return model.Team(name, *_pair(value, where), span=at(where))


def _role(name: str, value: object, where: str) -> model.Role:
    return model.Role(name, _text(value, where), span=at(where))


def _setting(name: str, value: object, where: str) -> model.Setting:
    type_, default = _typed(value, where, "default")
    if not isinstance(default, int | str):
        default = tuple(cast("Sequence[model.Scalar]", listed(default, f"{where}.default")))
    return model.Setting(name, type_, default, span=at(where))


def _variable(name: str, value: object, where: str) -> model.Variable:
    type_, initial = _typed(value, where, "initial")
    if not isinstance(initial, int | str):
        fail(f"{where}.initial", "expected an integer, a string or a boolean")
    return model.Variable(name, type_, initial, span=at(where))


def _typed(value: object, where: str, key: str) -> tuple[model.Type, object]:
    said = _mapping(value, where, frozenset({"type", key}))
    if len(said) != 2:
        fail(where, f"expected `type` and `{key}`")
    return _type(said["type"], f"{where}.type"), said[key]


def _signal(name: str, value: object, where: str) -> model.SignalDeclaration:
    said = _mapping(value, where, frozenset({"fields", "agreed"}))
    agreed = said.get("agreed", "all")
    if agreed != "all" and agreed != "majority":
        fail(f"{where}.agreed", 'expected "all" or "majority"')
    return model.SignalDeclaration(
        name, _fields(said.get("fields", {}), f"{where}.fields"), agreed, span=at(where)
    )


def _fields(value: object, where: str) -> tuple[model.Field, ...]:
    return tuple(
        model.Field(name, _type(type_, f"{where}.{name}"), span=at(f"{where}.{name}"))
        for name, type_ in _mapping(value, where).items()
    )


def _type(value: object, where: str) -> model.Type:
    parts = listed(value, where)
    span = at(where)
    match parts:
        case ["bool"]:
            return model.BoolType(span)
        case ["int", low, high]:
            return model.IntType(*_pair([low, high], where), span)
        case ["string", low, high]:
            return model.StringType(*_pair([low, high], where), span)
        case ["choice", *choices]:
            return model.ChoiceType(texts(choices, where), span)
        case ["list", low, high, item]:
            return model.ListType(_type(item, f"{where}[3]"), *_pair([low, high], where), span)
    return fail(
        where,
        'expected ["bool"], ["int", low, high], ["string", low, high], ["choice", ...] or'
        ' ["list", low, high, type]',
    )


# States and transitions


def _state(name: str, value: object, where: str, depth: int) -> model.State:
    if depth > NESTING_MAX:
        fail(where, f"states are nested more than {NESTING_MAX} levels deep")
    said = _mapping(value, where, _STATE)
    dot = f"{where}." if where else ""
    kind = said.get("kind", "state")
    if kind not in _KINDS:
        fail(f"{dot}kind", "expected one of " + ", ".join(_KINDS))
    inner = _mapping(said.get("states", {}), f"{dot}states")
    initial = said.get("initial")
    return model.State(
        name,
        kind=kind,  # type: ignore[arg-type] # it is one of _KINDS
        iterates=_bool(said.get("iterates", False), f"{dot}iterates"),
        initial=None if initial is None else _text(initial, f"{dot}initial"),
        permissions=_list(said, f"{dot}permissions", _permission),
        transitions=_list(said, f"{dot}transitions", _transition),
        entry=_list(said, f"{dot}entry", _act),
        exit=_list(said, f"{dot}exit", _act),
        states=tuple(
            _state(child, inner[child], f"{dot}states.{child}", depth + 1) for child in inner
        ),
        deep=_bool(said.get("deep", False), f"{dot}deep"),
        default=_target(said["default"], f"{dot}default") if "default" in said else None,
        doc=_text(said.get("doc", ""), f"{dot}doc"),
        span=at(where),
        name_span=at(where),
    )


def _list(
    said: Mapping[str, object], where: str, make: Callable[[object, str], _T]
) -> tuple[_T, ...]:
    parts = listed(said.get(where.rpartition(".")[2], []), where)
    return tuple(make(part, f"{where}[{index}]") for index, part in enumerate(parts))


def _permission(value: object, where: str) -> model.Permission:
    parts = listed(value, where)
    match parts:
        case ["allow" | "deny" | "ignore" as effect, names, who]:
            return model.Permission(
                effect, texts(names, f"{where}[1]"), texts(who, f"{where}[2]"), at(where)
            )
    return fail(where, 'expected ["allow" or "deny" or "ignore", [name, ...], [who, ...]]')


def _transition(value: object, where: str) -> model.Transition:
    said = _mapping(value, where, _TRANSITION)
    because = said.get("because")
    return model.Transition(
        trigger=_trigger(said, where),
        guard=expression(said["if"], f"{where}.if") if "if" in said else None,
        actions=_list(said, f"{where}.do", _act),
        target=_target(said["to"], f"{where}.to") if "to" in said else None,
        because=None if because is None else _text(because, f"{where}.because"),
        span=at(where),
    )


def _trigger(said: Mapping[str, object], where: str) -> model.Trigger:
    triggers = said.keys() & {"on", "when", "after"}
    if len(triggers) != 1:
        fail(where, "expected exactly one of `on`, `when` and `after`")
    if "on" in said:
        return model.On(_text(said["on"], f"{where}.on"), at(f"{where}.on"))
    if "when" in said:
        return model.When(expression(said["when"], f"{where}.when"), at(f"{where}.when"))
    span = at(f"{where}.after")
    match listed(said["after"], f"{where}.after"):
        case [amount, "ms" | "turns" as unit]:
            length = model.Duration(whole(amount, f"{where}.after[0]"), unit, span)
            return model.After(length, span)
    return fail(f"{where}.after", 'expected [amount, "ms" or "turns"]')


def _target(value: object, where: str) -> model.Target:
    if isinstance(value, str):
        return model.Target(value, span=at(where))
    match listed(value, where):
        case ["internal" | "resume" as kind, str(path)]:
            return model.Target(path, kind, at(where))
    return fail(where, 'expected a path, ["internal", path] or ["resume", path]')


def _act(value: object, where: str) -> model.Act:
    span: Span = at(where)
    match listed(value, where):
        case ["set", str(name), said]:
            return model.Act("set", name, expression(said, f"{where}[2]"), span)
        case ["raise" | "drop" | "unready" | "pass" | "repair" | "announce" as verb, str(name)]:
            return model.Act(verb, name, span=span)
    return fail(
        where,
        'expected ["set", name, value] or'
        ' ["raise" | "drop" | "unready" | "pass" | "repair" | "announce", name]',
    )
