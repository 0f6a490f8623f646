"""Sends the events of a room to one socket: each event once, in order of seq.

Knows the events of a room and the amount of unread output, but no requests. The runner pushes live
events. A client that has missed events first receives those, no faster than it reads. A spectator
with a delay is always behind.
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
"""How long to wait before more missed events are sent to a socket that is still reading."""

DELAYED_STEP_MS = 1_000
"""The maximum pause between two checks of a delayed socket that has received all due events."""

STEP_EVENTS = 8
STEP_US = 500
"""Missed events are sent in steps of STEP_EVENTS events, each in the person's turn among the
answers. A step takes about STEP_US microseconds, because old events are read and encoded again."""


class Output(Protocol):
    """The output for the frames."""

    closed: bool
    """Whether the socket is closed. Then nothing more is sent."""

    @property
    def is_full(self) -> bool:
        """Whether the peer must read before more is sent."""

    def write(self, frame: bytes) -> None:
        """Send a frame."""

    def leave(self, code: int, reason: str) -> None:
        """Close the socket and detach it from the room."""


class EventStream:
    """Sends the remaining events to one socket."""

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
        """sent: the seq of the last event that the peer has. delay_ms: the delay of events for this
        socket."""
        self.sent = sent
        self.delay_ms = delay_ms
        self._runner = runner
        self._output = output
        self._write = output.write
        self._budget = budget
        self._subprotocol = subprotocol
        self._is_msgpack = subprotocol == MSGPACK
        self._loop = loop
        self._task: asyncio.Task[None] | None = None

    def push(self, event: EncodedEvent) -> None:
        """Send a live event, unless earlier events are missing or the event is not due yet."""
        if event.seq != self.sent + 1 or (self.delay_ms and self._wait_ms(event) > 0):
            return
        self.sent = event.seq
        if self._is_msgpack:
            self._write(event.msgpack)
        else:
            self._write(self._runner.events.frame(event, self._subprotocol))

    def catch_up(self) -> None:
        """Send the missing events. Safe at any time."""
        if self._task is not None and not self._task.done():
            return
        if self.delay_ms or not self._send_recent():
            self._task = self._loop.create_task(self._send_all())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _wait_ms(self, event: EncodedEvent) -> int:
        """The milliseconds until this socket can receive the event, 0 or less if it is due."""
        return event.at + self.delay_ms - self._runner.now if self.delay_ms else 0

    def _send_recent(self) -> bool:
        """Send the next missing events from memory. Returns whether none is missing any more."""
        recent = self._runner.events.after(self.sent)
        for count, event in enumerate(recent or ()):
            if count == STEP_EVENTS or self._output.is_full or self._wait_ms(event) > 0:
                return False
            self.push(event)
        return recent is not None

    async def _send_all(self) -> None:
        """Send all missing events, old ones from the journal. With a delay, this continues until
        after the end of the room."""
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
            self._output.leave(Close.TRY_LATER, "the journal cannot be read at the moment")
        except Exception:
            log.exception("room %s: missed events cannot be sent: internal error", runner.id)
            self._output.leave(Close.INTERNAL, "internal error")

    async def _send_journal(self) -> None:
        """Send the events that are no longer in memory. Others are served between the steps."""
        for count, event in enumerate(self._runner.events.read(self.sent)):
            if self._wait_ms(event) > 0:
                return
            self.push(event)
            while self._output.is_full:
                await asyncio.sleep(STEP_S)
            if count % STEP_EVENTS == 0:
                await self._in_turn()

    async def _in_turn(self) -> None:
        """Wait for this person's next turn."""
        if not await self._budget.turn(STEP_US):
            await asyncio.sleep(STEP_S)

    def _pause_s(self) -> float:
        """How long to wait until more can be sent: others had their turn, the peer has read, or an
        event is due."""
        if not self.delay_ms:
            return STEP_S if self._output.is_full else 0
        recent = self._runner.events.after(self.sent)
        wait_ms = self._wait_ms(recent[0]) if recent else min(self.delay_ms, DELAYED_STEP_MS)
        return max(STEP_S, wait_ms / 1000)
