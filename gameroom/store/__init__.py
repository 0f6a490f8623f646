"""What outlives a process: a journal per room, and what is asked about.

Knows bytes and records, no room and no wire. `base` says what any store keeps and
promises; `journal` and `sqlite` keep it on one machine, `memory` nowhere.
"""

from gameroom.store.base import (
    Durability,
    Entry,
    Header,
    Journal,
    JournalDamagedError,
    JournalStore,
    RoomRecord,
    Session,
    SessionStore,
    StoreFailedError,
    Stores,
    Torn,
    sha256,
)
from gameroom.store.journal import FileJournal, FileJournals
from gameroom.store.memory import MemoryJournal, MemoryJournals, MemorySessions
from gameroom.store.sqlite import SqliteSessions

__all__ = [
    "Durability",
    "Entry",
    "FileJournal",
    "FileJournals",
    "Header",
    "Journal",
    "JournalDamagedError",
    "JournalStore",
    "MemoryJournal",
    "MemoryJournals",
    "MemorySessions",
    "RoomRecord",
    "Session",
    "SessionStore",
    "SqliteSessions",
    "StoreFailedError",
    "Stores",
    "Torn",
    "sha256",
]
