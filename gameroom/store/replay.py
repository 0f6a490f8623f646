"""A replay: one file with everything needed to watch a game again and to check it.

Knows no room: an event is bytes, and so is an engine. A replay has the same records as a journal
(see `record`), plus the code that the header names:

    magic | header, seq 0 | definition, seq 0 | engine, seq 0 | view and kit, each seq 0, if the
    header has one | the entries, seq 1, 2, ... | the end: an empty record with the seq after the
    last

The kit is the library that the engine was given. With its original kit, an old game plays the
same way again.

The definition is the part of the room file that clients need, in JSON. A program that cannot read
room files needs its order of commands and fields to read the events.

The empty record at the end distinguishes a complete file from a file that was cut off between two
entries. Entries before a cut or before damage are valid, and a reader returns them first.
Replays come from strangers, so every part has a size limit and an invalid header is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from gameroom.store import record
from gameroom.store.interfaces import Entry, Header, JournalDamagedError

MAGIC = b"gameroom replay\n"
SUFFIX = ".replay"
MEDIA = "application/vnd.gameroom.replay"
SOURCE_BYTES_MAX = 16 * 1024 * 1024
"""The limit for the size of an engine, a view or a kit."""
BYTES_MAX = 1024 * 1024 * 1024
"""The limit for the size of a whole file. A game of 8 players and one day needs a tenth of it."""
PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class StoredCode:
    """The code of a room: the sources that its header names by their hashes, and the published
    definition of its room file."""

    definition: bytes
    engine: bytes
    view: bytes | None = None
    kit: bytes | None = None


def code_of(
    header: Header, definition: bytes, source: Callable[[str], bytes | None]
) -> StoredCode | None:
    """The code that a header names, or None if `source` no longer has all of it."""

    def found(sha256: str | None) -> bytes | None:
        return None if sha256 is None else source(sha256)

    engine, view, kit = found(header.engine), found(header.view), found(header.kit)
    is_whole = (view is None) == (header.view is None) and (kit is None) == (header.kit is None)
    return None if engine is None or not is_whole else StoredCode(definition, engine, view, kit)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a file ends too early: after `seq` complete entries, at byte `offset`."""

    seq: int
    offset: int


def written(
    header: Header, code: StoredCode, records: Iterable[bytes], last: Callable[[], int]
) -> Iterator[bytes]:
    """The bytes of a replay, in pieces of at least PIECE_BYTES; the last can be shorter.

    records: the records of the entries from 1 on, in pieces of any size.
    last: returns the seq of the last entry. Called once, after all `records`.
    """
    assert (code.view is None) == (header.view is None), "the header says whether there is a view"
    assert (code.kit is None) == (header.kit is None), "the header says whether there is a kit"
    piece = bytearray(MAGIC + record.header_record(header))
    for source in (code.definition, code.engine, code.view, code.kit):
        if source is not None:
            piece += record.record(0, source)
    for more in records:
        piece += more
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece + record.record(last() + 1, b""))


class _Records:
    """Reads the records of a file once, in order. No other code must read from the same handle.

    last: the seq of the last complete entry that was read.
    cut: where the file ends too early, None if it is complete. Final after the last entry.
    """

    magic: bytes
    kind: str

    def __init__(self, file: BinaryIO, where: str) -> None:
        """Raises JournalDamagedError if the beginning is incomplete or damaged, and
        OtherReleaseError if it has another format version."""
        self._file = file
        self._where = where
        self._offset = 0
        self.last = 0
        self.cut: Cut | None = None
        if self._take(len(self.magic)) != self.magic:
            raise JournalDamagedError(where, 0, 0, f"it is not a {self.kind}")
        offset = self._offset
        self.header = record.read_header(self._beginning("header"), where, offset)

    def _beginning(self, what: str) -> bytes:
        offset = self._offset
        payload = self._next(0)
        if payload is None:
            raise JournalDamagedError(
                self._where, offset, 0, f"it is incomplete: it ends within the {what}"
            )
        if len(payload) > SOURCE_BYTES_MAX:
            raise JournalDamagedError(self._where, offset, 0, f"the {what} is too large")
        return payload

    def _next(self, seq: int) -> bytes | None:
        """The payload of the next record, or None if the file ends within it."""
        offset = self._offset
        head = self._take(record.HEAD_BYTES)
        try:
            whole = record.read_head(head, self._where, offset, seq)
        except record.Unfinished:
            return None
        if offset + whole > BYTES_MAX:
            raise JournalDamagedError(
                self._where, offset, seq, f"it is larger than {BYTES_MAX} bytes"
            )
        data = head + self._take(whole - len(head))
        if len(data) < whole:
            return None
        return record.read_payload(data, self._where, offset, seq)

    def _take(self, size: int) -> bytes:
        data = self._file.read(size)
        self._offset += len(data)
        return data


class Reader(_Records):
    """A replay. You can iterate over `entries` once. The code's hashes are not checked here."""

    magic = MAGIC
    kind = "replay"

    def __init__(self, file: BinaryIO, where: str) -> None:
        super().__init__(file, where)
        definition, engine = self._beginning("definition"), self._beginning("engine")
        view = None if self.header.view is None else self._beginning("view")
        kit = None if self.header.kit is None else self._beginning("kit")
        self.code = StoredCode(definition, engine, view, kit)

    def entries(self) -> Iterator[Entry]:
        """The complete entries in order. At damage, raises JournalDamagedError."""
        while True:
            seq, offset = self.last + 1, self._offset
            payload = self._next(seq)
            if payload is None:
                self.cut = Cut(self.last, offset)
                return
            if not payload:
                if self._take(1):
                    why = "it has extra data after its end"
                    raise JournalDamagedError(self._where, self._offset - 1, seq, why)
                return
            yield record.read_entry(payload, self._where, offset, seq)
            self.last = seq


class JournalReader(_Records):
    """A journal that a server might be writing. It is only read, neither locked nor repaired.
    An unfinished entry at its end is reported as `cut`."""

    magic = record.MAGIC
    kind = "journal"

    def entries(self) -> Iterator[Entry]:
        """The complete entries in order. At damage, raises JournalDamagedError."""
        while True:
            seq, offset = self.last + 1, self._offset
            try:
                payload = self._next(seq)
            except JournalDamagedError:
                # After a power failure a file can have its new size but zeros instead of the bytes.
                self._file.seek(offset)
                if self._file.read(record.PAYLOAD_BYTES_MAX).strip(b"\0"):
                    raise
                payload = None
            if payload is None:
                if self._offset > offset:
                    self.cut = Cut(self.last, offset)
                return
            yield record.read_entry(payload, self._where, offset, seq)
            self.last = seq
