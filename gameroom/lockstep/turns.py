"""The open turns: which seats were heard for them, with which commands, and which came too late.

Knows seats as numbers and commands as plain values, not what a command is allowed to do. The rule
it keeps: one packet per seat and generation, and exactly one `close` returns each command of a
taken packet. The ids of the taken commands of a seat are remembered, so the caller can remove a
copy from a packet before `take`.

A seat's packets mostly arrive in the order of their generations. So the highest generation heard
and the holes below it distinguish a new packet from a repeated one. A hole is a generation that
was skipped or refused as a whole, and whose packet can still arrive. Skipped generations that are
too old to be holes are stored as ranges: a packet for one of them comes too late, and the server
can tell its sender.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Struct

from gameroom.lockstep.ids import Ids
from gameroom.lockstep.packets import Command, Late

HOLES_MAX = 64
"""How many generations below the highest heard one a hole can be."""

SKIPPED_MAX = 32
"""How many of the latest ranges of skipped generations are remembered for a seat."""


class Taken(Enum):
    """What `take` did with a packet."""

    KEPT = "kept"
    LATE = "late"
    REPEATED = "repeated"
    SKIPPED = "skipped"
    EARLY = "early"


class Held(Struct, frozen=True, gc=False):
    """The commands of one packet, each with its index in that packet, and the ids of the commands
    that have one."""

    seat: int
    generation: int
    commands: tuple[tuple[int, Command], ...]
    ids: tuple[int, ...] = ()


class Closed(Struct, frozen=True, gc=False):
    """A closed turn.

    held: in seat order. The late packets of a seat come before its packet for this generation.
    """

    generation: int
    held: tuple[Held, ...]
    absent: tuple[int, ...]
    late: tuple[Late, ...]

    @property
    def ids(self) -> tuple[tuple[int, int], ...]:
        """Seat and id of each command that has an id, including refused commands."""
        return tuple([(packet.seat, one) for packet in self.held for one in packet.ids])


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard from a seat.

    highest: the highest generation. holes: the generations below it that can still arrive.
    skipped: the first and the last generation of each range. ids: the ids of the latest commands,
    as from `Ids.text`.
    """

    seat: int
    highest: int
    holes: tuple[int, ...] = ()
    skipped: tuple[tuple[int, int], ...] = ()
    ids: str = ""


