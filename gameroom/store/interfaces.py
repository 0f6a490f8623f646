"""The data that a server stores, and the interfaces that every store implements.

Knows no file and no database. There are two kinds of data: a journal per room, with one entry per
event, and tables for sessions, rooms, engines and create keys. Only the SHA-256 of a secret is
stored. A store that cannot complete a call raises StoreFailedError and changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import Struct

from gameroom.formats import RELEASE
from gameroom.model import Value

Durability = Literal["process", "disk"]
"""process: written data survives the end of the process (kill -9), synced data also survives a
power failure. disk: every write is synced before it counts as written."""

ROOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class StoreFailedError(OSError):
    """The store cannot complete a call: full disk, no permission, a locked database."""


class StoreBusyError(StoreFailedError):
    """The store is overloaded and did not execute the call. Try again later."""


class JournalError(Exception):
    """This release cannot continue from a stored journal, replay or snapshot. The message is one
    line and names the file."""


class JournalDamagedError(JournalError):
    """The stored data is not what was written. `offset`: the position in the file in bytes, None
    if unknown. `seq`: the damaged entry, 0 for the header."""

    def __init__(self, where: str, offset: int | None, seq: int, why: str) -> None:
        at = "" if offset is None else f" at byte {offset}"
        super().__init__(f"{where}: entry {seq}{at} is damaged: {why}")
        self.offset = offset
        self.seq = seq


class OtherReleaseError(JournalError):
    """The data has a format version that this release cannot read. The message names the release
    that wrote it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} {why}")


class NotRecoveredError(JournalError):
    """Every entry is readable, but they do not produce a room: the room file does not compile, a
    state no longer exists, or an event does not follow from the events before it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The inputs that a room was created from. The header and the entries are enough to create the
    room again, also with a later release. No other file is read.

    name, text: the name and the text of the room file. The name's suffix determines the format.
    used: for each name in a `use`, the name and the text of that file.
    engine, view, kit: SHA-256 of their sources in hex. kit: the library given to the engine; if
    None, the program that runs the engine chooses it.
    created: milliseconds since 1970.
    release: the gameroom release that wrote the header.
    """

    room: str
    name: str
    text: str
    engine: str
    used: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    view: str | None = None
    seed: int = 0
    setup: Mapping[str, Value] = field(default_factory=dict)
    created: int = 0
    kit: str | None = None
    release: str = RELEASE


class Entry(Struct, frozen=True, gc=False):
    """One event of a room.

    seq: the number of the entry, without gaps. at: when it happened, in milliseconds. event: the
    event as the msgpack subprotocol encodes it. chart: the snapshot of the chart if it changed.
    ids: the seat and the id of each command of this turn that has an id."""

    seq: int
    at: int
    event: bytes
    chart: bytes | None = None
    ids: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Torn:
    """An unfinished last entry of `size` bytes that was cut off when the journal was opened."""

    offset: int
    seq: int
    size: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A position in a journal: right after the entry `seq`, `offset` bytes from the start.

    stride, seqs, offsets: where some of the earlier entries end (see `marks`).
    """

    seq: int
    offset: int
    stride: int = 1
    seqs: tuple[int, ...] = ()
    offsets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A room's checkpoint: the result of its entries up to `seq`, as bytes that the room writes."""

    seq: int
    said: bytes


class Pending:
    """The result of an append that is not finished yet. It arrives on the thread that appended.

    error: why the entry was not stored, None if it was stored.
    """

    def __init__(self) -> None:
        self.is_answered = False
        self.error: StoreFailedError | None = None
        self._then: Callable[[], None] | None = None

    def when_answered(self, then: Callable[[], None]) -> None:
        """Call `then` once, when the result is known."""
        assert self._then is None, "one waits for an answer"
        self._then = then
        if self.is_answered:
            then()

    def answer(self, error: StoreFailedError | None = None) -> None:
        """Set the result: the entry is stored, or failed with `error`."""
        assert not self.is_answered, "an entry is answered once"
        self.is_answered, self.error = True, error
        if self._then is not None:
            self._then()


class Journal(Protocol):
    """All entries of one room in order, and the room's checkpoint."""

    @property
    def header(self) -> Header: ...

    @property
    def last(self) -> int:
        """The seq of the last appended entry, 0 if there is none."""

    @property
    def torn(self) -> Torn | None:
        """The unfinished entry that was cut off at opening, None if there was none."""

    @property
    def checkpoint(self) -> StoredCheckpoint | None:
        """The checkpoint found at opening, None if there was none. Entries before it were not
        read."""

    def mark(self) -> Mark:
        """The position after the last entry, for `keep`."""

    def keep(self, mark: Mark, said: bytes) -> None:
        """Replace the checkpoint with one for the entries up to the mark, completely or not at all.

        Syncs the entries first, so that a checkpoint is never ahead of them. Can be called from
        another thread than `append`. Raises StoreFailedError; then the old checkpoint remains."""

    def append(self, entry: Entry) -> Pending | None:
        """Write the next entry. Returns None if the entry already survives `kill -9`, otherwise a
        Pending that reports when it does.

        Entries appended in the meantime are stored after it, or not at all. Raises
        StoreFailedError; then no part of the entry was written."""

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """The stored entries after this seq, at most `limit`. Raises StoreFailedError, and
        JournalDamagedError at the first damaged entry."""

    def copy(self) -> Iterator[bytes]:
        """The records (see `record`) of all current entries, in pieces of any size. You can iterate
        in another thread while entries are appended. Raises StoreFailedError."""

    def sync(self) -> None:
        """Make sure that all appended entries survive a power failure. Can be called from another
        thread than `append`. Raises StoreFailedError."""

    def close(self) -> None: ...


