"""What a room says: to everyone, in one order, each event stored before it is told.

Knows the events and who is to be told what; it decides nothing. The rule it keeps: `seq`
has no gaps, and the Append of an event comes before its Broadcast, both asked for in one
place. Who has to go is told so after the roster that says it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gameroom.lockstep import packets
from gameroom.lockstep.packets import Body, Event, MasterPacket, is_running
from gameroom.model import Value
from gameroom.room import presence
from gameroom.room.course import Course
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Part, Problem, Reply
from gameroom.room.people import Member, People


class Voice:
    """The events and effects of one room.

    now: the time of the call at hand in milliseconds. settings: the setup configuration, the
    same map for all parts of the room. game: what the engines of the game at hand began with.
    """

    def __init__(
        self,
        people: People,
        course: Course,
        settings: dict[str, Value],
        patience: presence.Patience,
        now: int,
    ) -> None:
        self.seq = 0
        self.now = now
        self.settings = settings
        self.game = packets.Begin()
        self.roster_changed = False
        self.ended = False
        """Whether the end has been told."""
        self._people = people
        self._course = course
        self._patience = patience
        self._out: list[Effect] = []
        self._parting: dict[str, Part] = {}
        self._game_runs = False

    @property
    def over(self) -> bool:
        """The room has reached an end: nothing moves it any more."""
        return self.ended or self._course.ending is not None

    # -- events ------------------------------------------------------------------------

    def say(self, body: Body, *, dump: bool = False) -> None:
        """Store, then tell: the one place where both are asked for.

        dump: store the chart with it. Only with an event that tells of the move itself, so
        that no cut of the journal has moved further than it has told.
        """
        event = Event(self.seq + 1, body)
        self._note(event)
        stored = self._course.dump_if_changed() if dump else None
        self._out.append(Append(event, self.now, stored))
        self._out.append(Broadcast(event))

    def roster(self) -> packets.Roster:
        """The roster, with how long those who are absent have been so."""
        return presence.roster(self._people, self._patience, self.now)

    def say_roster_if_changed(self, *, dump: bool = False) -> None:
        if self.roster_changed:
            self.roster_changed = False
            self.say(self.roster(), dump=dump)
            self._out.extend(self._parting.values())
            self._parting.clear()

    def say_if_over(self) -> None:
        if self._course.ending is not None and not self.ended:
            self.say(self._course.ending)

    def fold(self, event: Event) -> None:
        """Take note of an event that was said in an earlier life."""
        assert event.seq == self.seq + 1, "a gap in the journal"
        self._note(event)

    def _note(self, event: Event) -> None:
        self.seq = event.seq
        match event.body:
            case packets.Ended():
                self.ended = True
            case packets.Moves(chart=chart) | MasterPacket(chart=packets.Chart() as chart):
                was, self._game_runs = self._game_runs, is_running(chart.states)
                if self._game_runs and not was:
                    seats = self._people.roster().seats
                    self.game = packets.Begin(dict(self.settings), seats, chart.states)

    # -- effects -----------------------------------------------------------------------

    def reply(self, said: Reply | Problem) -> None:
        if isinstance(said, Problem):
            said = Reply(said.status, problem=said)
        self._out.append(said)

    def want(self, *effects: Effect) -> None:
        """Ask for something else to be done, in its place among what is said."""
        self._out.extend(effects)

    def part(self, member: Member, code: int, reason: str) -> None:
        """Who goes is told so after the roster that says it: a server that falls in between
        still has this player, who has to know that."""
        self.roster_changed = True
        self._parting[member.user] = Part(member.user, code, reason)

    def welcome(self, who: str) -> None:
        """Somebody who leaves and comes again before a roster was told would never have left,
        for whoever reads the journal: tell it."""
        if who in self._parting:
            self.say_roster_if_changed()

    def take(self, wake_at: int | None) -> tuple[Effect, ...]:
        """The effects since the last call, with the time of the next tick."""
        effects, self._out = (*self._out, Arm(wake_at)), []
        return effects

    def replace_settings(self, settings: Mapping[str, Value]) -> None:
        self.settings.clear()
        self.settings.update(settings)
