"""Parses the input of one peer, a few frames in each round of the loop.

One read can return 256 KiB, i.e. forty thousand small frames, and each is decoded and answered in
the same call. So the parser processes only a few frames at once. The rest waits in order for its
turn, and the socket is not read until all of it is parsed. The packets that an honest player sends
in a turn never wait.

If a peer sends too much, reading pauses. TCP then slows the peer down, so a flood costs nothing.

Knows no rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gameroom.server.websocket import Parser

SLOW_S = 0.04
"""The pause after each piece if only the peer's close frame is expected."""


class Pieces:
    """Feeds `parser` from `transport`, at most its `frames_per_feed` frames at once."""

    def __init__(
        self, parser: Parser, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.slow = False
        """Whether only the peer's close frame is expected."""
        self.later: Callable[[Callable[[], None]], object] = loop.call_soon
        """Calls a function in the peer's turn."""
        self._parser = parser
        self._transport = transport
        self._loop = loop
        self._holds = 0
        """How many calls of `stop` have not been ended by `go`."""

    def add(self, data: bytes) -> None:
        """Parse received bytes, now or later."""
        if self._holds:
            self._parser.keep(data)
        elif self._parser.feed(data) or self.slow:
            self._go_later()

    def stop(self) -> None:
        """Stop parsing until `go`, also the frames that were read together with this one."""
        self._holds += 1
        self._parser.stop()
        if self._holds == 1 and not self._transport.is_closing():
            self._transport.pause_reading()

    def go(self) -> None:
        """End one `stop`: parse the next piece, and resume reading if nothing is left."""
        self._holds -= 1
        if self._holds:
            return
        if self._parser.more():
            self._go_later()
        elif not self._holds and not self._transport.is_closing():
            self._transport.resume_reading()

    def hold(self, delay_s: float) -> None:
        """Stop parsing for this time."""
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
