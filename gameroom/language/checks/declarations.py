"""Checks the declarations of a room: names, types, defaults, bounds and policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gameroom.language.checks.scope import Scope
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import (
    INT_MAX,
    ChoiceType,
    CommandDeclaration,
    Field,
    IntType,
    ListType,
    Request,
    Role,
    RoomFile,
    Setting,
    SignalDeclaration,
    Span,
    StringType,
    Team,
    Type,
    Variable,
)
from gameroom.model.builtin import COUNTERS, DOINGS, EVENTS, INHERITED, PEOPLE
from gameroom.model.fit import misfit
from gameroom.model.policies import POLICIES, misfit_entry, number, spelling
from gameroom.model.size import body_bytes_max, bytes_max

NAME_CHARACTERS_MAX = 40
DECLARATIONS_MAX = 256
FIELDS_MAX = 32
CHOICES_MAX = 256
STRING_CHARACTERS_MAX = 10_000
LIST_ITEMS_MAX = 10_000
SETTING_BYTES_MAX = 16_384
PLAYERS_MAX = 256
SPECTATORS_MAX = 10_000
PACKET_HEADER_BYTES = 256
"""How many bytes a packet needs in addition to one command."""

ASKING = ("all", "any", "no", "majority", "count", "enough", "in", "event")
"""Words that begin a condition in an expression, so they cannot be the name of a value."""


def check_declarations(scope: Scope, problems: Problems) -> None:
    """Check everything outside the chart."""
    room = scope.room
    _check_people(scope, problems)
    _check_names(room, problems)
    _check_values(room, problems)
    if _check_policies(room, problems):
        _check_bodies(room, problems)


def _check_people(scope: Scope, problems: Problems) -> None:
    room = scope.room
    players, spectators = room.players, room.spectators
    if players is None:
        problems.error(
            "E0610",
            "the number of players is missing",
            room.span,
            help="add it, such as `players 2..8`",
        )
    elif not (players.low >= 1 and players.high <= PLAYERS_MAX):
        problems.error("E0504", f"a room must have 1 to {PLAYERS_MAX} players", players.span)
    if spectators is not None:
        if spectators.low < 0 or spectators.high > SPECTATORS_MAX:
            problems.error(
                "E0504", f"a room must have 0 to {SPECTATORS_MAX} spectators", spectators.span
            )
        if spectators.delay.unit != "ms":
            problems.error(
                "E0506", "the delay must be a time, such as `10s`", spectators.delay.span
            )
    known = not problems.suppression.is_partial
    for team in room.teams:
        if team.low < 0 or team.high < 1 or team.high > PLAYERS_MAX:
            known = False
            problems.error(
                "E0504", f"the size of a team must be within 0..{PLAYERS_MAX}", team.size_span
            )
    needed = sum(team.low for team in room.teams)
    if room.teams and players is not None and needed > players.high and known:
        problems.error(
            "E0504",
            f"the teams need {needed} players, but the room allows only {players.high}",
            room.teams[0].span,
            secondary=(players.span, "the number of players"),
            help="make the teams smaller, or allow more players",
        )
    for role in room.roles:
        kinds = {"player", *(team.name for team in room.teams)}
        if role.of not in kinds:
            problems.error(
                "E0404",
                f"a role must belong to a `player` or a member of a team, not to `{role.of}`",
                role.of_span,
                meant=(role.of, kinds),
            )


_Named = tuple[str, Span]
_Declared = CommandDeclaration | Request | Role | Setting | SignalDeclaration | Team | Variable


def _check_names(room: RoomFile, problems: Problems) -> None:
    def named(*groups: Sequence[_Declared]) -> list[_Named]:
        return [(each.name, each.span) for group in groups for each in group]

    values = named(room.settings, room.variables)
    doings = named(room.commands, room.requests)
    events = named(room.requests, room.signals)
    people = named(room.roles, room.teams)
    _check_unique(values, COUNTERS, "counter", problems)
    _check_unique(doings, DOINGS, "action", problems)
    _check_unique(events, EVENTS, "event", problems)
    _check_unique(people, PEOPLE, "group of people", problems)
    for name, span in values:
        if name in ASKING:
            problems.error(
                "E0411",
                f"`{name}` can't be the name of a setting or variable",
                span,
                help=f"choose another name; in an expression, `{name}` begins a condition",
            )
    for name, span in (*values, *doings, *events, *people):
        check_name(name, span, problems)
    if len(values) + len(doings) + len(room.signals) + len(people) > DECLARATIONS_MAX:
        problems.error("E0107", f"the room declares more than {DECLARATIONS_MAX} names", room.span)


def _check_unique(
    names: Iterable[_Named], builtin: Iterable[str], what: str, problems: Problems
) -> None:
    first: dict[str, Span] = {}
    for name, span in names:
        if name in builtin and not problems.suppression.is_reported("E0411", span):
            problems.error("E0411", f"`{name}` is a built-in {what} and can't be declared", span)
        elif name in first:
            problems.error(
                "E0306",
                f"`{name}` is declared twice",
                span,
                secondary=(first[name], "first declared here"),
            )
        first.setdefault(name, span)


def check_name(name: str, span: Span, problems: Problems) -> None:
    """Check a name that becomes a part of a path, or a key of an object in pages and engines."""
    if len(name) > NAME_CHARACTERS_MAX:
        problems.error("E0107", f"this name is longer than {NAME_CHARACTERS_MAX} characters", span)
    if name in INHERITED:
        problems.error("E0412", f"`{name}` is a property of every JavaScript object", span)


def _check_values(room: RoomFile, problems: Problems) -> None:
    for setting in room.settings:
        fits = _check_type(setting.type, problems)
        why = misfit(setting.type, setting.default)
        if why is not None and not problems.suppression.is_misworded(setting.type.span):
            problems.error("E0504", f"the default of `{setting.name}` {why}", setting.default_span)
        if fits and (size := bytes_max(setting.type)) > SETTING_BYTES_MAX:
            problems.error(
                "E0508",
                f"`{setting.name}` can take up {size} bytes, more than"
                f" the limit of {SETTING_BYTES_MAX}",
                setting.type.span,
            )
    for variable in room.variables:
        _check_type(variable.type, problems)
        if isinstance(variable.type, ListType):
            problems.error("E0507", "a variable can't be a list", variable.type.span)
        elif (
            why := misfit(variable.type, variable.initial)
        ) and not problems.suppression.is_misworded(variable.type.span):
            problems.error(
                "E0504", f"the initial value of `{variable.name}` {why}", variable.initial_span
            )


def _check_type(type_: Type, problems: Problems) -> bool:
    """Check a type. Returns whether it has no mistakes and does not exceed a limit."""
    before = len(problems.found)
    match type_:
        case IntType(low, high):
            if low < -INT_MAX or high > INT_MAX:
                problems.error(
                    "E0503", "the bounds must be between -(2^53-1) and 2^53-1", type_.span
                )
        case StringType(_, high):
            if high > STRING_CHARACTERS_MAX:
                problems.error(
                    "E0508",
                    f"a string can have at most {STRING_CHARACTERS_MAX} characters",
                    type_.span,
                )
        case ChoiceType(choices):
            if len(choices) > CHOICES_MAX:
                problems.error(
                    "E0508", f"a type can have at most {CHOICES_MAX} choices", type_.span
                )
        case ListType(item, _, high):
            if high > LIST_ITEMS_MAX:
                problems.error(
                    "E0508", f"a list can have at most {LIST_ITEMS_MAX} items", type_.span
                )
            _check_type(item, problems)
    return len(problems.found) == before and not problems.suppression.is_misworded(type_.span)


def _check_policies(room: RoomFile, problems: Problems) -> bool:
    """Check that the policies have known names and keys, and values that fit. Returns whether the
    policies can be read."""
    before = len(problems.found)
    seen: dict[str, Span] = {}
    for policy in room.policies:
        if policy.name in seen:
            problems.error(
                "E0306",
                f"the policy `{policy.name}` is given twice",
                policy.span,
                secondary=(seen[policy.name], "first given here"),
            )
        seen.setdefault(policy.name, policy.span)
        keys = POLICIES.get(policy.name)
        if keys is None:
            problems.error(
                "E0409",
                f"there is no policy `{policy.name}`",
                policy.span,
                meant=(policy.name, POLICIES),
            )
            continue
        first: dict[str, Span] = {}
        for entry in policy.entries:
            written = spelling(entry.key)
            if entry.key in first:
                problems.error(
                    "E0306",
                    f"`{written}` is given twice",
                    entry.span,
                    secondary=(first[entry.key], "first given here"),
                )
            first.setdefault(entry.key, entry.span)
            row = keys.get(entry.key)
            if row is None:
                problems.error(
                    "E0409",
                    f"the policy `{policy.name}` has no key `{written}`",
                    entry.span,
                    meant=(written, map(spelling, keys)),
                )
            elif (why := misfit_entry(row, entry)) is not None:
                problems.error("E0506", f"`{written}` {why}", entry.value_span, help=row.doc)
    return len(problems.found) == before


def _check_bodies(room: RoomFile, problems: Problems) -> None:
    limit = number(room, "limits", "packet_bytes") - PACKET_HEADER_BYTES
    events: list[Request | SignalDeclaration] = [*room.requests, *room.signals]
    for declared in (*room.commands, *events):
        fit = _check_fields(declared.fields, problems)
        if fit and (size := body_bytes_max(declared.fields)) > limit:
            problems.error(
                "E0508",
                f"`{declared.name}` can take up {size} bytes, but only {limit} fit into a packet",
                declared.span,
                help="shorten its strings and lists, or raise `policy limits"
                " { packet bytes = ... }`",
            )
    for declared in events:
        for field in declared.fields:
            if field.name == "seat":
                problems.error(
                    "E0411",
                    "`seat` is a built-in field of every event",
                    field.span,
                    help="remove it; `event.seat` is the seat of the sender",
                )


def _check_fields(fields: Sequence[Field], problems: Problems) -> bool:
    """Check fields. Returns whether their types have no mistakes and do not exceed a limit."""
    first: dict[str, Span] = {}
    fit = True
    for field in fields:
        if field.name in first:
            problems.error(
                "E0306",
                f"the field `{field.name}` is declared twice",
                field.span,
                secondary=(first[field.name], "first declared here"),
            )
        first.setdefault(field.name, field.span)
        check_name(field.name, field.span, problems)
        fit = _check_type(field.type, problems) and fit
    if len(fields) > FIELDS_MAX:
        problems.error("E0508", f"a body can have at most {FIELDS_MAX} fields", fields[-1].span)
    return fit
