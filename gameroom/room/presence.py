"""Which people are silent, away or lost, and since when.

Knows people and durations; no chart and no turns. It reads flags, but `lifecycle` changes them. It
records the times; the chart decides what follows. The steps are those of docs/ladder.md: a due turn
has not heard a player (silent); after a while, everyone sees who it is (missing); after a longer
while, the seat can be taken (lost).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from gameroom.lockstep.packets import ClientPacket, Roster, RosterRow
from gameroom.model import RoomFile, policies
from gameroom.model.policies import number
from gameroom.room.people import Member, People

ARRIVAL_MS = 10_000
"""How long a person who joined counts as connected before the socket opens. A room must not start
without a player whose socket is still opening."""

SILENT_MS = 250
"""How long a turn must be overdue before players count as silent, in milliseconds. Turns wait for a
hidden page this long: its packets vary by less than that, and the delay is too short to be a
pause."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The room file's `policy lag` and `policy reconnect`, in milliseconds.

    waits: whether turns wait for missing players (`gather = all`).
    """

    pause_after: int
    drop_after: int
    grace: int
    waits: bool


def patience(room: RoomFile) -> Patience:
    return Patience(
        pause_after=number(room, "lag", "pause_after"),
        drop_after=number(room, "lag", "drop_after"),
        grace=number(room, "reconnect", "grace"),
        waits=policies.policy(room, "turns", "gather") is None,
    )


# -- connections -----------------------------------------------------------------------------


def arrive(member: Member, now: int) -> None:
    """A person has joined, and the socket is still opening."""
    member.away_since = now


def connect(member: Member, now: int, *, is_near: bool) -> None:
    """The socket is open. A player whose engine had failed has the whole grace to catch up.

    is_near: whether the player lacks only a few events. If not, the turns wait for this player only
    after a packet has arrived.
    """
    member.arrived, member.away_since, member.failed_here = True, None, False
    if member.failed:
        member.failed_since = now
    if not is_near:
        member.gathers_from = None


def disconnect(member: Member, now: int) -> None:
    """The socket was closed or lost. The player keeps the seat for the reconnect grace."""
    member.gathers_from = None
    hear(member)
    member.away_since = now


def never_arrived(people: People, now: int) -> list[Member]:
    """Return the people who joined but did not open a socket in time."""
    return [
        member
        for member in people
        if member.connected
        and member.away_since is not None
        and now >= member.away_since + ARRIVAL_MS
    ]


def is_anybody_here(people: People) -> bool:
    """Whether there is a player for whom the room's time must pass. That includes a player who has
    joined and never opened a socket, until the player is lost. Otherwise such a player could keep a
    seat forever."""
    return any(
        member.connected or not (member.arrived or member.lost) for member in people.players()
    )


def wait_anew(people: People, now: int) -> None:
    """The room wakes up. Everyone who is still away has the whole grace again."""
    for member in people:
        if not member.connected:
            member.away_since = now


# -- hidden pages ----------------------------------------------------------------------------


def hide(member: Member, now: int) -> None:
    """The page was hidden: the turns do not wait for it. A player who was silent before has the
    whole grace from now on."""
    member.missing_since = None
    if member.silent_since is not None:
        member.silent_since = now


def show(member: Member) -> None:
    """The page is visible again. It catches up, and its silence is measured from scratch."""
    member.silent_since = None


# -- silence ---------------------------------------------------------------------------------


def fall_silent(
    people: People, unheard: Collection[int], due: int, generation: int, now: int
) -> None:
    """The turn of this generation, due at `due`, has not heard these seats.

    Players without a connection, and players for whom only later turns wait, are not silent. A
    hidden page is silent from `now` on, because the turn can have been due long before the page was
    hidden. The turns no longer wait for it. Times are in milliseconds.
    """
    for member in people.players():
        if member.seat not in unheard or not member.connected:
            continue
        counts = member.gathers_from is not None and member.gathers_from <= generation
        if member.silent_since is None and (member.hidden or counts):
            member.silent_since = now if member.hidden else due
        if member.hidden:
            member.gathers_from = None


def rest(people: People) -> None:
    """The turns have stopped, so nobody is silent except missing players, who may be the reason."""
    for member in people.players():
        if member.silent_since is not None and not member.missing:
            member.silent_since = None


def newly_missing(people: People, patience: Patience, now: int) -> list[Member]:
    """Return the players who have now been silent for too long and are not marked as missing."""
    return [
        member
        for member in people.players()
        if (at := _missing_at(member, patience)) is not None and now >= at
    ]


def miss(member: Member, patience: Patience, now: int) -> None:
    """Record that this player is missing from now on."""
    member.missing_since = now
    if not patience.waits:
        member.gathers_from = None


def hear(member: Member) -> None:
    """A packet came from this player, or none is expected any more. The check comes first because
    this is called for every packet and mostly changes nothing."""
    if member.silent_since is not None or member.missing_since is not None:
        member.missing_since = member.silent_since = None


def quarantine(member: Member, now: int) -> None:
    """The engine restarts. The turns do not wait for this player until it agrees again."""
    member.repairs += 1
    member.repairing, member.repairing_since = True, now
    member.gathers_from = None


def release(member: Member) -> None:
    """The engine agrees with the others again, or its comparison starts from scratch."""
    member.outvoted = member.repairing = False
    member.repairing_since = None


# -- engines that failed ---------------------------------------------------------------------


def fail(member: Member, now: int, failure: tuple[int, str]) -> None:
    """The engine failed. The turns do not wait for this player any more."""
    member.failed_since, member.failure, member.failed_here = now, failure, True
    member.gathers_from = None
    hear(member)


def runs(member: Member, packet: ClientPacket) -> bool:
    """Whether this packet comes from a running engine. A packet that was sent before the engine
    failed can arrive after the report. And a report can arrive when a new engine already runs and
    has passed the turn of the failure."""
    if not member.failed_here or member.failure is None:
        return True
    return packet.checksum is not None and packet.checksum.generation > member.failure[0]


def revive(member: Member) -> None:
    """The engine runs, or a new one does."""
    member.failed_since, member.failure, member.failed_here = None, None, False


def newly_lost(people: People, patience: Patience, now: int) -> list[Member]:
    """Return the people who have now been away, silent, failed or under repair for too long and are
    not marked as lost."""
    return [
        member
        for member in people
        if not member.lost and any(now >= at for at in _lost_at(member, patience))
    ]


# -- times -----------------------------------------------------------------------------------


def deadlines(people: People, patience: Patience) -> Iterator[int]:
    """Yield the deadlines of all people, in milliseconds, if nothing changes before."""
    for member in people:
        if member.connected and member.away_since is not None:
            yield member.away_since + ARRIVAL_MS
        if (at := _missing_at(member, patience)) is not None:
            yield at
        if not member.lost:
            yield from _lost_at(member, patience)


def roster(people: People, patience: Patience, now: int) -> Roster:
    """Return the roster as everyone sees it, with the times of absent players."""
    told = people.roster()
    rows = zip(told.seats, people.players(), strict=True)
    return replace(told, seats=tuple(_timed(row, member, patience, now) for row, member in rows))


def _timed(row: RosterRow, member: Member, patience: Patience, now: int) -> RosterRow:
    since = member.away_since
    if member.connected:
        since = member.failed_since if member.failed else member.silent_since
    lost_at = min(_lost_at(member, patience), default=None)
    if since is None or lost_at is None:
        return row
    return replace(row, absent_ms=max(0, now - since), lost_in_ms=max(0, lost_at - now))


def _missing_at(member: Member, patience: Patience) -> int | None:
    if member.silent_since is None or member.hidden or member.missing:
        return None
    return member.silent_since + patience.pause_after


def _lost_at(member: Member, patience: Patience) -> Iterator[int]:
    if not member.connected and member.away_since is not None:
        yield member.away_since + patience.grace
    if member.missing_since is not None:
        if member.away_since is None:
            yield member.missing_since + patience.drop_after
        else:  # Expected since a restart: after ARRIVAL_MS away, and then for the whole grace.
            yield member.away_since + ARRIVAL_MS + patience.grace
    if member.hidden and member.silent_since is not None:
        yield member.silent_since + patience.grace
    if member.repairing_since is not None:
        yield member.repairing_since + patience.grace
    if member.failed_since is not None and member.connected and member.away_since is None:
        yield member.failed_since + patience.grace
