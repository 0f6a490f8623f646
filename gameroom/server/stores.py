"""The stores of a server: opened when they can be, and tried again when they cannot.

Knows which stores a configuration means; what is kept in them is the lobby's business.
A session store that cannot be opened does not keep the server from starting: it runs,
refuses games and says why, until the store works.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from gameroom.server.config import Config
from gameroom.store import (
    FileJournals,
    FileSnapshots,
    Journal,
    MemoryJournals,
    MemorySessions,
    MemorySnapshots,
    RoomRecord,
    Session,
    SessionStore,
    SqliteSessions,
    StoreFailedError,
    Stores,
)

log = logging.getLogger(__name__)

SYNC_EVERY_S = 0.1


class LateSessions:
    """A session store that is opened by its first call, and by each call until it can be.

    Every call may raise StoreFailedError, as of any session store.
    """

    def __init__(self, open_: Callable[[], SessionStore]) -> None:
        self._open = open_
        self._opened: SessionStore | None = None

    @property
    def _store(self) -> SessionStore:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def check(self) -> None:
        self._store.check()

    def put_session(self, session: Session) -> None:
        self._store.put_session(session)

    def session(self, token: bytes, now: int) -> Session | None:
        return self._store.session(token, now)

    def revoke(self, room: str, user: str) -> None:
        self._store.revoke(room, user)

    def revoke_token(self, token: bytes) -> None:
        self._store.revoke_token(token)

    def prune(self, now: int) -> None:
        self._store.prune(now)

    def put_room(self, record: RoomRecord) -> None:
        self._store.put_room(record)

    def rooms(self) -> tuple[RoomRecord, ...]:
        return self._store.rooms()

    def end_room(self, room: str, at: int) -> None:
        self._store.end_room(room, at)

    def put_engine(self, source: bytes) -> str:
        return self._store.put_engine(source)

    def engine(self, sha256: str) -> bytes | None:
        return self._store.engine(sha256)

    def put_key(self, key: bytes, note: str) -> None:
        self._store.put_key(key, note)

    def keys(self) -> tuple[bytes, ...]:
        return self._store.keys()

    def remove_key(self, key: bytes) -> None:
        self._store.remove_key(key)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def open_stores(config: Config) -> Stores:
    """The stores in the configuration's data folder, or in memory where it has none.

    Raises StoreFailedError where journals cannot be kept.
    """
    if config.data is None:
        return Stores(MemoryJournals(), MemorySessions(), MemorySnapshots())
    data, durability = config.data, config.durability
    return Stores(
        FileJournals(data / "journals", durability),
        LateSessions(lambda: SqliteSessions(data / "gameroom.sqlite", durability)),
        FileSnapshots(data / "snapshots"),
    )


class Syncing:
    """A thread that brings journals to the disk every 100 ms: what a power cut may take."""

    def __init__(self) -> None:
        self._journals: dict[str, Journal] = {}
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gameroom-sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, room: str, journal: Journal) -> None:
        with self._guard:
            self._journals[room] = journal

    def remove(self, room: str) -> None:
        with self._guard:
            self._journals.pop(room, None)

    def stop(self) -> None:
        """Waits for the sync that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SYNC_EVERY_S):
            with self._guard:
                journals = list(self._journals.items())
            for room, journal in journals:
                try:
                    journal.sync()
                except StoreFailedError as error:
                    # The journal takes no more from now on, and so stops its room.
                    log.error("room %s: the journal cannot be synced: %s", room, error)
                    self.remove(room)
