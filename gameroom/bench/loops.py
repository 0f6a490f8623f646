"""The event loop of the relay and of the load."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop factory of uvloop, or None where it does not run."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def run(main: Coroutine[object, object, None]) -> None:
    """Run `main` to its end. Ctrl-C ends it silently."""
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(main)
    except KeyboardInterrupt:
        sys.exit(130)


def keep_loaded() -> None:
    """Exclude all objects that exist now from garbage collection."""
    gc.collect()
    gc.freeze()
