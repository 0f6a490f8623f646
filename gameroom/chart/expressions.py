"""Expressions of a room, compiled to code objects.

A model expression becomes a Python syntax tree, node by node, and that tree is compiled. Text from
a room file is never parsed or evaluated as Python: names become positions, states become bits, and
only integers and strings remain, as constants.

The rule it keeps: an expression either has a value of its type or raises `Wrong` or
ZeroDivisionError, which the macrostep turns into an `error` event.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import Protocol

from gameroom.chart import people as crowd
from gameroom.chart.events import Person
from gameroom.chart.mistakes import ChartError, Wrong
from gameroom.model import (
    INT_MAX,
    Binary,
    BoolType,
    Call,
    ChoiceType,
    Chose,
    Count,
    EnoughPlayers,
    EventField,
    Expression,
    Flag,
    InState,
    IntType,
    ListType,
    Literal,
    Name,
    Negative,
    Not,
    Predicate,
    Quorum,
    RoomFile,
    Span,
    Type,
    Value,
)
from gameroom.model.builtin import FLAGS
from gameroom.model.functions import FUNCTIONS

# What an expression depends on. A `when` is evaluated again only if one of its own has changed.
STATES, DATA, PEOPLE, SETTINGS, GENERATION = 1, 2, 4, 8, 16

Kind = OneOf["int", "bool", "text", "list", "any"]
"""The type of an expression. `any` is a field of an event, which is checked at run time."""


class Facts(Protocol):
    """What expressions read in addition to states, data and the event's fields."""

    @property
    def people(self) -> tuple[Person, ...]: ...
    @property
    def settings(self) -> tuple[Value, ...]: ...
    @property
    def generation(self) -> int: ...


Ask = Callable[[int, Sequence[Value], Mapping[str, Value], Facts], Value]
"""(configuration as bits, data, fields of the event, world) -> value."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled expression. depends: the bits STATES, DATA, ... on which its value depends."""

    ask: Ask
    kind: Kind
    depends: int


@dataclass(frozen=True, slots=True)
class EvaluationScope:
    """The meaning of the names in an expression.

    variables, settings: the positions by name.
    state: returns the bit of a path, or None if there is no such state.
    event: whether an event is being handled, as in the guard and the actions of an `on`.
    """

    room: RoomFile
    variables: Mapping[str, int]
    settings: Mapping[str, int]
    state: Callable[[str], int | None]
    event: bool


def compile_expression(expression: Expression, scope: EvaluationScope) -> Compiled:
    """Compile an expression. Raises ChartError if it can never have a value."""
    maker = _Maker(scope)
    node, kind = maker.make(expression)
    return Compiled(maker.lambda_of(node), kind, maker.depends)


def compile_condition(expression: Expression, scope: EvaluationScope) -> Compiled:
    """Compile an expression that must be true or false. Raises ChartError."""
    maker = _Maker(scope)
    node = maker.bool(expression)
    return Compiled(maker.lambda_of(node), "bool", maker.depends)


def kind_of(type_: Type) -> Kind:
    match type_:
        case IntType():
            return "int"
        case BoolType():
            return "bool"
        case ListType():
            return "list"
        case _:
            return "text"


def _field(fields: Mapping[str, Value], name: str) -> Value:
    if name not in fields:
        raise Wrong(f"the event has no field `{name}`")
    return fields[name]


def _whole(value: Value) -> int:
    if type(value) is not int:
        raise Wrong("not a whole number")
    if not -INT_MAX <= value <= INT_MAX:
        raise Wrong("a number beyond 2^53-1")
    return value


def _bool(value: Value) -> bool:
    if type(value) is not bool:
        raise Wrong("not true or false")
    return value


def _same(left: Value, right: Value) -> bool:
    if type(left) is not type(right):
        raise Wrong("two values of different types were compared")
    return left == right


