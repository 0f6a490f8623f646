"""The simulated server of one room: performs the effects in order, and dies on demand.

A shell as thin as the real one, around the real room, the real codecs and the bytes of a real
journal. It owns the connections and the alarm, and calls the checks of the invariants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar, cast

from gameroom.chart import Chart
from gameroom.lockstep.packets import (
    Body,
    ClientPacket,
    Diverged,
    Ended,
    Event,
    MasterPacket,
    Roster,
    Welcome,
)
from gameroom.lockstep.random import Random
from gameroom.room import Folded, Room, inputs
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Keep, Part, Rejected, Reply
from gameroom.simulator.accounts import Accounts, Seated
from gameroom.simulator.clock import VirtualClock
from gameroom.simulator.disk import Disk, Fault, PowerLossError
from gameroom.simulator.invariants import (
    BrokenError,
    CodecError,
    FaultError,
    ForeignError,
    ForkedError,
    ToldBeforeStoredError,
)
from gameroom.simulator.line import SimulatedLine
from gameroom.simulator.monitor import Monitor
from gameroom.simulator.verdicts import Verdicts
from gameroom.store import Entry, Header, StoreFailedError
from gameroom.wire import JSON, MSGPACK, Close, Codec, EventFrame, plain
from gameroom.wire.shape import read

T = TypeVar("T")
HELLO_BYTES = 160

TAIL_EVENTS_MAX = 24
"""A bot that lacks more events continues from a snapshot. The limit is low, so that this happens in
a short run."""

RESTORE_EVERY = 48
"""One of about this many calls is followed by a comparison with the folded journal. With a long
journal fewer are, because a long run would spend all its time on them."""


class ToldBot(Protocol):
    """A bot as the server uses it to send data."""

    user: str
    subprotocol: str

    @property
    def has_failed(self) -> bool: ...

    def welcome(self, hello: Welcome, state: bytes, line: SimulatedLine) -> None: ...
    def hear(self, frame: EventFrame, line: SimulatedLine) -> None: ...
    def reject(self, told: Rejected, line: SimulatedLine) -> None: ...


class Tell(Protocol):
    """Adds a line to the log: the actor, the action, and details."""

    def __call__(self, who: str, what: str, more: object = "") -> None: ...


class KilledError(Exception):
    """The simulated process is killed here."""


class SimulatedServer:
    """room: None while the server is down."""

    def __init__(
        self,
        chart: Chart,
        seed: int,
        clock: VirtualClock,
        dice: Random,
        accounts: Accounts,
        verdicts: Verdicts,
        tell: Tell,
        stats: Counter[str],
    ) -> None:
        self.chart, self.seed, self.clock, self.dice = chart, seed, clock, dice
        self.accounts, self.verdicts, self.story, self.stats = accounts, verdicts, tell, stats
        self.watch = Monitor(chart)
        self.codecs = {name: Codec(name, chart.room) for name in (JSON, MSGPACK)}
        self.disk = Disk(Header("sim", "sim.room", "", "", seed=seed))
        self.room: Room | None = None
        self.lines: dict[str, SimulatedLine] = {}
        self.bots: dict[str, ToldBot] = {}
        self.entries: list[Append] = []
        """The journal on the disk, decoded from its bytes."""
        self.told = 0
        """The highest seq that was sent to any bot."""
        self.roster = Roster()
        self.down_ms: tuple[int, int] = (200, 1_000)
        self.snapshot: Keep | None = None
        """The latest kept snapshot. Like a file, it survives the process."""
        self._failed: set[str] = set()
        """The users whose engine has failed on the current connection, as reported to the room."""
        self._frames: list[dict[str, tuple[EventFrame, int]]] = []
        self._alarm: int | None = None
        self._doom: int | None = None
        self._doom_fault: Fault | None = None
        self._life = 0

    # -- entry points ------------------------------------------------------------------

    def begin(self) -> None:
        self.room = Room(self.chart, seed=self.seed, now=self.clock.now)
        self._enter(self.room.begin, 0)

    def receive(self, who: str, packet: inputs.Packet) -> Reply | None:
        """The room's answer, or None if the server is down or died during the call."""
        room = self.room
        if room is None:
            return None
        member = room.people.members.get(who)
        sitter = None if member is None or member.seat is None else (member.seat, who)
        if isinstance(packet, inputs.Connect | inputs.Disconnect):
            self._failed.discard(who)
            if sitter is not None:
                self.accounts.interrupted(sitter)
        open_ = room.generation + 1

        def heard(reply: Reply, misfits: Collection[int]) -> None:
            if isinstance(packet, inputs.Fail) and packet.kind == "engine" and reply.status == 204:
                self._failed.add(who)
            if not isinstance(packet, ClientPacket):
                return
            if sitter is None:
                if reply.problem is None:
                    raise ForeignError(
                        f"a packet of {who} was accepted, although {who} has no seat"
                    )
                return
            self.accounts.heard(sitter, packet, reply, open_, misfits)
            if reply.status == 202:
                self.verdicts.reported(sitter, packet, self.accounts.accounts[sitter].since)

        return self._enter(lambda: room.receive(who, packet, self.clock.now), 1, heard)

    def hello(self, line: SimulatedLine, seq: int, restores: bool) -> None:
        """Handle a bot's first frame: send the answer, the missed events, then live events.
        restores: the bot can continue from a snapshot if many events are missing."""
        room, who = self.room, line.who
        if room is None or not room.member(who):
            line.shut(Close.ABNORMAL if room is None else Close.NO_SESSION)
            return
        if seq > room.seq:
            raise ForkedError(
                f"{who} has event {seq}, but the last event of the room is {room.seq}"
            )
        before = self.lines.get(who)
        if before is not None and before is not line:
            before.shut(Close.DISPLACED)
        bot = self.bots[who]
        kept = self.snapshot
        state, resume = b"", None
        if restores and kept is not None and kept.snapshot.seq - seq > TAIL_EVENTS_MAX:
            seq, state, resume = kept.snapshot.seq, kept.state, kept.snapshot
            self.stats["resumed"] += 1
        said = plain(replace(room.hello(who), snapshot=resume))
        hello = read(Welcome, said, strict=False)
        line.to_bot(HELLO_BYTES + len(state), lambda: bot.welcome(hello, state, line))
        for number in range(seq + 1, len(self.entries) + 1):
            self._send(line, bot, number)
        self.lines[who] = line
        self.receive(who, inputs.Connect(seq))

    def gone(self, line: SimulatedLine) -> None:
        """The server notices that a connection is dead."""
        if self.lines.get(line.who) is line:
            del self.lines[line.who]
            if self.room is not None and self.room.member(line.who):
                self.receive(line.who, inputs.Disconnect())

    # -- crashes -------------------------------------------------------------------------

    def doom(self, effects: int, fault: Fault | None) -> None:
        """Kill the process after this many effects. With a fault, kill it in the next write after
        that."""
        self._doom, self._doom_fault = effects, fault

    def no_doom(self) -> None:
        """Good weather: cancel all planned crashes and faults."""
        self._doom, self._doom_fault, self.disk.fault = None, None, None
        self.down_ms = (50, 100)

    def kill(self, why: str) -> None:
        """Kill the process like `kill -9`, and restart it later."""
        self.story("server", "killed:", why)
        self.stats["crashes"] += 1
        self.room, self._alarm = None, None
        self._doom = self._doom_fault = None
        self._life += 1
        self._failed.clear()
        lines, self.lines = self.lines, {}
        for line in lines.values():
            line.shut(Close.ABNORMAL)
        life = self._life
        down = self.dice.between(*self.down_ms)
        self.clock.after(down, lambda: self.restart() if self._life == life else None)

    def restart(self) -> None:
        """Read the disk, restore the room, and continue."""
        if self.room is not None:
            return
        self._life += 1
        found, torn = self.disk.reopen()
        self.stats["torn"] += torn > 0
        if len(found) < self.told:
            raise ToldBeforeStoredError(
                f"event {self.told} was sent, but only {len(found)} are stored"
            )
        if self.snapshot is not None and self.snapshot.snapshot.seq > len(found):
            self.snapshot = None
        known = len(self.entries)
        for entry in found[known:]:
            self.entries.append(self._read(entry))
        del self._frames[len(found) :]
        while len(self._frames) < len(found):
            self._frames.append({})
        self.story(
            "server",
            "restarts",
            f"with {len(found)} events; {torn} bytes of an unfinished event were dropped",
        )
        for own, entry in zip(self.entries, found, strict=True):
            if own.event.seq != entry.seq or own.at != entry.at or own.chart != entry.chart:
                raise ForkedError(f"event {entry.seq} is different after the restart")
        if not self.entries:
            self.begin()
            return
        self.accounts.restarted(one.event for one in self.entries)
        self.verdicts.restarted(one.event for one in self.entries)
        self.watch.generation = self.accounts.closed
        for one in self.entries:
            if isinstance(one.event.body, Roster):
                self.roster = one.event.body
        self.room = self._safely(
            lambda: Room.restored(
                self.chart,
                seed=self.seed,
                folded=Folded({}).fold_all(self.entries),
                now=self.clock.now,
            )
        )
        room = self.room
        self._enter(lambda: room.tick(self.clock.now), 0)

    # -- one call ------------------------------------------------------------------------

    def _enter(
        self,
        step: Callable[[], Sequence[Effect]],
        replies: int,
        heard: Callable[[Reply, Collection[int]], None] = lambda _, __: None,
    ) -> Reply | None:
        room = self.room
        assert room is not None
        before, seq = _seated(room), room.seq
        done = self._safely(step)
        self.watch.effects(room, done, now=self.clock.now, seq=seq, replies=replies)
        reply = next((one for one in done if isinstance(one, Reply)), None)
        if reply is not None:
            at_once = done[: done.index(reply)]
            heard(reply, {one.index for one in at_once if isinstance(one, Rejected)})
        self._account(room, _without_repeated(done, reply), before)
        try:
            self._perform(done)
        except (KilledError, PowerLossError) as error:
            self.kill(
                "power loss during a write" if isinstance(error, PowerLossError) else str(error)
            )
            return None
        except StoreFailedError as error:
            self.stats["store_failures"] += 1
            self.kill(f"the room stops: {error}")
            return None
        if self.dice.below(RESTORE_EVERY + len(self.entries) // 4) == 0:
            self.compare()
        return reply

    def compare(self) -> None:
        """Check that the restored room equals the live one, and that memory has not grown."""
        if self.room is not None and self.entries:
            room = self.room
            self._safely(lambda: self.watch.restored(room, self.entries, self.roster))
            if self.dice.below(4) == 0:
                self.watch.memory(room)

    def _safely(self, step: Callable[[], T]) -> T:
        """Report an exception of the core as a broken invariant."""
        try:
            return step()
        except BrokenError:
            raise
        except Exception as error:
            raise FaultError(f"the room raised {type(error).__name__}: {error}") from error

    def _account(self, room: Room, done: Sequence[Effect], before: Seated) -> None:
        """Check the turns of this call."""
        after = _seated(room)
        for effect in done:
            if isinstance(effect, Rejected):
                seat = next((s for s, user in before.items() if user == effect.who), None)
                if seat is not None:
                    self.accounts.rejected((seat, effect.who), effect)
        here: set[str] = set()
        for member in room.people.players():
            if member.connected and not (member.repairing or member.failed):
                here.add(member.user)
            elif member.seat is not None:
                self.accounts.interrupted((member.seat, member.user))
            if member.user in self._failed and self.bots[member.user].has_failed:
                self.watch.unawaited(member)
        self.verdicts.here(here)
        for effect in done:
            if isinstance(effect, Append):
                match effect.event.body:
                    case MasterPacket() as master:
                        self.accounts.turn(master, before, after)
                        self.verdicts.turn(master, after)
                        for name in ("exactly-once", "own-seat", "seat-order", "absent-named"):
                            self.watch.checks[name] += 1
                        self.watch.checks["all-waited-for"] += 1
                    case Diverged() as verdict:
                        self.verdicts.told(verdict, before)
        if before != after:
            self.accounts.vacated(after)

    # -- effects -------------------------------------------------------------------------

    def _perform(self, done: Sequence[Effect]) -> None:
        for effect in done:
            self._perhaps_die(effect)
            match effect:
                case Append():
                    self._append(effect)
                case Broadcast(event=event):
                    self._tell(event)
                case Rejected(who=who):
                    if (line := self.lines.get(who)) is not None:
                        self.bots[who].reject(effect, line)
                case Keep():
                    self.verdicts.kept(effect.snapshot, effect.state)
                    self.watch.checks["true-snapshots"] += 1
                    self.stats["snapshots"] += 1
                    self.snapshot = effect
                    self.story(
                        "room", "keeps", f"the snapshot of turn {effect.snapshot.generation}"
                    )
                case Part(who=who, code=code, reason=reason):
                    if any(row.user == who for row in self.roster.seats):
                        raise ToldBeforeStoredError(
                            f"{who} was told to leave before this was stored"
                        )
                    self.story(who, "removed:", reason)
                    if (line := self.lines.pop(who, None)) is not None:
                        line.shut(code)
                case Arm(at=at):
                    self._arm(at)

    def _perhaps_die(self, effect: Effect) -> None:
        if self._doom is None:
            return
        self._doom -= 1
        if self._doom > 0:
            return
        if self._doom_fault is None:
            raise KilledError(f"before {type(effect).__name__}")
        if isinstance(effect, Append):
            self.disk.fault, self._doom, self._doom_fault = self._doom_fault, None, None

    def _append(self, effect: Append) -> None:
        data = self.codecs[MSGPACK].encode_event(effect.event)
        assert isinstance(data, bytes)
        entry = Entry(effect.event.seq, effect.at, data, effect.chart, effect.ids)
        self.disk.append(entry, lambda size: self.dice.below(size))
        again = self._read(entry)
        if again.event != effect.event:
            raise CodecError(
                f"event {entry.seq} is stored as {again.event} instead of {effect.event}"
            )
        self.watch.checks["codec"] += 1
        self.entries.append(again)
        self._frames.append({})
        if isinstance(effect.event.body, Roster):
            self.roster = effect.event.body
        self.story("room", "stores", effect.event)

    def _read(self, entry: Entry) -> Append:
        frame = self.codecs[MSGPACK].decode_event(entry.event)
        assert isinstance(frame, EventFrame)
        return Append(Event(entry.seq, cast(Body, frame.body)), entry.at, entry.chart, entry.ids)

    def _tell(self, event: Event) -> None:
        if event.seq > self.disk.last:
            raise ToldBeforeStoredError(
                f"event {event.seq} is sent, but only {self.disk.last} are stored"
            )
        self.told = max(self.told, event.seq)
        for who, line in list(self.lines.items()):
            # The process can die between sending to two sockets.
            if self._doom is not None and self._doom_fault is None and self.dice.below(4) == 0:
                raise KilledError(f"while event {event.seq} was sent")
            self._send(line, self.bots[who], event.seq)
        if isinstance(event.body, Ended):
            for line in self.lines.values():
                line.shut(Close.ENDED)
            self.lines.clear()

    def _send(self, line: SimulatedLine, bot: ToldBot, seq: int) -> None:
        frame, size = self._frame(seq, bot.subprotocol)
        self.told = max(self.told, seq)
        line.to_bot(size, lambda: bot.hear(frame, line))

    def _frame(self, seq: int, subprotocol: str) -> tuple[EventFrame, int]:
        """An event as a client of this subprotocol decodes it, and its size in bytes."""
        kept = self._frames[seq - 1].get(subprotocol)
        if kept is None:
            codec, event = self.codecs[subprotocol], self.entries[seq - 1].event
            data = codec.encode_event(event)
            frame = codec.decode_event(data)
            if not isinstance(frame, EventFrame) or (frame.body, frame.seq) != (event.body, seq):
                raise CodecError(f"event {seq} arrives as {frame}")
            kept = self._frames[seq - 1][subprotocol] = frame, len(data)
        return kept

    # -- time ----------------------------------------------------------------------------

    def _arm(self, at: int | None) -> None:
        """Set the alarm. It replaces an earlier one."""
        if at is not None and at != self._alarm:
            life = self._life
            self.clock.at(at, lambda: self._ring(at, life))
        self._alarm = at

    def _ring(self, at: int, life: int) -> None:
        if self._alarm == at and self._life == life and self.room is not None:
            self._alarm = None
            room = self.room
            self._enter(lambda: room.tick(self.clock.now), 0)


def _without_repeated(done: Sequence[Effect], reply: Reply | None) -> Sequence[Effect]:
    """The effects without refusals of a repeated packet: only the first packet counts."""
    if reply is None or reply.status != 200:
        return done
    at = done.index(reply)
    return [*(one for one in done[:at] if not isinstance(one, Rejected)), *done[at:]]


def _seated(room: Room) -> dict[int, str]:
    return {member.seat: member.user for member in room.people.players() if member.seat is not None}
