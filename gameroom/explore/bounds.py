"""Decides whether a condition can ever be true, from the bounds of its values, without exploring.

Every number has a range: the players of the room, the people that can be counted, the types of
variables and settings. The rule it keeps: "never" is certain; in case of doubt the result is
"maybe".
"""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.explore.facets import counts_people
from gameroom.model import (
    INT_MAX,
    Binary,
    Call,
    Count,
    EnoughPlayers,
    Expression,
    IntType,
    Literal,
    Name,
    Negative,
    Not,
    Quorum,
    RoomFile,
    Setting,
    Variable,
)
from gameroom.model.expressions import parts
from gameroom.model.functions import FUNCTIONS, Bounds


@dataclass(frozen=True, slots=True)
class Maybe:
    """Whether a condition can be true, and whether it can be false."""

    true: bool = True
    false: bool = True


Answer = Bounds | Maybe | None
"""None for a string, a list, or a number without known bounds."""


def never(room: RoomFile, condition: Expression) -> Expression | None:
    """Return the smallest part because of which the condition is never true; None if it can be
    true."""
    assert room.players is not None
    all_of_them = range(room.players.high, -1, -1)
    numbers = all_of_them if about_people(condition) else (room.players.high,)
    return _culprit(room, condition, numbers)


def about_people(condition: Expression) -> bool:
    """Whether the condition reads people."""
    return any(
        counts_people(part) or isinstance(part, Quorum | EnoughPlayers) for part in parts(condition)
    )


def _culprit(
    room: RoomFile, condition: Expression, numbers: range | tuple[int, ...]
) -> Expression | None:
    if any(_truth(room, condition, players).true for players in numbers):
        return None
    if isinstance(condition, Binary) and condition.op == "and":
        for side in (condition.left, condition.right):
            if (found := _culprit(room, side, numbers)) is not None:
                return found
    return condition


def _truth(room: RoomFile, asked: Expression, players: int) -> Maybe:
    found = _answer(room, asked, players)
    return found if isinstance(found, Maybe) else Maybe()


def _answer(room: RoomFile, asked: Expression, players: int) -> Answer:
    match asked:
        case Literal(bool() as value):
            return Maybe(value, not value)
        case Literal(int() as value):
            return value, value
        case Name(name):
            return _named(room, name, players)
        case Not(operand):
            truth = _truth(room, operand, players)
            return Maybe(truth.false, truth.true)
        case Negative(operand):
            bounds = _answer(room, operand, players)
            return (-bounds[1], -bounds[0]) if isinstance(bounds, tuple) else None
        case Binary():
            return _binary(room, asked, players)
        case Call(name, arguments):
            answers = [_answer(room, each, players) for each in arguments]
            known = [each for each in answers if isinstance(each, tuple)]
            return FUNCTIONS[name].bounds(*known) if len(known) == len(answers) else None
        case Count(who, _):
            return 0, _most(room, who, players)
        case Quorum():
            return _quorum(room, asked, players)
        case EnoughPlayers():
            return _enough(room, players)
        case _:
            return None


def _named(room: RoomFile, name: str, players: int) -> Answer:
    assert room.players is not None
    match name:
        case "players":
            return players, players
        case "spectators":
            return 0, _most(room, "spectator", players)
        case "players_min":
            return room.players.low, room.players.low
        case "players_max":
            return room.players.high, room.players.high
        case "generation":
            return 0, INT_MAX
    declared: list[Variable | Setting] = [*room.variables, *room.settings]
    type_ = next((each.type for each in declared if each.name == name), None)
    return (type_.low, type_.high) if isinstance(type_, IntType) else None


def _binary(room: RoomFile, asked: Binary, players: int) -> Answer:
    op = asked.op
    if op in ("and", "or"):
        left, right = (_truth(room, side, players) for side in (asked.left, asked.right))
        if op == "and":
            return Maybe(left.true and right.true, left.false or right.false)
        return Maybe(left.true or right.true, left.false and right.false)
    one, other = (_answer(room, side, players) for side in (asked.left, asked.right))
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return Maybe() if op in ("<", "<=", ">", ">=", "==", "!=") else None
    return _compared(op, one, other)


def _compared(op: str, one: Bounds, other: Bounds) -> Answer:
    (low, high), (least, most) = one, other
    match op:
        case "<":
            return Maybe(low < most, high >= least)
        case "<=":
            return Maybe(low <= most, high > least)
        case ">":
            return Maybe(high > least, low <= most)
        case ">=":
            return Maybe(high >= least, low < most)
        case "==":
            return Maybe(low <= most and least <= high, not low == high == least == most)
        case "!=":
            return Maybe(not low == high == least == most, low <= most and least <= high)
        case "+":
            return low + least, high + most
        case "-":
            return low - most, high - least
        case "*":
            ends = [a * b for a in one for b in other]
            return min(ends), max(ends)
        case _:
            return None


def _quorum(room: RoomFile, asked: Quorum, players: int) -> Maybe:
    most = _most(room, asked.who, players)
    match asked.kind:
        case "no":
            return Maybe(True, most > 0)
        case "count":
            return Maybe(most >= asked.amount, asked.amount > 0)
        case _:
            return Maybe(most > 0, True)


def _enough(room: RoomFile, players: int) -> Maybe:
    assert room.players is not None
    need = max(room.players.low, sum(team.low for team in room.teams))
    fits = all(team.low <= players for team in room.teams)
    return Maybe(players >= need and fits, players < need or bool(room.teams))


def _most(room: RoomFile, who: str, players: int) -> int:
    """Return how many people of a kind there can be if there are `players` players."""
    watching = room.spectators.high if room.spectators is not None else 0
    match who:
        case "spectator":
            return watching
        case "anyone":
            return players + watching
    if any(role.name == who for role in room.roles):
        return min(1, players)
    return min([players, *(team.high for team in room.teams if team.name == who)])
