"""HTTP bodies in and out: read with a cap, refused as problems, never kept by caches.

Knows aiohttp and the wire's plain values; no room.
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
"""The codes of what aiohttp refuses before a handler of ours does: the same as over a socket."""

OF_PEER = (HttpProcessingError, web.RequestPayloadError, UnicodeEncodeError)
"""What aiohttp raises when a request is wrong. The last one is a header that is not UTF-8, which
it reads as lone surrogates and quotes in an answer."""

CHUNK_BYTES = 65_536
"""So much of a long body is read at once."""


async def read_body(request: web.Request, bytes_max: int) -> Value:
    """The JSON body, None where there is none. Raises ProblemError and BadFrameError."""
    data = await read_bytes(request, bytes_max)
    return reckoned(request, lambda: read_json(data, CONTAINERS_MAX)) if data else None


async def read_bytes(request: web.Request, bytes_max: int) -> bytes:
    """The bytes of a JSON body as they came, none where there is no body. Raises ProblemError."""
    if not request.body_exists:
        return b""
    if request.content_type != "application/json":
        # Also what keeps other sites' forms out: a page may not send this type elsewhere.
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
    except OSError as error:  # However the system calls a connection that is gone.
        raise ConnectionResetError from error
    return b"".join(chunks)


def slow_body(content: StreamReader) -> None:
    """Whoever reads this body is to refuse it, where it has not come by now."""
    if not content.is_eof():
        content.set_exception(refuse(408, "slow_body", "The body did not arrive in time."))


async def read_as(type_: type[T], request: web.Request, bytes_max: int) -> T:
    """The body as one of the server's own requests; none at all is an empty one."""
    body = await read_body(request, bytes_max)
    return bodies.read(type_, {} if body is None else body)


def json_response(body: object, status: int = 200) -> web.Response:
    """A body of the server's own; dataclasses are written field by field, bytes as they are."""
    return web.Response(
        body=msgspec.json.encode(body, enc_hook=as_dict),
        status=status,
        content_type="application/json",
        headers=NO_STORE,
    )


def problem_response(problem: Problem, **more: object) -> web.Response:
    """An RFC 9457 problem; when to come again stands in Retry-After too, in seconds."""
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
    """A room's answer over HTTP."""
    if answer.problem is not None:
        return problem_response(answer.problem)
    if answer.status == 204:
        return web.Response(status=204, headers=NO_STORE)
    return json_response(answer.body, answer.status)


NOSNIFF = {"X-Content-Type-Options": "nosniff"}


async def typed(request: web.Request, response: web.StreamResponse) -> None:
    """Nothing is ever taken for something else than we say it is, whoever answers."""
    response.headers.update(NOSNIFF)


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever is refused, by us or by aiohttp, leaves as a problem."""
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
        # Whoever asked has gone. aiohttp passes over an answer that cannot be sent without a
        # word; what a handler raises it would log as a fault of ours.
        return web.Response()
    except OF_PEER:
        response = problem_response(Problem(400, "bad_request", "The request is not valid HTTP."))
        response.force_close()
        return response
    except Exception:
        # The path is what somebody sent; the route is ours.
        log.exception("%s: internal error", request.match_info.route)
        return problem_response(Problem(500, "fault", "Internal error."))
