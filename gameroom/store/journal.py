"""A room's journal as one append-only file: the replay, the recovery and the evidence.

Knows no room: an event is bytes. The rules it keeps: an entry is whole or it is not there;
what is not what was written is named by its place and never passed over. Only an
unfinished last entry, which nobody was told of, is cut off when a journal is opened.

Writing is one `write` to the file before the broadcast and no fsync: the page cache
outlives the process. `sync` is for another thread, every 100 ms (see docs/design.md).

Beside the journal stands the room's checkpoint. It saves time, nothing else: one that is
damaged, missing or of another journal is as if it were not there. Where there is one, only the
entries behind it are checked when the journal is opened; each older one is checked when it is
read.
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
"""What has to fit on the disk for journals to be kept: more than any entry that is usual."""

TOGETHER_MIN = 4
"""From so many journals on, one sync of the whole file system costs less than one for each."""


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
        """Write the header under another name first: a journal has its whole header."""
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
        # No text from outside ever names a file: what is not an id has no journal.
        if ROOM_ID.fullmatch(room) is None:
            raise KeyError(room)
        return self.folder / f"{room}{SUFFIX}"


class FileJournal:
    """One file. Appending is for one thread, `sync`, `keep` and `close` for any."""

    def __init__(
        self,
        path: Path,
        durability: Durability = "process",
        found: tuple[Mark, StoredCheckpoint] | None = None,
    ) -> None:
        """Open, check what no checkpoint covers, cut off an unfinished last entry and tell it
        as `torn`. found: the checkpoint beside the file.

        Raises JournalError, or StoreFailedError when another process has it."""
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
                # After a failed fsync nobody knows what is on the disk: write no more.
                self._broken = f"{self.path.name}: {error.strerror}"
                raise StoreFailedError(self._broken) from error
            self._synced = end

    @property
    def is_behind(self) -> bool:
        """Whether something was appended that is not on the disk yet."""
        return self._synced < self._end

    @property
    def end(self) -> int:
        """How many bytes were written: what a sync that begins now brings to the disk."""
        return self._end

    def synced(self, end: int) -> None:
        """Everything up to `end` is on the disk, because the whole file system was synced."""
        with self._guard:
            self._synced = max(self._synced, end)

    def close(self) -> None:
        """Sync and let go. Safe to call twice."""
        try:
            self.sync()
        finally:
            with self._guard:
                self._file.close()

    # --- Opening --------------------------------------------------------------------

    def _claim(self) -> None:
        """Two servers must not write one journal."""
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreFailedError(f"{self.path.name}: another process has it open") from error

    def _check(self, found: tuple[Mark, StoredCheckpoint] | None) -> Header:
        """Read the header and every entry behind the checkpoint: find where they end, find
        damage, cut an unfinished end."""
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
        """Read what is behind the checkpoint. False where that makes no sense, as there is
        damage, or the checkpoint is of another journal."""
        self._marks = Marks(mark.stride, mark.seqs, mark.offsets)
        self._ends(mark.seq, mark.offset)
        try:
            for _ in self._read_on(file):
                pass
        except JournalDamagedError:
            return False
        return self._last > mark.seq or self._end == size

    def _read_on(self, file: BinaryIO) -> Iterator[tuple[int, int]]:
        """Check the entries from the last known one on; where each of them ends."""
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
        """This entry is the last one, and ends here."""
        self._last, self._end = seq, offset
        if seq:
            self._marks.add(seq, offset)

    def _next(self, file: BinaryIO, offset: int, seq: int) -> bytes | None:
        """The payload of the next record; None when the file ends, or was torn, here."""
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
        """Whether the record at `offset` was the last one, and its end never came to the
        disk: a file may have grown before a loss of power, and its bytes not."""
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
        """Cut off what follows the last whole entry."""
        try:
            self._file.truncate(self._end)
        except OSError as error:
            self._broken = (
                f"{self.path.name}: an incomplete entry cannot be removed: {error.strerror}"
            )
            raise StoreFailedError(self._broken) from error


def _write_at(file: BinaryIO, data: bytes, offset: int) -> int:
    """How many of the bytes were written. Raises OSError."""
    if sys.platform == "win32":
        file.seek(offset)
        return file.write(data)
    return os.pwrite(file.fileno(), data, offset)


def _pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes of a file from `start` to `end`, by a handle of their own."""
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
    """A new file is safe when its folder is."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
