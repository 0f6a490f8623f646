"""A server on loopback and people who come to it with plain HTTP and WebSockets.

Speaks the JSON subprotocol by hand, so that these tests see the wire and not our client.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from gameroom.server.app import make_app
from gameroom.server.auth import Sources
from gameroom.server.config import Config, Limits, create_keys
from gameroom.server.host.lobby import Lobby
from gameroom.server.host.stores import open_stores
from gameroom.server.listening import Listener
from gameroom.server.services import SERVICES
from gameroom.store import Stores
from gameroom.wire import JSON
from tests.patience import PATIENCE_MS, PATIENCE_S

KEY = "the create key of the tests"
KEYED = {"Authorization": f"Bearer {KEY}"}
ENGINE = "export default () => ({});\n"

ROOM = """
language 1
use "standard"

room "duel" extends standard {
  players 1..2
  spectators 0..2
  setting map: "plains" | "islands" = "plains"
  setting gold: int 100..1000 = 300
  command move { x: int 0..9 }
  command shout { text: string(1..200) }
  request surrender
  setting notes: string(0..2500) = ""
  policy limits { configures per minute = 6000 }
  policy reconnect { grace = 24h }
  policy pace { tick = 50 per second  turn = 20ms..40ms  ahead = 1 }

  extend state running.iterating {
    initial day
    on surrender -> ended because "somebody gave up"
    state day iterates {
      allow move from player
      allow surrender from player
      after 1000000 turns -> ended
    }
  }
}
"""


def limits(**changes: int) -> Limits:
    """Limits for tests: goodbyes do not take long, and a slow machine refuses nothing."""
    return Limits(
        **{
            "close_timeout_ms": 300,
            "session_burst_ms": 60_000,
            "address_burst_ms": 60_000,
            "wake_wait_ms": 60_000,
            "desync_wait_ms": PATIENCE_MS,
            "desync_state_wait_ms": PATIENCE_MS,
            **changes,
        }
    )


def config(**changes: Any) -> Config:
    return Config(**{"create_keys": create_keys(KEY), "limits": limits(), **changes})


def counted() -> Sources:
    """Ids and tokens that a test can foresee."""
    numbers = itertools.count(1)
    return Sources(
        room=lambda: f"room-{next(numbers)}",
        token=lambda: f"token-{next(numbers):020d}",
        user=lambda: f"user-{next(numbers)}",
        seed=lambda: 7,
    )


@dataclass
class Table:
    """One running server."""

    app: web.Application
    client: TestClient[web.Request, web.Application]
    stores: Stores
    kept: list[asyncio.StreamWriter] = field(default_factory=list)
    """Connections that only stay open."""

    @property
    def lobby(self) -> Lobby:
        return self.app[SERVICES].lobby

    @property
    def origin(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")

    async def create(self, **body: object) -> dict[str, Any]:
        """Make a room, the duel where nothing else is said."""
        wish = body or {"room": ROOM, "engine": {"source": ENGINE}}
        response = await self.client.post("/create", json=wish, headers=KEYED)
        assert response.status == 201, await response.text()
        made: dict[str, Any] = await response.json()
        return made

    async def join(self, room: str, name: str | None = None, **wish: object) -> Person:
        body = wish if name is None else {"name": name, **wish}
        response = await self.client.post(f"/rooms/{room}/players", json=body)
        assert response.status == 201, await response.text()
        return Person(self, room, **await response.json())

    async def problem(self, response: ClientResponse, status: int) -> dict[str, Any]:
        """The problem body of a refusal with this status."""
        assert response.status == status, await response.text()
        assert response.content_type == "application/problem+json"
        body: dict[str, Any] = await response.json()
        assert body["status"] == status
        return body


@dataclass
class Person:
    """Somebody with a place in a room."""

    table: Table
    room: str
    user: str
    name: str
    seat: int | None
    spectator: bool
    token: str = ""

    async def socket(self, **changes: Any) -> ClientWebSocketResponse[bool]:
        """A socket that has said nothing yet."""
        return await self.table.client.ws_connect(
            f"/rooms/{self.room}/socket", **{"protocols": (JSON,), **changes}
        )

    async def connect(self, seq: int = 0) -> Line:
        """A socket that has said who it is."""
        line = Line(await self.socket())
        line.hello = await line.ask("PUT", "/session", {"token": self.token, "seq": seq})
        assert line.hello["status"] == 200, line.hello
        return line


@dataclass
class Line:
    """One side of a socket: what was asked and answered, and what was told."""

    ws: ClientWebSocketResponse[bool]
    hello: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    _ids: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)
    _read: int = 0

    async def send(self, **frame: object) -> None:
        await self.ws.send_str(json.dumps(frame))

    async def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The answer to a request; events that come before it are kept."""
        id_ = self._ids()
        frame = {"id": id_, "method": method, "path": path}
        await self.ws.send_str(json.dumps(frame if body is None else {**frame, "body": body}))
        while True:
            got = await self.receive()
            if got.get("id") == id_:
                return got
            self.events.append(got)

    async def receive(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self.ws.receive(), PATIENCE_S)
        assert message.type is WSMsgType.TEXT, (message.type, message.data, self.ws.close_code)
        got: dict[str, Any] = json.loads(message.data)
        return got

    async def until(self, event: str, **body: object) -> dict[str, Any]:
        """The next event of that name, not read before, whose body has these fields."""
        while True:
            while self._read < len(self.events):
                got = self.events[self._read]
                self._read += 1
                if got.get("event") == event and _has(got["body"], body):
                    return got
            self.events.append(await self.receive())

    async def state(self, path: str) -> None:
        """Wait until the chart is in this state."""
        while True:
            while self._read < len(self.events):
                body = self.events[self._read].get("body") or {}
                self._read += 1
                chart = body.get("chart") if isinstance(body, Mapping) else None
                if chart and path in chart["states"]:
                    return
            self.events.append(await self.receive())

    async def closed(self) -> tuple[int | None, str]:
        """Wait for the close: its code, and what was said."""
        while True:
            message = await asyncio.wait_for(self.ws.receive(), PATIENCE_S)
            if message.type is WSMsgType.TEXT:
                self.events.append(json.loads(message.data))
            elif message.type is WSMsgType.CLOSE:
                # `close_code` of the socket says 1006 where the answer could not be written.
                return message.data, str(message.extra or "")
            elif message.type is not WSMsgType.BINARY:
                return self.ws.close_code, str(message.extra or "")

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events if "seq" in event]


