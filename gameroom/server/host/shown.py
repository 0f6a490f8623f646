"""What of a room is shown to anybody who may not know yet: the room as it was a while ago.

Knows events and times; no sockets and no journal. A room whose file says
`spectators 0..50 delay 30s` has one `Delayed`. It shows the room after exactly the events that
are old enough, on every way: in answers, in the first answer of a socket, on the join page.

How the room of half a minute ago is known without keeping half a minute of events: every
event gives a new picture, and the pictures share what did not change. Of those that are not
old enough yet, about `PICTURES` are kept, evenly spaced. The events between a kept picture and
the moment that is asked for are folded from the room's recent events or its journal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from msgspec import structs

from gameroom.chart import Chart as Compiled
from gameroom.lockstep.packets import ChartState, Ended, Event, MasterPacket, Moves, Roster, Setup
from gameroom.lockstep.problem import Problem
from gameroom.model import Value
from gameroom.room import Room, inputs
from gameroom.room.effects import Reply
from gameroom.store import Header

PICTURES = 64
"""About how many pictures are kept for the time of the delay, at most twice as many."""

EVENTS_MAX = 1024
"""Events that are folded for one question. Where a delay of hours has more of them between two
pictures, the room is shown a little older than it could be."""

NOT_NOW = Problem(409, "not_now", "You cannot do this now.")
"""A refusal that says nothing about the state the room is in."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A room after the event `seq`, which happened at `at`, in milliseconds of the room's time.

    generation: the last closed turn. turn_ms, ahead: the pace from the next turn on.
    over: whether the end has been told.
    """

    seq: int
    at: int
    generation: int
    turn_ms: int
    ahead: int
    setup: Setup
    roster: Roster
    chart: ChartState
    over: bool = False

    @classmethod
    def of(cls, room: Room, at: int) -> Shown:
        """A room as it is now."""
        setup, roster, moves = room.picture().body
        assert isinstance(setup, Setup)
        assert isinstance(roster, Roster)
        assert isinstance(moves, Moves)
        pace = room.pace
        return cls(
            room.seq, at, room.generation, pace.turn_ms, pace.ahead, setup, roster, moves.chart,
            room.over,
        )  # fmt: skip

    @classmethod
    def beginning(cls, chart: Compiled, seed: int, settings: Mapping[str, Value]) -> Shown:
        """How a room with this chart begins. That is no secret: it follows from its file and
        its settings."""
        room = Room(chart, seed=seed, settings=settings)
        room.begin()
        return replace(cls.of(room, 0), seq=0)

    @property
    def moves(self) -> Moves:
        """Where the chart is."""
        return Moves(self.generation, self.chart)

    def after(self, event: Event, at: int) -> Shown:
        """The room after one more event."""
        body = event.body
        match body:
            case MasterPacket():
                chart = self.chart if body.chart is None else replace(body.chart, moved=())
                return replace(
                    self, seq=event.seq, at=at, generation=body.generation, turn_ms=body.turn_ms,
                    ahead=body.ahead, chart=chart,
                )  # fmt: skip
            case Moves():
                chart = replace(body.chart, moved=())
                return replace(self, seq=event.seq, at=at, chart=chart)
            case Setup():
                return replace(self, seq=event.seq, at=at, setup=body)
            case Roster():
                return replace(self, seq=event.seq, at=at, roster=body)
            case Ended():
                return replace(self, seq=event.seq, at=at, over=True)
            case _:
                return replace(self, seq=event.seq, at=at)


class Delayed:
    """The room of `delay_ms` ago. What was shown once is never taken back, though the time falls
    where a room wakes.

    following: the events after a seq, in memory or in the journal, oldest first, each with the
    time when it happened.
    """

    def __init__(
        self,
        delay_ms: int,
        start: Shown,
        following: Callable[[int], Iterable[tuple[Event, int]]],
    ) -> None:
        """`start` may be shown at once, in place of everything that is too new: how the room
        began, or what it showed before a restart."""
        self.delay_ms = delay_ms
        self._following = following
        self._spacing_ms = max(1, delay_ms // PICTURES)
        self._kept: deque[Shown] = deque()
        """Pictures before the last one, the oldest at the front."""
        self._last = start

    @classmethod
    def of(
        cls,
        room: Room,
        header: Header,
        start: Shown | None,
        following: Callable[[int], Iterable[tuple[Event, int]]],
    ) -> Delayed | None:
        """What the watchers of a room are shown; None if they are told everything at once. start:
        what they were shown before a restart."""
        watchers = room.file.spectators
        if watchers is None or not watchers.delay.amount:
            return None
        start = start or Shown.beginning(room.chart_driver.chart, header.seed, header.setup)
        delayed = cls(watchers.delay.amount, start, following)
        for event, at in following(start.seq):
            delayed.note(event, at)
        return delayed

    def note(self, event: Event, at: int) -> None:
        """An event happened."""
        last = self._last
        if not self._kept or at - self._kept[-1].at >= self._spacing_ms:
            self._kept.append(last)
        self._last = last.after(event, at)
        while len(self._kept) > 1 and self._kept[1].at <= at - self.delay_ms:
            self._kept.popleft()

    def shown(self, now: int) -> Shown:
        """The room as it was at `now - delay_ms`."""
        until = now - self.delay_ms
        if self._last.at <= until or not self._kept:
            self._kept.clear()
            return self._last
        while len(self._kept) > 1 and self._kept[1].at <= until:
            self._kept.popleft()
        found = self._kept[0]
        for event, at in islice(self._following(found.seq), EVENTS_MAX):
            if at > until:
                break
            found = found.after(event, at)
        # Whoever asks next folds on from here.
        self._kept[0] = found
        return found

    def told(self, packet: inputs.Packet, reply: Reply, now: int) -> Reply:
        """The room's answer to somebody who may not know yet what state it is in. Whether what
        was asked is done has to be said; why not, where that is about the state, is not."""
        shown = self.shown(now)
        problem = reply.problem
        if problem is not None:
            is_of_state = problem.state is not None or problem.allowed
            if is_of_state or (problem.status == 410 and not shown.over):
                return Reply(NOT_NOW.status, problem=NOT_NOW)
        elif isinstance(packet, inputs.Configure) and reply.status == 200:
            settings: Mapping[str, Value] = {**shown.setup.settings, **packet.settings}
            return structs.replace(reply, body=settings)
        return reply
