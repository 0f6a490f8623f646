"""gameroom: a server for lock-step multiplayer games, driven by room files.

The public names for Python programs: `load` reads and checks a room file, `compile_room` creates
its chart, `Room` runs it, `join` takes a seat as a client, `make_app` creates the aiohttp
application. This module only knows where each name is defined. The rule it keeps: importing
gameroom loads nothing else. Each part is loaded when its name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gameroom.chart import Chart, compile_room
    from gameroom.client import Seat, join
    from gameroom.language import Diagnostic, Loaded, Source, load, shipped
    from gameroom.replica import Engine, LedgerEngine
    from gameroom.room import Room
    from gameroom.server.app import make_app
    from gameroom.server.config import Config

__all__ = [
    "Chart",
    "Config",
    "Diagnostic",
    "Engine",
    "LedgerEngine",
    "Loaded",
    "Room",
    "Seat",
    "Source",
    "__version__",
    "compile_room",
    "join",
    "load",
    "make_app",
    "shipped",
]

_HOMES = {
    "Chart": "chart",
    "compile_room": "chart",
    "Seat": "client",
    "join": "client",
    "Diagnostic": "language",
    "Loaded": "language",
    "Source": "language",
    "load": "language",
    "shipped": "language",
    "Engine": "replica",
    "LedgerEngine": "replica",
    "Room": "room",
    "make_app": "server.app",
    "Config": "server.config",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
