"""The last events of a room, each with its frames: what somebody who comes back is sent.

Knows no socket and no journal. A frame is made once for each subprotocol that somebody
speaks, and lives as long as its event is kept here. The limit counts all that is held.
"""

from __future__ import annotations

from msgspec import Struct

from gameroom.lockstep.packets import Event, MasterPacket
from gameroom.server import websocket
from gameroom.store import Entry

EVENT_BYTES = 256
"""What an event takes beside the bytes of its frames, measured."""


class EncodedEvent(Struct, gc=False):
    """An event as it is stored and sent. There are thousands of them in each room, so the garbage
    collector does not look at them.

    at: when it happened, by the room's time in milliseconds. msgpack: its frame, which says all
    that it does; json: the same, once somebody has asked for it (`StoredEvents.frame`). event: only
    while everybody is told. generation: of a master packet, else 0. counted: what its frames came
    to when `Recent` counted them last.
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
        """What stands in a journal. event: the same, where it is at hand."""
        closed = event.body if event is not None and isinstance(event.body, MasterPacket) else None
        generation = 0 if closed is None else closed.generation
        frame = websocket.frame(entry.event)
        return cls(entry.seq, entry.at, frame, event=event, generation=generation)

    @property
    def stored(self) -> bytes:
        """Its bytes in the journal."""
        return websocket.payload(self.msgpack)


class Recent:
    """Events without a gap, the oldest forgotten when all are over `bytes_max`."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._events: list[EncodedEvent | None] = []
        """The forgotten ones at the front are None; the list is cut now and then."""
        self._start = 0
        self._last = 0
        self._bytes = 0

    def add(self, event: EncodedEvent) -> None:
        """Keep an event that follows the last one."""
        assert not self._events or event.seq == self._last + 1, "a gap"
        self._events.append(event)
        self._last = event.seq
        self._count(event)

    def count_again(self, event: EncodedEvent) -> None:
        """Count a frame that was made later, if the event is still kept here."""
        behind = self._last - event.seq
        if 0 <= behind < len(self._events) and self._events[-1 - behind] is event:
            self._count(event)

    def _count(self, event: EncodedEvent) -> None:
        """Count the frames that were made by now, and let go of what is too old."""
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
        """All events after `seq`; None when some of them are no longer kept."""
        if not self._events:
            return None
        behind = self._last - seq
        if behind <= 0:
            return []
        if behind > len(self._events) - self._start:
            return None
        return [event for event in self._events[-behind:] if event is not None]

    def turns(self, first: int, last: int) -> list[EncodedEvent] | None:
        """The master packets of these generations; None when the first of them is not kept."""
        found: list[EncodedEvent] = []
        for event in reversed(self._events):
            if event is None or 0 < event.generation < first:
                break
            if first <= event.generation <= last:
                found.append(event)
        found.reverse()
        return found if found and found[0].generation == first else None
