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
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Protocol

import msgspec

from gameroom.lockstep.packets import (
    ClientPacket,
    Diverged,
    Ended,
    Event,
    MasterPacket,
    Roster,
    Snapshot,
)
from gameroom.lockstep.problem import Problem
from gameroom.room import Folded, Room, inputs
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Keep, Log, Part, Rejected, Reply
from gameroom.roomfile import appends, entry_of, event_of
from gameroom.server.host.clock import RoomClock
from gameroom.server.host.deadlines import Deadlines
from gameroom.server.host.faults import Faults, Trial
from gameroom.server.host.recent import Recent, Told
from gameroom.server.host.recovery import checkpoint_bytes, read_checkpoint
from gameroom.server.host.shown import Delayed, Shown
from gameroom.server.host.stored import snapshot_of, stored_snapshot
from gameroom.server.socket import websocket
from gameroom.store import (
    SNAPSHOTS_KEPT,
    Entry,
    Journal,
    JournalDamagedError,
    Mark,
    SnapshotHead,
    SnapshotStore,
    StoreFailedError,
)
from gameroom.store.marks import Marks
from gameroom.wire import (
    MSGPACK,
    SUBPROTOCOLS,
    BadFrameError,
    Close,
    Codec,
    definition_bytes,
    is_turn,
)

log = logging.getLogger(__name__)

RETRY_MS = 2_000
"""When to ask again for a room that has stopped."""

CHECKPOINT_EVENTS = 128
"""So many events after a checkpoint the next one is taken: what a restart has to fold."""

FAILURES = {
    "engine": "engine failed at turn {turn}",
    "signal": "engine raised a signal at turn {turn} that does not fit",
    "snapshot": "engine has no state to keep at turn {turn}",
    "view": "view has a fault at turn {turn}",
}
"""What the log says of a report, by its kind."""

FAULT = Problem(500, "fault", "Internal error. The room goes on without this packet.")


