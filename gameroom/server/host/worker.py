"""One process beside the loop's, for work that would hold the loop: one job at a time.

A thread is not enough. Reading a room file or comparing two states is Python, and a thread that
computes keeps the lock of the interpreter from the loop. The other end is `child`, and the jobs
are in `jobs`: requests and answers are pickles between this program and its own child.

A job has a limit on the processor's time and on memory, and a number of jobs may wait. How long it
takes by the clock depends on what else the machine does, and this child comes last, so only what
waits very long is ended by that. A child that dies takes one job with it; the next one gets a new
child. Where no child can be started, jobs run in the thread: slower for everybody, and right.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar, cast

from gameroom.server.host import child as other_end

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class WorkerError(Exception):
    """The job was not done; the text says why."""


class WorkerBusyError(WorkerError):
    """Too many jobs are waiting."""


class JobFailedError(WorkerError):
    """The job took too long, too much memory, or its process with it."""


WAITS = 15
"""A job ends after so many times its time of the processor, whatever it waits for."""


class Worker:
    """A child process that is started by the first job and kept."""

    def __init__(
        self,
        *,
        cpu_ms: int = 20_000,
        memory_bytes: int = 1 << 30,
        waiting_max: int = 32,
        wall_ms: int | None = None,
    ) -> None:
        self._cpu_ms = cpu_ms
        self._wall_s = (WAITS * cpu_ms if wall_ms is None else wall_ms) / 1000
        self._memory_bytes = memory_bytes
        self._waiting_max = waiting_max
        self._child: subprocess.Popen[bytes] | None = None
        self._alone = False
        """Whether no child can be started."""
        self._waiting = 0
        self._guard = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "gameroom-worker")

    @property
    def pid(self) -> int | None:
        """Of the child, None where there is none."""
        return None if self._child is None else self._child.pid

    @property
    def waiting(self) -> int:
        """The jobs that are not done yet."""
        return self._waiting

    def submit(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it when those before are done. `job` is a function of a module, its arguments and
        its result can be pickled. What it raises is raised by the future, or WorkerError. Raises
        WorkerBusyError. May be called from any thread."""
        with self._guard:
            if self._waiting >= self._waiting_max:
                raise WorkerBusyError("too many jobs are waiting")
            self._waiting += 1
        future = self._thread.submit(self._do, job, args, kwargs)
        future.add_done_callback(self._done)
        return cast("Future[T]", future)

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`submit` for coroutines."""
        return await asyncio.wrap_future(self.submit(job, *args, **kwargs))

    def stop(self) -> None:
        """End the child, and with it the job that it has. No more jobs are done."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _done(self, future: Future[object]) -> None:
        with self._guard:
            self._waiting -= 1

    # -- in the thread -----------------------------------------------------------------

    def _do(self, job: Callable[..., object], args: object, kwargs: object) -> object:
        child = self._started()
        if child is None:
            return job(*cast(tuple[object, ...], args), **cast(dict[str, object], kwargs))
        assert child.stdin is not None
        assert child.stdout is not None
        late = threading.Timer(self._wall_s, child.kill)
        late.daemon = True
        late.start()
        try:
            other_end.send(child.stdin, pickle.dumps((job, args, kwargs), pickle.HIGHEST_PROTOCOL))
            answer = other_end.receive(child.stdout)
        except OSError:
            answer = None
        finally:
            late.cancel()
        if answer is None:
            child.kill()
            why = f"the worker process ended with {child.wait()} during job {job.__name__}"
            log.error("worker: %s", why)
            raise JobFailedError(why)
        result, error = pickle.loads(answer)
        if isinstance(error, MemoryError):
            raise JobFailedError(f"job {job.__name__} ran out of memory")
        if error is not None:
            raise error
        return result

    def _started(self) -> subprocess.Popen[bytes] | None:
        """The child; None where there can be none."""
        if self._alone or (self._child is not None and self._child.poll() is None):
            return None if self._alone else self._child
        limits = [str(self._cpu_ms), str(self._memory_bytes)]
        command = [sys.executable, "-P", "-m", other_end.__name__, *limits]
        path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
        environment = {**os.environ, "PYTHONPATH": path}
        try:
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
        except OSError as error:
            log.warning(
                "worker: the process cannot be started, long jobs block the server: %s", error
            )
            self._alone = True
            return None
        return self._child


@cache
def shared(cpu_ms: int, memory_bytes: int, waiting_max: int) -> Worker:
    """The worker of this process with these limits, for all servers in it."""
    worker = Worker(cpu_ms=cpu_ms, memory_bytes=memory_bytes, waiting_max=waiting_max)
    atexit.register(worker.stop)
    return worker
