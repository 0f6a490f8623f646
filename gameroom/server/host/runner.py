"""Runs one room: performs its effects, owns its clock, its timer and its sockets.

It decides nothing; the room decides what can happen. Everything from a packet to the writes into
the transports is one synchronous call, so nothing can happen in between.

The rules: An event is stored before it is sent. If it cannot be stored, nobody receives it, and the
room stops until its store works again. If a packet causes an internal error, its sender loses the
socket, but the game continues: the room is rebuilt from its checkpoint, with the packets of the
others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import NoReturn

import msgspec

from gameroom.lockstep.packets import (
    ClientPacket,
    Diverged,
    Ended,
    Event,
    Roster,
    Snapshot,
)
from gameroom.lockstep.problem import Problem
from gameroom.room import Folded, Room, inputs
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Keep, Log, Part, Rejected, Reply
from gameroom.roomfile import appends
from gameroom.server.host.clock import RoomClock, RoomTimer
from gameroom.server.host.deadlines import Deadlines
from gameroom.server.host.events import StoredEvents
from gameroom.server.host.faults import Faults, Trial
from gameroom.server.host.open_socket import OpenSocket
from gameroom.server.host.recent import EncodedEvent
from gameroom.server.host.recovery import checkpoint_bytes, read_checkpoint
from gameroom.server.host.shown import Delayed, Shown
from gameroom.server.host.snapshots import KeptSnapshots
from gameroom.server.host.unstored import Unstored
from gameroom.server.host.waiting import WaitingPackets
from gameroom.server.refusals import FAULT, NOT_STORED, STOPPED, ProblemError
from gameroom.store import (
    Journal,
    Mark,
    SnapshotHead,
    SnapshotStore,
    StoreFailedError,
)
from gameroom.store.marks import Marks
from gameroom.wire import MSGPACK, Close, definition_bytes

log = logging.getLogger(__name__)

CHECKPOINT_EVENTS = 128
"""The number of events between two checkpoints. A restart must fold at most this many."""

FAILURES = {
    "engine": "engine failed at turn {turn}",
    "signal": "engine raised an invalid signal at turn {turn}",
    "snapshot": "engine state cannot be saved at turn {turn}",
    "view": "view failed at turn {turn}",
}
"""The log texts for reports of failures, by kind."""


class Runner:
    """A room with its clock, timer, stores and sockets."""

    def __init__(
        self,
        room: Room,
        *,
        journal: Journal,
        snapshots: SnapshotStore,
        heads: Iterable[SnapshotHead],
        clock: RoomClock,
        loop: asyncio.AbstractEventLoop,
        tail_bytes_max: int,
        forget: Callable[[str, str], None],
        over: Callable[[Runner], None],
        stopped: Callable[[Runner], None],
        keep: Callable[[Runner, Mark, bytes], None],
        diverged: Callable[[Runner, Diverged], None] = lambda runner, verdict: None,
        marks: Marks | None = None,
        shown: Shown | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        """heads: of the room's snapshots. marks: the generations and seqs of some master packets.
        shown: the last state shown to spectators with a delay. deadlines: receives the times at
        which this room is due.

        forget: called with (room, user) when a session ends. over: called once when the room has
        ended. stopped: called once when it has stopped without ending. keep: called with each
        checkpoint, to store it outside the event loop. diverged: called with each such verdict,
        after it was sent."""
        self.id = journal.header.room
        self.room = room
        self.events = StoredEvents(journal, room.file, recent_bytes_max=tail_bytes_max, marks=marks)
        self.snapshots = KeptSnapshots(self.id, snapshots, heads, last=journal.last, loop=loop)
        self.lines: dict[str, OpenSocket] = {}
        self.stopped: Problem | None = None
        """Why this room has stopped, None while it runs."""
        self.clock = clock
        self._loop = loop
        self._timer = RoomTimer(clock, self._tick, deadlines=deadlines or Deadlines(), loop=loop)
        self.delayed = Delayed.of(room, journal.header, shown, self.events.following)
        """The delayed view for spectators and strangers, None if there is no delay."""
        self._forget = forget
        self._over = over
        self._when_stopped = stopped
        self._keep_checkpoint = keep
        self._diverged = diverged
        found = journal.checkpoint
        self._base = None if found is None else found.said
        """The latest checkpoint, stored or about to be stored."""
        self._base_seq = 0 if found is None else found.seq
        self._faults = Faults()
        self._stored_turn = room.generation
        self._waiting = WaitingPackets()
        self.roster = room.people.roster()
        """The roster that was last sent. The room itself can already be ahead of it."""
        self._gone: list[OpenSocket] = []
        self._inside = False
        self._settling = False
        self._last: EncodedEvent | None = None
        self._unstored = Unstored(self._failed)

    # -- entry points --------------------------------------------------------------

    def begin(self) -> None:
        """Start a new room."""
        self._enter(self.room.begin)

    def resume(self) -> None:
        """Start a room that was restored from its journal."""
        self._enter(lambda: self.room.tick(self.clock.now()))

    def receive(self, who: str, packet: inputs.Packet) -> Reply:
        """Pass a packet to the room, perform the effects, and return the room's answer."""
        if (why := self._faults.refused(who, packet)) is not None:
            return Reply(why.status, problem=why)
        reply = self._enter(lambda: self.room.receive(who, packet, self.clock.now()), who, packet)
        if reply is None:
            why = self.stopped or FAULT
            return Reply(why.status, problem=why)
        if isinstance(packet, ClientPacket) and reply.problem is None:
            self._waiting.add(who, packet)
        if self.delayed is not None and not self.knows(who):
            return self.delayed.told(packet, reply, self.now)
        return reply

    def take(self, who: str, packet: ClientPacket) -> Reply | None:
        """Pass a client packet to the room, on the fast path if possible. Returns None if the fast
        path accepted it; then no answer is needed."""
        if self.stopped is None and not self._faults.any_packet:
            now = self.clock.now()
            try:
                at = self.room.keep(who, packet, now)
            except Exception as error:
                return self._enter(partial(_raise, error), who, packet)
            if at is not None:
                if at <= now:  # It was the last packet that its turn was waiting for.
                    return self._enter(lambda: self.room.tick(now), who, packet)
                self._timer.set(at)
                self._waiting.add(who, packet)
                return None
        return self.receive(who, packet)

    def attach(self, line: OpenSocket, seq: int) -> None:
        """Replace this member's socket with one that has received every event up to `seq`."""
        before = self.lines.get(line.who)
        self.lines[line.who] = line
        if before is not None:
            before.close(Close.DISPLACED, "another connection took this seat")
        self.receive(line.who, inputs.Connect(seq))

    def detach(self, line: OpenSocket) -> None:
        """Remove a lost socket. Safe to call twice, and while the room performs effects."""
        self._gone.append(line)
        if not self._inside:
            self._settle()

    @property
    def now(self) -> int:
        """The time that determines which events are old enough for spectators, in milliseconds. It
        continues while the room sleeps, and returns to the room's own time when it wakes up."""
        return self.clock.now() - self.room.slept_ms

    @cached_property
    def definition(self) -> msgspec.Raw:
        """The published definition in JSON. It is created only once, because it is long."""
        return msgspec.Raw(definition_bytes(self.room.file))

    def knows(self, who: str) -> bool:
        """Whether this person can see events at once. Players can. If spectators have a delay,
        nobody else can, because anyone could become a spectator."""
        member = self.room.people.members.get(who)
        return self.delayed is None or (member is not None and member.seat is not None)

    def delay_ms(self, who: str) -> int:
        """The delay of events for this person."""
        return 0 if self.delayed is None or self.knows(who) else self.delayed.delay_ms

    def known_until(self, who: str) -> int:
        """The time up to which this person can see events."""
        return self.now - self.delay_ms(who)

    def shown(self, who: str = "") -> Shown:
        """The state of the room that this person can see. who: "" for a stranger."""
        if self.delayed is None or self.knows(who):
            return Shown.of(self.room, self.now)
        return self.delayed.shown(self.now)

    def snapshot_for(self, who: str) -> Snapshot | None:
        """The latest snapshot that this person can see."""
        return self.snapshots.latest(self.known_until(who))

    def resume_for(self, who: str, seq: int, behind_max: int) -> Snapshot | None:
        """The snapshot from which a person continues who has received every event up to `seq`. None
        if at most `behind_max` events would be skipped, or if there is no snapshot."""
        found = self.snapshot_for(who)
        return found if found is not None and found.seq - seq > behind_max else None

    def when_stored(
        self, do: Callable[[], None], otherwise: Callable[[], None] = lambda: None
    ) -> None:
        """Call `do` when all events of the room are stored, usually at once. otherwise: called
        instead if an event could not be stored; then `stopped` says why."""
        self._unstored.then(do, otherwise)

    @property
    def is_stored(self) -> bool:
        """Whether all events of the room are stored."""
        return not self._unstored

    async def stored(self) -> None:
        """Wait until all events of the room are stored. Raises ProblemError."""
        if self._unstored:
            answer: asyncio.Future[None] = self._loop.create_future()
            self.when_stored(lambda: answer.set_result(None), lambda: answer.set_result(None))
            await answer
            if self.stopped is not None:
                raise ProblemError(self.stopped)

    def close(self, code: Close, reason: str) -> None:
        """Close every socket and stop the room. The caller closes the journal."""
        if self.stopped is None:
            self.stopped = Problem(
                503, "closing", "The server is closing this room.", retry_after_ms=1_000
            )
        self._let_go(code, reason)

    # -- checkpoints ---------------------------------------------------------------

    def checkpoint(self) -> tuple[Mark, bytes] | None:
        """A checkpoint to restore the room from, and its position in the journal. None if the
        journal does not contain all events of the room."""
        journal = self.events.journal
        if not 0 < self.room.seq == self.events.last:
            return None
        shown = None if self.delayed is None else self.delayed.shown(self.now)
        said = checkpoint_bytes(self.room, self.events.marks, shown)
        self._base, self._base_seq = said, self.room.seq
        return journal.mark(), said

    def _keep_if_due(self) -> None:
        is_due = self.events.last - self._base_seq >= CHECKPOINT_EVENTS
        if is_due and (checkpoint := self.checkpoint()) is not None:
            self._keep_checkpoint(self, *checkpoint)

    def _rebuild(self) -> None:
        """Rebuild the room from its checkpoint and the entries after it."""
        self.room = self._made_again()
        self.clock.start(max(self.room.time, self.now))
        self.roster = self.room.people.roster()

    def _made_again(self) -> Room:
        header, chart = self.events.journal.header, self.room.chart_driver.chart
        folded = Folded(header.setup)
        if self._base is not None:
            folded = Folded.of(read_checkpoint(self._base).room)
        entries = self.events.journal.read(after=folded.seq)
        folded.fold_all(appends(entries, self.events.codecs[MSGPACK]))
        now = max(folded.at, self.now)
        if folded.seq:
            return Room.restored(chart, seed=header.seed, folded=folded, now=now)
        return Room(chart, seed=header.seed, settings=header.setup, now=now)

    # -- effects -------------------------------------------------------------------

    def _enter(
        self,
        step: Callable[[], Sequence[Effect]],
        who: str = "",
        packet: inputs.Packet | None = None,
    ) -> Reply | None:
        """Run one step of the room and perform its effects. who, packet: the cause of the step,
        unless time is the cause."""
        if self.stopped is not None:
            return None
        assert not self._inside, "a room is entered by one call at a time"
        self._inside = True
        try:
            return self._perform(step())
        except StoreFailedError as error:
            self._failed(error)
        except Exception:
            log.exception("room %s: internal error", self.id)
            return self._recover(who, packet)
        finally:
            self._inside = False
            self._settle()
        return None

    def _recover(self, who: str, packet: inputs.Packet | None) -> Reply | None:
        """The last step caused an internal error: continue as if it had not happened. The sender of
        the packet that caused it must reconnect, and loses the seat after a second such packet
        within a minute. An error without a causing packet that occurs again within a minute stops
        the room, and so does an error during recovery. Returns the answer to the step's packet if
        it is accepted after all."""
        self._timer.stop()
        try:
            if self._unstored:
                raise RuntimeError("it is not known yet what is stored of the room")
            here = tuple(self.lines)
            waiting = self._waiting.by_user()
            trial = Trial(self._made_again, here, waiting, self._stored_turn + 1, who, packet)
            guilty, bad = trial.culprit()
            is_second = self._faults.note(guilty, bad, self._loop.time())
            sender = self.lines.pop(guilty, None)
            if sender is not None:
                sender.close(Close.INTERNAL, "internal error")
            if not guilty and is_second:
                raise RuntimeError("the room cannot go on by itself")
            self._rebuild()
            self._perform(self.room.tick(self.clock.now()) if self.room.seq else self.room.begin())
            if sender is not None:
                self._again(guilty, inputs.Disconnect())
            for line in self.lines.values():
                self._again(line.who, inputs.Connect(self.room.seq))
                line.catch_up()
            self._waiting = WaitingPackets()
            first = min((one.generation for one in bad if isinstance(one, ClientPacket)), default=0)
            for user, packets in waiting.items():
                for generation, one in packets.items():
                    # The guilty user's packets after a refused one must be sent again after it.
                    if user != guilty or generation < first:
                        self._again(user, one)
            if guilty and is_second:
                log.error(
                    "room %s: %s was dropped after causing two internal errors", self.id, guilty
                )
                self._again(guilty, inputs.Expel("caused two internal errors"))
            if packet is not None and who != guilty:
                return self._again(who, packet)
        except Exception as error:
            self._failed(error)
        return None

    def _again(self, who: str, packet: inputs.Packet) -> Reply | None:
        """Pass a packet to the rebuilt room that the old room had already received."""
        if not self.room.member(who) or self._faults.refused(who, packet) is not None:
            return None
        reply = self._perform(self.room.receive(who, packet, self.clock.now()))
        if isinstance(packet, ClientPacket) and reply is not None and reply.problem is None:
            self._waiting.add(who, packet)
        return reply

    def _perform(self, effects: Sequence[Effect]) -> Reply | None:
        reply: Reply | None = None
        for effect in effects:
            if isinstance(effect, Append):
                self._append(effect)
            elif isinstance(effect, Arm):
                self._timer.set(effect.at)
            elif isinstance(effect, Reply):
                reply = effect
            elif isinstance(effect, Log):
                self._log(effect)
            elif self._unstored:
                self._unstored.then(partial(self._do, effect, self._last))
            else:
                self._do(effect, self._last)
        self._keep_if_due()
        return reply

    def _do(self, effect: Effect, last: EncodedEvent | None) -> None:
        """Perform an effect after all earlier events are stored. last: the event before it."""
        match effect:
            case Broadcast(event):
                self._tell(event, last)
            case Rejected(who):
                if (line := self.lines.get(who)) is not None:
                    line.reject(effect)
            case Keep():
                self.snapshots.keep(effect)
            case Part(who, code, reason):
                self._part(who, Close(code), reason)
        if self._unstored:
            self._keep_if_due()

    def _log(self, effect: Log) -> None:
        what = FAILURES[effect.kind].format(turn=effect.generation)
        log.warning("room %s: %s's %s: %s", self.id, effect.name, what, effect.text)

    def _append(self, effect: Append) -> None:
        self._last, pending = self.events.append(effect)
        if pending is not None:
            self._unstored.wait(pending)
        if self._unstored:
            self._unstored.then(partial(self._stored, self._last, effect))
        else:
            self._stored(self._last, effect)

    def _stored(self, encoded: EncodedEvent, effect: Append) -> None:
        self.events.add(encoded)
        if self.delayed is not None:
            self.delayed.note(effect.event, effect.at)
        if encoded.generation:
            self._stored_turn = encoded.generation
            self._waiting.stored(encoded.generation)

    def _tell(self, event: Event, told: EncodedEvent | None) -> None:
        assert told is not None, "nothing was stored"
        assert told.seq == event.seq, "only what was stored last is told"
        for line in self.lines.values():
            line.push(told)
        told.event = None
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
        self._waiting.forget(who)
        self._forget(self.id, who)

    def _settle(self) -> None:
        """Disconnect the sockets that were lost while the room performed effects. One event can
        lose hundreds. Nested calls of the room leave the rest to this loop."""
        if self._settling:
            return
        self._settling = True
        try:
            while self._gone:
                line = self._gone.pop()
                if self.lines.get(line.who) is line:
                    del self.lines[line.who]
                    if self.room.member(line.who):
                        self.receive(line.who, inputs.Disconnect())
        finally:
            self._settling = False

    def _tick(self, now: int) -> None:
        self._enter(lambda: self.room.tick(now))

    def _failed(self, error: Exception) -> None:
        """Stop the room: it cannot continue."""
        if isinstance(error, StoreFailedError):
            log.error("room %s: the journal cannot be written: %s", self.id, error)
            self.stopped, code = NOT_STORED, Close.TRY_LATER
        else:
            log.error("room %s: cannot be restored", self.id, exc_info=error)
            self.stopped, code = STOPPED, Close.INTERNAL
        self._let_go(code, self.stopped.detail)
        self._when_stopped(self)

    def _let_go(self, code: Close, reason: str) -> None:
        self._timer.stop()
        for line in list(self.lines.values()):
            line.close(code, reason)
        self.lines.clear()
        self._unstored.drop()


def _raise(error: Exception) -> NoReturn:
    raise error
