"""The states of our engine that others may go on from: hashes first, the bytes where they are asked
for.

Knows no engine and no network.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gameroom.lockstep.canonical import canonical
from gameroom.lockstep.packets import Verified
from gameroom.wire import ClientPolicy


@dataclass(frozen=True, slots=True)
class EngineState:
    """The canonical bytes of our engine's state after a turn, whose hash the room wants."""

    generation: int
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Offers:
    """latest: our state after the latest turn whose snapshot the room wants, None where it could
    not be saved."""

    def __init__(self, policy: ClientPolicy) -> None:
        self.latest: EngineState | None = None
        self._every = policy.snapshots_every
        self._untold: list[EngineState] = []
        self._wanted: EngineState | None = None

    def is_due(self, generation: int) -> bool:
        """Does the room want the state after this turn?"""
        return self._every > 0 and generation % self._every == 0

    def offer(self, generation: int, state: object, *, tells: bool) -> None:
        """The engine's state after a turn. tells: the room is to hear of it. Raises
        NotCanonicalError where it cannot be saved."""
        self.latest = EngineState(generation, canonical(state))
        if tells:
            self._untold.append(self.latest)

    def verified(self, said: Verified, seat: int | None) -> None:
        """The room has found a majority; perhaps it asks us for the bytes."""
        kept = self.latest
        if said.seat == seat and kept is not None and kept.generation == said.generation:
            self._wanted = kept if kept.sha256 == said.sha256 else None

    def lost(self) -> None:
        """The connection is gone: whoever asked does not wait."""
        self._untold.clear()
        self._wanted = None

    def take(self) -> tuple[EngineState, ...]:
        """The states whose hashes are to be sent to the room now."""
        taken, self._untold = tuple(self._untold), []
        return taken

    def take_wanted(self) -> EngineState | None:
        """The state whose bytes the room has asked us for, once."""
        taken, self._wanted = self._wanted, None
        return taken
