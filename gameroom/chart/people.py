"""Quorums and counts of people.

Knows no chart. The rule it keeps: people are counted when the expression is evaluated. The
denominator is the connected people of that kind. For the flags `connected`, `lost` and `missing`
it is all people of that kind, because people who are absent are never connected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gameroom.chart.events import Person
from gameroom.model import Chose, Flag, Predicate, Quorum, RoomFile
from gameroom.model.builtin import PEOPLE

People = Sequence[Person]
Test = Callable[[Person], bool]

ABSENCES = frozenset({"connected", "lost", "missing"})
"""The flags that count for all people of a kind, connected or not."""


READINESS = frozenset({"ready", "loaded", "refused"})
"""The flags that `unready` removes."""


def kinds(room: RoomFile) -> frozenset[str]:
    """Return all words for groups of people in this room."""
    roles, teams = (role.name for role in room.roles), (team.name for team in room.teams)
    return frozenset({*PEOPLE, *roles, *teams})


def is_of(who: str) -> Test:
    """Return a test for people of that kind. `anyone` matches everyone; `present` matches players
    who are connected and not missing. All other words are kinds, roles and teams."""
    if who == "anyone":
        return lambda person: True
    if who == "present":
        return lambda person: (
            "player" in person.kinds
            and "connected" in person.flags
            and "missing" not in person.flags
        )
    return lambda person: who in person.kinds


def holds(predicate: Predicate, requests: Sequence[str]) -> Test:
    """Return a test for people who satisfy the predicate. requests: those that offer the choice."""
    match predicate:
        case Flag(flag):
            return lambda person: flag in person.flags
        case Chose(choice):
            return lambda person: any(person.choices.get(name) == choice for name in requests)


def tally(
    who: str, predicate: Predicate, requests: Sequence[str]
) -> Callable[[People], tuple[int, int]]:
    """Return a function of the people: (how many satisfy the predicate, how many are counted)."""
    of, so = is_of(who), holds(predicate, requests)
    everybody = isinstance(predicate, Flag) and predicate.flag in ABSENCES

    def count(people: People) -> tuple[int, int]:
        yes = asked = 0
        for person in people:
            if of(person) and (everybody or "connected" in person.flags):
                asked += 1
                yes += so(person)
        return yes, asked

    return count


def is_met(quorum: Quorum, yes: int, asked: int) -> bool:
    """Whether `yes` people out of `asked` meet the quorum. Percentages round up. If nobody is
    asked, `all`, `majority` and `%` are false and `no` is true."""
    match quorum.kind:
        case "all":
            return yes == asked > 0
        case "any":
            return yes > 0
        case "no":
            return yes == 0
        case "majority":
            return yes * 2 > asked
        case "count":
            return yes >= quorum.amount
        case "percent":
            return asked > 0 and yes * 100 >= quorum.amount * asked


def quorum_of(quorum: Quorum, requests: Sequence[str]) -> Callable[[People], bool]:
    """Return the quorum as a function of the people."""
    count = tally(quorum.who, quorum.predicate, requests)
    return lambda people: is_met(quorum, *count(people))


def count_of(who: str) -> Callable[[People], int]:
    """Return a function that counts the people of that kind, connected or not. It is used for the
    counters `players` and `spectators`."""
    of = is_of(who)
    return lambda people: sum(map(of, people))


def enough(room: RoomFile) -> Callable[[People], bool]:
    """Return the function for `enough players`: the room and every team have their minimum of
    players."""
    needs = [("player", room.players.low if room.players else 0)]
    needs += [(team.name, team.low) for team in room.teams]
    counts = [(count_of(who), low) for who, low in needs]
    return lambda people: all(count(people) >= low for count, low in counts)


def without(people: tuple[Person, ...], flag: str) -> tuple[Person, ...]:
    """Return the people without the players who have that flag."""
    return tuple(
        person for person in people if "player" not in person.kinds or flag not in person.flags
    )


def unchosen(people: tuple[Person, ...], request: str) -> tuple[Person, ...]:
    """Return the people without their choices in that request."""
    return tuple(
        Person(
            person.kinds,
            person.flags,
            {name: choice for name, choice in person.choices.items() if name != request},
        )
        if request in person.choices
        else person
        for person in people
    )


def unreadied(people: tuple[Person, ...], who: str) -> tuple[Person, ...]:
    """Return the people, with the flags of READINESS removed from those of that kind: the setup can
    change, so `loaded` and `refused` are out of date, too."""
    of = is_of(who)
    return tuple(
        Person(person.kinds, person.flags - READINESS, person.choices) if of(person) else person
        for person in people
    )
