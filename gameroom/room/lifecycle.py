"""Events of people and their effect on flags: one table for the room and for the explorer.

Knows the flags and events of `model.builtin`, no time and no turns: the caller decides when an
event happens. The rule it keeps: a flag that conditions can read changes only as a row of the table
says, and only for people who match the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gameroom.chart.people import READINESS
from gameroom.model import Value
from gameroom.model.builtin import FLAGS
from gameroom.room.chart_driver import ChartDriver
from gameroom.room.people import Member

Where = Literal["anywhere", "running", "iterating"]
Heard = Literal["of players", "of anyone", "never"]
_ALL = frozenset(FLAGS)


@dataclass(frozen=True, slots=True)
class Whom:
    """One case of a rule. has: flags that the person has. lacks: flags that the person does not
    have. where: the state of the chart."""

    has: frozenset[str]
    lacks: frozenset[str]
    where: Where


@dataclass(frozen=True, slots=True)
class Rule:
    """One event of a person.

    doc: what happens. told: the predicate for it in a story; empty if the story has its own words.
    of: the cases in which it can happen; one of them must match.
    sets, clears: the flags that change before the chart receives the event.
    asks: what the state must allow the person; None if the person does not request it.
    heard: for whom the chart receives an event of this name.
    """

    doc: str
    told: str
    of: tuple[Whom, ...]
    sets: frozenset[str]
    clears: frozenset[str]
    asks: str | None
    heard: Heard


def _rule(
    doc: str,
    *,
    told: str = "",
    of: str = "",
    sets: str = "",
    clears: str = "",
    asks: str | None = None,
    heard: Heard = "of players",
) -> Rule:
    """Create a rule. of: cases separated by `or`, each with flags, `not flag`, and `running` or
    `iterating`. sets, clears: flags separated by spaces."""
    cases = tuple(map(_case, of.split(" or ")))
    return Rule(doc, told, cases, _flags(sets), _flags(clears), asks, heard)


def _case(said: str) -> Whom:
    words = [word for word in said.split(", ") if word]
    where: Where = "anywhere"
    has, lacks = list[str](), list[str]()
    for word in words:
        if word == "running":
            where = "running"
        elif word == "iterating":
            where = "iterating"
        elif word.startswith("not "):
            lacks.append(word.removeprefix("not "))
        else:
            has.append(word)
    return Whom(_flags(" ".join(has)), _flags(" ".join(lacks)), where)


def _flags(said: str) -> frozenset[str]:
    found = frozenset(said.split())
    assert found <= _ALL, f"not flags: {found - _ALL}"
    return found


RULES: dict[str, Rule] = {
    "join": _rule(
        "a player takes a seat",
        of="not connected", sets="connected", asks="join",
    ),
    "watch": _rule(
        "a spectator joins",
        told="watches",
        of="not connected", sets="connected", asks="watch", heard="never",
    ),
    "leave": _rule(
        "somebody leaves the room, or is dropped",
        told="leaves",
        asks="leave",
    ),
    "configure": _rule(
        "a setting is changed",
        asks="configure", heard="of anyone",
    ),
    "ready": _rule(
        "somebody is ready",
        told="is ready",
        of="not ready", sets="ready", clears="loaded refused", asks="ready", heard="of anyone",
    ),
    "unready": _rule(
        "somebody is no longer ready; the loaded setup and a refusal are cleared too",
        told="is not ready",
        of="ready", clears=" ".join(READINESS), asks="ready", heard="of anyone",
    ),
    "loaded": _rule(
        "an engine has loaded the setup; after a failure, a new engine has",
        told="has loaded",
        sets="loaded", clears="refused failed", asks="load", heard="of anyone",
    ),
    "refused": _rule(
        "an engine refuses the setup",
        told="refuses the setup",
        sets="refused", clears="loaded", asks="load", heard="of anyone",
    ),
    "lag": _rule(
        "no packet has arrived for too long",
        told="is silent",
        of="connected, not missing, not hidden, not failed, iterating", sets="missing",
    ),
    "hide": _rule(
        "the page is no longer visible",
        told="hides the page",
        of="connected, not hidden, not missing", sets="hidden",
    ),
    "show": _rule(
        "the page is visible again",
        told="shows the page",
        of="connected, hidden", clears="hidden",
    ),
    "slow": _rule(
        "the connection or the engine makes the turns longer",
        told="is slow",
        of="connected, not slow, not missing, iterating", sets="slow",
    ),
    "steady": _rule(
        "the connection and the engine no longer make the turns longer",
        told="is steady",
        of="slow", clears="slow",
    ),
    "repaired": _rule(
        "the engine agrees with the others again",
        told="is repaired",
        of="diverged", clears="diverged",
    ),
    "failed": _rule(
        "the engine has failed",
        told="reports a failed engine",
        of="connected, not failed, not missing, running", sets="failed",
    ),
    "recover": _rule(
        "packets arrive again, are no longer needed, or come from a new engine after a failure",
        told="sends packets again",
        of="connected, missing or connected, failed", clears="missing failed",
    ),
    "drop": _rule(
        "the connection is gone",
        told="drops",
        of="connected", clears="connected missing hidden",
    ),
    "return": _rule(
        "the connection is back",
        told="returns",
        of="not connected", sets="connected", clears="lost hidden",
    ),
    "displace": _rule(
        "another page takes the connection over",
        told="opens another page",
        of="connected", clears="lost hidden", heard="never",
    ),
    "excuse": _rule(
        "the engine is compared again: its player has returned, or others have left",
        of="diverged", clears="diverged", heard="never",
    ),
    "lost": _rule(
        "the time allowed for reconnecting is over",
        told="is lost",
        of="not lost, not connected or not lost, missing or not lost, hidden, iterating"
        " or not lost, failed or not lost, diverged",
        sets="lost",
    ),
    "diverged": _rule(
        "the engine differs from the others",
        told="diverges",
        of="not diverged, iterating", sets="diverged",
    ),
}  # fmt: skip
"""The rules by event. The event that the chart receives has this name and the field `seat`, which
is -1 for a spectator; `diverged` also has `decidable`."""


class Lifecycle:
    """The events of the people of one room."""

    def __init__(self, chart_driver: ChartDriver) -> None:
        self._chart_driver = chart_driver

    def asks(self, event: str) -> str | None:
        """Return what the state must allow for it; None if a person does not request it."""
        return RULES[event].asks

    def allows(self, event: str, kinds: frozenset[str]) -> bool:
        """Whether the state allows it for a person of these kinds."""
        asks = self.asks(event)
        return asks is None or self._chart_driver.ruling(asks, kinds) == "allow"

    def can(self, event: str, member: Member) -> bool:
        """Whether it can happen to this person now. Does not check what the state allows."""
        flags = member.flags
        return any(
            case.has <= flags and case.lacks.isdisjoint(flags) and self._is_there(case.where)
            for case in RULES[event].of
        )

    def happens(self, event: str, member: Member, **more: Value) -> bool:
        """Change the person's flags and queue the event for the chart. Returns False, and does
        nothing, if it cannot happen to this person now. more: further fields of the event."""
        if not self.can(event, member):
            return False
        self.change(event, member)
        self.tell(event, member, **more)
        return True

    def change(self, event: str, member: Member) -> None:
        """Change the person's flags only."""
        rule = RULES[event]
        for flag in rule.clears:
            setattr(member, flag, False)
        for flag in rule.sets:
            setattr(member, flag, True)

    def tell(self, event: str, member: Member, **more: Value) -> None:
        """Queue the event for the next run of the chart. more: further fields of the event."""
        heard = RULES[event].heard
        if heard == "of anyone" or (heard == "of players" and member.seat is not None):
            self._chart_driver.happen(event, {"seat": seat_of(member), **more})

    def is_there(self, event: str) -> bool:
        """Whether the chart is in a state in which it can happen."""
        return any(self._is_there(case.where) for case in RULES[event].of)

    def _is_there(self, where: Where) -> bool:
        match where:
            case "anywhere":
                return True
            case "running":
                return self._chart_driver.is_in("running")
            case "iterating":
                return self._chart_driver.iterates


def seat_of(member: Member) -> int:
    """Return the seat for the wire and for `event.seat`: -1 for a spectator."""
    return -1 if member.seat is None else member.seat
