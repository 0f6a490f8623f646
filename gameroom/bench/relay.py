"""The bare relay: it only gathers the packets of a room and broadcasts them.

    python -m gameroom.bench.relay SEATS WIRE TURN_MS

It uses aiohttp, uvloop and msgspec as their documentation recommends, and is as fast as that
allows: it decodes each packet with types, and encodes each turn once per room. It has no checks, no
storage and no sessions. Its clock is that of the server: a turn is due one turn length after the
one before. It closes then or later, when its last packet has arrived.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from gameroom.bench import loops
from gameroom.bench.plan import AHEAD, SUBPROTOCOL, Wire

ITERATIONS = 2


class RelayPacket(msgspec.Struct, array_like=True, gc=False):
    """A client packet as an array."""

    generation: int
    commands: list[Any]
    checksum_age: int
    checksum: int
    latency: int
    framerate: int


class RelayChecksum(msgspec.Struct, gc=False):
    """The checksum in a client packet in JSON."""

    generation: int
    value: int


class RelayBody(msgspec.Struct, gc=False):
    """The body of a client packet in JSON."""

    commands: list[Any]
    latency: int
    framerate: int
    checksum: RelayChecksum | None = None


class RelayRequest(msgspec.Struct, gc=False):
    """A client packet in JSON."""

    method: str
    path: str
    body: RelayBody


Heard = tuple[int, list[Any]]
Decode = Callable[[Any], Heard]
Encode = Callable[[int, int, dict[int, list[Any]]], bytes | str]


def codec(wire: Wire) -> tuple[Decode, Encode]:
    """A function that decodes a packet, and one that encodes a turn from its generation, its length
    and the commands by seat."""
    if wire == "msgpack":
        packet = msgspec.msgpack.Decoder(RelayPacket).decode
        pack = msgspec.msgpack.Encoder().encode

        def read(data: Any) -> Heard:
            said = packet(data)
            return said.generation, said.commands

        def write(generation: int, turn_ms: int, heard: dict[int, list[Any]]) -> bytes:
            by_seat = sorted(heard.items())
            return pack([generation, generation, ITERATIONS, turn_ms, AHEAD, by_seat, 0, 0])

        return read, write
    request = msgspec.json.Decoder(RelayRequest).decode
    dump = msgspec.json.Encoder().encode

    def read_json(data: Any) -> Heard:
        said = request(data)
        return int(said.path[7:]), said.body.commands

    def write_json(generation: int, turn_ms: int, heard: dict[int, list[Any]]) -> str:
        by_seat = [{"seat": seat, "commands": said} for seat, said in sorted(heard.items())]
        body = {
            "generation": generation,
            "iterations_per_command": ITERATIONS,
            "turn_ms": turn_ms,
            "ahead": AHEAD,
            "commands": by_seat,
            "chart": None,
            "checksum": None,
            "absent": [],
            "late": [],
        }
        path = f"/turns/{generation}"
        return dump({"event": "turn", "seq": generation, "path": path, "body": body}).decode()

    return read_json, write_json


class RelayRoom:
    """The sockets of one room, and the packets for its open turns."""

    def __init__(self, seats: int, turn_ms: int, encode: Encode) -> None:
        self.sockets: list[web.WebSocketResponse] = []
        self._seats = seats
        self._turn_ms = turn_ms
        self._encode = encode
        self._generation = 1
        self._heard: defaultdict[int, dict[int, list[Any]]] = defaultdict(dict)
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def keep(self, seat: int, generation: int, commands: list[Any]) -> None:
        """Keep a packet for its turn."""
        heard = self._heard[generation]
        heard[seat] = commands
        if generation == self._generation and len(heard) == self._seats:
            self._full.set()
            if self._task is None:
                self._task = asyncio.create_task(self._play())

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self.sockets:
            await self._full.wait()
            heard = self._heard.pop(self._generation)
            frame = self._encode(self._generation, self._turn_ms, heard)
            self._generation += 1
            if len(self._heard[self._generation]) < self._seats:
                self._full.clear()
            for socket in list(self.sockets):
                with suppress(ConnectionError):
                    if isinstance(frame, bytes):
                        await socket.send_bytes(frame)
                    else:
                        await socket.send_str(frame)
            now = loop.time()
            due = max(due + self._turn_ms / 1000, now)
            await asyncio.sleep(due - now)


def make_app(seats: int, wire: Wire, turn_ms: int) -> web.Application:
    """The application with one route, `/rooms/{room}/socket?seat=N`. Spectators have no seat."""
    decode, encode = codec(wire)
    rooms: dict[str, RelayRoom] = {}

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL[wire],), compress=False)
        await socket.prepare(request)
        name = request.match_info["room"]
        room = rooms.setdefault(name, RelayRoom(seats, turn_ms, encode))
        room.sockets.append(socket)
        seat = int(request.query.get("seat", -1))
        try:
            async for message in socket:
                if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                    room.keep(seat, *decode(message.data))
        finally:
            room.sockets.remove(socket)
        return socket

    app = web.Application()
    app.router.add_get("/rooms/{room}/socket", serve)
    return app


async def main() -> None:
    """Listen on a free port, print the address, and serve until the process is stopped."""
    seats, wire, turn_ms = sys.argv[1:4]
    app = make_app(int(seats), "json" if wire == "json" else "msgpack", int(turn_ms))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    loops.keep_loaded()
    await asyncio.Event().wait()


if __name__ == "__main__":
    loops.run(main())
