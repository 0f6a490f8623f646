"""What one socket may ask for, and who pays for it.

Knows buckets and rounds; no frames. Before the hello a socket pays for itself and has little to
spend. After it the person pays, from one allowance for all sockets and HTTP requests.
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
        """Runs while this thread computes."""
        self._services = services
        self._now = services.now
        self._unheard_max = services.config.limits.hello_frames_max
        self._frames = Bucket(self._unheard_max, self._unheard_max)
        """Of this socket, then of this person's frames on all sockets."""
        self._refused = 0
        """Frames that were refused before the hello."""
        self._allowance: Allowance | None = None
        """Of this person; None before the hello."""
        self._payer = f"socket {id(self)}"

    def connect(self, runner: Runner, who: str) -> int:
        """From now on this person pays. Where somebody connects too often, how long to wait: each
        time is told to everybody and written down."""
        services, file = self._services, runner.room.file
        allowance = services.allowances.of_session(runner.id, who, file)
        if not (wait := allowance.connects.take(self._now())):
            self._allowance, self._frames = allowance, allowance.frames
            self._payer = f"session {runner.id} {who}"
        return wait

    def take_frame(self, size: int = 0) -> int:
        """Take a frame of so many bytes, or say how long until it would not be one too many."""
        frames = self._frames
        if size >= FRAME_BYTES:
            return frames.take(self._now(), frames_in(size))
        if frames.ready:
            frames.ready -= 1
            return 0
        return frames.take(self._now())

    def is_flood(self) -> bool:
        """Whether a refusal is one too many. First the advice, then the close: after a burst of
        refused frames."""
        if self._allowance is not None:
            return self._allowance.refusals.take(self._now()) > 0
        self._refused += 1
        return self._refused > self._unheard_max

    def charge_reading(self, took_us: int, *, is_packet: bool) -> int:
        """A long frame took so much to read: it counts for more frames, and where it is no packet,
        as work. How long to read no further."""
        now = self._now()
        self._frames.charge(now, took_us // FRAME_US)
        if self._allowance is None or is_packet:
            return 0
        self._allowance.work_us.charge(now, took_us)
        return self._allowance.work_us.wait(now)

    def charge(self, took_us: int) -> None:
        """Work that was done for this person; before the hello it is free."""
        if self._allowance is not None:
            self._allowance.work_us.charge(self._now(), took_us)

    def wait(self) -> int:
        """How long until this person may ask for work again, 0 where it may."""
        return 0 if self._allowance is None else self._allowance.work_us.wait(self._now())

    def in_turn(self, go: Callable[[], object], dropped: Callable[[], object]) -> None:
        """Do it now or in a later round, when it is this payer's turn. dropped: is called instead
        where too much is waiting."""
        try:
            self._services.rounds.run(self._payer, go, dropped)
        except BusyError:
            dropped()

    async def turn(self, least_us: int) -> bool:
        """Wait until it is this payer's turn; whether it came."""
        try:
            await self._services.rounds.turn(self._payer, least_us=least_us)
        except BusyError:
            return False
        return True
