"""The stored snapshots of one room, from which clients that join late continue.

Knows their store, but no sockets and no people. The rule: the event loop never waits for a state,
which can have megabytes.
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
    """The stored snapshots of one room, newest first."""

    def __init__(
        self,
        room: str,
        store: SnapshotStore,
        heads: Iterable[SnapshotHead],
        *,
        last: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """heads: the snapshots in the store. last: the seq of the journal's last event."""
        self._room = room
        self._store = store
        self._loop = loop
        self._kept = self._usable(heads, last)
        """The snapshots, each with the time of its turn."""
        self._putting: asyncio.Future[None] | None = None

    def latest(self, until: int) -> Snapshot | None:
        """The latest snapshot of a turn that closed by `until`, in milliseconds of the room's time,
        or None."""
        return next((kept for kept, at in self._kept if at <= until), None)

    async def state(self, generation: int, until: int) -> bytes | None:
        """The state of the snapshot of this turn, or None if it is not stored or the turn closed
        after `until`. Raises StoreFailedError."""
        for kept, at in self._kept:
            if kept.generation == generation and at <= until:
                return await asyncio.to_thread(self._store.state, self._room, generation)
        return None

    def keep(self, effect: Keep) -> None:
        """Store a snapshot in a thread. `stored` returns the result."""
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
        """Why the last snapshot was not stored, None if it was. A failure does not affect the
        game."""
        try:
            if self._putting is not None:
                await asyncio.shield(self._putting)
        except StoreFailedError:
            return Problem(503, "not_stored", "The snapshot could not be stored.")
        return None

    def forget(self) -> None:
        """Remove all snapshots: the room has ended."""
        self._kept = []

    def _usable(self, heads: Iterable[SnapshotHead], last: int) -> list[tuple[Snapshot, int]]:
        """The snapshots that match the journal. After a power failure the journal can lack events
        of a snapshot. Then the snapshot belongs to a different game."""
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
