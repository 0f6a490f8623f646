"""Checks the commands in every master packet against the packets that the room accepted.

This is a second, simpler implementation of turns. It sees only the inputs and outputs of the room.
The rule: an accepted command is in the journal exactly once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from gameroom.lockstep.ids import IDS_MAX
from gameroom.lockstep.packets import (
    ClientPacket,
    Command,
    Event,
    Late,
    MasterPacket,
    Roster,
    seat_name,
)
from gameroom.lockstep.turns import HOLES_MAX
from gameroom.room.effects import Rejected, Reply
from gameroom.simulator.invariants import (
    AbsentError,
    ExactlyOnceError,
    ForeignError,
    NotWaitedError,
    SeatOrderError,
)

Sitter = tuple[int, str]
"""A seat and its user. A new user of a seat has a new account."""

Indexed = tuple[tuple[int, Command], ...]
"""The valid commands of a packet, each with its index in the packet."""

Seated = Mapping[int, str]
"""The user ids by seat."""


@dataclass(slots=True)
class Account:
    """The account of one seat and user.

    taken: the generations whose packet was accepted since the last start of the server. stored: the
    generations whose packet is in the journal. held, late: accepted packets whose turn is not
    closed. rejected: (generation, index). ids: the ids of accepted commands, with the turn that
    contains them. since: from this generation on turns wait for this player, None before the first
    packet of a connection."""

    taken: set[int] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)
    held: dict[int, Indexed] = field(default_factory=dict)
    late: list[tuple[int, Indexed]] = field(default_factory=list)
    rejected: set[tuple[int, int]] = field(default_factory=set)
    ids: dict[int, int] = field(default_factory=dict)
    since: int | None = None

    def unbroken(self, generation: int) -> int:
        """The first generation of the held packets that lead to this one without a gap."""
        while generation - 1 in self.held:
            generation -= 1
        return generation


class Accounts:
    """ignorable: the commands that some state silently ignores. waits: whether the room uses
    `gather = all`."""

    def __init__(self, ignorable: Collection[str], *, waits: bool) -> None:
        self.accounts: defaultdict[Sitter, Account] = defaultdict(Account)
        self.closed = 0
        self._ignorable = ignorable
        self._waits = waits

    def heard(
        self,
        sitter: Sitter,
        packet: ClientPacket,
        reply: Reply,
        open_: int,
        misfits: Collection[int],
    ) -> None:
        """The room answered a packet while `open_` was the open generation. misfits: the indexes of
        the commands that it refused at once."""
        page, generation = self.accounts[sitter], packet.generation
        fitting = tuple(one for one in enumerate(packet.commands) if one[0] not in misfits)
        known = generation in page.taken or generation in page.stored
        if reply.status == 202:
            if known:
                what = f"the packet of generation {generation} was accepted twice"
                raise ExactlyOnceError(what, seat=sitter[0])
            page.taken.add(generation)
            self._note_ids(sitter, packet, [index for index, _ in fitting], max(generation, open_))
            if generation < open_:
                page.late.append((generation, fitting))
            else:
                page.held[generation] = fitting
        if reply.status in (200, 202) and page.since is None and generation >= open_:
            page.since = generation if reply.status == 202 else page.unbroken(generation)
        if reply.status == 200 and not known and packet.commands:
            highest = max(page.taken | page.stored, default=0)
            if generation > highest - HOLES_MAX:
                what = f"the packet of generation {generation} is new, but was treated as a repeat"
                raise ExactlyOnceError(what, seat=sitter[0])

    def _note_ids(
        self, sitter: Sitter, packet: ClientPacket, fitting: Iterable[int], turn: int
    ) -> None:
        """Check that a command was accepted only once, even if two pages with the same memory have
        sent it."""
        ids = self.accounts[sitter].ids
        for one in [packet.ids[index] for index in fitting if packet.ids and packet.ids[index]]:
            if one in ids:
                what = f"command {one} was accepted for turn {ids[one]} and for turn {turn}"
                raise ExactlyOnceError(what, seat=sitter[0])
            ids[one] = turn
        for old in list(ids)[:-IDS_MAX]:
            del ids[old]

    def rejected(self, sitter: Sitter, told: Rejected) -> None:
        self.accounts[sitter].rejected.add((told.generation, told.index))

    def interrupted(self, sitter: Sitter) -> None:
        """This player connected or disconnected: turns need not wait for the player."""
        self.accounts[sitter].since = None

    def turn(self, master: MasterPacket, before: Seated, after: Seated) -> None:
        """A turn was closed. before, after: the users of the seats before and after this call."""
        self.closed = master.generation
        seats = [part.seat for part in master.commands]
        if seats != sorted(set(seats)):
            raise SeatOrderError(
                f"turn {master.generation} lists {', '.join(map(seat_name, seats))}"
            )
        said = {part.seat: part.commands for part in master.commands}
        for seat in said:
            if seat not in before and seat not in after:
                what = f"turn {master.generation} has commands of an empty seat"
                raise ForeignError(what, seat=seat)
        for seat in sorted(before):
            if after.get(seat) == before[seat]:
                self._seat(master, (seat, before[seat]), said.get(seat, ()))

    def _seat(self, master: MasterPacket, sitter: Sitter, said: tuple[Command, ...]) -> None:
        page, seat, generation = self.accounts[sitter], sitter[0], master.generation
        was_heard = generation in page.held
        late = [one for one in page.late if one[1]]
        packets = [*late, (generation, page.held.pop(generation, ()))]
        page.late.clear()
        wanted = [
            command
            for number, commands in packets
            for index, command in commands
            if (number, index) not in page.rejected
        ]
        self._compare(generation, seat, wanted, said)
        marks = [mark for mark in master.late if mark.seat == seat]
        self._absence(master, sitter, was_heard, [Late(seat, number) for number, _ in late], marks)
        page.stored.update(number for number, _ in packets[:-1])
        if was_heard:
            page.stored.add(generation)
        page.rejected = {one for one in page.rejected if one[0] > generation}

    def _compare(
        self, generation: int, seat: int, wanted: Iterable[Command], said: Iterable[Command]
    ) -> None:
        wanted = [one for one in wanted if one.name not in self._ignorable]
        found = [one for one in said if one.name not in self._ignorable]
        if found == wanted:
            return
        if any(one not in wanted for one in found):
            raise ForeignError(f"turn {generation} has commands that nobody sent", seat=seat)
        what = f"turn {generation} has {len(found)} commands, but {len(wanted)} were accepted"
        if len(found) == len(wanted):
            what = f"turn {generation} has the commands in a different order from the packets"
        raise ExactlyOnceError(what, seat=seat)

    def _absence(
        self,
        master: MasterPacket,
        sitter: Sitter,
        was_heard: bool,
        late: list[Late],
        marks: list[Late],
    ) -> None:
        page, (seat, user), generation = self.accounts[sitter], sitter, master.generation
        if was_heard == (seat in master.absent):
            what = f"turn {generation} lists {user} as absent, but their packet was accepted"
            if not was_heard:
                what = f"turn {generation} lists {user} as present, but no packet was accepted"
            raise AbsentError(what, seat=seat)
        if marks != late:
            what = f"turn {generation} lists the late packets {marks} instead of {late}"
            raise AbsentError(what, seat=seat)
        awaited = page.since is not None and page.since <= generation
        if awaited and not was_heard and self._waits:
            raise NotWaitedError(
                f"turn {generation} closed without the packet of {user}", seat=seat
            )

    # -- restarts ----------------------------------------------------------------------

    def restarted(self, events: Iterable[Event]) -> None:
        """The server has restarted: keep only the facts that follow from the journal."""
        before = dict(self.accounts)
        self.accounts.clear()
        self.closed = 0
        seated: dict[int, str] = {}
        for event in events:
            match event.body:
                case Roster(seats=rows):
                    seated = {row.seat: row.user for row in rows}
                    self.vacated(seated)
                case MasterPacket() as master:
                    self.closed = master.generation
                    for sitter in seated.items():
                        if sitter[0] not in master.absent:
                            self.accounts[sitter].stored.add(master.generation)
                    for mark in master.late:
                        self.accounts[mark.seat, seated[mark.seat]].stored.add(mark.generation)
        for sitter in before.keys() & self.accounts.keys():
            ids = before[sitter].ids.items()
            self.accounts[sitter].ids = {one: turn for one, turn in ids if turn <= self.closed}

    def vacated(self, seated: Seated) -> None:
        """Remove the accounts of users who no longer have their seat."""
        for sitter in [one for one in self.accounts if seated.get(one[0]) != one[1]]:
            del self.accounts[sitter]
