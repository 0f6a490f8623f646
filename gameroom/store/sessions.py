"""Which database keeps the sessions: the one place where it is chosen and opened.

Knows every `SessionStore`, and of a server's configuration what the choice depends on. Another
database is a module beside `sqlite_sessions` and a case here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from gameroom.store.interfaces import Durability, SessionStore
from gameroom.store.memory import MemorySessions
from gameroom.store.sqlite_sessions import SqliteSessions


class CallLimits(Protocol):
    """How long a call may wait, and how many calls may."""

    @property
    def store_wait_ms(self) -> int: ...
    @property
    def store_calls_waiting_max(self) -> int: ...


class SessionsConfig(Protocol):
    """What a configuration says of sessions. data: the folder, None to keep all in memory."""

    @property
    def data(self) -> Path | None: ...
    @property
    def durability(self) -> Durability: ...
    @property
    def limits(self) -> CallLimits: ...


def open_sessions(config: SessionsConfig) -> SessionStore:
    """The database of this configuration. One that cannot be opened says so in each call."""
    if config.data is None:
        return MemorySessions()
    return SqliteSessions(
        config.data / "gameroom.sqlite",
        config.durability,
        wait_ms=config.limits.store_wait_ms,
        waiting_max=config.limits.store_calls_waiting_max,
    )
