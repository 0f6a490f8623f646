"""Snapshots and checkpoints as stores keep them: JSON with the version of its format, and back."""

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
    """What is written for a snapshot."""
    said = to_store("snapshot", keep.snapshot)
    return StoredSnapshot(SnapshotHead(keep.snapshot.generation, keep.at, said), keep.state)


def snapshot_of(head: SnapshotHead) -> packets.Snapshot:
    """The snapshot behind a stored head. Raises BadFrameError."""
    snapshot = from_store("snapshot", packets.Snapshot, head.said)
    if snapshot.generation != head.generation:
        raise bad("the snapshot belongs to a different turn than its file name says")
    return snapshot


def to_store(kept: Kept, value: object) -> bytes:
    """A value in JSON, with the version of its format and our release."""
    said = {"format": FORMATS[kept], "release": RELEASE, "value": plain(value)}
    return msgspec.json.encode(said)


def from_store(kept: Kept, type_: type[T], data: bytes) -> T:
    """The value that was written. Raises BadFrameError where it is not one, or another release
    wrote it in another format; fields that are not known are passed over."""
    said = read_json(data)
    if not isinstance(said, Mapping):
        raise bad(f"a stored {kept} must be a map")
    if (why := foreign(kept, said.get("format"), said.get("release"))) is not None:
        raise bad(f"the {kept} {why}")
    return read(type_, said.get("value"), strict=False)
