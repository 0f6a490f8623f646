"""The session store with SQLite. Every call runs on one separate thread.

Knows event loops and threads; the SQL is in `sqlite_file`. The rule: the calling thread never calls
SQLite, and waits for a result only for a limited time. The first call opens the file. If that
fails, each later call tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from gameroom.store.interfaces import (
    Durability,
    RoomRecord,
    Session,
    StoreBusyError,
    StoreFailedError,
)
from gameroom.store.sqlite_file import SqliteFile

WAIT_MS = 2_000
WAITING_MAX = 256
CLOSE_S = 10.0
"""How long `close` waits for the pending calls."""

P = ParamSpec("P")
T = TypeVar("T")


class SqliteSessions:
    """A `SessionStore`. You can use it from any event loop, but only from one at a time.

    wait_ms: a call that has not started after this time is cancelled and raises StoreBusyError. A
    started call waits up to this time for another process that has locked the file.
    waiting_max: the maximum number of pending calls. One more raises StoreBusyError at once.
    """

    def __init__(
        self,
        path: Path,
        durability: Durability = "process",
        *,
        wait_ms: int = WAIT_MS,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self.path = path
        self._durability: Durability = durability
        self._wait_ms = wait_ms
        self._waiting_max = waiting_max
        self._waiting = 0
        self._closed = False
        self._file: SqliteFile | None = None
        """Used only on the thread of the store."""
        self._thread = ThreadPoolExecutor(1, "gameroom-sessions")

    async def check(self, ran_ms: int) -> int:
        return await self._ask(SqliteFile.check, ran_ms)

    async def put_session(self, session: Session) -> None:
        await self._ask(SqliteFile.put_session, session)

    async def of_room(self, room: str) -> tuple[Session, ...]:
        return await self._ask(SqliteFile.of_room, room)

    async def revoke(self, room: str, user: str) -> None:
        await self._ask(SqliteFile.revoke, room, user)

    async def put_room(self, record: RoomRecord) -> None:
        await self._ask(SqliteFile.put_room, record)

    async def rooms(self) -> tuple[RoomRecord, ...]:
        return await self._ask(SqliteFile.rooms)

    async def put_sleep(self, room: str, until: int | None) -> None:
        await self._ask(SqliteFile.put_sleep, room, until)

    async def unknown(self, rooms: tuple[str, ...]) -> tuple[str, ...]:
        return await self._ask(SqliteFile.unknown, rooms)

    async def end_room(self, room: str, at: int) -> None:
        await self._ask(SqliteFile.end_room, room, at)

    async def put_engine(self, source: bytes) -> str:
        return await self._ask(SqliteFile.put_engine, source)

    async def engine(self, sha256: str) -> bytes | None:
        return await self._ask(SqliteFile.engine, sha256)

    async def put_key(self, key: bytes, note: str) -> None:
        await self._ask(SqliteFile.put_key, key, note)

    async def keys(self) -> tuple[bytes, ...]:
        return await self._ask(SqliteFile.keys)

    async def remove_key(self, key: bytes) -> None:
        await self._ask(SqliteFile.remove_key, key)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        last = asyncio.wrap_future(self._thread.submit(self._close))
        done, _ = await asyncio.wait({last}, timeout=CLOSE_S)
        self._thread.shutdown(wait=False, cancel_futures=True)
        if not done:
            last.add_done_callback(_heard)
            raise StoreFailedError(
                f"{self.path.name}: the database could not be closed within {CLOSE_S:g} s"
            )
        last.result()

    # --- Inside ---------------------------------------------------------------------

    async def _ask(
        self, call: Callable[Concatenate[SqliteFile, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a call on the store's thread and return its result. There is no `await` before the
        call is queued, so that calls run in the order in which they were made."""
        if self._closed:
            raise StoreFailedError(f"{self.path.name}: the database is closed")
        if self._waiting >= self._waiting_max:
            raise StoreBusyError(f"{self.path.name}: too many calls are waiting: {self._waiting}")
        future = self._thread.submit(self._call, lambda file: call(file, *args, **kwargs))
        self._waiting += 1
        answer = asyncio.wrap_future(future)
        answer.add_done_callback(self._answered)
        wait_s = self._wait_ms / 1000
        done, _ = await asyncio.wait({answer}, timeout=wait_s)
        if not done and future.cancel():
            raise StoreBusyError(f"{self.path.name}: a call could not start within {wait_s:g} s")
        if not done:
            # The call has started. SQLite waits up to `wait_ms` for a lock; a disk can hang.
            done, _ = await asyncio.wait({answer}, timeout=2 * wait_s)
        if not done:
            raise StoreFailedError(f"{self.path.name}: no result within {3 * wait_s:g} s")
        if answer.cancelled():
            raise StoreFailedError(f"{self.path.name}: the database is closed")
        return answer.result()

    def _call(self, call: Callable[[SqliteFile], T]) -> T:
        """Runs on the store's thread."""
        if self._file is None:
            self._file = SqliteFile(self.path, self._durability, self._wait_ms)
        return call(self._file)

    def _close(self) -> None:
        """Runs on the store's thread."""
        if self._file is not None:
            self._file.close()

    def _answered(self, answer: asyncio.Future[T]) -> None:
        self._waiting -= 1
        _heard(answer)


def _heard(answer: asyncio.Future[T]) -> None:
    """Mark the exception as retrieved: the caller might no longer wait for it."""
    if not answer.cancelled():
        answer.exception()
