"""A room's journal as one append-only file. Replays, recovery and desync reports are built from it.

Knows no room: an event is bytes. The rules: an entry is stored completely or not at all; damage is
reported with its position and never skipped. When a journal is opened, only an unfinished last
entry is cut off. No client has seen that entry.

Appending is one `write` to the file before the broadcast, without fsync: the page cache survives
the end of the process. Another thread calls `sync` every 100 ms (see docs/design.md).

The room's checkpoint is a second file in the same folder. It only saves time: a missing or damaged
checkpoint, or one of another journal, is ignored. With a checkpoint, opening the journal checks
only the entries after it. An older entry is checked when it is read.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from gameroom.store import checkpoint, record
from gameroom.store.file_system import FileSystem
from gameroom.store.interfaces import (
    ROOM_ID,
    Durability,
    Entry,
    Header,
    Journal,
    JournalDamagedError,
    Mark,
    StoredCheckpoint,
    StoreFailedError,
    Torn,
    sync_each,
)
from gameroom.store.marks import Marks

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)

SUFFIX = ".journal"
COPY_BYTES = 256 * 1024
PROBE = "probe"
PROBE_BYTES = 64 * 1024
"""The disk space that `check` requires: more than any usual entry needs."""

TOGETHER_MIN = 4
"""From this number of journals on, one sync of the file system is cheaper than one per journal."""


class FileJournals:
    """The journals of a server: one file per room in one folder."""

    def __init__(self, folder: Path, durability: Durability = "process") -> None:
        self.folder = folder
        self.durability = durability
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file_system = FileSystem(folder)
        except OSError as error:
            raise StoreFailedError(f"{folder}: {error.strerror}") from error

    def create(self, header: Header) -> FileJournal:
        """Create a journal. The header is written under another name first, so that every journal
        has a complete header."""
        path = self._path(header.room)
        if path.exists():
            raise StoreFailedError(f"{path.name}: the room already has a journal")
        draft = path.with_suffix(".new")
        try:
            with draft.open("wb") as file:
                file.write(record.MAGIC + record.header_record(header))
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
            _sync_folder(self.folder)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreFailedError(f"{path.name}: {error.strerror}") from error
        return FileJournal(path, self.durability)

    def open(self, room: str) -> FileJournal:
        path = self._path(room)
        if not path.exists():
            raise KeyError(room)
        return FileJournal(path, self.durability, checkpoint.read(path))

    def rooms(self) -> tuple[str, ...]:
        try:
            names = os.listdir(self.folder)
        except OSError as error:
            raise StoreFailedError(f"{self.folder.name}: {error.strerror}") from error
        return tuple(sorted(name[: -len(SUFFIX)] for name in names if name.endswith(SUFFIX)))

    def check(self) -> None:
        path = self.folder / PROBE
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(bytes(PROBE_BYTES))
        except OSError as error:
            raise StoreFailedError(f"{self.folder.name}: {error.strerror}") from error
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def sync(self, journals: Iterable[Journal]) -> Mapping[Journal, StoreFailedError]:
        all_ = tuple(journals)
        behind = {one: one.end for one in all_ if isinstance(one, FileJournal) and one.is_behind}
        if len(behind) < TOGETHER_MIN or not self._file_system.sync():
            return sync_each(all_)
        for journal, end in behind.items():
            journal.synced(end)
        return sync_each(one for one in all_ if not isinstance(one, FileJournal))

    def _path(self, room: str) -> Path:
        # Text from clients must never name a file: only the id of a room can.
        if ROOM_ID.fullmatch(room) is None:
            raise KeyError(room)
        return self.folder / f"{room}{SUFFIX}"


class FileJournal:
    """One file. Only one thread can append; `sync`, `keep` and `close` can run on any thread."""

    def __init__(
        self,
        path: Path,
        durability: Durability = "process",
        found: tuple[Mark, StoredCheckpoint] | None = None,
    ) -> None:
        """Open the file, check the entries that no checkpoint covers, and cut off an unfinished
        last entry, which is then reported in `torn`. found: the checkpoint of this journal.

        Raises JournalError, and StoreFailedError, also if another process has the file open."""
        self.path = path
        self.torn: Torn | None = None
        self.checkpoint: StoredCheckpoint | None = None
        self._durability = durability
        self._broken: str | None = None
        self._guard = threading.Lock()
        try:
            self._file: BinaryIO = path.open("r+b", buffering=0)
        except OSError as error:
            raise StoreFailedError(f"{path.name}: {error.strerror}") from error
        try:
            self._claim()
            self.header = self._check(found)
        except OSError as error:
            self._file.close()
            if isinstance(error, StoreFailedError):
                raise
            raise StoreFailedError(f"{path.name}: {error.strerror}") from error
        except BaseException:
            self._file.close()
            raise
        self._synced = self._end

    @property
    def last(self) -> int:
        return self._last

    def append(self, entry: Entry) -> None:
        assert entry.seq == self._last + 1, "a journal has no gaps"
        if self._broken is not None:
            raise StoreFailedError(self._broken)
        data = record.entry_record(entry)
        try:
            written = _write_at(self._file, data, self._end)
        except OSError as error:
            self._take_back()
            raise StoreFailedError(f"{self.path.name}: {error.strerror}") from error
        if written != len(data):
            self._take_back()
            raise StoreFailedError(f"{self.path.name}: no space is left for the whole entry")
        self._ends(entry.seq, self._end + len(data))
        if self._durability == "disk":
            self.sync()

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        assert after >= 0, "seq counts from 1"
        last = self._last if limit is None else min(self._last, after + limit)
        if after >= last:
            return
        seq, offset = self._marks.before(after) or (0, self._first)
        where = self.path.name
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                while seq < last:
                    seq += 1
                    data = file.read(record.HEAD_BYTES)
                    whole = record.read_head(data, where, offset, seq)
                    if seq <= after:
                        file.seek(whole - record.HEAD_BYTES, os.SEEK_CUR)
                    else:
                        data += file.read(whole - record.HEAD_BYTES)
                        if len(data) != whole:
                            raise record.Unfinished
                        payload = record.read_payload(data, where, offset, seq)
                        yield record.read_entry(payload, where, offset, seq)
                    offset += whole
        except record.Unfinished:
            why = f"the file ends before it, but entry {last} was written"
            raise JournalDamagedError(where, offset, seq, why) from None
        except OSError as error:
            raise StoreFailedError(f"{where}: {error.strerror}") from error

    def mark(self) -> Mark:
        return Mark(self._last, self._end, *self._marks.rows())

    def keep(self, mark: Mark, said: bytes) -> None:
        if self._synced < mark.offset:
            self.sync()
        checkpoint.write(self.path, mark, said)

    def copy(self) -> Iterator[bytes]:
        try:
            size = self.path.stat().st_size
        except OSError as error:
            raise StoreFailedError(f"{self.path.name}: {error.strerror}") from error
        if size < self._end:
            raise StoreFailedError(f"{self.path.name}: the file was truncated")
        return _pieces(self.path, self._first, self._end)

    def sync(self) -> None:
        with self._guard:
            end = self._end
            if self._file.closed or end == self._synced:
                return
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                # After a failed fsync the content of the disk is unknown: stop writing.
                self._broken = f"{self.path.name}: {error.strerror}"
                raise StoreFailedError(self._broken) from error
            self._synced = end

    @property
    def is_behind(self) -> bool:
        """Whether some appended entries are not on the disk yet."""
        return self._synced < self._end

    @property
    def end(self) -> int:
        """How many bytes were written. A sync that begins now brings all of them to the disk."""
        return self._end

    def synced(self, end: int) -> None:
        """Record that the bytes up to `end` are on the disk after a sync of the file system."""
        with self._guard:
            self._synced = max(self._synced, end)

    def close(self) -> None:
        """Sync and close the file. Safe to call twice."""
        try:
            self.sync()
        finally:
            with self._guard:
                self._file.close()

    # --- Opening --------------------------------------------------------------------

    def _claim(self) -> None:
        """Lock the file: two servers must not write the same journal."""
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreFailedError(f"{self.path.name}: another process has it open") from error

    def _check(self, found: tuple[Mark, StoredCheckpoint] | None) -> Header:
        """Read the header and every entry after the checkpoint. Find where the entries end, report
        damage, and cut off an unfinished last entry."""
        where = self.path.name
        with self.path.open("rb") as file:
            if file.read(len(record.MAGIC)) != record.MAGIC:
                raise JournalDamagedError(where, 0, 0, "it is not a journal")
            payload = self._next(file, record.HEADER_OFFSET, 0)
            if payload is None:
                raise JournalDamagedError(where, record.HEADER_OFFSET, 0, "it is incomplete")
            header = record.read_header(payload, where)
            if header.room != self.path.stem:
                why = f"it belongs to room {header.room}"
                raise JournalDamagedError(where, record.HEADER_OFFSET, 0, why)
            self._first = file.tell()
            self._marks = Marks()
            self._ends(0, self._first)
            size = file.seek(0, os.SEEK_END)
            mark = None if found is None else found[0]
            if mark is None or mark.offset > size or not self._goes_on(file, mark, size):
                self._marks = Marks()
                self._ends(0, self._first)
                place = None
                for seq, end in self._read_on(file):
                    if mark is not None and seq == mark.seq:
                        place = end
                if mark is not None and place != mark.offset:
                    if self._last < mark.seq:
                        lost = mark.seq - self._last
                        why = f"the file was truncated: {lost} entries up to {mark.seq} are missing"
                        raise JournalDamagedError(where, self._end, self._last + 1, why)
                    log.warning(
                        "%s: the checkpoint is ignored: it belongs to a different journal", where
                    )
                    found = None
        if found is not None:
            self.checkpoint = found[1]
        self._cut()
        return header

    def _goes_on(self, file: BinaryIO, mark: Mark, size: int) -> bool:
        """Read the entries after the checkpoint. Returns False if they are damaged or if the
        checkpoint does not belong to this journal."""
        self._marks = Marks(mark.stride, mark.seqs, mark.offsets)
        self._ends(mark.seq, mark.offset)
        try:
            for _ in self._read_on(file):
                pass
        except JournalDamagedError:
            return False
        return self._last > mark.seq or self._end == size

    def _read_on(self, file: BinaryIO) -> Iterator[tuple[int, int]]:
        """Check the entries after the last known one. Yields the seq and the end of each."""
        where = self.path.name
        file.seek(self._end)
        while True:
            offset, seq = file.tell(), self._last + 1
            payload = self._next(file, offset, seq)
            if payload is None:
                return
            record.read_entry(payload, where, offset, seq)
            self._ends(seq, file.tell())
            yield self._last, self._end

    def _ends(self, seq: int, offset: int) -> None:
        """Set the last entry and the offset where it ends."""
        self._last, self._end = seq, offset
        if seq:
            self._marks.add(seq, offset)

    def _next(self, file: BinaryIO, offset: int, seq: int) -> bytes | None:
        """The payload of the next record, or None if the file ends here or within the record."""
        where = self.path.name
        head = file.read(record.HEAD_BYTES)
        try:
            whole = record.read_head(head, where, offset, seq)
            data = head + file.read(whole - record.HEAD_BYTES)
            if len(data) < whole:
                return None
            return record.read_payload(data, where, offset, seq)
        except record.Unfinished:
            return None
        except JournalDamagedError:
            if self._only_zeros_follow(offset, seq):
                return None
            raise

    def _only_zeros_follow(self, offset: int, seq: int) -> bool:
        """Whether the record at `offset` is an unfinished last record that ends in zeros. After a
        power failure, a file can have its new size but zeros instead of the bytes."""
        with self.path.open("rb") as file:
            file.seek(offset)
            rest = file.read()
        written = len(rest.rstrip(b"\0"))
        try:
            whole = record.read_head(rest[:written], self.path.name, offset, seq)
        except record.Unfinished:
            return True
        except JournalDamagedError:
            return False
        return written < whole

    def _cut(self) -> None:
        size = self._file.seek(0, os.SEEK_END)
        if size > self._end:
            self.torn = Torn(self._end, self._last + 1, size - self._end)
            self._take_back()

    def _take_back(self) -> None:
        """Cut off all bytes after the last complete entry."""
        try:
            self._file.truncate(self._end)
        except OSError as error:
            self._broken = (
                f"{self.path.name}: an incomplete entry cannot be removed: {error.strerror}"
            )
            raise StoreFailedError(self._broken) from error


def _write_at(file: BinaryIO, data: bytes, offset: int) -> int:
    """Write the bytes and return how many of them were written. Raises OSError."""
    if sys.platform == "win32":
        file.seek(offset)
        return file.write(data)
    return os.pwrite(file.fileno(), data, offset)


def _pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes of a file from `start` to `end`, read through a separate handle."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(COPY_BYTES, end - start))):
                start += len(piece)
                yield piece
    except OSError as error:
        raise StoreFailedError(f"{path.name}: {error.strerror}") from error
    if start < end:
        raise StoreFailedError(f"{path.name}: the file was truncated")


def _sync_folder(folder: Path) -> None:
    """Sync a folder. A new file survives a power failure only after its folder is synced."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
