"""The effects of a room: what the shell must do, in this order."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from gameroom.lockstep.packets import Body, Event, Snapshot, Welcome
from gameroom.lockstep.problem import Problem as Problem
from gameroom.model import Value
from gameroom.wire.close import Close


class Append(Struct, frozen=True, gc=False):
    """Write the event to the journal. Comes before the Broadcast of the same event.

    at: the room's time in milliseconds.
    """

    event: Event
    at: int
    chart: bytes | None = None
    """The chart's snapshot after this event; None if it did not change."""
    ids: tuple[tuple[int, int], ...] = ()
    """Seat and id of each command of this turn, including refused ones."""


class Broadcast(Struct, frozen=True, gc=False):
    """Send the event to every connected person."""

    event: Event


class Reply(Struct, frozen=True, gc=False):
    """The answer to the packet that was received: exactly one per `receive`.

    status: 200, 201, 202 or 204, or that of the Problem.
    """

    status: int
    body: Value | Body | Welcome = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Inform the sender that a part of the packet for `generation` was refused. This has no seq and
    is not in the journal.

    index: that of the command; -1 for a signal.
    """

    who: str
    generation: int
    index: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Part:
    """Close this person's socket with this close code and forget the session."""

    who: str
    code: Close
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Keep:
    """Store the state's bytes for clients that come later. The Reply to the sender follows. If the
    bytes cannot be stored, that Reply must say so; nothing else is lost.

    at: the room's time of the snapshot's event in milliseconds.
    """

    snapshot: Snapshot
    at: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """Log for the operator what this person's program reports about itself (`inputs.Fail`)."""

    who: str
    name: str
    kind: str
    generation: int
    text: str


class Arm(Struct, frozen=True, gc=False):
    """Call `tick` at this time in milliseconds, or never if None. Replaces the previous Arm."""

    at: int | None


Effect = Append | Broadcast | Reply | Rejected | Part | Keep | Log | Arm


@dataclass(frozen=True, slots=True)
class Picture:
    """The current state of a room, which a client receives before the events that follow."""

    seq: int
    generation: int
    body: tuple[Body, ...] = field(default_factory=tuple)
