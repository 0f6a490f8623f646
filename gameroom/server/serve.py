"""Runs the server until a signal stops it, then shuts down in order.

Knows signals and sockets of the operating system. The application itself is in `app`.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from aiohttp import web

from gameroom.server.app import CLOSING, make_app
from gameroom.server.config import Config
from gameroom.server.host.jobs import ready
from gameroom.server.host.stores import open_stores
from gameroom.server.listening import Listener, raise_descriptors
from gameroom.server.services import SERVICES
from gameroom.store import FolderInUseError, FolderLock
from gameroom.wire import Close

LOOK_EVERY_S = 0.05
"""How often a server that waits for a data folder checks whether it is free."""
SWITCH_S = 0.0005
"""How long a computing thread (compiling a chart, writing a report) can keep the interpreter from
the event loop. Python's default of 5 ms would be noticeable in every turn."""

COLLECT_AFTER = (700, 4, 3000)
"""Thresholds of the garbage collector's generations. Only the oldest is collected less often."""

SIGNALS = {signal.SIGINT: Close.GOING_AWAY, signal.SIGTERM: Close.RESTART}


async def serve(
    config: Config,
    listening: Callable[[str], None],
    more: Callable[[web.Application], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM. `listening` is called with the address once it listens.

    more: called with the application before it starts, e.g. to add routes.

    Raises OSError if the address is not available or the data folder cannot be written.
    """
    sys.setswitchinterval(SWITCH_S)
    stop = asyncio.Event()
    app = make_app(config, open_stores(config))
    if more is not None:
        more(app)
    _on_signals(app, stop)
    services = app[SERVICES]
    if (descriptors := raise_descriptors()) is not None:
        services.admission.within(descriptors)
    listener = Listener(app)
    try:
        listening(_address(config.host, await listener.start(config.host, config.port)))
        services.lobby.worker.submit(ready)
        collect_seldom()
        await stop.wait()
    finally:
        await listener.stop()


def collect_seldom() -> None:
    """Make full garbage collections rare: each blocks the event loop for 40 to 70 ms, in the middle
    of some room's turn. Objects loaded so far are never garbage, so they are excluded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def run(
    config: Config,
    listening: Callable[[str], None],
    more: Callable[[web.Application], None] | None = None,
    *,
    wait_s: float = 0,
    waiting: Callable[[FolderInUseError], None] = lambda error: None,
) -> None:
    """`serve` on a new event loop (uvloop's if available), with the data folder locked.

    This process takes the lock before it opens any file in the folder. wait_s: how long to wait
    for another server that has the lock. waiting: called once if there is one. Raises
    FolderInUseError if the other server still has the lock then, and the errors of `serve`.
    """
    lock = nullcontext() if config.data is None else _locked(config.data, wait_s, waiting)
    with lock, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(config, listening, more))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop factory of uvloop, or None on Windows, where uvloop does not exist."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _locked(folder: Path, wait_s: float, waiting: Callable[[FolderInUseError], None]) -> FolderLock:
    until = time.monotonic() + wait_s
    told = False
    while True:
        try:
            return FolderLock(folder)
        except FolderInUseError as error:
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise
            if not told:
                waiting(error)
            told = True
        time.sleep(min(LOOK_EVERY_S, left_s))


def _on_signals(app: web.Application, stop: asyncio.Event) -> None:
    def told(code: Close) -> None:
        app[CLOSING][0] = code
        stop.set()

    loop = asyncio.get_running_loop()
    for number, code in SIGNALS.items():
        try:
            loop.add_signal_handler(number, told, code)
        except NotImplementedError:  # Windows: Ctrl-C raises KeyboardInterrupt instead
            return


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
