"""The room: one chart, its people, its setup, its turns.

Knows the room file and the rules of lock-step; no socket, no store, no clock: time is an
argument in milliseconds, user ids and the seed come in from outside. The rule it keeps:
whatever it says to everyone is one event with a gapless `seq`, appended before it is
broadcast, so that folding the events gives back the room.

How time passes. While the chart is in a state that `iterates`, what happens to the room
(joins, requests, agreed signals, timers) waits for the open turn and stands in or right
before its master packet: everybody changes on the same turn. In every other state, and
when a turn is overdue, it happens at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gameroom.chart import Chart, Did
from gameroom.lockstep import packets
from gameroom.lockstep.pace import AHEAD_MAX, Pace
from gameroom.lockstep.packets import Body, ClientPacket, Event, MasterPacket, is_running
from gameroom.lockstep.turns import Taken
from gameroom.model import Value, policies
from gameroom.model.fit import misfit_body
from gameroom.model.policies import number
from gameroom.room import allowance, inputs, presence
from gameroom.room.course import Course, Now
from gameroom.room.effects import (
    Append,
    Arm,
    Broadcast,
    Effect,
    Part,
    Picture,
    Problem,
    Reply,
)
from gameroom.room.entrance import place_for
from gameroom.room.people import Member, People, choice_of
from gameroom.room.play import Play
from gameroom.room.setup import default_settings, misfit_settings
from gameroom.room.snapshots import Snapshots

NEAR_EVENTS = 4 * AHEAD_MAX
"""Who comes back and lacks no more events than this is waited for without interruption."""

ROUNDS_PER_CALL_MAX = 2 * AHEAD_MAX
"""How often one call lets a turn close or things happen; the rest follows at the next tick."""

REASONS_MAX = 16
REASON_CHARACTERS_MAX = 200


class Room:
    """One room. Give it packets and the time, do what it returns, in order."""

    def __init__(
        self,
        chart: Chart,
        *,
        seed: int,
        settings: Mapping[str, Value] | None = None,
        now: int = 0,
    ) -> None:
        """A room that has not begun. `settings` must fit the room file (`misfit_settings`)."""
        file = chart.room
        self.file = file
        self.seed = seed
        self.seq = 0
        self.settings = default_settings(file) | dict(settings or {})
        assert misfit_settings(file.settings, self.settings) is None
        self.course = Course(chart)
        self.people = People(file)
        self.play = Play(file, self.people, self.course)
        self.snapshots = Snapshots(file)
        self._game = packets.Begin()
        self._game_runs = False
        self._requests = {request.name: request for request in file.requests}
        self._patience = presence.patience(file)
        self._now = now
        self._out: list[Effect] = []
        self._parting: dict[str, Part] = {}
        self._roster_changed = False
        self._urgent = False
        self._started = False
        self._over_told = False

    # -- doors ---------------------------------------------------------------------

    def begin(self) -> tuple[Effect, ...]:
        """Enter the initial states. The first events are the chart and the setup."""
        moved, dids = self.course.begin(self._facts())
        for did in dids:
            self._do(did)
        self._say(packets.Moves(0, self.course.as_told(moved)), dump=True)
        self._say(packets.Setup(dict(self.settings)))
        return self._settled()

    def receive(self, who: str, packet: inputs.Packet, now: int) -> tuple[Effect, ...]:
        """One packet from the person with the user id `who`; exactly one Reply comes back."""
        self._now = max(now, self._now)
        self._reply(self._taken(who, packet))
        return self._settled()

    def tick(self, now: int) -> tuple[Effect, ...]:
        """Time has passed: due timers, turns and absences."""
        self._now = max(now, self._now)
        return self._settled()

    @classmethod
    def restored(
        cls,
        chart: Chart,
        *,
        seed: int,
        entries: Iterable[Append],
        now: int,
        settings: Mapping[str, Value] | None = None,
    ) -> Room:
        """The room that said these events and began with these settings.

        What had been heard for turns that were still open is gone; the players' clients
        send it again. Timers go on from where they were at the last entry. Everybody
        who was connected is expected back at once and waited for as long as a newcomer.
        """
        room = cls(chart, seed=seed, settings=settings, now=now)
        last_at = dumped_at = 0
        dump: bytes | None = None
        for entry in entries:
            assert entry.event.seq == room.seq + 1, "a gap in the journal"
            room.seq, last_at = entry.event.seq, entry.at
            if entry.chart is not None:
                dump, dumped_at = entry.chart, entry.at
            room._fold(entry.event.body)
        assert dump is not None, "a journal begins with the chart"
        room.course.restore(dump, now - (last_at - dumped_at))
        room._started = room.generation > 0 or room.course.is_in("running")
        for member in room.people.players():
            if member.repairing and member.seat is not None:
                member.repairing_since = now
                room.play.quarantine(member.seat)
            elif member.connected and room._started:
                member.gathers_from = room.generation + 1
        return room

    # -- what a shell may look at ----------------------------------------------------

    @property
    def generation(self) -> int:
        """The last closed turn, 0 before the first."""
        return self.play.generation

    @property
    def pace(self) -> Pace:
        """The turn length, ahead and iterations as last announced."""
        return self.play.pace

    @property
    def states(self) -> tuple[str, ...]:
        """The active states' paths in document order."""
        return self.course.states

    @property
    def over(self) -> bool:
        """The room has reached an end: nothing moves it any more."""
        return self._over_told or self.course.ending is not None

    def member(self, who: str) -> bool:
        """Is this person in the room, with a seat or watching?"""
        return who in self.people.members

    def unasked(self, who: str, generation: int) -> Problem | None:
        """Why this member is not to send the state of this turn, None when it is: to be known
        before its bytes are read."""
        seat = self.people.members[who].seat
        return _NOT_A_PLAYER if seat is None else self.snapshots.unasked(seat, generation)

    def hello(self, who: str) -> dict[str, Value]:
        """What a socket is told first: who you are here, and where the room is."""
        member = self.people.members[who]
        heard = 0 if member.seat is None else self.play.turns.heard.get(member.seat, 0)
        return {
            "user": member.user,
            "name": member.name,
            "seat": member.seat,
            "spectator": member.seat is None,
            "heard": heard,
            "seq": self.seq,
            "generation": self.generation,
            "turn_ms": self.pace.turn_ms,
            "ahead": self.pace.ahead,
        }

    def picture(self) -> Picture:
        """The whole room as it is now."""
        return Picture(
            seq=self.seq,
            generation=self.generation,
            body=(
                packets.Setup(dict(self.settings)),
                self._roster(),
                packets.Moves(self.generation, self.course.as_told([])),
            ),
        )

    # -- one packet --------------------------------------------------------------------

    def _taken(self, who: str, packet: inputs.Packet) -> Reply | Problem:
        if isinstance(packet, inputs.Join):
            return self._join(who, packet)
        member = self.people.members.get(who)
        if member is None:
            return Problem(403, "not_in_the_room", "You have no place in this room.")
        if self.over and not isinstance(packet, inputs.Connect | inputs.Disconnect):
            return _ENDED
        match packet:
            case ClientPacket():
                return self._client_packet(member, packet)
            case inputs.Connect(seq):
                return self._connect(member, seq)
            case inputs.Disconnect():
                return self._disconnect(member)
            case inputs.Leave():
                return self._leave(member)
            case inputs.Configure(settings):
                return self._configure(member, settings)
            case inputs.Ready(ready):
                return self._ready(member, ready)
            case inputs.Hide(hidden):
                return self._hide(member, hidden)
            case inputs.Load(reasons):
                return self._load(member, reasons)
            case inputs.Ask(name, body):
                return self._ask(member, name, body)
            case inputs.Say(text):
                return self._chat(member, text)
            case inputs.HaveState(generation, sha256, size):
                return self._have_state(member, generation, sha256, size)
            case inputs.SendState(generation, state):
                return self._send_state(member, generation, state)

    def _join(self, who: str, packet: inputs.Join) -> Reply | Problem:
        if who in self.people.members:
            return Reply(200, self.hello(who))
        if self.over:
            return _ENDED
        place = place_for(packet, self.people, self.course)
        if isinstance(place, Problem):
            return place
        if who in self._parting:
            # Somebody who leaves and comes again before a roster was told would never have
            # left, for whoever reads the journal.
            self._say_roster_if_changed(dump=False)
        member = self.people.add(who, place.name, seat=place.seat, team=place.team)
        presence.arrive(member, self._now)
        self._roster_changed = True
        if member.seat is not None:
            self._happen("join", {"seat": member.seat})
        return Reply(201, self.hello(who))

    def _connect(self, member: Member, seq: int) -> Reply:
        back = not member.connected
        presence.connect(member, is_near=self.seq - seq <= NEAR_EVENTS)
        self._roster_changed = True
        if back and member.seat is not None:
            self._happen("return", {"seat": member.seat})
        return Reply(200, self.hello(member.user))

    def _disconnect(self, member: Member) -> Reply:
        if member.connected:
            self._away(member)
        return Reply(204)

    def _away(self, member: Member) -> None:
        presence.disconnect(member, self._now)
        self._roster_changed = True
        if member.seat is not None:
            self.play.pacer.forget(member.seat)
            self._happen("drop", {"seat": member.seat})

    def _leave(self, member: Member) -> Reply | Problem:
        if (refusal := self._unless_allowed(member, "leave")) is not None:
            return refusal
        self._remove(member, 4100, "left")
        return Reply(204)

    def _configure(self, member: Member, changes: Mapping[str, Value]) -> Reply | Problem:
        refusal = self._unless_allowed(member, "configure", "configures_per_minute")
        if refusal is not None:
            return refusal
        why = misfit_settings(self.file.settings, {**self.settings, **changes})
        if why is not None or not changes:
            return Problem(422, "bad_setting", why or "No setting was given.")
        self.settings.update(changes)
        self._say(packets.Setup(dict(self.settings), changed_by=member.name))
        self._happen("configure", {"seat": _seat(member)})
        return Reply(200, dict(self.settings))

    def _ready(self, member: Member, ready: bool) -> Reply | Problem:
        if (refusal := self._unless_allowed(member, "ready")) is not None:
            return refusal
        if ready != member.ready:
            member.not_ready()
            member.ready = ready
            self._roster_changed = True
            self._happen("ready" if ready else "unready", {"seat": _seat(member)})
        return Reply(204)

    def _hide(self, member: Member, hidden: bool) -> Reply | Problem:
        wait = self._waits_for(member, "requests_per_minute")
        if wait is not None:
            return wait
        if hidden == member.hidden or not member.connected:
            return Reply(204)
        if not hidden:
            presence.show(member)
        elif presence.hide(member):
            self._happen("recover", {"seat": _seat(member)})
        self._roster_changed = True
        if member.seat is not None:
            self._happen("hide" if hidden else "show", {"seat": member.seat})
        return Reply(204)

    def _load(self, member: Member, reasons: tuple[str, ...]) -> Reply | Problem:
        if (refusal := self._unless_allowed(member, "load")) is not None:
            return refusal
        if len(reasons) > REASONS_MAX or any(len(r) > REASON_CHARACTERS_MAX for r in reasons):
            return Problem(422, "bad_reasons", "At most 16 reasons of 200 characters each.")
        self._roster_changed = True
        member.loaded, member.refused = not reasons, bool(reasons)
        if reasons:
            self._say(packets.Refused(_seat(member), reasons))
        self._happen("refused" if reasons else "loaded", {"seat": _seat(member)})
        return Reply(204)

    def _ask(self, member: Member, name: str, body: Mapping[str, Value]) -> Reply | Problem:
        request = self._requests.get(name)
        if request is None:
            return Problem(404, "no_such_request", f"This room has no request `{name[:40]}`.")
        refusal = self._unless_allowed(member, name, "requests_per_minute")
        if refusal is not None:
            return refusal
        if (why := misfit_body(request.fields, body)) is not None:
            return Problem(422, "bad_body", f"In `{name}`, {why}.")
        if (choice := choice_of(body)) is not None:
            member.choices[name] = choice
            self._roster_changed = True
        self._happen(name, {**body, "seat": _seat(member)})
        return Reply(202)

    def _chat(self, member: Member, text: str) -> Reply | Problem:
        if not policies.policy(self.file, "chat", "open"):
            return Problem(403, "chat_off", "There is no chat in this room.")
        refusal = self._unless_allowed(member, "chat", "chat_per_minute")
        if refusal is not None:
            return refusal
        most = number(self.file, "chat", "characters")
        if not text.strip() or len(text) > most:
            return Problem(422, "bad_text", f"A line of chat has 1 to {most} characters.")
        self._say(packets.Chat(member.name, text))
        return Reply(204)

    def _unless_allowed(
        self, member: Member, name: str, limit: str | None = None
    ) -> Reply | Problem | None:
        """None when the state allows it and the allowance holds; the silent answer of
        `ignore`; else the refusal."""
        ruling = self.course.ruling(name, member.kinds)
        if ruling == "ignore":
            return Reply(204)
        if ruling != "allow":
            return self.course.forbidden(name, member.kinds)
        return None if limit is None else self._waits_for(member, limit)

    def _waits_for(self, member: Member, limit: str) -> Problem | None:
        """None while the allowance of this policy of limits holds."""
        per_minute = number(self.file, "limits", limit)
        wait = allowance.spend(member.spent, limit, per_minute, self._now)
        if not wait:
            return None
        return Problem(429, "too_often", f"Too often: wait {wait} ms.", retry_after_ms=wait)

    # -- one client packet -------------------------------------------------------------

    def _client_packet(self, member: Member, packet: ClientPacket) -> Reply | Problem:
        if member.seat is None:
            return Problem(403, "not_a_player", "Spectators send no turns.")
        if not self._started:
            return self.course.forbidden("turns", member.kinds, "The game has not started.")
        taken, rejected = self.play.take(member, packet)
        if taken is Taken.REPEATED:
            return Reply(200, {"generation": packet.generation, "repeated": True})
        if taken is Taken.EARLY:
            open_ = self.generation + 1
            why = f"Generation {packet.generation} is too far ahead: {open_} is open."
            return Problem(409, "too_early", why)
        self._out.extend(rejected)
        speaks = taken is Taken.KEPT or member.hidden or not self._patience.waits
        if speaks and presence.heard_again(member):
            self._roster_changed = True
            self._happen("recover", {"seat": member.seat})
        return Reply(202, {"generation": packet.generation, "late": taken is Taken.LATE})

    def _compare(self) -> None:
        """Verdicts and agreements that the reports allow by now."""
        for verdict in self.play.divergences():
            self._diverged(verdict)
        for seat in self.play.checksums.healed():
            self._healed(seat)
        self._release_the_last()
        for signal in self.play.agreed_signals():
            self._happen(signal.name, {**signal.body, "seat": -1})

    def _diverged(self, verdict: packets.Diverged) -> None:
        known = {member.seat for member in self.people.players() if member.diverged}
        if set(verdict.seats) <= known:
            return
        for member in self.people.players():
            if member.seat in verdict.seats:
                member.diverged, member.outvoted = True, verdict.decidable
        self._roster_changed = self._urgent = True
        self._say(verdict)
        self._happen("diverged", {"seat": verdict.seats[0], "decidable": verdict.decidable})

    def _release_the_last(self) -> None:
        """Where only players under repair are here, nobody is left whom they could agree with:
        they play on and are compared with each other, and with whoever returns."""
        here = [member for member in self.people.players() if member.connected]
        if here and all(member.repairing for member in here):
            for member in here:
                assert member.seat is not None, "players are seated"
                self.play.checksums.release(member.seat)
                self._healed(member.seat)

    def _healed(self, seat: int) -> None:
        member = self.people.at(seat)
        assert member is not None, "an empty seat is forgotten"
        presence.release(member)
        self._roster_changed = True
        self._happen("repaired", {"seat": seat})

    # -- snapshots ---------------------------------------------------------------------

    def _have_state(
        self, member: Member, generation: int, sha256: str, size: int
    ) -> Reply | Problem:
        if member.seat is None or member.repairing:
            return _NOT_A_PLAYER
        return self.snapshots.said(member.seat, generation, sha256, size) or Reply(202)

    def _send_state(self, member: Member, generation: int, state: bytes) -> Reply | Problem:
        if member.seat is None:
            return _NOT_A_PLAYER
        sent = self.snapshots.sent(member.seat, generation, state)
        if isinstance(sent, Problem):
            return sent
        self._out.append(sent)
        return Reply(201)

    def _ask_for_state(self) -> None:
        """Whoever holds the pace up has enough to do: the quickest of those who agree is asked."""
        players = [m for m in self.people.players() if m.connected and not m.repairing]
        quick_first = sorted(players, key=lambda member: (member.hidden, member.slow))
        here = [member.seat for member in quick_first if member.seat is not None]
        asked = self.snapshots.next(self.play.gathered(), here, self._now)
        if asked is not None:
            self._say(asked)

    # -- time and turns ----------------------------------------------------------------

    def _settled(self) -> tuple[Effect, ...]:
        """Let happen what is due, then hand over the effects with the time of the next tick."""
        for _ in range(ROUNDS_PER_CALL_MAX):
            if self.over:
                break
            self._note_absence()
            self._compare()
            self._ask_for_state()
            if self.play.may_close(self._now):
                self._close_turn()
            elif (self.play.is_near(self._now) and not self._urgent) or not self._tell():
                break
        self._say_if_over()
        self._out.append(Arm(self._wake_at()))
        effects, self._out = tuple(self._out), []
        return effects

    def _close_turn(self) -> None:
        """The heart of lock-step: all were heard or waited for, everybody is told the same."""
        assert self.play.due is not None, "a turn closes on the clock of the turns"
        turn = self.play.close()
        presence.fall_silent(self.people, turn.closed.absent, self.play.due, self.generation)
        self._name_slow()
        moved = self._run_chart()
        self._say_roster_if_changed(dump=False)
        chart = self.course.as_told(moved) if moved else None
        self._say(self.play.master(turn, chart, self._now), dump=True)
        self._out.extend(turn.rejected)
        if self.snapshots.is_due(self.generation):
            self.snapshots.begin(self._snapshot(), self._now)

    def _snapshot(self) -> packets.Snapshot:
        """The room right after a turn, without the engines' state."""
        return packets.Snapshot(
            generation=self.generation,
            seq=self.seq,
            sha256="",
            size=0,
            begin=self._game,
            setup=packets.Setup(dict(self.settings)),
            roster=self._roster(),
            chart=self.course.as_told([]),
        )

    def _name_slow(self) -> None:
        """Whoever holds the pace back from this turn on, and who does not any more."""
        slow = self.play.follow()
        for member in self.people.players():
            if member.slow != (member.seat in slow):
                member.slow = not member.slow
                self._roster_changed = True
                self._happen("slow" if member.slow else "steady", {"seat": member.seat})

    def _note_absence(self) -> None:
        """Who never came, who is silent, who is lost by now."""
        for member in presence.never_arrived(self.people, self._now):
            self._away(member)
        if (due := self.play.due) is None:
            presence.rest(self.people)
        else:
            unheard = self.play.overdue(self._now, by=presence.SILENT_MS)
            presence.fall_silent(self.people, unheard, due, self.generation + 1)
        for member in presence.newly_missing(self.people, self._patience, self._now):
            self._roster_changed = self._urgent = True
            self._happen("lag", {"seat": _seat(member)})
        for member in presence.newly_lost(self.people, self._patience, self._now):
            self._roster_changed = True
            if member.seat is None:
                self.people.remove(member)
            else:
                self._urgent = True
                self._happen("lost", {"seat": member.seat})

    def _wake_at(self) -> int | None:
        """When something becomes due by itself; never now or earlier."""
        if self.over:
            return None
        times = [
            *presence.deadlines(self.people, self._patience),
            *self.play.deadlines(self._now),
            self.snapshots.deadline(),
        ]
        due = [at for at in times if at is not None]
        return max(min(due), self._now + 1) if due else None

    # -- the chart -----------------------------------------------------------------------

    def _facts(self) -> Now:
        return Now(self._now, self.generation, self.people.facts, self.settings)

    def _happen(self, event: str, fields: Mapping[str, Value]) -> None:
        self.course.happen(event, fields)

    def _run_chart(self) -> list[packets.Moved]:
        self._urgent = False
        moved = self.course.run(self._facts(), self._do)
        if not self._started and self.course.is_in("running"):
            self._started = True
            for member in self.people.players():
                member.gathers_from = self.generation + 1 if member.connected else None
        return moved

    def _do(self, did: Did) -> None:
        match did.verb:
            case "drop":
                for member in self.people.players():
                    if member.has(did.name):
                        self._remove(member, 4101, "dropped by the room")
            case "unready":
                for member in self.people.meant_by(did.name):
                    member.not_ready()
                self._roster_changed = True
            case "pass":
                self._roster_changed = self.people.hand_on(did.name) or self._roster_changed
            case "close":
                for member in self.people:
                    member.choices.pop(did.name, None)
                self._roster_changed = True
            case "repair":
                self._repair()
            case "announce":
                self._say(packets.Announcement(did.name))
            case _:
                raise AssertionError(f"the chart wants `{did.verb}` done")

    def _repair(self) -> None:
        """Whoever differs from a majority begins again, while the others go on. Where nobody
        knows who is right there is nobody to repair."""
        ill = [m for m in self.people.players() if m.outvoted and not m.repairing]
        allowed = number(self.file, "divergence", "repairs")
        for member in ill:
            if member.repairs >= allowed:
                self._remove(member, 4101, "diverged too often")
        curable = {m.seat: m for m in ill if m.repairs < allowed and m.seat is not None}
        if not curable:
            return
        self._say(packets.Repair(self.generation, tuple(curable)))
        for seat, member in curable.items():
            presence.quarantine(member, self._now)
            self.play.quarantine(seat)
        self._roster_changed = True

    def _remove(self, member: Member, code: int, reason: str) -> None:
        """Take somebody out. Who goes is told so after the roster that says it: a server that
        falls in between still has this player, who has to know that."""
        self.people.remove(member)
        self._roster_changed = True
        self._parting[member.user] = Part(member.user, code, reason)
        if member.seat is not None:
            self.play.forget(member.seat)
            self.snapshots.forget(member.seat)
            self._happen("leave", {"seat": member.seat})

    # -- saying --------------------------------------------------------------------------

    def _tell(self) -> bool:
        """What happened is told without a turn. Says whether anything was told."""
        before = self.seq
        moved = self._run_chart()
        self._say_roster_if_changed(dump=not moved)
        if moved:
            chart = self.course.as_told(moved)
            self._say(packets.Moves(self.generation, chart), dump=True)
        return self.seq > before

    def _say_roster_if_changed(self, *, dump: bool) -> None:
        if self._roster_changed:
            self._roster_changed = False
            self._say(self._roster(), dump=dump)
            self._out.extend(self._parting.values())
            self._parting.clear()

    def _roster(self) -> packets.Roster:
        return presence.roster(self.people, self._patience, self._now)

    def _say_if_over(self) -> None:
        if self.course.ending is not None and not self._over_told:
            self._over_told = True
            self._say(self.course.ending)

    def _say(self, body: Body, *, dump: bool = False) -> None:
        """Store, then tell: the one place where both are asked for.

        dump: store the chart with it. Only with an event that tells of the move itself, so
        that no cut of the journal has moved further than it has told.
        """
        self.seq += 1
        self._note_begin(body)
        event = Event(self.seq, body)
        stored = self.course.dump_if_changed() if dump else None
        self._out.append(Append(event, self._now, stored))
        self._out.append(Broadcast(event))

    def _reply(self, said: Reply | Problem) -> None:
        if isinstance(said, Problem):
            said = Reply(said.status, problem=said)
        self._out.append(said)

    # -- folding a journal -----------------------------------------------------------------

    def _note_begin(self, body: Body) -> None:
        """A game begins for the engines when the chart has entered `running`."""
        if isinstance(body, packets.Moves | MasterPacket) and body.chart is not None:
            states = body.chart.states
            was, self._game_runs = self._game_runs, is_running(states)
            if self._game_runs and not was:
                seats = self.people.roster().seats
                self._game = packets.Begin(dict(self.settings), seats, states)

    def _fold(self, body: Body) -> None:
        self._note_begin(body)
        match body:
            case packets.Setup(settings):
                self.settings = dict(settings)
            case packets.Roster():
                for seat in self.people.restore(body, self._now):
                    self.play.forget(seat)
            case packets.Diverged():
                self.play.checksums.judged = body.generation
                for member in self.people.players():
                    if member.seat in body.seats:
                        member.diverged, member.outvoted = True, body.decidable
            case packets.Repair(seats=seats):
                for member in self.people.players():
                    if member.seat in seats:
                        presence.quarantine(member, self._now)
            case packets.Ended():
                self._over_told = True
            case MasterPacket():
                self.play.fold(body)


_NOT_A_PLAYER = Problem(403, "not_a_player", "Only players are asked for their state.")
_ENDED = Problem(410, "room_ended", "The room has ended.")


def _seat(member: Member) -> int:
    """The number for the wire and for `event.seat`: -1 for a spectator."""
    return -1 if member.seat is None else member.seat
