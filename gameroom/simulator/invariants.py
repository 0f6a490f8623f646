"""What must hold in every world, one class for each. Raised when it does not.

It knows no world; who raises gives the sentence. The first line of a docstring is the
invariant as docs/simulator.md lists it.
"""

from __future__ import annotations

from gameroom.lockstep.packets import seat_name


class BrokenError(AssertionError):
    """An invariant does not hold. `at` is the virtual time in milliseconds, `seed` the
    run's; `seat` is None where no seat is concerned."""

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
    """Neither the room nor a replica ever raises."""

    name = "no-fault"


class ToldBeforeStoredError(BrokenError):
    """An event is appended before it is broadcast, and both are the same."""

    name = "store-then-tell"


class GapInSeqError(BrokenError):
    """seq counts without gaps, and so do the generations of the master packets."""

    name = "gapless"


class ForkedError(BrokenError):
    """Every client's log is a prefix of the one log, whatever was restored in between."""

    name = "one-log"


class ExactlyOnceError(BrokenError):
    """Every accepted command stands in the journal exactly once, in order."""

    name = "exactly-once"


class ForeignError(BrokenError):
    """No command comes from a seat whose player did not send it; who has no seat is refused."""

    name = "own-seat"


class SeatOrderError(BrokenError):
    """A master packet has its commands in the order of the seats."""

    name = "seat-order"


class AbsentError(BrokenError):
    """A master packet names exactly the seats that were not heard and the late packets."""

    name = "absent-named"


class NotWaitedError(BrokenError):
    """With `gather = all` no turn closes without a player who is here."""

    name = "all-waited-for"


class RosterOrderError(BrokenError):
    """Whoever comes or goes at a turn stands in a roster before its master packet."""

    name = "roster-first"


class ChecksumError(BrokenError):
    """Honest engines have equal checksums after every generation."""

    name = "equal-checksums"


class HonestNamedError(BrokenError):
    """No honest player is ever named decidably, no lie agreed on while one is here."""

    name = "honest-unnamed"


class LiarUnnamedError(BrokenError):
    """A liar among honest players is named."""

    name = "liar-named"


class PoisonedError(BrokenError):
    """A kept snapshot is the honest engines' state while an honest player is here."""

    name = "true-snapshots"


class StuckError(BrokenError):
    """After the weather has cleared a room with a quorum advances within 10 s."""

    name = "advances"


class WaitsError(BrokenError):
    """While every player is connected and sends, or cannot, a room waits for nobody over 8 s."""

    name = "goes-on"


class FailedAwaitedError(BrokenError):
    """No turn waits for a player of whom the room knows that the engine has failed."""

    name = "failed-unawaited"


class RestoredError(BrokenError):
    """Folding the journal gives the live room, as everyone was told of it, and its timers."""

    name = "replay-is-live"


class ConfigurationError(BrokenError):
    """Only legal configurations: one child of every composite, every region of a parallel."""

    name = "legal-states"


class ArmedError(BrokenError):
    """Arm is never in the past, and every call arms once."""

    name = "arm-ahead"


class WakesError(BrokenError):
    """No room asks again and again to be woken while nothing happens."""

    name = "wakes-for-something"


class ReplyError(BrokenError):
    """Exactly one Reply to every packet, none to time."""

    name = "one-reply"


class GrowthError(BrokenError):
    """No part of the room's memory grows with its turns."""

    name = "bounded-memory"


class CodecError(BrokenError):
    """What is decoded is what was encoded, in both subprotocols."""

    name = "codec"


INVARIANTS: tuple[type[BrokenError], ...] = tuple(BrokenError.__subclasses__())
