"""People as numbers: people with the same properties have the same number.

A sort is a set of properties that guards can read (kinds, flags, choices). Each sort is numbered,
and the explorer handles tuples of these numbers. Knows no chart. The rule it keeps: the `Person` of
a number is always the same object.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gameroom.chart import Person
from gameroom.explore.facets import CONNECTED, FLAGS, MISSING, Reads

Choices = tuple[tuple[str, str], ...]

Members = tuple[int, ...]

SEATS = 1024
"""A member is the number of its sort times SEATS, plus the seat + 1 if seats matter."""


@dataclass(frozen=True, slots=True)
class Sort:
    """The properties of a person. kinds: sorted words. flags: bits. choices: sorted by request."""

    kinds: tuple[str, ...]
    flags: int
    choices: Choices = ()

    @property
    def player(self) -> bool:
        return "player" in self.kinds


@dataclass(slots=True)
class Sorts:
    """All sorts found so far. Results are cached, because there are few sorts."""

    reads: Reads
    sorts: list[Sort] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    _numbers: dict[Sort, int] = field(default_factory=dict)
    _by_object: dict[int, int] = field(default_factory=dict)
    _flagged: dict[tuple[int, int, int], int] = field(default_factory=dict)
    _choosing: dict[tuple[int, str, str | None], int] = field(default_factory=dict)
    _plain: dict[tuple[int, int], int] = field(default_factory=dict)
    _crowds: dict[Members, tuple[Person, ...]] = field(default_factory=dict)
    _members: dict[int, Members] = field(default_factory=dict)
    _plain_members: dict[tuple[Members, int], Members] = field(default_factory=dict)

    def number(self, sort: Sort) -> int:
        known = self._numbers.get(sort)
        if known is None:
            known = self._numbers[sort] = len(self.sorts)
            self.sorts.append(sort)
            flags = frozenset(flag for place, flag in enumerate(FLAGS) if sort.flags >> place & 1)
            person = Person(frozenset(sort.kinds), flags, dict(sort.choices))
            self.people.append(person)
            self._by_object[id(person)] = known
        return known

    def of(self, person: Person) -> int:
        """Return the number of a person of the chart."""
        known = self._by_object.get(id(person))
        if known is None:
            flags = sum(1 << place for place, flag in enumerate(FLAGS) if flag in person.flags)
            choices = tuple(sorted(person.choices.items()))
            known = self.number(Sort(tuple(sorted(person.kinds)), flags, choices))
        return known

    # Many

    def crowd(self, members: Members) -> tuple[Person, ...]:
        """Return the people of these members, always as the same object."""
        known = self._crowds.get(members)
        if known is None:
            known = tuple([self.people[member // SEATS] for member in members])
            self._crowds[members] = known
            self._members[id(known)] = tuple([member // SEATS * SEATS for member in members])
        return known

    def members(self, people: tuple[Person, ...]) -> Members:
        """Return the members for people of the chart, without their seats."""
        known = self._members.get(id(people))
        if known is None:
            known = tuple([self.of(person) * SEATS for person in people])
        return known

    def plain_members(self, members: Members, live: int) -> Members:
        """Return the members without facets that are never read again, sorted."""
        key = (members, live)
        known = self._plain_members.get(key)
        if known is None:
            known = tuple(sorted([self.plain_member(member, live) for member in members]))
            self._plain_members[key] = known
        return known

    def plain_member(self, member: int, live: int) -> int:
        return self.plain(member // SEATS, live) * SEATS + member % SEATS

    # One

    def flagged(self, number: int, on: int, off: int) -> int:
        """Return the sort with the flags `on` set, then the flags `off` cleared."""
        key = (number, on, off)
        known = self._flagged.get(key)
        if known is None:
            sort = self.sorts[number]
            known = self.number(Sort(sort.kinds, (sort.flags | on) & ~off, sort.choices))
            self._flagged[key] = known
        return known

    def choosing(self, number: int, request: str, choice: str | None) -> int:
        """Return the sort with this choice in a request, or without any."""
        key = (number, request, choice)
        known = self._choosing.get(key)
        if known is None:
            sort = self.sorts[number]
            choices = dict(sort.choices)
            choices.pop(request, None)
            if choice is not None:
                choices[request] = choice
            known = self.number(Sort(sort.kinds, sort.flags, tuple(sorted(choices.items()))))
            self._choosing[key] = known
        return known

    def holding(self, number: int, role: str) -> int:
        """Return the sort with this role."""
        sort = self.sorts[number]
        kinds = tuple(sorted({*sort.kinds, role}))
        return self.number(Sort(kinds, sort.flags, sort.choices))

    def plain(self, number: int, live: int) -> int:
        """Return the sort without facets that are never read again. If `connected` is never read,
        everybody is connected."""
        key = (number, live)
        known = self._plain.get(key)
        if known is None:
            known = self._plain[key] = self._plainly(self.sorts[number], live)
        return known

    def _plainly(self, sort: Sort, live: int) -> int:
        facet = self.reads.facet
        kinds = tuple(
            kind
            for kind in sort.kinds
            if kind in ("player", "spectator") or facet(f"kind:{kind}") & live
        )
        choices = tuple(
            (request, choice)
            for request, choice in sort.choices
            if facet(f"choice:{request}") & live and choice in self.reads.choices.get(request, ())
        )
        kept = sort.flags if self.tells_connected(live) else CONNECTED
        flags = (sort.flags & live & ~CONNECTED) | (kept & CONNECTED)
        return self.number(Sort(kinds, flags, choices))

    def tells_connected(self, live: int) -> bool:
        """Whether it matters who is connected."""
        facet = self.reads.facet
        return bool(live & (CONNECTED | facet("event:drop") | facet("event:return")))

    def meant_by(self, number: int, who: str) -> bool:
        """Whether that word of the room file includes this sort."""
        sort = self.sorts[number]
        if who == "anyone":
            return True
        if who == "present":
            return sort.player and bool(sort.flags & CONNECTED) and not sort.flags & MISSING
        return who in sort.kinds
