"""The application: connects stores, lobby, handlers and the table of routes.

Decides nothing itself. Tests, the command line and the demo need only `make_app`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gameroom.server import auth
from gameroom.server.admission import Admission
from gameroom.server.allowances import Allowances
from gameroom.server.auth import Sources
from gameroom.server.config import Config
from gameroom.server.host.desyncs import open_desyncs
from gameroom.server.host.lobby import Lobby
from gameroom.server.host.rounds import Rounds
from gameroom.server.http.access import opened
from gameroom.server.http.asyncapi import asyncapi
from gameroom.server.http.exchange import refusals, slow_body, typed
from gameroom.server.http.handlers import rooms
from gameroom.server.http.openapi import openapi, room_path
from gameroom.server.http.payment import paid
from gameroom.server.http.routes import SERVER
from gameroom.server.listening import SOFTWARE, skip_body
from gameroom.server.peerlog import PeerLog
from gameroom.server.rates import Rates
from gameroom.server.room_api.operations import ROOM
from gameroom.server.services import SERVICES, Services
from gameroom.server.socket import dispatch as fastpath
from gameroom.store import Stores
from gameroom.wire.close import Close

log = logging.getLogger(__name__)

START_WAIT_S = 1.0
"""How long the start waits for the stores."""

CLOSING: web.AppKey[list[Close]] = web.AppKey("closing", list)
"""A list with one item: the close code for the sockets at shutdown. Replace it to change it."""


def make_app(config: Config, stores: Stores, *, sources: Sources | None = None) -> web.Application:
    """The whole server as an aiohttp application, which closes the stores when it ends.

    Call it inside a running event loop.
    """
    services = make_services(config, stores, sources or Sources())
    app = web.Application(
        middlewares=[_heard(services), refusals, paid],
        client_max_size=config.limits.upload_bytes_max,
    )
    app[SERVICES] = services
    app[CLOSING] = [Close.GOING_AWAY]
    for route in SERVER:
        for method in route.methods:
            path = route.path.replace("{file}", "{file:.+}")
            # Only digits: the room's own /snapshots/latest is a different resource.
            path = path.replace("/snapshots/{generation}", "/snapshots/{generation:[0-9]+}")
            app.router.add_route(method, path, opened(route))
    for asked in ROOM:
        if "http" in asked.carriers:
            for method in asked.methods:
                app.router.add_route(method, room_path(asked), rooms.asked(asked))
    app.on_response_prepare.append(typed)
    app.cleanup_ctx.append(_life(services))
    app.on_shutdown.append(_shut)
    app.on_response_prepare.append(_name)
    return app


def make_services(config: Config, stores: Stores, sources: Sources) -> Services:
    """The parts that all requests and sockets share. Call it inside a running event loop."""
    loop, limits = asyncio.get_running_loop(), config.limits
    fast = config.fast and fastpath.available()
    if config.fast and not fast:
        log.warning(
            "aiohttp: packets use the slower path: this version cannot dispatch while it parses"
        )
    lobby = Lobby(stores, limits, sources, loop=loop, desyncs=open_desyncs(config))
    peers = PeerLog(log, loop)
    return Services(
        config=config,
        lobby=lobby,
        peers=peers,
        admission=Admission(limits, config.proxies, peers, loop=loop),
        rounds=Rounds(
            loop,
            slice_us=limits.slice_us,
            waiting_max=limits.requests_waiting_max,
            waiting_per_payer_max=limits.requests_waiting_per_payer_max,
            near=lobby.rooms.deadlines.near,
        ),
        allowances=Allowances(limits),
        creates=Rates(limits.creates_per_minute, limits.creates_per_minute, limits.addresses_max),
        joins=Rates(limits.joins_per_minute, limits.joins_burst, limits.addresses_max),
        loop=loop,
        fast=fast,
        documents={
            name: msgspec.Raw(msgspec.json.encode(made()))
            for name, made in (("openapi.json", openapi), ("asyncapi.json", asyncapi))
        },
    )


def _heard(services: Services) -> Middleware:
    """Record each request as a sign of life, and limit the time for its body."""
    config = services.config

    @web.middleware
    async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport is not None:
            services.admission.heard(request.transport, auth.address(request, config.proxies))
        if not request.body_exists:
            return await handler(request)
        wait_s = config.limits.body_timeout_ms / 1000
        timer = services.loop.call_later(wait_s, slow_body, request.content)
        try:
            return await handler(request)
        finally:
            timer.cancel()
            skip_body(request)

    return heard


async def _name(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Set the Server header. By default aiohttp adds its own version and Python's."""
    response.headers["Server"] = SOFTWARE


def _life(services: Services) -> Callable[[web.Application], AsyncIterator[None]]:
    lobby, every_s = services.lobby, services.config.limits.store_check_ms / 1000

    async def life(app: web.Application) -> AsyncIterator[None]:
        lobby.rooms.syncing.start()
        # A slow store does not delay listening for longer than this.
        with suppress(TimeoutError):
            await asyncio.wait_for(lobby.check(), START_WAIT_S)
        watch = asyncio.create_task(_watch(lobby, every_s))
        yield
        watch.cancel()
        await lobby.settle()

    return life


async def _watch(lobby: Lobby, every_s: float) -> None:
    """Check the stores periodically."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await lobby.check()
        except Exception:
            log.exception("session store: the check failed: internal error")


async def _shut(app: web.Application) -> None:
    app[SERVICES].lobby.close(app[CLOSING][0], "the server is shutting down")
