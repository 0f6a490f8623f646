"""The running game as the server sees it: gather the packets, verify, compare, keep time.

Knows the room's people and its chart, to ask who is gathered and what is allowed; it
says nothing to anyone. The rule it keeps: a turn closes when everybody gathered has been
heard (or the room's patience with the late ones is at its end), never earlier than the
turn length after the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from gameroom.lockstep import packets
from gameroom.lockstep.checksums import Checksums, Signals
from gameroom.lockstep.pace import AHEAD_MAX, Pace, PacePolicy, Pacer, Slow
from gameroom.lockstep.packets import (
    ClientPacket,
    MasterPacket,
    SeatCommands,
    SignalReport,
    TypedCommand,
)
from gameroom.lockstep.turns import Closed, Taken, Turns
from gameroom.model import INT_MAX, RoomFile, policies
from gameroom.model.fit import misfit_body
from gameroom.model.policies import number
from gameroom.room.chart_driver import ChartDriver
from gameroom.room.effects import Problem, Rejected
from gameroom.room.folded import Folded
from gameroom.room.people import Member, People
from gameroom.room.presence import SILENT_MS, revive, runs

TELL_MS = 1_000
"""How long a turn may be overdue before what waits for it is told without it."""

CHECKSUM_WINDOW = 32
SIGNAL_WINDOW = 64
SIGNALS_PER_GENERATION_MAX = 8


class VerifiedTurn(Struct, frozen=True, gc=False):
    """A closed turn with the commands that stand, in seat order, and those that do not."""

    closed: Closed
    commands: tuple[SeatCommands, ...]
    rejected: tuple[Rejected, ...]


class Play:
    """The turns of one room. `due` is when the open turn should close, None while they rest."""

    def __init__(self, file: RoomFile, people: People, chart_driver: ChartDriver) -> None:
        self.people = people
        self.chart_driver = chart_driver
        self.due: int | None = None
        self.started = False
        """Whether `running` has been entered: from then on packets are taken."""
        self.turns = Turns(window=AHEAD_MAX + 2)
        self.pacer = Pacer(_pace_policy(file))
        self.checksums = Checksums(CHECKSUM_WINDOW)
        self.signals = Signals(SIGNAL_WINDOW, SIGNALS_PER_GENERATION_MAX)
        self._agreed: packets.Checksum | None = None
        self._commands = {command.name: command for command in file.commands}
        self._signals = {signal.name: signal for signal in file.signals}
        self._agreed_by = {signal.name: signal.agreed for signal in file.signals}
        self._commands_max = number(file, "limits", "commands_per_turn")
        self._gather_within = _gather_within(file)
        self._version = 0
        """Of the people, when what follows was found out."""
        self._gathered: tuple[int, ...] = ()
        self._awaited: frozenset[int] = frozenset()
        self._awaited_until = 0
        """Before the turn of this generation nobody else is gathered."""
        self._is_played = False
        self._is_anyone_slow = False
        self._keepers: dict[str, int] = {}
        """By user, the seats whose packets can take the fast path."""
        self._rulings: dict[tuple[int, str], str] = {}
        """What the chart says of a seat's commands, in the states `_ruled_in`."""
        self._ruled_in = -1

    @property
    def generation(self) -> int:
        """The last closed turn, 0 before the first."""
        return self.turns.open - 1

    @property
    def pace(self) -> Pace:
        return self.pacer.pace

    def gathered(self) -> tuple[int, ...]:
        """The seats whose packets the open turn waits for, in order."""
        self._look()
        return self._gathered

    def is_played(self) -> bool:
        """Is anybody there who sends packets? Otherwise the turns rest."""
        self._look()
        return self._is_played

    def is_anyone_slow(self) -> bool:
        """Is anybody named who holds the pace back?"""
        self._look()
        return self._is_anyone_slow

    def _look(self) -> None:
        """Find out again whom the turns wait for, if that may have changed."""
        open_ = self.turns.open
        if self._version == self.people.version and open_ < self._awaited_until:
            return
        self._version, self._awaited_until = self.people.version, INT_MAX
        self._is_played = self._is_anyone_slow = False
        self._keepers.clear()
        self._rulings.clear()
        gathered = []
        for seat, member in self.people.seated().items():
            self._is_anyone_slow |= member.slow
            since = member.gathers_from
            if since is None:
                continue
            self._is_played = True
            if since > open_:
                self._awaited_until = min(self._awaited_until, since)
                continue
            gathered.append(seat)
            if (
                member.connected
                and not member.repairing
                and not member.failed
                and member.failed_since is None
                and member.silent_since is None
                and member.missing_since is None
            ):
                self._keepers[member.user] = seat
        self._gathered, self._awaited = tuple(gathered), frozenset(gathered)

    # -- hearing -----------------------------------------------------------------------

    def take(self, member: Member, packet: ClientPacket) -> tuple[Taken, list[Rejected]]:
        """One client packet, with the commands and signals of it that are not taken, each for its
        reason.

        From the generation of the first packet that is not late the turns wait for its
        seat. If that packet was heard before the connection was lost, all up to it were. An
        engine that had failed runs then.
        """
        assert member.seat is not None, "only players send turns"
        kept, rejected = self._fitting(member, packet)
        ids = [one for index, _ in kept if (one := _id(packet, index))]
        taken = self.turns.take(member.seat, packet.generation, kept, ids)
        if (
            member.connected
            and member.gathers_from is None
            and taken in (Taken.KEPT, Taken.REPEATED)
            and packet.generation >= self.turns.open
            and runs(member, packet)
        ):
            revive(member)
            if not member.repairing:
                member.gathers_from = packet.generation if taken is Taken.KEPT else self.turns.open
        if taken is Taken.REPEATED:
            missed = [index for index, _ in kept if _id(packet, index)]
            return taken, [Rejected(member.user, packet.generation, i, _MISSED) for i in missed]
        if taken in (Taken.SKIPPED, Taken.EARLY):
            return taken, []
        self.pacer.report(member.seat, packet.latency, packet.framerate)
        if packet.checksum is not None:
            self.checksums.report(member.seat, packet.checksum, self.generation)
        for signal in packet.signals[:SIGNALS_PER_GENERATION_MAX]:
            if (why := self._misfit_signal(signal)) is None:
                self.signals.report(member.seat, signal, self.generation)
            else:
                problem = Problem(422, "bad_signal", why)
                rejected.append(Rejected(member.user, packet.generation, -1, problem))
        return taken, rejected

    def keep(self, user: str, packet: ClientPacket) -> bool | None:
        """The fast path: take a packet that is the next one of a player who is here and that fits.
        Such a packet changes nothing but what is known of its seat. Returns whether the open turn
        has heard everybody now. For any other packet returns None, and nothing has changed: `take`
        it."""
        if self._version != self.people.version or self.turns.open >= self._awaited_until:
            self._look()
        seat = self._keepers.get(user)
        turns = self.turns
        if (
            seat is None
            or self.due is None
            or packet.signals
            or not turns.expects(seat, packet.generation)
            or ((packet.commands or packet.ids) and not self._are_new(seat, packet))
            or not self.checksums.keep(seat, packet.checksum, turns.open - 1)
        ):
            return None
        turns.keep(seat, packet.generation, packet.commands, packet.ids)
        self.pacer.report(seat, packet.latency, packet.framerate)
        return turns.has_heard(self._awaited)

    def _are_new(self, seat: int, packet: ClientPacket) -> bool:
        """Whether all commands of a packet fit and are new, and each has an id or none has."""
        commands, ids = packet.commands, packet.ids
        if len(commands) > self._commands_max or (ids and len(ids) != len(commands)):
            return False
        for index, command in enumerate(commands):
            if not isinstance(command, TypedCommand) and self._misfit_command(index, command):
                return False
        for one in ids:
            if not 0 < one <= INT_MAX or self.turns.knows(seat, one):
                return False
        return len(ids) < 2 or len({*ids}) == len(ids)

    def _fitting(
        self, member: Member, packet: ClientPacket
    ) -> tuple[list[tuple[int, packets.Command]], list[Rejected]]:
        """The commands that fit their types and are new, with their places; why the others are
        not taken."""
        assert member.seat is not None, "only players send turns"
        kept: list[tuple[int, packets.Command]] = []
        rejected: list[Rejected] = []
        seen: set[int] = set()
        for index, command in enumerate(packet.commands):
            one, problem = _id(packet, index), None
            if (why := self._misfit_command(index, command)) is not None:
                problem = Problem(422, "bad_command", why)
            elif one and (one in seen or self.turns.knows(member.seat, one)):
                problem = _REPEATED
            if problem is None:
                kept.append((index, command))
                seen.add(one)
            else:
                rejected.append(Rejected(member.user, packet.generation, index, problem))
        return kept, rejected

    def _misfit_command(self, index: int, command: packets.Command) -> str | None:
        if index >= self._commands_max:
            return f"A turn has at most {self._commands_max} commands per player."
        declared = self._commands.get(command.name)
        if declared is None:
            return f"There is no command `{command.name[:40]}` in this room."
        why = misfit_body(declared.fields, command.body)
        return None if why is None else f"In `{command.name}`, {why}."

    def _misfit_signal(self, signal: SignalReport) -> str | None:
        declared = self._signals.get(signal.name)
        if declared is None:
            return f"There is no signal `{signal.name[:40]}` in this room."
        why = misfit_body(declared.fields, signal.body)
        return None if why is None else f"In `{signal.name}`, {why}."

    # -- comparing ---------------------------------------------------------------------

    def divergences(self) -> Iterator[packets.Diverged]:
        """The verdicts that the reports allow by now; agreement goes into the next turn."""
        expected = self.gathered()
        while (verdict := self.checksums.judge(expected, self.generation)) is not None:
            if isinstance(verdict, packets.Checksum):
                self._agreed = verdict
            else:
                yield verdict

    def quarantine(self, seat: int) -> None:
        """This seat's engine begins again: it has no vote before it agrees with the others."""
        self.checksums.quarantine(seat, self.generation)

    def agreed_signals(self) -> tuple[SignalReport, ...]:
        """The signals on which the engines have just agreed."""
        return self.signals.agreed(self.gathered(), self._agreed_by, self.generation)

    # -- keeping time --------------------------------------------------------------------

    def may_close(self, now: int) -> bool:
        """May the open turn close now? Starts or stops the clock of the turns."""
        if not self.chart_driver.iterates:
            self.due = None
            return False
        if self.due is None:
            self.due = now
        if now < self.due or not self.is_played():
            return False
        if self.turns.has_heard(self._awaited):
            return True
        return self._gather_within is not None and now >= self.due + self._gather_within

    def is_near(self, now: int) -> bool:
        """Will the open turn close soon, so that what happens can wait for it?"""
        return self.due is not None and self.is_played() and now < self.due + TELL_MS

    def overdue(self, now: int, by: int) -> tuple[int, ...]:
        """The seats that a turn waits for which is overdue by so many milliseconds."""
        if self.due is None or now < self.due + by:
            return ()
        return self.turns.unheard(self.gathered())

    def deadlines(self, now: int) -> Iterator[int | None]:
        """When the turns need to be looked at next, if nobody sends anything."""
        if self.due is None or not self.is_played():
            yield self.chart_driver.due()
        elif self.turns.has_heard(self._awaited):
            yield self.due
        else:
            if self._gather_within is not None:
                yield self.due + self._gather_within
            yield self.due + TELL_MS if now < self.due + TELL_MS else self.chart_driver.due()
            if now < self.due + SILENT_MS:
                yield self.due + SILENT_MS

    # -- closing -----------------------------------------------------------------------

    def close(self) -> VerifiedTurn:
        """Close the open turn: its commands, verified against the state before it."""
        seated = self.people.seated()
        self._look()
        if self._ruled_in != (states := self.chart_driver.snapshot.configuration):
            self._ruled_in = states
            self._rulings.clear()
        closed = self.turns.close(seated.keys())
        rulings = self._rulings
        by_seat: dict[int, list[packets.Command]] = {}
        rejected: list[Rejected] = []
        for held in closed.held:
            seat = held.seat
            for index, command in held.commands:
                ruling = rulings.get((seat, command.name)) or self._ruling(seat, command.name)
                if ruling == "allow":
                    said = by_seat.get(seat)
                    if said is None:
                        by_seat[seat] = [command]
                    else:
                        said.append(command)
                elif ruling != "ignore":
                    member = seated[seat]
                    problem = self.chart_driver.forbidden(command.name, member.kinds)
                    rejected.append(Rejected(member.user, held.generation, index, problem))
        commands = tuple([SeatCommands(seat, tuple(said)) for seat, said in by_seat.items()])
        return VerifiedTurn(closed, commands, tuple(rejected))

    def _ruling(self, seat: int, name: str) -> str:
        """allow, deny, ignore or unsaid. Remembered, because it is the same for many turns."""
        kinds = self.people.seated()[seat].kinds
        ruling = self._rulings[seat, name] = self.chart_driver.ruling(name, kinds)
        return ruling

    def follow(self) -> Mapping[int, Slow]:
        """Follow the reports with the pace from here on; the seats that hold it back, by what."""
        self.pacer.next(self.gathered())
        return self.pacer.slow

    def master(
        self, turn: VerifiedTurn, chart: packets.ChartState | None, now: int
    ) -> MasterPacket:
        """The master packet of a closed turn; sets the clock for the next one."""
        assert self.due is not None, "a turn closes on the clock of the turns"
        pace = self.pace
        self.due = max(self.due + pace.turn_ms, now)
        agreed, self._agreed = self._agreed, None
        return MasterPacket(
            generation=turn.closed.generation,
            iterations_per_command=pace.iterations_per_command,
            turn_ms=pace.turn_ms,
            ahead=pace.ahead,
            commands=turn.commands,
            chart=chart,
            checksum=agreed,
            absent=turn.closed.absent,
            late=turn.closed.late,
        )

    # -- leaving and coming back -----------------------------------------------------------

    def forget(self, seat: int) -> None:
        """The seat was vacated."""
        for holder in (self.turns, self.pacer, self.signals):
            holder.forget(seat)
        self.checksums.vacate(seat)

    def restore(self, folded: Folded) -> None:
        """Go on from what the journal says."""
        turns = folded.turns
        self.turns = Turns.resumed(self.turns.window, turns.open, turns.heard_by_seat())
        if folded.pace is not None:
            self.pacer.take_over(folded.pace)
        self.checksums.judged, self.checksums.standing = folded.judged, folded.diverged


_REPEATED = Problem(409, "repeated_command", "A command with this id was accepted before.")
_MISSED = Problem(
    409, "too_late", "A different packet, without this command, was accepted for this turn."
)


def _id(packet: ClientPacket, index: int) -> int:
    """The id of a command, 0 where it has none."""
    return packet.ids[index] if packet.ids else 0


def _pace_policy(file: RoomFile) -> PacePolicy:
    low, high = policies.times(file, "pace", "turn")
    ahead = policies.policy(file, "pace", "ahead")
    assert ahead is None or isinstance(ahead, int)
    return PacePolicy(number(file, "pace", "tick"), low, high, ahead)


def _gather_within(file: RoomFile) -> int | None:
    """How long a turn waits for the late ones; None waits for everyone."""
    within = policies.policy(file, "turns", "gather")
    assert within is None or isinstance(within, int)
    return within
