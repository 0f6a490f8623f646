"""The state of a room according to its journal, folded from the events in order.

Knows only what the events say. Packets of an open turn, reports that wait for a verdict, and
spectators are not in the journal. A `Checkpoint` is this state as a plain value for a store.
Folding from a checkpoint has the same result as folding from the first event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gameroom.lockstep import packets
from gameroom.lockstep.checksums import without
from gameroom.lockstep.pace import Pace
from gameroom.lockstep.packets import MasterPacket, RosterRow, is_running
from gameroom.lockstep.turns import Heard, Turns
from gameroom.model import Value
from gameroom.room.effects import Append


@dataclass(frozen=True, slots=True)
class Player:
    """A seated player.

    row: as in the last roster, without the times. joined: counts the joins of the room.
    repairs: how often the engine restarted. outvoted: whether it diverged from a majority.
    """

    row: RosterRow
    joined: int
    repairs: int = 0
    outvoted: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A room after its event `seq`, at `at` milliseconds of the room's time.

    chart: the chart's snapshot (JSON) at the time `chart_at`. joins: how many joined so far.
    begin: the values with which the engines began. running: whether they run.
    generation: the last closed turn. heard: what was heard for the closed turns, by seat.
    turn_ms, ahead, iterations_per_command: the pace; 0 before the first turn.
    judged: the latest generation with a verdict. diverged: the last divergence that was announced,
    without the seats that were vacated since. left: the names of the players who left the current
    game, in that order.
    """

    seq: int
    at: int
    chart: str
    chart_at: int
    settings: Mapping[str, Value]
    players: tuple[Player, ...] = ()
    joins: int = 0
    begin: packets.Begin = field(default_factory=packets.Begin)
    running: bool = False
    ended: bool = False
    generation: int = 0
    heard: tuple[Heard, ...] = ()
    turn_ms: int = 0
    ahead: int = 0
    iterations_per_command: int = 0
    judged: int = 0
    diverged: packets.Diverged | None = None
    left: tuple[str, ...] = ()


RUN_MAX = 16
"""How many turns are folded together, which is cheaper than one by one."""

LEFT_MAX = 64
"""How many names of players who left a game are stored: the first ones."""


