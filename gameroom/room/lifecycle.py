"""What happens to people and what becomes of them: one table, for the room and for the explorer.

Knows the flags and events of `model.builtin`, no time and no turns: when something happens is the
business of whoever says so. The rule it keeps: a flag that conditions can ask for changes only as
a row of the table says, and only for those whom the row is about.
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
    """Flags that a person has, flags that the person lacks, and where the chart is."""

    has: frozenset[str]
    lacks: frozenset[str]
    where: Where


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that happens to a person.

    doc: what happens. told: the same of somebody in a story; empty where the story has words of
    its own. of: whom it can happen to and where, any of these cases. sets, clears: the flags that
    change before the chart hears of it. asks: what the state has to allow this person; None where
    it happens by itself. heard: whether the chart hears of it, as the event so named.
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
    """of: cases with `or` between them, each of flags, `not flag`, and `running` or `iterating`."""
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
"""By what happens. Where the chart hears of it, the event has this name and the field `seat`, that
of a spectator -1; `diverged` also has `decidable`."""


class Lifecycle:
    """What happens to the people of one room."""

    def __init__(self, chart_driver: ChartDriver) -> None:
        self._chart_driver = chart_driver

    def asks(self, event: str) -> str | None:
        """What the state has to allow for it; None where it happens by itself."""
        return RULES[event].asks

    def allows(self, event: str, kinds: frozenset[str]) -> bool:
        """Does the state let somebody of these kinds do that?"""
        asks = self.asks(event)
        return asks is None or self._chart_driver.ruling(asks, kinds) == "allow"

    def can(self, event: str, member: Member) -> bool:
        """Is this person one to whom it can happen now? What the state allows is not asked."""
        flags = member.flags
        return any(
            case.has <= flags and case.lacks.isdisjoint(flags) and self._is_there(case.where)
            for case in RULES[event].of
        )

    def happens(self, event: str, member: Member, **more: Value) -> bool:
        """The person's flags change, and the chart is to hear of it. False, and nothing happens,
        where this cannot happen to this person now."""
        if not self.can(event, member):
            return False
        self.change(event, member)
        self.tell(event, member, **more)
        return True

    def change(self, event: str, member: Member) -> None:
        """The person's flags change, and nobody hears of it by itself."""
        rule = RULES[event]
        for flag in rule.clears:
            setattr(member, flag, False)
        for flag in rule.sets:
            setattr(member, flag, True)

    def tell(self, event: str, member: Member, **more: Value) -> None:
        """The chart is to hear of it at its next run."""
        heard = RULES[event].heard
        if heard == "of anyone" or (heard == "of players" and member.seat is not None):
            self._chart_driver.happen(event, {"seat": seat_of(member), **more})

    def is_there(self, event: str) -> bool:
        """Is the chart where that can happen?"""
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
    """The number for the wire and for `event.seat`: -1 for a spectator."""
    return -1 if member.seat is None else member.seat
