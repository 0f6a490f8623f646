"""Checks verdicts and agreed checksums against the truth.

It knows the true checksums from the engines of the honest bots. The room must find them by
majority.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gameroom.lockstep.canonical import canonical
from gameroom.lockstep.packets import (
    Checksum,
    ClientPacket,
    Diverged,
    Event,
    MasterPacket,
    Snapshot,
    seat_name,
)
from gameroom.simulator.accounts import Seated, Sitter
from gameroom.simulator.invariants import (
    ChecksumError,
    HonestNamedError,
    LiarUnnamedError,
    PoisonedError,
)

WINDOW = 40
"""A verdict must come within this number of turns: the room's window of 32, and some more."""


class Verdicts:
    """liars: the user ids of players who can report any checksum."""

    def __init__(self, liars: Collection[str]) -> None:
        self.truth: dict[int, int] = {}
        self.named: set[str] = set()
        self.seen = 0
        """The number of `diverged` events."""
        self._liars = liars
        self._here: frozenset[str] = frozenset()
        self._awaited: frozenset[str] = frozenset()
        self._reports: dict[int, dict[Sitter, int]] = {}

    def engine(self, user: str, seat: int | None, generation: int, checksum: int) -> None:
        """An honest engine has run a turn."""
        known = self.truth.setdefault(generation, checksum)
        if known != checksum:
            what = f"after turn {generation} {user} has checksum {checksum}, other engines {known}"
            raise ChecksumError(what, seat=seat)

    def reported(self, sitter: Sitter, packet: ClientPacket, since: int | None) -> None:
        """A packet with a checksum was accepted. since: from this generation on turns wait for its
        sender, so a report from then on must be counted."""
        said = packet.checksum
        if said is not None and since is not None and since <= said.generation:
            self._reports.setdefault(said.generation, {}).setdefault(sitter, said.value)

    def here(self, users: Collection[str]) -> None:
        """The users that turns can wait for now. A verdict can leave out a user who was missing
        even once."""
        self._here = frozenset(users)
        self._awaited &= self._here

    def turn(self, master: MasterPacket, seated: Seated) -> None:
        agreed = master.checksum
        honest = self._honest(master, seated)
        if agreed is not None and self._awaited & honest and self._is_a_lie(agreed):
            what = f"turn {master.generation} has a false checksum of turn {agreed.generation}"
            raise HonestNamedError(what)
        self._awaited = honest & self._here
        for generation in [one for one in self._reports if one <= master.generation - WINDOW]:
            reports = self._reports.pop(generation)
            here = {s: said for s, said in reports.items() if seated.get(s[0]) == s[1]}
            true = self.truth.get(generation)
            lies = [sitter for sitter, said in here.items() if said != true]
            if lies and len(here) > len(lies) and not self.seen:
                seat, user = lies[0]
                raise LiarUnnamedError(
                    f"{user} lied about turn {generation}, but was not named", seat=seat
                )

    def _is_a_lie(self, agreed: Checksum) -> bool:
        return self.truth.get(agreed.generation, agreed.value) != agreed.value

    def _honest(self, master: MasterPacket, seated: Seated) -> frozenset[str]:
        """The honest users whose packets are in this turn. Some can have left since. Without them,
        liars can agree on anything."""
        heard = {user for seat, user in seated.items() if seat not in master.absent}
        return frozenset(heard.difference(self._liars))

    def told(self, verdict: Diverged, seated: Seated) -> None:
        """Check a verdict by counting the checksums again."""
        self.seen += 1
        true = self.truth.get(verdict.generation)
        wrong = tuple(seat for seat, said in sorted(verdict.values.items()) if said != true)
        most = 2 * (len(verdict.values) - len(wrong)) > len(verdict.values)
        if not verdict.decidable:
            if most:
                what = f"turn {verdict.generation} is not undecidable; checksums: {verdict.values}"
                raise LiarUnnamedError(what)
            return
        for seat in verdict.seats:
            user = seated.get(seat, "")
            self.named.add(user)
            if user not in self._liars:
                raise HonestNamedError(
                    f"{user} is named for turn {verdict.generation}, but is honest", seat=seat
                )
        if most and verdict.seats != wrong:
            what = f"names {_named(verdict.seats)} instead of {_named(wrong)}"
            raise LiarUnnamedError(f"the verdict of turn {verdict.generation} {what}")

    def kept(self, snapshot: Snapshot, state: bytes) -> None:
        """Check a kept snapshot. The state of a bot's engine is its checksum."""
        true = self.truth.get(snapshot.generation)
        if self._awaited and true is not None and state != canonical(true):
            what = f"the snapshot of turn {snapshot.generation} is {state[:40]!r}, not {true}"
            raise PoisonedError(what)

    def restarted(self, events: Iterable[Event]) -> None:
        """The server has restarted. Reports without a verdict are lost: they are not in the
        journal."""
        self._reports.clear()
        self.seen = sum(isinstance(event.body, Diverged) for event in events)


def _named(seats: Iterable[int]) -> str:
    return ", ".join(map(seat_name, seats)) or "nobody"
