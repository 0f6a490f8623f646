"""Stores everything that must survive the process: a journal per room, and a database.

Knows bytes and records, no room and no wire format. `interfaces` defines what every store must do.
`journal` and `sqlite_sessions` store on the local disk, `memory` in memory. `sessions` chooses the
database. The rule it keeps: after a crash, a store returns everything it accepted or reports what
is lost.
"""

from gameroom.store.desyncs import DesyncStore, FileDesyncs, Kept, MemoryDesyncs, NoPlaceError
from gameroom.store.interfaces import (
    SNAPSHOTS_KEPT,
    Durability,
    Entry,
    Header,
    Journal,
    JournalDamagedError,
    JournalError,
    JournalStore,
    Mark,
    NotRecoveredError,
    OtherReleaseError,
    Pending,
    RoomRecord,
    Session,
    SessionStore,
    SnapshotHead,
    SnapshotStore,
    StoreBusyError,
    StoredCheckpoint,
    StoredSnapshot,
    StoreFailedError,
    Stores,
    Torn,
    sha256,
)
from gameroom.store.journal import FileJournal, FileJournals
from gameroom.store.lock import FolderInUseError, FolderLock
from gameroom.store.memory import MemoryJournal, MemoryJournals, MemorySessions, MemorySnapshots
from gameroom.store.sessions import open_sessions
from gameroom.store.snapshots import FileSnapshots
from gameroom.store.sqlite_sessions import SqliteSessions

__all__ = [
    "SNAPSHOTS_KEPT",
    "DesyncStore",
    "Durability",
    "Entry",
    "FileDesyncs",
    "FileJournal",
    "FileJournals",
    "FileSnapshots",
    "FolderInUseError",
    "FolderLock",
    "Header",
    "Journal",
    "JournalDamagedError",
    "JournalError",
    "JournalStore",
    "Kept",
    "Mark",
    "MemoryDesyncs",
    "MemoryJournal",
    "MemoryJournals",
    "MemorySessions",
    "MemorySnapshots",
    "NoPlaceError",
    "NotRecoveredError",
    "OtherReleaseError",
    "Pending",
    "RoomRecord",
    "Session",
    "SessionStore",
    "SnapshotHead",
    "SnapshotStore",
    "SqliteSessions",
    "StoreBusyError",
    "StoreFailedError",
    "StoredCheckpoint",
    "StoredSnapshot",
    "Stores",
    "Torn",
    "open_sessions",
    "sha256",
]
