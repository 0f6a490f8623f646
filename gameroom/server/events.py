"""What a room says as its stores keep it: events in the bytes of the msgpack subprotocol,
snapshots with a head in JSON, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from gameroom.lockstep import packets
from gameroom.lockstep.packets import Body, Event
from gameroom.room.effects import Append, Keep
from gameroom.store import Entry, Snapshot, SnapshotHead
from gameroom.wire import Codec, EventFrame, plain, read_json
from gameroom.wire.shape import read


def entry_of(append: Append, codec: Codec) -> Entry:
    """What is written for an event."""
    data = codec.encode_event(append.event)
    assert isinstance(data, bytes), "journals are written in msgpack"
    return Entry(append.event.seq, append.at, data, append.chart)


def event_of(entry: Entry, codec: Codec) -> Event:
    """The event of an entry. What was written by us reads as an event: else it is our fault."""
    frame = codec.decode_event(entry.event)
    assert isinstance(frame, EventFrame), "a journal holds events"
    return Event(entry.seq, cast(Body, frame.body))


def appends(entries: Iterable[Entry], codec: Codec) -> Iterator[Append]:
    """A journal as the room folds it."""
    for entry in entries:
        yield Append(event_of(entry, codec), entry.at, entry.chart)


def stored_snapshot(keep: Keep) -> Snapshot:
    """What is written for a snapshot."""
    snapshot = keep.snapshot
    said = msgspec.json.encode(plain(snapshot))
    return Snapshot(SnapshotHead(snapshot.generation, keep.at, said), keep.state)


def snapshot_of(head: SnapshotHead) -> packets.Snapshot:
    """The snapshot behind a stored head. BadFrameError where another release wrote it."""
    return read(packets.Snapshot, read_json(head.said), strict=True)
