"""The people of a room: players with their seats, spectators, and their flags.

Knows the room file's seats, teams and roles; no chart and no turns. Seats are numbered from 0; a
new player gets the lowest free one. At most one person has a role.
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
"""The highest number after a name that looks like another one. After that, the number of the join
is used, so that many similar names do not make each join slow."""


TOLD = frozenset({"roles", "team", *FLAGS, "slow_by", "repairing", "choices"})
"""The fields of a Member that everyone sees and that can change."""

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
"""The fields of a Member that decide for whom turns wait, what a person is allowed to do, and when
a deadline is due. Values computed from them are valid until `People.version` changes."""


@dataclass(slots=True)
class Member(Flags):
    """One person, with all flags. All times are in milliseconds of the room's time.

    people: the people of the room; they are notified of changes.
    joined: counts the joins of the room; the smallest number has been in the room for longest.
    seat: None for a spectator.
    arrived: whether a socket was ever opened.
    away_since: when the connection was lost, or since when it has been expected (`presence`).
    silent_since: since when a due turn has not heard this player; None if the player is not silent.
    missing_since: since when the player has been missing; None if the player is not missing.
    outvoted: diverged from a majority, so that it is known which engine is right.
    repairing, repairs: whether the engine is restarting, and how often it has restarted.
    failed_since: when the engine failed or its player returned; None if the engine runs.
    failure: the turn and the text of that failure; None if they are not known any more.
    failed_here: it failed in the program that is connected now, which sends no more packets.
    reasons: the reasons of the last refusal of the setup.
    slow_by: why the turns are longer, while `slow`.
    gathers_from: the generation from which on the turns wait for this player's packets; None if
        they do not wait, for example while the player catches up.
    spent: by kind of action, the used-up allowance (see `allowance`).
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
        """Every word that includes this person in guards and permissions, except `anyone` and
        `present`."""
        base = "spectator" if self.seat is None else "player"
        team = () if self.team is None else (self.team,)
        return frozenset((base, *team, *self.roles))

    @property
    def flags(self) -> frozenset[str]:
        """The flags of this person that are true."""
        return frozenset(flag for flag in FLAGS if getattr(self, flag))


@dataclass(slots=True)
class People:
    """Everyone in the room, by user id.

    changed: whether a field that everyone sees has changed since the last roster.
    version: increases with every change of a field in COUNTED, and when a person joins or leaves.
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
        """Return the players by seat, in seat order. Cached, because every turn needs them."""
        if self._seated_version != self.version:
            seated = [(member.seat, member) for member in self if member.seat is not None]
            self._seated = dict(sorted(seated, key=lambda pair: pair[0]))
            self._seated_version = self.version
        return self._seated

    def players(self) -> Collection[Member]:
        """Return the players in seat order."""
        return self.seated().values()

    def spectators(self) -> list[Member]:
        return [member for member in self if member.seat is None]

    def at(self, seat: int) -> Member | None:
        return self.seated().get(seat)

    def free_seat(self) -> int | None:
        """Return the lowest free seat; None if all are taken."""
        assert self.file.players is not None, "a merged room has a number of players"
        taken = {member.seat for member in self}
        return next((seat for seat in range(self.file.players.high) if seat not in taken), None)

    def watching_is_full(self) -> bool:
        high = self.file.spectators.high if self.file.spectators else 0
        return len(self.spectators()) >= high

    def team_for(self, wish: str | None) -> str | None:
        """Return the wished team, or the smallest team if there is no wish. None if the team, or
        every team, is full."""
        sizes = {
            team.name: sum(member.team == team.name for member in self) for team in self.file.teams
        }
        open_ = [team.name for team in self.file.teams if sizes[team.name] < team.high]
        if wish is not None:
            return wish if wish in open_ else None
        return min(open_, key=lambda name: sizes[name], default=None)

    def add(self, user: str, name: str, *, seat: int | None, team: str | None) -> Member:
        """Add a person. If the name looks like another one, a number is appended to it."""
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
        """Give a role that no player has to the player who can have it and has been in the room for
        longest. Connected players come first."""
        of = next(declared.of for declared in self.file.roles if declared.name == role)
        candidates = [member for member in self.players() if of in member.kinds]
        if not candidates or any(role in member.roles for member in candidates):
            return
        heir = min(candidates, key=lambda member: (not member.connected, member.joined))
        heir.roles |= {role}

    def meant_by(self, who: str) -> list[Member]:
        """Return the members that a word of the room file includes."""
        if who == "anyone":
            return list(self)
        if who == "present":
            return [m for m in self.players() if m.connected and not m.missing]
        return [member for member in self if who in member.kinds]

    def facts(self) -> tuple[Person, ...]:
        """Return the people as guards see them: players in seat order, then spectators."""
        return tuple(
            Person(
                kinds=member.kinds,
                flags=member.flags,
                choices=dict(member.choices),
            )
            for member in (*self.players(), *self.spectators())
        )

    def roster(self) -> Roster:
        """Return the roster without the times, which `presence.roster` adds."""
        return Roster(
            seats=tuple(_seat(member) for member in self.players()),
            spectators=len(self.spectators()),
        )

    def restore(self, players: Iterable[Player], joins: int, now: int) -> None:
        """Restore the players from the journal, with all flags. All of them are expected to
        reconnect from `now` on (milliseconds), because no connection survives a restart.

        Spectators are not in the journal and have to join again.
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
    """Return the choice in the body of a request: its field `choice`, or None."""
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
