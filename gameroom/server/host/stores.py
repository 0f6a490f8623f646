"""Opens the stores of a server, and runs the thread that syncs journals to the disk.

Knows which stores a configuration selects, but not their content. A server also starts if its
session store cannot be opened. Until the store works, it refuses games and says why.
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
    """The stores in the configuration's data folder, or in memory if there is none.

    Raises StoreFailedError if the journals cannot be opened.
    """
    if config.data is None:
        return Stores(MemoryJournals(), open_sessions(config), MemorySnapshots())
    return Stores(
        FileJournals(config.data / "journals", config.durability),
        open_sessions(config),
        FileSnapshots(config.data / "snapshots"),
    )


class Syncing:
    """A thread that writes journals and checkpoints to the disk every 100 ms. So a power failure
    loses at most the last 100 ms."""

    def __init__(self, store: JournalStore) -> None:
        """store: the store of all journals that will be added."""
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
        """Store this checkpoint of an added journal. Only the latest one is written."""
        with self._guard:
            self._checkpoints[room] = mark, said

    def remove(self, room: str) -> None:
        with self._guard:
            self._journals.pop(room, None)
            self._checkpoints.pop(room, None)

    def stop(self) -> None:
        """Stop the thread, after its current sync."""
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
                    # The journal refuses further entries, which stops its room.
                    log.error("room %s: the journal cannot be synced: %s", room, error)
                    self.remove(room)
                elif room in checkpoints:
                    try:
                        journal.keep(*checkpoints[room])
                    except StoreFailedError as why:
                        log.warning("room %s: the checkpoint cannot be stored: %s", room, why)
