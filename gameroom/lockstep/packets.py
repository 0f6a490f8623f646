"""The packets of lock-step: what players send and what everyone is told.

The model is that of "1500 Archers on a 28.8" (Bettner and Terrano): a client packet
carries commands for a coming generation, the master packet of a generation carries
everybody's. The words are the vision's and the wire's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from msgspec import Struct, structs

from gameroom.lockstep.pace import Slow
from gameroom.model import INT_MAX, Value


@dataclass(frozen=True, slots=True)
class AtLeast:
    """What an Annotated integer is never below."""

    low: int


Generation = Annotated[int, AtLeast(1)]
"""The number of a turn. The first turn is 1; where 0 is allowed it means "before the first"."""


class Command(Struct, frozen=True, gc=False):
    """What the engines receive. `name` and `body` are the room file's."""

    name: str
    body: Mapping[str, Value] = {}


class TypedCommand(Struct, array_like=True, frozen=True, gc=False):
    """Stands in for a Command whose body is known to fit the room file: it was read by the types
    that the room file declares. For each declared command there is one subclass, whose fields are
    the values in their order. So nobody has to check it again, and encoding it gives
    `[index, value, ...]`."""

    name: ClassVar[str] = ""
    field_names: ClassVar[tuple[str, ...]] = ()

    @property
    def body(self) -> dict[str, Value]:
        """As in Command."""
        return dict(zip(self.field_names, structs.astuple(self), strict=True))


def untyped(commands: Iterable[Command]) -> tuple[Command, ...]:
    """The same commands, with Commands instead of TypedCommands."""
    return tuple(
        Command(one.name, one.body) if isinstance(one, TypedCommand) else one for one in commands
    )


class Checksum(Struct, frozen=True, gc=False):
    """The engine's 32-bit checksum after it has run `generation`."""

    generation: Generation
    value: int


class SignalReport(Struct, frozen=True, gc=False):
    """An engine raised a signal while it ran `generation`."""

    generation: Generation
    name: str
    body: Mapping[str, Value] = {}


class ClientPacket(Struct, frozen=True, gc=False):
    """One seat's part of one generation. Nothing in it says who sent it: the server stamps that.

    ids: one for each command, from 1 to 2^53 - 1, drawn at random when the command was given; 0
    for a command that has none. Empty when none has one. A command with an id is taken once, in
    whichever packets it comes.
    latency: round trip in milliseconds as the client measured it.
    framerate: iterations per second that the client's engine can hold.
    """

    generation: Generation
    commands: tuple[Command, ...] = ()
    checksum: Checksum | None = None
    latency: int = 0
    framerate: int = 0
    signals: tuple[SignalReport, ...] = ()
    ids: tuple[int, ...] = ()


def misfit_ids(packet: ClientPacket) -> str | None:
    """Why its ids are none of its commands, None when they are."""
    if packet.ids and len(packet.ids) != len(packet.commands):
        return "there must be one id for each command, or none at all"
    if any(not 0 <= one <= INT_MAX for one in packet.ids):
        return "the id of a command must be a whole number from 0 to 2^53 - 1"
    return None


class SeatCommands(Struct, frozen=True, gc=False):
    """One seat's commands in a master packet, in the order in which they were sent."""

    seat: int
    commands: tuple[Command, ...]


class Late(Struct, frozen=True, gc=False):
    """The commands of `seat` for `generation` missed it and ride in this master packet."""

    seat: int
    generation: Generation


@dataclass(frozen=True, slots=True)
class Moved:
    """One transition of the room's chart, told to the clients.

    transition: the id in the chart's picture and tables.
    event: what caused it ("" for a condition that became true).
    exited, entered: paths of states, in the order in which it happened.
    """

    transition: int
    event: str
    exited: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    because: str | None = None


@dataclass(frozen=True, slots=True)
class ChartState:
    """Where the chart is now, as clients see it: the active states, innermost last, in
    document order; the variables; what moved to get there."""

    states: tuple[str, ...]
    variables: Mapping[str, Value] = field(default_factory=dict)
    moved: tuple[Moved, ...] = ()


