"""What the browser tests live in: the real server with its demo page, and a quick room.

The server runs in the tests' own loop, so that a test can read a room's journal as it was
written. Pages are real ones in a real Chromium; nothing is waited for but conditions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser

from gameroom import resources
from gameroom.cli.demo import add_demo
from gameroom.lockstep.packets import Body, Command, Event, MasterPacket
from gameroom.roomfile import event_of
from gameroom.server import bodies
from gameroom.server.app import make_app
from gameroom.server.config import Config, Limits, create_keys
from gameroom.server.host.runner import Runner
from gameroom.server.host.stores import open_stores
from gameroom.server.services import SERVICES
from gameroom.wire import MSGPACK
from tests.patience import PATIENCE_MS

QUICK = """language 1
use "archers"

## Archers with the shortest turns, so that 300 of them take seconds.
room "quick" extends archers {
  policy pace { tick = 40 per second  turn = 50ms..200ms  ahead = auto }
}
"""
KEY = "the create key of the browser tests"
# A test joins and asks more often than people do, and has no time for a long tail.
LIMITS = Limits(
    joins_per_minute=10_000,
    creates_per_minute=10_000,
    connects_per_minute=10_000,
    address_burst_ms=60_000,
    session_burst_ms=60_000,
    tail_events_max=40,
    wake_wait_ms=60_000,
    desync_wait_ms=PATIENCE_MS,
)


@dataclass(frozen=True, slots=True)
class World:
    """A running server and a browser to visit it with."""

    address: str
    app: web.Application
    browser: Browser

    async def room(self, text: str = QUICK, game: str = "archers", seed: int = 7) -> str:
        """The id of a new room with this text and a shipped game's engine and view."""
        folder = resources.rooms() / game
        made = await self.app[SERVICES].lobby.create(
            bodies.Create(
                room=text,
                engine=bodies.CodeBody(source=(folder / "engine.js").read_text(encoding="utf-8")),
                view=bodies.CodeBody(source=(folder / "view.js").read_text(encoding="utf-8")),
                seed=seed,
            )
        )
        return made.id

    def runner(self, room: str) -> Runner:
        return self.app[SERVICES].lobby.rooms.running[room]

    def journal(self, room: str) -> list[Event]:
        """All that the room has said, read back from its journal."""
        runner = self.runner(room)
        codec = runner.events.codecs[MSGPACK]
        return [event_of(entry, codec) for entry in runner.events.journal.read()]

    def age_ms(self, room: str, said: Body) -> int:
        """How long ago, by the room's clock, the room said this."""
        runner = self.runner(room)
        codec = runner.events.codecs[MSGPACK]
        entries = runner.events.journal.read()
        at = next(entry.at for entry in entries if event_of(entry, codec).body == said)
        return runner.now - at

    def commands(self, room: str, seat: int) -> list[Command]:
        """What a seat commanded, in the order in which the engines got it."""
        return [
            command
            for packet in packets(self.journal(room))
            for said in packet.commands
            if said.seat == seat
            for command in said.commands
        ]


def packets(events: list[Event]) -> Iterator[MasterPacket]:
    return (event.body for event in events if isinstance(event.body, MasterPacket))


async def serve(folder: Path) -> tuple[web.AppRunner, str]:
    """The server with everything on disk, on a free port of loopback."""
    config = Config(
        host="127.0.0.1", port=0, data=folder, limits=LIMITS, create_keys=create_keys(KEY)
    )
    app = make_app(config, open_stores(config))
    add_demo(app, "archers")
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"
