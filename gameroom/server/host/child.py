"""The child of a `Worker`: `python -m gameroom.server.host.child CPU_MS MEMORY_BYTES`.

It runs the jobs from its standard input, one after the other, until the input ends. Knows no job:
the pickles name the functions. So it starts quickly and imports modules only when needed.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import IO


def send(to: IO[bytes], data: bytes) -> None:
    """Send one message. Raises OSError."""
    to.write(len(data).to_bytes(8, "big"))
    to.write(data)
    to.flush()


def receive(source: IO[bytes]) -> bytes | None:
    """Receive one message, None if the other end is closed."""
    head = source.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "big")
    data = source.read(size)
    return data if len(data) == size else None


def main() -> None:
    # Ctrl-C is for the server, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        # The server's event loop has priority.
        os.nice(15)
    cpu_s, memory_bytes = int(sys.argv[1]) / 1000, int(sys.argv[2])
    _limit_memory(memory_bytes)
    # Printed text must not mix with the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while (job := receive(sys.stdin.buffer)) is not None:
        _limit_time(cpu_s)
        try:
            function, args, kwargs = pickle.loads(job)
            answer = pickle.dumps((function(*args, **kwargs), None), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            answer = pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
        _limit_time(0)
        try:
            send(answers, answer)
        except BrokenPipeError:  # The server was killed.
            os._exit(0)


def _limit_time(seconds: float) -> None:
    """Kill this process after this many seconds of processor time; 0 means no limit."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(size: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    main()
