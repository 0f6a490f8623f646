"""The room: one chart, its people, its setup, its turns.

Knows the room file and the rules of lock-step; no socket, no store, no clock. Time is an argument
in milliseconds, and the caller provides user ids and the seed. The rule it keeps: everything that
it sends to everyone is an event with a gapless `seq`, appended before it is broadcast. So folding
the events restores the room.

How time passes. While the chart is in a state that `iterates`, changes (joins, requests, agreed
signals, timers) wait for the open turn. They are part of its master packet or come right before it,
so that everybody changes on the same turn. In every other state, and if a turn is overdue, they
happen at once.

When no player is connected, the room sleeps: its time stops, so no timer, grace or patience runs
out. It continues when the first player returns. `now` is the shell's time. The room's own time,
which events contain, does not include the time that it slept.
"""

from __future__ import annotations

from collections.abc import Mapping

from gameroom.chart import Chart, Did
from gameroom.lockstep import packets
from gameroom.lockstep.pace import AHEAD_MAX, Pace
from gameroom.model import Value
from gameroom.model.policies import number
from gameroom.room import inputs, presence
from gameroom.room.chart_driver import ChartDriver, Now
from gameroom.room.divergence import Divergence
from gameroom.room.effects import Effect, Picture, Problem
from gameroom.room.event_log import EventLog
from gameroom.room.folded import Checkpoint, Folded
from gameroom.room.lifecycle import Lifecycle
from gameroom.room.people import People
from gameroom.room.play import Play
from gameroom.room.requests import NOT_A_PLAYER, NOT_IN_THE_ROOM, Requests
from gameroom.room.setup import default_settings, misfit_settings
from gameroom.room.snapshots import Snapshots
from gameroom.texts import clean_line
from gameroom.wire.close import Close

ROUNDS_PER_CALL_MAX = 2 * AHEAD_MAX
"""How many turns or changes one call can handle. The rest follows at the next tick."""

UNKNOWN_MS = 60_000
"""The assumed round trip of a connection that was not measured yet: a long one."""


