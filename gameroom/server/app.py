"""The application: stores, lobby, handlers and the table of routes put together.

Decides nothing itself. `make_app` is all that tests, the command line and the demo need.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from aiohttp import web

from gameroom.server import fastpath
from gameroom.server.auth import Sources
from gameroom.server.config import Config
from gameroom.server.desyncs import open_desyncs
from gameroom.server.exchange import refusals, typed
from gameroom.server.handlers import Handlers
from gameroom.server.lobby import Lobby
from gameroom.server.openapi import room_path
from gameroom.server.routes import ROOM, SERVER
from gameroom.store import Stores
from gameroom.wire.close import Close

log = logging.getLogger(__name__)

START_WAIT_S = 1.0
"""How long the start waits for the stores."""

LOBBY: web.AppKey[Lobby] = web.AppKey("lobby", Lobby)
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
    handlers = Handlers(config, lobby, loop=loop, fast=fast)
    app = web.Application(middlewares=[refusals], client_max_size=config.limits.upload_bytes_max)
    app[LOBBY] = lobby
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
    return app


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
