"""Merges a room with the room that it extends into one flat room.

The parts of the extending room come first in document order, so they win if both apply. A
declaration that differs from the inherited one is an error, except for `extend`, `override`, the
key of a policy, `players` and `spectators`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import (
    CommandDeclaration,
    On,
    Permission,
    Policy,
    Request,
    Role,
    RoomFile,
    Setting,
    SignalDeclaration,
    Spectators,
    State,
    Team,
    Variable,
)
from gameroom.model.paths import walk

_Named = TypeVar(
    "_Named", Team, Role, Setting, CommandDeclaration, Request, SignalDeclaration, Variable
)


def flat(room: RoomFile, problems: Problems) -> RoomFile:
    """Return a room without `extends` as a merged room."""
    return replace(
        room,
        extends=None,
        spectators=room.spectators or Spectators(0, 0),
        root=_new(room.root, problems),
    )


def merged(base: RoomFile, room: RoomFile, problems: Problems) -> RoomFile:
    """Return `room` merged into the merged room `base`."""
    return replace(
        room,
        extends=None,
        players=room.players or base.players,
        spectators=room.spectators or base.spectators,
        teams=_declared(base.teams, room.teams, "team", problems),
        roles=_declared(base.roles, room.roles, "role", problems),
        settings=_declared(base.settings, room.settings, "setting", problems),
        commands=_declared(base.commands, room.commands, "command", problems),
        requests=_declared(base.requests, room.requests, "request", problems),
        signals=_declared(base.signals, room.signals, "signal", problems),
        variables=_declared(base.variables, room.variables, "var", problems),
        policies=_policies(base.policies, room.policies, problems),
        root=_extended(base.root, room.root, problems),
    )


def _declared(
    base: tuple[_Named, ...], added: tuple[_Named, ...], kind: str, problems: Problems
) -> tuple[_Named, ...]:
    """Return the inherited declarations, then the new ones. A repeated declaration can add a
    doc."""
    result: dict[str, _Named] = {each.name: each for each in base}
    new: list[_Named] = []
    first: dict[str, _Named] = {}
    for each in added:
        inherited = result.get(each.name)
        earlier = first.setdefault(each.name, each)
        if inherited is None:
            new.append(each)  # The check of declarations reports duplicates.
        elif earlier is not each:
            problems.error(
                "E0306",
                f"`{each.name}` is declared twice",
                each.span,
                secondary=(earlier.span, "first declared here"),
            )
        elif replace(inherited, doc="") == replace(each, doc=""):
            result[each.name] = replace(each, doc=each.doc or inherited.doc)
        else:
            problems.error(
                "E0306",
                f"the {kind} `{each.name}` differs from the inherited one",
                each.span,
                secondary=(inherited.span, "inherited from here"),
                help="declare it exactly as inherited, or choose another name",
            )
    return tuple(result.values()) + tuple(new)


def _policies(
    base: tuple[Policy, ...], added: tuple[Policy, ...], problems: Problems
) -> tuple[Policy, ...]:
    """Merge policies by key: the extending room replaces single keys, and the others stay."""
    said = {policy.name: policy for policy in base}
    first: dict[str, Policy] = {}
    for policy in added:
        if (earlier := first.setdefault(policy.name, policy)) is not policy:
            problems.error(
                "E0306",
                f"the policy `{policy.name}` is given twice",
                policy.span,
                secondary=(earlier.span, "first given here"),
            )
            continue
        inherited = said.get(policy.name)
        keys = {entry.key for entry in policy.entries}
        kept = inherited.entries if inherited is not None else ()
        entries = (*policy.entries, *(entry for entry in kept if entry.key not in keys))
        said[policy.name] = replace(policy, entries=entries)
    return tuple(said.values())


def _extended(base: State, added: State, problems: Problems) -> State:
    """Return an inherited state, with the parts of `added` before its own."""
    states, new = base.states, []
    told: dict[str, State] = {}
    for part in added.states:
        if part.mode == "new":
            clash = next((state for state in base.states if state.name == part.name), None)
            if clash is not None:
                _lose(part, problems)
                _tell_inherited(part, clash, problems)
            else:
                new.append(_new(part, problems))
            continue
        if (earlier := told.setdefault(part.name, part)) is not part:
            problems.error(
                "E0306",
                f"the inherited state `{part.name}` is extended or overridden twice",
                part.name_span,
                secondary=(earlier.name_span, "first here"),
                help="put everything into one block",
            )
            continue
        states = _taken_up(base, states, part, problems)
    return replace(
        base,
        iterates=base.iterates or added.iterates,
        initial=added.initial or base.initial,
        initial_span=added.initial_span if added.initial else base.initial_span,
        permissions=(*added.permissions, *_unsaid(base.permissions, added.permissions)),
        transitions=added.transitions + base.transitions,
        entry=added.entry + base.entry,
        exit=added.exit + base.exit,
        states=(*new, *states),
        doc=added.doc or base.doc,
        name_span=added.name_span if new else base.name_span,
    )


def _taken_up(
    base: State, states: tuple[State, ...], part: State, problems: Problems
) -> tuple[State, ...]:
    """Return the states below `base`, after applying `extend` or `override`."""

    def act(inherited: State) -> State:
        if part.mode == "override":
            return _new(replace(part, name=inherited.name, mode="new"), problems)
        if part.kind != inherited.kind:
            _lose(part, problems)
            problems.error(
                "E0308",
                f"`{part.name}` is a {inherited.kind}, not a {part.kind}",
                part.name_span,
                secondary=(inherited.name_span, "declared here"),
                help=f"write `extend {inherited.kind} {part.name}`",
            )
            return inherited
        return _extended(inherited, part, problems)

    result = _at(states, part.name.split("."), act)
    if result is None:
        paths = [path for path, _ in walk(base)]
        _lose(part, problems)
        problems.error(
            "E0305",
            f"there is no inherited state `{part.name}` here",
            part.name_span,
            meant=(part.name, paths),
        )
        return states
    return result


def _at(
    states: tuple[State, ...], path: list[str], act: Callable[[State], State]
) -> tuple[State, ...] | None:
    for index, state in enumerate(states):
        if state.name == path[0]:
            if len(path) == 1:
                changed = act(state)
            else:
                inner = _at(state.states, path[1:], act)
                if inner is None:
                    return None
                changed = replace(state, states=inner)
            return (*states[:index], changed, *states[index + 1 :])
    return None


def _new(state: State, problems: Problems) -> State:
    """Return a state that inherits nothing. It cannot contain `extend` or `override`."""
    kept: list[State] = []
    for part in state.states:
        if part.mode == "new":
            kept.append(_new(part, problems))
        else:
            _lose(part, problems)
            problems.error(
                "E0305",
                f"`{part.mode}` can't be used here: no states are inherited",
                part.name_span,
                help="declare the state without `extend` or `override`",
            )
    return replace(state, states=tuple(kept))


def _lose(part: State, problems: Problems) -> None:
    """Record that this state is left out, with the names that it declares and the events that it
    waits for."""
    for _, state in walk(part):
        problems.suppression.skip(each.name for each in state.states)
        triggers = (each.trigger for each in state.transitions)
        problems.suppression.skip(each.event for each in triggers if isinstance(each, On))


def _unsaid(base: tuple[Permission, ...], added: tuple[Permission, ...]) -> tuple[Permission, ...]:
    """Return the permissions of the inherited state, without the names in the added ones."""
    said = {name for permission in added for name in permission.names}
    kept: list[Permission] = []
    for permission in base:
        places = [at for at, name in enumerate(permission.names) if name not in said]
        if len(places) == len(permission.names):
            kept.append(permission)
        elif places:
            names = tuple(permission.names[at] for at in places)
            spans = tuple(permission.name_spans[at] for at in places if permission.name_spans)
            kept.append(replace(permission, names=names, name_spans=spans))
    return tuple(kept)


def _tell_inherited(part: State, inherited: State, problems: Problems) -> None:
    problems.error(
        "E0306",
        f"the state `{part.name}` is already inherited",
        part.name_span,
        secondary=(inherited.name_span, "inherited from here"),
        help=f"write `extend {inherited.kind} {part.name}` to add to it,"
        f" or `override {part.kind} {part.name}` to replace it",
    )
