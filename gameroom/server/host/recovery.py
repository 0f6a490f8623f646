"""Restores a room from its journal and its checkpoint.

Knows journals and rooms, but no sockets and no list of rooms. The rules: the event loop serves
others in between, even while a long journal is read; an unusable checkpoint only costs time.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from gameroom.chart import Chart
from gameroom.lockstep.packets import Event, MasterPacket
from gameroom.room import Checkpoint, Folded, Room
from gameroom.roomfile import appends, recovering
from gameroom.server.host.shown import Shown
from gameroom.server.host.stored import from_store, to_store
from gameroom.store import Journal
from gameroom.store.marks import Marks
from gameroom.wire import MSGPACK, BadFrameError, Codec

log = logging.getLogger(__name__)

ENTRIES_PER_STEP = 16
"""How many entries are folded before the loop serves others. They take about a millisecond."""


@dataclass(frozen=True, slots=True)
class RoomCheckpoint:
    """The content of a room's checkpoint file.

    turns_stride, turns, seqs: the generations and seqs of some master packets (`Marks`). shown: the
    state shown to spectators with a delay at that moment, None if there is no delay.
    """

    room: Checkpoint
    turns_stride: int = 1
    turns: tuple[int, ...] = ()
    seqs: tuple[int, ...] = ()
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """A restored room. folded: the number of entries that were read after the checkpoint."""

    room: Room
    turns: Marks
    shown: Shown | None
    folded: int


def checkpoint_bytes(room: Room, turns: Marks, shown: Shown | None) -> bytes:
    return to_store("checkpoint", RoomCheckpoint(room.checkpoint(), *turns.rows(), shown))


def read_checkpoint(data: bytes) -> RoomCheckpoint:
    """Decode a checkpoint. Raises BadFrameError."""
    return from_store("checkpoint", RoomCheckpoint, data)


async def recovered(journal: Journal, chart: Chart, slept_ms: int = 0) -> Recovered:
    """Restore the room of a journal with at least one entry. slept_ms: how long it has slept.

    Raises JournalError, StoreFailedError.
    """
    header = journal.header
    with recovering(header):
        folded, turns, shown = _start(journal)
        codec = Codec(MSGPACK, chart.room)
        count = 0
        for entry in appends(journal.read(after=folded.seq), codec):
            folded.fold(entry)
            _note(turns, entry.event)
            count += 1
            if count % ENTRIES_PER_STEP == 0:
                await asyncio.sleep(0)
        room = Room.restored(
            chart, seed=header.seed, folded=folded, now=folded.at, slept_ms=slept_ms
        )
        return Recovered(room, turns, shown, count)


def _start(journal: Journal) -> tuple[Folded, Marks, Shown | None]:
    header, found = journal.header, journal.checkpoint
    if found is not None:
        try:
            kept = read_checkpoint(found.said)
            folded = Folded.of(kept.room)
        except (BadFrameError, ValueError) as error:
            log.warning("room %s: the checkpoint is ignored: %s", header.room, error)
        else:
            if kept.room.seq == found.seq:
                turns = Marks(kept.turns_stride, kept.turns, kept.seqs)
                return folded, turns, kept.shown
            log.warning(
                "room %s: the checkpoint is ignored: it does not match the journal", header.room
            )
    return Folded(header.setup), Marks(), None


def _note(turns: Marks, event: Event) -> None:
    if isinstance(event.body, MasterPacket):
        turns.add(event.body.generation, event.seq)
