"""The bodies of the server's own requests and answers.

The packets of the room are in `lockstep.packets`. Requests are strict: an unknown field is refused,
so that a misspelt field is not silently ignored. The documents at /openapi.json and /asyncapi.json
are generated from these types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gameroom.lockstep.packets import MasterPacket, Roster, Welcome
from gameroom.model import INT_MAX, Value
from gameroom.room.inputs import FailureKind
from gameroom.server.refusals import refuse
from gameroom.texts import GIVEN_CHARACTERS_MAX

T = TypeVar("T")

END = r"(?![\s\S])"
"""The end of a string in a pattern. Python's `$` also matches before a final newline."""
Sha256 = Annotated[str, Meta(pattern=f"^[0-9a-f]{{64}}{END}")]
Text = Annotated[str, Meta(max_length=1_048_576)]
Seed = Annotated[int, Meta(ge=0, le=INT_MAX)]
Generation = Annotated[int, Meta(ge=0, le=INT_MAX)]
IdempotencyKey = Annotated[
    str, Meta(pattern=f"^[A-Za-z0-9_-]+{END}", min_length=22, max_length=128)
]
"""128 bits need at least 22 characters of base64url."""
Values = Mapping[str, Value]
PolicyValue = int | bool | Mapping[str, int] | None


class CodeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An engine or a view: its source, or the SHA-256 of a source that is already stored."""

    source: Annotated[str, Meta(min_length=1, max_length=4_194_304)] | None = None
    sha256: Sha256 | None = None


class Create(Struct, frozen=True, forbid_unknown_fields=True):
    """A room to create: a shipped game by name, or a room file with an engine.

    format: the format of `room`. setup: the settings that differ from their defaults.
    seed: the random seed of the engines; random if omitted.
    """

    game: Annotated[str, Meta(pattern=f"^[a-z][a-z0-9_-]{{0,63}}{END}")] | None = None
    room: Text | None = None
    format: Literal["room", "yaml"] = "room"
    engine: CodeBody | None = None
    view: CodeBody | None = None
    seed: Seed | None = None
    setup: Mapping[str, Any] = {}


class JoinBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A request for a place in a room. name: if omitted, the server chooses a guest name.
    idempotency_key: at least 128 random bits, new for each attempt. Repeating a request with the
    same key does not take a second place."""

    name: Annotated[str, Meta(max_length=GIVEN_CHARACTERS_MAX)] | None = None
    spectate: bool = False
    team: Annotated[str, Meta(max_length=64)] | None = None
    idempotency_key: IdempotencyKey | None = None


class HelloBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The first frame of a socket. token: only for programs; browsers have a cookie.
    seq: the last event that the client received, 0 for none. snapshots: whether the client's engine
    can continue from a snapshot if many events are missing."""

    token: Annotated[str, Meta(max_length=128)] | None = None
    seq: Generation = 0
    snapshots: bool = False


class StateHash(Struct, frozen=True, forbid_unknown_fields=True):
    """The hash of the canonical bytes of an engine's state. size: their number."""

    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=INT_MAX)]


class EngineNews(Struct, frozen=True, forbid_unknown_fields=True):
    """The engine has loaded the setup, or refuses it for these reasons."""

    loaded: bool = False
    refused: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=16)
    ] = ()

    def __post_init__(self) -> None:
        if self.loaded == bool(self.refused):
            raise ValueError("Send either `loaded: true` or `refused` with reasons")


class FailureBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A failure in a player's program. kind: the `engine` cannot continue, a `signal` is invalid, a
    `snapshot` cannot be kept, or the `view` failed. generation: the turn that was running, 0 before
    the first."""

    kind: FailureKind
    generation: Generation
    text: Annotated[str, Meta(min_length=1, max_length=200)]


Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class Evidence(Struct, frozen=True, forbid_unknown_fields=True):
    """The state of an engine at a generation where the checksums of the engines differ. generation:
    the generation of this state, which is that one or the first kept one after it; null if there is
    none. parts: hashes by path, "" for the whole state. bytes: the size of the state. why: what is
    missing or wrong."""

    generation: Generation | None = None
    parts: Annotated[dict[Annotated[str, Meta(max_length=200)], Uint32], Meta(max_length=512)] = {}
    bytes: Generation = 0
    why: Annotated[str, Meta(max_length=300)] | None = None


class ChatLine(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True)
class Created:
    """A room was created. join: the path of the page to open. engine: the SHA-256 of the engine."""

    id: str
    join: str
    engine: str
    seed: int


@dataclass(frozen=True, slots=True)
class PlaceBody:
    """A person's place in a room. seat: null for a spectator. token: the session token, sent only
    once, when the place is taken, and only to programs."""

    user: str
    name: str
    seat: int | None
    spectator: bool
    token: str | UnsetType = UNSET

    @classmethod
    def of(cls, said: Welcome, token: str | UnsetType = UNSET) -> PlaceBody:
        """The place of a member, from the room's welcome."""
        return cls(said.user, said.name, said.seat, said.spectator, token)


@dataclass(frozen=True, slots=True)
class CodeLink:
    """The URL of an engine or a view, and its hash."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Definition:
    """The part of the room file that players need. Each type is a map with `kind`."""

    name: str
    doc: str
    players: Mapping[str, int]
    spectators: Mapping[str, int]
    teams: tuple[Mapping[str, Any], ...]
    roles: tuple[Mapping[str, Any], ...]
    settings: tuple[Mapping[str, Any], ...]
    commands: tuple[Mapping[str, Any], ...]
    requests: tuple[Mapping[str, Any], ...]
    signals: tuple[Mapping[str, Any], ...]
    permissions: tuple[Mapping[str, Any], ...]
    states: tuple[Mapping[str, Any], ...]
    policies: Mapping[str, Mapping[str, PolicyValue]]


@dataclass(frozen=True, slots=True)
class JoinPicture:
    """Everything that a newcomer needs before taking a place. socket: the path of the WebSocket.
    kit: the library for the engine, from the release that created the room; if null, the page
    chooses it."""

    id: str
    name: str
    doc: str
    states: tuple[str, ...]
    engine: CodeLink
    view: CodeLink | None
    kit: CodeLink | None
    seed: int
    setup: Values
    roster: Roster
    definition: Definition
    socket: str
    seq: int
    generation: int
    turn_ms: int
    ahead: int


@dataclass(frozen=True, slots=True)
class RoomStatus:
    """A summary of one room. players: the number of taken seats. connected: how many of them have a
    connection."""

    id: str
    name: str
    states: tuple[str, ...]
    players: int
    connected: int
    spectators: int
    seq: int
    generation: int


@dataclass(frozen=True, slots=True)
class Tail:
    """Master packets in order. next: the generation to request next, null at the end."""

    turns: tuple[MasterPacket, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class EvidenceTaken:
    """The answer to evidence. state: whether to send the state too. again_ms: send the same
    evidence again after this time, because the state might be needed if another player does not
    send theirs."""

    state: bool
    again_ms: int | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class DesyncRow:
    """A stored report. at: when its desync was detected, in milliseconds since 1970."""

    generation: int
    bytes: int
    at: int
    path: str


@dataclass(frozen=True, slots=True)
class DesyncList:
    """The reports of a room. coming: generations for which evidence is still being collected."""

    reports: tuple[DesyncRow, ...]
    coming: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Time:
    """The room's clock in milliseconds."""

    now: int


@dataclass(frozen=True, slots=True)
class Health:
    """The health of the server. detail: `ok`, or what is wrong."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ProblemBody:
    """Why a request was refused (RFC 9457). code: a stable identifier. state, allowed: the room's
    state and the possible actions in it. diagnostics: the errors in a room file."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    state: str | None = None
    allowed: tuple[str, ...] | None = None
    retry_after_ms: int | None = None
    diagnostics: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class RejectionBody:
    """Command `index` of the packet for `generation` was refused, or the whole packet if null."""

    generation: int
    index: int | None
    problem: ProblemBody


def read(type_: type[T], body: object) -> T:
    """Convert `body` to this type. Raises ProblemError, which names the invalid part."""
    try:
        return msgspec.convert(body, type_, strict=True)
    except msgspec.ValidationError as error:
        raise refuse(422, "bad_body", f"{error}.") from None
