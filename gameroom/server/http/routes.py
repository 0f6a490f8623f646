"""The one table of routes: what can be asked, of whom, and what comes back.

HTTP's resources, the socket's dispatch, OpenAPI and AsyncAPI are all made from it, so
that none of them can say what another does not do. It holds no code that answers:
`answers.py` (rooms) and `app.py` (the server) are looked up by a route's name.

A room's routes are written relative to the room: over its socket just so, over HTTP
below `/rooms/{id}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gameroom.lockstep import packets
from gameroom.model import Value
from gameroom.server.http import bodies

Carrier = Literal["http", "socket"]
BOTH: frozenset[Carrier] = frozenset(("http", "socket"))
HTTP: frozenset[Carrier] = frozenset(("http",))
SOCKET: frozenset[Carrier] = frozenset(("socket",))

OWN_TYPES = "application/json"
JAVASCRIPT = "text/javascript"
REPLAY = "application/vnd.gameroom.replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One resource and the methods that mean the same there.

    input, output: the body's type; None where there is none.
    statuses: those it answers with when all goes well; problems are always possible.
    query: parameters of the query string and what they are.
    entry: what opens it: nothing, a create key, a session in the room, or either of them.
    media: of the output. may_be_empty: whether the body may be left out.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    doc: str
    input: Any = None
    output: Any = None
    statuses: tuple[int, ...] = (200,)
    problems: tuple[int, ...] = ()
    carriers: frozenset[Carrier] = HTTP
    query: Mapping[str, str] = field(default_factory=dict)
    entry: Literal["open", "key", "session", "session_or_key"] = "open"
    media: str = OWN_TYPES
    may_be_empty: bool = False


PROFILE = {"profile": "which of a browser's seats is meant, [a-z0-9]{1,16}, `0` by default"}

SERVER: tuple[Route, ...] = (
    Route(
        name="create",
        methods=("POST", "PUT"),
        path="/create",
        doc="Make a room from a shipped game or from a room file with its engine.",
        input=bodies.Create,
        output=bodies.Created,
        statuses=(201,),
        problems=(400, 401, 403, 404, 413, 415, 422, 429, 503),
        entry="key",
    ),
    Route(
        name="join_page",
        methods=("GET",),
        path="/join/{id}",
        doc="The room to join: a page for a browser, this for a program.",
        output=bodies.JoinPicture,
        problems=(404, 429, 503),
    ),
    Route(
        name="join_query",
        methods=("GET",),
        path="/join",
        doc="The same, with the room in the query.",
        output=bodies.JoinPicture,
        problems=(404, 429, 503),
        query={"game_id": "the room's id"},
    ),
    Route(
        name="players_add",
        methods=("POST", "PUT"),
        path="/rooms/{id}/players",
        doc="Take a place: a seat where one is free, else a spectator's. A browser gets its "
        "session as a cookie, a program as `token`. Whoever has a place gets it again (200), and "
        "so does the same request with the same `idempotency_key` (201).",
        input=bodies.JoinBody,
        output=bodies.PlaceBody,
        statuses=(200, 201),
        problems=(400, 403, 404, 409, 413, 415, 422, 429, 503),
        query=PROFILE,
        may_be_empty=True,
    ),
    Route(
        name="socket",
        methods=("GET",),
        path="/rooms/{id}/socket",
        doc="The WebSocket; its messages are described in /asyncapi.json.",
        statuses=(101,),
        problems=(400, 403, 429, 503),
        query=PROFILE,
    ),
    Route(
        name="status",
        methods=("GET",),
        path="/rooms/{id}",
        doc="One room in a few words.",
        output=bodies.RoomStatus,
        problems=(404, 429, 503),
    ),
    Route(
        name="end",
        methods=("DELETE",),
        path="/rooms/{id}",
        doc="End a room: its sockets close with 4102, its sessions are forgotten.",
        statuses=(204,),
        problems=(401, 403, 404, 429, 503),
        entry="key",
    ),
    Route(
        name="desyncs",
        methods=("GET",),
        path="/rooms/{id}/desyncs",
        doc="The desync reports of a room, of one that is over too.",
        output=bodies.DesyncList,
        problems=(401, 403, 429, 503),
        entry="key",
    ),
    Route(
        name="desync",
        methods=("GET",),
        path="/rooms/{id}/desyncs/{generation}",
        doc="One report, as `gameroom desync show` reads it; docs/desync.md tells its format.",
        output=dict[str, Any],
        problems=(400, 401, 403, 404, 429, 503),
        entry="key",
    ),
    Route(
        name="desync_parts",
        methods=("PUT",),
        path="/rooms/{id}/desyncs/{generation}",
        doc="After `diverged`: hashes of the parts of my state. Whose checksum was compared says "
        "this within a short time, and after losing the seat too. The first word counts; said "
        "again, it asks whether the state is wanted by now.",
        input=bodies.Evidence,
        output=bodies.EvidenceTaken,
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        query=PROFILE,
        entry="session",
    ),
    Route(
        name="desync_state",
        methods=("PUT",),
        path="/rooms/{id}/desyncs/{generation}/state",
        doc="The state itself as canonical JSON, where the answer to the hashes wanted it.",
        input=Value,
        statuses=(204,),
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        query=PROFILE,
        entry="session",
    ),
    Route(
        name="replay",
        methods=("GET",),
        path="/rooms/{id}/replay",
        doc="All that the room has said, with its file and its code: to watch and to verify. "
        "For a session of the room, or a create key. Where watchers are told late, only when the "
        "room has ended; the create key's holder gets it before, and after it was let go of.",
        problems=(401, 403, 404, 409, 429, 503),
        entry="session_or_key",
        query=PROFILE,
        media=REPLAY,
    ),
    Route(
        name="replay_page",
        methods=("GET",),
        path="/replay",
        doc="The page that plays a replay: a file, or this server's `?room=`.",
        problems=(403, 404, 429, 503),
        query={"room": "the room whose replay is played"} | PROFILE,
        media="text/html",
    ),
    Route(
        name="chart_picture",
        methods=("GET",),
        path="/rooms/{id}/chart.svg",
        doc="The room's statechart as a picture.",
        problems=(404, 429, 503),
        media="image/svg+xml",
    ),
    Route(
        name="snapshot_state",
        methods=("GET",),
        path="/rooms/{id}/snapshots/{generation}",
        doc="The state of a kept snapshot: canonical JSON, whose SHA-256 was agreed on.",
        problems=(400, 401, 403, 404, 429, 503),
        entry="session",
        query=PROFILE,
    ),
    Route(
        name="snapshot_send",
        methods=("PUT",),
        path="/rooms/{id}/snapshots/{generation}",
        doc="My engine's state, for which the event `verified` has asked: canonical JSON.",
        input=Value,
        statuses=(201,),
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        entry="session",
        query=PROFILE,
    ),
    Route(
        name="engine_source",
        methods=("GET",),
        path="/engines/{sha256}",
        doc="An engine or a view by its hash; never changes.",
        problems=(404,),
        media=JAVASCRIPT,
    ),
    Route(
        name="diagnostic_page",
        methods=("GET",),
        path="/diagnostics/{code}",
        doc="What a code of a diagnostic means.",
        problems=(404,),
        media="text/plain",
    ),
    Route(
        name="web_file",
        methods=("GET",),
        path="/web/{file}",
        doc="The pages and the communications module.",
        problems=(404,),
        media="*/*",
    ),
    Route(
        name="livez",
        methods=("GET",),
        path="/livez",
        doc="The process answers.",
        output=bodies.Health,
    ),
    Route(
        name="readyz",
        methods=("GET",),
        path="/readyz",
        doc="Whether games can be started, and why not.",
        output=bodies.Health,
        statuses=(200, 503),
    ),
    Route(
        name="openapi",
        methods=("GET",),
        path="/openapi.json",
        doc="This description.",
        output=dict[str, Any],
    ),
    Route(
        name="asyncapi",
        methods=("GET",),
        path="/asyncapi.json",
        doc="The description of the socket.",
        output=dict[str, Any],
    ),
)

SESSION_PROBLEMS = (400, 401, 403, 404, 409, 410, 422, 429, 503)


def _room(
    name: str,
    method: str,
    path: str,
    doc: str,
    *,
    input: Any = None,
    output: Any = None,
    statuses: tuple[int, ...] = (200,),
    carriers: frozenset[Carrier] = BOTH,
    query: Mapping[str, str] | None = None,
    may_be_empty: bool = False,
) -> Route:
    return Route(
        name=name,
        methods=(method,),
        path=path,
        doc=doc,
        input=input,
        output=output,
        statuses=statuses,
        problems=SESSION_PROBLEMS,
        carriers=carriers,
        query={} if query is None else query,
        entry="session",
        may_be_empty=may_be_empty,
    )


ROOM: tuple[Route, ...] = (
    _room(
        "session",
        "PUT",
        "/session",
        "The first frame: who is there, and what was seen last. The events after it follow.",
        input=bodies.HelloBody,
        output=packets.Welcome,
        carriers=SOCKET,
        may_be_empty=True,
    ),
    _room("me", "GET", "/players/me", "Who am I here?", output=bodies.PlaceBody),
    _room("players", "GET", "/players", "The whole roster.", output=packets.Roster),
    _room("setup", "GET", "/setup", "The whole setup configuration.", output=packets.Setup),
    _room(
        "setting",
        "PUT",
        "/setup/{name}",
        "Set one setting; everyone is told the whole configuration.",
        input=Value,
        statuses=(200, 204),
    ),
    _room(
        "settings",
        "PATCH",
        "/setup",
        "Set some settings, all of them or none.",
        input=bodies.Values,
        statuses=(200, 204),
    ),
    _room("ready", "PUT", "/players/me/ready", "I am ready.", statuses=(200, 204)),
    _room("unready", "DELETE", "/players/me/ready", "I am not.", statuses=(200, 204)),
    _room(
        "hide",
        "PUT",
        "/players/me/hidden",
        "My page is not seen any more: nobody needs to wait when its packets stop.",
        statuses=(204,),
    ),
    _room("show", "DELETE", "/players/me/hidden", "My page is seen again.", statuses=(204,)),
    _room(
        "engine",
        "PUT",
        "/players/me/engine",
        "My engine has loaded the setup, or refuses it.",
        input=bodies.EngineNews,
        statuses=(200, 204),
    ),
    _room(
        "failure",
        "PUT",
        "/players/me/failure",
        "Something of my engine or view has failed.",
        input=bodies.FailureBody,
        statuses=(204,),
    ),
    _room("leave", "DELETE", "/players/me", "Give up the place for good.", statuses=(200, 204)),
    _room(
        "turn",
        "PUT",
        "/turns/{generation}",
        "The client packet: my part of a generation.",
        input=packets.ClientPacket,
        statuses=(200, 202, 204),
    ),
    _room(
        "turns",
        "GET",
        "/turns",
        "Master packets from a generation on.",
        output=bodies.Tail,
        query={"from": "the first generation that is wanted, 1 by default"},
    ),
    _room(
        "have_state",
        "PUT",
        "/snapshots/{generation}/hash",
        "What my engine's state after this turn is: asked of players after every so many turns.",
        input=bodies.StateHash,
        statuses=(202,),
    ),
    _room(
        "snapshot",
        "GET",
        "/snapshots/latest",
        "The latest snapshot that somebody may go on from; its state is under its generation.",
        output=packets.Snapshot,
    ),
    _room(
        "request",
        "POST",
        "/requests/{name}",
        "Ask the room for something that its file declares; the body is the request's.",
        input=bodies.Values,
        statuses=(200, 202, 204),
        may_be_empty=True,
    ),
    _room(
        "chat",
        "POST",
        "/chat",
        "Say a line to everyone.",
        input=bodies.ChatLine,
        statuses=(200, 202, 204),
    ),
    _room("chart", "GET", "/chart", "Where the chart is.", output=packets.Moves),
    _room("time", "GET", "/time", "For the round trip.", output=bodies.Time),
)

EVENTS: tuple[tuple[str, str, Any, str], ...] = (
    ("turn", "/turns/{generation}", packets.MasterPacket, "A generation is closed: play it."),
    ("roster", "/players", packets.Roster, "Somebody came, went or changed."),
    ("setup", "/setup", packets.Setup, "The configuration changed; this is all of it."),
    ("chart", "/chart", packets.Moves, "The chart moved between two turns."),
    ("refused", "/players/{seat}/engine", packets.Refused, "An engine refused the setup."),
    ("failed", "/players/{seat}/failure", packets.Failed, "An engine cannot go on."),
    ("diverged", "/turns/{generation}/checksum", packets.Diverged, "Checksums differ."),
    ("repair", "/turns/{generation}/repair", packets.Repair, "These engines begin again."),
    (
        "verified",
        "/snapshots/{generation}",
        packets.Verified,
        "More than half have this state; `seat` is asked to send it.",
    ),
    ("chat", "/chat", packets.Chat, "Somebody said a line."),
    ("announcement", "/announcements", packets.Announcement, "A sentence of the room's."),
    ("ended", "/", packets.Ended, "The room has ended; nothing follows."),
)
"""Name, path, body and meaning of what a socket is told without asking."""


class Table:
    """Finds a room's route by method and path, without patterns."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._by_size: dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]] = {}
        for route in routes:
            parts = tuple(route.path.split("/"))
            rows = self._by_size.setdefault(len(parts), [])
            methods = next((row[1] for row in rows if row[0] == parts), None)
            if methods is None:
                rows.append((parts, methods := {}))
            for method in route.methods:
                assert method not in methods, f"{method} {route.path} stands twice"
                methods[method] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | Literal[404, 405]:
        """The route and its parameters, or the status that says why there is none."""
        said = path.split("/")
        found = False
        for parts, methods in self._by_size.get(len(said), ()):
            given: dict[str, str] = {}
            for part, word in zip(parts, said, strict=True):
                if part.startswith("{"):
                    given[part[1:-1]] = word
                elif part != word:
                    break
            else:
                route = methods.get(method)
                if route is not None:
                    return route, given
                found = True
        return 405 if found else 404


ROOM_TABLE = Table(ROOM)
