"""The fingerprint covers what decides behaviour: a row for every field of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

import pytest

from gameroom import language, model
from gameroom.chart.fingerprint import fingerprint
from gameroom.resources import shipped_room

TEXT = """language 1

## A room that says a bit of everything.
room "Everything" {
  players 2..8
  spectators 0..20 delay 10s
  team red size 1..4
  team blue size 1..4
  role host is player
  setting map: "plains" | "islands" = "plains"
  setting waves: list(0..4) of int 0..9 = []
  setting title: string(0..16) = ""
  setting fog: bool = false
  command move { unit: int 0..99  fast: bool }
  command stop
  request vote { choice: "wait" | "drop"  why: string(0..9) }
  request pause
  request resume
  signal over { winner: string(1..16) } agreed by all
  signal tie agreed by majority
  var round: int 0..99 = 0
  var open: bool = true
  policy turns { gather = within 250ms }
  policy pace { tick = 10 per second  turn = 150ms..500ms }

  allow join, chat from anyone
  on join do { pass host }
  state setup {
    initial lobby
    allow configure, ready from host, red
    deny chat from spectator
    on done(setup) -> running
    state lobby {
      when all player ready -> done because "Everybody is ready."
      when max(round + 1, round) > 3 and not (count player connected == -1) -> done
      on leave if event.seat == 0 do { set round = round + 1  announce "Gone." } -> lobby
      when 2 of player chose vote "drop" or any player chose "wait" do { drop lost }
      after 10m -> waiting
    }
    state waiting {
      allow vote from player
      when enough players -> lobby
    }
    final done
  }
  state running {
    initial game
    entry do { set open = true }
    exit do { set open = false }
    allow pause from player
    on pause -> aside
    on over -> ended
    on tie -> internal game
    state game iterates {
      allow move, stop from player
      when in(running.game) and map == "plains" do { raise tie }
    }
    state other { on tie -> game }
    history back deep -> game
  }
  parallel aside {
    allow resume from player
    on resume -> resume running
    region left { initial a  state a { on ready -> running.back } }
    region right { initial b  state b }
  }
  final ended
}
"""


def room_of(text: str, name: str = "x.room") -> model.RoomFile:
    def resolve(wanted: str) -> language.Source | None:
        found = shipped_room(wanted)
        return None if found is None else language.Source(*found)

    loaded = language.load(text, name=name, resolve=resolve)
    assert loaded.ok, loaded.diagnostics
    assert loaded.room is not None
    return loaded.room


ROOM = room_of(TEXT)


# --- Every field of the model -----------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """Another value for a field, and whether that is another chart. in_: which one is changed,
    the first in the tree for which this holds."""

    decides: bool
    to: Callable[[Any], object]
    in_: Callable[[Any], bool] = lambda one: True


def decides(to: Callable[[Any], object], in_: Callable[[Any], bool] = lambda one: True) -> Row:
    return Row(True, to, in_)


def says(to: Callable[[Any], object], in_: Callable[[Any], bool] = lambda one: True) -> Row:
    return Row(False, to, in_)


def more(number: int) -> int:
    return number + 1


def other(text: str) -> str:
    return text + "x"


def fewer(parts: tuple[object, ...]) -> tuple[object, ...]:
    return parts[:-1]


def turned(parts: tuple[object, ...]) -> tuple[object, ...]:
    return parts[::-1]


PACE = model.Policy("pace", (model.PolicyEntry("tick", model.Rate(20)),))
"""The default of `pace`, written."""

ROWS: dict[tuple[type, str], list[Row]] = {
    (model.RoomFile, "name"): [says(other)],
    (model.RoomFile, "extends"): [says(lambda _: "standard")],
    (model.RoomFile, "players"): [decides(lambda _: model.Range(2, 9))],
    (model.RoomFile, "spectators"): [decides(lambda _: None)],
    (model.RoomFile, "teams"): [decides(fewer), decides(turned)],
    (model.RoomFile, "roles"): [
        decides(fewer),
        decides(lambda roles: (*roles, model.Role("judge", "spectator"))),
    ],
    (model.RoomFile, "settings"): [decides(fewer), says(turned)],
    (model.RoomFile, "commands"): [decides(fewer), decides(turned)],
    (model.RoomFile, "requests"): [decides(fewer), says(turned)],
    (model.RoomFile, "signals"): [decides(fewer), decides(turned)],
    (model.RoomFile, "variables"): [decides(fewer), says(turned)],
    (model.RoomFile, "policies"): [decides(fewer), says(turned)],
    (model.RoomFile, "root"): [decides(lambda root: replace(root, states=fewer(root.states)))],
    (model.RoomFile, "doc"): [says(other)],
    (model.Range, "low"): [decides(more)],
    (model.Range, "high"): [decides(more)],
    (model.Spectators, "low"): [decides(more)],
    (model.Spectators, "high"): [decides(more)],
    (model.Spectators, "delay"): [decides(lambda _: model.Duration(9_000, "ms"))],
    (model.Duration, "amount"): [decides(more)],
    (model.Duration, "unit"): [decides(lambda _: "turns")],
    (model.Team, "name"): [decides(other)],
    (model.Team, "low"): [decides(more)],
    (model.Team, "high"): [decides(more)],
    (model.Team, "doc"): [says(other)],
    (model.Role, "name"): [decides(other)],
    (model.Role, "of"): [decides(lambda _: "spectator")],
    (model.Role, "doc"): [says(other)],
    (model.Setting, "name"): [decides(other)],
    (model.Setting, "type"): [decides(lambda _: model.StringType(0, 9))],
    (model.Setting, "default"): [decides(lambda _: "islands")],
    (model.Setting, "doc"): [says(other)],
    (model.CommandDeclaration, "name"): [decides(other)],
    (model.CommandDeclaration, "fields"): [decides(fewer), decides(turned)],
    (model.CommandDeclaration, "doc"): [says(other)],
    (model.Request, "name"): [decides(other)],
    (model.Request, "fields"): [decides(fewer), says(turned)],
    (model.Request, "doc"): [says(other)],
    (model.SignalDeclaration, "name"): [decides(other)],
    (model.SignalDeclaration, "fields"): [decides(fewer)],
    (model.SignalDeclaration, "agreed"): [decides(lambda _: "majority")],
    (model.SignalDeclaration, "doc"): [says(other)],
    (model.Field, "name"): [decides(other)],
    (model.Field, "type"): [decides(lambda _: model.BoolType())],
    (model.Field, "doc"): [says(other)],
    (model.IntType, "low"): [decides(more)],
    (model.IntType, "high"): [decides(more)],
    (model.StringType, "low"): [decides(more)],
    (model.StringType, "high"): [decides(more)],
    (model.ChoiceType, "choices"): [decides(fewer), says(turned)],
    (model.ListType, "item"): [decides(lambda _: model.BoolType())],
    (model.ListType, "low"): [decides(more)],
    (model.ListType, "high"): [decides(more)],
    (model.Variable, "name"): [decides(other)],
    (model.Variable, "type"): [decides(lambda _: model.IntType(0, 98))],
    (model.Variable, "initial"): [decides(more)],
    (model.Variable, "doc"): [says(other)],
    (model.Policy, "name"): [decides(lambda _: "chat")],
    (model.Policy, "entries"): [decides(fewer), decides(lambda _: ())],
    (model.PolicyEntry, "key"): [decides(lambda _: "checksum_every")],
    (model.PolicyEntry, "value"): [
        decides(lambda _: model.Rate(11), lambda one: one.key == "tick"),
        decides(lambda _: "all", lambda one: one.key == "gather"),
    ],
    (model.Rate, "per_second"): [decides(more)],
    (model.Permission, "effect"): [decides(lambda _: "ignore")],
    (model.Permission, "names"): [decides(fewer), says(turned)],
    (model.Permission, "who"): [
        decides(fewer, lambda one: len(one.who) > 1),
        says(turned, lambda one: len(one.who) > 1),
    ],
    (model.State, "name"): [decides(other, lambda one: one.name == "other")],
    (model.State, "kind"): [
        decides(lambda _: "parallel"),
        says(lambda _: "state", lambda one: one.kind == "region"),
        says(lambda _: "region", lambda one: one.name == "setup"),
    ],
    (model.State, "mode"): [says(lambda _: "override")],
    (model.State, "iterates"): [decides(lambda _: True)],
    (model.State, "initial"): [
        decides(lambda _: "waiting", lambda one: one.name == "setup"),
        decides(lambda _: "running", lambda one: one.name == ""),
        says(lambda _: "setup", lambda one: one.name == ""),
    ],
    (model.State, "permissions"): [
        decides(fewer, lambda one: one.name == "setup"),
        decides(turned, lambda one: one.name == "setup"),
    ],
    (model.State, "transitions"): [
        decides(fewer, lambda one: one.name == "lobby"),
        decides(turned, lambda one: one.name == "lobby"),
    ],
    (model.State, "entry"): [decides(lambda _: (), lambda one: one.name == "running")],
    (model.State, "exit"): [decides(lambda _: (), lambda one: one.name == "running")],
    (model.State, "states"): [
        decides(fewer, lambda one: one.name == "setup"),
        decides(turned, lambda one: one.name == "setup"),
        decides(turned, lambda one: one.name == "aside"),
    ],
    (model.State, "deep"): [
        decides(lambda _: False, lambda one: one.name == "back"),
        says(lambda _: True, lambda one: one.name == "running"),
    ],
    (model.State, "default"): [decides(lambda _: None, lambda one: one.name == "back")],
    (model.State, "doc"): [says(other)],
    (model.Transition, "trigger"): [decides(lambda _: model.On("leave"))],
    (model.Transition, "guard"): [decides(lambda _: model.Literal(True))],
    (model.Transition, "actions"): [
        decides(fewer, lambda one: len(one.actions) > 1),
        decides(turned, lambda one: len(one.actions) > 1),
    ],
    (model.Transition, "target"): [
        decides(lambda _: None, lambda one: one.target is not None),
    ],
    (model.Transition, "because"): [says(lambda _: "Otherwise.")],
    (model.On, "event"): [
        decides(lambda _: "leave"),
        says(lambda _: "done(setup)", lambda one: one.event == "done(setup)"),
    ],
    (model.When, "condition"): [decides(lambda _: model.Literal(True))],
    (model.After, "duration"): [
        decides(lambda _: model.Duration(60_000, "ms")),
        decides(lambda _: model.Duration(600_000, "turns")),
    ],
    (model.Act, "verb"): [decides(lambda _: "unready", lambda one: one.verb == "drop")],
    (model.Act, "name"): [decides(other, lambda one: one.verb == "announce")],
    (model.Act, "value"): [decides(lambda _: model.Literal(1), lambda one: one.value is not None)],
    (model.Target, "path"): [
        decides(lambda _: "running.other", lambda one: one.path == "running"),
        says(lambda _: "running.game", lambda one: one.path == "game"),
    ],
    (model.Target, "kind"): [
        decides(lambda _: "resume", lambda one: one.path == "running"),
        decides(lambda _: "external", lambda one: one.kind == "internal"),
    ],
    (model.Literal, "value"): [decides(lambda _: 7), decides(lambda _: "1")],
    (model.Name, "name"): [decides(lambda _: "players")],
    (model.EventField, "name"): [decides(lambda _: "winner")],
    (model.Not, "operand"): [decides(lambda _: model.Literal(True))],
    (model.Negative, "operand"): [decides(lambda _: model.Literal(7))],
    (model.Binary, "op"): [decides(lambda _: "or")],
    (model.Binary, "left"): [decides(lambda _: model.Literal(True))],
    (model.Binary, "right"): [decides(lambda _: model.Literal(True))],
    (model.Call, "name"): [decides(lambda _: "min")],
    (model.Call, "arguments"): [
        decides(turned),
        decides(lambda _: (model.Literal(1), model.Literal(2))),
    ],
    (model.InState, "path"): [
        decides(lambda _: "running.other"),
        says(lambda _: "game"),
    ],
    (model.Flag, "flag"): [decides(lambda _: "slow")],
    (model.Chose, "choice"): [decides(lambda _: "wait")],
    (model.Chose, "request"): [
        decides(lambda _: "other"),
        says(lambda _: None, lambda one: one.request == "vote"),
        says(lambda _: "vote", lambda one: one.request is None),
    ],
    (model.Quorum, "kind"): [decides(lambda _: "majority")],
    (model.Quorum, "who"): [decides(lambda _: "red")],
    (model.Quorum, "predicate"): [decides(lambda _: model.Flag("slow"))],
    (model.Quorum, "amount"): [
        decides(more, lambda one: one.kind == "count"),
        says(more, lambda one: one.kind == "all"),
    ],
    (model.Count, "who"): [decides(lambda _: "red")],
    (model.Count, "predicate"): [decides(lambda _: model.Flag("slow"))],
}


def classes_of(hint: object) -> Iterator[type]:
    """Every class of the model that a value of this type may hold."""
    for part in (hint, *get_args(hint)):
        if isinstance(part, type) and is_dataclass(part):
            yield part
        elif part is not hint:
            yield from classes_of(part)


def reachable() -> dict[type, dict[str, object]]:
    """The fields of all classes below Room, with their types."""
    found: dict[type, dict[str, object]] = {}
    waiting = [model.RoomFile]
    while waiting:
        one = waiting.pop()
        if one in found or one is model.Span:
            continue
        hints = get_type_hints(one)
        found[one] = {field.name: hints[field.name] for field in fields(one)}
        waiting += [inner for hint in hints.values() for inner in classes_of(hint)]
    return found


def is_span(hint: object) -> bool:
    return hint is model.Span or hint == tuple[model.Span, ...]


FIELDS = reachable()


def test_every_field_of_the_model_has_a_row() -> None:
    """Spans are positions in a file: they never count."""
    wanted = {
        (one, name)
        for one, hints in FIELDS.items()
        for name, hint in hints.items()
        if not is_span(hint)
    }
    assert wanted == ROWS.keys()


def changed(value: Any, of: type, name: str, row: Row) -> Any:
    """The tree with another value in the first fitting place; None where none fits."""
    if type(value) is of and row.in_(value):
        old = getattr(value, name)
        return replace(value, **{name: row.to(old)})
    if isinstance(value, tuple):
        for at, item in enumerate(value):
            if (made := changed(item, of, name, row)) is not None:
                return (*value[:at], made, *value[at + 1 :])
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if (made := changed(getattr(value, field.name), of, name, row)) is not None:
                return replace(value, **{field.name: made})
    return None


@pytest.mark.parametrize(
    ("of", "name", "row"),
    [
        pytest.param(of, name, row, id=f"{of.__name__}.{name}.{at}")
        for (of, name), rows in ROWS.items()
        for at, row in enumerate(rows)
    ],
)
def test_a_changed_field_is_another_chart_where_it_decides(of: type, name: str, row: Row) -> None:
    made = changed(ROOM, of, name, row)
    assert made is not None, "the room above has such a place"
    assert (fingerprint(made) != fingerprint(ROOM)) is row.decides


def moved(value: Any) -> Any:
    """The same with every span elsewhere."""
    elsewhere = model.Span("y.room", 7, 7, 7, 8)
    if isinstance(value, model.Span):
        return elsewhere
    if isinstance(value, tuple):
        return tuple(moved(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{one.name: moved(getattr(value, one.name)) for one in fields(value)}
        )
    return value


def test_no_span_counts() -> None:
    assert fingerprint(moved(ROOM)) == fingerprint(ROOM)
