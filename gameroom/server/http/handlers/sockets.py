"""The handshake of a WebSocket: checks who can open one, before the first frame."""

from __future__ import annotations

from aiohttp import web

from gameroom.model import RoomFile
from gameroom.server import auth
from gameroom.server.allowances import SOCKET_US, message_bytes
from gameroom.server.host.runner import Runner
from gameroom.server.http.access import member, polite, room
from gameroom.server.http.payment import charge
from gameroom.server.refusals import ProblemError, refuse
from gameroom.server.services import SERVICES, Services
from gameroom.server.socket.connection import Connection
from gameroom.server.socket.dispatch import Socket
from gameroom.server.socket.hello import Guest
from gameroom.wire import SUBPROTOCOLS, Codec

NOWHERE_FILE = RoomFile("")
"""For decoding the frames of a socket to an unknown room. It is refused only after its hello."""


async def socket(request: web.Request) -> web.StreamResponse:
    polite(request)
    charge(request, SOCKET_US)
    services = request.app[SERVICES]
    subprotocol = _subprotocol(request)
    if not request.headers.get("Sec-WebSocket-Key", "").isascii():
        # aiohttp would raise an unhandled error when it decodes this header.
        raise refuse(400, "bad_request", "The `Sec-WebSocket-Key` header is not valid base64.")
    transport = request.transport
    if transport is None:
        raise web.HTTPBadRequest(text="the connection is gone")
    guest = await _guest(request)
    runner = guest.runner
    session = _session(request, runner)
    if session is None and services.admission.full:
        raise refuse(503, "server_busy", "The server has no free connections. Try again later.")
    codec = (
        Codec(subprotocol, NOWHERE_FILE) if runner is None else runner.events.codecs[subprotocol]
    )

    def settled() -> None:
        if connection.known:
            opened.raise_limit()
            services.admission.spoke(transport)

    connection = Connection(services, guest=guest, codec=codec, settled=settled)
    opened = _opened(services, connection, runner)
    if session is not None and runner is not None:
        auth.renew_cookie(request, opened, runner.id)
    connection.start(transport)
    address = auth.address(request, services.config.proxies)
    services.admission.waits(transport, address, session, connection.give_way)
    try:
        await opened.prepare(request)
        await opened.run()
    finally:
        connection.stop()
        services.admission.lost(transport)
    return opened


async def _guest(request: web.Request) -> Guest:
    """The client, as far as it is known at the handshake. Not yet refused if the room does not
    exist: only a hello gets that answer."""
    runner, absent = None, None
    try:
        runner = await room(request)
    except ProblemError as refused:
        if refused.problem.status != 404:
            absent = refused.problem
    return Guest(request.match_info["id"], runner, absent, auth.session_token(request))


def _opened(services: Services, connection: Connection, runner: Runner | None) -> Socket:
    limits = services.config.limits
    bytes_max = limits.hello_bytes_max
    if runner is not None:
        bytes_max = message_bytes(runner.room.file, limits)
    return Socket(
        receiver=connection,
        fast=services.fast,
        protocols=SUBPROTOCOLS,
        first_bytes_max=limits.hello_bytes_max,
        message_bytes_max=bytes_max,
        heartbeat_ms=limits.heartbeat_ms,
        close_timeout_ms=limits.close_timeout_ms,
        frames_per_round=limits.socket_frames_per_round,
        parsing=connection.parsing,
    )


def _session(request: web.Request, runner: Runner | None) -> str | None:
    """A name for the session in the handshake, or None if there is none."""
    if runner is None:
        return None
    try:
        who = member(request, runner)
    except ProblemError:  # The session store cannot be read now.
        return None
    return None if who is None else f"{runner.id} {who}"


def _subprotocol(request: web.Request) -> str:
    """The first offered subprotocol that we support. Raises ProblemError if there is none."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    for name in offered.split(","):
        if name.strip() in SUBPROTOCOLS:
            return name.strip()
    raise refuse(
        400,
        "no_subprotocol",
        "Offer at least one of these subprotocols: " + ", ".join(SUBPROTOCOLS) + ".",
    )
