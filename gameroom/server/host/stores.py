"""The stores of a server, and the thread that brings journals to the disk.

Knows which stores a configuration means; what is kept in them is the lobby's business.
A session store that cannot be opened does not keep the server from starting: it runs,
refuses games and says why, until the store works.
"""

from __future__ import annotations

import logging
import threading

from gameroom.server.config import Config
from gameroom.store import (
    FileJournals,
    FileSnapshots,
    Journal,
    JournalStore,
    Mark,
    MemoryJournals,
    MemorySnapshots,
    StoreFailedError,
    Stores,
    open_sessions,
)

log = logging.getLogger(__name__)

SYNC_EVERY_S = 0.1


def open_stores(config: Config) -> Stores:
    """The stores in the configuration's data folder, or in memory where it has none.

    Raises StoreFailedError where journals cannot be kept.
    """
    if config.data is None:
        return Stores(MemoryJournals(), open_sessions(config), MemorySnapshots())
    return Stores(
        FileJournals(config.data / "journals", config.durability),
        open_sessions(config),
        FileSnapshots(config.data / "snapshots"),
    )


class Syncing:
    """A thread that brings journals and checkpoints to the disk every 100 ms: what a power cut
    may take."""

    def __init__(self, store: JournalStore) -> None:
        """store: of all journals that are added."""
        self._store = store
        self._journals: dict[str, Journal] = {}
        self._checkpoints: dict[str, tuple[Mark, bytes]] = {}
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gameroom-sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, room: str, journal: Journal) -> None:
        with self._guard:
            self._journals[room] = journal

    def keep(self, room: str, mark: Mark, said: bytes) -> None:
        """Keep this checkpoint of a journal that was added: only the latest one."""
        with self._guard:
            self._checkpoints[room] = mark, said

    def remove(self, room: str) -> None:
        with self._guard:
            self._journals.pop(room, None)
            self._checkpoints.pop(room, None)

    def stop(self) -> None:
        """Waits for the sync that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SYNC_EVERY_S):
            with self._guard:
                journals = list(self._journals.items())
                checkpoints, self._checkpoints = self._checkpoints, {}
            failed = self._store.sync(journal for _, journal in journals)
            for room, journal in journals:
                if (error := failed.get(journal)) is not None:
                    # The journal takes no more from now on, and so stops its room.
                    log.error("room %s: the journal cannot be synced: %s", room, error)
                    self.remove(room)
                elif room in checkpoints:
                    try:
                        journal.keep(*checkpoints[room])
                    except StoreFailedError as why:
                        log.warning("room %s: the checkpoint cannot be stored: %s", room, why)
