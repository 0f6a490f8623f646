"""What one socket is told: each event once, in the order of their seq.

Knows the events of a room and how much the peer has still to read; no frames of any request. Live
events are pushed by the runner. Who has missed some is sent them first, no quicker than they are
read; who watches a room that is told late is always behind.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from gameroom.server.host.recent import EncodedEvent
from gameroom.server.host.runner import Runner
from gameroom.server.socket.budget import Budget
from gameroom.store import JournalError, StoreFailedError
from gameroom.wire import MSGPACK, Close

log = logging.getLogger(__name__)

STEP_S = 0.01
"""How often a socket that reads a long tail is looked at."""

DELAYED_STEP_MS = 1_000
"""How often a delayed socket that has seen all is looked at, at least."""

STEP_EVENTS = 8
STEP_US = 500
"""A long tail is sent in steps of so many events, each in its turn among the answers. A step costs
about this: old events are read and encoded again."""


class Output(Protocol):
    """Where the frames go."""

    closed: bool
    """Nothing more is sent."""

    @property
    def is_full(self) -> bool:
        """Whether the peer has yet to read what was sent."""

    def write(self, frame: bytes) -> None:
        """Send a frame."""

    def leave(self, code: int, reason: str) -> None:
        """Close, and tell the room that this socket is gone."""


class EventStream:
    """The events that one socket has yet to be told."""

    def __init__(
        self,
        runner: Runner,
        output: Output,
        budget: Budget,
        *,
        subprotocol: str,
        sent: int,
        delay_ms: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """sent: the seq of the last event that the peer has. delay_ms: how late it is told what
        happens."""
        self.sent = sent
        self.delay_ms = delay_ms
        self._runner = runner
        self._output = output
        self._budget = budget
        self._subprotocol = subprotocol
        self._loop = loop
        self._task: asyncio.Task[None] | None = None

    def push(self, event: EncodedEvent) -> None:
        """Send an event, unless this socket is still reading what was before it, or is not to
        know of it yet."""
        output = self._output
        if event.seq != self.sent + 1 or output.closed:
            return
        if self.delay_ms and self._wait_ms(event) > 0:
            return
        self.sent = event.seq
        if self._subprotocol == MSGPACK:
            output.write(event.msgpack)
        else:
            output.write(self._runner.events.frame(event, self._subprotocol))

    def catch_up(self) -> None:
        """Send what is missing; safe at any time."""
        if self._task is not None and not self._task.done():
            return
        if self.delay_ms or not self._send_recent():
            self._task = self._loop.create_task(self._send_all())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _wait_ms(self, event: EncodedEvent) -> int:
        """How long from now until this socket may be told."""
        return event.at + self.delay_ms - self._runner.now if self.delay_ms else 0

    def _send_recent(self) -> bool:
        """Send the next events that are missing; whether those were all."""
        recent = self._runner.events.after(self.sent)
        for count, event in enumerate(recent or ()):
            if count == STEP_EVENTS or self._output.is_full or self._wait_ms(event) > 0:
                return False
            self.push(event)
        return recent is not None

    async def _send_all(self) -> None:
        """From the journal where it is old. Who is told everything late comes to the end only
        after the room."""
        runner = self._runner
        try:
            while not self._send_recent() or self.delay_ms:
                if self._output.closed:
                    return
                if runner.events.after(self.sent) is None:
                    await self._send_journal()
                if self.delay_ms and runner.room.over and self.sent == runner.room.seq:
                    self._output.leave(Close.ENDED, "the room has ended")
                    return
                await asyncio.sleep(self._pause_s())
                await self._in_turn()
        except (JournalError, StoreFailedError) as error:
            log.error("room %s: the journal cannot be read: %s", runner.id, error)
            self._output.leave(Close.TRY_LATER, "the journal cannot be read now")
        except Exception:
            log.exception("room %s: missed events cannot be sent: internal error", runner.id)
            self._output.leave(Close.INTERNAL, "internal error")

    async def _send_journal(self) -> None:
        """What is no longer kept in memory, with a pause now and then for all the others."""
        for count, event in enumerate(self._runner.events.read(self.sent)):
            if self._wait_ms(event) > 0:
                return
            self.push(event)
            while self._output.is_full:
                await asyncio.sleep(STEP_S)
            if count % STEP_EVENTS == 0:
                await self._in_turn()

    async def _in_turn(self) -> None:
        """Until this person's next step is due."""
        if not await self._budget.turn(STEP_US):
            await asyncio.sleep(STEP_S)

    def _pause_s(self) -> float:
        """Until something can be sent again: the others had their turn, the socket has read, or
        an event is due."""
        if not self.delay_ms:
            return STEP_S if self._output.is_full else 0
        recent = self._runner.events.after(self.sent)
        wait_ms = self._wait_ms(recent[0]) if recent else min(self.delay_ms, DELAYED_STEP_MS)
        return max(STEP_S, wait_ms / 1000)
