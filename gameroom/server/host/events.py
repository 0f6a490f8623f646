"""What a room says as its stores keep it: events in the bytes of the msgpack subprotocol,
snapshots with a head in JSON, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from gameroom.formats import FORMATS, RELEASE, Kept, foreign, printed, writer
from gameroom.lockstep import packets
from gameroom.lockstep.packets import Event
from gameroom.room.effects import Append, Keep
from gameroom.store import (
    Entry,
    Header,
    JournalDamagedError,
    NotRecoveredError,
    OtherReleaseError,
    SnapshotHead,
    StoredSnapshot,
    StoreFailedError,
)
from gameroom.wire import BODIES, BadFrameError, Codec, EventFrame, plain, read_json
from gameroom.wire.frames import bad
from gameroom.wire.shape import read

T = TypeVar("T")

_BODIES = tuple(BODIES.values())


def entry_of(append: Append, codec: Codec) -> Entry:
    """What is written for an event."""
    data = codec.encode_event(append.event)
    assert isinstance(data, bytes), "journals are written in msgpack"
    return Entry(append.event.seq, append.at, data, append.chart, append.ids)


def event_of(entry: Entry, codec: Codec) -> Event:
    """The event of an entry. Raises JournalDamagedError where it is not one of a room."""
    found = read_event(entry, codec)
    if isinstance(found, str):
        raise JournalDamagedError("the journal", None, entry.seq, found)
    return found


def read_event(entry: Entry, codec: Codec) -> Event | str:
    """The event of an entry, or why there is none: it may be anybody's bytes."""
    try:
        frame = codec.decode_event(entry.event)
    except (BadFrameError, RecursionError) as error:
        return str(error) or type(error).__name__
    if not isinstance(frame, EventFrame):
        return "it is not an event"
    if frame.seq != entry.seq:
        return f"it says that it is event {frame.seq}"
    if not isinstance(frame.body, _BODIES):
        return "it is of no kind that this release knows"
    return Event(entry.seq, frame.body)


def appends(entries: Iterable[Entry], codec: Codec) -> Iterator[Append]:
    """A journal as the room folds it. Raises JournalError."""
    for entry in entries:
        yield Append(event_of(entry, codec), entry.at, entry.chart, entry.ids)


def stored_snapshot(keep: Keep) -> StoredSnapshot:
    """What is written for a snapshot."""
    said = to_store("snapshot", keep.snapshot)
    return StoredSnapshot(SnapshotHead(keep.snapshot.generation, keep.at, said), keep.state)


def snapshot_of(head: SnapshotHead) -> packets.Snapshot:
    """The snapshot behind a stored head. Raises BadFrameError."""
    snapshot = from_store("snapshot", packets.Snapshot, head.said)
    if snapshot.generation != head.generation:
        raise bad("the snapshot is of another turn than its file")
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
        raise bad(f"a stored {kept} is a map")
    if (why := foreign(kept, said.get("format"), said.get("release"))) is not None:
        raise bad(f"the {kept} {why}")
    return read(type_, said.get("value"), strict=False)


@contextmanager
def recovering(header: Header) -> Iterator[None]:
    """Whatever goes wrong in here comes from the store: it ends in a JournalError, of one line.

    The bytes may be another release's or a stranger's. So even an assertion that fails on
    them says something about the room, and it must not take the others along.
    """
    try:
        yield
    except (OtherReleaseError, StoreFailedError):
        raise
    except Exception as error:
        if isinstance(error, JournalDamagedError) and error.offset is not None:
            raise
        said = " ".join(str(error).split())
        if type(error).__module__ == "builtins":
            # Ours are in words; of Python's own the name says more.
            said = f"{type(error).__name__} {said}"
        why = printed(said, 300)
        by = "" if header.release == RELEASE else f", written by {writer(header.release)},"
        raise NotRecoveredError(
            f"room {printed(header.room)}{by} can't go on in gameroom {RELEASE}: {why}"
        ) from error
