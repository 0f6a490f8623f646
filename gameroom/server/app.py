"""The application: stores, lobby, handlers and the table of routes put together.

Decides nothing itself. `make_app` is all that tests, the command line and the demo need.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Middleware

from gameroom.server import auth
from gameroom.server.admission import Admission
from gameroom.server.auth import Sources
from gameroom.server.config import Config
from gameroom.server.host.desyncs import open_desyncs
from gameroom.server.host.lobby import Lobby
from gameroom.server.host.rounds import Rounds
from gameroom.server.http.exchange import Handler, refusals, slow_body, typed
from gameroom.server.http.handlers import Handlers
from gameroom.server.http.openapi import room_path
from gameroom.server.http.routes import ROOM, SERVER
from gameroom.server.listening import SOFTWARE, skip_body
from gameroom.server.peerlog import PeerLog
from gameroom.server.socket import dispatch as fastpath
from gameroom.store import Stores
from gameroom.wire.close import Close

log = logging.getLogger(__name__)

START_WAIT_S = 1.0
"""How long the start waits for the stores."""

LOBBY: web.AppKey[Lobby] = web.AppKey("lobby", Lobby)
ADMISSION: web.AppKey[Admission] = web.AppKey("admission", Admission)
PEERS: web.AppKey[PeerLog] = web.AppKey("peers", PeerLog)
ROUNDS: web.AppKey[Rounds] = web.AppKey("rounds", Rounds)
CLOSING: web.AppKey[list[Close]] = web.AppKey("closing", list)
"""One item: the close code that sockets get at the end. Put another in its place before."""


def make_app(config: Config, stores: Stores, *, sources: Sources | None = None) -> web.Application:
    """The whole server as an aiohttp application. It closes the stores when it ends.

    Call it inside a running loop.
    """
    loop = asyncio.get_running_loop()
    fast = config.fast and fastpath.available()
    if config.fast and not fast:
        log.warning("this aiohttp has no dispatch at parse time: packets take the slow way")
    lobby = Lobby(
        stores, config.limits, sources or Sources(), loop=loop, desyncs=open_desyncs(config)
    )
    peers = PeerLog(log, loop)
    admission = Admission(config.limits, config.proxies, peers, loop=loop)
    rounds = Rounds(
        loop,
        slice_us=config.limits.slice_us,
        waiting_max=config.limits.requests_waiting_max,
        waiting_per_payer_max=config.limits.requests_waiting_per_payer_max,
        near=lobby.rooms.deadlines.near,
    )
    handlers = Handlers(config, lobby, admission, rounds, loop=loop, fast=fast)
    app = web.Application(
        middlewares=[_heard(config, admission, loop), refusals, handlers.paid],
        client_max_size=config.limits.upload_bytes_max,
    )
    app[LOBBY], app[ADMISSION], app[PEERS], app[ROUNDS] = lobby, admission, peers, rounds
    app[CLOSING] = [Close.GOING_AWAY]
    for route in SERVER:
        for method in route.methods:
            path = route.path.replace("{file}", "{file:.+}")
            # So that a room's own /snapshots/latest is another resource.
            path = path.replace("/snapshots/{generation}", "/snapshots/{generation:[0-9]+}")
            app.router.add_route(method, path, getattr(handlers, route.name))
    for route in ROOM:
        if "http" in route.carriers:
            for method in route.methods:
                app.router.add_route(method, room_path(route), handlers.room_route(route))
    app.on_response_prepare.append(typed)
    app.cleanup_ctx.append(_life(config, lobby))
    app.on_shutdown.append(_shut)
    app.on_response_prepare.append(_name)
    return app


def _heard(config: Config, admission: Admission, loop: asyncio.AbstractEventLoop) -> Middleware:
    """Every request is a sign of life, and its body is to come in time."""

    @web.middleware
    async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport is not None:
            admission.heard(request.transport, auth.address(request, config.proxies))
        if not request.body_exists:
            return await handler(request)
        timer = loop.call_later(config.limits.body_timeout_ms / 1000, slow_body, request.content)
        try:
            return await handler(request)
        finally:
            timer.cancel()
            skip_body(request)

    return heard


async def _name(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """aiohttp would name its version, and Python's."""
    response.headers["Server"] = SOFTWARE


def _life(config: Config, lobby: Lobby) -> Callable[[web.Application], AsyncIterator[None]]:
    async def life(app: web.Application) -> AsyncIterator[None]:
        lobby.rooms.syncing.start()
        # Listening does not wait for a store that takes long.
        with suppress(TimeoutError):
            await asyncio.wait_for(lobby.check(), START_WAIT_S)
        watch = asyncio.create_task(_watch(lobby, config.limits.store_check_ms / 1000))
        yield
        watch.cancel()
        await lobby.settle()

    return life


async def _watch(lobby: Lobby, every_s: float) -> None:
    """Ask the session store again and again."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await lobby.check()
        except Exception:
            log.exception("the session store cannot be checked: a fault of ours")


async def _shut(app: web.Application) -> None:
    app[LOBBY].close(app[CLOSING][0], "the server stops")