class Folded:
    """The events of one room, folded up to `seq`. chart: None before the first event."""

    def __init__(self, settings: Mapping[str, Value]) -> None:
        """A room without events, with the settings with which it was created."""
        self.seq = 0
        self.at = 0
        self.chart: bytes | None = None
        self.chart_at = 0
        self.settings: Mapping[str, Value] = dict(settings)
        self.players: dict[int, Player] = {}
        self.joins = 0
        self.begin = packets.Begin()
        self.running = False
        self.ended = False
        self._turns = Turns(window=0)
        self._pace: Pace | None = None
        self._last: MasterPacket | None = None
        """The last turn, if `_pace` is not its pace yet."""
        self._run = 0
        """How many of the last turns are not in `_turns` yet."""
        self._run_last = 0
        """The last of them."""
        self._run_ids: list[tuple[int, int]] = []
        """Seat and id of each of their commands."""
        self.judged = 0
        self.diverged: packets.Diverged | None = None
        self.left: tuple[str, ...] = ()

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Folded:
        """Return the state at a checkpoint. Raises ValueError if one of its strings is not
        valid."""
        folded = cls(checkpoint.settings)
        folded.seq, folded.at = checkpoint.seq, checkpoint.at
        folded.chart, folded.chart_at = checkpoint.chart.encode(), checkpoint.chart_at
        folded.players = {player.row.seat: player for player in checkpoint.players}
        folded.joins = checkpoint.joins
        folded.begin, folded.running = checkpoint.begin, checkpoint.running
        folded.ended = checkpoint.ended
        folded._turns = Turns.resumed(0, checkpoint.generation + 1, checkpoint.heard)
        if checkpoint.turn_ms:
            folded._pace = Pace(
                checkpoint.turn_ms, checkpoint.ahead, checkpoint.iterations_per_command
            )
        folded.judged, folded.diverged = checkpoint.judged, checkpoint.diverged
        folded.left = checkpoint.left
        return folded

    def checkpoint(self) -> Checkpoint:
        """Return this state as a plain value. The room must have begun."""
        assert self.chart is not None, "a room that has not begun has no checkpoint"
        turns, pace = self.turns, self.pace
        return Checkpoint(
            seq=self.seq,
            at=self.at,
            chart=self.chart.decode(),
            chart_at=self.chart_at,
            settings=self.settings,
            players=tuple(player for _, player in sorted(self.players.items())),
            joins=self.joins,
            begin=self.begin,
            running=self.running,
            ended=self.ended,
            generation=turns.open - 1,
            heard=turns.heard_by_seat(),
            turn_ms=0 if pace is None else pace.turn_ms,
            ahead=0 if pace is None else pace.ahead,
            iterations_per_command=0 if pace is None else pace.iterations_per_command,
            judged=self.judged,
            diverged=self.diverged,
            left=self.left,
        )

    @property
    def turns(self) -> Turns:
        """What was heard for the closed turns, and the ids of their commands."""
        self._fold_run()
        return self._turns

    @property
    def pace(self) -> Pace | None:
        """The pace of the last turn; None before the first."""
        if (turn := self._last) is not None:
            self._pace = Pace(turn.turn_ms, turn.ahead, turn.iterations_per_command)
            self._last = None
        return self._pace

    def fold_all(self, entries: Iterable[Append]) -> Folded:
        """Fold consecutive events, and return self."""
        for entry in entries:
            self.fold(entry)
        return self

    def fold(self, entry: Append) -> None:
        """Fold the next event."""
        assert entry.event.seq == self.seq + 1, "a gap in the journal"
        self.seq, self.at = entry.event.seq, entry.at
        if entry.chart is not None:
            self.chart, self.chart_at = entry.chart, entry.at
        match entry.event.body:
            case MasterPacket() as master:
                self._turn(master, entry.ids)
                if master.chart is not None:
                    self._moved(master.chart)
            case packets.Moves(chart=chart):
                self._moved(chart)
            case packets.Setup(settings):
                self.settings = dict(settings)
            case packets.Roster() as roster:
                self._roster(roster)
            case packets.Diverged() as verdict:
                self.judged, self.diverged = verdict.generation, verdict
                for seat in self._known(verdict.seats):
                    player = self.players[seat]
                    row = replace(player.row, diverged=True)
                    self.players[seat] = replace(player, row=row, outvoted=verdict.decidable)
            case packets.Repair(seats=seats):
                for seat in self._known(seats):
                    player = self.players[seat]
                    row = replace(player.row, repairing=True)
                    self.players[seat] = replace(player, row=row, repairs=player.repairs + 1)
            case packets.Ended():
                self.ended = True
            case _:
                pass

    def _known(self, seats: Iterable[int]) -> list[int]:
        return [seat for seat in seats if seat in self.players]

    def _turn(self, packet: MasterPacket, ids: tuple[tuple[int, int], ...]) -> None:
        is_punctual = not packet.absent and not packet.late
        follows = self._run == 0 or packet.generation == self._run_last + 1
        if not is_punctual or not follows or self._run == RUN_MAX:
            self._fold_run()
        if is_punctual:
            self._run, self._run_last = self._run + 1, packet.generation
            self._run_ids += ids
        else:
            present = [seat for seat in self.players if seat not in packet.absent]
            self._turns.fold(packet.generation, present, packet.late, ids)
        self._last = packet
        if packet.checksum is not None:
            self.judged = packet.checksum.generation

    def _fold_run(self) -> None:
        """Fold the turns of the run, whose packets all players sent in time."""
        if self._run:
            first = self._run_last - self._run + 1
            self._turns.fold_run(first, self._run_last, self.players, self._run_ids)
            self._run, self._run_ids = 0, []

    def _moved(self, chart: packets.ChartState) -> None:
        was, self.running = self.running, is_running(chart.states)
        if self.running and not was:
            seats = tuple(player.row for _, player in sorted(self.players.items()))
            self.begin = packets.Begin(self.settings, seats, chart.states)
            self.left = ()

    def _roster(self, roster: packets.Roster) -> None:
        """Fold a roster. A player in a seat that another player had starts from scratch."""
        self._fold_run()
        before = {player.row.user: player for player in self.players.values()}
        vacated = {seat: player.row.user for seat, player in self.players.items()}
        self.players = {}
        for row in roster.seats:
            row = replace(row, absent_ms=0, lost_in_ms=None)
            known = before.get(row.user)
            if known is None:
                self.joins += 1
                self.players[row.seat] = Player(row, self.joins)
            else:
                outvoted = known.outvoted and row.diverged
                self.players[row.seat] = replace(known, row=row, outvoted=outvoted)
            if vacated.get(row.seat) == row.user:
                del vacated[row.seat]
        if self.running and vacated:
            gone = tuple(before[user].row.name for _, user in sorted(vacated.items()))
            self.left = (*self.left, *gone)[:LEFT_MAX]
        for seat in vacated:
            self.turns.forget(seat)
            if self.diverged is not None:
                self.diverged = without(self.diverged, seat)
