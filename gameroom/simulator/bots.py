"""A bot: a real replica behind a line, with the manners of a person.

It comes in, gets ready, plays, loses its connection and returns, as the weather wants; the
tricks of bad people are in `mischief`. It knows the room only through its replica and
through what it is answered.
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
    """user: the user id and the name. spectate: wants to watch.

    liar: reports checksums that are not its engine's. fair: sends nothing but what its replica
    made, so that its own commands can be followed from end to end. patient: presses no buttons
    while the room waits for somebody.
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
        """Has left, or was dropped, for good."""
        self.away_until = 0
        self.frozen_until = 0
        self.line: SimulatedLine | None = None
        self.last: ClientPacket | None = None
        """What the replica sent last over this connection: packets go in their order, so an
        older one must not come before what the room still misses."""
        self._drawn = Random(crc32(user.encode()))
        """Of the commands' ids, apart from the dice: they change nothing."""
        self._joined = False
        self._dialing = False
        self._wakes = -1
        self._behind = False
        self.begin()
        server.bots[user] = self

    def begin(self) -> None:
        """A fresh program: it remembers nothing."""
        self.replica = Replica(
            self.room, FaultyLedger(), seed=self.server.seed, policy=self.policy, framerate=60
        )
        self.sent: dict[int, tuple[Command, ...]] = {}
        self.issued = 0
        self.last = None
        self.other: Replica | None = None
        """Another page that believes to be this one."""
        self.is_alone = True
        """There has been no other page: its accounts are whole."""

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
        """Connect as soon as it may; join first, over HTTP, where that is needed."""
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
            # The room is full or over, or nobody may come in now; perhaps later.
            self._later(3_000)
        else:
            self._joined = True
            seat = reply.body.seat if isinstance(reply.body, Welcome) else None
            is_new = reply.status == 201 and seat is not None
            if self.replica.user and (is_new or self.replica.seat != seat):
                # Another life in the room: what was said in the one before is nobody's now.
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
        """Whatever was the matter, be here, in this weather."""
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
        """The accidental back button: a new program, from the first event on."""
        self.story(self.user, "reloads")
        self.server.stats["reloads"] += 1
        self.hang_up()
        self.begin()
        self.dial()

    def spoil(self, fault: EngineFault) -> None:
        """The engine has an error that shows itself with the next turn, or state. Whoever sees it
        fail loads the page again, some time, or never does."""
        self.engine.fault = fault
        broken = self.replica

        def notice() -> None:
            if self.replica is broken and broken.failure is not None and not self.out:
                self.reload()

        if self.dice.below(2):
            self.clock.after(self.dice.between(1_000, 20_000), notice)

    def duplicate(self) -> None:
        """The same page once more, with all that waits in it, or back to the other one."""
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

    # -- hearing ---------------------------------------------------------------------------

    def hear(self, frame: EventFrame, line: SimulatedLine) -> None:
        if self.line is not line:
            return
        if frame.seq is not None and frame.seq <= len(self.server.entries):
            known = self.server.entries[frame.seq - 1].event.body
            if frame.body is not known and frame.body != known:
                what = f"{self.user} hears another event {frame.seq} than the journal has"
                raise ForkedError(what, seat=self.replica.seat)
        elif self.server.room is not None:
            raise ForkedError(f"{self.user} hears event {frame.seq}, which is not stored")
        try:
            self.replica.feed(frame, self.clock.now)
        except RepairError:
            self.story(self.user, "begins again")
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
        """Told privately that something was refused."""
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
        """Play what is due, send what is made, wake up for the next turn."""
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
            # Sent over HTTP: beside the line, and as slow.
            said = self._said_state(wanted)
            self.ask(inputs.with_hash(said.generation, said.data))
        for flaw in replica.flaws.take():
            self._report(inputs.Fail(flaw.kind, flaw.generation, flaw.text))
        due = replica.due(now)
        if due is not None:
            self._wake(due)

    def _report(self, said: inputs.Fail) -> None:
        """Beside the line: it may overtake packets, and packets may overtake it."""
        self.server.stats["failures"] += 1
        self._beside(lambda: self.server.receive(self.user, said))

    def _beside(self, ask: Callable[[], Reply | None]) -> None:
        """Over HTTP, again where the room asks for patience."""

        def arrive() -> None:
            reply = None if self.out else ask()
            problem = None if reply is None else reply.problem
            if problem is not None and problem.retry_after_ms is not None:
                self.clock.after(problem.retry_after_ms, arrive)

        self.clock.after(self.dice.between(0, 2 * self.weather.delay_ms[1]), arrive)

    def _said_state(self, state: EngineState) -> EngineState:
        """What is told of it: liars would have others begin with something else."""
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
            raise ChecksumError(f"{self.user} says two things for turn {packet.generation}")
        if self.lies and packet.checksum is not None:
            said = packet.checksum
            self.server.stats["lies"] += 1
            packet = structs.replace(packet, checksum=Checksum(said.generation, said.value ^ 0x2A))
        self.last = packet
        self.send(packet)

    def send(self, packet: ClientPacket) -> None:
        """Over the line, as bytes."""
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
        """A request over the line."""
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
        """The person does something."""
        if not self.room.commands or self.replica.seat is None or self.replica.waiting > 64:
            return
        declared = self.dice.pick(self.room.commands)
        command = Command(declared.name, chance.body(declared.fields, self.dice))
        self.replica.command(command, self._drawn.between(1, ID_MAX))
        self.issued += 1
        self.server.stats["commands"] += 1

    def nag(self) -> None:
        """What a person does while nothing is played: be ready, load, press the buttons."""
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
        """Does this person try the buttons now? The patient wait for the room to go on."""
        is_held = "running.paused.held" in self.replica.states
        return bool(self.room.requests) and (is_held or not self.patient)

    def press(self) -> None:
        """Any request of the room, whether it goes here or not."""
        request = self.dice.pick(self.room.requests)
        self.ask(inputs.Ask(request.name, chance.body(request.fields, self.dice)))

    def _safely(self, step: Callable[[], T]) -> T:
        """A fault of the replica is a finding, not ours."""
        try:
            return step()
        except BrokenError:
            raise
        except Exception as error:
            raise FaultError(f"the replica of {self.user} raised {error!r}") from error
