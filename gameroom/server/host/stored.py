"""Converts snapshots and checkpoints to their stored form and back: JSON with a format version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from gameroom.formats import FORMATS, RELEASE, Kept, foreign
from gameroom.lockstep import packets
from gameroom.room.effects import Keep
from gameroom.store import SnapshotHead, StoredSnapshot
from gameroom.wire import plain, read_json
from gameroom.wire.frames import bad
from gameroom.wire.shape import read

T = TypeVar("T")


def stored_snapshot(keep: Keep) -> StoredSnapshot:
    """The stored form of a snapshot."""
    said = to_store("snapshot", keep.snapshot)
    return StoredSnapshot(SnapshotHead(keep.snapshot.generation, keep.at, said), keep.state)


def snapshot_of(head: SnapshotHead) -> packets.Snapshot:
    """The snapshot in a stored head. Raises BadFrameError."""
    snapshot = from_store("snapshot", packets.Snapshot, head.said)
    if snapshot.generation != head.generation:
        raise bad("the snapshot belongs to a different turn than its file name says")
    return snapshot


def to_store(kept: Kept, value: object) -> bytes:
    """A value in JSON, with the version of its format and this release."""
    said = {"format": FORMATS[kept], "release": RELEASE, "value": plain(value)}
    return msgspec.json.encode(said)


def from_store(kept: Kept, type_: type[T], data: bytes) -> T:
    """The stored value. Unknown fields are ignored. Raises BadFrameError if the value is invalid,
    or if another release wrote it in a different format."""
    said = read_json(data)
    if not isinstance(said, Mapping):
        raise bad(f"a stored {kept} must be a map")
    if (why := foreign(kept, said.get("format"), said.get("release"))) is not None:
        raise bad(f"the {kept} {why}")
    return read(type_, said.get("value"), strict=False)
