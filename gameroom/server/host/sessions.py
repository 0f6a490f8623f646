"""The sessions: a table in memory for the running rooms, backed by the store.

Knows the digests of tokens and the ids of rooms, but no HTTP and no room. The rules: a look-up
never calls the store; a new session is stored before it is valid; an ended session is invalid at
once, and its end is stored as soon as the store accepts it. Ends are stored in order.

If the server stops before the end of a session is stored, the session exists again after the
restart. It gives no access, because the room's journal decides who has a place.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from gameroom.store import Session, SessionStore, StoreFailedError

log = logging.getLogger(__name__)

Write = Callable[[], Coroutine[Any, Any, None]]


class Sessions:
    """failed: called for each write that the store refused, before it is tried again."""

    def __init__(
        self,
        store: SessionStore,
        *,
        loop: asyncio.AbstractEventLoop,
        retry_s: float,
        failed: Callable[[StoreFailedError], object],
    ) -> None:
        self._store = store
        self._loop = loop
        self._retry_s = retry_s
        self._failed = failed
        self._sessions: dict[str, dict[bytes, Session]] = {}
        """By room and token digest."""
        self._writes: deque[Write] = deque()
        """Pending writes. Their number is limited by the number of sessions and rooms."""
        self._writer: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def open(self, room: str) -> None:
        """Add a new room, without sessions."""
        self._sessions[room] = {}

    async def load(self, room: str) -> None:
        """Load the sessions of a room from the store. Raises StoreFailedError."""
        found = await self._store.of_room(room)
        self._sessions[room] = {one.token: one for one in found}

    def unload(self, room: str) -> None:
        """Remove a room from memory. Its sessions remain in the store."""
        self._sessions.pop(room, None)

    def sleep(self, room: str, until: int | None) -> None:
        """Record that a room sleeps until this running time of the store, or is awake (None)."""
        self._write(lambda: self._store.put_sleep(room, until))

    def who(self, room: str, token: bytes) -> str | None:
        """The user of the session with this token digest, or None."""
        found = self._sessions.get(room, {}).get(token)
        return None if found is None else found.user

    def name(self, room: str, user: str) -> str | None:
        """The name that this user joined with, or None without a session."""
        found = self._sessions.get(room, {}).values()
        return next((one.name for one in found if one.user == user), None)

    async def add(self, session: Session) -> None:
        """Store a session, then make it valid. Raises StoreFailedError; then it is not valid."""
        await self._store.put_session(session)
        if (sessions := self._sessions.get(session.room)) is not None:
            sessions[session.token] = session

    def forget(self, room: str, user: str) -> None:
        """End all sessions of this person in this room."""
        sessions = self._sessions.get(room, {})
        for token in [token for token, one in sessions.items() if one.user == user]:
            del sessions[token]
        self._write(lambda: self._store.revoke(room, user))

    def end(self, room: str, at: int) -> None:
        """End a room and all its sessions. at: milliseconds since 1970."""
        self._sessions.pop(room, None)
        self._write(lambda: self._store.end_room(room, at))

    async def close(self) -> None:
        """Try once more to store the pending writes."""
        self._closing.set()
        if self._writer is not None:
            await self._writer

    # -- delayed writes --------------------------------------------------------------

    def _write(self, write: Write) -> None:
        self._writes.append(write)
        if self._writer is None or self._writer.done():
            self._writer = self._loop.create_task(self._write_all())

    async def _write_all(self) -> None:
        while self._writes:
            try:
                await self._writes[0]()
            except StoreFailedError as error:
                self._failed(error)
                if not self._closing.is_set():
                    await self._pause()
                    continue
                log.error(
                    "session store: %d ended sessions or rooms are not stored", len(self._writes)
                )
                return
            except Exception:
                log.exception(
                    "session store: an ended session or room is not stored: internal error"
                )
            self._writes.popleft()

    async def _pause(self) -> None:
        """Wait until the next try."""
        try:
            await asyncio.wait_for(self._closing.wait(), self._retry_s)
        except TimeoutError:
            return
