"""One room at work: performs its effects, owns its clock, its timer and its sockets.

Decides nothing: what may happen is the room's business. Everything from a packet to the
writes into the transports is one synchronous call, so nothing can come between.

The rules it keeps: store, then tell. An event that could not be stored is told to nobody, and
the room stops there until it can be read and written again. A fault of our own that a packet
brings up costs its sender the socket, not the room its game: the room is made again from its
checkpoint and goes on, with what the others had sent.
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
"""So many events after a checkpoint the next one is taken: what a restart has to fold."""

FAILURES = {
    "engine": "engine failed at turn {turn}",
    "signal": "engine raised an invalid signal at turn {turn}",
    "snapshot": "engine state cannot be saved at turn {turn}",
    "view": "view failed at turn {turn}",
}
"""What the log says of a report, by its kind."""


class Runner:
    """A room and all that it needs from the world."""

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
        """heads: of the room's snapshots. marks: the seqs of some master packets. shown: what
        those who are told everything late were shown last. deadlines: where to note when this
        room is to be looked at.

        forget: called with (room, user) when somebody's session is over; over: called once when
        the room has ended; stopped: once when it has stopped without having ended; keep: with
        each checkpoint, to store it elsewhere than on the loop; diverged: with every such
        verdict, when all have been told."""
        self.id = journal.header.room
        self.room = room
        self.events = StoredEvents(journal, room.file, recent_bytes_max=tail_bytes_max, marks=marks)
        self.snapshots = KeptSnapshots(self.id, snapshots, heads, last=journal.last, loop=loop)
        self.lines: dict[str, OpenSocket] = {}
        self.stopped: Problem | None = None
        """Why this room runs no more, None while it does."""
        self.clock = clock
        self._loop = loop
        self._timer = RoomTimer(clock, self._tick, deadlines=deadlines or Deadlines(), loop=loop)
        self.delayed = Delayed.of(room, journal.header, shown, self.events.following)
        """What watchers and strangers are shown, None where that is what players are shown."""
        self._forget = forget
        self._over = over
        self._when_stopped = stopped
        self._keep_checkpoint = keep
        self._diverged = diverged
        found = journal.checkpoint
        self._base = None if found is None else found.said
        """The latest checkpoint, stored or about to be."""
        self._base_seq = 0 if found is None else found.seq
        self._faults = Faults()
        self._stored_turn = room.generation
        self._waiting = WaitingPackets()
        self.roster = room.people.roster()
        """As it was told last: the room itself may be further on already."""
        self._gone: list[OpenSocket] = []
        self._inside = False
        self._settling = False
        self._last: EncodedEvent | None = None
        self._unstored = Unstored(self._failed)

    # -- doors ---------------------------------------------------------------------

    def begin(self) -> None:
        """Start a new room."""
        self._enter(self.room.begin)

    def resume(self) -> None:
        """Start a room that was restored from its journal."""
        self._enter(lambda: self.room.tick(self.clock.now()))

    def receive(self, who: str, packet: inputs.Packet) -> Reply:
        """Give the room a packet, perform what it wants, and return its answer."""
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
        """Give the room a client packet, by the fast path if it can take it. None: it did, so the
        packet was taken and there is nothing else to say."""
        if self.stopped is None and not self._faults.any_packet:
            now = self.clock.now()
            try:
                at = self.room.keep(who, packet, now)
            except Exception as error:
                return self._enter(partial(_raise, error), who, packet)
            if at is not None:
                if at <= now:  # It was the last one that its turn had waited for.
                    return self._enter(lambda: self.room.tick(now), who, packet)
                self._timer.set(at)
                self._waiting.add(who, packet)
                return None
        return self.receive(who, packet)

    def attach(self, line: OpenSocket, seq: int) -> None:
        """Replace this member's socket by one that has received every event up to `seq`."""
        before = self.lines.get(line.who)
        self.lines[line.who] = line
        if before is not None:
            before.close(Close.DISPLACED, "another connection took this seat")
        self.receive(line.who, inputs.Connect(seq))

    def detach(self, line: OpenSocket) -> None:
        """A socket is gone. Safe to call twice, and while the room is telling."""
        self._gone.append(line)
        if not self._inside:
            self._settle()

    @property
    def now(self) -> int:
        """The time by which events get old enough for watchers, in milliseconds. It goes on while
        the room sleeps, and falls back to the room's own time when it wakes."""
        return self.clock.now() - self.room.slept_ms

    @cached_property
    def definition(self) -> msgspec.Raw:
        """The published definition in JSON, made once: it is long, and many ask for it."""
        return msgspec.Raw(definition_bytes(self.room.file))

    def knows(self, who: str) -> bool:
        """May this person know at once what happens? Players may; where watchers are told late,
        nobody else may: anybody could be a watcher."""
        member = self.room.people.members.get(who)
        return self.delayed is None or (member is not None and member.seat is not None)

    def delay_ms(self, who: str) -> int:
        """How late this person is told what happens."""
        return 0 if self.delayed is None or self.knows(who) else self.delayed.delay_ms

    def known_until(self, who: str) -> int:
        """Up to what time this person may know what has happened."""
        return self.now - self.delay_ms(who)

    def shown(self, who: str = "") -> Shown:
        """The room as this person may know it; a stranger has no user id."""
        if self.delayed is None or self.knows(who):
            return Shown.of(self.room, self.now)
        return self.delayed.shown(self.now)

    def snapshot_for(self, who: str) -> Snapshot | None:
        """The latest one that this person may see."""
        return self.snapshots.latest(self.known_until(who))

    def resume_for(self, who: str, seq: int, behind_max: int) -> Snapshot | None:
        """The snapshot from which somebody goes on who has seen every event up to `seq`; None
        where the tail is short enough."""
        found = self.snapshot_for(who)
        return found if found is not None and found.seq - seq > behind_max else None

    def when_stored(
        self, do: Callable[[], None], otherwise: Callable[[], None] = lambda: None
    ) -> None:
        """Do this when everything that the room has said is stored: mostly now. otherwise: is
        called instead if it could not be stored; then `stopped` says why."""
        self._unstored.then(do, otherwise)

    @property
    def is_stored(self) -> bool:
        """Whether everything that the room has said is stored."""
        return not self._unstored

    async def stored(self) -> None:
        """Wait until everything that the room has said is stored. Raises ProblemError."""
        if self._unstored:
            answer: asyncio.Future[None] = self._loop.create_future()
            self.when_stored(lambda: answer.set_result(None), lambda: answer.set_result(None))
            await answer
            if self.stopped is not None:
                raise ProblemError(self.stopped)

    def close(self, code: Close, reason: str) -> None:
        """Let go of every socket; the room says no more. The caller closes the journal."""
        if self.stopped is None:
            self.stopped = Problem(
                503, "closing", "The server is closing this room.", retry_after_ms=1_000
            )
        self._let_go(code, reason)

    # -- checkpoints ---------------------------------------------------------------

    def checkpoint(self) -> tuple[Mark, bytes] | None:
        """All that a later life of the room begins with, and the place in the journal up to
        which it goes. None where the journal has not got what the room said."""
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
        """Make the room again from its checkpoint and the few entries behind it."""
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
        """One step of the room and all that follows from it. who, packet: what brought it up,
        where it was not time."""
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
        """The last step was a fault: go on as if it had not been. Whoever sent the packet that
        brought it up has to connect again; a second such packet within a minute costs the seat.
        A fault that no packet brought up, or that comes again, stops the room. The answer to the
        packet at hand, where that one is taken after all."""
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
                    # What came behind a packet that is not taken comes again behind it.
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
        """Give the room that was made again what the one before knew."""
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
        """Everything before this effect is stored. last: the event before it."""
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
        """Tell the room of the sockets that went while it was speaking. Hundreds may go at one
        event: each call of the room that this makes leaves the rest to this loop."""
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
        """The room cannot go on."""
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
