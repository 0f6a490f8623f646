"""What one peer sends, a few frames in each round of the loop.

One read may bring 256 KiB: forty thousand small frames, each of which is decoded and answered in
the same call. So the parser takes a few frames at once; the rest waits in order and for its turn,
and the socket is read no further until it is parsed. What a player honestly sends in a turn never
waits.

Whoever sends too much is not read for a while: TCP holds the peer back, and a flood costs nothing.

Knows no rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gameroom.server.websocket import Parser

SLOW_S = 0.04
"""The pause after each piece of a peer from whom nothing is wanted but the end."""


class Pieces:
    """Feeds `parser` from `transport`, no further than its `frames_per_feed` at once."""

    def __init__(
        self, parser: Parser, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.slow = False
        """Only the peer's goodbye is awaited."""
        self.later: Callable[[Callable[[], None]], object] = loop.call_soon
        """Does something in its turn."""
        self._parser = parser
        self._transport = transport
        self._loop = loop
        self._holds = 0
        """How many reasons there are to parse no further for now."""

    def add(self, data: bytes) -> None:
        """Bytes as they were read: parsed now, or from now on."""
        if self._holds:
            self._parser.keep(data)
        elif self._parser.feed(data) or self.slow:
            self._go_later()

    def stop(self) -> None:
        """Parse no further until `go`, not even what was read with this frame."""
        self._holds += 1
        self._parser.stop()
        if self._holds == 1 and not self._transport.is_closing():
            self._transport.pause_reading()

    def go(self) -> None:
        """The end of a `stop`: parse the next piece, and read again where that was all."""
        self._holds -= 1
        if self._holds:
            return
        if self._parser.more():
            self._go_later()
        elif not self._holds and not self._transport.is_closing():
            self._transport.resume_reading()

    def hold(self, delay_s: float) -> None:
        """Parse nothing more for a while."""
        self.stop()
        self._loop.call_later(delay_s, self.go)

    def _go_later(self) -> None:
        if self._holds:
            return
        if self.slow:
            self.hold(SLOW_S)
        else:
            self.stop()
            self.later(self.go)
