"""A second process for work that would block the event loop. It runs one job at a time.

A thread is not enough. Reading a room file or comparing two states is pure Python, and a computing
thread keeps the interpreter's lock from the event loop. The child's side is in `child`, the jobs
are in `jobs`. Requests and answers are pickles between this program and its own child.

A job has limits of processor time and memory, and the number of waiting jobs is limited. The wall
time of a job depends on the load of the machine, and the child has the lowest priority. So only a
very long wall time ends a job. If the child dies, only its current job is lost: the next job gets a
new child. If no child can be started, jobs run in the thread, which slows the server down.
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
    """The job has no result. The message says why."""


class WorkerBusyError(WorkerError):
    """Too many jobs are waiting."""


class JobFailedError(WorkerError):
    """The job exceeded its time or memory, or its process ended."""


WAITS = 15
"""The limit of a job's wall time, as a multiple of its limit of processor time."""


class Worker:
    """A child process. The first job starts it, and later jobs reuse it."""

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
        """Whether starting a child has failed."""
        self._waiting = 0
        self._guard = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "gameroom-worker")

    @property
    def pid(self) -> int | None:
        """The process id of the child, None if there is no child."""
        return None if self._child is None else self._child.pid

    @property
    def waiting(self) -> int:
        """The number of unfinished jobs."""
        return self._waiting

    def submit(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a job. `job` must be a function of a module, and its arguments and its result must
        be picklable. The future raises the job's exception or WorkerError. Raises WorkerBusyError.
        Can be called from any thread."""
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
        """Kill the child and its current job. No more jobs run."""
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
        """The running child, started if necessary. None if none can be started."""
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
    """The worker with these limits, which all servers in this process share."""
    worker = Worker(cpu_ms=cpu_ms, memory_bytes=memory_bytes, waiting_max=waiting_max)
    atexit.register(worker.stop)
    return worker
