"""The event loop of the relay and of the load."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it runs."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def run(main: Coroutine[object, object, None]) -> None:
    """Run `main` to its end; Ctrl-C ends it without a word."""
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(main)
    except KeyboardInterrupt:
        sys.exit(130)


def keep_loaded() -> None:
    """Leave everything that exists now out of garbage collection."""
    gc.collect()
    gc.freeze()
