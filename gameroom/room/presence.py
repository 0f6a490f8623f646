"""Who is silent, who is gone, who is lost: the people's side of time.

Knows people and durations; no chart, no turns. It notes, the chart decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gameroom.model import Room as RoomFile
from gameroom.model.policies import number
from gameroom.room.people import Member, People

ARRIVAL_MS = 10_000
"""How long somebody who joined counts as connected before the socket has opened: a room
must not start without a player whose socket is still opening."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The room file's times in milliseconds: `policy lag` and `policy reconnect`."""

    pause_after: int
    drop_after: int
    grace: int


def patience(room: RoomFile) -> Patience:
    return Patience(
        pause_after=number(room, "lag", "pause_after"),
        drop_after=number(room, "lag", "drop_after"),
        grace=number(room, "reconnect", "grace"),
    )


def arrive(member: Member, now: int) -> None:
    """Somebody has come in; the socket is still opening."""
    member.connected, member.away_since = True, now


def connect(member: Member, *, is_near: bool) -> None:
    """The socket is open. Where the player is not near the present, the turns wait for
    this player only once a packet has come."""
    member.connected, member.away_since, member.lost = True, None, False
    if not is_near:
        member.gathers_from = None


def disconnect(member: Member, now: int) -> None:
    """The socket is gone; the seat is kept for the reconnect grace."""
    member.connected, member.gathers_from = False, None
    member.missing, member.missing_since = False, None
    member.away_since = now


def never_arrived(people: People, now: int) -> list[Member]:
    """Those who joined and never opened a socket in time."""
    return [
        member
        for member in people
        if member.connected
        and member.away_since is not None
        and now >= member.away_since + ARRIVAL_MS
    ]


def fallen_silent(people: People, unheard: Collection[int], now: int) -> list[Member]:
    """Mark the players that a long overdue turn waits for; returns the new ones."""
    silent = [m for m in people.players() if m.seat in unheard and not m.missing]
    for member in silent:
        member.missing, member.missing_since = True, now
    return silent


def heard_again(member: Member) -> bool:
    """A packet came from this player; says whether the turns had been waiting long for it."""
    was_missing = member.missing
    member.missing, member.missing_since = False, None
    return was_missing


def newly_lost(people: People, patience: Patience, now: int) -> list[Member]:
    """Mark those who are away or missing for too long; returns the new ones."""
    lost = [
        member
        for member in people
        if not member.lost and any(now >= at for at in _lost_at(member, patience))
    ]
    for member in lost:
        member.lost = True
    return lost


def deadlines(people: People, patience: Patience) -> Iterator[int]:
    """When somebody will be noted next, if nothing changes."""
    for member in people:
        if member.connected and member.away_since is not None:
            yield member.away_since + ARRIVAL_MS
        if not member.lost:
            yield from _lost_at(member, patience)


def _lost_at(member: Member, patience: Patience) -> Iterator[int]:
    if not member.connected and member.away_since is not None:
        yield member.away_since + patience.grace
    if member.missing_since is not None:
        yield member.missing_since + patience.drop_after
