"""Encodes and decodes the records of a journal.

Knows no file. A record is

    length u32, seq u64, crc32 of these 12 bytes u32 | payload | crc32 of it u32 | 0x0a

in little-endian byte order. The head has its own checksum: without it, a damaged length would look
like an unfinished last entry, and all entries after it would be lost. The last byte is never 0. So
a record that ends in zeros is unfinished: after a power failure, a file can have its new size but
zeros instead of the bytes.

The record with seq 0 is the header. It is JSON, so that people can read it, and contains the
version of the format and the release that wrote it. A reader ignores unknown fields. The payload of
an entry is `at u64, has chart u8, length of the event u32, count of ids u32 | event | ids | chart`,
each id as `seat u16, id u64`.
"""

from __future__ import annotations

import struct
from dataclasses import asdict
from itertools import starmap
from typing import Annotated, Any
from zlib import crc32

import msgspec

from gameroom.formats import FORMATS, foreign
from gameroom.model import INT_MAX
from gameroom.store.interfaces import ROOM_ID, Entry, Header, JournalDamagedError, OtherReleaseError

MAGIC = b"gameroom journal\n"
PAYLOAD_BYTES_MAX = 64 * 1024 * 1024

_HEAD = struct.Struct("<IQ")
_SUM = struct.Struct("<I")
_ENTRY = struct.Struct("<QBII")
_ID = struct.Struct("<HQ")
_END = b"\n"

HEAD_BYTES = _HEAD.size + _SUM.size
FOOT_BYTES = _SUM.size + len(_END)
HEADER_OFFSET = len(MAGIC)


UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""The errors that msgspec raises for bytes that it cannot decode."""


def record(seq: int, payload: bytes) -> bytes:
    assert len(payload) <= PAYLOAD_BYTES_MAX, "an entry is bounded by what a room may say"
    head = _HEAD.pack(len(payload), seq)
    return b"".join((head, _SUM.pack(crc32(head)), payload, _SUM.pack(crc32(payload)), _END))


def entry_record(entry: Entry) -> bytes:
    chart = entry.chart
    payload = _ENTRY.pack(entry.at, chart is not None, len(entry.event), len(entry.ids))
    payload += entry.event + b"".join(starmap(_ID.pack, entry.ids))
    if chart is not None:
        payload += chart
    return record(entry.seq, payload)


def header_record(header: Header) -> bytes:
    return record(0, msgspec.json.encode({"format": FORMATS["journal"], **asdict(header)}))


class Unfinished(Exception):  # noqa: N818  it is a finding, not an error: the end of the file
    """The bytes end before the record is complete."""


def read_head(data: bytes, where: str, offset: int, seq: int) -> int:
    """The length in bytes of the record `seq` that begins with these HEAD_BYTES bytes.

    Raises Unfinished if there are fewer bytes, and JournalDamagedError."""
    if len(data) < HEAD_BYTES:
        raise Unfinished
    length, said = _HEAD.unpack_from(data)
    if _SUM.unpack_from(data, _HEAD.size)[0] != crc32(data[: _HEAD.size]):
        raise JournalDamagedError(where, offset, seq, "the checksum of its head is wrong")
    if said != seq:
        raise JournalDamagedError(where, offset, seq, f"found entry {said} in its place")
    if length > PAYLOAD_BYTES_MAX:
        raise JournalDamagedError(where, offset, seq, f"its size of {length} bytes is too large")
    return int(HEAD_BYTES + length + FOOT_BYTES)


def read_payload(data: bytes, where: str, offset: int, seq: int) -> bytes:
    """The payload of the record `seq`. data: the complete record. Raises JournalDamagedError."""
    payload = data[HEAD_BYTES:-FOOT_BYTES]
    if _SUM.unpack_from(data, len(data) - FOOT_BYTES)[0] != crc32(payload):
        raise JournalDamagedError(where, offset, seq, "its checksum is wrong")
    if not data.endswith(_END):
        raise JournalDamagedError(where, offset, seq, "its last byte is wrong")
    return payload


def read_at(data: bytes, where: str, offset: int, seq: int) -> tuple[bytes, int]:
    """The payload of the record that begins at `offset`, and the offset where the record ends.

    Raises Unfinished and JournalDamagedError."""
    end = offset + read_head(data[offset : offset + HEAD_BYTES], where, offset, seq)
    if end > len(data):
        raise Unfinished
    return read_payload(data[offset:end], where, offset, seq), end


def read_entry(payload: bytes, where: str, offset: int, seq: int) -> Entry:
    try:
        at, has_chart, length, count = _ENTRY.unpack_from(payload)
    except struct.error:
        raise JournalDamagedError(where, offset, seq, "it is too short") from None
    ids_at = _ENTRY.size + length
    chart_at = ids_at + count * _ID.size
    event, chart = payload[_ENTRY.size : ids_at], payload[chart_at:]
    if len(payload) < chart_at or has_chart > 1 or (chart and not has_chart):
        raise JournalDamagedError(
            where, offset, seq, "its parts do not have the lengths that it states"
        )
    if at > INT_MAX:
        raise JournalDamagedError(where, offset, seq, "its time is out of range")
    ids = tuple(_ID.iter_unpack(payload[ids_at:chart_at]))
    if any(not 1 <= one <= INT_MAX for _, one in ids):
        raise JournalDamagedError(where, offset, seq, "the id of a command is out of range")
    return Entry(seq, at, event, chart if has_chart else None, ids)


_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Head(msgspec.Struct):
    """The fields that the header has in every version."""

    format: Any = None
    release: Any = None


class _Header(msgspec.Struct):
    """The header of this version. Fields with a default are optional."""

    room: Annotated[str, msgspec.Meta(pattern=f"^{ROOM_ID.pattern}$")]
    name: str
    text: str
    engine: str
    release: str
    used: dict[str, tuple[str, str]] = {}
    view: str | None = None
    kit: _Sha256 | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=INT_MAX)] = 0
    setup: dict[str, Any] = {}
    created: Annotated[int, msgspec.Meta(ge=0, le=INT_MAX)] = 0


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_header = msgspec.json.Decoder(_Header).decode


def read_header(payload: bytes, where: str, offset: int = HEADER_OFFSET) -> Header:
    """Decode a header from an untrusted source. Raises JournalDamagedError, and OtherReleaseError
    for another version of the format."""
    try:
        head = _decode_head(payload)
        if (why := foreign("journal", head.format, head.release)) is not None:
            raise OtherReleaseError(where, why)
        said = _decode_header(payload)
    except UNREADABLE as error:
        why = f"the header cannot be read: {error}"
        raise JournalDamagedError(where, offset, 0, why) from None
    return Header(**msgspec.structs.asdict(said))
