"""The events of a room: sent to everyone in one order, and stored before they are sent.

Knows the events and the effects; it decides nothing. The rule it keeps: `seq` has no gaps, and the
Append of an event comes before its Broadcast, both requested in one place. The Part of a person
comes after the roster without that person.
"""

from __future__ import annotations

from dataclasses import replace

from gameroom.lockstep import packets
from gameroom.lockstep.packets import Body, Event
from gameroom.model import Value
from gameroom.room import presence
from gameroom.room.chart_driver import ChartDriver
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Part, Problem, Reply
from gameroom.room.folded import Folded
from gameroom.room.people import Member, People
from gameroom.wire.close import Close


class EventLog:
    """The events and effects of one room.

    now: the room's time at the current call, in milliseconds. settings: the values of the settings,
    the same map for all parts of the room. folded: all events up to now, folded.
    """

    def __init__(
        self,
        people: People,
        chart_driver: ChartDriver,
        settings: dict[str, Value],
        patience: presence.Patience,
        now: int,
    ) -> None:
        self.now = now
        self.settings = settings
        self.folded = Folded(settings)
        self._watching: int | None = None
        """The number of spectators in the last roster that was compared."""
        self._people = people
        self._chart_driver = chart_driver
        self._patience = patience
        self._out: list[Effect] = []
        self._parting: dict[str, Part] = {}

    @property
    def seq(self) -> int:
        """The `seq` of the last event; 0 before the first."""
        return self.folded.seq

    @property
    def over(self) -> bool:
        """Whether the room has ended: nothing changes it any more."""
        return self.folded.ended or self._chart_driver.ending is not None

    # -- events ------------------------------------------------------------------------

    def say(self, body: Body, *, dump: bool = False, ids: tuple[tuple[int, int], ...] = ()) -> None:
        """Store an event, then send it. This is the only place that requests both.

        dump: whether to store the chart with it. Only for an event that contains the chart's move.
        Then a journal that is cut off anywhere has no chart that is ahead of its events.
        ids: seat and id of each command of a turn.
        """
        event = Event(self.seq + 1, body)
        stored = self._chart_driver.dump_if_changed() if dump else None
        entry = Append(event, self.now, stored, ids)
        self.folded.fold(entry)
        self._out.append(entry)
        self._out.append(Broadcast(event))

    def roster(self) -> packets.Roster:
        """Return the roster, with the times of absent players."""
        return presence.roster(self._people, self._patience, self.now)

    def say_roster_if_changed(self, *, dump: bool = False) -> None:
        """Send the roster if it differs from what the events already say, or if a person has to be
        removed. A roster is long, so a client must not be able to fill the journal with copies."""
        if self._people.changed or self._parting:
            self._people.changed = False
            if self._is_known(self._people.roster()) and not self._parting:
                return
            self.say(self.roster(), dump=dump)
            self._out.extend(self._parting.values())
            self._parting.clear()

    def _is_known(self, roster: packets.Roster) -> bool:
        """Whether the events already say all of the roster except for the times. Verdicts and
        repairs also change rows of it."""
        known = (player.row for _, player in sorted(self.folded.players.items()))
        was, self._watching = self._watching, roster.spectators
        return was == roster.spectators and roster.seats == tuple(known)

    def say_if_over(self) -> None:
        if self._chart_driver.ending is not None and not self.folded.ended:
            self.say(replace(self._chart_driver.ending, left=self.folded.left))

    # -- effects -----------------------------------------------------------------------

    def reply(self, said: Reply | Problem) -> None:
        if isinstance(said, Problem):
            said = Reply(said.status, problem=said)
        self._out.append(said)

    def want(self, *effects: Effect) -> None:
        """Add other effects. They keep their order among the events."""
        self._out.extend(effects)

    def part(self, member: Member, code: Close, reason: str) -> None:
        """Disconnect a person after the next roster. If the server stops before that roster is
        stored, it still has this player, and the player must not have received the close code."""
        self._parting[member.user] = Part(member.user, code, reason)

    def leaves(self, who: str) -> bool:
        """Whether this person was removed and is not disconnected yet."""
        return who in self._parting

    def welcome(self, who: str) -> None:
        """Send the roster if a person joins who was removed since the last one. Otherwise the
        journal would not show that this person left."""
        if who in self._parting:
            self.say_roster_if_changed()

    def take(self, wake_at: int | None) -> tuple[Effect, ...]:
        """Return the effects since the last call, with the time of the next tick."""
        effects, self._out = (*self._out, Arm(wake_at)), []
        return effects