class Room:
    """One room. Pass it packets and the time, and perform the returned effects in order."""

    def __init__(
        self,
        chart: Chart,
        *,
        seed: int,
        settings: Mapping[str, Value] | None = None,
        now: int = 0,
    ) -> None:
        """A room that has not begun. settings: non-default values that fit the room file."""
        file = chart.room
        self.file = file
        self.seed = seed
        self.settings = default_settings(file) | dict(settings or {})
        assert misfit_settings(file.settings, self.settings) is None
        self.chart_driver = ChartDriver(chart)
        self.people = People(file)
        self.play = Play(file, self.people, self.chart_driver)
        self.snapshots = Snapshots(file)
        self._patience = presence.patience(file)
        self.event_log = EventLog(
            self.people, self.chart_driver, self.settings, self._patience, now
        )
        self.lifecycle = Lifecycle(self.chart_driver)
        self.requests = Requests(
            file,
            self.people,
            self.chart_driver,
            self.play,
            self.snapshots,
            self.event_log,
            self.lifecycle,
            self._patience,
        )
        self.divergence = Divergence(
            file,
            self.people,
            self.chart_driver,
            self.play,
            self.event_log,
            self.lifecycle,
            self.requests,
        )
        self._urgent = False
        self._now = now
        """The shell's time at the current call."""
        self._slept = 0
        """How far the room's own time is behind the shell's, in milliseconds."""
        self._asleep_since: int | None = now
        """By the shell's time; None while the room is awake."""
        self._awaited = False
        """Whether the room was restored and still expects the first player to return."""
        self._sleep_max = number(file, "reconnect", "sleep")
        self._sleep_left = self._sleep_max
        self._next_due: int | None = None
        """See `_people_due`."""
        self._due_version = 0
        """The version of the people for which `_next_due` is valid."""
        self._keeps_until = 0
        """Until when packets can take the fast path, by the shell's time."""
        self._kept = False
        """Whether a packet has taken the fast path since the last `receive` or `tick`."""

    # -- input ---------------------------------------------------------------------

    def begin(self) -> tuple[Effect, ...]:
        """Enter the initial states. The first events are the chart and the setup."""
        moved, dids = self.chart_driver.begin(self._facts())
        for did in dids:
            self._do(did)
        self.event_log.say(packets.Moves(0, self.chart_driver.as_told(moved)), dump=True)
        self.event_log.say(packets.Setup(dict(self.settings)))
        return self._settled()

    def keep(self, who: str, packet: packets.ClientPacket, now: int) -> int | None:
        """The fast path of `receive`, for a packet that only waits until its turn closes.

        Returns when to call `tick` next, which can be now. There is no other effect, and the reply
        is always that the packet was taken. If the packet needs more than that, or if anything else
        is due, nothing changes and the result is None; call `receive` instead. Both paths lead to
        the same journal. The next `receive` or `tick` first gives the verdicts from such packets.
        """
        play = self.play
        if now >= self._keeps_until or (heard_all := play.keep(who, packet)) is None:
            return None
        self._kept = True
        if heard_all:
            assert play.due is not None, "packets are only kept while turns run"
            self._keeps_until = min(self._keeps_until, play.due + self._slept)
        return self._keeps_until

    def receive(self, who: str, packet: inputs.Packet, now: int) -> tuple[Effect, ...]:
        """Handle a packet from the user id `who`. Exactly one of the effects is a Reply."""
        self._judge_kept()
        self._time_is(now)
        self.event_log.reply(self.requests.answer(who, packet))
        return self._settled()

    def tick(self, now: int) -> tuple[Effect, ...]:
        """Handle timers, turns and absences that are due."""
        self._judge_kept()
        self._time_is(now)
        return self._settled()

    @classmethod
    def restored(
        cls, chart: Chart, *, seed: int, folded: Folded, now: int, slept_ms: int = 0
    ) -> Room:
        """Restore a room from its journal; it takes over `folded`. slept_ms: its previous sleep.

        Packets for turns that were still open are lost; the clients send them again. Timers
        continue from the last entry. Players who were connected are expected to reconnect at once,
        and have as much time as a new player. The room sleeps until the first of them returns.
        """
        assert folded.chart is not None, "a journal begins with the chart"
        room = cls(chart, seed=seed, settings=folded.settings, now=now)
        room.event_log.folded = folded
        room.people.restore(folded.players.values(), folded.joins, now)
        room.play.restore(folded)
        room.chart_driver.restore(folded.chart, now - (folded.at - folded.chart_at))
        room.play.started = room.generation > 0 or room.chart_driver.is_in("running")
        for member in room.people.players():
            if member.repairing and member.seat is not None:
                room.play.quarantine(member.seat)
            elif member.connected and not member.failed and room.play.started:
                member.gathers_from = room.generation + 1
        room._sleep_left -= slept_ms
        room._awaited = any(member.connected for member in room.people.players())
        return room

    def checkpoint(self) -> Checkpoint:
        """Return the state of all events up to now, for a store."""
        return self.event_log.folded.checkpoint()

    # -- state for the shell ---------------------------------------------------------

    @property
    def seq(self) -> int:
        """The `seq` of the last event; 0 before the first."""
        return self.event_log.seq

    @property
    def generation(self) -> int:
        """The last closed turn; 0 before the first."""
        return self.play.generation

    @property
    def pace(self) -> Pace:
        """The pace that was announced last."""
        return self.play.pace

    @property
    def states(self) -> tuple[str, ...]:
        """The paths of the active states in document order."""
        return self.chart_driver.states

    @property
    def over(self) -> bool:
        """Whether the room has ended: nothing changes it any more."""
        return self.event_log.over

    @property
    def asleep(self) -> bool:
        """Whether no player is connected or expected, so that no time passes."""
        return self._asleep_since is not None and not self._awaited

    @property
    def time(self) -> int:
        """The room's own time at the last call, in milliseconds."""
        return self.event_log.now

    def sleep_left_ms(self, now: int) -> int:
        """Return how long after `now` the room ends if nobody returns, in milliseconds."""
        if self._asleep_since is None:
            return self._sleep_max
        return max(0, self._asleep_since + self._sleep_left - now)

    @property
    def slept_ms(self) -> int:
        """How many milliseconds the room's time is behind the shell's, without a current sleep."""
        return self._slept

    def leaves(self, who: str) -> bool:
        """Whether this person was removed and is not disconnected yet."""
        return self.event_log.leaves(who)

    def member(self, who: str) -> bool:
        """Whether this person is in the room, as a player or a spectator."""
        return who in self.people.members

    def hello(self, who: str) -> packets.Welcome:
        """Return the first message for a socket: who the person is, and how far the room is."""
        return self.requests.hello(who)

    def unasked(self, who: str, generation: int) -> Problem | None:
        """Return why this person was not asked for the state of this turn; None if it was."""
        member = self.people.members.get(who)
        if member is None:
            return NOT_IN_THE_ROOM
        if member.seat is None:
            return NOT_A_PLAYER
        return self.snapshots.unasked(member.seat, generation)

    def picture(self) -> Picture:
        """Return the current state of the room."""
        return Picture(
            seq=self.seq,
            generation=self.generation,
            body=(
                packets.Setup(dict(self.settings)),
                self.event_log.roster(),
                packets.Moves(self.generation, self.chart_driver.as_told([])),
            ),
        )

    # -- comparing -----------------------------------------------------------------------

    def _judge_kept(self) -> None:
        """Give the verdicts that follow from packets on the fast path."""
        if self._kept:
            self._kept = False
            self._compare()

    def _compare(self) -> None:
        """Give all verdicts that the reports allow."""
        if self.divergence.compare():
            self._urgent = True

    def _ask_for_state(self) -> None:
        """Ask a player for the state. Sending it is a burden, so the player with the shortest round
        trip is asked first, and slow or hidden players last."""
        if not self.snapshots.is_pending(self.event_log.now):
            return
        burdens: list[tuple[bool, bool, int, int]] = []
        for member in self.people.players():
            able = member.connected and not (member.repairing or member.failed)
            if member.seat is not None and able:
                latency = self.play.pacer.latency(member.seat) or UNKNOWN_MS
                burdens.append((member.hidden, member.slow, latency, member.seat))
        here = [seat for *_, seat in sorted(burdens)]
        asked = self.snapshots.next(self.play.gathered(), here, self.event_log.now)
        if asked is not None:
            self.event_log.say(asked)

    # -- time and turns ----------------------------------------------------------------

    def _settled(self) -> tuple[Effect, ...]:
        """Handle everything that is due, and return the effects with the time of the next tick."""
        for _ in range(ROUNDS_PER_CALL_MAX):
            if self.over:
                break
            self._note_absence()
            self._compare()
            self._ask_for_state()
            if self.play.may_close(self.event_log.now):
                if self._close_turn():
                    break
            elif (self.play.is_near(self.event_log.now) and not self._urgent) or not self._tell():
                break
        self.event_log.say_if_over()
        self._sleep_or_wake()
        wake_at = self._wake_at()
        busy = self._asleep_since is None and not self._awaited and not self.over
        self._keeps_until = wake_at if wake_at is not None and busy else 0
        return self.event_log.take(wake_at)

    def _time_is(self, now: int) -> None:
        self._now = max(now, self._now)
        if self._asleep_since is None:
            self.event_log.now = max(self._now - self._slept, self.event_log.now)
        elif self._now >= self._asleep_since + self._sleep_left and not self.over:
            self.chart_driver.ending = packets.Ended("abandoned", "nobody came back")

    def _sleep_or_wake(self) -> None:
        """Put the room to sleep, or wake it. Then everyone who is away has the whole grace again,
        and the roster is compared again, because spectators can be gone after a restart."""
        here = [member for member in self.people.players() if member.connected]
        if not here or any(member.away_since is None for member in here):
            self._awaited = False
        asleep = self._awaited or not presence.is_anybody_here(self.people)
        if asleep and self._asleep_since is None:
            self._asleep_since, self._sleep_left = self._now, self._sleep_max
        elif self._asleep_since is not None and not asleep:
            self._slept += self._now - self._asleep_since
            self._asleep_since = None
            self.people.changed = True
            presence.wait_anew(self.people, self.event_log.now)

    def _close_turn(self) -> bool:
        """Close the open turn and send its master packet. Returns whether nothing else has changed,
        so that nothing else can be due."""
        assert self.play.due is not None, "a turn closes on the clock of the turns"
        version = self.people.version
        turn = self.play.close()
        now = self.event_log.now
        if absent := turn.closed.absent:
            presence.fall_silent(self.people, absent, self.play.due, self.generation, now)
        self._name_slow()
        moved = self._run_chart()
        self.event_log.say_roster_if_changed()
        chart = self.chart_driver.as_told(moved) if moved else None
        master = self.play.master(turn, chart, now)
        self.event_log.say(master, dump=True, ids=turn.closed.ids)
        self.event_log.want(*turn.rejected)
        if self.snapshots.is_due(self.generation):
            self.snapshots.begin(self._snapshot(), now)
        return (
            not moved
            and not self._urgent
            and self.people.version == version
            and now < self.play.due
            and not self.snapshots.is_pending(now)
            and not self.play.checksums.has_reports
        )

    def _snapshot(self) -> packets.Snapshot:
        """Return the room right after a turn, without the engines' state."""
        return packets.Snapshot(
            generation=self.generation,
            seq=self.seq,
            sha256="",
            size=0,
            begin=self.event_log.folded.begin,
            setup=packets.Setup(dict(self.settings)),
            roster=self.event_log.roster(),
            chart=self.chart_driver.as_told([]),
        )

    def _name_slow(self) -> None:
        """Update which players are slow, from this turn on."""
        slow = self.play.follow()
        if not slow and not self.play.is_anyone_slow():
            return
        for member in self.people.players():
            assert member.seat is not None, "players have seats"
            reason = slow.get(member.seat)
            if member.slow != (reason is not None):
                self.lifecycle.happens("steady" if reason is None else "slow", member)
            member.slow_by = reason if member.slow else None

    def _note_absence(self) -> None:
        """Update which people have not arrived, are silent, are missing or are lost."""
        passed = self._now if self._awaited else self.event_log.now
        if self._is_anybody_due(passed):
            for member in presence.never_arrived(self.people, passed):
                self.requests.away(member)
        if (due := self.play.due) is None:
            presence.rest(self.people)
        else:
            now = self.event_log.now
            if unheard := self.play.overdue(now, by=presence.SILENT_MS):
                presence.fall_silent(self.people, unheard, due, self.generation + 1, now)
        if self._asleep_since is not None:
            # No grace runs out while the room sleeps: a spectator would keep the place all night.
            for member in self.people.spectators():
                if not member.connected:
                    self.people.remove(member)
        if not self._is_anybody_due(passed):
            return
        for member in presence.newly_missing(self.people, self._patience, self.event_log.now):
            if self.lifecycle.happens("lag", member):
                presence.miss(member, self._patience, self.event_log.now)
                self._urgent = True
        for member in presence.newly_lost(self.people, self._patience, self.event_log.now):
            if member.seat is None:
                self.people.remove(member)
            elif self.lifecycle.happens("lost", member):
                self._urgent = True

    def _people_due(self) -> int | None:
        """Return the next deadline of all people, by the room's time."""
        if self._due_version != self.people.version:
            self._due_version = self.people.version
            self._next_due = min(presence.deadlines(self.people, self._patience), default=None)
        return self._next_due

    def _is_anybody_due(self, now: int) -> bool:
        due = self._people_due()
        return due is not None and due <= now

    def _wake_at(self) -> int | None:
        """Return when to call `tick` next, by the shell's time; later than now, None for never."""
        if self.over:
            return None
        if self._asleep_since is not None:
            ends_at = self._asleep_since + self._sleep_left
            if self._awaited:
                ends_at = min(ends_at, self._asleep_since + presence.ARRIVAL_MS)
            return max(ends_at, self._now + 1)
        times = [
            self._people_due(),
            *self.play.deadlines(self.event_log.now),
            self.snapshots.deadline(),
        ]
        due = [at for at in times if at is not None]
        return max(min(due), self.event_log.now + 1) + self._slept if due else None

    # -- the chart -----------------------------------------------------------------------

    def _facts(self) -> Now:
        return Now(self.event_log.now, self.generation, self.people.facts, self.settings)

    def _run_chart(self) -> list[packets.Moved]:
        self._urgent = False
        if self.play.started and self.chart_driver.is_idle(self.event_log.now, self.generation):
            return []
        moved = self.chart_driver.run(self._facts(), self._do)
        if not self.play.started and self.chart_driver.is_in("running"):
            self.play.started = True
            for member in self.people.players():
                member.gathers_from = self.generation + 1 if member.connected else None
        return moved

    def _do(self, did: Did) -> None:
        match did.verb:
            case "drop":
                for member in self.people.players():
                    if did.name in member.flags:
                        self.requests.remove(member, Close.DROPPED, "dropped by the room")
            case "unready":
                for member in self.people.meant_by(did.name):
                    member.reasons = ()
                    self.lifecycle.change("unready", member)
            case "pass":
                self.people.hand_on(did.name)
            case "close":
                for member in self.people:
                    others = {name: one for name, one in member.choices.items() if name != did.name}
                    member.choices = others
            case "repair":
                self.divergence.repair()
            case "announce":
                self.event_log.say(packets.Announcement(clean_line(did.name)))
            case _:
                raise AssertionError(f"the chart wants `{did.verb}` done")

    def _tell(self) -> bool:
        """Send changes without a turn. Returns whether any event was sent."""
        before = self.seq
        moved = self._run_chart()
        self.event_log.say_roster_if_changed(dump=not moved)
        if moved:
            chart = self.chart_driver.as_told(moved)
            self.event_log.say(packets.Moves(self.generation, chart), dump=True)
        return self.seq > before
