"""What a room says: to everyone, in one order, each event stored before it is told.

Knows the events and who is to be told what; it decides nothing. The rule it keeps: `seq`
has no gaps, and the Append of an event comes before its Broadcast, both asked for in one
place. Who has to go is told so after the roster that says it.
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

    now: the room's time at the call at hand, in milliseconds. settings: the setup
    configuration, the same map for all parts of the room. folded: all that was said up to now.
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
        """How many watch, as was told last."""
        self._people = people
        self._chart_driver = chart_driver
        self._patience = patience
        self._out: list[Effect] = []
        self._parting: dict[str, Part] = {}

    @property
    def seq(self) -> int:
        """The last event, 0 before the first."""
        return self.folded.seq

    @property
    def over(self) -> bool:
        """The room has reached an end: nothing moves it any more."""
        return self.folded.ended or self._chart_driver.ending is not None

    # -- events ------------------------------------------------------------------------

    def say(self, body: Body, *, dump: bool = False, ids: tuple[tuple[int, int], ...] = ()) -> None:
        """Store, then tell: the one place where both are asked for.

        dump: store the chart with it. Only with an event that tells of the move itself, so
        that no cut of the journal has moved further than it has told. ids: of a turn's commands.
        """
        event = Event(self.seq + 1, body)
        stored = self._chart_driver.dump_if_changed() if dump else None
        entry = Append(event, self.now, stored, ids)
        self.folded.fold(entry)
        self._out.append(entry)
        self._out.append(Broadcast(event))

    def roster(self) -> packets.Roster:
        """The roster, with how long those who are absent have been so."""
        return presence.roster(self._people, self._patience, self.now)

    def say_roster_if_changed(self, *, dump: bool = False) -> None:
        """What may have changed is told only where it has, or somebody could fill the journal
        with one fact: a roster is long."""
        if self._people.changed or self._parting:
            self._people.changed = False
            if self._is_known(self._people.roster()) and not self._parting:
                return
            self.say(self.roster(), dump=dump)
            self._out.extend(self._parting.values())
            self._parting.clear()

    def _is_known(self, roster: packets.Roster) -> bool:
        """Whether the events say all of it already, but for the times. Verdicts and repairs say
        something of people too."""
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
        """Ask for something else to be done, in its place among what is said."""
        self._out.extend(effects)

    def part(self, member: Member, code: Close, reason: str) -> None:
        """Who goes is told so after the roster that says it: a server that falls in between
        still has this player, who has to know that."""
        self._parting[member.user] = Part(member.user, code, reason)

    def leaves(self, who: str) -> bool:
        """Whether this person is yet to be told to go."""
        return who in self._parting

    def welcome(self, who: str) -> None:
        """Somebody who leaves and comes again before a roster was told would never have left,
        for whoever reads the journal: tell it."""
        if who in self._parting:
            self.say_roster_if_changed()

    def take(self, wake_at: int | None) -> tuple[Effect, ...]:
        """The effects since the last call, with the time of the next tick."""
        effects, self._out = (*self._out, Arm(wake_at)), []
        return effects
