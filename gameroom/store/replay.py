"""A replay: one file with all that it takes to see a game again and to check it.

Knows no room: an event is bytes, and so is an engine. The records are the journal's (see
`record`), so a replay is a journal with the code that it names:

    magic | header, seq 0 | definition, seq 0 | engine, seq 0 | view, seq 0, and kit, seq 0,
    where the header has one | the entries, seq 1, 2, ... | the end: an empty record with the
    seq after the last

The kit is what the engine was given to work with: with it an old game plays as it did.

The definition is what the room file comes to for clients, in JSON: who cannot read room
files needs its order of commands and fields to read the events.

The end tells a whole file from one that was cut off between two entries. What stands
before a cut is good, and so is what stands before damage: a reader gives it out first.
Replays come from strangers, so everything here has a limit and a wrong header is refused.
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
"""Of an engine, a view or a kit."""
BYTES_MAX = 1024 * 1024 * 1024
"""Of a whole file. A room of eight for a day is a tenth of it."""
PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class StoredCode:
    """What a player needs of a room: the sources that a header names by their hashes, and
    the published definition of its room file."""

    definition: bytes
    engine: bytes
    view: bytes | None = None
    kit: bytes | None = None


def code_of(
    header: Header, definition: bytes, source: Callable[[str], bytes | None]
) -> StoredCode | None:
    """What a header names; None where `source` does not have all of it any more."""

    def found(sha256: str | None) -> bytes | None:
        return None if sha256 is None else source(sha256)

    engine, view, kit = found(header.engine), found(header.view), found(header.kit)
    is_whole = (view is None) == (header.view is None) and (kit is None) == (header.kit is None)
    return None if engine is None or not is_whole else StoredCode(definition, engine, view, kit)


@dataclass(frozen=True, slots=True)
class Cut:
    """The file ends too early: after `seq` whole entries, at byte `offset`."""

    seq: int
    offset: int


def written(
    header: Header, code: StoredCode, records: Iterable[bytes], last: Callable[[], int]
) -> Iterator[bytes]:
    """The bytes of a replay, in pieces of about PIECE_BYTES or as `records` come.

    records: those of the entries from 1 on, in pieces of any size.
    last: the seq of the last of them; asked when they have come.
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
    """Records that are read once, in order, from a file that nobody else reads from here.

    last: the seq of the last whole entry that was read.
    cut: where the file ends too early, None for a whole one; known when the walk is over.
    """

    magic: bytes
    kind: str

    def __init__(self, file: BinaryIO, where: str) -> None:
        """Raises JournalDamagedError where the beginning is not whole, OtherReleaseError where
        it is of another version."""
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
        """The payload of the next record, None where the file ends within it."""
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
    """A replay. `entries` may be walked once. The hashes of the code are not compared here."""

    magic = MAGIC
    kind = "replay"

    def __init__(self, file: BinaryIO, where: str) -> None:
        super().__init__(file, where)
        definition, engine = self._beginning("definition"), self._beginning("engine")
        view = None if self.header.view is None else self._beginning("view")
        kit = None if self.header.kit is None else self._beginning("kit")
        self.code = StoredCode(definition, engine, view, kit)

    def entries(self) -> Iterator[Entry]:
        """The whole entries in order. Raises JournalDamagedError after those before it."""
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
    """A journal that somebody else may be writing: it is read, not claimed and not repaired.
    What is being written at its end is `cut`."""

    magic = record.MAGIC
    kind = "journal"

    def entries(self) -> Iterator[Entry]:
        """The whole entries in order. Raises JournalDamagedError after those before it."""
        while True:
            seq, offset = self.last + 1, self._offset
            try:
                payload = self._next(seq)
            except JournalDamagedError:
                # A file may have grown before a loss of power, and its bytes not.
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
