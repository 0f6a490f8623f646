"""The budget of one socket: limits its frames and requests, and charges their payer.

Knows buckets and rounds, but no frames. Before the hello, a socket has a small budget of its own.
After it the person pays, from one allowance for all sockets and HTTP requests.
"""

from __future__ import annotations

from collections.abc import Callable

from gameroom.server.allowances import FRAME_BYTES, FRAME_US, Allowance, frames_in
from gameroom.server.host.rounds import BusyError
from gameroom.server.host.runner import Runner
from gameroom.server.rates import Bucket
from gameroom.server.services import Services


class Budget:
    """The budget of one socket. Times are in milliseconds, work in microseconds."""

    def __init__(self, services: Services) -> None:
        self.clock_us = services.rounds.clock_us
        """A clock that runs only while this thread computes."""
        self._services = services
        self._now = services.now
        self._unheard_max = services.config.limits.hello_frames_max
        self._frames = Bucket(self._unheard_max, self._unheard_max)
        """For the frames of this socket; after the hello, of this person on all sockets."""
        self._refused = 0
        """How many frames were refused before the hello."""
        self._allowance: Allowance | None = None
        """The allowance of this person; None before the hello."""
        self._payer = f"socket {id(self)}"

    def connect(self, runner: Runner, who: str) -> int:
        """From now on this person pays. Returns 0, or the time to wait if the person connects too
        often: each connect is an event that everyone receives and the journal stores."""
        services, file = self._services, runner.room.file
        allowance = services.allowances.of_session(runner.id, who, file)
        if not (wait := allowance.connects.take(self._now())):
            self._allowance, self._frames = allowance, allowance.frames
            self._payer = f"session {runner.id} {who}"
        return wait

    def take_frame(self, size: int = 0) -> int:
        """Take a frame of `size` bytes. Returns 0, or the time until the frame is allowed."""
        frames = self._frames
        if size >= FRAME_BYTES:
            return frames.take(self._now(), frames_in(size))
        if frames.ready:
            frames.ready -= 1
            return 0
        return frames.take(self._now())

    def is_flood(self) -> bool:
        """Count a refusal. Returns whether there were too many, so that the socket must be closed
        instead of sending further refusals."""
        if self._allowance is not None:
            return self._allowance.refusals.take(self._now()) > 0
        self._refused += 1
        return self._refused > self._unheard_max

    def charge_reading(self, took_us: int, *, is_packet: bool) -> int:
        """Charge the reading of a long frame: it counts as additional frames and, unless it is a
        client packet, as work. Returns how long reading must pause."""
        now = self._now()
        self._frames.charge(now, took_us // FRAME_US)
        if self._allowance is None or is_packet:
            return 0
        self._allowance.work_us.charge(now, took_us)
        return self._allowance.work_us.wait(now)

    def charge(self, took_us: int) -> None:
        """Charge work for this person. Before the hello it is free."""
        if self._allowance is not None:
            self._allowance.work_us.charge(self._now(), took_us)

    def wait(self) -> int:
        """The time until this person can send requests again, 0 if that is now."""
        return 0 if self._allowance is None else self._allowance.work_us.wait(self._now())

    def in_turn(self, go: Callable[[], object], dropped: Callable[[], object]) -> None:
        """Call `go` in this payer's turn, now or in a later round. dropped: called instead if too
        many jobs are waiting."""
        try:
            self._services.rounds.run(self._payer, go, dropped)
        except BusyError:
            dropped()

    async def turn(self, least_us: int) -> bool:
        """Wait for this payer's turn. Returns False if too many jobs are waiting."""
        try:
            await self._services.rounds.turn(self._payer, least_us=least_us)
        except BusyError:
            return False
        return True
