"""Checks of a room without exploring it, with exact places.

It finds conditions that are never true, iterating states that do not handle a desync, requests that
are allowed in states that do not handle them, and commands that no state allows.
"""

from __future__ import annotations

from collections.abc import Iterator

from gameroom.explore.bounds import about_people, never
from gameroom.explore.facets import asked_in, conditions, offering
from gameroom.language import Diagnostic
from gameroom.model import (
    Chose,
    Count,
    Expression,
    On,
    Quorum,
    RoomFile,
    Span,
    State,
    Transition,
    words,
)
from gameroom.model.paths import parent, walk


def check_static(room: RoomFile) -> list[Diagnostic]:
    """Return all static findings of a merged room without errors."""
    states = dict(walk(room.root))
    return [
        *_impossible(room, states),
        *_without_verdict(room, states),
        *_unanswered(room, states),
        *_unused(room, states),
    ]


def _impossible(room: RoomFile, states: dict[str, State]) -> Iterator[Diagnostic]:
    for state in states.values():
        for transition in state.transitions:
            for condition in conditions(transition):
                if (culprit := never(room, condition)) is not None:
                    yield _never(room, culprit)


def _never(room: RoomFile, culprit: Expression) -> Diagnostic:
    assert room.players is not None
    said = words.expression(culprit)
    seats = room.players
    if about_people(culprit):
        message = f"`{said}` is never true: the room has only {seats.high} seats"
        if seats.high == 1:
            message = f"`{said}` is never true: the room has only 1 seat"
        pointer = (seats.span, "the number of seats")
        return Diagnostic(
            "E0802",
            "error",
            message,
            culprit.span,
            secondary=pointer,
            help="use a smaller number, or add seats",
        )
    message = f"`{said}` is never true for any possible value"
    return Diagnostic(
        "E0802", "error", message, culprit.span, None, "compare it with a possible value"
    )


def _without_verdict(room: RoomFile, states: dict[str, State]) -> Iterator[Diagnostic]:
    assert room.players is not None
    if room.players.high < 2:
        return
    for path, state in states.items():
        leaves = [leaf for leaf, inner in walk(state, path) if not inner.states]
        silent = [leaf for leaf in leaves if not _answers(states, leaf)]
        if not state.iterates or not silent:
            continue
        hiding = _hiding(states, silent[0])
        yield Diagnostic(
            "E0804",
            "error",
            f"turns continue in `{path}` even if the engines diverge",
            state.name_span if hiding is None else hiding.span,
            secondary=None if hiding is None else (state.name_span, "turns continue here"),
            help="add `on diverged -> ...` to it or to a state around it"
            if hiding is None
            else "give it a target in which turns do not advance",
        )


def _answers(states: dict[str, State], leaf: str) -> bool:
    """Whether `diverged` is handled in this state, around it, or in a parallel region."""
    first = [each for each in _asked(states, leaf) if _does_something(each)]
    beside = [
        transition
        for path in around(states, leaf)
        if states[path].kind == "parallel"
        for _, inner in walk(states[path], path)
        for transition in inner.transitions
        if transition.trigger == On("diverged") and _does_something(transition)
    ]
    return bool(first or beside)


def _hiding(states: dict[str, State], leaf: str) -> Transition | None:
    """Return the transition that takes `diverged` and does nothing about it, or None."""
    return next(iter(_asked(states, leaf)), None)


def _asked(states: dict[str, State], leaf: str) -> list[Transition]:
    """Return the transitions on `diverged` in the order in which they are considered, up to the
    first without a guard, which hides all after it."""
    found = []
    path = leaf
    while True:
        for transition in states[path].transitions:
            if transition.trigger == On("diverged"):
                found.append(transition)
                if transition.guard is None:
                    return found
        if not path:
            return found
        path = parent(path)


def _does_something(said: Transition) -> bool:
    return said.target is not None or any(act.verb in ("drop", "repair") for act in said.actions)


def around(states: dict[str, State], path: str) -> list[str]:
    """Return the states that are or can be active together with this one: those around it, and all
    states in parallel regions."""
    found = [path]
    while path:
        path = parent(path)
        found.append(path)
        if states[path].kind == "parallel":
            found += [inner for inner, _ in walk(states[path], path)]
    return list(dict.fromkeys(found))


def _unanswered(room: RoomFile, states: dict[str, State]) -> Iterator[Diagnostic]:
    requests = {request.name for request in room.requests}
    asked = [part.predicate for part in asked_in(room) if isinstance(part, Quorum | Count)]
    voted = {n for said in asked if isinstance(said, Chose) for n in offering(room, said)}
    for path, state in states.items():
        inside = [inner for inner, _ in walk(state, path)]
        together = {*inside, *around(states, path)}
        waited = {
            transition.trigger.event
            for other in together
            for transition in states[other].transitions
            if isinstance(transition.trigger, On)
        }
        for permission in state.permissions:
            if permission.effect != "allow":
                continue
            spans = permission.name_spans or (permission.span,) * len(permission.names)
            for name, span in zip(permission.names, spans, strict=True):
                if name in requests and name not in waited | voted and owned(room, span):
                    where = f"in `{path}`" if path else "everywhere"
                    yield Diagnostic(
                        "W0806",
                        "warning",
                        f"`{name}` is allowed {where}, but nothing there handles it",
                        span,
                        help=f"add `on {name} ...`, or remove it from this permission",
                    )


def _unused(room: RoomFile, states: dict[str, State]) -> Iterator[Diagnostic]:
    allowed = {
        name
        for state in states.values()
        for permission in state.permissions
        if permission.effect == "allow"
        for name in permission.names
    }
    for command in room.commands:
        if command.name not in allowed and owned(room, command.span):
            yield Diagnostic(
                "W0805",
                "warning",
                f"no state allows the command `{command.name}`",
                command.span,
                help=f"add `allow {command.name} from player` to a state that iterates",
            )


def owned(room: RoomFile, span: Span) -> bool:
    """Whether the span is in the room itself, not in an extended one. Unused inherited parts cause
    no warning."""
    return span.file == room.span.file
