"""The bodies of requests and answers that are the server's own.

What the room says is in `lockstep.packets`. Requests are strict: a field that is not
known is refused, so that a misspelt wish is not silently passed over. The documents at
/openapi.json and /asyncapi.json are made from these very types.
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
"""The end of a text, in a pattern: Python's `$` lets a last newline pass."""
Sha256 = Annotated[str, Meta(pattern=f"^[0-9a-f]{{64}}{END}")]
Text = Annotated[str, Meta(max_length=1_048_576)]
Seed = Annotated[int, Meta(ge=0, le=INT_MAX)]
Generation = Annotated[int, Meta(ge=0, le=INT_MAX)]
IdempotencyKey = Annotated[
    str, Meta(pattern=f"^[A-Za-z0-9_-]+{END}", min_length=22, max_length=128)
]
"""22 characters of base64url are the first to hold 128 bits."""
Values = Mapping[str, Value]
PolicyValue = int | bool | Mapping[str, int] | None


class CodeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An engine or a view: its source, or the hash of one that is already stored."""

    source: Annotated[str, Meta(min_length=1, max_length=4_194_304)] | None = None
    sha256: Sha256 | None = None


class Create(Struct, frozen=True, forbid_unknown_fields=True):
    """A room to make: a shipped game by name, or a room file with an engine.

    format: how `room` is written. setup: settings that differ from their defaults.
    seed: what the engines start from; drawn where none is given.
    """

    game: Annotated[str, Meta(pattern=f"^[a-z][a-z0-9_-]{{0,63}}{END}")] | None = None
    room: Text | None = None
    format: Literal["room", "yaml"] = "room"
    engine: CodeBody | None = None
    view: CodeBody | None = None
    seed: Seed | None = None
    setup: Mapping[str, Any] = {}


class JoinBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A wish for a place. Without a name a guest's name is given. idempotency_key: at least 128
    random bits, drawn for this attempt; the same request with the same key takes no second place.
    """

    name: Annotated[str, Meta(max_length=GIVEN_CHARACTERS_MAX)] | None = None
    spectate: bool = False
    team: Annotated[str, Meta(max_length=64)] | None = None
    idempotency_key: IdempotencyKey | None = None


class HelloBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The first frame of a socket. token: for programs, browsers have a cookie.
    seq: the last event that was seen, 0 for none. snapshots: this client's engine can go on
    from a snapshot where much is missing."""

    token: Annotated[str, Meta(max_length=128)] | None = None
    seq: Generation = 0
    snapshots: bool = False


class StateHash(Struct, frozen=True, forbid_unknown_fields=True):
    """What the canonical bytes of an engine's state are. size: in bytes."""

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
    """What went wrong in a player's program. kind: `engine` cannot go on; a `signal` that does not
    fit, a `snapshot` that cannot be kept, a fault of the `view`. generation: the turn that was
    run, 0 before the first."""

    kind: FailureKind
    generation: Generation
    text: Annotated[str, Meta(min_length=1, max_length=200)]


Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class Evidence(Struct, frozen=True, forbid_unknown_fields=True):
    """What an engine was at a generation that others had differently. generation: of which kept
    state this is, the bad one or the first after it; null for none. parts: hashes by path, ""
    for the whole. bytes: the size of the state. why: what is missing, or wrong."""

    generation: Generation | None = None
    parts: Annotated[dict[Annotated[str, Meta(max_length=200)], Uint32], Meta(max_length=512)] = {}
    bytes: Generation = 0
    why: Annotated[str, Meta(max_length=300)] | None = None


class ChatLine(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True)
class Created:
    """A room is waiting. join: where to join, from the server's root. engine: its hash."""

    id: str
    join: str
    engine: str
    seed: int


@dataclass(frozen=True, slots=True)
class PlaceBody:
    """Who somebody is in a room. seat: None for a watcher. token: the session, told once, when
    the place is taken, and to programs only."""

    user: str
    name: str
    seat: int | None
    spectator: bool
    token: str | UnsetType = UNSET

    @classmethod
    def of(cls, said: Welcome, token: str | UnsetType = UNSET) -> PlaceBody:
        """Who a member is, by what the room said of it."""
        return cls(said.user, said.name, said.seat, said.spectator, token)


@dataclass(frozen=True, slots=True)
class CodeLink:
    """Where an engine or a view is served, and its hash."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Definition:
    """What the room file says, as far as players need it. Each type is a map with `kind`."""

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
    """All that a newcomer needs before taking a place. socket: where the WebSocket is. kit: what
    the engine works with, that of the release that made the room; None leaves it to the page."""

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
    """One room in a few words. players: seats that are taken; connected: how many of them have
    a connection."""

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
    """Master packets in order. next: where to ask on, None when that was all."""

    turns: tuple[MasterPacket, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class EvidenceTaken:
    """state: whether the state is wanted too. again_ms: it may be wanted later, if whoever is asked
    first does not send theirs: say the same again after this time."""

    state: bool
    again_ms: int | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class DesyncRow:
    """A report that is kept. at: when its desync was seen, milliseconds since 1970."""

    generation: int
    bytes: int
    at: int
    path: str


@dataclass(frozen=True, slots=True)
class DesyncList:
    """The reports of a room. coming: generations of which evidence is being taken."""

    reports: tuple[DesyncRow, ...]
    coming: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Time:
    """The room's clock in milliseconds."""

    now: int


@dataclass(frozen=True, slots=True)
class Health:
    """ok, or what is wrong."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ProblemBody:
    """Why something was refused (RFC 9457). code: a stable word; state, allowed: where the
    room is and what goes there; diagnostics: what is wrong with a room file."""

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
    """Command `index` of the packet for `generation` was refused; None: the whole packet."""

    generation: int
    index: int | None
    problem: ProblemBody


def read(type_: type[T], body: object) -> T:
    """`body` as one of these. Raises ProblemError with where it is wrong."""
    try:
        return msgspec.convert(body, type_, strict=True)
    except msgspec.ValidationError as error:
        raise refuse(422, "bad_body", f"{error}.") from None
