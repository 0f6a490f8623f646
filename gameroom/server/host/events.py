"""All events of a room: every event in its journal, the last ones also in memory.

Knows the journal and the codecs, but no socket and not the meaning of events. The rule: an event
is in the journal before it is available here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from gameroom.lockstep.packets import Event
from gameroom.model import RoomFile
from gameroom.room.effects import Append
from gameroom.roomfile import entry_of, event_of
from gameroom.server import websocket
from gameroom.server.host.recent import EncodedEvent, Recent
from gameroom.store import Entry, Journal, JournalDamagedError, Pending, StoreFailedError
from gameroom.store.marks import Marks
from gameroom.wire import MSGPACK, SUBPROTOCOLS, Codec, is_turn

log = logging.getLogger(__name__)


class StoredEvents:
    """The events of one room. marks: the generations and seqs of some master packets."""

    def __init__(
        self, journal: Journal, file: RoomFile, *, recent_bytes_max: int, marks: Marks | None = None
    ) -> None:
        """recent_bytes_max: the maximum size of the events in memory."""
        self.journal = journal
        self.codecs: Mapping[str, Codec] = {name: Codec(name, file) for name in SUBPROTOCOLS}
        self.marks = marks or Marks()
        self.last = journal.last
        """The seq of the last stored event."""
        self._recent = Recent(recent_bytes_max)

    def append(self, effect: Append) -> tuple[EncodedEvent, Pending | None]:
        """Write an event to the journal, with the same bytes as for msgpack sockets. Call `add`
        when it is stored. Raises StoreFailedError."""
        entry = entry_of(effect, self.codecs[MSGPACK])
        pending = self.journal.append(entry)
        return EncodedEvent.of(entry, effect.event), pending

    def add(self, event: EncodedEvent) -> None:
        """Make a stored event available."""
        self.last = event.seq
        self._recent.add(event)
        if event.generation:
            self.marks.add(event.generation, event.seq)

    def frame(self, event: EncodedEvent, subprotocol: str) -> bytes:
        """The frame of an event in this subprotocol. It is created only once."""
        if subprotocol == MSGPACK:
            return event.msgpack
        if event.json is None:
            event.json = websocket.frame(self.codecs[subprotocol].encode_event(self.decoded(event)))
            self._recent.count_again(event)
        return event.json

    def decoded(self, event: EncodedEvent) -> Event:
        """The decoded event."""
        if event.event is not None:
            return event.event
        return event_of(Entry(event.seq, event.at, event.stored), self.codecs[MSGPACK])

    def after(self, seq: int) -> list[EncodedEvent] | None:
        """The events after `seq`, or None if some of them are only in the journal."""
        return [] if seq == self.last else self._recent.after(seq)

    def read(self, after: int) -> Iterator[EncodedEvent]:
        """The events after a seq from the journal, one by one as they are asked for. Raises
        JournalDamagedError, StoreFailedError."""
        return (EncodedEvent.of(entry) for entry in self._entries(after))

    def following(self, seq: int) -> Iterator[tuple[Event, int]]:
        """The events after `seq` and when they happened. Those from the journal are read one by
        one as they are asked for; if it cannot be read they end early."""
        recent = self.after(seq)
        try:
            for event in self.read(seq) if recent is None else recent:
                yield self.decoded(event), event.at
        except (StoreFailedError, JournalDamagedError) as error:
            room = self.journal.header.room
            log.error("room %s: the journal cannot be read for spectators: %s", room, error)

    def turns(self, first: int, last: int) -> Iterator[bytes]:
        """The bytes of the closed turns of these generations, from memory if possible, otherwise
        from the journal."""
        if (held := self._recent.turns(first, last)) is not None:
            yield from (event.stored for event in held)
            return
        for generation, entry in self._turns_from(first):
            if generation > last:
                return
            yield entry.event

    def seq_of(self, generation: int) -> int | None:
        """The seq of the event of a closed turn, or None."""
        return next((entry.seq for _, entry in self._turns_from(generation)), None)

    def _turns_from(self, first: int) -> Iterator[tuple[int, Entry]]:
        """The closed turns from a generation on. Turns have no gaps, so they are counted from the
        nearest turn with a known position."""
        generation, seq = self.marks.before(first) or (1, 1)
        generation -= 1
        for entry in self._entries(seq - 1):
            if is_turn(entry.event):
                generation += 1
                if generation >= first:
                    yield generation, entry

    def _entries(self, after: int) -> Iterator[Entry]:
        """The stored entries after a seq."""
        return self.journal.read(after, max(0, self.last - after))
