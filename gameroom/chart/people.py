"""Questions about people: quorums and counts.

Knows no chart. The rule it keeps: whoever is asked about is counted at the moment of
asking. The denominator is the connected people of that kind; only where the question is
about absence itself (`connected`, `lost`, `missing`) is it everybody of that kind,
because those who are gone could never be among the connected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gameroom.chart.events import Person
from gameroom.model import Chose, Flag, Predicate, Quorum, RoomFile
from gameroom.model.builtin import PEOPLE

People = Sequence[Person]
Test = Callable[[Person], bool]

ABSENCES = frozenset({"connected", "lost", "missing"})
"""The flags that are asked of everybody of a kind, connected or not."""


READINESS = frozenset({"ready", "loaded", "refused"})
"""What `unready` takes away."""


def kinds(room: RoomFile) -> frozenset[str]:
    """All words that name people in this room."""
    roles, teams = (role.name for role in room.roles), (team.name for team in room.teams)
    return frozenset({*PEOPLE, *roles, *teams})


def is_of(who: str) -> Test:
    """Is a person of that kind? `anyone` is everybody, `present` a player who is connected
    and not missing; all other words are kinds, roles and teams."""
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
    """Does the predicate hold for a person? `requests` are those that offer the choice."""
    match predicate:
        case Flag(flag):
            return lambda person: flag in person.flags
        case Chose(choice):
            return lambda person: any(person.choices.get(name) == choice for name in requests)


def tally(
    who: str, predicate: Predicate, requests: Sequence[str]
) -> Callable[[People], tuple[int, int]]:
    """A function of the people: (how many are so, how many were asked)."""
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
    """Do `yes` out of `asked` make the quorum? Percentages round up; `all`, `majority` and
    `%` of nobody are false, `no` of nobody is true."""
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
    """The quorum as a function of the people."""
    count = tally(quorum.who, quorum.predicate, requests)
    return lambda people: is_met(quorum, *count(people))


def count_of(who: str) -> Callable[[People], int]:
    """How many are of that kind, connected or not: the counters `players`, `spectators`."""
    of = is_of(who)
    return lambda people: sum(map(of, people))


def enough(room: RoomFile) -> Callable[[People], bool]:
    """`enough players`: the seats and every team have reached their minimum."""
    needs = [("player", room.players.low if room.players else 0)]
    needs += [(team.name, team.low) for team in room.teams]
    counts = [(count_of(who), low) for who, low in needs]
    return lambda people: all(count(people) >= low for count, low in counts)


def without(people: tuple[Person, ...], flag: str) -> tuple[Person, ...]:
    """Who is left when everybody seated with that flag loses the seat."""
    return tuple(
        person for person in people if "player" not in person.kinds or flag not in person.flags
    )


def unchosen(people: tuple[Person, ...], request: str) -> tuple[Person, ...]:
    """The people when nobody has chosen in that request any more."""
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
    """The people when those of that kind are not ready any more; nor have they loaded or
    refused, for the setup may change."""
    of = is_of(who)
    return tuple(
        Person(person.kinds, person.flags - READINESS, person.choices) if of(person) else person
        for person in people
    )
