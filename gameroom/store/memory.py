"""Stores in memory: for tests, and for a server whose data need not survive the process.

Knows no file. It stores the same data as the other stores, until the process ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from gameroom.store.interfaces import (
    SNAPSHOTS_KEPT,
    Entry,
    Header,
    Journal,
    Mark,
    RoomRecord,
    Session,
    SnapshotHead,
    StoredCheckpoint,
    StoredSnapshot,
    StoreFailedError,
    Torn,
    sha256,
    sync_each,
)
from gameroom.store.record import entry_record


class MemoryJournal:
    torn: Torn | None = None
    checkpoint: StoredCheckpoint | None = None

    def __init__(self, header: Header) -> None:
        self.header = header
        self._entries: list[Entry] = []

    @property
    def last(self) -> int:
        return len(self._entries)

    def append(self, entry: Entry) -> None:
        assert entry.seq == self.last + 1, "a journal has no gaps"
        self._entries.append(entry)

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        assert after >= 0, "seq counts from 1"
        return iter(self._entries[after : None if limit is None else after + limit])

    def copy(self) -> Iterator[bytes]:
        return map(entry_record, tuple(self._entries))

    def mark(self) -> Mark:
        return Mark(self.last, 0)

    def keep(self, mark: Mark, said: bytes) -> None:
        self.checkpoint = StoredCheckpoint(mark.seq, said)

    def sync(self) -> None:
        """Does nothing: memory cannot survive a power failure."""

    def close(self) -> None:
        """Does nothing: the entries remain in the store, so that a room can be opened again."""


class MemoryJournals:
    def __init__(self) -> None:
        self._journals: dict[str, MemoryJournal] = {}

    def create(self, header: Header) -> MemoryJournal:
        if header.room in self._journals:
            raise StoreFailedError(f"{header.room}: the room already has a journal")
        return self._journals.setdefault(header.room, MemoryJournal(header))

    def open(self, room: str) -> MemoryJournal:
        return self._journals[room]

    def rooms(self) -> tuple[str, ...]:
        return tuple(sorted(self._journals))

    def check(self) -> None:
        """Does nothing: memory can always be written."""

    def sync(self, journals: Iterable[Journal]) -> Mapping[Journal, StoreFailedError]:
        return sync_each(journals)


class MemorySnapshots:
    def __init__(self) -> None:
        self._kept: dict[str, dict[int, StoredSnapshot]] = {}

    def put(self, room: str, snapshot: StoredSnapshot) -> None:
        kept = self._kept.setdefault(room, {})
        kept[snapshot.head.generation] = snapshot
        for old in sorted(kept, reverse=True)[SNAPSHOTS_KEPT:]:
            del kept[old]

    def heads(self, room: str) -> tuple[SnapshotHead, ...]:
        kept = self._kept.get(room, {})
        return tuple(kept[generation].head for generation in sorted(kept, reverse=True))

    def state(self, room: str, generation: int) -> bytes | None:
        snapshot = self._kept.get(room, {}).get(generation)
        return None if snapshot is None else snapshot.state

    def drop(self, room: str) -> None:
        self._kept.pop(room, None)


class MemorySessions:
    def __init__(self) -> None:
        self._ran_ms = 0
        self._sessions: dict[bytes, Session] = {}
        self._rooms: dict[str, RoomRecord] = {}
        self._engines: dict[str, bytes] = {}
        self._keys: dict[bytes, str] = {}

    async def check(self, ran_ms: int) -> int:
        self._ran_ms += ran_ms
        return self._ran_ms

    async def put_session(self, session: Session) -> None:
        self._sessions[session.token] = session

    async def of_room(self, room: str) -> tuple[Session, ...]:
        return tuple(one for one in self._sessions.values() if one.room == room)

    async def revoke(self, room: str, user: str) -> None:
        self._keep(lambda one: (one.room, one.user) != (room, user))

    async def put_room(self, record: RoomRecord) -> None:
        self._rooms[record.room] = record

    async def rooms(self) -> tuple[RoomRecord, ...]:
        living = (one for one in self._rooms.values() if one.ended is None)
        return tuple(sorted(living, key=lambda one: (one.created, one.room)))

    async def put_sleep(self, room: str, until: int | None) -> None:
        if (record := self._rooms.get(room)) is not None:
            self._rooms[room] = replace(record, sleeps_until=until)

    async def unknown(self, rooms: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(room for room in rooms if room not in self._rooms)

    async def end_room(self, room: str, at: int) -> None:
        if (record := self._rooms.get(room)) is not None:
            self._rooms[room] = replace(record, ended=at)
        self._keep(lambda one: one.room != room)

    async def put_engine(self, source: bytes) -> str:
        name = sha256(source)
        self._engines[name] = source
        return name

    async def engine(self, sha256: str) -> bytes | None:
        return self._engines.get(sha256)

    async def put_key(self, key: bytes, note: str) -> None:
        self._keys[key] = note

    async def keys(self) -> tuple[bytes, ...]:
        return tuple(sorted(self._keys))

    async def remove_key(self, key: bytes) -> None:
        self._keys.pop(key, None)

    async def close(self) -> None:
        """Does nothing: there is nothing to release."""

    def _keep(self, keeps: Callable[[Session], bool]) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if keeps(one)}
