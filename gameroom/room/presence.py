"""Who is silent, who is gone, who is lost: the people's side of time.

Knows people and durations; no chart, no turns, and of flags only what they are (`lifecycle`
changes them). It keeps the times, the chart decides. The ladder of docs/ladder.md in its order: a
due turn has not heard a player (silent); after a while all are told by name (missing); after a
longer while the seat may be taken (lost).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from gameroom.lockstep.packets import ClientPacket, Roster, RosterRow
from gameroom.model import RoomFile, policies
from gameroom.model.policies import number
from gameroom.room.people import Member, People

ARRIVAL_MS = 10_000
"""How long somebody who joined counts as connected before the socket has opened: a room
must not start without a player whose socket is still opening."""

SILENT_MS = 250
"""How overdue a turn is before it is asked who is silent. So long is a hidden page waited
for: longer than its packets vary, too short to be a pause."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The room file's times in milliseconds: `policy lag` and `policy reconnect`.

    waits: turns are held up by who is missing (`gather = all`).
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
    """Somebody has come in; the socket is still opening."""
    member.away_since = now


def connect(member: Member, now: int, *, is_near: bool) -> None:
    """The socket is open. Where the player is not near the present, the turns wait for this
    player only once a packet has come. Whose engine had failed has the whole grace to catch up."""
    member.arrived, member.away_since, member.failed_here = True, None, False
    if member.failed:
        member.failed_since = now
    if not is_near:
        member.gathers_from = None


def disconnect(member: Member, now: int) -> None:
    """The socket is gone; the seat is kept for the reconnect grace."""
    member.gathers_from = None
    hear(member)
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


def is_anybody_here(people: People) -> bool:
    """Is there a player for whom time has to go on? Somebody who has joined and never opened a
    socket is awaited no longer than ever: or seats could be taken without being there."""
    return any(
        member.connected or not (member.arrived or member.lost) for member in people.players()
    )


def wait_anew(people: People, now: int) -> None:
    """Time has stood still while everybody was away: whoever still is has the whole grace."""
    for member in people:
        if not member.connected:
            member.away_since = now


# -- hidden pages ----------------------------------------------------------------------------


def hide(member: Member, now: int) -> None:
    """The page is not seen any more: the turns don't wait for it, and whoever was silent before
    has the whole grace from now on."""
    member.missing_since = None
    if member.silent_since is not None:
        member.silent_since = now


def show(member: Member) -> None:
    """The page is seen again: it catches up where it has stopped, and has all its time."""
    member.silent_since = None


# -- silence ---------------------------------------------------------------------------------


def fall_silent(
    people: People, unheard: Collection[int], due: int, generation: int, now: int
) -> None:
    """The turn of this generation, due at `due`, has not heard these seats. Who has no
    connection is not awaited, nor who counts only from a later turn on; nor is a hidden page,
    from now on: the turn may have been due long before the page was hidden."""
    for member in people.players():
        if member.seat not in unheard or not member.connected:
            continue
        counts = member.gathers_from is not None and member.gathers_from <= generation
        if member.silent_since is None and (member.hidden or counts):
            member.silent_since = now if member.hidden else due
        if member.hidden:
            member.gathers_from = None


def rest(people: People) -> None:
    """No turn is due: silence means nothing, but for those whom the rest is about."""
    for member in people.players():
        if member.silent_since is not None and not member.missing:
            member.silent_since = None


def newly_missing(people: People, patience: Patience, now: int) -> list[Member]:
    """Those who have been silent for too long by now, and were not missing before."""
    return [
        member
        for member in people.players()
        if (at := _missing_at(member, patience)) is not None and now >= at
    ]


def miss(member: Member, patience: Patience, now: int) -> None:
    """This player is missing from now on."""
    member.missing_since = now
    if not patience.waits:
        member.gathers_from = None


def hear(member: Member) -> None:
    """A packet came from this player, or none is awaited any more. Asked with every packet: mostly
    there is nothing to note."""
    if member.silent_since is not None or member.missing_since is not None:
        member.missing_since = member.silent_since = None


def quarantine(member: Member, now: int) -> None:
    """The engine begins again: the turns go on without this player until it agrees."""
    member.repairs += 1
    member.repairing, member.repairing_since = True, now
    member.gathers_from = None


def release(member: Member) -> None:
    """The engine agrees with the others again, or is compared anew."""
    member.outvoted = member.repairing = False
    member.repairing_since = None


# -- engines that failed ---------------------------------------------------------------------


def fail(member: Member, now: int, failure: tuple[int, str]) -> None:
    """The engine cannot go on: the turns do, without this player."""
    member.failed_since, member.failure, member.failed_here = now, failure, True
    member.gathers_from = None
    hear(member)


def runs(member: Member, packet: ClientPacket) -> bool:
    """Does this packet come from an engine that runs? One that was on its way when the engine
    failed may come after the report; and a report may come late, when another engine runs
    already, which has gone past that turn."""
    if not member.failed_here or member.failure is None:
        return True
    return packet.checksum is not None and packet.checksum.generation > member.failure[0]


def revive(member: Member) -> None:
    """The engine runs: a new one where it had failed."""
    member.failed_since, member.failure, member.failed_here = None, None, False


def newly_lost(people: People, patience: Patience, now: int) -> list[Member]:
    """Those who have been away, silent, failed or under repair for too long by now, and were not
    lost before."""
    return [
        member
        for member in people
        if not member.lost and any(now >= at for at in _lost_at(member, patience))
    ]


# -- times -----------------------------------------------------------------------------------


def deadlines(people: People, patience: Patience) -> Iterator[int]:
    """When somebody will be noted next, if nothing changes."""
    for member in people:
        if member.connected and member.away_since is not None:
            yield member.away_since + ARRIVAL_MS
        if (at := _missing_at(member, patience)) is not None:
            yield at
        if not member.lost:
            yield from _lost_at(member, patience)


def roster(people: People, patience: Patience, now: int) -> Roster:
    """The roster as everyone sees it, with how long those who are absent have been so."""
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
        else:  # Awaited since the server started: away soon, and then for the whole grace.
            yield member.away_since + ARRIVAL_MS + patience.grace
    if member.hidden and member.silent_since is not None:
        yield member.silent_since + patience.grace
    if member.repairing_since is not None:
        yield member.repairing_since + patience.grace
    if member.failed_since is not None and member.connected and member.away_since is None:
        yield member.failed_since + patience.grace
