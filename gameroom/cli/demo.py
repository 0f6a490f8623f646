"""`gameroom demo`: a shipped game on this machine, with two seats and a spectator on one page.

It is the real server with one additional page. Rooms, journals and sessions are real, in a folder
that is deleted when the demo ends.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gameroom import resources
from gameroom.cli import EXIT_FINDINGS

if TYPE_CHECKING:
    from aiohttp import web

    from gameroom.server import bodies

HOST = "127.0.0.1"
PORT = 8765
PORTS_TRIED = 20

REPAIRING = """language 1
use "{game}"

## {game}, where an engine that differs from the others is restarted.
room "{game} with repair" extends {game} {{
  players 3..3
  policy snapshots {{ every = 100 turns }}
  extend state running {{
    on diverged if event.decidable do {{ repair diverged }}
  }}
}}
"""
COOKIE = "gameroom_demo"


@click.command()
@click.argument("game", default="archers")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help=f"Port to listen on; 0 for any free port. By default {PORT} or the next free port.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
def demo(game: str, port: int | None, no_browser: bool) -> int:
    """Play GAME (archers by default): two players and a spectator side by side.

    The page shows the room's statechart as it changes. Drop or delay a connection, reload a
    player's page or corrupt an engine, and watch how the room reacts: with two players it
    pauses; in a game for three it can repair the engine. To stop the demo, press Ctrl-C.
    """
    if game not in games():
        raise click.BadParameter(
            f"there is no shipped game {game!r}; use one of {', '.join(games())}", param_hint="GAME"
        )
    from gameroom.server.config import Config
    from gameroom.server.serve import run

    def listening(address: str) -> None:
        click.echo(f"{game} is running at {address}/demo  (press Ctrl-C to stop)")
        if not no_browser:
            threading.Thread(target=webbrowser.open, args=(f"{address}/demo",), daemon=True).start()

    with tempfile.TemporaryDirectory(prefix="gameroom-demo-") as folder:
        config = Config(host=HOST, port=free_port() if port is None else port, data=Path(folder))
        try:
            run(config, listening, lambda app: add_demo(app, game))
        except OSError as error:
            click.echo(f"gameroom cannot serve the demo: {error}", err=True)
            return EXIT_FINDINGS
    return 0


def games() -> list[str]:
    """The shipped games that have a view."""
    return sorted(path.parent.name for path in resources.rooms().glob("*/view.js"))


def free_port() -> int:
    """The default port of the demo if it is free, so that its URL stays the same; otherwise a port
    near it."""
    for port in range(PORT, PORT + PORTS_TRIED):
        with contextlib.closing(socket.socket()) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                trial.bind((HOST, port))
                return port
    return 0


def add_demo(app: web.Application, game: str) -> None:
    """Add `/demo`, a page with a room of this game. A POST creates another room.

    GET without a room redirects to the last room of this browser, so that people only need to
    remember `/demo`. Another browser gets a new room, in which its seats are free.
    """
    from aiohttp import web

    from gameroom.server import bodies
    from gameroom.server.http import pages
    from gameroom.server.services import SERVICES

    async def another(wish: bodies.Create) -> web.Response:
        made = await app[SERVICES].lobby.create(wish)
        answer = web.Response(status=303, headers={"Location": f"/demo?room={made.id}"})
        answer.set_cookie(COOKIE, made.id, path="/demo", httponly=True, samesite="Strict")
        return answer

    async def page(request: web.Request) -> web.StreamResponse:
        if "room" in request.query:
            return pages.file_response(request, "demo.html", fresh=True)
        room = request.cookies.get(COOKIE)
        if room is not None and app[SERVICES].lobby.rooms.may_be(room):
            raise web.HTTPSeeOther(f"/demo?room={room}")
        return await another(bodies.Create(game=game))

    async def again(request: web.Request) -> web.StreamResponse:
        # Do not check Origin: our pages send no referrer, so the Origin of a form is "null".
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise web.HTTPForbidden(text="only the page of the demo can create rooms")
        repairs = "repair" in await request.post()
        return await another(repairing(game) if repairs else bodies.Create(game=game))

    app.router.add_get("/demo", page)
    app.router.add_post("/demo", again)
    app.router.add_get("/", _to_demo)


def repairing(game: str) -> bodies.Create:
    """A room of this game that restarts a diverged engine. It needs three players: if two engines
    differ, it cannot be decided which one is right. Raises RefusedError for a game with fewer."""
    from gameroom.resources import shipped_code
    from gameroom.server import bodies

    engine, view = (shipped_code(game, name) for name in ("engine.js", "view.js"))
    return bodies.Create(
        room=REPAIRING.format(game=game),
        engine=bodies.CodeBody(source=engine),
        view=bodies.CodeBody(source=view),
    )


async def _to_demo(request: web.Request) -> web.StreamResponse:
    from aiohttp import web

    raise web.HTTPSeeOther("/demo")
