"""The last events of a room with their frames, for clients that come back.

Knows no socket and no journal. A frame is created once for each subprotocol in use, and kept as
long as its event. The limit of bytes includes the frames.
"""

from __future__ import annotations

from msgspec import Struct

from gameroom.lockstep.packets import Event, MasterPacket
from gameroom.server import websocket
from gameroom.store import Entry

EVENT_BYTES = 256
"""The memory of an event in addition to the bytes of its frames, measured."""


class EncodedEvent(Struct, gc=False):
    """An event as it is stored and sent. Each room has thousands of them, so they are excluded from
    garbage collection.

    at: when it happened, in milliseconds of the room's time. msgpack: its msgpack frame, which
    contains the whole event. json: its JSON frame, created on demand (`StoredEvents.frame`). event:
    the decoded event, only while it is being sent. generation: the turn of a master packet, 0 for
    other events. counted: the size when `Recent` last counted it.
    """

    seq: int
    at: int
    msgpack: bytes
    json: bytes | None = None
    event: Event | None = None
    generation: int = 0
    counted: int = 0

    @classmethod
    def of(cls, entry: Entry, event: Event | None = None) -> EncodedEvent:
        """From an entry of the journal. event: the decoded event, if available."""
        closed = event.body if event is not None and isinstance(event.body, MasterPacket) else None
        generation = 0 if closed is None else closed.generation
        frame = websocket.frame(entry.event)
        return cls(entry.seq, entry.at, frame, event=event, generation=generation)

    @property
    def stored(self) -> bytes:
        """The event's bytes in the journal."""
        return websocket.payload(self.msgpack)


class Recent:
    """Consecutive events. The oldest are removed when the total size exceeds `bytes_max`."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._events: list[EncodedEvent | None] = []
        """Removed events at the front are None. The list is shortened from time to time."""
        self._start = 0
        self._last = 0
        self._bytes = 0

    def add(self, event: EncodedEvent) -> None:
        """Add an event. Its seq must follow the last one."""
        assert not self._events or event.seq == self._last + 1, "a gap"
        self._events.append(event)
        self._last = event.seq
        self._count(event)

    def count_again(self, event: EncodedEvent) -> None:
        """Count a frame that was created later, if the event is still kept."""
        behind = self._last - event.seq
        if 0 <= behind < len(self._events) and self._events[-1 - behind] is event:
            self._count(event)

    def _count(self, event: EncodedEvent) -> None:
        """Count the current frames of an event, and remove the oldest events beyond the limit."""
        size = EVENT_BYTES + len(event.msgpack) + len(event.json or b"")
        self._bytes += size - event.counted
        event.counted = size
        while self._bytes > self._bytes_max and self._start < len(self._events) - 1:
            oldest = self._events[self._start]
            assert oldest is not None, "only the front is forgotten"
            self._bytes -= oldest.counted
            self._events[self._start] = None
            self._start += 1
        if self._start > 64 and self._start * 2 > len(self._events):
            del self._events[: self._start]
            self._start = 0

    def after(self, seq: int) -> list[EncodedEvent] | None:
        """All events after `seq`, or None if some of them are no longer kept."""
        if not self._events:
            return None
        behind = self._last - seq
        if behind <= 0:
            return []
        if behind > len(self._events) - self._start:
            return None
        return [event for event in self._events[-behind:] if event is not None]

    def turns(self, first: int, last: int) -> list[EncodedEvent] | None:
        """The master packets of these generations, or None if the first is not kept."""
        found: list[EncodedEvent] = []
        for event in reversed(self._events):
            if event is None or 0 < event.generation < first:
                break
            if first <= event.generation <= last:
                found.append(event)
        found.reverse()
        return found if found and found[0].generation == first else None