class JournalStore(Protocol):
    """All journals of a server."""

    def create(self, header: Header) -> Journal:
        """Create a journal. Raises StoreFailedError, also if the room already has a journal."""

    def open(self, room: str) -> Journal:
        """Open an existing journal to continue it. Raises KeyError if there is none, JournalError
        and StoreFailedError."""

    def rooms(self) -> tuple[str, ...]:
        """The ids of the rooms that have a journal. Raises StoreFailedError."""

    def check(self) -> None:
        """Check that a journal could be written now. Raises StoreFailedError."""

    def sync(self, journals: Iterable[Journal]) -> Mapping[Journal, StoreFailedError]:
        """Call `sync` for many journals at once, from any thread. Returns the failed ones."""


def sync_each(journals: Iterable[Journal]) -> dict[Journal, StoreFailedError]:
    """Call `sync` for one journal after the other. Returns the failed ones."""
    failed: dict[Journal, StoreFailedError] = {}
    for journal in journals:
        try:
            journal.sync()
        except StoreFailedError as error:
            failed[journal] = error
    return failed


SNAPSHOTS_KEPT = 2
"""How many snapshots of each room are kept. A client might still be reading the last but one."""


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """generation: the turn of the snapshot. at: when the turn closed, in milliseconds of the
    room's time. said: the room's own state at that moment, for a client that continues there."""

    generation: int
    at: int
    said: bytes


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """The state of a room's engines after one turn."""

    head: SnapshotHead
    state: bytes


class SnapshotStore(Protocol):
    """The latest snapshots of each room. A lost snapshot costs only time."""

    def put(self, room: str, snapshot: StoredSnapshot) -> None:
        """Store a snapshot, completely or not at all, and remove all but the last SNAPSHOTS_KEPT.
        Raises StoreFailedError."""

    def heads(self, room: str) -> tuple[SnapshotHead, ...]:
        """The heads of all readable snapshots of a room, newest first."""

    def state(self, room: str, generation: int) -> bytes | None:
        """The state of a stored snapshot, or None. Can be called from any thread."""

    def drop(self, room: str) -> None:
        """Remove all snapshots of a room."""


@dataclass(frozen=True, slots=True)
class Session:
    """The right of a person to a place in a room, until the room ends. token: SHA-256 of the
    secret. created: milliseconds since 1970, only for people who inspect the store."""

    token: bytes
    room: str
    user: str
    name: str
    created: int = 0


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """One row of the list of rooms.

    created: milliseconds since 1970. ended: when the room ended, in milliseconds since 1970, None
    while it is open. sleeps_until: when a sleeping room ends if nobody comes back, in milliseconds
    of the servers' running time (see `SessionStore.check`); None while it is awake."""

    room: str
    name: str
    created: int = 0
    ended: int | None = None
    sleeps_until: int | None = None


class SessionStore(Protocol):
    """The tables of a server: sessions, rooms, engines and create keys. Every call can raise
    StoreFailedError.

    Calls take effect in the order in which they were made, even if the caller did not wait for
    the earlier ones. A cancelled call can still take effect.
    """

    async def check(self, ran_ms: int) -> int:
        """Write a value and read it back. Without a working store no game starts.

        ran_ms: how long the server has run since the last check. Returns the total running time
        of all servers on this store, in milliseconds. Clock changes do not affect this time, and
        it stops while no server runs."""

    async def put_session(self, session: Session) -> None: ...

    async def of_room(self, room: str) -> tuple[Session, ...]:
        """The sessions of a room, in no particular order."""

    async def revoke(self, room: str, user: str) -> None:
        """Remove every session of this person in this room."""

    async def put_room(self, record: RoomRecord) -> None: ...

    async def rooms(self) -> tuple[RoomRecord, ...]:
        """The rooms that have not ended, oldest first."""

    async def put_sleep(self, room: str, until: int | None) -> None:
        """Record that a room sleeps until this time, or is awake (None)."""

    async def unknown(self, rooms: tuple[str, ...]) -> tuple[str, ...]:
        """The rooms that have no record, neither open nor ended."""

    async def end_room(self, room: str, at: int) -> None:
        """Record the end of a room, and remove its sessions. at: milliseconds since 1970."""

    async def put_engine(self, source: bytes) -> str:
        """Store a source and return its SHA-256 in hex. Storing it again is not an error."""

    async def engine(self, sha256: str) -> bytes | None: ...

    async def put_key(self, key: bytes, note: str) -> None:
        """Store the SHA-256 of a create key."""

    async def keys(self) -> tuple[bytes, ...]: ...

    async def remove_key(self, key: bytes) -> None: ...

    async def close(self) -> None:
        """Finish the pending calls within a limited time. Later calls fail."""


@dataclass(frozen=True, slots=True)
class Stores:
    """All stores of a server."""

    journals: JournalStore
    sessions: SessionStore
    snapshots: SnapshotStore

    async def close(self) -> None:
        """Close the sessions. Each journal must be closed by the code that opened it."""
        await self.sessions.close()


def sha256(source: bytes) -> str:
    """The name of a source: its SHA-256 in hex."""
    return hashlib.sha256(source).hexdigest()
