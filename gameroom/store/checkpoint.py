"""The file of a room's checkpoint, in the same folder as its journal.

Knows no room: a checkpoint is bytes and the position in the journal up to which it is valid. It is
written under another name and then renamed, so the file is always complete: the old or the new one.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import msgspec

from gameroom.formats import FORMATS, RELEASE, foreign, printed
from gameroom.model import INT_MAX
from gameroom.store import record
from gameroom.store.interfaces import (
    JournalDamagedError,
    JournalError,
    Mark,
    OtherReleaseError,
    StoredCheckpoint,
    StoreFailedError,
)
from gameroom.store.marks import MARKS_MAX
from gameroom.store.record import UNREADABLE

log = logging.getLogger(__name__)

SUFFIX = ".checkpoint"
MAGIC = b"gameroom checkpoint\n"

_Whole = Annotated[int, msgspec.Meta(ge=0, le=INT_MAX)]


class _CheckpointHead(msgspec.Struct):
    """The first record, as JSON. The second record is the checkpoint itself."""

    format: int
    release: str
    room: str
    seq: _Whole
    offset: _Whole
    stride: Annotated[int, msgspec.Meta(ge=1, le=INT_MAX)]
    seqs: tuple[_Whole, ...]
    offsets: tuple[_Whole, ...]


class _AnyHead(msgspec.Struct):
    """The fields that the first record has in every version."""

    format: Any = None
    release: Any = None


_decode = msgspec.json.Decoder(_CheckpointHead).decode
_decode_any = msgspec.json.Decoder(_AnyHead).decode


def write(journal: Path, mark: Mark, said: bytes) -> None:
    """Replace the checkpoint of a journal. Raises StoreFailedError."""
    path = journal.with_suffix(SUFFIX)
    draft = path.with_suffix(".draft")
    head = _CheckpointHead(
        FORMATS["checkpoint"],
        RELEASE,
        journal.stem,
        mark.seq,
        mark.offset,
        mark.stride,
        mark.seqs,
        mark.offsets,
    )
    try:
        draft.write_bytes(
            MAGIC + record.record(0, msgspec.json.encode(head)) + record.record(1, said)
        )
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise StoreFailedError(f"{path.name}: {error.strerror}") from error


def read(journal: Path) -> tuple[Mark, StoredCheckpoint] | None:
    """The checkpoint of a journal, or None if there is no usable one."""
    path = journal.with_suffix(SUFFIX)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("checkpoint %s: cannot be read: %s", path.name, error.strerror)
        return None
    try:
        if not data.startswith(MAGIC):
            raise JournalDamagedError(path.name, 0, 0, "it is not a checkpoint")
        first, at = record.read_at(data, path.name, len(MAGIC), 0)
        said, _ = record.read_at(data, path.name, at, 1)
        any_head = _decode_any(first)
        if (why := foreign("checkpoint", any_head.format, any_head.release)) is not None:
            raise OtherReleaseError(path.name, why)
        head = _decode(first)
        if head.room != journal.stem:
            why = f"it belongs to room {printed(head.room, 40)}"
            raise JournalDamagedError(path.name, len(MAGIC), 0, why)
        if not _rises(head.seqs, head.seq) or not _rises(head.offsets, head.offset):
            raise JournalDamagedError(path.name, len(MAGIC), 0, "its positions do not increase")
        if len(head.seqs) != len(head.offsets) or len(head.seqs) > MARKS_MAX:
            raise JournalDamagedError(path.name, len(MAGIC), 0, "its positions are not pairs")
        mark = Mark(head.seq, head.offset, head.stride, head.seqs, head.offsets)
    except (JournalError, record.Unfinished, *UNREADABLE) as error:
        log.warning("checkpoint %s: ignored: %s", path.name, error or "it is incomplete")
        return None
    return mark, StoredCheckpoint(head.seq, said)


def _rises(numbers: tuple[int, ...], most: int) -> bool:
    """Whether each number is greater than the one before it, and the last is at most `most`."""
    return all(a < b for a, b in pairwise(numbers)) and (not numbers or numbers[-1] <= most)
