"""The delayed view of a room: its state a while ago, for people who must not know the present.

Knows events and times, but no sockets and no journal. A room whose file has
`spectators 0..50 delay 30s` has one `Delayed`. It shows the room after exactly the events that
are old enough, everywhere: in answers, in the first answer on a socket, on the join page.

To show the room of half a minute ago without storing half a minute of events, each event creates a
new picture of the room, and pictures share their unchanged parts. Of the pictures that are too new
to show, about `PICTURES` are kept, evenly spaced. The events between a kept picture and the
requested moment are folded from the room's recent events or its journal.
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
"""About how many pictures are kept for the time of the delay. The maximum is twice as many."""

EVENTS_MAX = 1024
"""The maximum number of events folded for one request. If a delay of hours has more events between
two pictures, the room is shown slightly older than necessary."""

NOT_NOW = Problem(409, "not_now", "You cannot do this now.")
"""A refusal that reveals nothing about the room's state."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A room after the event `seq`, which happened at `at`, in milliseconds of the room's time.

    generation: the last closed turn. turn_ms, ahead: the pace from the next turn on.
    over: whether the event `ended` was sent.
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
        """The current state of a room."""
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
        """The initial state of a room with this chart. It is not secret, because it follows from
        the room file and the settings."""
        room = Room(chart, seed=seed, settings=settings)
        room.begin()
        return replace(cls.of(room, 0), seq=0)

    @property
    def moves(self) -> Moves:
        """The active states of the chart."""
        return Moves(self.generation, self.chart)

    def after(self, event: Event, at: int) -> Shown:
        """The state after one more event."""
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
    """The room as it was `delay_ms` ago. It never shows an older state than before, although the
    time decreases when a room wakes up.

    following: returns the events after a seq, from memory or the journal, oldest first, each with
    its time.
    """

    def __init__(
        self,
        delay_ms: int,
        start: Shown,
        following: Callable[[int], Iterable[tuple[Event, int]]],
    ) -> None:
        """start: the state to show while all others are too new: the initial state of the room, or
        the last state shown before a restart."""
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
        """The delayed view for the spectators of a room, None if they have no delay. start: the
        last state shown before a restart."""
        watchers = room.file.spectators
        if watchers is None or not watchers.delay.amount:
            return None
        start = start or Shown.beginning(room.chart_driver.chart, header.seed, header.setup)
        delayed = cls(watchers.delay.amount, start, following)
        for event, at in following(start.seq):
            delayed.note(event, at)
        return delayed

    def note(self, event: Event, at: int) -> None:
        """Add an event."""
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
        # The next request continues folding from here.
        self._kept[0] = found
        return found

    def told(self, packet: inputs.Packet, reply: Reply, now: int) -> Reply:
        """The room's answer, without information that this person must not know yet. The answer
        shows whether the request succeeded, but hides a reason that depends on the state."""
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
