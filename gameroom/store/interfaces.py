"""What a server keeps, and what it asks of any store.

Knows no file and no database. Two kinds: a journal per room, one entry per event, and
what is asked about (sessions, rooms, engines, create keys). Secrets come in as their
SHA-256 only. A store that cannot do what it was asked says so with StoreFailedError; it
never does half of it.
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
"""process: what was written outlives the process (kill -9), and what was synced outlives
the power. disk: every write is on the disk before it counts."""

ROOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class StoreFailedError(OSError):
    """The store cannot do it: full disk, no permission, a database that is locked."""


class StoreBusyError(StoreFailedError):
    """The store has more to do than it can do in time; it did nothing. Ask again later."""


class JournalError(Exception):
    """A journal, a replay or a snapshot that is stored, and from which this release cannot go
    on. The message is one line that names it."""


class JournalDamagedError(JournalError):
    """The store says something else than was written. `offset` is where in the file, in
    bytes, None where nobody knows; `seq` is the entry's, 0 for the header."""

    def __init__(self, where: str, offset: int | None, seq: int, why: str) -> None:
        at = "" if offset is None else f" at byte {offset}"
        super().__init__(f"{where}: entry {seq}{at} is damaged: {why}")
        self.offset = offset
        self.seq = seq


class OtherReleaseError(JournalError):
    """Whole as far as it can be seen, but written in a format that this release does not read.
    The message names the release that wrote it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} {why}")


class NotRecoveredError(JournalError):
    """Every entry can be read, and no room comes of them: the room file does not compile, a
    state is not there any more, an event does not follow from the ones before it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a room was made of. With it and the entries the room can be made again, by a
    later release too: no other file is read.

    name, text: of the room file, its ending tells its spelling.
    used: by the name of a `use`, that file's name and text.
    engine, view, kit: SHA-256 of their sources in hex. kit: what the engine is given to work
    with; None leaves it to the one who runs the engine.
    created: milliseconds since 1970.
    release: the gameroom that wrote it.
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
    """One event of a room: its gapless seq, when it happened (milliseconds), the event as
    the msgpack subprotocol writes it, the chart's snapshot where it changed, and seat and id of
    each command that came to this turn with one."""

    seq: int
    at: int
    event: bytes
    chart: bytes | None = None
    ids: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Torn:
    """An unfinished last entry was cut off when the journal was opened: `size` bytes."""

    offset: int
    seq: int
    size: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a journal: right behind the entry `seq`, `offset` bytes from the start.

    stride, seqs, offsets: where some of the entries before it end (see `marks`).
    """

    seq: int
    offset: int
    stride: int = 1
    seqs: tuple[int, ...] = ()
    offsets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A room's checkpoint: what its entries up to `seq` come to, as the room writes it."""

    seq: int
    said: bytes


class Pending:
    """The answer of a store that has not written an entry yet. It comes on the thread that
    appended.

    error: why the entry was not stored, None if it was.
    """

    def __init__(self) -> None:
        self.is_answered = False
        self.error: StoreFailedError | None = None
        self._then: Callable[[], None] | None = None

    def when_answered(self, then: Callable[[], None]) -> None:
        """Call this once, with the answer."""
        assert self._then is None, "one waits for an answer"
        self._then = then
        if self.is_answered:
            then()

    def answer(self, error: StoreFailedError | None = None) -> None:
        """The entry is stored, or not."""
        assert not self.is_answered, "an entry is answered once"
        self.is_answered, self.error = True, error
        if self._then is not None:
            self._then()


class Journal(Protocol):
    """One room's entries, in order, for ever, and the checkpoint beside them."""

    @property
    def header(self) -> Header: ...

    @property
    def last(self) -> int:
        """The seq of the last entry that was appended, 0 when there is none."""

    @property
    def torn(self) -> Torn | None:
        """What was cut off at opening."""

    @property
    def checkpoint(self) -> StoredCheckpoint | None:
        """The checkpoint that was found at opening; entries before it were not read."""

    def mark(self) -> Mark:
        """The place behind the last entry, for `keep`."""

    def keep(self, mark: Mark, said: bytes) -> None:
        """Write a checkpoint of the entries up to the mark, whole or not at all; only the latest
        one is kept. Syncs the entries first, so that no checkpoint is ahead of them. May be
        called from another thread than `append`. StoreFailedError: the one before it stays."""

    def append(self, entry: Entry) -> Pending | None:
        """Write the next entry. If this returns None, `kill -9` does not lose it any more; else it
        is stored when the answer says so. Entries that are appended meanwhile are stored after it,
        or not at all. StoreFailedError: nothing of it was written."""

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """The stored entries after this seq, at most `limit`. JournalDamagedError names the first
        one that is not what was written."""

    def copy(self) -> Iterator[bytes]:
        """The records (see `record`) of the entries as they are now, in pieces of any size.
        May be walked in another thread, while more is appended. Raises StoreFailedError."""

    def sync(self) -> None:
        """When this returns, a loss of power does not lose what was appended before. May be
        called from another thread than `append`."""

    def close(self) -> None: ...


