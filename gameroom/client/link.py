"""The connection of one seat: connects, reads, and reconnects.

Knows frames, close codes and time. The replica interprets the events. This is the replica's only
access to the network. It sends a client packet only if it is asked to.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import aiohttp
from yarl import URL

from gameroom.client.errors import ClosedError, InterruptedRequestError, RefusedError
from gameroom.lockstep.packets import ClientPacket, Snapshot, Welcome
from gameroom.model import Value
from gameroom.replica import EngineState, GapError, Replica
from gameroom.replica.flaws import Flaw
from gameroom.wire import (
    Codec,
    EventFrame,
    Method,
    RequestFrame,
    ResponseFrame,
    closing,
    read_problem,
)
from gameroom.wire.shape import read

EVENT_BYTES_MAX = 16 * 1024 * 1024
HEARTBEAT_S = 10
PAUSE_FIRST_S = 0.1
PAUSE_MAX_S = 5.0
HELLO_ID = 0

Line = aiohttp.ClientWebSocketResponse


class Link:
    """Keeps a replica connected while `run` runs."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: URL,
        token: str,
        codec: Codec,
        replica: Replica,
        *,
        told: Callable[[EventFrame | None], None],
        patience_ms: int,
        now: Callable[[], int],
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
    ) -> None:
        """told: called with every new event, and with None when the connection changes.

        patience_ms: how long to try to reconnect. now: returns milliseconds.
        """
        self.line: Line | None = None
        """The connection, after the server has accepted the session; None before."""
        self.welcomes = 0
        """How often the server has accepted the session: once, and once per reconnection."""
        self._http = http
        self._url = url
        self._token = token
        self._codec = codec
        self._replica = replica
        self._told = told
        self._patience_ms = patience_ms
        self._now = now
        self._sleep = sleep
        self._random = random
        self._ids = itertools.count(HELLO_ID + 1)
        self._asked: dict[int, asyncio.Future[ResponseFrame]] = {}

    async def run(self) -> None:
        """Connect, read, and reconnect as the close code says. Never returns. Raises ClosedError,
        RefusedError, or aiohttp's error if the handshake is refused."""
        tries, since = 0, self._now()
        while True:
            code: int | None = None
            try:
                async with self._http.ws_connect(
                    self._url,
                    protocols=(self._codec.subprotocol,),
                    headers=self._headers,
                    max_msg_size=EVENT_BYTES_MAX,
                    heartbeat=HEARTBEAT_S,
                ) as line:
                    if await self._greet(line):
                        tries = 0
                        await self._read(line)
                        since = self._now()
                    code = line.close_code
            except aiohttp.WSServerHandshakeError as error:
                if 400 <= error.status < 500 and error.status != 429:
                    raise
            except (aiohttp.ClientError, OSError, GapError, InterruptedRequestError):
                code = None
            finally:
                self._lost()
            row = closing(code)
            if not row.by_itself or self._now() - since > self._patience_ms:
                raise ClosedError(row.code if code is None else code)
            await self._sleep(pause_s(tries, self._random()))
            tries += 1

    async def ask(self, line: Line, method: Method, path: str, body: Value) -> object:
        """Send a request over this connection, and return the body of the response. Raises
        RefusedError or InterruptedRequestError."""
        id_ = next(self._ids)
        asked: asyncio.Future[ResponseFrame] = asyncio.get_running_loop().create_future()
        self._asked[id_] = asked
        try:
            request = RequestFrame(method, path, id_, body)
            await _send(line, self._codec.encode_request(request))
            response = await asked
        finally:
            self._asked.pop(id_, None)
        if response.status >= 400:
            raise RefusedError(read_problem(response.body, response.status))
        return response.body

    async def put(self, packet: ClientPacket) -> None:
        """Send a client packet. If it cannot be sent, it stays in the replica's outbox."""
        if self.line is not None:
            with suppress(InterruptedRequestError):
                await _send(self.line, self._codec.encode_packet(packet))

    def drop(self) -> None:
        """Cut the connection without closing it."""
        if self.line is not None:
            with suppress(OSError):
                self.line.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def interrupt(self) -> None:
        """Raise InterruptedRequestError in all requests that wait for a response."""
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(InterruptedRequestError())

    async def _greet(self, line: Line) -> bool:
        """Identify this client. Returns False if the server is not ready or closed the
        connection."""
        hello: dict[str, Value] = {
            "token": self._token,
            "seq": self._replica.seq,
            "snapshots": self._replica.restores,
        }
        request = RequestFrame("PUT", "/session", HELLO_ID, hello)
        await _send(line, self._codec.encode_request(request))
        async for frame in self._frames(line):
            if not isinstance(frame, ResponseFrame) or frame.id != HELLO_ID:
                continue
            if frame.status in (429, 503):
                return False
            if frame.status >= 400:
                raise RefusedError(read_problem(frame.body, frame.status))
            welcome = read(Welcome, frame.body, strict=False)
            state = b"" if welcome.snapshot is None else await self._fetch(welcome.snapshot)
            self._replica.welcome(welcome, state)
            self.welcomes += 1
            self.line = line
            self._told(None)
            return True
        return False

    async def _fetch(self, snapshot: Snapshot) -> bytes:
        """Return the bytes of a snapshot's state. They can be missing or wrong; the replica checks
        them."""
        url, headers = self._state_url(snapshot.generation), self._headers
        async with self._http.get(url, headers=headers) as response:
            if response.status >= 400:
                return b""
            state = bytearray()
            async for chunk in response.content.iter_any():
                state += chunk
                if len(state) > snapshot.size:
                    break
            return bytes(state)

    async def tell(self, state: EngineState) -> None:
        """Report the hash of our state to the room."""
        path = f"/snapshots/{state.generation}/hash"
        said: dict[str, Value] = {"sha256": state.sha256, "size": len(state.data)}
        with suppress(RefusedError, InterruptedRequestError):
            if self.line is not None:
                await self.ask(self.line, "PUT", path, said)

    async def report(self, flaw: Flaw) -> None:
        """Report an error of this client to the room. The token is secret, so it is removed from
        the text."""
        text = flaw.text.replace(self._token, "...")
        said: dict[str, Value] = {"kind": flaw.kind, "generation": flaw.generation, "text": text}
        with suppress(RefusedError, InterruptedRequestError):
            if self.line is not None:
                await self.ask(self.line, "PUT", "/players/me/failure", said)

    async def send(self, state: EngineState) -> None:
        """Send the state for which the room has asked. If that fails, the room asks another
        player."""
        headers = self._headers | {"Content-Type": "application/json"}
        url = self._state_url(state.generation)
        with suppress(aiohttp.ClientError, OSError):
            async with self._http.put(url, data=state.data, headers=headers, compress="gzip"):
                pass

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _state_url(self, generation: int) -> URL:
        return self._url.parent / "snapshots" / str(generation)

    async def _read(self, line: Line) -> None:
        async for frame in self._frames(line):
            if isinstance(frame, EventFrame):
                if self._replica.feed(frame, self._now()):
                    self._told(frame)
                continue
            asked = None if frame.id is None else self._asked.get(frame.id)
            if asked is not None and not asked.done():
                asked.set_result(frame)

    async def _frames(self, line: Line) -> AsyncIterator[EventFrame | ResponseFrame]:
        async for message in line:
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                yield self._codec.decode_event(message.data)

    def _lost(self) -> None:
        self.line = None
        self._replica.lost()
        self.interrupt()
        self._told(None)


def pause_s(tries: int, chance: float) -> float:
    """Return the seconds until the next try. They double each time, up to PAUSE_MAX_S, and half of
    them is random, so that the clients of a restarted server do not all reconnect at once.

    tries: the failed tries so far. chance: a random number from 0 to 1.
    """
    longest = min(PAUSE_MAX_S, PAUSE_FIRST_S * float(2 ** min(tries, 16)))
    return longest * (0.5 + chance / 2)


async def _send(line: Line, data: bytes | str) -> None:
    try:
        if isinstance(data, str):
            await line.send_str(data)
        else:
            await line.send_bytes(data)
    except (aiohttp.ClientError, ConnectionError):
        raise InterruptedRequestError from None
