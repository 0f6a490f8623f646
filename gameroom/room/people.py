"""The people of a room: who sits where, who watches, and what is known of them.

Knows the room file's seats, teams and roles; no chart and no turns. Seats are numbered
from 0; the lowest free one is given out. A role has one holder at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count

from gameroom.chart.events import Person
from gameroom.lockstep.pace import Slow
from gameroom.lockstep.packets import Roster, RosterRow
from gameroom.model import RoomFile
from gameroom.model.builtin import FLAGS, Flags
from gameroom.room.folded import Player
from gameroom.texts import looks, numbered

SMALL_NUMBERS_MAX = 9
"""Of people whose names look alike. Any more get the number of their join: a hall full of them is
not counted through for each newcomer."""


TOLD = frozenset({"roles", "team", *FLAGS, "slow_by", "repairing", "choices"})
"""What everyone sees of a person and what can change."""

COUNTED = TOLD | {
    "seat",
    "arrived",
    "gathers_from",
    "failed_since",
    "repairing_since",
    "away_since",
    "silent_since",
    "missing_since",
}
"""What decides whom turns wait for, what somebody may do, and when somebody is to be noted next.
Whoever works that out keeps it until `People.version` changes."""


@dataclass(slots=True)
class Member(Flags):
    """One person, with all flags. `seat` is None for a spectator.

    people: those among whom this person is; they notice when something changes that is told.
    joined: counts up with every join; the smallest is the longest in the room.
    arrived: whether a socket was ever opened.
    away_since: when the connection was lost or since when it is awaited (`presence`).
    silent_since: since when a due turn has not heard this player, None when it has.
    missing_since: since when the silence is so long that all are told, None when it is not.
    outvoted: diverged from a majority, so that it is known who is right.
    repairing, repairs: the engine begins again, and how often it has done so.
    failed_since: when the engine failed, or since when its player is back; None when it runs.
    failure: the turn and the text that were told then, None where that is not known any more.
    failed_here: it failed in the program that is connected now, which sends no more packets.
    reasons: of the refusal that was told last.
    slow_by: what makes the turns longer, while `slow`.
    gathers_from: the generation from which on the turns wait for this player's packets;
        None while nobody waits, as during catching up.
    spent: by kind of doing, the room's allowance that is used up (see `allowance`).
    """

    people: People = field(repr=False, compare=False)
    user: str
    name: str
    joined: int
    seat: int | None = None
    team: str | None = None
    roles: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()
    slow_by: Slow | None = None
    failed_since: int | None = None
    failure: tuple[int, str] | None = None
    failed_here: bool = False
    outvoted: bool = False
    repairing: bool = False
    repairs: int = 0
    repairing_since: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    arrived: bool = False
    away_since: int | None = None
    silent_since: int | None = None
    missing_since: int | None = None
    gathers_from: int | None = None
    spent: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __setattr__(self, name: str, value: object) -> None:
        if name in COUNTED and getattr(self, name, value) != value:
            self.people.changed |= name in TOLD
            self.people.version += 1
        object.__setattr__(self, name, value)

    @property
    def kinds(self) -> frozenset[str]:
        """Every word by which guards and permissions may mean this person."""
        base = "spectator" if self.seat is None else "player"
        team = () if self.team is None else (self.team,)
        return frozenset((base, *team, *self.roles))

    @property
    def flags(self) -> frozenset[str]:
        """What conditions may ask of this person."""
        return frozenset(flag for flag in FLAGS if getattr(self, flag))


@dataclass(slots=True)
class People:
    """Everyone in the room, by user id.

    changed: whether something of them has changed that everyone sees, until it is told.
    version: counts up with every change of `COUNTED`, and with everybody who comes or goes.
    """

    file: RoomFile
    members: dict[str, Member] = field(default_factory=dict)
    changed: bool = False
    version: int = 1
    _joins: int = 0
    _seated: dict[int, Member] = field(default_factory=dict)
    _seated_version: int = 0

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members.values())

    def seated(self) -> Mapping[int, Member]:
        """Everyone with a seat, by seat and in that order. Asked every turn, so kept."""
        if self._seated_version != self.version:
            seated = [(member.seat, member) for member in self if member.seat is not None]
            self._seated = dict(sorted(seated, key=lambda pair: pair[0]))
            self._seated_version = self.version
        return self._seated

    def players(self) -> Collection[Member]:
        """Everyone with a seat, in seat order."""
        return self.seated().values()

    def spectators(self) -> list[Member]:
        return [member for member in self if member.seat is None]

    def at(self, seat: int) -> Member | None:
        return self.seated().get(seat)

    def free_seat(self) -> int | None:
        """The lowest free seat, None when all are taken."""
        assert self.file.players is not None, "a merged room says how many players"
        taken = {member.seat for member in self}
        return next((seat for seat in range(self.file.players.high) if seat not in taken), None)

    def watching_is_full(self) -> bool:
        high = self.file.spectators.high if self.file.spectators else 0
        return len(self.spectators()) >= high

    def team_for(self, wish: str | None) -> str | None:
        """The wished team, else the smallest one, where there is room; None for none."""
        sizes = {
            team.name: sum(member.team == team.name for member in self) for team in self.file.teams
        }
        open_ = [team.name for team in self.file.teams if sizes[team.name] < team.high]
        if wish is not None:
            return wish if wish in open_ else None
        return min(open_, key=lambda name: sizes[name], default=None)

    def add(self, user: str, name: str, *, seat: int | None, team: str | None) -> Member:
        """A newcomer. The name gets a number behind it where somebody's looks like it."""
        self._joins += 1
        member = Member(self, user, self._unlike_others(name), self._joins, seat=seat, team=team)
        self.members[user] = member
        self.changed = True
        self.version += 1
        return member

    def _unlike_others(self, name: str) -> str:
        seen = frozenset().union(*(looks(member.name).own for member in self))
        numbers = chain(range(2, SMALL_NUMBERS_MAX + 1), count(self._joins))
        unlike = name
        while not seen.isdisjoint(looks(unlike).like):
            unlike = numbered(name, next(numbers))
        return unlike

    def remove(self, member: Member) -> None:
        del self.members[member.user]
        self.changed = True
        self.version += 1

    def hand_on(self, role: str) -> None:
        """Where nobody holds the role, the longest seated of those who may hold it does,
        connected ones first."""
        of = next(declared.of for declared in self.file.roles if declared.name == role)
        candidates = [member for member in self.players() if of in member.kinds]
        if not candidates or any(role in member.roles for member in candidates):
            return
        heir = min(candidates, key=lambda member: (not member.connected, member.joined))
        heir.roles |= {role}

    def meant_by(self, who: str) -> list[Member]:
        """The members that a word of the room file means."""
        if who == "anyone":
            return list(self)
        if who == "present":
            return [m for m in self.players() if m.connected and not m.missing]
        return [member for member in self if who in member.kinds]

    def facts(self) -> tuple[Person, ...]:
        """What guards may know, players in seat order, then spectators."""
        return tuple(
            Person(
                kinds=member.kinds,
                flags=member.flags,
                choices=dict(member.choices),
            )
            for member in (*self.players(), *self.spectators())
        )

    def roster(self) -> Roster:
        """The roster as everyone sees it, but for the times (`presence.roster`)."""
        return Roster(
            seats=tuple(_seat(member) for member in self.players()),
            spectators=len(self.spectators()),
        )

    def restore(self, players: Iterable[Player], joins: int, now: int) -> None:
        """Take over the players from the journal, with all that conditions can ask of them.
        Everybody is awaited since `now`: nobody's connection outlives the server.

        Who was only watching is not in the journal and comes back by joining again.
        """
        self._joins = joins
        for player in players:
            row = player.row
            member = Member(self, row.user, row.name, player.joined, seat=row.seat, team=row.team)
            member.roles = frozenset(row.roles)
            member.choices = dict(row.choices)
            for flag in (*FLAGS, "repairing"):
                setattr(member, flag, bool(getattr(row, flag)))
            member.slow_by = row.slow
            member.repairs, member.outvoted = player.repairs, player.outvoted
            member.arrived = True
            member.away_since = now
            member.missing_since = now if member.missing else None
            member.silent_since = now if member.missing or member.hidden else None
            member.repairing_since = now if member.repairing else None
            member.failed_since = now if member.failed else None
            self.members[row.user] = member
        self.changed = False
        self.version += 1


def choice_of(body: Mapping[str, object]) -> str | None:
    """The ballot in a request's body: its field `choice`."""
    choice = body.get("choice")
    return choice if isinstance(choice, str) else None


def _seat(member: Member) -> RosterRow:
    assert member.seat is not None
    return RosterRow(
        seat=member.seat,
        user=member.user,
        name=member.name,
        roles=tuple(sorted(member.roles)),
        team=member.team,
        slow=member.slow_by,
        repairing=member.repairing,
        choices=dict(member.choices),
        **{flag: getattr(member, flag) for flag in FLAGS if flag != "slow"},
    )
