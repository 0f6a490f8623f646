"""A room's replay over HTTP: who may have it, and its bytes as they stand in the journal.

The records are copied and not read: a long game costs the loop nothing but its writes, and
what may be damaged is found by whoever plays or verifies the file.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from gameroom.model import RoomFile
from gameroom.server.host.lobby import Lobby
from gameroom.server.host.runner import Runner
from gameroom.server.http.answers import RefusedAnswerError, refuse
from gameroom.server.http.exchange import NO_STORE, PACED
from gameroom.store import Header, Journal, StoreFailedError, replay
from gameroom.wire import definition_bytes

log = logging.getLogger(__name__)

DONE = b""


def refused(runner: Runner, who: str) -> RefusedAnswerError | None:
    """Why a member may not have it yet: a replay would tell what watchers are not to know."""
    if runner.delayed is None or runner.shown(who).over:
        return None
    late = f"{runner.delayed.delay_ms} ms"
    return refuse(
        409, "not_over", f"Watchers are told {late} late, so there is no replay before the end."
    )


async def code_of(lobby: Lobby, header: Header, room: RoomFile) -> replay.StoredCode:
    """The room's definition, and the sources that a header names. Raises RefusedError."""
    sources = {
        sha256: await lobby.code(sha256)
        for sha256 in (header.engine, header.view, header.kit)
        if sha256 is not None
    }
    code = replay.code_of(header, definition_bytes(room), sources.get)
    if code is None:
        raise refuse(404, "no_such_code", "The room's engine, view or kit is not stored any more.")
    return code


def file_name(header: Header) -> str:
    """`archers-<room>.replay`, of characters that no header and no file system minds."""
    stem = header.name.partition(".")[0]
    plain = "".join(char for char in stem if char.isascii() and (char.isalnum() or char in "-_"))
    return f"{plain[:40] or 'game'}-{header.room}{replay.SUFFIX}"


async def send(
    request: web.Request,
    journal: Journal,
    code: replay.StoredCode,
) -> web.StreamResponse:
    """Stream what the room has said up to now. Raises StoreFailedError where the journal is not
    whole."""
    header, last = journal.header, journal.last
    pieces = replay.written(header, code, journal.copy(), lambda: last)
    response = web.StreamResponse(
        headers={
            **NO_STORE,
            "Content-Type": replay.MEDIA,
            "Content-Disposition": f'attachment; filename="{file_name(header)}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
    )
    await response.prepare(request)
    try:
        while piece := await asyncio.to_thread(next, pieces, DONE):
            await response.write(piece)
            await request[PACED](len(piece))
    except StoreFailedError as error:
        log.error("room %s: its journal cannot be copied: %s", header.room, error)
        # What was sent lacks its end, and the connection's: nobody takes it for the whole.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response
