"""Replays: the page that plays one, the check who can download one, and its bytes.

The records are copied from the journal without decoding them. So a long game costs the event loop
only the writes. Damage is found by the program that plays or verifies the file.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from gameroom.model import RoomFile
from gameroom.server.host.lobby import Lobby
from gameroom.server.host.runner import Runner
from gameroom.server.http import pages
from gameroom.server.http.access import has_key, member_of, polite
from gameroom.server.http.exchange import NO_STORE
from gameroom.server.http.payment import paced
from gameroom.server.refusals import ProblemError, refuse
from gameroom.server.services import SERVICES
from gameroom.store import Header, Journal, StoreFailedError
from gameroom.store import replay as replays
from gameroom.wire import definition_bytes

log = logging.getLogger(__name__)

DONE = b""


async def replay(request: web.Request) -> web.StreamResponse:
    polite(request)
    lobby = request.app[SERVICES].lobby
    if has_key(request):
        async with lobby.journal_of(request.match_info["id"]) as (journal, file):
            return await _send(request, journal, await _code(lobby, journal.header, file))
    runner, who = await member_of(request)
    if (why := _refused(runner, who)) is not None:
        raise why
    journal = runner.events.journal
    return await _send(request, journal, await _code(lobby, journal.header, runner.room.file))


async def replay_page(request: web.Request) -> web.StreamResponse:
    polite(request)
    return pages.file_response(request, "replay.html", fresh=True)


def _refused(runner: Runner, who: str) -> ProblemError | None:
    """Why a member cannot have the replay yet, or None. A replay of a running game would reveal
    events that delayed spectators must not see yet."""
    if runner.delayed is None or runner.shown(who).over:
        return None
    late = f"{runner.delayed.delay_ms} ms"
    return refuse(
        409,
        "not_over",
        f"Spectators see this room {late} late. The replay is available when the room has ended.",
    )


async def _code(lobby: Lobby, header: Header, room: RoomFile) -> replays.StoredCode:
    """The room's definition and the sources that the header names. Raises ProblemError."""
    sources = {
        sha256: await lobby.code(sha256)
        for sha256 in (header.engine, header.view, header.kit)
        if sha256 is not None
    }
    code = replays.code_of(header, definition_bytes(room), sources.get)
    if code is None:
        raise refuse(
            404, "no_such_code", "The engine, view or kit of this room is no longer stored."
        )
    return code


def file_name(header: Header) -> str:
    """`archers-<room>.replay`, only with characters that are safe in headers and file names."""
    stem = header.name.partition(".")[0]
    plain = "".join(char for char in stem if char.isascii() and (char.isalnum() or char in "-_"))
    return f"{plain[:40] or 'game'}-{header.room}{replays.SUFFIX}"


async def _send(
    request: web.Request,
    journal: Journal,
    code: replays.StoredCode,
) -> web.StreamResponse:
    """Stream all entries up to now as a replay. Raises StoreFailedError if the journal is
    truncated."""
    header, last = journal.header, journal.last
    pieces = replays.written(header, code, journal.copy(), lambda: last)
    response = web.StreamResponse(
        headers={
            **NO_STORE,
            "Content-Type": replays.MEDIA,
            "Content-Disposition": f'attachment; filename="{file_name(header)}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
    )
    await response.prepare(request)
    try:
        while piece := await asyncio.to_thread(next, pieces, DONE):
            await response.write(piece)
            await paced(request, len(piece))
    except StoreFailedError as error:
        log.error("room %s: the journal cannot be copied: %s", header.room, error)
        # Abort the connection, so that the client knows that the download is incomplete.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response
