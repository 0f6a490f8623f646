"""Reads and writes HTTP bodies: with a size limit, with problems as refusals, never cached.

Knows aiohttp and the plain values of the wire format, but no room.
"""

from __future__ import annotations

import logging
from typing import TypeVar

import msgspec
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from gameroom.lockstep.problem import Problem
from gameroom.model import Value
from gameroom.server import bodies
from gameroom.server.http.payment import paced, reckoned
from gameroom.server.refusals import NOT_READABLE, BadRoomError, ProblemError, refuse
from gameroom.server.room_api.question import Answer
from gameroom.store import JournalError, StoreFailedError
from gameroom.wire import CONTAINERS_MAX, BadFrameError, problem_body, read_json
from gameroom.wire.shape import as_dict

log = logging.getLogger(__name__)

T = TypeVar("T")
NO_STORE = {"Cache-Control": "no-store"}
PROBLEM = "application/problem+json"
HTTP_CODES = {404: "no_such_resource", 405: "no_such_method", 413: "too_big"}
"""The codes for refusals by aiohttp, before our handlers run. A socket uses the same codes."""

OF_PEER = (HttpProcessingError, web.RequestPayloadError, UnicodeEncodeError)
"""The errors that aiohttp raises for an invalid request. The last one is raised for a header that
is not UTF-8: aiohttp decodes it as lone surrogates and quotes it in an answer."""

CHUNK_BYTES = 65_536
"""How much of a long body is read at once."""


async def read_body(request: web.Request, bytes_max: int) -> Value:
    """The JSON body, or None if there is none. Raises ProblemError and BadFrameError."""
    data = await read_bytes(request, bytes_max)
    return reckoned(request, lambda: read_json(data, CONTAINERS_MAX)) if data else None


async def read_bytes(request: web.Request, bytes_max: int) -> bytes:
    """The raw bytes of a JSON body, empty if there is no body. Raises ProblemError."""
    if not request.body_exists:
        return b""
    if request.content_type != "application/json":
        # This also blocks forms of other sites: they cannot send this type across origins.
        raise refuse(415, "not_json", "The content type of the body must be `application/json`.")
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.content.iter_chunked(CHUNK_BYTES):
            if chunks:
                await paced(request, len(chunk))
            chunks.append(chunk)
            size += len(chunk)
            if size > bytes_max:
                raise refuse(413, "too_big", f"The body is larger than {bytes_max} bytes.")
    except OSError as error:  # The connection is lost. The errno depends on the system.
        raise ConnectionResetError from error
    return b"".join(chunks)


def slow_body(content: StreamReader) -> None:
    """Called after the time limit: if the body is incomplete, make its reader refuse it."""
    if not content.is_eof():
        content.set_exception(refuse(408, "slow_body", "The body did not arrive in time."))


async def read_as(type_: type[T], request: web.Request, bytes_max: int) -> T:
    """The body as one of the server's own requests. A missing body counts as an empty object.

    Raises ProblemError and BadFrameError."""
    body = await read_body(request, bytes_max)
    return bodies.read(type_, {} if body is None else body)


def json_response(body: object, status: int = 200) -> web.Response:
    """A response with a JSON body. Dataclasses are written field by field, raw bytes unchanged."""
    return web.Response(
        body=msgspec.json.encode(body, enc_hook=as_dict),
        status=status,
        content_type="application/json",
        headers=NO_STORE,
    )


def problem_response(problem: Problem, **more: object) -> web.Response:
    """An RFC 9457 problem. The time to wait before a retry is also in Retry-After, in seconds."""
    headers = dict(NO_STORE)
    if problem.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-problem.retry_after_ms // 1000))
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(
        body=msgspec.json.encode(problem_body(problem) | more),
        status=problem.status,
        content_type=PROBLEM,
        headers=headers,
    )


def answer_response(answer: Answer) -> web.Response:
    """A room's answer as an HTTP response."""
    if answer.problem is not None:
        return problem_response(answer.problem)
    if answer.status == 204:
        return web.Response(status=204, headers=NO_STORE)
    return json_response(answer.body, answer.status)


NOSNIFF = {"X-Content-Type-Options": "nosniff"}


async def typed(request: web.Request, response: web.StreamResponse) -> None:
    """Forbid browsers to guess the content type of any response."""
    response.headers.update(NOSNIFF)


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Convert all refusals, by our code or by aiohttp, to problems."""
    try:
        return await handler(request)
    except BadRoomError as error:
        return problem_response(error.problem, diagnostics=error.diagnostics)
    except (ProblemError, BadFrameError) as error:
        return problem_response(error.problem)
    except (JournalError, StoreFailedError) as error:
        log.error("%s %s: a store cannot be read: %s", request.method, request.path, error)
        return problem_response(NOT_READABLE)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        code = HTTP_CODES.get(error.status, "bad_request")
        response = problem_response(Problem(error.status, code, error.text or error.reason))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except ConnectionError:
        # The client has disconnected. aiohttp silently drops an answer that it cannot send, but
        # would log an exception from a handler as an internal error.
        return web.Response()
    except OF_PEER:
        response = problem_response(Problem(400, "bad_request", "The request is not valid HTTP."))
        response.force_close()
        return response
    except Exception:
        # Log the route, not the path: the client chooses the path.
        log.exception("%s: internal error", request.match_info.route)
        return problem_response(Problem(500, "fault", "Internal error."))
