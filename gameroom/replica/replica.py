"""One client's part in a room, without any I/O: feed it events, take its packets.

Knows the events of a room and an engine; no socket and no clock: `now` is an argument in
milliseconds. The four doors: `welcome` and `lost` for the connection, `feed` for what the
room says, `play` for time, `take` for what is to be sent.

The rules it keeps (docs/wire.md, "How a client plays turns"). The engine runs exactly what
the room said, in the order of seq. When it starts generation g, a packet is made for every
generation up to g + ahead that has none and is still open; queued commands ride in the
first of them. A packet is kept until it is confirmed, so a command is neither lost nor
doubled whatever happens to the connection.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from gameroom import model
from gameroom.lockstep.canonical import NotCanonicalError, canonical
from gameroom.lockstep.packets import (
    Checksum,
    ClientPacket,
    Command,
    Ended,
    MasterPacket,
    Moves,
    Repair,
    Roster,
    Setup,
    SignalReport,
    Snapshot,
    Verified,
    Welcome,
    is_running,
)
from gameroom.model import Value
from gameroom.model.fit import misfit_body
from gameroom.replica.engine import Engine, SeatedCommand, Signal
from gameroom.replica.errors import GapError, RepairError, SnapshotError
from gameroom.replica.flaws import FlawKind, Flaws, checksum_of, listed, place
from gameroom.replica.offers import Offers
from gameroom.replica.outbox import Confirmed, Outbox
from gameroom.replica.timing import Timing
from gameroom.wire import ClientPolicy, EventFrame, Rejection

SIGNALS_PER_PACKET_MAX = 8
LOG_MAX = 65_536
REASON_CHARACTERS_MAX = 200
NEAR_TURNS = 32
"""Who is further behind does not hash its state: the verdict is there before it would count."""


@dataclass(frozen=True, slots=True)
class _Begin:
    """The game begins after the last turn that was run."""

    setup: Setup
    roster: Roster
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Turn:
    """A closed turn, with the seats that were taken then."""

    packet: MasterPacket
    seats: tuple[int, ...]
    arrived: int


class Replica:
    """One seat, or one watcher."""

    def __init__(
        self,
        room: model.RoomFile,
        engine: Engine,
        *,
        seed: int,
        policy: ClientPolicy,
        framerate: int = 60,
    ) -> None:
        self.engine = engine
        self.seed = seed
        self.user = ""
        self.name = ""
        self.seat: int | None = None
        self.seq = 0
        """The last event that was fed."""
        self.generation = 0
        """The last turn that the engine has run."""
        self.turn_ms = 0
        self.ahead = 1
        self.latency = 0
        """A round trip in milliseconds that was measured and not yet reported; 0 for none."""
        self.framerate = framerate
        self.roster = Roster()
        self.setup = Setup()
        self.states: tuple[str, ...] = ()
        self.variables: Mapping[str, Value] = {}
        self.ended: Ended | None = None
        self.checksum: Checksum | None = None
        self.log: deque[Confirmed] = deque(maxlen=LOG_MAX)
        """Our commands as the room confirmed them, of turns after `log_after`."""
        self.log_after = 0
        self.restores = True
        """Whether a snapshot may take the place of events."""
        self.offers = Offers(policy)
        """Our states that others may go on from."""
        self.refusals: deque[Rejection] = deque(maxlen=LOG_MAX)
        """Our commands and packets that the room refused."""
        self.flaws = Flaws(room.signals)
        """What went wrong in our engine."""
        self.outbox = Outbox(policy)
        self._policy = policy
        self._commands = {command.name: command for command in room.commands}
        self._signals: deque[SignalReport] = deque()
        self._inbox: deque[_Turn | Moves | _Begin] = deque()
        self._outgoing: list[ClientPacket] = []
        self._again: list[ClientPacket] = []
        self._engine_states: tuple[str, ...] = ()
        self._begun = False
        self._closed = 0
        self._told = 0
        self._heard = 0
        self._greeted: int | None = None
        self._born = 0
        self._online = False
        self._shown = False
        self._timing = Timing()

    @property
    def failure(self) -> Exception | None:
        """What the engine raised that cannot go on: nothing is run or sent any more."""
        return self.flaws.failure

    # --- The connection --------------------------------------------------------------

    def welcome(self, hello: Welcome, state: bytes = b"") -> None:
        """The answer to the first frame. The tail follows as events. state: the bytes behind
        `hello.snapshot`; SnapshotError where they are not those, or the engine fails."""
        self.user, self.name, self.seat = hello.user, hello.name, hello.seat
        self._again = self.outbox.welcome(hello.heard)
        if hello.snapshot is not None:
            self._restore(hello.snapshot, state, hello.heard)
        self._heard, self._greeted = hello.heard, hello.seq
        if self.seq == 0:
            # An engine that begins now has been repaired of all that was said before.
            self._born = hello.seq
        self._closed = max(self._closed, hello.generation)
        self._online = self._shown = False
        self._outgoing.clear()
        self._set_pace(hello.turn_ms, hello.ahead)
        self._go_online()

    def _restore(self, snapshot: Snapshot, state: bytes, heard: int) -> None:
        """Go on from here as if all before had been told. What we said stands."""
        begin = snapshot.begin
        self._begin_again()
        try:
            if hashlib.sha256(state).hexdigest() != snapshot.sha256:
                raise ValueError("its bytes do not match its hash")
            self.engine.init(begin.setup, begin.seats, self.seed, begin.states)
            self.engine.restore(json.loads(state))
        except Exception as error:
            # Whatever an engine makes of a foreign state: the events are left.
            self.restores = False
            raise SnapshotError(
                f"the snapshot of turn {snapshot.generation} cannot be used: {error}"
            ) from error
        self.seq = self._born = snapshot.seq
        self.generation = self.log_after = snapshot.generation
        self._told = max(self._told, snapshot.generation)
        self.setup, self.roster = snapshot.setup, snapshot.roster
        self.states = self._engine_states = snapshot.chart.states
        self.variables = snapshot.chart.variables
        self._begun = True
        self.log.clear()
        self.outbox.skip(min(heard, snapshot.generation))

    def lost(self) -> None:
        """The connection is gone, and perhaps what was sent last with it."""
        self._online, self._greeted = False, None
        self._outgoing.clear()
        self.offers.lost()
        self._timing.rest()

    def _go_online(self) -> None:
        """When the tail has been read, what it did not confirm is sent again."""
        if self._greeted is None or self._online or self.seq < self._greeted:
            return
        self._online = True
        if self.failure is not None:
            self.flaws.tell_again()
            return
        if self.seat is not None:
            # A server that fell has forgotten packets that it had said it heard, and that
            # are kept no more or were made before we were: their turns wait for them.
            for generation in range(max(self._heard, self._closed) + 1, self.outbox.sent + 1):
                self.outbox.fill(self._bare(generation))
        for packet in (*self._again, *self.outbox.unheard(self._heard)):
            self._send(packet)
        if self._begun and not self._inbox:
            self._start(self.generation)
            self._show()

    # --- What the room says -----------------------------------------------------------

    def feed(self, frame: EventFrame, now: int) -> bool:
        """Take one event that arrived now; False when it was known already, or is a refusal that
        is put right here. Raises GapError, and RepairError when the engine has to begin again."""
        if isinstance(frame.body, Rejection):
            return self._rejected(frame.body)
        if frame.seq is None or frame.seq <= self.seq:
            return frame.seq is None
        if frame.seq != self.seq + 1:
            raise GapError(f"event {frame.seq} arrived after event {self.seq}")
        self.seq = frame.seq
        match frame.body:
            case MasterPacket():
                self._master(frame.body, now)
            case Moves():
                self._moves(frame.body)
            case Roster():
                self.roster = frame.body
            case Setup():
                self.setup = frame.body
            case Ended():
                self.ended = frame.body
            case Verified():
                self.offers.verified(frame.body, self.seat)
            case Repair(seats=seats):
                if self.seat in seats and frame.seq > self._born:
                    self._begin_again()
                    raise RepairError(f"the room asks for a repair in event {frame.seq}")
        self._go_online()
        return True

    def _begin_again(self) -> None:
        """Forget what the engine was told. What we said stands: it is not said twice."""
        self.seq = self.generation = 0
        self.checksum = None
        self.states, self.variables, self._engine_states = (), {}, ()
        self._begun = False
        self.flaws.clear()
        self._inbox.clear()
        self._signals.clear()

    def _master(self, packet: MasterPacket, now: int) -> None:
        if self.failure is None:
            assert packet.generation == self._last_fed() + 1, "turns come in order"
            seats = tuple(row.seat for row in self.roster.seats)
            self._inbox.append(_Turn(packet, seats, now))
        is_news = packet.generation > self._told
        self._told = max(self._told, packet.generation)
        self._closed = max(self._closed, packet.generation)
        self._timing.arrived(self.turn_ms, now)
        self._set_pace(packet.turn_ms, packet.ahead)
        if packet.chart is not None:
            self.states, self.variables = packet.chart.states, packet.chart.variables
        if self.seat is None or not is_news:
            return
        self.outbox.confirm(packet, self.seat)
        for part in packet.commands:
            if part.seat == self.seat:
                self.log += (Confirmed(packet.generation, command) for command in part.commands)

    def _last_fed(self) -> int:
        waiting = (one for one in reversed(self._inbox) if isinstance(one, _Turn))
        return next((one.packet.generation for one in waiting), self.generation)

    def _moves(self, moves: Moves) -> None:
        was, self.states = is_running(self.states), moves.chart.states
        self.variables = moves.chart.variables
        if self.failure is not None:
            return
        if is_running(self.states) and not was:
            self._inbox.append(_Begin(self.setup, self.roster, self.states))
        else:
            self._inbox.append(moves)

    def _set_pace(self, turn_ms: int, ahead: int) -> None:
        self.turn_ms, self.ahead = turn_ms, max(1, ahead)

    def _rejected(self, rejection: Rejection) -> bool:
        is_refusal, again = self.outbox.rejected(rejection)
        if again is not None and self._online and self.failure is None:
            self._send(again)
        if is_refusal:
            self.refusals.append(rejection)
        return is_refusal

    def retry(self, generation: int) -> None:
        """The time that a refusal of this packet asked for is over."""
        packet = self.outbox.get(generation)
        if packet is not None and self._online and self.failure is None:
            self._send(packet)

    # --- What the player says -----------------------------------------------------------

    def command(self, command: Command, id_: int = 0) -> None:
        """Queue a command for the first packet that is still to be made. id_: drawn at random for
        this command, from 1 to 2^53 - 1; without one nobody can tell a copy of it. Raises
        ValueError when the room has no such command, its body does not fit, or this is a
        watcher."""
        declared = self._commands.get(command.name)
        if declared is None:
            raise ValueError(f"there is no command `{command.name}` in this room")
        if (why := misfit_body(declared.fields, command.body)) is not None:
            raise ValueError(f"{command.name}: {why}")
        if self.seat is None:
            raise ValueError("spectators cannot send commands")
        self.outbox.queue(command, id_)

    @property
    def waiting(self) -> int:
        """Commands that are queued or on their way: neither confirmed nor refused."""
        return self.outbox.waiting

    def reasons(self) -> tuple[str, ...]:
        """Why the engine refuses the setup as it is now; none accepts it. Before the game the
        engine begins one for that: a state that cannot be kept is a reason as well."""
        setup, seats = self.setup.settings, self.roster.seats
        reasons = tuple(self.engine.check(setup, seats, self.seed))
        if reasons or self._begun:
            return reasons
        self.engine.init(setup, seats, self.seed, self.states)
        try:
            canonical(self.engine.snapshot())
        except NotCanonicalError as error:
            return (f"The engine's state cannot be saved: {place(error)}"[:REASON_CHARACTERS_MAX],)
        return ()

    # --- Time ---------------------------------------------------------------------------

    def due(self, now: int, *, hurry: bool = False) -> int | None:
        """When the next turn may be played, in milliseconds; None when none is there.

        A turn lasts turn_ms, a little less or more where that lets them wait as long as the
        jitter asks for. More than `ahead` waiting turns mean that we are behind: then at once.
        """
        if not self._inbox or self.failure is not None:
            return None
        behind = self._closed - self.generation > self.ahead
        first = not isinstance(self._inbox[0], _Turn)
        if hurry or behind or first:
            return now
        return self._timing.start_at(self.turn_ms, now)

    def play(self, now: int, *, hurry: bool = False) -> bool:
        """Run the next turn if it is due; False when there was nothing to do."""
        due = self.due(now, hurry=hurry)
        if due is None or due > now:
            return False
        match self._inbox.popleft():
            case _Turn(packet, seats, arrived):
                self._timing.started(arrived, due, now)
                self._run(packet, seats)
            case Moves(chart=chart):
                self._engine_states = chart.states
            case _Begin(setup, roster, states):
                self._begun, self._engine_states, self.checksum = True, states, None
                try:
                    self.engine.init(setup.settings, roster.seats, self.seed, states)
                except Exception as error:
                    self._fail(self.generation, error)
                    return True
                self._start(self.generation)
        if self.failure is None and self._begun and self._online and not self._inbox:
            self._show()
        return True

    def _run(self, packet: MasterPacket, seats: tuple[int, ...]) -> None:
        assert packet.generation == self.generation + 1, "turns are run in order"
        self._start(packet.generation)
        commands = [
            SeatedCommand(part.seat, command.name, command.body)
            for part in packet.commands
            for command in part.commands
        ]
        try:
            signals = listed(
                self.engine.step(
                    packet.generation,
                    packet.iterations_per_command,
                    commands,
                    self._engine_states,
                    seats,
                )
            )
            is_due = packet.generation % self._policy.checksum_every == 0
            value = checksum_of(self.engine) if is_due else 0
        except Exception as error:
            # Whatever an engine raises is its own: the room goes on without it.
            self._fail(packet.generation, error)
            return
        self.generation = packet.generation
        if is_due:
            self.checksum = Checksum(self.generation, value)
        for signal in signals:
            self._raised(signal)
        if packet.chart is not None:
            self._engine_states = packet.chart.states
        self._note_state()

    def _fail(self, generation: int, error: Exception) -> None:
        """The engine cannot go on: no packet says any more that it runs."""
        self._inbox.clear()
        self._outgoing.clear()
        self.flaws.fail(generation, error, tells=self.seat is not None and self._online)

    def _raised(self, signal: object) -> None:
        """A signal of the engine: sent where it fits its declaration, else reported."""
        if (why := self.flaws.misfit_signal(signal)) is None:
            assert isinstance(signal, Signal), "it fits"
            if self.seat is not None:
                self._signals.append(SignalReport(self.generation, signal.name, signal.body))
        else:
            self._report("signal", why)

    def _report(self, kind: FlawKind, text: str) -> None:
        self.flaws.report(kind, self.generation, text, tells=self.seat is not None)

    def _note_state(self) -> None:
        """The room wants the hash of this state, of those that are near the present."""
        is_near = self._closed - self.generation <= NEAR_TURNS
        if self.seat is None or not is_near or not self.offers.is_due(self.generation):
            return
        try:
            self.offers.offer(self.generation, self.engine.snapshot(), tells=self._online)
        except Exception as error:
            # Whatever an engine does here costs the snapshot, not the game.
            self.offers.latest = None
            self._report("snapshot", place(error))

    # --- Packets ------------------------------------------------------------------------

    def _start(self, generation: int) -> None:
        """The engine starts this generation: THE RULE. Turns that were closed without us
        need no packet any more."""
        if self.seat is None:
            return
        for wanted in range(max(self.outbox.sent, self._closed) + 1, generation + self.ahead + 1):
            packet = self._packet(wanted)
            if self._online:
                self._send(packet)

    def _packet(self, generation: int) -> ClientPacket:
        raised = min(len(self._signals), SIGNALS_PER_PACKET_MAX)
        signals = tuple(self._signals.popleft() for _ in range(raised))
        return self.outbox.packet(
            generation,
            checksum=self.checksum,
            latency=self._measured(),
            framerate=self.framerate,
            signals=signals,
        )

    def _bare(self, generation: int) -> ClientPacket:
        """A packet that only says that we are here."""
        return ClientPacket(generation, (), self.checksum, 0, self.framerate)

    def _measured(self) -> int:
        """What the server is told of our line: each round trip once, or one that was long would
        count for as many as there are packets until the next; and how long turns wait here."""
        measured, self.latency = self.latency, 0
        return measured + self._timing.wanted(self.turn_ms) if measured else 0

    def _send(self, packet: ClientPacket) -> None:
        self._outgoing.append(packet)
        if packet.generation > self._closed:
            self._shown = True

    def _show(self) -> None:
        """After coming back the turns wait for us from our first packet on. When everything
        was heard before the connection was lost, the last packet is sent once more: the
        server knows it and takes it as the sign that we are here."""
        if self.seat is None or self._shown or self.outbox.sent <= self._closed:
            return
        again = self.outbox.get(self.outbox.sent)
        self._send(again or ClientPacket(self.outbox.sent, checksum=self.checksum))

    def take(self) -> tuple[ClientPacket, ...]:
        """The packets that are to be sent now, in order."""
        taken, self._outgoing = tuple(self._outgoing), []
        return taken