_ARITHMETIC: dict[str, ast.operator] = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.FloorDiv(),
    "%": ast.Mod(),
}
_ORDER: dict[str, ast.cmpop] = {"<": ast.Lt(), "<=": ast.LtE(), ">": ast.Gt(), ">=": ast.GtE()}
_PARAMETERS = ("configuration", "data", "fields", "world")


class _Maker:
    """Builds the tree of one expression, and collects what it calls and what it depends on."""

    def __init__(self, scope: EvaluationScope) -> None:
        self.scope = scope
        self.depends = 0
        self.globals: dict[str, object] = {
            "__builtins__": {},
            "_field": _field,
            "_whole": _whole,
            "_bool": _bool,
            "_same": _same,
        }

    def lambda_of(self, body: ast.expr) -> Ask:
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(name) for name in _PARAMETERS],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        tree = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, body)))
        # Safe: this class built the tree, and it contains no text of the author except constants.
        ask: Ask = eval(compile(tree, "<room>", "eval"), self.globals)
        return ask

    def make(self, expression: Expression) -> tuple[ast.expr, Kind]:
        match expression:
            case Literal(value):
                return self._literal(value, expression.span)
            case Name(name):
                return self._name(name, expression.span)
            case EventField(name):
                if not self.scope.event:
                    raise ChartError(
                        expression.span, "`event` can be used only in an `on` transition"
                    )
                return _call("_field", _read("fields"), ast.Constant(name)), "any"
            case Not(operand):
                return ast.UnaryOp(ast.Not(), self.bool(operand)), "bool"
            case Negative(operand):
                return ast.UnaryOp(ast.USub(), self.int(operand)), "int"
            case Binary():
                return self._binary(expression)
            case Call():
                return self._called(expression), "int"
            case InState(path):
                return self._in_state(path, expression.span)
            case Quorum(_, who, predicate):
                requests = self._check(who, predicate, expression.span)
                return self._people(crowd.quorum_of(expression, requests)), "bool"
            case Count(who, predicate):
                requests = self._check(who, predicate, expression.span)
                tally = crowd.tally(who, predicate, requests)
                return self._people(lambda people: tally(people)[0]), "int"
            case EnoughPlayers():
                return self._people(crowd.enough(self.scope.room)), "bool"

    def bool(self, expression: Expression) -> ast.expr:
        return self._as("bool", "_bool", "true or false", expression)

    def int(self, expression: Expression) -> ast.expr:
        return self._as("int", "_whole", "a whole number", expression)

    def _as(self, wanted: Kind, check: str, words: str, expression: Expression) -> ast.expr:
        node, kind = self.make(expression)
        if kind == "any":
            return _call(check, node)
        if kind != wanted:
            raise ChartError(expression.span, f"this is not {words}")
        return node

    def _literal(self, value: object, span: Span) -> tuple[ast.expr, Kind]:
        match value:
            case bool():
                return ast.Constant(value), "bool"
            case int():
                if abs(value) > INT_MAX:
                    raise ChartError(span, f"{value} is outside -(2^53 - 1) to 2^53 - 1")
                return ast.Constant(value), "int"
            case _:
                assert isinstance(value, str), value
                return ast.Constant(value), "text"

    def _name(self, name: str, span: Span) -> tuple[ast.expr, Kind]:
        scope, room = self.scope, self.scope.room
        if (index := scope.variables.get(name)) is not None:
            self.depends |= DATA
            kind = kind_of(room.variables[index].type)
            return ast.Subscript(_read("data"), ast.Constant(index), ast.Load()), kind
        if (index := scope.settings.get(name)) is not None:
            self.depends |= SETTINGS
            kind = kind_of(room.settings[index].type)
            return ast.Subscript(_world("settings"), ast.Constant(index), ast.Load()), kind
        if name in ("players", "spectators"):
            return self._people(crowd.count_of(name.removesuffix("s"))), "int"
        if name == "generation":
            self.depends |= GENERATION
            return _world("generation"), "int"
        if name in ("players_min", "players_max") and room.players is not None:
            bound = room.players.low if name == "players_min" else room.players.high
            return ast.Constant(bound), "int"
        raise ChartError(span, f"`{name}` is not a variable, a setting or a counter")

    def _binary(self, expression: Binary) -> tuple[ast.expr, Kind]:
        op = expression.op
        if op in ("and", "or"):
            sides = [self.bool(expression.left), self.bool(expression.right)]
            return ast.BoolOp(ast.And() if op == "and" else ast.Or(), sides), "bool"
        if op in ("==", "!="):
            return self._equal(expression), "bool"
        left, right = self.int(expression.left), self.int(expression.right)
        if op in _ORDER:
            return ast.Compare(left, [_ORDER[op]], [right]), "bool"
        return _call("_whole", ast.BinOp(left, _ARITHMETIC[op], right)), "int"

    def _equal(self, expression: Binary) -> ast.expr:
        left, left_kind = self.make(expression.left)
        right, right_kind = self.make(expression.right)
        if "any" in (left_kind, right_kind):
            same = _call("_same", left, right)
            return same if expression.op == "==" else ast.UnaryOp(ast.Not(), same)
        if left_kind != right_kind:
            words = f"{_WORDS[left_kind]} is compared with {_WORDS[right_kind]}"
            raise ChartError(expression.span, words)
        return ast.Compare(left, [ast.Eq() if expression.op == "==" else ast.NotEq()], [right])

    def _called(self, expression: Call) -> ast.expr:
        function = FUNCTIONS.get(expression.name)
        if function is None:
            raise ChartError(expression.span, f"there is no function `{expression.name}`")
        if len(expression.arguments) != function.parameters:
            words = f"`{expression.name}` needs {function.takes}"
            raise ChartError(expression.span, words)
        name = f"function_{expression.name}"
        self.globals[name] = function.value
        return _call("_whole", _call(name, *map(self.int, expression.arguments)))

    def _in_state(self, path: str, span: Span) -> tuple[ast.expr, Kind]:
        bit = self.scope.state(path)
        if bit is None:
            raise ChartError(span, f"there is no state `{path}`")
        self.depends |= STATES
        active = ast.BinOp(_read("configuration"), ast.BitAnd(), ast.Constant(bit))
        return ast.Compare(active, [ast.NotEq()], [ast.Constant(0)]), "bool"

    def _people(self, ask: Callable[[tuple[Person, ...]], Value]) -> ast.expr:
        self.depends |= PEOPLE
        name = f"people{len(self.globals)}"
        self.globals[name] = ask
        return _call(name, _world("people"))

    def _check(self, who: str, predicate: Predicate, span: Span) -> tuple[str, ...]:
        """Return the requests that the predicate reads. Raises ChartError for unknown words."""
        if who not in crowd.kinds(self.scope.room):
            raise ChartError(span, f"`{who}` is not a group of people, a role or a team")
        match predicate:
            case Flag(flag):
                if flag not in FLAGS:
                    raise ChartError(span, f"`{flag}` is not a player flag")
                return ()
            case Chose(choice, request):
                return self._offering(choice, request, span)

    def _offering(self, choice: str, request: str | None, span: Span) -> tuple[str, ...]:
        names = tuple(
            asked.name
            for asked in self.scope.room.requests
            if request in (None, asked.name)
            for field in asked.fields
            if field.name == "choice"
            and isinstance(field.type, ChoiceType)
            and choice in field.type.choices
        )
        if not names:
            raise ChartError(span, f'no request offers the choice "{choice}"')
        return names


_WORDS = {
    "int": "a whole number",
    "bool": "true or false",
    "text": "a string",
    "list": "a list",
}


def _read(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _world(name: str) -> ast.expr:
    return ast.Attribute(_read("world"), name, ast.Load())


def _call(function: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(_read(function), list(arguments), [])
