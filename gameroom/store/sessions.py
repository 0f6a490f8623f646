"""Chooses and opens the database for the sessions.

Knows every `SessionStore` and the part of a server's configuration that decides the choice. To
add a database, write a module like `sqlite_sessions` and add a case here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from gameroom.store.interfaces import Durability, SessionStore
from gameroom.store.memory import MemorySessions
from gameroom.store.sqlite_sessions import SqliteSessions


class CallLimits(Protocol):
    """How long a call can wait, and how many calls can wait at once."""

    @property
    def store_wait_ms(self) -> int: ...
    @property
    def store_calls_waiting_max(self) -> int: ...


class SessionsConfig(Protocol):
    """The settings for sessions. data: the folder, or None to keep everything in memory."""

    @property
    def data(self) -> Path | None: ...
    @property
    def durability(self) -> Durability: ...
    @property
    def limits(self) -> CallLimits: ...


def open_sessions(config: SessionsConfig) -> SessionStore:
    """The database for this configuration. If it cannot be opened, every call to it raises
    StoreFailedError."""
    if config.data is None:
        return MemorySessions()
    return SqliteSessions(
        config.data / "gameroom.sqlite",
        config.durability,
        wait_ms=config.limits.store_wait_ms,
        waiting_max=config.limits.store_calls_waiting_max,
    )
