"""Writes a file of the model as the text of a `.room` file.

The text is formatted, with the members in a fixed order and doc comments before their declarations.
Plain comments are not part of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gameroom.language.rewrite import phrases
from gameroom.language.rewrite.format import formatted
from gameroom.language.syntax.grammar import reserved
from gameroom.model import (
    Act,
    Field,
    File,
    RoomFile,
    Scenario,
    Setting,
    SignalDeclaration,
    State,
    Variable,
)
from gameroom.model.words import action, permission, scalar, transition


def as_room(file: File) -> str:
    """Return the text of a `.room` file."""
    lines = [f"language {file.language}"]
    lines += [f"use {scalar(use.name)}" for use in file.uses]
    if file.room is not None:
        lines += ["", *_room(file.room)]
    for scenario in file.scenarios:
        lines += ["", *_scenario(scenario)]
    return formatted("\n".join(lines) + "\n")


def _doc(doc: str) -> list[str]:
    return [f"## {line}".rstrip() for line in doc.split("\n")] if doc else []


def _room(room: RoomFile) -> Iterator[str]:
    yield from _doc(room.doc)
    extends = f" extends {_room_name(room.extends)}" if room.extends is not None else ""
    yield f"room {scalar(room.name)}{extends} {{"
    yield from _apart(_declared(room))
    yield from _apart(_members(room.root))
    yield "}"


def _room_name(name: str) -> str:
    """Return the name, in quotes unless it is a plain name."""
    plain = name.isascii() and name.isidentifier() and name not in reserved()
    return name if plain else scalar(name)


def _apart(groups: Iterable[list[str]]) -> Iterator[str]:
    """Yield the lines of each group, with an empty line after each group."""
    for group in groups:
        if group:
            yield from group
            yield ""


def _declared(room: RoomFile) -> Iterator[list[str]]:
    people = [f"players {phrases.size(room.players)}"] if room.players is not None else []
    if room.spectators is not None:
        people.append(f"spectators {phrases.spectators(room.spectators)}")
    for team in room.teams:
        people += [*_doc(team.doc), f"team {team.name} size {team.low}..{team.high}"]
    for role in room.roles:
        people += [*_doc(role.doc), f"role {role.name} is {role.of}"]
    yield people
    yield from _together([[*_doc(each.doc), _setting(each)] for each in room.settings])
    for kind, bodies in (("command", room.commands), ("request", room.requests)):
        yield from _together(
            [[*_doc(each.doc), *_body(f"{kind} {each.name}", each.fields)] for each in bodies]
        )
    yield from _together([_signal(each) for each in room.signals])
    yield from _together([[*_doc(each.doc), _variable(each)] for each in room.variables])
    yield [
        f"policy {policy.name} {{ "
        + "  ".join(
            f"{phrases.policy_key(entry)} = {phrases.policy_value(entry)}"
            for entry in policy.entries
        )
        + " }"
        for policy in room.policies
    ]


def _together(blocks: list[list[str]]) -> Iterator[list[str]]:
    """Join blocks without a doc into one group. Each block with a doc is its own group."""
    group: list[str] = []
    for block in blocks:
        if block[0].startswith("##"):
            yield group
            group = []
        group = group + block
    yield group


def _signal(said: SignalDeclaration) -> list[str]:
    *body, last = _body(f"signal {said.name}", said.fields)
    return [*_doc(said.doc), *body, f"{last} agreed by {said.agreed}"]


def _setting(said: Setting) -> str:
    default = (
        phrases.value(said.default) if isinstance(said.default, tuple) else scalar(said.default)
    )
    return f"setting {said.name}: {phrases.type_(said.type)} = {default}"


def _variable(said: Variable) -> str:
    return f"var {said.name}: {phrases.type_(said.type)} = {scalar(said.initial)}"


def _body(head: str, fields: tuple[Field, ...]) -> list[str]:
    if not fields:
        return [head]
    lines = [f"{head} {{"]
    for field in fields:
        lines += [*_doc(field.doc), f"{field.name}: {phrases.type_(field.type)}"]
    return [*lines, "}"]


def _members(state: State) -> Iterator[list[str]]:
    """Yield the members of a state in groups. `initial` is left out for the room, which always
    begins in `setup`."""
    first = [f"initial {state.initial}"] if state.initial is not None and state.name else []
    for name, acts in (("entry", state.entry), ("exit", state.exit)):
        if acts:
            first.append(f"{name} {_do(acts)}")
    first += [permission(each) for each in state.permissions]
    yield first + [transition(each) for each in state.transitions]
    for inner in state.states:
        yield [*_doc(inner.doc), *_state(inner)]


def _do(acts: tuple[Act, ...]) -> str:
    return "do { " + " ".join(map(action, acts)) + " }"


def _state(state: State) -> list[str]:
    mode = "" if state.mode == "new" else f"{state.mode} "
    head = f"{mode}{state.kind} {state.name}"
    if state.kind == "history":
        deep = " deep" if state.deep else ""
        to = f" -> {phrases.target(state.default)}" if state.default is not None else ""
        return [head + deep + to]
    head += " iterates" if state.iterates else ""
    members = [line for group in _members(state) for line in [*group, ""]][:-1]
    if not any(members):
        return [head]
    if len(members) == 1:
        return [f"{head} {{ {members[0]} }}"]
    return [f"{head} {{", *members, "}"]


def _scenario(scenario: Scenario) -> list[str]:
    return [f"scenario {scalar(scenario.name)} {{", *map(phrases.step, scenario.steps), "}"]
