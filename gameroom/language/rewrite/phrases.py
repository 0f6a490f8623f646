"""Writes phrases of the language: types, sizes, values, policies, steps.

Both spellings use them. `model.words` has the phrases that are also shown to people. Reading a
phrase gives the same value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gameroom.model import (
    BoolType,
    ChoiceType,
    Duration,
    IntType,
    ListType,
    PolicyEntry,
    Range,
    Rate,
    Spectators,
    Step,
    StringType,
    Target,
    Type,
    Value,
)
from gameroom.model.policies import POLICIES, spelling
from gameroom.model.words import duration, expression, scalar

_KEYS = frozenset(key for keys in POLICIES.values() for key in keys)


def type_(said: Type) -> str:
    """`list(0..4) of int 0..9`."""
    match said:
        case IntType(low, high):
            return f"int {low}..{high}"
        case StringType(low, high):
            return f"string({low}..{high})"
        case BoolType():
            return "bool"
        case ChoiceType(choices):
            return " | ".join(map(scalar, choices))
        case ListType(item, low, high):
            return f"list({low}..{high}) of {type_(item)}"


def size(said: Range) -> str:
    return f"{said.low}..{said.high}"


def spectators(said: Spectators) -> str:
    """`0..100 delay 10s`, `none`."""
    if said.high == 0 == said.low and not said.delay.amount:
        return "none"
    delay = f" delay {duration(said.delay)}" if said.delay.amount else ""
    return f"{said.low}..{said.high}{delay}"


def target(said: Target) -> str:
    return said.path if said.kind == "external" else f"{said.kind} {said.path}"


def policy_key(said: PolicyEntry) -> str:
    return spelling(said.key) if said.key in _KEYS else said.key


def policy_value(said: PolicyEntry) -> str:
    match said.value:
        case Duration():
            return duration(said.value)
        case Rate(amount):
            return f"{amount} per second"
        case ("within", Duration() as length):
            return f"within {duration(length)}"
        case (Duration() as low, Duration() as high):
            return f"{duration(low)}..{duration(high)}"
        case value:
            return str(value)


def step(said: Step) -> str:
    """One line of a scenario."""
    match said.verb:
        case "given":
            return f"given players {', '.join(said.who)}"
        case "wait":
            return f"wait {_length(said)}"
        case "state" | "not_state" | "that" | "is" | "is_not" | "refused" | "told":
            return f"expect {_expected(said)}"
        case _:
            return _done(said)


_PLURALS = {"watches": "watch"}


def _done(said: Step) -> str:
    """Write an action of people, with the verb in the plural if there are several."""
    who, many = ", ".join(said.who), len(said.who) > 1
    verb = _PLURALS.get(said.verb, said.verb.removesuffix("s")) if many else said.verb
    match said.verb:
        case "silent":
            length = f" for {_length(said)}" if said.unit else ""
            return f"{who} {'are' if many else 'is'} silent{length}"
        case "slow" | "steady":
            return f"{who} {'are' if many else 'is'} {said.verb}"
        case "joins" if said.name:
            return f"{who} {verb} team {said.name}"
        case "sends" | "raises":
            body = f" {value(said.body)}" if said.body else ""
            return f"{who} {verb} {said.name}{body}"
        case "sets":
            return f"{who} {verb} {said.name} = {value(said.body)}"
        case "says" | "refuses":
            return f"{who} {verb} {scalar(said.name)}"
        case _:
            return f"{who} {verb}"


def _expected(said: Step) -> str:
    match said.verb:
        case "state":
            return said.name
        case "not_state":
            return f"not {said.name}"
        case "that":
            assert said.condition is not None, said
            return f"that {expression(said.condition)}"
        case "refused":
            return f"refused {scalar(said.name)}" if said.name else "refused"
        case "told":
            return f"told {scalar(said.name)}"
    verb = "are" if len(said.who) > 1 else "is"
    return f"{', '.join(said.who)} {verb}{' not' if said.verb == 'is_not' else ''} {said.name}"


def _length(said: Step) -> str:
    return duration(Duration(said.amount, said.unit or "ms"))


def value(said: Value) -> str:
    """A value of a body: `3`, `"text"`, `[1, 2]`, `{ x: 1  y: 2 }`."""
    match said:
        case None:
            return "null"
        case str() | bool() | int():
            return scalar(said)
        case Mapping():
            return "{ " + "  ".join(f"{key}: {value(each)}" for key, each in said.items()) + " }"
        case Sequence():
            return "[" + ", ".join(map(value, said)) + "]"
    raise AssertionError(said)
