"""The engine of a bot: the ledger, with an error in it where the run wants one.

It knows the ledger alone. What it does wrong is what an engine of a game may do wrong; whoever
holds it decides when.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast
from zlib import crc32

import msgspec

from gameroom.replica import LedgerEngine, SeatedCommand, Signal

EngineFault = Literal["raises", "hands", "signals", "snapshots"]
"""What it does wrong: it raises, gives what is no list, raises a signal that the room does not
have, or has a state that cannot be kept. After the first two it cannot go on."""


class FaultyLedger(LedgerEngine):
    """The ledger with a hash that costs little: there are many bots in a run.

    fault: what it does wrong the next time, once. has_failed: it cannot go on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fault: EngineFault | None = None
        self.has_failed = False

    def step(
        self,
        generation: int,
        iterations: int,
        commands: Sequence[SeatedCommand],
        states: Sequence[str],
        seats: Sequence[int],
    ) -> Sequence[Signal]:
        if self._does("raises"):
            self.has_failed = True
            raise ArithmeticError(f"turn {generation} was too much")
        raised = super().step(generation, iterations, commands, states, seats)
        if self._does("hands"):
            self.has_failed = True
            return cast("Sequence[Signal]", generation)
        return (Signal("no such signal"),) if self._does("signals") else raised

    def snapshot(self) -> object:
        return [0.5] if self._does("snapshots") else super().snapshot()

    def _does(self, fault: EngineFault) -> bool:
        if self.fault != fault:
            return False
        self.fault = None
        return True

    def _enter(self, said: Sequence[object]) -> None:
        self.value = crc32(msgspec.json.encode(said), self.value)
