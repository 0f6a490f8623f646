"""Who may come back to which room: a table in memory for the rooms that run, and the store.

Knows tokens by their digest and rooms by their id; no HTTP and no room. The rules it keeps:
looking somebody up makes no call to the store; a new session is stored before it counts; one
that ends counts no more at once, and its end is stored as soon as the store takes it, in order.

A session whose end could not be stored before the server stopped is there again after the
restart. It opens nothing: the room's journal says who has a place.
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
    """failed: told of each write that the store did not take, before it is tried again."""

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
        """Not more than there are sessions and rooms."""
        self._writer: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def open(self, room: str) -> None:
        """A new room: nobody has a session yet."""
        self._sessions[room] = {}

    async def load(self, room: str) -> None:
        """A room of the store comes back. Raises StoreFailedError."""
        found = await self._store.of_room(room)
        self._sessions[room] = {one.token: one for one in found}

    def unload(self, room: str) -> None:
        """A room is not in memory any more. Its sessions stay in the store."""
        self._sessions.pop(room, None)

    def sleep(self, room: str, until: int | None) -> None:
        """A room sleeps until then, by the store's running time, or is awake: None."""
        self._write(lambda: self._store.put_sleep(room, until))

    def who(self, room: str, token: bytes) -> str | None:
        """The user of a session, by the digest of its token; None for nobody."""
        found = self._sessions.get(room, {}).get(token)
        return None if found is None else found.user

    def name(self, room: str, user: str) -> str | None:
        """The name with which somebody who has a session has joined."""
        found = self._sessions.get(room, {}).values()
        return next((one.name for one in found if one.user == user), None)

    async def add(self, session: Session) -> None:
        """Store a session, then let it count. Raises StoreFailedError: it does not count."""
        await self._store.put_session(session)
        if (sessions := self._sessions.get(session.room)) is not None:
            sessions[session.token] = session

    def forget(self, room: str, user: str) -> None:
        """All sessions of this person in this room are over."""
        sessions = self._sessions.get(room, {})
        for token in [token for token, one in sessions.items() if one.user == user]:
            del sessions[token]
        self._write(lambda: self._store.revoke(room, user))

    def end(self, room: str, at: int) -> None:
        """A room is over, and its sessions with it. at: milliseconds since 1970."""
        self._sessions.pop(room, None)
        self._write(lambda: self._store.end_room(room, at))

    async def close(self) -> None:
        """Try once more to store what is not stored yet."""
        self._closing.set()
        if self._writer is not None:
            await self._writer

    # -- writing behind --------------------------------------------------------------

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
        """Until it makes sense to try again."""
        try:
            await asyncio.wait_for(self._closing.wait(), self._retry_s)
        except TimeoutError:
            return
