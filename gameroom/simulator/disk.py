"""A journal on a simulated disk that can be full, report false errors, or lose the end of a write.

The bytes are those of a journal file (`store.record`), kept in memory. It knows no events. The rule
is that of the file: an entry is stored completely or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from gameroom.store import Entry, Header, StoreFailedError, record

Fault = Literal["before", "torn", "after"]
"""How the next append fails: before writing, after a part ("torn"), or after writing all."""


class PowerLossError(Exception):
    """The process died during a write."""


class Disk:
    """fault: how the next append fails, None for success. For "torn", the `torn` argument of
    `append` returns how many bytes of the record are written."""

    def __init__(self, header: Header) -> None:
        self.data = bytearray(record.MAGIC + record.header_record(header))
        self.last = 0
        self.fault: Fault | None = None

    def append(self, entry: Entry, torn: Callable[[int], int]) -> None:
        assert entry.seq == self.last + 1, "a journal has no gaps"
        data = record.entry_record(entry)
        fault, self.fault = self.fault, None
        if fault == "before":
            raise StoreFailedError("the disk is full")
        if fault == "torn":
            self.data += data[: torn(len(data))]
            raise PowerLossError
        self.data += data
        self.last += 1
        if fault == "after":
            raise StoreFailedError("the write could not be confirmed")

    def reopen(self) -> tuple[list[Entry], int]:
        """Read the journal again. Returns the complete entries, and the size of an unfinished last
        entry that was cut off."""
        data, entries, where = self.data, list[Entry](), "disk"
        assert data.startswith(record.MAGIC)
        offset = record.HEADER_OFFSET
        record.read_header(self._payload(offset, 0), where)
        offset = self._end(offset, 0)
        while offset < len(data):
            seq = len(entries) + 1
            try:
                end = self._end(offset, seq)
                payload = self._payload(offset, seq)
            except record.Unfinished:
                break
            entries.append(record.read_entry(payload, where, offset, seq))
            offset = end
        torn = len(data) - offset
        del data[offset:]
        self.last, self.fault = len(entries), None
        return entries, torn

    def _end(self, offset: int, seq: int) -> int:
        head = bytes(self.data[offset : offset + record.HEAD_BYTES])
        return offset + record.read_head(head, "disk", offset, seq)

    def _payload(self, offset: int, seq: int) -> bytes:
        end = self._end(offset, seq)
        if end > len(self.data):
            raise record.Unfinished
        return record.read_payload(bytes(self.data[offset:end]), "disk", offset, seq)