class OpenSocket(Protocol):
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

    def catch_up(self) -> None:
        """Send what it has missed, if anything."""

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
        heads: Iterable[SnapshotHead],
        clock: RoomClock,
        loop: asyncio.AbstractEventLoop,
        tail_bytes_max: int,
        forget: Callable[[str, str], None],
        over: Callable[[Runner], None],
        stopped: Callable[[Runner], None],
        keep: Callable[[Runner, Mark, bytes], None],
        diverged: Callable[[Runner, Diverged], None] = lambda runner, verdict: None,
        turns: Marks | None = None,
        shown: Shown | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        """heads: of the room's snapshots. turns: the seqs of some master packets. shown: what
        those who are told everything late were shown last. deadlines: where to note when this
        room is to be looked at.

        forget: called with (room, user) when somebody's session is over; over: called once when
        the room has ended; stopped: once when it has stopped without having ended; keep: with
        each checkpoint, to store it elsewhere than on the loop; diverged: with every such
        verdict, when all have been told."""
        self.id = journal.header.room
        self.room = room
        self.journal = journal
        self.snapshots = self._usable(heads)
        """Those from which somebody may go on, newest first, with the time of their turns."""
        self.lines: dict[str, OpenSocket] = {}
        self.stopped: Problem | None = None
        """Why this room runs no more, None while it does."""
        self.codecs: dict[str, Codec] = {name: Codec(name, room.file) for name in SUBPROTOCOLS}
        self.clock = clock
        self._loop = loop
        self._deadlines = deadlines or Deadlines()
        self._snapshots = snapshots
        self._keeping: asyncio.Future[None] | None = None
        self._recent = Recent(tail_bytes_max)
        self._turns = turns or Marks()
        self.delayed = self._delayed(shown)
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
        self._waiting: dict[str, dict[int, ClientPacket]] = {}
        """By user and generation, the packets that no closed turn holds yet."""
        self.roster = room.people.roster()
        """As it was told last: the room itself may be further on already."""
        self._timer: asyncio.Handle | None = None
        self._rings_at = 0.0
        """When the timer rings, by the loop's clock. A handle need not know: uvloop gives one
        without `when` for what is due already."""
        self._due: int | None = None
        self._gone: list[OpenSocket] = []
        self._inside = False
        self._settling = False
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
        if (why := self._faults.refused(who, packet)) is not None:
            return Reply(why.status, problem=why)
        reply = self._enter(lambda: self.room.receive(who, packet, self.clock.now()), who, packet)
        if reply is None:
            why = self.stopped or FAULT
            return Reply(why.status, problem=why)
        if isinstance(packet, ClientPacket) and reply.problem is None:
            self._waiting.setdefault(who, {})[packet.generation] = packet
        if self.delayed is not None and not self.knows(who):
            return self.delayed.told(packet, reply, self.now)
        return reply

    def attach(self, line: OpenSocket, seq: int) -> None:
        """A socket of a member who has every event up to `seq` takes over; the one before
        it is closed and counts no more."""
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

    def after(self, seq: int) -> list[Told] | None:
        """What was told after `seq`, None when that is only in the journal."""
        return [] if seq == self.room.seq else self._recent.after(seq)

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

    def _delayed(self, shown: Shown | None) -> Delayed | None:
        watchers, header = self.room.file.spectators, self.journal.header
        if watchers is None or not watchers.delay.amount:
            return None
        start = shown or Shown.beginning(self.room.chart_driver.chart, header.seed, header.setup)
        delayed = Delayed(watchers.delay.amount, start, self._following)
        for event, at in self._following(start.seq):
            delayed.note(event, at)
        return delayed

    def _following(self, seq: int) -> Iterator[tuple[Event, int]]:
        """The events after `seq` and when they happened. Those from the journal are read one by
        one as they are asked for; where it cannot be read they end early, and the room is shown
        as it was before."""
        told = self.after(seq)
        if told is not None:
            yield from ((self._event(one), one.at) for one in told)
            return
        try:
            for entry in self.journal.read(after=seq):
                yield event_of(entry, self.codecs[MSGPACK]), entry.at
        except (StoreFailedError, JournalDamagedError) as error:
            log.error("room %s: the journal cannot be read for watchers: %s", self.id, error)

    def _latest(self, delay_ms: int) -> Snapshot | None:
        until = self.now - delay_ms
        return next((kept for kept, at in self.snapshots if at <= until), None)

    def _usable(self, heads: Iterable[SnapshotHead]) -> list[tuple[Snapshot, int]]:
        """What is kept of this room. A snapshot of events that the journal has lost, with a
        power cut, tells of another game."""
        usable = []
        for head in heads:
            try:
                snapshot = snapshot_of(head)
            except BadFrameError as error:
                log.warning("room %s: a snapshot is not used: %s", self.id, error)
                continue
            if snapshot.seq > self.journal.last:
                return []
            usable.append((snapshot, head.at))
        return usable

    def frame(self, told: Told, subprotocol: str) -> bytes:
        """The event's frame in this subprotocol, made once."""
        frame = told.msgpack if subprotocol == MSGPACK else told.json
        if frame is None:
            frame = websocket.frame(self.codecs[subprotocol].encode_event(self._event(told)))
            if subprotocol == MSGPACK:
                told.msgpack = frame
            else:
                told.json = frame
            if told.counted:
                self._recent.count(told)
        return frame

    def old(self, entry: Entry) -> Told:
        """An event from the journal, kept nowhere."""
        return Told(entry.seq, entry.at, websocket.frame(entry.event))

    def turns(self, first: int, last: int) -> Iterator[bytes]:
        """The events of these generations as the journal has them."""
        for generation, entry in self._turn_entries(first):
            if generation > last:
                return
            yield entry.event

    def seq_of(self, generation: int) -> int | None:
        """Of the event of a closed turn."""
        return next((entry.seq for _, entry in self._turn_entries(generation)), None)

    def _turn_entries(self, first: int) -> Iterator[tuple[int, Entry]]:
        """The closed turns from a generation on. Turns follow on each other without a gap, so
        they are counted from the nearest one whose place is known."""
        generation, seq = self._turns.before(first) or (1, 1)
        generation -= 1
        for entry in self.journal.read(after=seq - 1):
            if is_turn(entry.event):
                generation += 1
                if generation >= first:
                    yield generation, entry

    def _event(self, told: Told) -> Event:
        if told.event is not None:
            return told.event
        assert told.msgpack is not None, "what is not being told has its bytes"
        data = websocket.payload(told.msgpack)
        return event_of(Entry(told.seq, told.at, data), self.codecs[MSGPACK])

    def close(self, code: Close, reason: str) -> None:
        """Let go of every socket; the room says no more. Whoever calls this closes the journal,
        which is whole as it is."""
        if self.stopped is None:
            self.stopped = Problem(
                503, "closing", "The server is closing this room.", retry_after_ms=1_000
            )
        self._hush()
        for line in list(self.lines.values()):
            line.close(code, reason)
        self.lines.clear()

    # -- checkpoints ---------------------------------------------------------------

    def checkpoint(self) -> tuple[Mark, bytes] | None:
        """All that a later life of the room begins with, and the place in the journal up to
        which it goes. None where the journal has not got what the room said."""
        if not 0 < self.room.seq == self.journal.last:
            return None
        shown = None if self.delayed is None else self.delayed.shown(self.now)
        said = checkpoint_bytes(self.room, self._turns, shown)
        self._base, self._base_seq = said, self.room.seq
        return self.journal.mark(), said

    def _keep_if_due(self) -> None:
        if self.journal.last - self._base_seq >= CHECKPOINT_EVENTS:
            checkpoint = self.checkpoint()
            assert checkpoint is not None, "all that was said is stored"
            self._keep_checkpoint(self, *checkpoint)

    def _rebuild(self) -> None:
        """Make the room again from its checkpoint and the few entries behind it."""
        self.room = self._made_again()
        self.clock = RoomClock(self._loop, max(self.room.time, self.now))
        self.roster = self.room.people.roster()

    def _made_again(self) -> Room:
        header, chart = self.journal.header, self.room.chart_driver.chart
        folded = Folded(header.setup)
        if self._base is not None:
            folded = Folded.of(read_checkpoint(self._base).room)
        entries = self.journal.read(after=folded.seq)
        folded.fold_all(appends(entries, self.codecs[MSGPACK]))
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
            log.error("room %s: the journal cannot be written: %s", self.id, error)
            detail = "What happened could not be stored; the room waits for its store."
            self._stop("not_stored", detail, Close.TRY_LATER)
        except Exception:
            log.exception("room %s: a fault of ours", self.id)
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
        self._hush()
        try:
            here = tuple(self.lines)
            trial = Trial(self._made_again, here, self._waiting, self._stored_turn + 1, who, packet)
            guilty, bad = trial.culprit()
            is_second = self._faults.note(guilty, bad, self._loop.time())
            sender = self.lines.pop(guilty, None)
            if sender is not None:
                sender.close(Close.INTERNAL, "a fault of the server")
            if not guilty and is_second:
                raise RuntimeError("the room cannot go on by itself")
            self._rebuild()
            self._perform(self.room.tick(self.clock.now()) if self.room.seq else self.room.begin())
            if sender is not None:
                self._again(guilty, inputs.Disconnect())
            for line in self.lines.values():
                self._again(line.who, inputs.Connect(self.room.seq))
                line.catch_up()
            waiting, self._waiting = self._waiting, {}
            first = min((one.generation for one in bad if isinstance(one, ClientPacket)), default=0)
            for user, packets in waiting.items():
                for generation, one in sorted(packets.items()):
                    # What came behind a packet that is not taken comes again behind it.
                    if user != guilty or generation < first:
                        self._again(user, one)
            if guilty and is_second:
                log.error("room %s: %s brought up two faults and loses the place", self.id, guilty)
                self._again(guilty, inputs.Expel("caused two internal errors"))
            if packet is not None and who != guilty:
                return self._again(who, packet)
        except StoreFailedError as error:
            log.error("room %s: the journal cannot be written: %s", self.id, error)
            detail = "What happened could not be stored; the room waits for its store."
            self._stop("not_stored", detail, Close.TRY_LATER)
        except Exception:
            log.exception("room %s: it cannot be made again", self.id)
            self._stop("fault", "The room has stopped after an internal error.", Close.INTERNAL)
        return None

    def _again(self, who: str, packet: inputs.Packet) -> Reply | None:
        """Give the room that was made again what the one before knew."""
        if not self.room.member(who) or self._faults.refused(who, packet) is not None:
            return None
        reply = self._perform(self.room.receive(who, packet, self.clock.now()))
        if isinstance(packet, ClientPacket) and reply is not None and reply.problem is None:
            self._waiting.setdefault(who, {})[packet.generation] = packet
        return reply

    def _perform(self, effects: Sequence[Effect]) -> Reply | None:
        reply: Reply | None = None
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
                    self._keep(effect)
                case Log():
                    self._log(effect)
                case Part(who, code, reason):
                    self._part(who, Close(code), reason)
                case Arm(at):
                    self._arm(at)
        self._keep_if_due()
        return reply

    def _keep(self, effect: Keep) -> None:
        """Store a snapshot, in a thread: it may be megabytes. `kept` says what came of it."""
        put = self._snapshots.put
        self._keeping = self._loop.run_in_executor(None, put, self.id, stored_snapshot(effect))
        self._keeping.add_done_callback(lambda stored: self._kept(effect, stored))

    def _kept(self, effect: Keep, stored: asyncio.Future[None]) -> None:
        if stored.cancelled():
            return
        if (error := stored.exception()) is not None:
            log.error("room %s: a snapshot cannot be kept: %s", self.id, error)
            return
        self.snapshots = [(effect.snapshot, effect.at), *self.snapshots][:SNAPSHOTS_KEPT]

    async def kept(self) -> Problem | None:
        """Why the snapshot that came last is not kept, None when it is. That is no harm to the
        game."""
        try:
            if self._keeping is not None:
                await asyncio.shield(self._keeping)
        except StoreFailedError:
            return Problem(503, "not_stored", "The snapshot could not be stored.")
        return None

    def _log(self, effect: Log) -> None:
        what = FAILURES[effect.kind].format(turn=effect.generation)
        log.warning("room %s: %s's %s: %s", self.id, effect.name, what, effect.text)

    def _append(self, effect: Append) -> None:
        """Store. The bytes in the journal are those of the msgpack sockets."""
        entry = entry_of(effect, self.codecs[MSGPACK])
        self.journal.append(entry)
        event = effect.event
        self._last = Told(event.seq, effect.at, websocket.frame(entry.event), event=event)
        self._recent.add(self._last)
        if self.delayed is not None:
            self.delayed.note(event, effect.at)
        if isinstance(event.body, MasterPacket):
            generation = self._stored_turn = event.body.generation
            self._turns.add(generation, event.seq)
            for packets in self._waiting.values():
                for heard in [one for one in packets if one <= generation]:
                    del packets[heard]

    def _tell(self, event: Event) -> None:
        told = self._last
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
        self._waiting.pop(who, None)
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
            self._disarm()
        self._rings_at = when
        self._timer = self._loop.call_at(when, self._ring)
        self._deadlines.add(when)

    def _disarm(self) -> None:
        """The timer has rung, or is not to ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._deadlines.remove(self._rings_at)

    def _ring(self) -> None:
        self._disarm()
        if self._due is None:
            return
        now = self.clock.now()
        if now < self._due:
            self._arm(self._due)
        else:
            self._enter(lambda: self.room.tick(now))

    def _hush(self) -> None:
        self._due = None
        self._disarm()

    def _stop(self, code: str, detail: str, close: Close) -> None:
        self.stopped = Problem(503, code, detail, retry_after_ms=RETRY_MS)
        self._hush()
        for line in list(self.lines.values()):
            line.close(close, detail)
        self.lines.clear()
        self._when_stopped(self)
