"""The packets of lock-step: what players send and what everyone receives.

The model is that of "1500 Archers on a 28.8" (Bettner and Terrano): a client packet carries one
player's commands for a coming generation, and the master packet of a generation carries the
commands of all players.
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
    """The lower bound of an Annotated integer."""

    low: int


Generation = Annotated[int, AtLeast(1)]
"""The number of a turn. The first turn is 1. If 0 is allowed, it means "before the first"."""


class Command(Struct, frozen=True, gc=False):
    """A command as the engines receive it. The room file declares `name` and `body`."""

    name: str
    body: Mapping[str, Value] = {}


class TypedCommand(Struct, array_like=True, frozen=True, gc=False):
    """A Command whose body was decoded with the types that the room file declares, so it needs no
    further check. Each declared command has one subclass, whose fields are the values in their
    declared order. It is encoded as `[index, value, ...]`."""

    name: ClassVar[str] = ""
    field_names: ClassVar[tuple[str, ...]] = ()

    @property
    def body(self) -> dict[str, Value]:
        """The body of the Command: value by field name."""
        return dict(zip(self.field_names, structs.astuple(self), strict=True))


def untyped(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Return the commands with Commands in place of TypedCommands."""
    return tuple(
        Command(one.name, one.body) if isinstance(one, TypedCommand) else one for one in commands
    )


class Checksum(Struct, frozen=True, gc=False):
    """The 32-bit checksum of an engine that has just run `generation`."""

    generation: Generation
    value: int


class SignalReport(Struct, frozen=True, gc=False):
    """An engine raised a signal while it ran `generation`."""

    generation: Generation
    name: str
    body: Mapping[str, Value] = {}


class ClientPacket(Struct, frozen=True, gc=False):
    """One seat's part of one generation. It does not name its sender: the server adds the seat.

    ids: one for each command, from 1 to 2^53 - 1, chosen at random when the player gives the
    command; 0 for a command without an id. Empty if no command has an id. A command with an id is
    taken once, even if it arrives in several packets.
    latency: the round trip in milliseconds, as the client measured it.
    framerate: how many iterations per second the client's engine can run.
    """

    generation: Generation
    commands: tuple[Command, ...] = ()
    checksum: Checksum | None = None
    latency: int = 0
    framerate: int = 0
    signals: tuple[SignalReport, ...] = ()
    ids: tuple[int, ...] = ()


def misfit_ids(packet: ClientPacket) -> str | None:
    """Return why the ids of a packet do not fit its commands; None if they fit."""
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
    """The commands of `seat` for `generation` came too late for it. This master packet carries
    them instead."""

    seat: int
    generation: Generation


@dataclass(frozen=True, slots=True)
class Moved:
    """One transition of the room's chart, as sent to the clients.

    transition: the id in the chart's picture and tables.
    event: the event that caused it; "" if a condition became true.
    exited, entered: the paths of the states, in the order in which they were exited and entered.
    because: the reason in the room file; None if there is none.
    """

    transition: int
    event: str
    exited: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    because: str | None = None


@dataclass(frozen=True, slots=True)
class ChartState:
    """The state of the chart as clients see it.

    states: the active states in document order, innermost last. variables: their values.
    moved: the transitions that led to it.
    """

    states: tuple[str, ...]
    variables: Mapping[str, Value] = field(default_factory=dict)
    moved: tuple[Moved, ...] = ()


class MasterPacket(Struct, frozen=True, gc=False):
    """One turn: what every engine applies at `generation`.

    The engines apply the commands in seat order, then run `iterations_per_command` iterations.
    turn_ms, ahead: the pace from the next generation on.
    chart: the state of the chart after this turn; None if this turn did not move it.
    checksum: the latest checksum on which all seats agreed; None if it did not change.
    absent: the seats whose packet for this generation did not arrive in time.
    late: packets for earlier generations whose commands this packet carries.
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

    absent_ms: how long this player had been away, silent or failed when the row was sent; 0 if the
    player is here. lost_in_ms: how long from then until the player counts as lost; None if the
    player is here. slow: why this player makes the turns longer than the others need; None if the
    player keeps up.
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
    """Return the name of a seat for people, who count from 1. Packets and engines count from 0."""
    return f"seat {seat + 1}"


@dataclass(frozen=True, slots=True)
class Roster:
    """The whole roster, broadcast after every change."""

    seats: tuple[RosterRow, ...] = ()
    spectators: int = 0


@dataclass(frozen=True, slots=True)
class Setup:
    """All settings, broadcast after every change."""

    settings: Mapping[str, Value] = field(default_factory=dict)
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Moves:
    """The chart moved between two turns. generation: the last closed turn."""

    generation: int
    chart: ChartState


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to the first frame: who the client is in the room, and how far the room is.

    seat: None for a spectator. heard: the highest generation received from this seat.
    seq, generation: the last event and the last closed turn that this client can see.
    snapshot: the events that follow continue from here; None if they continue from the `seq` that
    the client sent.
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
    """The engine of this seat refused the setup. reasons: one sentence for each reason."""

    seat: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The engine of this seat cannot continue.

    generation: the turn that it could not run; 0 if it could not begin.
    text: the error that it reported, one line of up to 200 characters.
    """

    seat: int
    generation: int
    text: str


@dataclass(frozen=True, slots=True)
class Diverged:
    """The checksums of `generation` differ.

    seats: the seats outside the majority; all seats if `decidable` is false.
    values: all reported checksums by seat.
    """

    generation: int
    seats: tuple[int, ...]
    decidable: bool
    values: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repair:
    """The engines of these seats differ from the majority, so each restarts from the first event.
    An engine that begins after this event does not restart.

    generation: the last closed turn.
    """

    generation: int
    seats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """More than half of the players that turns wait for have the same state after `generation`.

    seq: the event of that turn. sha256, size: hash and length of the state's canonical bytes.
    seat: the seat that is asked to send these bytes. All others can verify them.
    """

    generation: int
    seq: int
    sha256: str
    size: int
    seat: int


@dataclass(frozen=True, slots=True)
class Begin:
    """The values with which the engines of the current game began."""

    setup: Mapping[str, Value] = field(default_factory=dict)
    seats: tuple[RosterRow, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a client needs to continue as if it had received every event up to `seq`.

    The engine begins with `begin`, then restores the state. The canonical bytes of the state have
    this `sha256` and `size`. After that, the engine has run `generation`.
    setup, roster, chart: the room at `seq`.
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
    """A sentence from the room, not from a person."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The room reached a final state of its root. No event follows.

    because: the reason in the room file; None if there is none.
    left: the names of the players who left the game or were dropped before the end, in that order.
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
    """An event that the room sends to all of its people.

    seq: counts the events of a room from 1, without gaps.
    body: its type determines the event's name on the wire: turn, roster, setup, chart, refused,
    failed, diverged, repair, verified, chat, announcement or ended.
    """

    seq: int
    body: Body


def is_running(states: tuple[str, ...]) -> bool:
    """Whether the chart is inside `running`, the parent state in which engines run."""
    return any(state == "running" or state.startswith("running.") for state in states)
