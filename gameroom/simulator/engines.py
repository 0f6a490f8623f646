"""The engine of a bot: the ledger, with errors on demand.

It knows only the ledger. Its errors are typical errors of a game's engine. The bot decides when
they happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast
from zlib import crc32

import msgspec

from gameroom.replica import LedgerEngine, SeatedCommand, Signal

EngineFault = Literal["raises", "hands", "signals", "snapshots"]
"""The kinds of errors: the engine raises an exception, returns something other than a list, raises
an unknown signal, or has a state that cannot be kept. After the first two it cannot continue."""


class FaultyLedger(LedgerEngine):
    """The ledger with a cheap hash, because there are many bots in a run.

    fault: the error to make once, at the next opportunity. has_failed: it cannot continue.
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