def _has(body: object, wanted: Mapping[str, object]) -> bool:
    return isinstance(body, Mapping) and all(body.get(k) == v for k, v in wanted.items())


class Served(TestServer):
    """The test server of aiohttp, whose connections are accepted as ours are."""

    async def start_server(
        self, loop: asyncio.AbstractEventLoop | None = None, **more: Any
    ) -> None:
        if self.runner is not None:
            return
        self.listener = Listener(self.app)
        self.port = await self.listener.start(self.host, 0)
        self.runner = self.listener.runner
        self.scheme = "http"
        self._root = URL(f"http://{self.host}:{self.port}")

    async def close(self) -> None:
        if self.started and not self.closed:
            await self.listener.stop()
        await super().close()


@asynccontextmanager
async def served(
    config: Config, *, stores: Stores | None = None, sources: Sources | None = None
) -> AsyncIterator[Table]:
    """A server until the block ends."""
    kept = stores or open_stores(config)
    app = make_app(config, kept, sources=sources or counted())
    async with TestClient(Served(app)) as client:
        lobby = app[SERVICES].lobby
        if stores is None and lobby.down is not None:
            await lobby.check()  # A busy machine is asked before it has looked at its stores.
        table = Table(app, client, kept)
        yield table
        for writer in table.kept:
            writer.close()


async def playing(*lines: Line) -> None:
    """Bring everybody through setup into the running room."""
    for line in lines:
        assert (await line.ask("PUT", "/players/me/ready"))["status"] == 204
    for line in lines:
        await line.state("setup.starting")
    for line in lines:
        assert (await line.ask("PUT", "/players/me/engine", {"loaded": True}))["status"] == 204
    for line in lines:
        await line.state("running.iterating.day")
