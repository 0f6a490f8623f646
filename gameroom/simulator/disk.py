"""A journal on a disk that can be full, can lie, and can lose the end of a write.

The bytes are those of a journal file (`store.record`), kept in memory. What it does not
know: events. The rule it keeps is the file's: an entry is whole or it is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from gameroom.store import Entry, Header, StoreFailedError, record

Fault = Literal["before", "torn", "after"]
"""Where the next append goes wrong: nothing is written, a part of it, or all of it."""


class PowerLossError(Exception):
    """The process died while it wrote."""


class Disk:
    """fault: what happens to the next append, None for nothing. `torn` asks for how many
    bytes of the record come to the disk."""

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
        """Read every byte again; the whole entries, and how many bytes of an unfinished
        last one were cut off."""
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
