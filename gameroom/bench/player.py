"""One connection of the load: a player who answers every turn at once, or a spectator.

Knows the wire format and its room. The rule: it checks everything it receives, but decodes nothing
twice, because all members of a room receive the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

from gameroom.bench.counts import LoadCounts
from gameroom.bench.frames import (
    CLOSE,
    PING,
    PONG,
    MaskedPacket,
    SeenAnswer,
    SeenEvent,
    first_packet,
    masked,
    packets,
    read,
    request,
    split,
)
from gameroom.bench.plan import AHEAD, SUBPROTOCOL, BenchError, Wire
from gameroom.lockstep.packets import seat_name

KNOWN_MAX = 64
"""How many decoded payloads of a room are kept: its members are at most a few turns apart."""


class LoadRoom:
    """The shared state of a room's connections. confirmed: the last returned command by seat."""

    def __init__(self, wire: Wire, counts: LoadCounts) -> None:
        self.wire = wire
        self.counts = counts
        self.members: list[LoadConnection] = []
        self.state = ""
        self.generation = 0
        self.moved = asyncio.Event()
        self._who: dict[int, int] = {}
        self._confirmed: dict[int, int] = {}
        self._known: dict[bytes, SeenEvent] = {}

    def seat(self, seat: int, who: int) -> None:
        """Assign a seat to the player with this number."""
        self._who[seat], self._confirmed[seat] = who, 0

    def read(self, payload: bytes) -> SeenEvent | SeenAnswer:
        """Decode a payload, only once for the whole room."""
        known = self._known.get(payload)
        if known is not None:
            return known
        said = read(self.wire, payload)
        if isinstance(said, SeenEvent):
            self._known[payload] = said
            if len(self._known) > KNOWN_MAX:
                del self._known[next(iter(self._known))]
            self._take(said)
        return said

    async def reach(self, is_there: Callable[[], bool], within_s: float) -> None:
        """Wait until a condition on this room holds. Raises BenchError."""
        try:
            async with asyncio.timeout(within_s):
                while not is_there():
                    self.moved.clear()
                    await self.moved.wait()
        except TimeoutError:
            where = f"in `{self.state}`, at turn {self.generation}"
            raise BenchError(f"a room did not start within {within_s:.0f} s: {where}") from None

    def _take(self, event: SeenEvent) -> None:
        if event.state is not None:
            self.state = event.state
        if event.generation is not None:
            self._confirm(event)
        self.moved.set()

    def _confirm(self, turn: SeenEvent) -> None:
        """Check that every command comes back once, in order, and in its turn at the latest."""
        assert turn.generation is not None
        counts, confirmed = self.counts, self._confirmed
        self.generation = turn.generation
        counts.turns += 1
        for seat, who, of in turn.commands:
            if who != self._who.get(seat) or of != confirmed.get(seat, 0) + 1:
                counts.fault(
                    f"{seat_name(seat)} in turn {turn.generation} has command {of} of player {who}"
                )
            confirmed[seat] = of
            counts.confirmed += 1
        for seat, of in confirmed.items():
            if of < turn.generation and seat not in turn.absent:
                counts.fault(f"turn {turn.generation} lacks the command of {seat_name(seat)}")
                confirmed[seat] = turn.generation


class LoadConnection(asyncio.Protocol):
    """One WebSocket. seat: None for a spectator. who: the number of the player among all rooms."""

    def __init__(self, room: LoadRoom, seat: int | None, who: int, text: str) -> None:
        self.transport: asyncio.Transport
        self.upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._room, self._counts = room, room.counts
        self._seat, self._who, self._text = seat, who, text
        self._make: MaskedPacket | None = None
        self._answers: dict[int, asyncio.Future[SeenAnswer]] = {}
        self._rest = b""
        self._seq = self._generation = 0
        self._last = 0.0
        self._is_open = self._is_over = False
        if seat is not None:
            self._make = packets(room.wire, who, text)
            room.seat(seat, who)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not its type.
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        lost = BenchError(f"the server closed a connection: {error or 'without a reason'}")
        if not self.upgraded.done():
            self.upgraded.set_exception(lost)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(lost)
        if not self._is_over:
            self._counts.fault(str(lost))

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self._is_open:
            data = self._upgrade(data)
            if not self._is_open:
                return
        found, self._rest = split(data)
        for opcode, payload in found:
            if opcode < CLOSE:
                self._heard(payload)
            elif opcode == PING:
                self.transport.write(masked(payload, PONG))
            elif opcode == CLOSE:
                code = int.from_bytes(payload[:2], "big")
                self._counts.fault(f"the server closed a connection with {code}")
                self.end()

    def begin(self) -> None:
        """Send the packets for the first turns."""
        if self._seat is not None:
            for generation in range(1, AHEAD + 1):
                frame = first_packet(self._room.wire, self._who, self._text, generation)
                self.transport.write(frame)
                self._counts.packets += 1

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send a request. Returns the body of the answer. Raises BenchError for a refusal."""
        number = len(self._answers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        self.transport.write(request(self._room.wire, number, method, path, body))
        answer = await self._answers[number]
        if answer.status >= 400:
            raise BenchError(f"{method} {path} was refused: {answer.status} {answer.body}")
        return answer.body

    def end(self) -> None:
        """Close the connection."""
        self._is_over = True
        self.transport.close()

    def _upgrade(self, data: bytes) -> bytes:
        said, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            self._rest = data
            return b""
        line = said.partition(b"\r\n")[0]
        if b" 101 " not in line:
            self._is_over = True
            self.transport.close()
            self.upgraded.set_exception(BenchError(f"a socket was refused: {line.decode()}"))
            return b""
        self._is_open, self._rest = True, b""
        self.upgraded.set_result(None)
        return rest

    def _heard(self, payload: bytes) -> None:
        event = self._room.read(payload)
        if isinstance(event, SeenAnswer):
            self._answered(event)
            return
        if event.seq != self._seq + 1:
            self._counts.fault(f"event {event.seq} came after event {self._seq}")
        self._seq = event.seq
        generation = event.generation
        if generation is None:
            return
        if generation != self._generation + 1:
            self._counts.fault(f"turn {generation} came after turn {self._generation}")
        self._generation = generation
        if self._make is not None:
            self.transport.write(self._make(generation + AHEAD))
            self._counts.packets += 1
        now = monotonic()
        self._counts.frames += 1
        if self._last:
            self._counts.intervals.append(now - self._last)
        self._last = now

    def _answered(self, answer: SeenAnswer) -> None:
        waiting = None if answer.id is None else self._answers.get(answer.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        elif answer.status >= 400:
            self._counts.fault(f"a packet was refused: {answer.status} {answer.body}")


async def connected(
    room: LoadRoom, port: int, path: str, seat: int | None, who: int, text: str
) -> LoadConnection:
    """Open a connection to the room, without sending anything yet. Raises BenchError."""
    loop = asyncio.get_running_loop()
    try:
        _, made = await loop.create_connection(
            lambda: LoadConnection(room, seat, who, text), "127.0.0.1", port
        )
    except OSError as error:
        raise BenchError(f"cannot connect to the server: {error}") from error
    made.transport.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL[room.wire]}\r\n\r\n".encode()
    )
    await made.upgraded
    room.members.append(made)
    return made