@dataclass(slots=True)
class Turns:
    """The turns that are still open.

    open: the generation that closes next.
    window: how many generations are open, from `open` on. Packets for later ones are too early.
    heard: by seat, the highest generation for which a packet was taken.
    """

    window: int
    open: int = 1
    heard: dict[int, int] = field(default_factory=dict)
    _holes: dict[int, set[int]] = field(default_factory=dict)
    _skipped: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _held: dict[int, dict[int, Held]] = field(default_factory=dict)
    _late: dict[int, list[Held]] = field(default_factory=dict)
    _ids: dict[int, Ids] = field(default_factory=dict)

    def take(
        self,
        seat: int,
        generation: int,
        commands: Sequence[tuple[int, Command]],
        ids: Sequence[int] = (),
    ) -> Taken:
        """Take a packet, unless it is repeated, is too early, or has commands for a skipped
        generation. Returns what happened.

        commands: each with its index in the packet.
        ids: the ids of the commands that have one. None of them is known yet.
        """
        assert generation >= 1, "generations count from 1"
        if generation <= self.heard.get(seat, 0) and generation not in self._holes.get(seat, ()):
            skipped = self._skipped.get(seat, ())
            is_lost = commands and any(first <= generation <= last for first, last in skipped)
            return Taken.SKIPPED if is_lost else Taken.REPEATED
        if generation >= self.open + self.window:
            return Taken.EARLY
        self._hear(seat, generation)
        self._know(seat, ids)
        if generation < self.open:
            if commands:
                late = Held(seat, generation, tuple(commands), tuple(ids))
                self._late.setdefault(seat, []).append(late)
            return Taken.LATE
        packet = Held(seat, generation, tuple(commands), tuple(ids))
        self._held.setdefault(generation, {})[seat] = packet
        return Taken.KEPT

    def expects(self, seat: int, generation: int) -> bool:
        """Whether this generation is the next one of the seat and its turn is still open."""
        return (
            generation == self.heard.get(seat, 0) + 1
            and self.open <= generation < self.open + self.window
        )

    def keep(
        self, seat: int, generation: int, commands: Sequence[Command], ids: Sequence[int]
    ) -> None:
        """The fast path of `take`, for all commands of a packet that `expects` confirmed."""
        self.heard[seat] = generation
        if ids:
            self._know(seat, ids)
        here = self._held.get(generation)
        if here is None:
            here = self._held[generation] = {}
        here[seat] = Held(seat, generation, tuple(enumerate(commands)), tuple(ids))

    def has_heard(self, seats: frozenset[int]) -> bool:
        """Whether all `seats` have been heard for the open turn."""
        here = self._held.get(self.open)
        if here is None:
            return not seats
        return len(here) >= len(seats) and seats <= here.keys()

    def knows(self, seat: int, one: int) -> bool:
        """Whether a command of this seat with this id was taken."""
        known = self._ids.get(seat)
        return known is not None and one in known

    def _know(self, seat: int, ids: Iterable[int]) -> None:
        for one in ids:
            known = self._ids.get(seat)
            if known is None:
                known = self._ids[seat] = Ids()
            known.add(one)

    def _hear(self, seat: int, generation: int) -> None:
        heard = self.heard.get(seat, 0)
        if generation == heard + 1:
            self.heard[seat] = generation
            return
        holes = self._holes.setdefault(seat, set())
        floor = max(heard + 1, generation - HOLES_MAX)
        holes.update(range(floor, generation))
        holes.discard(generation)
        self.heard[seat] = max(heard, generation)
        if len(holes) > HOLES_MAX:
            kept = {hole for hole in holes if hole > self.heard[seat] - HOLES_MAX}
            for hole in sorted(holes - kept):
                self._skip(seat, hole, hole)
            self._holes[seat] = kept
        if heard + 1 < floor:
            self._skip(seat, heard + 1, floor - 1)

    def _skip(self, seat: int, first: int, last: int) -> None:
        ranges = self._skipped.setdefault(seat, [])
        if ranges and ranges[-1][1] == first - 1:
            ranges[-1] = ranges[-1][0], last
        else:
            ranges.append((first, last))
            del ranges[:-SKIPPED_MAX]

    def unheard(self, seats: Collection[int]) -> tuple[int, ...]:
        """Return those of `seats` whose packet for the open turn is still missing, in seat
        order."""
        here = self._held.get(self.open, {})
        return tuple(seat for seat in sorted(seats) if seat not in here)

    def close(self, seats: Collection[int]) -> Closed:
        """Close the open turn for `seats`, whether they were heard or not, and open the next."""
        generation = self.open
        here = self._held.pop(generation, {})
        if not self._late and here.keys() == set(seats):
            self.open = generation + 1
            return Closed(generation, tuple([here[seat] for seat in sorted(here)]), (), ())
        held: list[Held] = []
        late: list[Late] = []
        absent: list[int] = []
        for seat in sorted(seats):
            if self._late and seat in self._late:
                for packet in self._late.pop(seat):
                    held.append(packet)
                    late.append(Late(seat, packet.generation))
            if (own := here.get(seat)) is not None:
                held.append(own)
            else:
                absent.append(seat)
        self.open = generation + 1
        return Closed(generation, tuple(held), tuple(absent), tuple(late))

    def fold(
        self,
        generation: int,
        present: Collection[int],
        late: Collection[Late],
        ids: Collection[tuple[int, int]] = (),
    ) -> None:
        """Apply a turn that was closed before the server restarted.

        present: the seats that were heard for it. late: its late packets.
        ids: seat and id of each of its commands.
        """
        self.open = generation + 1
        for seat in present:
            self._hear(seat, generation)
        for mark in late:
            self._hear(mark.seat, mark.generation)
        for seat, one in ids:
            self._know(seat, (one,))

    def fold_run(
        self, first: int, last: int, seats: Collection[int], ids: Iterable[tuple[int, int]]
    ) -> None:
        """`fold` the turns from `first` to `last`, if all `seats` were heard in time for each.

        ids: seat and id of each of their commands, in the order of the turns.
        """
        self.open = last + 1
        for seat in seats:
            if self.heard.get(seat, 0) == first - 1:
                self.heard[seat] = last
            else:
                for generation in range(first, last + 1):
                    self._hear(seat, generation)
        for seat, one in ids:
            self._know(seat, (one,))

    def heard_by_seat(self) -> tuple[Heard, ...]:
        """Return what was heard so far, in seat order."""
        return tuple(
            Heard(
                seat,
                highest,
                tuple(sorted(self._holes.get(seat, ()))),
                tuple(self._skipped.get(seat, ())),
                self._ids[seat].text() if seat in self._ids else "",
            )
            for seat, highest in sorted(self.heard.items())
        )

    @classmethod
    def resumed(cls, window: int, open_: int, heard: Iterable[Heard]) -> Turns:
        """Return the turns as they were before the server restarted. No packet has been heard for
        the open ones."""
        turns = cls(window, open_)
        for one in heard:
            turns.heard[one.seat] = one.highest
            turns._holes[one.seat] = set(one.holes)
            if one.skipped:
                turns._skipped[one.seat] = list(one.skipped)
            if one.ids:
                turns._ids[one.seat] = Ids(one.ids)
        return turns

    def forget(self, seat: int) -> None:
        """Forget a seat that was vacated, so that the next player in it starts from scratch."""
        self.heard.pop(seat, None)
        self._holes.pop(seat, None)
        self._skipped.pop(seat, None)
        self._late.pop(seat, None)
        self._ids.pop(seat, None)
        for packets in self._held.values():
            packets.pop(seat, None)
