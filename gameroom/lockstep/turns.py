"""The open turn: who was heard for it, what for, and what came too late.

Knows seats as numbers and commands as they are; what a command may do is not asked
here. The rule it keeps: one packet per seat and generation, and every command of a
taken packet comes out of exactly one `close`. Which commands of a seat were taken is known by
their ids, so that whoever asks can take a copy out of a packet before it comes here.

A seat's packets mostly arrive in the order of their generations, so the highest one heard
and the holes below it tell a new packet from a repeated one. A hole is a generation that
was skipped or refused whole, and whose packet may still come. Generations that were skipped
and lie too far back to be holes are known as ranges: a packet for one of them comes too late,
and its sender can be told so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Struct

from gameroom.lockstep.ids import Ids
from gameroom.lockstep.packets import Command, Late

HOLES_MAX = 64
"""So many generations below the highest heard a packet may still fill a hole."""

SKIPPED_MAX = 32
"""Ranges of skipped generations that are remembered for a seat: the latest ones."""


class Taken(Enum):
    """What became of a packet."""

    KEPT = "kept"
    LATE = "late"
    REPEATED = "repeated"
    SKIPPED = "skipped"
    EARLY = "early"


class Held(Struct, frozen=True, gc=False):
    """The commands of one packet, each with its place in that packet; the ids of those that have
    one."""

    seat: int
    generation: int
    commands: tuple[tuple[int, Command], ...]
    ids: tuple[int, ...] = ()


class Closed(Struct, frozen=True, gc=False):
    """A closed turn. `held` is in seat order, a seat's late packets before its own."""

    generation: int
    held: tuple[Held, ...]
    absent: tuple[int, ...]
    late: tuple[Late, ...]

    @property
    def ids(self) -> tuple[tuple[int, int], ...]:
        """Seat and id of each command that came with one, whether it stands or was refused."""
        return tuple([(packet.seat, one) for packet in self.held for one in packet.ids])


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a seat: the highest generation, and the ones below it that were not; the
    ids of the latest commands as text (`Ids.text`)."""

    seat: int
    highest: int
    holes: tuple[int, ...] = ()
    skipped: tuple[tuple[int, int], ...] = ()
    """The first and the last generation of each range."""
    ids: str = ""


@dataclass(slots=True)
class Turns:
    """The turns that are still open.

    open: the generation that closes next.
    window: how many generations from the open one on are taken; later ones are early.
    heard: by seat, the highest generation of which a packet was taken.
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
        """Keep a packet, unless it is a repetition, too early, or has commands and comes long
        after a later one. ids: of those commands that have one; none of them is known yet."""
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
        """Whether a packet of this generation is the next one of its seat and its turn is still
        open."""
        return (
            generation == self.heard.get(seat, 0) + 1
            and self.open <= generation < self.open + self.window
        )

    def keep(
        self, seat: int, generation: int, commands: Sequence[Command], ids: Sequence[int]
    ) -> None:
        """`take` all commands of a packet that is expected."""
        self.heard[seat] = generation
        if ids:
            self._know(seat, ids)
        here = self._held.get(generation)
        if here is None:
            here = self._held[generation] = {}
        here[seat] = Held(seat, generation, tuple(enumerate(commands)), tuple(ids))

    def has_heard(self, seats: frozenset[int]) -> bool:
        """Whether every one of `seats` has been heard for the open turn."""
        here = self._held.get(self.open)
        if here is None:
            return not seats
        return len(here) >= len(seats) and seats <= here.keys()

    def knows(self, seat: int, one: int) -> bool:
        """Whether a command with this id was taken from this seat."""
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
        """Those of `seats` whose packet for the open turn is still out, in seat order."""
        here = self._held.get(self.open, {})
        return tuple(seat for seat in sorted(seats) if seat not in here)

    def close(self, seats: Collection[int]) -> Closed:
        """Close the open turn for `seats`, heard or not, and open the next one."""
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
        """A turn that was closed in an earlier life, with the seats that were heard for it and
        seat and id of each of its commands."""
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
        """`fold` for the turns from `first` to `last`, for each of which all of `seats` were heard
        in time. ids: seat and id of each of their commands, in the order of the turns."""
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
        """What was heard so far, in seat order."""
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
        """The turns of an earlier life, of whose open ones nothing was heard yet."""
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
        """The seat is vacated: whoever sits there next starts from nothing."""
        self.heard.pop(seat, None)
        self._holes.pop(seat, None)
        self._skipped.pop(seat, None)
        self._late.pop(seat, None)
        self._ids.pop(seat, None)
        for packets in self._held.values():
            packets.pop(seat, None)
