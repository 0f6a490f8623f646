"""Handles each packet from a person, and answers it: accepted, or why not.

Knows who is allowed to do what now, and how often; time and turns are in `room`. A packet changes a
flag or a choice, or queues an event for the chart. These take effect when the room settles.
To add a request that works in every room, begin here.
"""

from __future__ import annotations

from collections.abc import Mapping

from gameroom.lockstep import packets
from gameroom.lockstep.pace import AHEAD_MAX
from gameroom.lockstep.packets import ClientPacket
from gameroom.lockstep.turns import Taken
from gameroom.model import RoomFile, Value, policies
from gameroom.model.fit import misfit_body
from gameroom.model.policies import number
from gameroom.room import allowance, inputs, presence
from gameroom.room.chart_driver import ChartDriver
from gameroom.room.effects import Log, Problem, Reply
from gameroom.room.event_log import EventLog
from gameroom.room.lifecycle import Lifecycle, seat_of
from gameroom.room.people import Member, People, choice_of
from gameroom.room.places import place_for
from gameroom.room.play import Play
from gameroom.room.setup import misfit_settings
from gameroom.room.snapshots import Snapshots
from gameroom.texts import clean_line
from gameroom.wire.close import Close

NEAR_EVENTS = 4 * AHEAD_MAX
"""How many events a returning player can lack and still be waited for without interruption."""

REASONS_MAX = 16
REASON_CHARACTERS_MAX = 200
REASONS_CHARACTERS = 256
"""A refusal of the setup counts once for every 256 characters or part of them, because the journal
contains them all."""

FAILURE_CHARACTERS_MAX = 200

SETUP_CHARACTERS = 4096
"""A change of the setup counts once for every 4096 characters, or part of them, of all settings."""


