"""One record of a journal as bytes, and bytes as records again.

Knows no file. A record is

    length u32, seq u64, crc32 of these 12 bytes u32 | payload | crc32 of it u32 | 0x0a

little end first. The head has its own checksum, or a flipped length would look like an
entry whose end was never written and take all that follows with it. The last byte is
never 0, so a record that ends in zeros was never finished: a file that lost its power may
have grown without its bytes.

seq 0 is the header, JSON so that a person can read it; the payload of an entry is
`at u64, has chart u8, length of the event u32 | event | chart`.
"""

from __future__ import annotations

import struct
from dataclasses import asdict
from zlib import crc32

import msgspec

from gameroom.store.base import Entry, Header, JournalDamagedError

FORMAT = 1
MAGIC = b"gameroom journal\n"
PAYLOAD_BYTES_MAX = 64 * 1024 * 1024

_HEAD = struct.Struct("<IQ")
_SUM = struct.Struct("<I")
_ENTRY = struct.Struct("<QBI")
_END = b"\n"

HEAD_BYTES = _HEAD.size + _SUM.size
FOOT_BYTES = _SUM.size + len(_END)
HEADER_OFFSET = len(MAGIC)


def record(seq: int, payload: bytes) -> bytes:
    assert len(payload) <= PAYLOAD_BYTES_MAX, "an entry is bounded by what a room may say"
    head = _HEAD.pack(len(payload), seq)
    return b"".join((head, _SUM.pack(crc32(head)), payload, _SUM.pack(crc32(payload)), _END))


def entry_record(entry: Entry) -> bytes:
    chart = entry.chart
    head = _ENTRY.pack(entry.at, chart is not None, len(entry.event))
    return record(entry.seq, b"".join((head, entry.event, chart or b"")))


def header_record(header: Header) -> bytes:
    return record(0, msgspec.json.encode({"format": FORMAT, **asdict(header)}))


class Unfinished(Exception):  # noqa: N818  it is a finding, not an error: the end of the file
    """The bytes end before the record does."""


def read_head(data: bytes, where: str, offset: int, seq: int) -> int:
    """The whole length of the record `seq` that begins with these HEAD_BYTES bytes."""
    if len(data) < HEAD_BYTES:
        raise Unfinished
    length, said = _HEAD.unpack_from(data)
    if _SUM.unpack_from(data, _HEAD.size)[0] != crc32(data[: _HEAD.size]):
        raise JournalDamagedError(where, offset, seq, "the head's checksum does not fit")
    if said != seq:
        raise JournalDamagedError(where, offset, seq, f"entry {said} stands here")
    if length > PAYLOAD_BYTES_MAX:
        raise JournalDamagedError(where, offset, seq, f"{length} bytes are too many")
    return int(HEAD_BYTES + length + FOOT_BYTES)


def read_payload(data: bytes, where: str, offset: int, seq: int) -> bytes:
    """The payload of the whole record `seq`, as long as its head says."""
    payload = data[HEAD_BYTES:-FOOT_BYTES]
    if _SUM.unpack_from(data, len(data) - FOOT_BYTES)[0] != crc32(payload):
        raise JournalDamagedError(where, offset, seq, "its checksum does not fit")
    if not data.endswith(_END):
        raise JournalDamagedError(where, offset, seq, "its last byte is wrong")
    return payload


def read_at(data: bytes, where: str, offset: int, seq: int) -> tuple[bytes, int]:
    """The payload of the record that begins here, and where it ends."""
    end = offset + read_head(data[offset : offset + HEAD_BYTES], where, offset, seq)
    if end > len(data):
        raise Unfinished
    return read_payload(data[offset:end], where, offset, seq), end


def read_entry(payload: bytes, where: str, offset: int, seq: int) -> Entry:
    try:
        at, has_chart, length = _ENTRY.unpack_from(payload)
    except struct.error:
        raise JournalDamagedError(where, offset, seq, "it is too short") from None
    event = payload[_ENTRY.size : _ENTRY.size + length]
    chart = payload[_ENTRY.size + length :]
    return Entry(seq, at, event, chart if has_chart else None)


def read_header(payload: bytes, where: str) -> Header:
    said = msgspec.json.decode(payload)
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise JournalDamagedError(where, HEADER_OFFSET, 0, f"its format is not {FORMAT}")
    del said["format"]
    said["used"] = {name: (file, text) for name, (file, text) in said["used"].items()}
    return Header(**said)
