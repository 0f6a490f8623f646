"""Files and documents: engines, pages, the descriptions of the server, its health."""

from __future__ import annotations

import logging

from aiohttp import web

from gameroom.server import bodies
from gameroom.server.host import jobs
from gameroom.server.host.worker import WorkerError
from gameroom.server.http import pages
from gameroom.server.http.access import polite
from gameroom.server.http.exchange import json_response
from gameroom.server.refusals import BUSY, ProblemError, refuse
from gameroom.server.services import SERVICES

log = logging.getLogger(__name__)


async def engine_source(request: web.Request) -> web.StreamResponse:
    polite(request)
    sha256 = request.match_info["sha256"]
    data = await request.app[SERVICES].lobby.code(sha256) if _is_sha256(sha256) else None
    if data is None:
        raise refuse(404, "no_such_code", "There is no stored code with this SHA-256 hash.")
    return web.Response(body=data, headers=pages.ENGINE_HEADERS)


async def diagnostic_page(request: web.Request) -> web.StreamResponse:
    polite(request)
    try:
        page = await request.app[SERVICES].lobby.worker.run(
            jobs.diagnostic_page, request.match_info["code"]
        )
    except WorkerError as error:
        log.error("a page of a diagnostic cannot be read: %s", error)
        raise ProblemError(BUSY) from None
    if page is None:
        raise refuse(404, "no_such_resource", "There is no diagnostic with this code.")
    return web.Response(text=page)


async def web_file(request: web.Request) -> web.StreamResponse:
    return pages.file_response(request, request.match_info["file"])


async def document(request: web.Request) -> web.StreamResponse:
    """The OpenAPI or AsyncAPI document, which the application generated at its start."""
    return json_response(request.app[SERVICES].documents[request.path.removeprefix("/")])


async def livez(request: web.Request) -> web.StreamResponse:
    return json_response(bodies.Health(True, "alive"))


async def readyz(request: web.Request) -> web.StreamResponse:
    """The result of the last check of the stores. This request does not access them."""
    problem = request.app[SERVICES].lobby.down
    if problem is not None:
        return json_response(bodies.Health(False, problem.detail), 503)
    return json_response(bodies.Health(True, "games can be started"))


def _is_sha256(said: str) -> bool:
    return len(said) == 64 and all(char in "0123456789abcdef" for char in said)
