"""Checks the names and types in expressions."""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.language.checks.scope import KIND_WORDS, Kind, Scope, kind_of
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import (
    Binary,
    Call,
    ChoiceType,
    Chose,
    Count,
    EnoughPlayers,
    EventField,
    Expression,
    Field,
    Flag,
    InState,
    Literal,
    Name,
    Negative,
    Not,
    Predicate,
    Quorum,
    Span,
    Type,
)
from gameroom.model.builtin import COUNTERS, REPAIRABLE
from gameroom.model.functions import FUNCTIONS
from gameroom.model.paths import resolve

_ARITHMETIC = frozenset("+-*/%")
_NEEDED: dict[Kind, str] = {
    "bool": "compare it with a value, such as `players > 1`",
    "int": "use a number, or a setting or variable of type `int`",
    "string": "use a string in double quotes, or a setting or variable of type `string`",
}
_ORDER = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Where:
    """The context of an expression: the state, and the event that is being handled."""

    path: str
    event: str | None = None
    fields: tuple[Field, ...] = ()


class Expressions:
    """Checks expressions of one room."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self._scope = scope
        self._problems = problems

    def condition(self, said: Expression, where: Where) -> None:
        """Check a guard or a `when`: it must be true or false."""
        self._expect(said, "bool", where)

    def of_type(self, said: Expression, type_: Type, where: Where) -> None:
        """Check a value for a variable of this type."""
        self._expect(said, kind_of(type_), where)
        self._literal_fits(said, type_)

    def _expect(self, said: Expression, wanted: Kind, where: Where) -> None:
        found = self.kind(said, where)
        if found is not None and found != wanted:
            self._problems.error(
                "E0505",
                f"expected {KIND_WORDS[wanted]}, found {KIND_WORDS[found]}",
                said.span,
                help=_NEEDED.get(wanted),
            )

    def kind(self, said: Expression, where: Where) -> Kind | None:
        """Check an expression and return its kind; None if an error was reported, so that the kind
        is unknown."""
        match said:
            case Literal(value):
                if isinstance(value, bool):
                    return "bool"
                return "int" if isinstance(value, int) else "string"
            case Name():
                return self._name(said)
            case EventField():
                return self._event_field(said, where)
            case Not(operand):
                self._expect(operand, "bool", where)
                return "bool"
            case Negative(operand):
                self._expect(operand, "int", where)
                return "int"
            case Binary():
                return self._binary(said, where)
            case Call():
                self._call(said, where)
                return "int"
            case InState(path):
                self._in_state(path, said.span, where)
                return "bool"
            case Quorum(_, who, predicate):
                self.people(who, said.who_span)
                self._predicate(predicate)
                return "bool"
            case Count(who, predicate):
                self.people(who, said.who_span)
                self._predicate(predicate)
                return "int"
            case EnoughPlayers():
                return "bool"

    def people(self, who: str, span: Span) -> None:
        """Check a word for a group of people."""
        if who not in self._scope.people:
            self._problems.error(
                "E0404",
                f"unknown group of people `{who}`",
                span,
                meant=(who, self._scope.people),
            )

    def repairable(self, flag: str, span: Span) -> None:
        """Check the flag of `repair`. Only one flag is allowed."""
        if flag != REPAIRABLE:
            self._problems.error(
                "E0407",
                f"`{flag}` can't be repaired",
                span,
                help=f"write `repair {REPAIRABLE}`",
            )

    def flag(self, flag: str, span: Span) -> None:
        """Check a flag of a person."""
        if flag not in self._scope.flags:
            self._problems.error(
                "E0407",
                f"unknown player flag `{flag}`",
                span,
                meant=(flag, self._scope.flags),
            )

    def _name(self, said: Name) -> Kind | None:
        if (type_ := self._scope.values.get(said.name)) is not None:
            return kind_of(type_)
        if said.name in COUNTERS:
            return "int"
        self._problems.error(
            "E0405",
            f"`{said.name}` is not a setting, variable or counter",
            said.span,
            meant=(said.name, {*self._scope.values, *COUNTERS}),
        )
        return None

    def _event_field(self, said: EventField, where: Where) -> Kind | None:
        if where.event is None:
            self._problems.error(
                "E0406",
                "`event` is not available here",
                said.span,
                help="use `event` in the guard or the actions of an `on` transition",
            )
            return None
        found = next((field for field in where.fields if field.name == said.name), None)
        if found is None:
            self._problems.error(
                "E0406",
                f"the event `{where.event}` has no field `{said.name}`",
                said.span,
                meant=(f"event.{said.name}", [f"event.{field.name}" for field in where.fields]),
            )
            return None
        return kind_of(found.type)

    def _binary(self, said: Binary, where: Where) -> Kind:
        op = said.op
        if op in ("and", "or"):
            self._expect(said.left, "bool", where)
            self._expect(said.right, "bool", where)
            return "bool"
        if op in _ARITHMETIC or op in _ORDER:
            self._expect(said.left, "int", where)
            self._expect(said.right, "int", where)
            return "int" if op in _ARITHMETIC else "bool"
        left, right = self.kind(said.left, where), self.kind(said.right, where)
        if left is not None and right is not None and left != right:
            self._problems.error(
                "E0505",
                f"can't compare {KIND_WORDS[left]} with {KIND_WORDS[right]}",
                said.span,
                help="compare values of the same type",
            )
        else:
            self._choice_fits(said.left, said.right, where)
            self._choice_fits(said.right, said.left, where)
        return "bool"

    def _choice_fits(self, named: Expression, other: Expression, where: Where) -> None:
        """Check that a string is one of the choices it is compared with: `map == "islnds"` would
        never be true."""
        if (type_ := self._type(named, where)) is not None:
            self._literal_fits(other, type_)

    def _type(self, said: Expression, where: Where) -> Type | None:
        if isinstance(said, Name):
            return self._scope.values.get(said.name)
        if isinstance(said, EventField):
            return next((field.type for field in where.fields if field.name == said.name), None)
        return None

    def _literal_fits(self, said: Expression, type_: Type) -> None:
        if not (isinstance(said, Literal) and isinstance(type_, ChoiceType)):
            return
        if isinstance(said.value, str) and said.value not in type_.choices:
            self._problems.error(
                "E0408",
                f'"{said.value}" is not one of the choices',
                said.span,
                meant=(said.value, type_.choices),
            )

    def _call(self, said: Call, where: Where) -> None:
        function = FUNCTIONS.get(said.name)
        if function is None:
            self._problems.error(
                "E0413",
                f"there is no function `{said.name}`",
                said.name_span,
                meant=(said.name, FUNCTIONS),
            )
        elif len(said.arguments) != function.parameters:
            self._problems.error(
                "E0413",
                f"`{said.name}` needs {function.takes}, found {len(said.arguments)}",
                said.span,
                help=f"`{said.name}` is {function.doc}",
            )
        for argument in said.arguments:
            self._expect(argument, "int", where)

    def _in_state(self, path: str, span: Span, where: Where) -> None:
        if resolve(self._scope.room.root, where.path, path) is None:
            self._problems.error(
                "E0401",
                f"there is no state `{path}`",
                span,
                meant=(path, self._scope.states_near(where.path, path)),
            )

    def _predicate(self, predicate: Predicate) -> None:
        match predicate:
            case Flag(flag):
                self.flag(flag, predicate.span)
            case Chose(choice, None):
                offered = {each for some in self._scope.choices.values() for each in some}
                if choice not in offered:
                    self._problems.error(
                        "E0408",
                        f'no request offers the choice "{choice}"',
                        predicate.span,
                        meant=(choice, offered),
                        help='declare one, such as `request vote { choice: "yes" | "no" }`',
                    )
            case Chose():
                self._chose(predicate)

    def _chose(self, said: Chose) -> None:
        choice, request = said.choice, said.request
        assert request is not None
        offered = self._scope.choices.get(request)
        if offered is None:
            self._problems.error(
                "E0402",
                f"`{request}` is not a request with a field `choice`",
                said.request_span,
                meant=(request, self._scope.choices),
            )
        elif choice not in offered:
            self._problems.error(
                "E0408",
                f'the request `{request}` does not offer the choice "{choice}"',
                said.span,
                meant=(choice, offered),
            )
