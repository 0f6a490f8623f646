"""What one peer sends, a few bytes in each round of the loop.

One read may bring 256 KiB: four thousand small frames, each of which is parsed, decoded and
answered in the same call. So the parser gets no more than `bytes_per_round` at once; the rest waits
in order, and the socket is read no further until it is parsed. What a player honestly sends in a
turn is smaller and never waits.

Whoever sends too much is not read for a while: TCP holds the peer back, and a flood costs nothing.

Knows neither frames nor rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SLOW_S = 0.01
"""The pause after each piece of a peer from whom nothing is wanted but the end."""


class Pieces:
    """Feeds `feed` in pieces. `transport` is the one that the bytes come from."""

    def __init__(
        self,
        feed: Callable[[bytes], object],
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        bytes_per_round: int,
    ) -> None:
        self.slow = False
        """Only the peer's goodbye is awaited."""
        self._feed = feed
        self._transport = transport
        self._loop = loop
        self._bytes_per_round = bytes_per_round
        self._rest = b""
        self._at = 0
        self._waiting = False
        """Whether the next piece has its time already."""

    def add(self, data: bytes) -> None:
        """Bytes as they were read: fed now, or from now on."""
        if self._waiting:
            self._rest, self._at = self._rest[self._at :] + data, 0
        elif len(data) <= self._bytes_per_round:
            self._feed(data)
            if self.slow:
                self.hold(SLOW_S)
        else:
            self._rest, self._at = data, 0
            self._next()

    def hold(self, delay_s: float) -> None:
        """Feed nothing more for a while."""
        if not self._waiting:
            self._waiting = True
            self._loop.call_later(delay_s, self._next)
            self._pause()

    def _next(self) -> None:
        self._waiting = False
        piece = self._rest[self._at : self._at + self._bytes_per_round]
        self._at += len(piece)
        if piece:
            self._feed(piece)
        if self._at == len(self._rest):
            self._rest, self._at = b"", 0
            if not self._waiting and not self._transport.is_closing():
                self._transport.resume_reading()
        elif self.slow:
            self.hold(SLOW_S)
        elif not self._waiting:
            self._waiting = True
            self._loop.call_soon(self._next)
            self._pause()

    def _pause(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()
