"""A WebSocket client of few lines: quick enough to play many rooms and to flood one server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import cast

import msgspec

from gameroom.bench.frames import masked, split

JSON, MSGPACK = "gameroom.v1.json", "gameroom.v1.msgpack"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def request(id_: int, method: str, path: str, body: object = None) -> bytes:
    """A request of the JSON subprotocol."""
    said = {"id": id_, "method": method, "path": path, "body": body}
    return masked(json.dumps(said).encode(), 1)


class Socket(asyncio.Protocol):
    """One socket. `heard` gets each text or binary message as it arrives."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self._heard = heard
        self._buffer = bytearray()
        self._open = False
        self.upgraded = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport and not its type.
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.upgraded, self.lost):
            if not future.done():
                future.set_result(False)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            self._buffer = bytearray(rest)
            self._open = b" 101 " in head.split(b"\r\n")[0]
            if not self.upgraded.done():
                self.upgraded.set_result(self._open)
            if not self._open:
                self.transport.close()
                return
        found, rest = split(bytes(self._buffer))
        self._buffer = bytearray(rest)
        for opcode, payload in found:
            if opcode in (1, 2):
                self._heard(payload)
            elif opcode == 9:
                self.transport.write(masked(payload, 10))
            elif opcode == 8:
                self.transport.close()


async def connect(
    host: str,
    port: int,
    room: str,
    subprotocol: str,
    heard: Callable[[bytes], None],
    source: str = "127.0.0.1",
) -> Socket:
    """A socket that has said nothing yet. Raises ConnectionError."""
    loop = asyncio.get_running_loop()
    _, made = await loop.create_connection(
        lambda: Socket(heard), host, port, local_addr=(source, 0)
    )
    made.transport.write(
        f"GET /rooms/{room}/socket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n".encode()
    )
    if not await made.upgraded:
        raise ConnectionError("no upgrade")
    return made


class Player:
    """One player of the msgpack subprotocol, who sends a command with every turn."""

    def __init__(self, turned: Callable[[], None], ahead: int = 2) -> None:
        self._turned = turned
        self._ahead = ahead
        self.generation = 0
        self.socket: Socket
        self.state = ""

    def heard(self, data: bytes) -> None:
        said = msgspec.msgpack.decode(data)
        if isinstance(said, list):
            self.generation = said[1]
            self._turned()
            self.packet(said[1] + self._ahead)
            self._moved((said[8] if len(said) == 9 else {}).get("chart"))
        elif said.get("event") == "chart":
            self._moved(said["body"]["chart"])

    def _moved(self, chart: dict | None) -> None:
        if chart is not None:
            self.state = chart["states"][-1]
            if self.state == "setup.starting":
                self.ask("PUT", "/players/me/engine", {"loaded": True})
            elif self.state.startswith("running.iterating"):
                for generation in range(1, self._ahead + 1):
                    self.packet(generation)

    def packet(self, generation: int) -> None:
        body = msgspec.msgpack.encode([generation, [[0, 3]], 0, 0, 5, 60])
        self.socket.transport.write(masked(body, 2))

    def ask(self, method: str, path: str, body: object = None) -> None:
        said = {"id": 1, "method": method, "path": path, "body": body}
        self.socket.transport.write(masked(msgspec.msgpack.encode(said), 2))
