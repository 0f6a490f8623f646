"""The turns of a running game: collects packets, checks commands, compares checksums, keeps time.

Knows the room's people and its chart, to find out for whom the turns wait and what is allowed; it
sends no events. The rule it keeps: a turn closes when all gathered players have been heard, or when
`gather within` has passed, and never earlier than the turn length after the last one. A player is
gathered if the turns wait for the player's packets.
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
"""How long a turn can be overdue before events that wait for it are sent without it."""

CHECKSUM_WINDOW = 32
SIGNAL_WINDOW = 64
SIGNALS_PER_GENERATION_MAX = 8


class VerifiedTurn(Struct, frozen=True, gc=False):
    """A closed turn, with the accepted commands in seat order, and the rejected commands."""

    closed: Closed
    commands: tuple[SeatCommands, ...]
    rejected: tuple[Rejected, ...]


class Play:
    """The turns of one room.

    due: when the open turn should close, in milliseconds of the room's time; None while turns do
    not advance.
    """

    def __init__(self, file: RoomFile, people: People, chart_driver: ChartDriver) -> None:
        self.people = people
        self.chart_driver = chart_driver
        self.due: int | None = None
        self.started = False
        """Whether `running` has been entered. From then on, packets are taken."""
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
        """The version of the people for which the following fields are valid."""
        self._gathered: tuple[int, ...] = ()
        self._awaited: frozenset[int] = frozenset()
        self._awaited_until = 0
        """No further player is gathered before the turn of this generation."""
        self._is_played = False
        self._is_anyone_slow = False
        self._keepers: dict[str, int] = {}
        """The seats whose packets can take the fast path, by user."""
        self._rulings: dict[tuple[int, str], str] = {}
        """The chart's rulings by seat and command, in the configuration `_ruled_in`."""
        self._ruled_in = -1

    @property
    def generation(self) -> int:
        """The last closed turn; 0 before the first."""
        return self.turns.open - 1

    @property
    def pace(self) -> Pace:
        return self.pacer.pace

    def gathered(self) -> tuple[int, ...]:
        """Return the seats whose packets the open turn waits for, in order."""
        self._look()
        return self._gathered

    def is_played(self) -> bool:
        """Whether any player sends packets. If not, no turn closes."""
        self._look()
        return self._is_played

    def is_anyone_slow(self) -> bool:
        """Whether any player is marked as slow."""
        self._look()
        return self._is_anyone_slow

    def _look(self) -> None:
        """Update for whom the turns wait, if that can have changed."""
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
        """Take a client packet. Returns what happened, and the refused commands and signals with
        their reasons.

        The turns wait for a seat from the generation of its first packet that is not late. If that
        packet is a repeated one (from before the connection was lost), they wait from the open turn
        on. Such a packet also shows that an engine that had failed runs again.
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
        """The fast path of `take`, for a packet that fits and is the next one of a present player.
        It only adds to what was heard from its seat. Returns whether the open turn has now heard
        all gathered players. For any other packet, nothing changes and the result is None; call
        `take` instead."""
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
        """Whether all commands of a packet fit and are new, and either all or none have an id."""
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
        """Return the commands that fit their types and are new, with their indices, and the refused
        commands with their reasons."""
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
        """Yield the divergences that follow from the reports. The last agreement becomes part of
        the next turn."""
        expected = self.gathered()
        while (verdict := self.checksums.judge(expected, self.generation)) is not None:
            if isinstance(verdict, packets.Checksum):
                self._agreed = verdict
            else:
                yield verdict

    def quarantine(self, seat: int) -> None:
        """Take away the vote of a seat whose engine restarts, until it agrees with the others."""
        self.checksums.quarantine(seat, self.generation)

    def agreed_signals(self) -> tuple[SignalReport, ...]:
        """Return the signals on which the engines have just agreed."""
        return self.signals.agreed(self.gathered(), self._agreed_by, self.generation)

    # -- keeping time --------------------------------------------------------------------

    def may_close(self, now: int) -> bool:
        """Whether the open turn can close now. Also starts or stops the clock of the turns."""
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
        """Whether the open turn will close soon, so that events can wait for it."""
        return self.due is not None and self.is_played() and now < self.due + TELL_MS

    def overdue(self, now: int, by: int) -> tuple[int, ...]:
        """Return the seats that the open turn waits for, if it is overdue by `by` milliseconds."""
        if self.due is None or now < self.due + by:
            return ()
        return self.turns.unheard(self.gathered())

    def deadlines(self, now: int) -> Iterator[int | None]:
        """Yield the times at which the turns need attention if no packet arrives, in milliseconds;
        None for a time that does not exist."""
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
        """Close the open turn. The state before it decides which commands are accepted."""
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
        """Return allow, deny, ignore or unsaid. Cached, because it is the same for many turns."""
        kinds = self.people.seated()[seat].kinds
        ruling = self._rulings[seat, name] = self.chart_driver.ruling(name, kinds)
        return ruling

    def follow(self) -> Mapping[int, Slow]:
        """Update the pace from the reports. Returns the slow seats with the reasons."""
        self.pacer.next(self.gathered())
        return self.pacer.slow

    def master(
        self, turn: VerifiedTurn, chart: packets.ChartState | None, now: int
    ) -> MasterPacket:
        """Return the master packet of a closed turn, and set the clock for the next turn."""
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

    # -- leaving and restarting ------------------------------------------------------------

    def forget(self, seat: int) -> None:
        """Forget a seat that was vacated."""
        for holder in (self.turns, self.pacer, self.signals):
            holder.forget(seat)
        self.checksums.vacate(seat)

    def restore(self, folded: Folded) -> None:
        """Continue from the state in the journal."""
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
    """Return the id of a command; 0 if it has none."""
    return packet.ids[index] if packet.ids else 0


def _pace_policy(file: RoomFile) -> PacePolicy:
    low, high = policies.times(file, "pace", "turn")
    ahead = policies.policy(file, "pace", "ahead")
    assert ahead is None or isinstance(ahead, int)
    return PacePolicy(number(file, "pace", "tick"), low, high, ahead)


def _gather_within(file: RoomFile) -> int | None:
    """Return how many milliseconds a turn waits for late packets; None to wait for all."""
    within = policies.policy(file, "turns", "gather")
    assert within is None or isinstance(within, int)
    return within