class MasterPacket(Struct, frozen=True, gc=False):
    """What every engine applies at `generation`, in seat order.

    commands are applied first, then `iterations_per_command` iterations run.
    turn_ms, ahead: the pace from the next generation on.
    chart: where the chart is after this turn, None when this turn did not move it.
    checksum: the latest checksum that all agreed on, None when it did not change.
    absent: seats whose packet for this generation was not heard in time.
    late: packets for earlier generations whose commands ride in this one.
    """

    generation: Generation
    iterations_per_command: int
    turn_ms: int
    ahead: int
    commands: tuple[SeatCommands, ...] = ()
    chart: ChartState | None = None
    checksum: Checksum | None = None
    absent: tuple[int, ...] = ()
    late: tuple[Late, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row of the roster, as everyone sees it.

    absent_ms: how long this player had been away, silent or failed when this was said, 0 for who
    is here. lost_in_ms: how long from then until the player is lost; None for who is here. slow:
    what of this player makes the turns longer than the others need; None for who keeps up.
    """

    seat: int
    user: str
    name: str
    roles: tuple[str, ...] = ()
    team: str | None = None
    connected: bool = False
    ready: bool = False
    loaded: bool = False
    refused: bool = False
    hidden: bool = False
    slow: Slow | None = None
    missing: bool = False
    lost: bool = False
    diverged: bool = False
    failed: bool = False
    repairing: bool = False
    absent_ms: int = 0
    lost_in_ms: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)


def seat_name(seat: int) -> str:
    """A seat as people read it: they count from 1, packets and engines from 0."""
    return f"seat {seat + 1}"


@dataclass(frozen=True, slots=True)
class Roster:
    """The whole roster, broadcast with every change."""

    seats: tuple[RosterRow, ...] = ()
    spectators: int = 0


@dataclass(frozen=True, slots=True)
class Setup:
    """The whole setup configuration, broadcast with every change."""

    settings: Mapping[str, Value] = field(default_factory=dict)
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Moves:
    """The chart moved between two turns. `generation` is the last one that was closed."""

    generation: int
    chart: ChartState


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to the first frame: who somebody is in the room, and how far the room is.

    seat: None for a watcher, who is a `spectator`. heard: the highest generation received from
    this seat. seq, generation: the last event and the last closed turn, as this person is told.
    snapshot: where the events that follow go on; None where that is after the seq one came with.
    """

    user: str
    name: str
    seat: int | None
    heard: int
    seq: int
    generation: int
    turn_ms: int
    ahead: int
    spectator: bool = False
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Engines refused the setup, each for its reasons."""

    seat: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The engine of this seat cannot go on. generation: the turn that it could not run, 0 where it
    could not begin. text: what it said, one line of up to 200 characters."""

    seat: int
    generation: int
    text: str


@dataclass(frozen=True, slots=True)
class Diverged:
    """Checksums differ at `generation`.

    seats: those outside the majority; all of them when `decidable` is false.
    values: every checksum that was reported, by seat.
    """

    generation: int
    seats: tuple[int, ...]
    decidable: bool
    values: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repair:
    """The engines of these seats differ from the majority's: each begins again, from the
    first event on. Who begins after this was said has nothing to do.

    generation: the last turn that was closed.
    """

    generation: int
    seats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """More than half of those whom the turns wait for have the same state after `generation`.

    seq: of the event of that turn. sha256, size: of the state's canonical bytes.
    seat: whoever is asked to send them; the others know now what they have to be.
    """

    generation: int
    seq: int
    sha256: str
    size: int
    seat: int


@dataclass(frozen=True, slots=True)
class Begin:
    """What the engines of the game at hand began with."""

    setup: Mapping[str, Value] = field(default_factory=dict)
    seats: tuple[RosterRow, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All from which a client goes on as if it had been told every event up to `seq`.

    The engine begins as `begin` says and restores the state, whose canonical bytes have this
    `sha256` and `size`; it has run `generation` then. setup, roster, chart: the room at `seq`.
    """

    generation: int
    seq: int
    sha256: str
    size: int
    begin: Begin
    setup: Setup
    roster: Roster
    chart: ChartState


@dataclass(frozen=True, slots=True)
class Chat:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """A sentence from the room itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The room reached a final state of its root. Nothing follows.

    left: the names of those with whom the game was played and who left it before the end, or
    were dropped, in that order.
    """

    state: str
    because: str | None
    left: tuple[str, ...] = ()


Body = (
    MasterPacket
    | Roster
    | Setup
    | Moves
    | Refused
    | Failed
    | Diverged
    | Repair
    | Verified
    | Chat
    | Announcement
    | Ended
)


class Event(Struct, frozen=True, gc=False):
    """What the room says to all of its people. `seq` is gapless per room, from 1 on.

    The event's name on the wire follows from the body's type: turn, roster, setup,
    chart, refused, failed, diverged, repair, verified, chat, announcement, ended.
    """

    seq: int
    body: Body


def is_running(states: tuple[str, ...]) -> bool:
    """Whether the chart is inside `running`, the parent state in which engines run."""
    return any(state == "running" or state.startswith("running.") for state in states)
