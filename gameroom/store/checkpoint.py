"""The file of a room's checkpoint, beside its journal.

Knows no room: a checkpoint is bytes, and the place in the journal up to which it goes. It is
written under another name first and then renamed, so it is whole or the one before it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import msgspec

from gameroom.store import record
from gameroom.store.base import JournalDamagedError, Mark, StoredCheckpoint, StoreFailedError

log = logging.getLogger(__name__)

SUFFIX = ".checkpoint"
MAGIC = b"gameroom checkpoint\n"
FORMAT = 1


class _Head(msgspec.Struct):
    """The first record, as JSON; the second one is the checkpoint itself."""

    format: int
    seq: int
    offset: int
    stride: int
    seqs: tuple[int, ...]
    offsets: tuple[int, ...]


_decode = msgspec.json.Decoder(_Head).decode


def write(journal: Path, mark: Mark, said: bytes) -> None:
    """Replace the checkpoint of a journal. Raises StoreFailedError."""
    path = journal.with_suffix(SUFFIX)
    draft = path.with_suffix(".draft")
    head = _Head(FORMAT, mark.seq, mark.offset, mark.stride, mark.seqs, mark.offsets)
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
    """The checkpoint of a journal, None where there is none that can be used."""
    path = journal.with_suffix(SUFFIX)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("the checkpoint %s cannot be read: %s", path.name, error.strerror)
        return None
    try:
        if not data.startswith(MAGIC):
            raise JournalDamagedError(path.name, 0, 0, "this is not a checkpoint")
        first, at = record.read_at(data, path.name, len(MAGIC), 0)
        said, _ = record.read_at(data, path.name, at, 1)
        head = _decode(first)
        if head.format != FORMAT or len(head.seqs) != len(head.offsets) or head.stride < 1:
            raise JournalDamagedError(path.name, len(MAGIC), 0, f"its format is not {FORMAT}")
        mark = Mark(head.seq, head.offset, head.stride, head.seqs, head.offsets)
    except (JournalDamagedError, record.Unfinished, msgspec.MsgspecError) as error:
        log.warning("the checkpoint %s is not used: %s", path.name, error or "it is unfinished")
        return None
    return mark, StoredCheckpoint(head.seq, said)