class Requests:
    """The packets of the people of one room."""

    def __init__(
        self,
        file: RoomFile,
        people: People,
        chart_driver: ChartDriver,
        play: Play,
        snapshots: Snapshots,
        event_log: EventLog,
        lifecycle: Lifecycle,
        patience: presence.Patience,
    ) -> None:
        self.file = file
        self.people = people
        self.chart_driver = chart_driver
        self.play = play
        self.snapshots = snapshots
        self.event_log = event_log
        self.lifecycle = lifecycle
        self._patience = patience
        self._requests = {request.name: request for request in file.requests}

    def hello(self, who: str) -> packets.Welcome:
        """Return the first message for a socket: who the person is, and how far the room is."""
        member = self.people.members[who]
        return packets.Welcome(
            user=member.user,
            name=member.name,
            seat=member.seat,
            heard=0 if member.seat is None else self.play.turns.heard.get(member.seat, 0),
            seq=self.event_log.seq,
            generation=self.play.generation,
            turn_ms=self.play.pace.turn_ms,
            ahead=self.play.pace.ahead,
            spectator=member.seat is None,
        )

    def answer(self, who: str, packet: inputs.Packet) -> Reply | Problem:
        """Handle one packet of the person with the user id `who`, and return the answer."""
        if isinstance(packet, inputs.Join):
            return self._join(who, packet)
        member = self.people.members.get(who)
        if member is None:
            return NOT_IN_THE_ROOM
        if member.seat is None and isinstance(packet, _OF_PLAYERS):
            return NOT_A_PLAYER
        if self.event_log.over and not isinstance(packet, inputs.Connect | inputs.Disconnect):
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
            case inputs.Expel(reason):
                self.remove(member, Close.DROPPED, reason)
                return Reply(204)
            case inputs.Configure(settings):
                return self._configure(member, settings)
            case inputs.Ready(ready):
                return self._ready(member, ready)
            case inputs.Hide(hidden):
                return self._hide(member, hidden)
            case inputs.Load(reasons):
                return self._load(member, reasons)
            case inputs.Fail():
                return self._fail(member, packet)
            case inputs.Ask(name, body):
                return self._ask(member, name, body)
            case inputs.Say(text):
                return self._chat(member, text)
            case inputs.HaveState(generation, sha256, size):
                return self._have_state(member, generation, sha256, size)
            case inputs.SendState():
                return self._send_state(member, packet)

    def _join(self, who: str, packet: inputs.Join) -> Reply | Problem:
        if who in self.people.members:
            return Reply(200, self.hello(who))
        if self.event_log.over:
            return _ENDED
        place = place_for(packet, self.people, self.chart_driver, self.lifecycle)
        if isinstance(place, Problem):
            return place
        self.event_log.welcome(who)
        member = self.people.add(who, place.name, seat=place.seat, team=place.team)
        presence.arrive(member, self.event_log.now)
        self.lifecycle.happens("watch" if member.seat is None else "join", member)
        return Reply(201, self.hello(who))

    def _connect(self, member: Member, seq: int) -> Reply:
        is_near = self.event_log.seq - seq <= NEAR_EVENTS
        presence.connect(member, self.event_log.now, is_near=is_near)
        if member.connected:
            self.lifecycle.happens("displace", member)
        else:
            if not member.repairing:
                # The engine of a returning player may have restarted.
                self._excuse(member)
            self.lifecycle.happens("return", member)
        return Reply(200, self.hello(member.user))

    def _disconnect(self, member: Member) -> Reply:
        if member.connected:
            self.away(member)
        return Reply(204)

    def away(self, member: Member) -> None:
        """Handle a connection that was lost or never opened."""
        presence.disconnect(member, self.event_log.now)
        if member.seat is not None:
            self.play.pacer.forget(member.seat)
        self.lifecycle.happens("drop", member)

    def _leave(self, member: Member) -> Reply | Problem:
        if (refusal := self._unless_asked(member, "leave")) is not None:
            return refusal
        self.remove(member, Close.LEFT, "left")
        return Reply(204)

    def remove(self, member: Member, code: Close, reason: str) -> None:
        """Remove a person, whose socket is closed with this code."""
        self.people.remove(member)
        self.event_log.part(member, code, reason)
        if member.seat is not None:
            self.play.forget(member.seat)
            self.snapshots.forget(member.seat)
            self._reconcile()
        self.lifecycle.happens("leave", member)

    def _reconcile(self) -> None:
        """Clear `diverged` for players who differ from nobody any more, because all players who are
        left had the same checksum."""
        players = self.people.players()
        for member in players:
            assert member.seat is not None, "players are seated"
            alone = len(players) == 1
            differs = not alone and self.play.checksums.differs(member.seat)
            if member.diverged and not member.repairing and not differs:
                self._excuse(member)

    def _excuse(self, member: Member) -> None:
        """Compare this player's engine from scratch."""
        presence.release(member)
        self.lifecycle.happens("excuse", member)

    def _configure(self, member: Member, changes: Mapping[str, Value]) -> Reply | Problem:
        if (refusal := self._unless_asked(member, "configure")) is not None:
            return refusal
        changed = {**self.event_log.settings, **changes}
        times = 1 + len(str(changed)) // SETUP_CHARACTERS
        if (wait := self._waits_for(member, "configures_per_minute", times=times)) is not None:
            return wait
        why = misfit_settings(self.file.settings, changed)
        if why is not None or not changes:
            return Problem(422, "bad_setting", why or "Send at least one setting.")
        if changed == self.event_log.settings:
            return Reply(200, dict(self.event_log.settings))
        self.event_log.settings.update(changes)
        self.event_log.say(packets.Setup(dict(self.event_log.settings), changed_by=member.name))
        self.lifecycle.happens("configure", member)
        return Reply(200, dict(self.event_log.settings))

    def _ready(self, member: Member, ready: bool) -> Reply | Problem:
        event = "ready" if ready else "unready"
        if (refusal := self._unless_asked(member, event)) is not None:
            return refusal
        if self.lifecycle.can(event, member):
            if (wait := self._waits_for(member, "changes_per_minute", "ready")) is not None:
                return wait
            member.reasons = ()
            self.lifecycle.happens(event, member)
        return Reply(204)

    def _hide(self, member: Member, hidden: bool) -> Reply | Problem:
        if hidden == member.hidden or not member.connected:
            return Reply(204)
        if (wait := self._waits_for(member, "changes_per_minute", "hidden")) is not None:
            return wait
        if hidden:
            presence.hide(member, self.event_log.now)
            self._recover(member)
        else:
            presence.show(member)
        self.lifecycle.happens("hide" if hidden else "show", member)
        return Reply(204)

    def _load(self, member: Member, reasons: tuple[str, ...]) -> Reply | Problem:
        event = "refused" if reasons else "loaded"
        if (refusal := self._unless_asked(member, event)) is not None:
            return refusal
        if len(reasons) > REASONS_MAX or any(len(r) > REASON_CHARACTERS_MAX for r in reasons):
            return Problem(
                422, "bad_reasons", "Send at most 16 reasons of up to 200 characters each."
            )
        lines = tuple(filter(None, map(clean_line, reasons)))
        if reasons and not lines:
            return Problem(422, "bad_reasons", "A reason needs at least one visible character.")
        reasons = lines
        times = 1 + sum(map(len, reasons)) // REASONS_CHARACTERS
        if (wait := self._waits_for(member, "changes_per_minute", "load", times)) is not None:
            return wait
        if reasons and reasons != member.reasons:
            self.event_log.say(packets.Refused(seat_of(member), reasons))
        member.reasons = reasons
        if not reasons:
            presence.revive(member)
        self.lifecycle.happens(event, member)
        return Reply(204)

    def _fail(self, member: Member, said: inputs.Fail) -> Reply | Problem:
        """Handle a reported failure. Repeating a report changes nothing. A player whose engine has
        failed cannot report anything else."""
        text = clean_line(said.text)
        if not text or len(said.text) > FAILURE_CHARACTERS_MAX:
            why = f"A report has 1 to {FAILURE_CHARACTERS_MAX} characters."
            return Problem(422, "bad_report", why)
        if not 0 <= said.generation <= self.play.generation:
            why = f"Turn {said.generation} is not closed yet, so no engine can have run it."
            return Problem(422, "bad_report", why)
        if said.kind == "engine" and not self.lifecycle.is_there("failed"):
            return self.chart_driver.forbidden("failure", member.kinds, "No engine is running now.")
        if said.kind == "engine" and not member.connected:
            return Problem(
                409, "not_now", "You are not connected, so nobody waits for your engine."
            )
        failure = (said.generation, text)
        if member.failed:
            if said.kind != "engine" or member.failure not in (None, failure):
                return Problem(409, "already_failed", "Your engine has failed. Load it again.")
            member.failure, member.failed_here = failure, True
            return Reply(204)
        kind = "failed" if said.kind == "engine" else "fault"
        if (wait := self._waits_for(member, "changes_per_minute", kind)) is not None:
            return wait
        self.event_log.want(Log(member.user, member.name, said.kind, said.generation, text))
        if said.kind == "engine":
            self._failed(member, failure)
        return Reply(204)

    def _failed(self, member: Member, failure: tuple[int, str]) -> None:
        seat = seat_of(member)
        presence.fail(member, self.event_log.now, failure)
        self._recover(member)
        self.play.pacer.forget(seat)
        self.event_log.say(packets.Failed(seat, *failure))
        self.lifecycle.happens("failed", member)

    def _recover(self, member: Member) -> None:
        """Let a missing player recover, because packets have arrived or are not expected any
        more."""
        if member.missing:
            self.lifecycle.happens("recover", member)

    def _ask(self, member: Member, name: str, body: Mapping[str, Value]) -> Reply | Problem:
        request = self._requests.get(name)
        if request is None:
            return Problem(
                404, "no_such_request", f"There is no request `{name[:40]}` in this room."
            )
        refusal = self._unless_allowed(member, name, "requests_per_minute")
        if refusal is not None:
            return refusal
        if (why := misfit_body(request.fields, body)) is not None:
            return Problem(422, "bad_body", f"In `{name}`, {why}.")
        if (choice := choice_of(body)) is not None:
            member.choices = {**member.choices, name: choice}
        self.chart_driver.happen(name, {**body, "seat": seat_of(member)})
        return Reply(202)

    def _chat(self, member: Member, text: str) -> Reply | Problem:
        if not policies.policy(self.file, "chat", "open"):
            return Problem(403, "chat_off", "Chat is turned off in this room.")
        refusal = self._unless_allowed(member, "chat", "chat_per_minute")
        if refusal is not None:
            return refusal
        most = number(self.file, "chat", "characters")
        line = clean_line(text) if len(text) <= most else ""
        if not line:
            why = f"A line of chat has 1 to {most} characters, at least one of them visible."
            return Problem(422, "bad_text", why)
        self.event_log.say(packets.Chat(member.name, line))
        return Reply(204)

    def _unless_asked(self, member: Member, event: str) -> Reply | Problem | None:
        """As `_unless_allowed`, for an event of the lifecycle."""
        asks = self.lifecycle.asks(event)
        return None if asks is None else self._unless_allowed(member, asks)

    def _unless_allowed(
        self, member: Member, name: str, limit: str | None = None
    ) -> Reply | Problem | None:
        """Return None if the state allows it and the limit is not exceeded. Otherwise return the
        refusal, or the empty answer for `ignore`."""
        ruling = self.chart_driver.ruling(name, member.kinds)
        if ruling == "ignore":
            return Reply(204)
        if ruling != "allow":
            return self.chart_driver.forbidden(name, member.kinds)
        return None if limit is None else self._waits_for(member, limit)

    def _waits_for(
        self, member: Member, limit: str, kind: str = "", times: int = 1
    ) -> Problem | None:
        """Charge an action to an allowance. Returns the refusal if it is exceeded, or None.

        limit: the key of `policy limits`. kind: actions with another kind have another allowance.
        times: how often the action counts.
        """
        per_minute = number(self.file, "limits", limit)
        spent, key = member.spent, limit + kind
        wait = allowance.spend(spent, key, per_minute, self.event_log.now, times)
        if not wait:
            return None
        return Problem(
            429, "too_often", f"Too many requests. Try again in {wait} ms.", retry_after_ms=wait
        )

    # -- one client packet -------------------------------------------------------------

    def _client_packet(self, member: Member, packet: ClientPacket) -> Reply | Problem:
        if not self.play.started:
            return self.chart_driver.forbidden("turns", member.kinds, "The game has not started.")
        if packet.generation < 1:
            return Problem(400, "bad_frame", "The first generation is 1.")
        if (why := packets.misfit_ids(packet)) is not None:
            return Problem(400, "bad_frame", f"{why[0].upper()}{why[1:]}.")
        taken, rejected = self.play.take(member, packet)
        if member.failed and member.failed_since is None:
            self.lifecycle.happens("recover", member)
        if taken is Taken.REPEATED:
            self.event_log.want(*rejected)
            return Reply(200, {"generation": packet.generation, "repeated": True})
        if taken is Taken.SKIPPED:
            why = (
                f"Generation {packet.generation} was skipped because much later ones were sent "
                "first."
            )
            return Problem(409, "too_late", f"{why} Its commands were not accepted.")
        if taken is Taken.EARLY:
            open_ = self.play.generation + 1
            why = f"Generation {packet.generation} is too far ahead. The open turn is {open_}."
            return Problem(409, "too_early", why)
        self.event_log.want(*rejected)
        speaks = taken is Taken.KEPT or member.hidden or not self._patience.waits
        if speaks:
            presence.hear(member)
            self._recover(member)
        return Reply(202, {"generation": packet.generation, "late": taken is Taken.LATE})

    # -- snapshots ---------------------------------------------------------------------

    def _have_state(
        self, member: Member, generation: int, sha256: str, size: int
    ) -> Reply | Problem:
        if member.repairing:
            return NOT_A_PLAYER
        return self.snapshots.said(seat_of(member), generation, sha256, size) or Reply(202)

    def _send_state(self, member: Member, said: inputs.SendState) -> Reply | Problem:
        sent = self.snapshots.sent(seat_of(member), said)
        if isinstance(sent, Problem):
            return sent
        self.event_log.want(sent)
        return Reply(201)


_OF_PLAYERS = (ClientPacket, inputs.Fail, inputs.HaveState, inputs.SendState)
"""Packets that spectators cannot send in any state."""
NOT_IN_THE_ROOM = Problem(403, "not_in_the_room", "You have not joined this room.")
NOT_A_PLAYER = Problem(403, "not_a_player", "Only players can send turns, states and failures.")
_ENDED = Problem(410, "room_ended", "The room has ended.")
