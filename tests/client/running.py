"""A server on loopback with one room, and Python clients who sit in it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from gameroom.client import Seat, join
from gameroom.server.app import make_app
from gameroom.server.config import Config, Limits, create_keys
from gameroom.server.host.stores import open_stores
from gameroom.store import FileJournals, FileSnapshots
from gameroom.wire import JSON, MSGPACK, Codec, EventFrame

KEY = "the create key of the tests"

ROOM = """
language 1
use "standard"
room "Archers" extends standard {
  players 1..8
  spectators 0..4
  setting map: "plains" | "islands" = "plains"
  setting gold: int 100..1000 = 300
  command move { units: list(1..20) of int 0..1499  x: int 0..4095  y: int 0..4095 }
  command build { kind: "house" | "tower"  x: int 0..4095  y: int 0..4095 }
  request surrender
  policy pace { tick = 50 per second  turn = 20ms..40ms  ahead = auto }
  extend state running.iterating {
    initial day
    on surrender -> ended because "somebody gave up"
    state day iterates {
      allow move, build, surrender from player
      after 20 turns -> night
    }
    state night iterates {
      allow move, surrender from player
      after 20 turns -> day
    }
  }
}
"""


class RunningServer:
    """A server and one room in it; it can stop and start again on its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = unused_port()
        self.room = ""
        self._server: TestServer | None = None

    async def open(self) -> None:
        # A short tail: so a snapshot is worth its while in a game of seconds.
        limits = Limits(tail_events_max=64)
        config = Config(data=self.folder, create_keys=create_keys(KEY), limits=limits)
        app: web.Application = make_app(config, open_stores(config))
        self._server = TestServer(app, host="127.0.0.1", port=self.port)
        await self._server.start_server()

    async def shut(self) -> None:
        if self._server is not None:
            await self._server.close()
            self._server = None

    async def create(self, text: str = ROOM) -> str:
        wish = {"room": text, "engine": {"source": "export default () => ({});"}, "seed": 7}
        headers = {"Authorization": f"Bearer {KEY}"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"http://127.0.0.1:{self.port}/create", json=wish, headers=headers) as said,
        ):
            assert said.status == 201, await said.text()
            self.room = (await said.json())["id"]
        return self.url

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/join/{self.room}"

    def snapshots(self) -> list[int]:
        """The turns of which the room keeps the state."""
        heads = FileSnapshots(self.folder / "snapshots").heads(self.room)
        return [head.generation for head in heads]

    def journal(self, codec: Codec) -> list[EventFrame]:
        """All that the room said, from the file; the server has to be shut."""
        journal = FileJournals(self.folder / "journals").open(self.room)
        frames = [codec.decode_event(entry.event) for entry in journal.read()]
        journal.close()
        assert all(isinstance(frame, EventFrame) for frame in frames)
        return [frame for frame in frames if isinstance(frame, EventFrame)]


@asynccontextmanager
async def seated(
    running: RunningServer, count: int, *, hurry: bool = True
) -> AsyncIterator[list[Seat]]:
    """So many players, every second one in the other subprotocol, in the running room."""
    async with AsyncExitStack() as stack:
        seats = [
            await stack.enter_async_context(
                join(
                    running.url,
                    name=f"player {number}",
                    subprotocol=(MSGPACK, JSON)[number % 2],
                    hurry=hurry,
                )
            )
            for number in range(count)
        ]
        await start(seats)
        yield seats


async def start(seats: Sequence[Seat]) -> None:
    for seat in seats:
        await seat.ready()
    for seat in seats:
        await seat.until(lambda seat: seat.within("setup.starting"))
        assert await seat.load() == ()
    for seat in seats:
        await seat.until(lambda seat: seat.generation >= 1)


async def reach(seats: Sequence[Seat], generation: int) -> None:
    for seat in seats:
        await seat.until(lambda seat: seat.generation >= generation)
