"""Snapshots as files: the latest of each room, for clients that join late.

Knows no room: a head and a state are bytes. A snapshot only saves time, because its content also
follows from the journal. So a damaged or unfinished snapshot is ignored.
"""

from __future__ import annotations

import logging
import re
import struct
from contextlib import suppress
from pathlib import Path

from gameroom.model import INT_MAX
from gameroom.store import record
from gameroom.store.interfaces import (
    ROOM_ID,
    SNAPSHOTS_KEPT,
    JournalDamagedError,
    SnapshotHead,
    StoredSnapshot,
    StoreFailedError,
)

log = logging.getLogger(__name__)

MAGIC = b"gameroom snapshot\n"
_HEAD = struct.Struct("<QQ")
_NAME = re.compile(r"[^.]+\.(\d{1,16})\.snapshot")


class FileSnapshots:
    """Files `<room>.<generation>.snapshot` in one folder, at most SNAPSHOTS_KEPT per room."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFailedError(f"{folder}: {error.strerror}") from error

    def put(self, room: str, snapshot: StoredSnapshot) -> None:
        head = snapshot.head
        path = self._path(room, head.generation)
        draft = path.with_suffix(".new")
        first = _HEAD.pack(head.generation, head.at) + head.said
        try:
            draft.write_bytes(MAGIC + record.record(0, first) + record.record(1, snapshot.state))
            draft.rename(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreFailedError(f"{path.name}: {error.strerror}") from error
        for old in self._paths(room)[SNAPSHOTS_KEPT:]:
            _remove(old)

    def heads(self, room: str) -> tuple[SnapshotHead, ...]:
        read = (self._read(path) for path in self._paths(room))
        return tuple(snapshot.head for snapshot in read if snapshot is not None)

    def state(self, room: str, generation: int) -> bytes | None:
        snapshot = self._read(self._path(room, generation))
        return None if snapshot is None else snapshot.state

    def drop(self, room: str) -> None:
        for path in self._paths(room):
            _remove(path)

    def _path(self, room: str, generation: int) -> Path:
        # Text from clients must never name a file: only the id of a room can.
        if ROOM_ID.fullmatch(room) is None:
            raise KeyError(room)
        return self.folder / f"{room}.{generation}.snapshot"

    def _paths(self, room: str) -> list[Path]:
        """The files of a room's snapshots, newest first."""
        found = []
        for path in self.folder.glob(f"{room}.*.snapshot"):
            name = _NAME.fullmatch(path.name)
            if name is not None:
                found.append((int(name[1]), path))
        return [path for _, path in sorted(found, reverse=True)]

    def _read(self, path: Path) -> StoredSnapshot | None:
        try:
            data = path.read_bytes()
        except OSError:
            return None
        try:
            if not data.startswith(MAGIC):
                raise JournalDamagedError(path.name, 0, 0, "it is not a snapshot")
            first, at = record.read_at(data, path.name, len(MAGIC), 0)
            state, _ = record.read_at(data, path.name, at, 1)
            head = _head(first, path)
        except (JournalDamagedError, record.Unfinished) as error:
            log.warning("snapshot %s: ignored: %s", path.name, error or "it is incomplete")
            return None
        return StoredSnapshot(head, state)


def _head(first: bytes, path: Path) -> SnapshotHead:
    """Decode the first record of a snapshot."""
    if len(first) < _HEAD.size:
        raise JournalDamagedError(path.name, len(MAGIC), 0, "it is too short")
    generation, at = _HEAD.unpack_from(first)
    if path.name.split(".")[1] != str(generation) or at > INT_MAX:
        raise JournalDamagedError(path.name, len(MAGIC), 0, "it belongs to a different turn")
    return SnapshotHead(generation, at, first[_HEAD.size :])


def _remove(path: Path) -> None:
    """Remove a file. A failure is only logged: an old snapshot that remains does no harm."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("snapshot %s: cannot be removed: %s", path.name, error.strerror)
