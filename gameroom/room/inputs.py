"""What a room receives, already decoded and with its sender known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gameroom.lockstep.packets import ClientPacket
from gameroom.model import Value


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody wants in. As a player where a seat is free and the state allows `join`,
    else as a spectator where the state allows `watch`, else refused. Joining again is
    safe: the same person comes back to the same place."""

    name: str
    spectate: bool = False
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Gives up the seat for good."""


@dataclass(frozen=True, slots=True)
class Expel:
    """The server takes this person's place. Nothing that a client sends becomes this."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connect:
    """A socket opened for this person, who has every event up to `seq`."""

    seq: int = 0


@dataclass(frozen=True, slots=True)
class Disconnect:
    """This person's socket is gone."""


@dataclass(frozen=True, slots=True)
class Configure:
    """New values for some settings; all are taken or none."""

    settings: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Ready:
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Hide:
    """This person's page is not seen any more, or is seen again."""

    hidden: bool = True


@dataclass(frozen=True, slots=True)
class Load:
    """This person's engine has loaded the setup, or refuses it for these reasons."""

    reasons: tuple[str, ...] = ()


FailureKind = Literal["engine", "signal", "snapshot", "view"]


@dataclass(frozen=True, slots=True)
class Fail:
    """What went wrong in this person's program. kind: `engine` cannot go on; with any other the
    game goes on: a signal that does not fit, a state that cannot be kept, a fault of the view.
    generation: the turn that was run, 0 before the first. text: what was said of it."""

    kind: FailureKind
    generation: int
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that the room file declares."""

    name: str
    body: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """A line of chat."""

    text: str


@dataclass(frozen=True, slots=True)
class HaveState:
    """The canonical bytes of this person's engine's state after `generation` have this SHA-256
    (in hex) and this size."""

    generation: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class SendState:
    """These bytes themselves, as the room asked for them, and their SHA-256 in hex: it takes a
    while, so whoever read the bytes works it out where nobody waits (`with_hash`)."""

    generation: int
    state: bytes
    sha256: str


def with_hash(generation: int, state: bytes) -> SendState:
    """A state that somebody has sent."""
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
