"""The snapshots of one room that are kept: from which somebody who comes may go on.

Knows their store; no sockets, and nothing of who may see which. The rule it keeps: the loop never
waits for a state, which may be megabytes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from gameroom.lockstep.packets import Snapshot
from gameroom.lockstep.problem import Problem
from gameroom.room.effects import Keep
from gameroom.server.host.stored import snapshot_of, stored_snapshot
from gameroom.store import SNAPSHOTS_KEPT, SnapshotHead, SnapshotStore, StoreFailedError
from gameroom.wire import BadFrameError

log = logging.getLogger(__name__)


class KeptSnapshots:
    """Of one room, the newest first."""

    def __init__(
        self,
        room: str,
        store: SnapshotStore,
        heads: Iterable[SnapshotHead],
        *,
        last: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """heads: what the store has of this room. last: the seq of the journal's last event."""
        self._room = room
        self._store = store
        self._loop = loop
        self._kept = self._usable(heads, last)
        """Each with the time of its turn."""
        self._putting: asyncio.Future[None] | None = None

    def latest(self, until: int) -> Snapshot | None:
        """Of a turn that was closed by then, in milliseconds of the room's time."""
        return next((kept for kept, at in self._kept if at <= until), None)

    async def state(self, generation: int, until: int) -> bytes | None:
        """The state of the snapshot of a turn that was closed by then, None where none is kept.
        Raises StoreFailedError."""
        for kept, at in self._kept:
            if kept.generation == generation and at <= until:
                return await asyncio.to_thread(self._store.state, self._room, generation)
        return None

    def keep(self, effect: Keep) -> None:
        """Store one, in a thread. `stored` says what came of it."""
        put = self._store.put
        self._putting = self._loop.run_in_executor(None, put, self._room, stored_snapshot(effect))
        self._putting.add_done_callback(lambda put: self._put(effect, put))

    def _put(self, effect: Keep, put: asyncio.Future[None]) -> None:
        if put.cancelled():
            return
        if (error := put.exception()) is not None:
            log.error("room %s: the snapshot cannot be stored: %s", self._room, error)
            return
        self._kept = [(effect.snapshot, effect.at), *self._kept][:SNAPSHOTS_KEPT]

    async def stored(self) -> Problem | None:
        """Why the snapshot that came last is not kept, None when it is. That is no harm to the
        game."""
        try:
            if self._putting is not None:
                await asyncio.shield(self._putting)
        except StoreFailedError:
            return Problem(503, "not_stored", "The snapshot could not be stored.")
        return None

    def forget(self) -> None:
        """The room is over: nobody goes on from anything."""
        self._kept = []

    def _usable(self, heads: Iterable[SnapshotHead], last: int) -> list[tuple[Snapshot, int]]:
        """A snapshot of events that the journal has lost, with a power cut, tells of another
        game."""
        usable = []
        for head in heads:
            try:
                snapshot = snapshot_of(head)
            except BadFrameError as error:
                log.warning("room %s: the snapshot is ignored: %s", self._room, error)
                continue
            if snapshot.seq > last:
                return []
            usable.append((snapshot, head.at))
        return usable
