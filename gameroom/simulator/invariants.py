"""The invariants of every run, one exception class for each. Raised when one is broken.

It knows no simulation; the code that raises an exception provides the message. The first line of
each docstring is the invariant, as in docs/simulator.md.
"""

from __future__ import annotations

from gameroom.lockstep.packets import seat_name


class BrokenError(AssertionError):
    """An invariant is broken. at: the virtual time in milliseconds. seed: the seed of the run.
    seat: None if no seat is concerned."""

    name = "broken"

    def __init__(self, what: str, *, seat: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.seat = seat
        self.at = 0
        self.seed = 0

    def __str__(self) -> str:
        where = "" if self.seat is None else f", {seat_name(self.seat)}"
        return f"{self.name}: {self.what} (seed {self.seed}, at {self.at} ms{where})"


class FaultError(BrokenError):
    """Neither the room nor a client raises an exception."""

    name = "no-fault"


class ToldBeforeStoredError(BrokenError):
    """An event is appended to the journal before it is broadcast. Both have the same content."""

    name = "store-then-tell"


class GapInSeqError(BrokenError):
    """The events' numbers (`seq`) and the generations of master packets have no gaps."""

    name = "gapless"


class ForkedError(BrokenError):
    """Every client's log is a prefix of the same log, even after the room is restored."""

    name = "one-log"


class ExactlyOnceError(BrokenError):
    """Every accepted command is in the journal exactly once, in order."""

    name = "exactly-once"


class ForeignError(BrokenError):
    """Only the player in a seat can send its commands. People without a seat are refused."""

    name = "own-seat"


class SeatOrderError(BrokenError):
    """The commands in a master packet are in the order of the seats."""

    name = "seat-order"


class AbsentError(BrokenError):
    """A master packet lists exactly the late packets and the seats that sent nothing."""

    name = "absent-named"


class NotWaitedError(BrokenError):
    """With `gather = all`, no turn closes without the packet of a player who is present."""

    name = "all-waited-for"


class RosterOrderError(BrokenError):
    """If people come or go at a turn, a roster precedes its master packet."""

    name = "roster-first"


class ChecksumError(BrokenError):
    """Honest engines have equal checksums after every generation."""

    name = "equal-checksums"


class HonestNamedError(BrokenError):
    """No decidable verdict names an honest player. No lie wins if an honest player is present."""

    name = "honest-unnamed"


class LiarUnnamedError(BrokenError):
    """A liar among honest players is named."""

    name = "liar-named"


class PoisonedError(BrokenError):
    """A kept snapshot has the honest engines' state if an honest player is present."""

    name = "true-snapshots"


class StuckError(BrokenError):
    """After the weather clears, a room with a quorum advances within 10 s."""

    name = "advances"


class WaitsError(BrokenError):
    """If every player is sending or is known to have failed, no wait exceeds 8 s."""

    name = "goes-on"


class FailedAwaitedError(BrokenError):
    """No turn waits for a player whose engine is known to have failed."""

    name = "failed-unawaited"


class RestoredError(BrokenError):
    """A room restored from the journal equals the live room, including its timers."""

    name = "replay-is-live"


class ConfigurationError(BrokenError):
    """Every active composite has one active child. All regions of a parallel state are active."""

    name = "legal-states"


class ArmedError(BrokenError):
    """Every call to the room returns one `Arm` effect, which is never in the past."""

    name = "arm-ahead"


class WakesError(BrokenError):
    """No room repeatedly asks to be woken while nothing happens."""

    name = "wakes-for-something"


class ReplyError(BrokenError):
    """Every packet gets exactly one `Reply` effect, and a tick gets none."""

    name = "one-reply"


class GrowthError(BrokenError):
    """No part of the room's memory grows with the number of turns."""

    name = "bounded-memory"


class CodecError(BrokenError):
    """Decoding returns what was encoded, in both subprotocols."""

    name = "codec"


INVARIANTS: tuple[type[BrokenError], ...] = tuple(BrokenError.__subclasses__())
