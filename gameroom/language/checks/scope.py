"""The meaning of the names in a merged room, for all checks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal as OneOf

from gameroom.language.diagnostics.diagnostic import nearest
from gameroom.model import (
    BoolType,
    ChoiceType,
    Field,
    IntType,
    ListType,
    On,
    Request,
    RoomFile,
    SignalDeclaration,
    State,
    Type,
)
from gameroom.model.builtin import (
    DOINGS,
    EVENT_FIELDS,
    EVENTS,
    FLAGS,
    MORE_FIELDS,
    PEOPLE,
    WITHOUT_FIELDS,
)
from gameroom.model.paths import resolve, walk

Kind = OneOf["int", "bool", "string", "list"]

KIND_WORDS: dict[Kind, str] = {
    "int": "a whole number",
    "bool": "true or false",
    "string": "a string",
    "list": "a list",
}


def kind_of(type_: Type) -> Kind:
    """Return the kind of an expression of this type."""
    match type_:
        case IntType():
            return "int"
        case BoolType():
            return "bool"
        case ListType():
            return "list"
        case _:
            return "string"


@dataclass(frozen=True)
class Scope:
    """One room, with the meanings of its names."""

    room: RoomFile

    @cached_property
    def states(self) -> list[tuple[str, State]]:
        """All states with their paths in document order, the root first."""
        return list(walk(self.room.root))

    @cached_property
    def paths(self) -> list[str]:
        return [path for path, _ in self.states if path]

    def states_near(self, source: str, named: str) -> list[str]:
        """Return the path that `named` was probably meant to be: the shortest form that can be
        used in the state `source` and has at least as many words as `named`. If no path is near,
        return all paths."""
        near = nearest(named, self.paths)
        if near is None:
            return self.paths
        words = near.split(".")
        fewest = min(len(words), named.count(".") + 1)
        tails = (".".join(words[at:]) for at in reversed(range(len(words) - fewest + 1)))
        found = (tail for tail in tails if resolve(self.room.root, source, tail) == near)
        return [next(found, near)]

    @cached_property
    def values(self) -> dict[str, Type]:
        """The types of settings and variables by name."""
        room = self.room
        return {
            **{setting.name: setting.type for setting in room.settings},
            **{variable.name: variable.type for variable in room.variables},
        }

    @cached_property
    def people(self) -> set[str]:
        """The words for groups of people."""
        room = self.room
        return {*PEOPLE, *(role.name for role in room.roles), *(team.name for team in room.teams)}

    @cached_property
    def doings(self) -> set[str]:
        """The names that a permission can contain."""
        room = self.room
        return {
            *DOINGS,
            *(command.name for command in room.commands),
            *(request.name for request in room.requests),
        }

    @cached_property
    def declared_events(self) -> dict[str, tuple[Field, ...]]:
        """The requests and signals, with their fields."""
        declared: list[Request | SignalDeclaration] = [*self.room.requests, *self.room.signals]
        return {each.name: each.fields for each in declared}

    @cached_property
    def raised(self) -> set[str]:
        """The events that actions raise."""
        return {
            act.name
            for _, state in self.states
            for acts in (state.entry, state.exit, *(t.actions for t in state.transitions))
            for act in acts
            if act.verb == "raise"
        }

    @cached_property
    def handled(self) -> set[str]:
        """The events that transitions wait for."""
        return {
            transition.trigger.event
            for _, state in self.states
            for transition in state.transitions
            if isinstance(transition.trigger, On)
        }

    @cached_property
    def events(self) -> set[str]:
        """The events that `on` can name, without `done(...)`."""
        return {*EVENTS, *self.declared_events, *self.raised}

    def event_fields(self, event: str) -> tuple[Field, ...]:
        """Return the fields of an event (`event.NAME`)."""
        if event in self.declared_events:
            return (*self.declared_events[event], *EVENT_FIELDS)
        if event in EVENTS and event not in WITHOUT_FIELDS:
            return (*EVENT_FIELDS, *MORE_FIELDS.get(event, ()))
        return ()

    @cached_property
    def flags(self) -> set[str]:
        return set(FLAGS)

    @cached_property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """The choices of the field `choice`, by request."""
        return {
            request.name: field.type.choices
            for request in self.room.requests
            for field in request.fields
            if field.name == "choice" and isinstance(field.type, ChoiceType)
        }
