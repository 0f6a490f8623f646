"""The packets that a room receives, already decoded. The shell passes the sender with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gameroom.lockstep.packets import ClientPacket
from gameroom.model import Value


@dataclass(frozen=True, slots=True)
class Join:
    """Join the room: as a player if a seat is free and the state allows `join`, or else as a
    spectator if the state allows `watch`. Otherwise it is refused. A person who joins again keeps
    the same place.

    spectate: do not take a seat. team: the wished team.
    """

    name: str
    spectate: bool = False
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the room and give up the seat."""


@dataclass(frozen=True, slots=True)
class Expel:
    """The server removes this person. A client cannot send this."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connect:
    """A socket opened for this person, who has received every event up to `seq`."""

    seq: int = 0


@dataclass(frozen=True, slots=True)
class Disconnect:
    """This person's socket was closed or lost."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Change some settings. If one value does not fit, none is changed."""

    settings: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Ready:
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Hide:
    """This person's page was hidden, or is visible again."""

    hidden: bool = True


@dataclass(frozen=True, slots=True)
class Load:
    """This person's engine has loaded the setup, or refuses it for these reasons."""

    reasons: tuple[str, ...] = ()


FailureKind = Literal["engine", "signal", "snapshot", "view"]


@dataclass(frozen=True, slots=True)
class Fail:
    """A failure in this person's program.

    kind: `engine` means that the engine cannot continue. With all other kinds the game continues:
    a signal that does not fit, a state that cannot be stored, an error of the view.
    generation: the turn that was run; 0 before the first. text: the error.
    """

    kind: FailureKind
    generation: int
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a request that the room file declares."""

    name: str
    body: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Send a line of chat."""

    text: str


@dataclass(frozen=True, slots=True)
class HaveState:
    """The canonical bytes of the engine's state after `generation` have this SHA-256 (in hex) and
    this size in bytes."""

    generation: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class SendState:
    """The canonical bytes of the engine's state, which the room requested, and their SHA-256 in
    hex. Hashing takes a while, so the shell does it in another thread (`with_hash`)."""

    generation: int
    state: bytes
    sha256: str


def with_hash(generation: int, state: bytes) -> SendState:
    """Return the packet for a state that a client sent."""
    return SendState(generation, state, hashlib.sha256(state).hexdigest())


Packet = (
    Join
    | Leave
    | Expel
    | Connect
    | Disconnect
    | Configure
    | Ready
    | Hide
    | Load
    | Fail
    | Ask
    | Say
    | HaveState
    | SendState
    | ClientPacket
)
