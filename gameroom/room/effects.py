"""What a room wants done, in the order in which it must happen."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from gameroom.lockstep.packets import Body, Event, Snapshot, Welcome
from gameroom.lockstep.problem import Problem as Problem
from gameroom.model import Value
from gameroom.wire.close import Close


class Append(Struct, frozen=True, gc=False):
    """Write the event to the journal. Comes before the Broadcast of the same event."""

    event: Event
    at: int
    chart: bytes | None = None
    """The chart's snapshot after this event, None when it did not change."""
    ids: tuple[tuple[int, int], ...] = ()
    """Seat and id of each command that this turn was given, whether it stands or was refused."""


class Broadcast(Struct, frozen=True, gc=False):
    """Send the event to every connected person."""

    event: Event


class Reply(Struct, frozen=True, gc=False):
    """The answer to the packet that was received: exactly one per `receive`.
    status 200, 201, 202 or 204; or a Problem."""

    status: int
    body: Value | Body | Welcome = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Told privately: command `index` of the packet for `generation` was refused when its
    turn closed. It carries no seq and is not in the journal."""

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
    """Keep the state's bytes for those who come later. The Reply to who sent them follows:
    where they cannot be kept, it has to say so, and nothing else is lost.

    at: the room's time of the snapshot's event in milliseconds.
    """

    snapshot: Snapshot
    at: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """Tell the operator what this person's program reports of itself (`inputs.Fail`)."""

    who: str
    name: str
    kind: str
    generation: int
    text: str


class Arm(Struct, frozen=True, gc=False):
    """Call `tick` at this time in milliseconds (the latest Arm counts); None: no need."""

    at: int | None


Effect = Append | Broadcast | Reply | Rejected | Part | Keep | Log | Arm


@dataclass(frozen=True, slots=True)
class Picture:
    """All of a room that a newcomer is shown before the events."""

    seq: int
    generation: int
    body: tuple[Body, ...] = field(default_factory=tuple)
