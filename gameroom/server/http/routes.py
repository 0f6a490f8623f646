"""The table of the server's own HTTP routes, with their inputs, outputs and authentication.

The routes of a room, which are available over HTTP below `/rooms/{id}` and over its socket, are in
`server/room_api/operations.py`.
"""

from __future__ import annotations

from typing import Any

from aiohttp.typedefs import Handler

from gameroom.model import Value
from gameroom.server import bodies
from gameroom.server.http.handlers import (
    desyncs,
    files,
    joining,
    replays,
    rooms,
    snapshots,
    sockets,
)
from gameroom.server.room_api.route import Route

JAVASCRIPT = "text/javascript"
REPLAY = "application/vnd.gameroom.replay"

PROFILE = {
    "profile": "The profile: which seat of this browser is meant. 1 to 16 of a-z and 0-9. Default: "
    "`0`."
}

SERVER: tuple[Route[Handler], ...] = (
    Route(
        name="create",
        do=rooms.create,
        methods=("POST", "PUT"),
        path="/create",
        doc="Create a room from a shipped game, or from a room file with its engine.",
        input=bodies.Create,
        output=bodies.Created,
        statuses=(201,),
        problems=(400, 401, 403, 404, 413, 415, 422, 429, 503),
        entry="key",
    ),
    Route(
        name="join_page",
        do=joining.join_page,
        methods=("GET",),
        path="/join/{id}",
        doc="The room to join. A browser gets a page, a program gets JSON.",
        output=bodies.JoinPicture,
        problems=(404, 429, 503),
    ),
    Route(
        name="join_query",
        do=joining.join_query,
        methods=("GET",),
        path="/join",
        doc="The same as `/join/{id}`, with the id of the room in the query.",
        output=bodies.JoinPicture,
        problems=(404, 429, 503),
        query={"game_id": "The id of the room."},
    ),
    Route(
        name="players_add",
        do=joining.players_add,
        methods=("POST", "PUT"),
        path="/rooms/{id}/players",
        doc="Join the room: as a player if a seat is free, otherwise as a spectator. A browser "
        "gets its "
        "session as a cookie, a program as `token`. A person who has joined already gets the same "
        "place (200). So does a repeated request with the same `idempotency_key` (201).",
        input=bodies.JoinBody,
        output=bodies.PlaceBody,
        statuses=(200, 201),
        problems=(400, 403, 404, 409, 413, 415, 422, 429, 503),
        query=PROFILE,
        may_be_empty=True,
    ),
    Route(
        name="socket",
        do=sockets.socket,
        methods=("GET",),
        path="/rooms/{id}/socket",
        doc="The WebSocket; its messages are described in /asyncapi.json.",
        statuses=(101,),
        problems=(400, 403, 429, 503),
        query=PROFILE,
    ),
    Route(
        name="status",
        do=rooms.status,
        methods=("GET",),
        path="/rooms/{id}",
        doc="The status of a room.",
        output=bodies.RoomStatus,
        problems=(404, 429, 503),
    ),
    Route(
        name="end",
        do=rooms.end,
        methods=("DELETE",),
        path="/rooms/{id}",
        doc="End a room. Its sockets close with 4102 and its sessions are deleted.",
        statuses=(204,),
        problems=(401, 403, 404, 429, 503),
        entry="key",
    ),
    Route(
        name="desyncs",
        do=desyncs.desyncs,
        methods=("GET",),
        path="/rooms/{id}/desyncs",
        doc="The desync reports of a room. They stay available when it has ended.",
        output=bodies.DesyncList,
        problems=(401, 403, 429, 503),
        entry="key",
    ),
    Route(
        name="desync",
        do=desyncs.desync,
        methods=("GET",),
        path="/rooms/{id}/desyncs/{generation}",
        doc="One desync report, as `gameroom desync show` reads it. docs/desync.md describes it.",
        output=dict[str, Any],
        problems=(400, 401, 403, 404, 429, 503),
        entry="key",
    ),
    Route(
        name="desync_parts",
        do=desyncs.desync_parts,
        methods=("PUT",),
        path="/rooms/{id}/desyncs/{generation}",
        doc="After `diverged`: the hashes of the parts of the engine's state. Players whose "
        "checksum "
        "was compared send this soon, even after losing the seat. The first report counts. Sent "
        "again, it asks whether the state is needed now.",
        input=bodies.Evidence,
        output=bodies.EvidenceTaken,
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        query=PROFILE,
        entry="session",
    ),
    Route(
        name="desync_state",
        do=desyncs.desync_state,
        methods=("PUT",),
        path="/rooms/{id}/desyncs/{generation}/state",
        doc="The state itself as canonical JSON, if the response to the hashes asked for it.",
        input=Value,
        statuses=(204,),
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        query=PROFILE,
        entry="session",
    ),
    Route(
        name="replay",
        do=replays.replay,
        methods=("GET",),
        path="/rooms/{id}/replay",
        doc="The replay of a room: its events, its file and its code, to watch and to verify. "
        "It needs a session of the room or a create key. If spectators have a delay, a session "
        "gets it only when the room has ended. A create key gets it at any time.",
        problems=(401, 403, 404, 409, 429, 503),
        entry="session_or_key",
        query=PROFILE,
        media=REPLAY,
    ),
    Route(
        name="replay_page",
        do=replays.replay_page,
        methods=("GET",),
        path="/replay",
        doc="The page that plays a replay: a file, or with `?room=` a room of this server.",
        problems=(403, 404, 429, 503),
        query={"room": "The room whose replay is played."} | PROFILE,
        media="text/html",
    ),
    Route(
        name="chart_picture",
        do=rooms.chart_picture,
        methods=("GET",),
        path="/rooms/{id}/chart.svg",
        doc="The statechart of the room as a picture.",
        problems=(404, 429, 503),
        media="image/svg+xml",
    ),
    Route(
        name="snapshot_state",
        do=snapshots.snapshot_state,
        methods=("GET",),
        path="/rooms/{id}/snapshots/{generation}",
        doc="The state of a stored snapshot: canonical JSON with the SHA-256 hash agreed on.",
        problems=(400, 401, 403, 404, 429, 503),
        entry="session",
        query=PROFILE,
    ),
    Route(
        name="snapshot_send",
        do=snapshots.snapshot_send,
        methods=("PUT",),
        path="/rooms/{id}/snapshots/{generation}",
        doc="The engine's state that the event `verified` asked for: canonical JSON.",
        input=Value,
        statuses=(201,),
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        entry="session",
        query=PROFILE,
    ),
    Route(
        name="engine_source",
        do=files.engine_source,
        methods=("GET",),
        path="/engines/{sha256}",
        doc="An engine or a view by its hash. It never changes.",
        problems=(404,),
        media=JAVASCRIPT,
    ),
    Route(
        name="diagnostic_page",
        do=files.diagnostic_page,
        methods=("GET",),
        path="/diagnostics/{code}",
        doc="The explanation of a diagnostic code.",
        problems=(404,),
        media="text/plain",
    ),
    Route(
        name="web_file",
        do=files.web_file,
        methods=("GET",),
        path="/web/{file}",
        doc="The files of the pages and of the JavaScript client.",
        problems=(404,),
        media="*/*",
    ),
    Route(
        name="livez",
        do=files.livez,
        methods=("GET",),
        path="/livez",
        doc="Whether the process responds.",
        output=bodies.Health,
    ),
    Route(
        name="readyz",
        do=files.readyz,
        methods=("GET",),
        path="/readyz",
        doc="Whether games can be started; if not, why not.",
        output=bodies.Health,
        statuses=(200, 503),
    ),
    Route(
        name="openapi",
        do=files.document,
        methods=("GET",),
        path="/openapi.json",
        doc="This description of the HTTP API.",
        output=dict[str, Any],
    ),
    Route(
        name="asyncapi",
        do=files.document,
        methods=("GET",),
        path="/asyncapi.json",
        doc="The description of the socket.",
        output=dict[str, Any],
    ),
)