class JournalStore(Protocol):
    """All journals of a server."""

    def create(self, header: Header) -> Journal:
        """A new one; StoreFailedError where the room has one."""

    def open(self, room: str) -> Journal:
        """An old one, to go on with. KeyError where there is none. Raises JournalError and
        StoreFailedError."""

    def rooms(self) -> tuple[str, ...]:
        """The ids of the rooms that have a journal. Raises StoreFailedError."""

    def check(self) -> None:
        """Write something, as a journal would. Raises StoreFailedError."""

    def sync(self, journals: Iterable[Journal]) -> Mapping[Journal, StoreFailedError]:
        """`sync` many journals at once, from any thread. Returns those that failed."""


def sync_each(journals: Iterable[Journal]) -> dict[Journal, StoreFailedError]:
    """`sync` one journal after the other. Returns those that failed."""
    failed: dict[Journal, StoreFailedError] = {}
    for journal in journals:
        try:
            journal.sync()
        except StoreFailedError as error:
            failed[journal] = error
    return failed


SNAPSHOTS_KEPT = 2
"""Of each room: somebody may be reading the one before the latest."""


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """generation: of the turn; at: when it closed by the room's time (milliseconds); said:
    what the room says of itself at that moment, for whoever goes on from there."""

    generation: int
    at: int
    said: bytes


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A moment of a room with the state that its engines had."""

    head: SnapshotHead
    state: bytes


class SnapshotStore(Protocol):
    """The latest snapshots of each room. What it loses costs time, nothing else."""

    def put(self, room: str, snapshot: StoredSnapshot) -> None:
        """Keep it, whole or not at all, and forget those before the last SNAPSHOTS_KEPT.
        Raises StoreFailedError."""

    def heads(self, room: str) -> tuple[SnapshotHead, ...]:
        """Those that can be read, newest first."""

    def state(self, room: str, generation: int) -> bytes | None:
        """The state of a kept snapshot. May be called from any thread."""

    def drop(self, room: str) -> None:
        """Forget all of a room."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who may sit where, for as long as the room lasts. token: SHA-256 of the secret; created:
    milliseconds since 1970, for people who look at the store: it decides nothing."""

    token: bytes
    room: str
    user: str
    name: str
    created: int = 0


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """One line of the list of rooms. ended: when it ended (milliseconds since 1970), None while
    it lives. sleeps_until: when it ends if nobody comes back, by the time that servers have run
    on this store (`SessionStore.check`); None while it is awake."""

    room: str
    name: str
    created: int = 0
    ended: int | None = None
    sleeps_until: int | None = None


class SessionStore(Protocol):
    """What is asked about. Every call may raise StoreFailedError.

    Calls take effect in the order in which they were made, whether or not the one before was
    waited for. A call that is cancelled may still take effect.
    """

    async def check(self, ran_ms: int) -> int:
        """A real write, read back. With no working store no game starts.

        ran_ms: how long the server has run since the last check. Returns how long servers have
        run on this store in all, in milliseconds: a time that no clock of the machine moves and
        that stands still while no server runs."""

    async def put_session(self, session: Session) -> None: ...

    async def of_room(self, room: str) -> tuple[Session, ...]:
        """The sessions of a room, in no particular order."""

    async def revoke(self, room: str, user: str) -> None:
        """Every session of this person in this room."""

    async def put_room(self, record: RoomRecord) -> None: ...

    async def rooms(self) -> tuple[RoomRecord, ...]:
        """Those that have not ended, oldest first."""

    async def put_sleep(self, room: str, until: int | None) -> None:
        """A room has fallen asleep until then, or is awake: None."""

    async def unknown(self, rooms: tuple[str, ...]) -> tuple[str, ...]:
        """Those of which there is no record, ended or not."""

    async def end_room(self, room: str, at: int) -> None:
        """The room is over: its sessions go with it."""

    async def put_engine(self, source: bytes) -> str:
        """Keep a source; its SHA-256 in hex. Again is no error."""

    async def engine(self, sha256: str) -> bytes | None: ...

    async def put_key(self, key: bytes, note: str) -> None:
        """Keep the SHA-256 of a create key."""

    async def keys(self) -> tuple[bytes, ...]: ...

    async def remove_key(self, key: bytes) -> None: ...

    async def close(self) -> None:
        """Finish the calls made before, within a bounded time; later ones fail."""


@dataclass(frozen=True, slots=True)
class Stores:
    """All that a server keeps."""

    journals: JournalStore
    sessions: SessionStore
    snapshots: SnapshotStore

    async def close(self) -> None:
        """Each journal is closed by whoever opened it."""
        await self.sessions.close()


def sha256(source: bytes) -> str:
    """The name of a source: its SHA-256 in hex."""
    return hashlib.sha256(source).hexdigest()
