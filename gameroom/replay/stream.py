"""Checks a replay event by event: could an honest server have sent these events?

Knows packets, people and permissions; no engine and no file. Its input is not trusted.
"""

from __future__ import annotations

from collections.abc import Iterator

from gameroom import chart as charts
from gameroom.chart import Chart
from gameroom.lockstep.packets import (
    Command,
    Diverged,
    Event,
    MasterPacket,
    Moves,
    Roster,
    Verified,
    seat_name,
)
from gameroom.model.fit import misfit_body
from gameroom.replay.report import ReplayReport, Wanted
from gameroom.room.effects import Append
from gameroom.roomfile import read_event
from gameroom.store import Entry, JournalDamagedError, replay
from gameroom.wire import MSGPACK, Codec


class Stream:
    """Checks the events while they are read."""

    def __init__(self, report: ReplayReport, chart: Chart, wanted: Wanted) -> None:
        self.last = 0
        self._report = report
        self._wanted = wanted
        self._chart = chart
        self._codec = Codec(MSGPACK, chart.room)
        self._commands = {command.name: command for command in chart.room.commands}
        self._at = 0
        self._states: tuple[str, ...] = ()
        self._rosters = [Roster()]
        """The roster at the last turn, and all rosters since. A command is checked against the
        people before its turn, but a roster that changes with a turn comes before that turn."""

    def checked(self, reader: replay.Reader) -> Iterator[Append]:
        """Yield the events, up to the first one that cannot be read."""
        report = self._report
        try:
            for entry in reader.entries():
                event = self._event(entry)
                if event is None:
                    break
                self.last = report.events = entry.seq
                self._check(entry, event)
                yield Append(event, entry.at, entry.chart, entry.ids)
        except JournalDamagedError as error:
            report.find("damaged", str(error), seq=error.seq)
        if (cut := reader.cut) is not None:
            where = f"the file is cut off at byte {cut.offset}"
            report.find(
                "cut", f"{where}; the {cut.seq} events before that are complete", seq=cut.seq + 1
            )

    def _event(self, entry: Entry) -> Event | None:
        event = read_event(entry, self._codec)
        if isinstance(event, str):
            self._report.find(
                "bad_event", f"event {entry.seq} cannot be read: {event}", seq=entry.seq
            )
            return None
        return event

    def _check(self, entry: Entry, event: Event) -> None:
        if entry.at < self._at:
            self._report.find(
                "bad_order",
                f"event {entry.seq} has an earlier time than the event before it",
                seq=entry.seq,
            )
        self._at = max(self._at, entry.at)
        match event.body:
            case Roster() as roster:
                self._rosters.append(roster)
            case Moves(chart=chart):
                self._states = chart.states
            case Verified(generation=generation, sha256=hash_):
                self._wanted.states[generation] = hash_
            case Diverged(generation=generation) as diverged:
                self._wanted.diverged[generation] = diverged
            case MasterPacket() as packet:
                self._turn(entry.seq, packet)

    def _turn(self, seq: int, packet: MasterPacket) -> None:
        report, generation = self._report, packet.generation
        if generation != report.turns + 1:
            why = f"turn {generation} follows turn {report.turns}"
            report.find("bad_turn", why, seq=seq, generation=generation)
        report.turns = generation
        if packet.checksum is not None:
            of, value = packet.checksum.generation, packet.checksum.value
            if of >= generation or self._wanted.agreed.setdefault(of, value) != value:
                why = f"turn {generation} has an impossible checksum of turn {of}"
                report.find("bad_turn", why, seq=seq, generation=generation)
        for said in packet.commands:
            if not any(row.seat == said.seat for row in self._rosters[-1].seats):
                why = f"turn {generation} has commands of {seat_name(said.seat)}, which is empty"
                report.find("bad_command", why, seq=seq, generation=generation)
                continue
            for command in said.commands:
                if (misfit := self._misfit(said.seat, command)) is not None:
                    why = (
                        f"in turn {generation}, {seat_name(said.seat)}, `{command.name}`: {misfit}"
                    )
                    report.find("bad_command", why, seq=seq, generation=generation)
        if packet.chart is not None:
            self._states = packet.chart.states
        del self._rosters[:-1]

    def _misfit(self, seat: int, command: Command) -> str | None:
        declared = self._commands.get(command.name)
        if declared is None:
            return "the room file does not declare it"
        if (why := misfit_body(declared.fields, command.body)) is not None:
            return why
        try:
            allowed = any(
                charts.ruling_in(self._chart, self._states, command.name, kinds) == "allow"
                for kinds in self._kinds(seat)
            )
        except KeyError as error:
            return f"the room is recorded in {error}, a state that it does not have"
        state = self._states[-1] if self._states else "no state"
        return None if allowed else f"it is not allowed there in `{state}`"

    def _kinds(self, seat: int) -> Iterator[frozenset[str]]:
        """Yield the words that include the player in this seat, for each of the rosters."""
        for roster in self._rosters:
            for row in roster.seats:
                if row.seat == seat:
                    team = () if row.team is None else (row.team,)
                    yield frozenset(("player", *team, *row.roles))
