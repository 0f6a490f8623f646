"""Executable content: the actions of a transition, an entry or an exit, as closures.

Knows no states and no plan. The room carries out `drop`, `unready` and `close` after the
macrostep, but the chart's own view of the people changes at once, so that a later `when` of the
same macrostep does not count them. `pass`, `repair` and `announce` are only left to the room.

The rule it keeps is SCXML's (section 4.9): when an action of a block fails, the rest of that block
does not run, and an `error` event is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gameroom.chart import people as crowd
from gameroom.chart.events import Did, Effect, Person
from gameroom.chart.expressions import (
    DATA,
    PEOPLE,
    Ask,
    EvaluationScope,
    compile_expression,
    kind_of,
)
from gameroom.chart.mistakes import ChartError, Wrong
from gameroom.model import Act, BoolType, IntType, Type, Value, words
from gameroom.model.builtin import FLAGS, REPAIRABLE
from gameroom.model.fit import misfit


class Running(Protocol):
    """The running macrostep, which actions change."""

    configuration: int
    data: list[Value]
    fields: Mapping[str, Value]
    effects: list[Effect]

    people: tuple[Person, ...]
    settings: tuple[Value, ...]
    generation: int
    stale: int

    def enqueue(self, event: int, fields: Mapping[str, Value]) -> None: ...


Action = Callable[[Running], None]
"""Runs one action. Raises Wrong or ZeroDivisionError if it fails."""


@dataclass(frozen=True, slots=True)
class Block:
    """Actions in the order in which they run. texts: each action as in a room file."""

    actions: tuple[Action, ...] = ()
    texts: tuple[str, ...] = ()


NOTHING = Block()


def compile_block(
    acts: tuple[Act, ...], scope: EvaluationScope, events: Mapping[str, int]
) -> Block:
    """Compile actions. events: the id of every event by name. Raises ChartError."""
    if not acts:
        return NOTHING
    return Block(
        tuple(_action(act, scope, events) for act in acts),
        tuple(words.action(act) for act in acts),
    )


def raising(event: int, name: str) -> Block:
    """Return a block that raises one internal event without fields (for `done` events)."""
    return Block((lambda running: running.enqueue(event, {}),), (f"raise {name}",))


def closing(requests: tuple[str, ...]) -> Block:
    """Return the block that runs when a state that allows these ballots is exited. It forgets the
    choices, because a choice is only valid while its ballot is open. It has no effect on a ballot
    in which nobody has chosen."""
    if not requests:
        return NOTHING
    actions = tuple(_close(request) for request in requests)
    return Block(actions, tuple(f"close {request}" for request in requests))


def _close(request: str) -> Action:
    def close(running: Running) -> None:
        if any(request in person.choices for person in running.people):
            running.effects.append(Did("close", request))
            running.people = crowd.unchosen(running.people, request)
            running.stale |= PEOPLE

    return close


def _action(act: Act, scope: EvaluationScope, events: Mapping[str, int]) -> Action:
    match act.verb:
        case "set":
            return _set(act, scope)
        case "raise":
            event = events[act.name]
            return lambda running: running.enqueue(event, {})
        case "drop" if act.name not in FLAGS:
            raise ChartError(act.span, f"`{act.name}` is not a player flag")
        case "unready" if act.name not in crowd.kinds(scope.room):
            raise ChartError(act.span, f"`{act.name}` is not a group of people, a role or a team")
        case "repair" if act.name != REPAIRABLE:
            raise ChartError(act.span, f"`repair` takes only `{REPAIRABLE}`, not `{act.name}`")
        case "pass" if act.name not in {role.name for role in scope.room.roles}:
            raise ChartError(act.span, f"`{act.name}` is not a role")
        case verb:
            return _ask_the_room(Did(verb, act.name))


def _ask_the_room(did: Did) -> Action:
    def ask(running: Running) -> None:
        running.effects.append(did)
        if did.verb == "drop":
            running.people = crowd.without(running.people, did.name)
            running.stale |= PEOPLE
        elif did.verb == "unready":
            running.people = crowd.unreadied(running.people, did.name)
            running.stale |= PEOPLE

    return ask


def _set(act: Act, scope: EvaluationScope) -> Action:
    index = scope.variables.get(act.name)
    if index is None:
        raise ChartError(act.span, f"`{act.name}` is not a variable")
    assert act.value is not None, act
    compiled = compile_expression(act.value, scope)
    variable = scope.room.variables[index]
    if compiled.kind not in ("any", kind_of(variable.type)):
        raise ChartError(act.span, f"`{act.name}` cannot take a value of this type")
    return _assign(index, act.name, variable.type, compiled.ask)


def _assign(index: int, name: str, type_: Type, ask: Ask) -> Action:
    fits = _fits(type_)

    def assign(running: Running) -> None:
        value = ask(running.configuration, running.data, running.fields, running)
        if not fits(value):
            raise Wrong(f"`{name}` {misfit(type_, value)}")
        running.data[index] = value
        running.stale |= DATA

    return assign


def _fits(type_: Type) -> Callable[[Value], bool]:
    match type_:
        case IntType(low, high):
            return lambda value: type(value) is int and low <= value <= high
        case BoolType():
            return lambda value: type(value) is bool
        case _:
            return lambda value: misfit(type_, value) is None
