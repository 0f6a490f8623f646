"""Applies verdicts about checksums to people: who diverged, who restarts, who agrees again.

Knows people and turns. `lockstep.checksums` compares the checksums.
"""

from __future__ import annotations

from gameroom.lockstep import packets
from gameroom.model import RoomFile
from gameroom.model.policies import number
from gameroom.room import presence
from gameroom.room.chart_driver import ChartDriver
from gameroom.room.event_log import EventLog
from gameroom.room.lifecycle import Lifecycle
from gameroom.room.people import People
from gameroom.room.play import Play
from gameroom.room.requests import Requests
from gameroom.wire.close import Close


class Divergence:
    """The divergences of one room."""

    def __init__(
        self,
        file: RoomFile,
        people: People,
        chart_driver: ChartDriver,
        play: Play,
        event_log: EventLog,
        lifecycle: Lifecycle,
        requests: Requests,
    ) -> None:
        self.file = file
        self.people = people
        self.chart_driver = chart_driver
        self.play = play
        self.event_log = event_log
        self.lifecycle = lifecycle
        self.requests = requests

    def compare(self) -> bool:
        """Apply all verdicts that the reports allow, and divergences only while turns run. Returns
        whether the chart has to handle one at once."""
        urgent = False
        checksums, signals = self.play.checksums, self.play.signals
        if checksums.has_reports and self.lifecycle.is_there("diverged"):
            for verdict in self.play.divergences():
                urgent |= self._diverged(verdict)
        if checksums.has_trials:
            for seat in checksums.healed():
                self._healed(seat)
            self._release_the_last()
        if signals.has_reports:
            for signal in self.play.agreed_signals():
                self.chart_driver.happen(signal.name, {**signal.body, "seat": -1})
        return urgent

    def _diverged(self, verdict: packets.Diverged) -> bool:
        known = {member.seat for member in self.people.players() if member.diverged}
        if set(verdict.seats) <= known:
            return False
        self.play.checksums.standing = verdict
        self.event_log.say(verdict)
        named = [one for one in self.people.players() if one.seat in verdict.seats]
        if not named:
            return False
        for member in named:
            self.lifecycle.change("diverged", member)
            member.outvoted = verdict.decidable
        self.lifecycle.tell("diverged", named[0], decidable=verdict.decidable)
        return True

    def _release_the_last(self) -> None:
        """End all repairs if all connected players are under repair: no other player is left with
        whom they could agree. They continue and are compared with each other, and with players who
        return."""
        here = [one for one in self.people.players() if one.connected and not one.failed]
        if here and all(member.repairing for member in here):
            for member in here:
                assert member.seat is not None, "players are seated"
                self.play.checksums.release(member.seat)
                self._healed(member.seat)

    def _healed(self, seat: int) -> None:
        member = self.people.at(seat)
        assert member is not None, "the reports of an empty seat are discarded"
        presence.release(member)
        self.lifecycle.happens("repaired", member)

    def repair(self) -> None:
        """Restart the engines that differ from a majority, while the others continue. Players who
        have used up their repairs are removed. An undecidable verdict repairs no engine."""
        ill = [m for m in self.people.players() if m.outvoted and not m.repairing]
        allowed = number(self.file, "divergence", "repairs")
        for member in ill:
            if member.repairs >= allowed:
                self.requests.remove(member, Close.DROPPED, "diverged too often")
        curable = {m.seat: m for m in ill if m.repairs < allowed and m.seat is not None}
        if not curable:
            return
        self.event_log.say(packets.Repair(self.play.generation, tuple(curable)))
        for seat, member in curable.items():
            presence.quarantine(member, self.event_log.now)
            self.play.quarantine(seat)
