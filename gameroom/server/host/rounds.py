"""Shares the event loop between requests and running games.

Knows no request. Each round of the loop has a slice of time for answers. A request is answered at
once while the slice lasts. After that it waits, and the following rounds answer the waiting
requests, one per payer in rotation. Between two rounds the loop serves timers, sockets and the
packets of turns, which never wait here.

So a turn is late by at most one slice and one answer, independent of the number of requests. This
is Nagle's fair queueing (RFC 970). Also, if a turn is about to close, answers wait for it. Then the
turn is late only by the time that an answer takes beyond `MARGIN_MS`. If so many rooms play that
some turn is always about to close, answers wait for at most `PATIENCE_S`.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping

Job = Callable[[], object]

MARGIN_MS = 2
"""Longer than a slice plus the time of nearly every answer."""

STAND_BACK_S = 0.001
PATIENCE_S = 0.005


OLDEST = 2
"""The generation of the garbage collector that contains every object of the process."""


class _FullCollections(threading.local):
    """Measures the time of full garbage collections in this thread, in nanoseconds."""

    began = 0
    took = 0

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        if info["generation"] == OLDEST:
            if phase == "start":
                self.began = time.thread_time_ns()
            else:
                self.took += time.thread_time_ns() - self.began


_full_collections = _FullCollections()
gc.callbacks.append(_full_collections)


def cpu_us() -> int:
    """The processor time of this thread without full garbage collections, in microseconds.

    A full collection visits every object of the process, and by chance runs during some request.
    Its time must not be charged to that request.
    """
    return (time.thread_time_ns() - _full_collections.took) // 1000


class BusyError(Exception):
    """Too many requests are waiting already."""


class Rounds:
    """The slices of one loop. clock_us: a clock that only runs while this thread computes."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        slice_us: int,
        waiting_max: int,
        waiting_per_payer_max: int,
        near: Callable[[float, int], bool] = lambda now, within_ms: False,
        clock_us: Callable[[], int] = cpu_us,
    ) -> None:
        """near: called with a time of the loop's clock and a number of milliseconds. Returns
        whether a turn closes within this number of milliseconds."""
        self.clock_us = clock_us
        self._loop = loop
        self._slice_us = slice_us
        self._waiting_max = waiting_max
        self._waiting_per_payer_max = waiting_per_payer_max
        self._left_us = slice_us
        self._doing = False
        """Whether a job is running. A job that it starts must wait."""
        self._near = near
        self._patient_until: float | None = None
        """Until when answers wait for a turn, None if they do not wait."""
        self._waiting: OrderedDict[str, deque[tuple[Job, int, Job]]] = OrderedDict()
        self._count = 0
        self._scheduled = False

    def run(self, payer: str, job: Job, dropped: Job, *, least_us: int = 0) -> None:
        """Run a job now or in a later round. least_us: the minimum time that it counts for.
        dropped: called instead if the job is removed while it waits. Raises BusyError."""
        jobs = self._waiting.get(payer)
        if jobs is None and not self._doing and self._left_us > 0 and self._may_begin():
            self._do(job, least_us)
            return
        if jobs is not None and len(jobs) >= self._waiting_per_payer_max:
            raise BusyError
        if self._count >= self._waiting_max:
            self._make_way(0 if jobs is None else len(jobs))
        if jobs is None:
            jobs = self._waiting[payer] = deque()
        jobs.append((job, least_us, dropped))
        self._count += 1
        self._schedule()

    async def turn(self, payer: str, *, least_us: int) -> None:
        """Wait for this payer's turn. Raises BusyError."""
        ready = self._loop.create_future()

        def go() -> None:
            if not ready.done():
                ready.set_result(None)

        def dropped() -> None:
            if not ready.done():
                ready.set_exception(BusyError())

        self.run(payer, go, dropped, least_us=least_us)
        await ready

    def _make_way(self, own: int) -> None:
        """Make room for a payer with `own` jobs: drop the last job of the payer with the most jobs.
        Raises BusyError if no payer has more than this payer would have."""
        most = max(self._waiting.values(), key=len)
        if len(most) <= own + 1:
            raise BusyError
        _, _, dropped = most.pop()
        self._count -= 1
        dropped()

    def _may_begin(self) -> bool:
        """Whether an answer can start: there is time before the next turn, or it has waited long
        enough."""
        now = self._loop.time()
        if self._near(now, MARGIN_MS):
            if self._patient_until is None:
                self._patient_until = now + PATIENCE_S
            if now < self._patient_until:
                return False
        self._patient_until = None
        return True

    def _do(self, job: Job, least_us: int) -> None:
        began = self.clock_us()
        self._doing = True
        try:
            job()
        finally:
            self._doing = False
            self._left_us -= max(least_us, self.clock_us() - began)
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._round)

    def _round(self) -> None:
        self._scheduled = False
        self._left_us = self._slice_us
        if self._waiting and not self._may_begin():
            self._scheduled = True
            self._loop.call_later(STAND_BACK_S, self._round)
            return
        while self._waiting and self._left_us > 0:
            payer, jobs = self._waiting.popitem(last=False)
            job, least_us, _ = jobs.popleft()
            self._count -= 1
            if jobs:
                self._waiting[payer] = jobs
            self._do(job, least_us)
