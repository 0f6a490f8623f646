"""A bot: a real replica behind a simulated connection, which behaves like a person.

It joins, gets ready, plays, loses its connection and returns, depending on the weather. The tricks
of malicious people are in `tricks`. It knows the room only through its replica and through answers.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import TypeVar
from zlib import crc32

from msgspec import structs

from gameroom import model
from gameroom.lockstep.packets import Checksum, ClientPacket, Command, Welcome, seat_name
from gameroom.lockstep.random import Random
from gameroom.replica import (
    EngineState,
    GapError,
    RepairError,
    Replica,
)
from gameroom.room import inputs
from gameroom.room.effects import Rejected, Reply
from gameroom.simulator import dice as chance
from gameroom.simulator.clock import VirtualClock
from gameroom.simulator.engines import EngineFault, FaultyLedger
from gameroom.simulator.invariants import BrokenError, ChecksumError, FaultError, ForkedError
from gameroom.simulator.line import SimulatedLine
from gameroom.simulator.server import SimulatedServer, Tell
from gameroom.simulator.weather import Weather
from gameroom.wire import ClientPolicy, Close, Codec, EventFrame, Rejection

T = TypeVar("T")

NAG_MS = 400
ID_MAX = 2**32 - 1
REQUEST_BYTES = 80


class Bot:
    """user: the user id and the name. spectate: joins as a spectator.

    liar: reports wrong checksums. fair: sends only packets of its replica, so that its commands can
    be tracked from end to end. patient: sends no requests while the room waits for a player.
    """

    def __init__(
        self,
        server: SimulatedServer,
        clock: VirtualClock,
        dice: Random,
        user: str,
        subprotocol: str,
        room: model.RoomFile,
        tell: Tell,
        *,
        policy: ClientPolicy,
        spectate: bool = False,
    ) -> None:
        self.server, self.clock, self.dice, self.user = server, clock, dice, user
        self.subprotocol = subprotocol
        self.room, self.story, self.spectate = room, tell, spectate
        self.codec = Codec(subprotocol, room)
        self.policy = policy
        self.weather: Weather
        self.liar = False
        self.lies = False
        self.fair = True
        self.patient = False
        self.out = False
        """Whether it has left or was dropped permanently."""
        self.away_until = 0
        self.frozen_until = 0
        self.line: SimulatedLine | None = None
        self.last: ClientPacket | None = None
        """The last packet of the replica on this connection. Packets must be sent in order, so an
        older one must not precede packets that the room still lacks."""
        self._drawn = Random(crc32(user.encode()))
        """Generates the ids of commands, apart from `dice`, so that they do not affect the run."""
        self._joined = False
        self._dialing = False
        self._wakes = -1
        self._behind = False
        self.begin()
        server.bots[user] = self

    def begin(self) -> None:
        """Start a new program without memory."""
        self.replica = Replica(
            self.room, FaultyLedger(), seed=self.server.seed, policy=self.policy, framerate=60
        )
        self.sent: dict[int, tuple[Command, ...]] = {}
        self.issued = 0
        self.last = None
        self.other: Replica | None = None
        """A second page with the same memory."""
        self.is_alone = True
        """Whether there was never a second page, so that its counts are complete."""

    @property
    def engine(self) -> FaultyLedger:
        assert isinstance(self.replica.engine, FaultyLedger), "a bot has no other"
        return self.replica.engine

    @property
    def has_failed(self) -> bool:
        return self.replica.failure is not None

    # -- the connection ------------------------------------------------------------------

    @property
    def online(self) -> bool:
        return self.line is not None

    @property
    def awake(self) -> bool:
        return self.clock.now >= self.frozen_until

    def dial(self) -> None:
        """Connect as soon as possible. Join first, over HTTP, if necessary."""
        if self._dialing or self.out or self.online:
            return
        self._dialing = True
        wait = self.dice.between(20, 200)
        self.clock.at(max(self.clock.now + wait, self.away_until), self._dial)

    def _dial(self) -> None:
        self._dialing = False
        if self.out or self.online:
            return
        if self.clock.now < self.away_until:
            self.dial()
            return
        if not self._joined and not self._join():
            return
        line = SimulatedLine(
            self.clock,
            self.weather,
            self.dice,
            self.user,
            lambda code: self._lost(line, code),
            self.server.gone,
        )
        self.line, self.last = line, None
        seq = self.replica.seq
        restores = self.replica.restores
        line.to_server(REQUEST_BYTES, lambda: self.server.hello(line, seq, restores))

    def _join(self) -> bool:
        reply = self.server.receive(self.user, inputs.Join(self.user, spectate=self.spectate))
        if reply is None:
            self._later(500)
        elif reply.problem is not None:
            # The room is full, has ended, or allows no joins now: try again later.
            self._later(3_000)
        else:
            self._joined = True
            seat = reply.body.seat if isinstance(reply.body, Welcome) else None
            is_new = reply.status == 201 and seat is not None
            if self.replica.user and (is_new or self.replica.seat != seat):
                # This is a new place in the room: the memory of the old place is obsolete.
                self.begin()
            self.story(self.user, "joined", "as a spectator" if seat is None else seat_name(seat))
        return self._joined

    def _later(self, ms: int) -> None:
        self.away_until = self.clock.now + ms
        self.dial()

    def cut(self) -> None:
        """The network loses the connection."""
        if self.line is not None:
            self.story(self.user, "cut")
            self.server.stats["cuts"] += 1
            self.away_until = self.clock.now + self.dice.between(*self.weather.away_ms)
            self.line.cut()

    def hang_up(self) -> None:
        """The bot itself ends the connection."""
        line, self.line = self.line, None
        if line is not None:
            line.hang_up()
            self.replica.lost()

    def come_back(self, weather: Weather) -> None:
        """Come back in this weather, whatever the state."""
        self.weather = weather
        self.away_until = self.frozen_until = 0
        self.hang_up()
        self._dialing = False
        if self.replica.failure is not None:
            self.begin()
        self.engine.fault = None
        self.dial()
        self.pump()

    def reload(self) -> None:
        """Reload the page: a new program, from the first event on."""
        self.story(self.user, "reloads")
        self.server.stats["reloads"] += 1
        self.hang_up()
        self.begin()
        self.dial()

    def spoil(self, fault: EngineFault) -> None:
        """Give the engine an error that occurs with the next turn or state. After the failure, the
        person reloads the page after a while, or never."""
        self.engine.fault = fault
        broken = self.replica

        def notice() -> None:
            if self.replica is broken and broken.failure is not None and not self.out:
                self.reload()

        if self.dice.below(2):
            self.clock.after(self.dice.between(1_000, 20_000), notice)

    def duplicate(self) -> None:
        """Duplicate the page with its waiting commands, or switch back to the other page."""
        self.hang_up()
        self.replica, self.other = self.other or deepcopy(self.replica), self.replica
        self.is_alone = False
        self.sent = {}
        self.dial()

    def _lost(self, line: SimulatedLine, code: int) -> None:
        if self.line is not line:
            return
        line.broken = True
        self.line = None
        self.replica.lost()
        if code in (Close.LEFT, Close.DROPPED, Close.ENDED):
            self.out = True
            return
        if code == Close.NO_SESSION:
            self._joined = False
        self.dial()

    def welcome(self, hello: Welcome, state: bytes, line: SimulatedLine) -> None:
        if self.line is not line:
            return
        self._behind = hello.seq > self.replica.seq + 8
        self._safely(lambda: self.replica.welcome(hello, state))
        self.pump()

    # -- receiving -------------------------------------------------------------------------

    def hear(self, frame: EventFrame, line: SimulatedLine) -> None:
        if self.line is not line:
            return
        if frame.seq is not None and frame.seq <= len(self.server.entries):
            known = self.server.entries[frame.seq - 1].event.body
            if frame.body is not known and frame.body != known:
                what = f"{self.user} receives an event {frame.seq} that differs from the journal"
                raise ForkedError(what, seat=self.replica.seat)
        elif self.server.room is not None:
            raise ForkedError(f"{self.user} receives event {frame.seq}, which is not stored")
        try:
            self.replica.feed(frame, self.clock.now)
        except RepairError:
            self.story(self.user, "starts again")
            self.server.stats["repairs"] += 1
            self.hang_up()
            self.dial()
            return
        except GapError as error:
            raise ForkedError(f"{self.user}: {error}", seat=self.replica.seat) from error
        except Exception as error:
            raise FaultError(f"the replica of {self.user} raised {error!r}") from error
        self.server.watch.checks["one-log"] += 1
        self.pump()

    def reject(self, told: Rejected | Rejection, line: SimulatedLine) -> None:
        """A command or a packet of this bot was refused."""
        told = Rejection(told.generation, told.index, told.problem)
        data = self.codec.encode_private(told)
        frame = self.codec.decode_event(data)
        assert isinstance(frame, EventFrame)

        def arrive() -> None:
            if self.line is line:
                self._safely(lambda: self.replica.feed(frame, self.clock.now))
                self.pump()

        line.to_bot(len(data), arrive)

    # -- playing ---------------------------------------------------------------------------

    def pump(self) -> None:
        """Play the due turns, send the new packets, and schedule the next turn."""
        if not self.awake:
            self._wake(self.frozen_until)
            return
        replica, now = self.replica, self.clock.now
        if self.line is not None:
            replica.latency = 2 * self.line.delay
        while self._safely(lambda: replica.play(now)):
            checksum = replica.checksum
            if checksum is not None and checksum.generation == replica.generation:
                self.server.verdicts.engine(
                    self.user, replica.seat, checksum.generation, checksum.value
                )
                self.server.watch.checks["equal-checksums"] += 1
        if replica.failure is not None and not self.engine.has_failed:
            raise FaultError(f"the engine of {self.user} raised {replica.failure!r}")
        if self._behind and replica.seq >= self.server.told and self.online:
            self._behind = False
            self.server.stats["caught_up"] += 1
        for packet in replica.take():
            self._send(packet)
        for state in replica.offers.take():
            sha256 = self._said_state(state).sha256
            self.ask(inputs.HaveState(state.generation, sha256, len(state.data)))
        if (wanted := replica.offers.take_wanted()) is not None:
            # Sent over HTTP, in parallel to the connection and with the same delay.
            said = self._said_state(wanted)
            self.ask(inputs.with_hash(said.generation, said.data))
        for flaw in replica.flaws.take():
            self._report(inputs.Fail(flaw.kind, flaw.generation, flaw.text))
        due = replica.due(now)
        if due is not None:
            self._wake(due)

    def _report(self, said: inputs.Fail) -> None:
        """Report a failure over HTTP. It can overtake packets, and packets can overtake it."""
        self.server.stats["failures"] += 1
        self._beside(lambda: self.server.receive(self.user, said))

    def _beside(self, ask: Callable[[], Reply | None]) -> None:
        """Send a request over HTTP, and again later if the room asks for that."""

        def arrive() -> None:
            reply = None if self.out else ask()
            problem = None if reply is None else reply.problem
            if problem is not None and problem.retry_after_ms is not None:
                self.clock.after(problem.retry_after_ms, arrive)

        self.clock.after(self.dice.between(0, 2 * self.weather.delay_ms[1]), arrive)

    def _said_state(self, state: EngineState) -> EngineState:
        """The state to send. A liar sends a forged one."""
        return replace(state, data=b"[666]") if self.lies else state

    def _wake(self, at: int) -> None:
        if at != self._wakes:
            self._wakes = at

            def wake() -> None:
                if self._wakes == at:
                    self._wakes = -1
                self.pump()

            self.clock.at(at, wake)

    def _send(self, packet: ClientPacket) -> None:
        known = self.sent.setdefault(packet.generation, packet.commands)
        if known != packet.commands and packet.commands:
            raise ChecksumError(
                f"{self.user} sends two different packets for turn {packet.generation}"
            )
        if self.lies and packet.checksum is not None:
            said = packet.checksum
            self.server.stats["lies"] += 1
            packet = structs.replace(packet, checksum=Checksum(said.generation, said.value ^ 0x2A))
        self.last = packet
        self.send(packet)

    def send(self, packet: ClientPacket) -> None:
        """Send a packet over the connection, as bytes."""
        line = self.line
        if line is None:
            return
        data = self.codec.encode_packet(packet)
        self.server.stats["packets"] += 1

        def arrive() -> None:
            if self.server.lines.get(self.user) is not line:
                return
            said = self.codec.decode(data)
            assert isinstance(said, ClientPacket)
            if said != packet:
                raise ForkedError(f"{packet} arrives as {said}", seat=self.replica.seat)
            reply = self.server.receive(self.user, said)
            if reply is not None and reply.problem is not None:
                self.reject(Rejection(said.generation, None, reply.problem), line)

        line.to_server(len(data), arrive)

    def ask(self, packet: inputs.Packet) -> None:
        """Send a request over the connection."""
        line = self.line
        if line is None:
            return

        def arrive() -> None:
            if self.server.lines.get(self.user) is line:
                reply = self.server.receive(self.user, packet)
                self._answered(packet, reply)

        line.to_server(REQUEST_BYTES, arrive)

    def _answered(self, packet: inputs.Packet, reply: Reply | None) -> None:
        if reply is not None:
            self.server.stats["refused" if reply.problem is not None else "requests"] += 1

    def command(self) -> None:
        """Give a random command."""
        if not self.room.commands or self.replica.seat is None or self.replica.waiting > 64:
            return
        declared = self.dice.pick(self.room.commands)
        command = Command(declared.name, chance.body(declared.fields, self.dice))
        self.replica.command(command, self._drawn.between(1, ID_MAX))
        self.issued += 1
        self.server.stats["commands"] += 1

    def nag(self) -> None:
        """The actions of a person while no game runs: get ready, load, send requests."""
        replica = self.replica
        rows = [row for row in replica.roster.seats if row.user == self.user]
        if not self.online or not rows or not self.awake:
            return
        if any(path.split(".")[0] == "running" for path in replica.states):
            if any("paused" in path for path in replica.states) and self._presses():
                self.press()
        elif not rows[0].ready:
            self.ask(inputs.Ready())
        elif not rows[0].loaded:
            self.ask(inputs.Load(self._safely(replica.reasons)))

    def _presses(self) -> bool:
        """Whether this person sends requests now. Patient people wait until the room continues."""
        is_held = "running.paused.held" in self.replica.states
        return bool(self.room.requests) and (is_held or not self.patient)

    def press(self) -> None:
        """Send any request of the room, even if it is not allowed now."""
        request = self.dice.pick(self.room.requests)
        self.ask(inputs.Ask(request.name, chance.body(request.fields, self.dice)))

    def _safely(self, step: Callable[[], T]) -> T:
        """Report an exception of the replica as a broken invariant."""
        try:
            return step()
        except BrokenError:
            raise
        except Exception as error:
            raise FaultError(f"the replica of {self.user} raised {error!r}") from error
