"""One room at work: performs its effects, owns its clock, its timer and its sockets.

Decides nothing: what may happen is the room's business. Everything from a packet to the
writes into the transports is one synchronous call, so nothing can come between.

The rule it keeps: store, then tell. An event that could not be stored is told to nobody,
and the room stops there. A fault of our own stops this room alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from gameroom.lockstep.packets import (
    Diverged,
    Ended,
    Event,
    MasterPacket,
    Roster,
    Snapshot,
)
from gameroom.lockstep.problem import Problem
from gameroom.room import Room, inputs
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Keep, Part, Rejected, Reply
from gameroom.server import fastpath
from gameroom.server.clock import Clock
from gameroom.server.events import entry_of, event_of, snapshot_of, stored_snapshot
from gameroom.server.recent import Recent, Told
from gameroom.server.shown import Delayed, Shown
from gameroom.store import (
    SNAPSHOTS_KEPT,
    Entry,
    Journal,
    JournalDamagedError,
    SnapshotStore,
    StoreFailedError,
)
from gameroom.wire import MSGPACK, SUBPROTOCOLS, BadFrameError, Close, Codec

log = logging.getLogger(__name__)


class Line(Protocol):
    """What a runner needs of a socket that has said who it is."""

    @property
    def who(self) -> str:
        """The user id."""

    @property
    def delay_ms(self) -> int:
        """How late this socket is told what happens."""

    def push(self, told: Told) -> None:
        """Send an event, where it is the next one for this socket, and due."""

    def reject(self, rejected: Rejected) -> None:
        """Tell this person alone."""

    def close(self, code: int, reason: str) -> None:
        """Send no more, and close. Does not call back."""


class Runner:
    """A room and all that it needs from the world."""

    def __init__(
        self,
        room: Room,
        *,
        journal: Journal,
        snapshots: SnapshotStore,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        tail_bytes_max: int,
        forget: Callable[[str, str], None],
        over: Callable[[Runner], None],
        diverged: Callable[[Runner, Diverged], None] = lambda runner, verdict: None,
    ) -> None:
        """forget: called with (room, user) when somebody's session is over;
        over: called once when the room has ended; diverged: with every such verdict, when all
        have been told."""
        self.id = journal.header.room
        self.room = room
        self.journal = journal
        self.snapshots = self._usable(snapshots)
        """Those from which somebody may go on, newest first, with the time of their turns."""
        self.lines: dict[str, Line] = {}
        self.stopped: Problem | None = None
        """Why this room runs no more, None while it does."""
        self.codecs: dict[str, Codec] = {name: Codec(name, room.file) for name in SUBPROTOCOLS}
        self.turn_seqs: list[int] = []
        """The seq of each generation's master packet, the first one's at 0."""
        self.clock = clock
        self._loop = loop
        self._snapshots = snapshots
        self._recent = Recent(tail_bytes_max)
        self.delayed = self._delayed()
        """What watchers and strangers are shown, None where that is what players are shown."""
        self._forget = forget
        self._over = over
        self._diverged = diverged
        self.roster = room.people.roster()
        """As it was told last: the room itself may be further on already."""
        self._timer: asyncio.Handle | None = None
        self._rings_at = 0.0
        """When the timer rings, by the loop's clock. A handle need not know: uvloop gives one
        without `when` for what is due already."""
        self._due: int | None = None
        self._gone: list[Line] = []
        self._inside = False
        self._last: Told | None = None

    # -- doors ---------------------------------------------------------------------

    def begin(self) -> None:
        """Start a new room."""
        self._enter(self.room.begin)

    def resume(self) -> None:
        """Start a room that was restored from its journal."""
        self._enter(lambda: self.room.tick(self.clock.now()))

    def receive(self, who: str, packet: inputs.Packet) -> Reply:
        """Give the room a packet, perform what it wants, and return its answer."""
        reply = self._enter(lambda: self.room.receive(who, packet, self.clock.now()))
        if reply is None:
            assert self.stopped is not None, "a room answers every packet"
            return Reply(self.stopped.status, problem=self.stopped)
        if self.delayed is not None and not self.knows(who):
            return self.delayed.told(packet, reply, self.now)
        return reply

    def attach(self, line: Line, seq: int) -> None:
        """A socket of a member who has every event up to `seq` takes over; the one before
        it is closed and counts no more."""
        before = self.lines.get(line.who)
        self.lines[line.who] = line
        if before is not None:
            before.close(Close.DISPLACED, "another connection took this seat")
        self.receive(line.who, inputs.Connect(seq))

    def detach(self, line: Line) -> None:
        """A socket is gone. Safe to call twice, and while the room is telling."""
        self._gone.append(line)
        if not self._inside:
            self._settle()

    def after(self, seq: int) -> list[Told] | None:
        """What was told after `seq`, None when that is only in the journal."""
        return [] if seq == self.room.seq else self._recent.after(seq)

    @property
    def now(self) -> int:
        """The time by which events get old enough for watchers, in milliseconds. It goes on while
        the room sleeps, and falls back to the room's own time when it wakes."""
        return self.clock.now() - self.room.slept_ms

    def knows(self, who: str) -> bool:
        """May this person know at once what happens? Players may; where watchers are told late,
        nobody else may: anybody could be a watcher."""
        member = self.room.people.members.get(who)
        return self.delayed is None or (member is not None and member.seat is not None)

    def delay_ms(self, who: str) -> int:
        """How late this person is told what happens."""
        return 0 if self.delayed is None or self.knows(who) else self.delayed.delay_ms

    def shown(self, who: str = "") -> Shown:
        """The room as this person may know it; a stranger has no user id."""
        if self.delayed is None or self.knows(who):
            return Shown.of(self.room, self.now)
        return self.delayed.shown(self.now)

    def snapshot_for(self, who: str) -> Snapshot | None:
        """The latest one that this person may see."""
        return self._latest(self.delay_ms(who))

    def resume_for(self, who: str, seq: int, behind_max: int) -> Snapshot | None:
        """The snapshot from which somebody goes on who has seen every event up to `seq`; None
        where the tail is short enough."""
        found = self.snapshot_for(who)
        return found if found is not None and found.seq - seq > behind_max else None

    def state(self, snapshot: Snapshot) -> bytes | None:
        """The bytes of a snapshot's state. May be called from any thread."""
        return self._snapshots.state(self.id, snapshot.generation)

    def forget_snapshots(self) -> None:
        """Nobody comes late any more."""
        self.snapshots = []
        self._snapshots.drop(self.id)

    def _delayed(self) -> Delayed | None:
        watchers, header = self.room.file.spectators, self.journal.header
        if watchers is None or not watchers.delay.amount:
            return None
        start = Shown.beginning(self.room.course.chart, header.seed, header.setup)
        return Delayed(watchers.delay.amount, start, self._following)

    def _following(self, seq: int) -> Iterator[Told]:
        """The events after `seq`. Those from the journal are read one by one as they are asked
        for; where it cannot be read they end early, and the room is shown as it was before."""
        told = self.after(seq)
        if told is not None:
            yield from told
            return
        try:
            for entry in self.journal.read(after=seq):
                yield self.old(entry, MSGPACK)
        except (StoreFailedError, JournalDamagedError) as error:
            log.error("room %s: the journal cannot be read for watchers: %s", self.id, error)

    def _latest(self, delay_ms: int) -> Snapshot | None:
        until = self.now - delay_ms
        return next((kept for kept, at in self.snapshots if at <= until), None)

    def _usable(self, store: SnapshotStore) -> list[tuple[Snapshot, int]]:
        """What is kept of this room. A snapshot of events that the journal has lost, with a
        power cut, tells of another game."""
        usable = []
        for head in store.heads(self.id):
            try:
                snapshot = snapshot_of(head)
            except BadFrameError as error:
                log.warning("room %s: a snapshot is not used: %s", self.id, error)
                continue
            if snapshot.seq > self.journal.last:
                store.drop(self.id)
                return []
            usable.append((snapshot, head.at))
        return usable

    def frame(self, told: Told, subprotocol: str) -> bytes:
        """The event's frame in this subprotocol, made once."""
        frame = told.frames.get(subprotocol)
        if frame is None:
            frame = told.frames[subprotocol] = self._encode(told.event, subprotocol)
            self._recent.count(told)
        return frame

    def old(self, entry: Entry, subprotocol: str) -> Told:
        """An event from the journal with its frame, kept nowhere."""
        event = event_of(entry, self.codecs[MSGPACK])
        if subprotocol == MSGPACK:
            return Told(event, entry.at, {MSGPACK: fastpath.frame(entry.event)})
        return Told(event, entry.at, {subprotocol: self._encode(event, subprotocol)})

    def turns(self, first: int, turns_max: int) -> list[MasterPacket]:
        """Master packets from a generation on, at most so many."""
        wanted = self.turn_seqs[max(first, 1) - 1 :][: max(0, turns_max)]
        if not wanted:
            return []
        entries = self.journal.read(after=wanted[0] - 1, limit=wanted[-1] - wanted[0] + 1)
        found = (event_of(entry, self.codecs[MSGPACK]).body for entry in entries)
        return [body for body in found if isinstance(body, MasterPacket)]

    def _encode(self, event: Event, subprotocol: str) -> bytes:
        return fastpath.frame(self.codecs[subprotocol].encode_event(event))

    def close(self, code: Close, reason: str) -> None:
        """Let go of every socket; the room says no more. Its journal is whole as it is."""
        if self.stopped is None:
            self.stopped = Problem(503, "closing", "The server is closing this room.")
        self._hush()
        for line in list(self.lines.values()):
            line.close(code, reason)
        self.lines.clear()
        try:
            self.journal.close()
        except StoreFailedError as error:
            log.error("room %s: the journal cannot be closed: %s", self.id, error)

    # -- effects -------------------------------------------------------------------

    def _enter(self, step: Callable[[], Sequence[Effect]]) -> Reply | None:
        """One step of the room and all that follows from it."""
        if self.stopped is not None:
            return None
        assert not self._inside, "a room is entered by one call at a time"
        self._inside = True
        try:
            return self._perform(step())
        except StoreFailedError as error:
            log.error("room %s: the journal cannot be written: %s", self.id, error)
            self._stop("not_stored", "What happened could not be stored; the room has stopped.")
        except Exception:
            log.exception("room %s: a fault of ours", self.id)
            self._stop("fault", "The room has stopped by a fault of the server.")
        finally:
            self._inside = False
            self._settle()
        return None

    def _perform(self, effects: Sequence[Effect]) -> Reply | None:
        reply: Reply | None = None
        failed: Problem | None = None
        for effect in effects:
            match effect:
                case Append():
                    self._append(effect)
                case Broadcast(event):
                    self._tell(event)
                case Reply():
                    reply = effect
                case Rejected(who):
                    if (line := self.lines.get(who)) is not None:
                        line.reject(effect)
                case Keep():
                    failed = self._keep(effect)
                case Part(who, code, reason):
                    self._part(who, Close(code), reason)
                case Arm(at):
                    self._arm(at)
        return reply if failed is None else Reply(failed.status, problem=failed)

    def _keep(self, effect: Keep) -> Problem | None:
        """A snapshot that cannot be stored is no harm to the game; why it could not be."""
        try:
            self._snapshots.put(self.id, stored_snapshot(effect))
        except StoreFailedError as error:
            log.error("room %s: a snapshot cannot be kept: %s", self.id, error)
            return Problem(503, "not_stored", "The snapshot could not be stored.")
        self.snapshots = [(effect.snapshot, effect.at), *self.snapshots][:SNAPSHOTS_KEPT]
        return None

    def _append(self, effect: Append) -> None:
        """Store. The bytes in the journal are those of the msgpack sockets."""
        entry = entry_of(effect, self.codecs[MSGPACK])
        self.journal.append(entry)
        self._last = Told(effect.event, effect.at, {MSGPACK: fastpath.frame(entry.event)})
        self._recent.add(self._last)
        if self.delayed is not None:
            self.delayed.note(effect.event, effect.at)
        if isinstance(effect.event.body, MasterPacket):
            self.turn_seqs.append(effect.event.seq)

    def _tell(self, event: Event) -> None:
        told = self._last
        assert told is not None, "nothing was stored"
        assert told.event.seq == event.seq, "only what was stored last is told"
        for line in self.lines.values():
            line.push(told)
        if isinstance(event.body, Roster):
            self.roster = event.body
        elif isinstance(event.body, Diverged):
            self._diverged(self, event.body)
        elif isinstance(event.body, Ended):
            self._over(self)
            for line in list(self.lines.values()):
                if not line.delay_ms:
                    line.close(Close.ENDED, "the room has ended")
                    self._gone.append(line)

    def _part(self, who: str, code: Close, reason: str) -> None:
        line = self.lines.pop(who, None)
        if line is not None:
            line.close(code, reason)
        self._forget(self.id, who)

    def _settle(self) -> None:
        """Tell the room of the sockets that went while it was speaking."""
        while self._gone:
            line = self._gone.pop()
            if self.lines.get(line.who) is line:
                del self.lines[line.who]
                if self.room.member(line.who):
                    self.receive(line.who, inputs.Disconnect())

    # -- time ----------------------------------------------------------------------

    def _arm(self, at: int | None) -> None:
        """Note when to look. A timer that rings before that is left as it is: most packets
        only move the time on, and the loop's heap should not hear of each."""
        self._due = at
        if at is None:
            return
        when = self.clock.at(at)
        if self._timer is not None:
            if self._rings_at <= when:
                return
            self._timer.cancel()
        self._rings_at = when
        self._timer = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._due is None:
            return
        now = self.clock.now()
        if now < self._due:
            self._arm(self._due)
        else:
            self._enter(lambda: self.room.tick(now))

    def _hush(self) -> None:
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop(self, code: str, detail: str) -> None:
        self.stopped = Problem(503, code, detail)
        self._hush()
        for line in list(self.lines.values()):
            line.close(Close.INTERNAL, detail)
        self.lines.clear()
