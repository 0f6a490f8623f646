"""Events as a journal keeps them: the bytes of the msgpack subprotocol, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from gameroom.lockstep.packets import Body, Event
from gameroom.room.effects import Append
from gameroom.store import Entry
from gameroom.wire import Codec, EventFrame


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
