"""Is a replay what was written, and does the game come out the same?

Reads the file twice: once as the room would after a restart, checking what it says, and
once more for the engine, which runs every turn as a browser would (see `Session` in
web/gameroom.js: what is done when, and with which states and seats, is its rule). A
finding is data; it stands for something that cannot be in a replay of an honest server
and an engine that plays alike everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from gameroom import chart as charts
from gameroom.chart import Chart
from gameroom.lockstep.packets import (
    Command,
    Diverged,
    Event,
    MasterPacket,
    Moves,
    Roster,
    Setup,
    Verified,
)
from gameroom.model import Room as RoomFile
from gameroom.model.fit import misfit_body
from gameroom.replay.engine import Engine, EngineFailedError, NoNodeError
from gameroom.room import Room, misfit_settings
from gameroom.room.effects import Append
from gameroom.server.answers import RefusedError
from gameroom.server.blueprint import restored
from gameroom.store import Entry, JournalDamagedError, replay, sha256
from gameroom.wire import (
    BODIES,
    MSGPACK,
    BadFrameError,
    Codec,
    EventFrame,
    definition,
    order_of,
    read_json,
)

_BODIES = tuple(BODIES.values())
FINDINGS_MAX = 20
"""Of one kind; the rest is counted."""
TURNS_PER_ORDER = 500
BYTES_PER_ORDER = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    code: damaged, cut, another_engine, another_view, another_definition, bad_room,
        bad_setup, bad_event, bad_order, bad_turn, bad_command, not_folded, engine_failed,
        checksum, state.
    seq, generation: where, as far as there is a place.
    """

    code: str
    detail: str
    seq: int | None = None
    generation: int | None = None


@dataclass(slots=True)
class Checksums:
    """What came of running the engine again.

    why_not: why it was not run, None where it was.
    agreed, states: so many checksums and hashes of states were compared.
    until: the last generation up to which all of them were the same.
    """

    why_not: str | None = None
    agreed: int = 0
    states: int = 0
    until: int = 0


@dataclass(slots=True)
class Report:
    """All that `verify` has to say. `more`: findings beyond FINDINGS_MAX, by their code."""

    file: str
    room: str = ""
    name: str = ""
    events: int = 0
    turns: int = 0
    ended: bool = False
    findings: list[Finding] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)
    checksums: Checksums = field(default_factory=Checksums)
    divergences: list[dict[str, Any]] = field(default_factory=list)
    """Where the engines of the players differed, and what the engine gave when run again."""

    def find(
        self, code: str, detail: str, *, seq: int | None = None, generation: int | None = None
    ) -> None:
        if sum(one.code == code for one in self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(code, detail, seq, generation))
        else:
            self.more[code] = self.more.get(code, 0) + 1

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(slots=True)
class _Wanted:
    """What the engine's run is compared with, by generation."""

    agreed: dict[int, int] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    diverged: dict[int, Diverged] = field(default_factory=dict)

    def __contains__(self, generation: int) -> bool:
        return any(generation in one for one in (self.agreed, self.states, self.diverged))


def verify(path: Path) -> Report:
    """Check a replay from end to end. Raises OSError where it cannot be read."""
    report = Report(path.name)
    with path.open("rb") as file:
        try:
            reader = replay.Reader(file, path.name)
        except JournalDamagedError as error:
            report.find("damaged", str(error))
            report.checksums.why_not = "the file's beginning is damaged"
            return report
        header = reader.header
        report.room, report.name = header.room, header.name
        _check_code(report, reader)
        wanted = _Wanted()
        room = _room_file(report, reader)
        if room is not None:
            _fold(report, reader, room, wanted)
    if room is None or any(one.code == "another_engine" for one in report.findings):
        report.checksums.why_not = "the room or its engine is not the one that was played"
        return report
    with path.open("rb") as file:
        _run(report, file, room, wanted)
    return report


def _check_code(report: Report, reader: replay.Reader) -> None:
    header, code = reader.header, reader.code
    if sha256(code.engine) != header.engine:
        report.find("another_engine", f"the engine is {sha256(code.engine)}, not {header.engine}")
    if code.view is not None and sha256(code.view) != header.view:
        report.find("another_view", f"the view is {sha256(code.view)}, not {header.view}")


def _room_file(report: Report, reader: replay.Reader) -> RoomFile | None:
    try:
        room = restored(reader.header).room
    except RefusedError as error:
        report.find("bad_room", f"the room file does not compile: {error.problem.detail}")
        return None
    if not _same_order(reader.code.definition, room):
        report.find("another_definition", "the definition is not that of the room file")
    if (why := misfit_settings(room.settings, reader.header.setup)) is not None:
        report.find("bad_setup", f"the setup does not fit the room file: {why}")
        return None
    return room


def _same_order(said: bytes, room: RoomFile) -> bool:
    """Whether a player that has the definition alone reads the events as the room does."""
    try:
        plain = read_json(said)
        return isinstance(plain, dict) and order_of(plain) == order_of(definition(room))
    except (BadFrameError, KeyError, TypeError):
        return False


# --- What it says ----------------------------------------------------------------------


def _fold(report: Report, reader: replay.Reader, room: RoomFile, wanted: _Wanted) -> None:
    header = reader.header
    chart = restored(header)
    stream = _Stream(report, chart, wanted)
    appends = stream.checked(reader)
    try:
        made = Room.restored(chart, seed=header.seed, settings=header.setup, entries=appends, now=0)
    except Exception as error:
        # Anybody's stream: whatever the room makes of it, it is the file's fault.
        for _ in appends:
            continue
        if report.ok or stream.last:
            what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            report.find("not_folded", f"the room cannot go on from it: {what}", seq=stream.last)
    else:
        report.ended = made.over


class _Stream:
    """What every event is held against, as they pass on their way to the room."""

    def __init__(self, report: Report, chart: Chart, wanted: _Wanted) -> None:
        self.last = 0
        self._report = report
        self._wanted = wanted
        self._chart = chart
        self._codec = Codec(MSGPACK, chart.room)
        self._commands = {command.name: command for command in chart.room.commands}
        self._at = 0
        self._states: tuple[str, ...] = ()
        self._rosters = [Roster()]
        """The one of the last turn, and those told since: a command is judged before what its
        turn changes, and the roster of that is told before the turn."""

    def checked(self, reader: replay.Reader) -> Iterator[Append]:
        """The events, up to the first one that cannot be read."""
        report = self._report
        try:
            for entry in reader.entries():
                event = self._event(entry)
                if event is None:
                    break
                self.last = report.events = entry.seq
                self._check(entry, event)
                yield Append(event, entry.at, entry.chart)
        except JournalDamagedError as error:
            report.find("damaged", str(error), seq=error.seq)
        if (cut := reader.cut) is not None:
            where = f"the file is cut off at byte {cut.offset}"
            report.find("cut", f"{where}; {cut.seq} events before that are whole", seq=cut.seq + 1)

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
                "bad_order", f"event {entry.seq} is of before the one before it", seq=entry.seq
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
                why = f"turn {generation} says a checksum of turn {of} that cannot be"
                report.find("bad_turn", why, seq=seq, generation=generation)
        for said in packet.commands:
            if not any(row.seat == said.seat for row in self._rosters[-1].seats):
                why = f"seat {said.seat} commands in turn {generation}, and nobody sits there"
                report.find("bad_command", why, seq=seq, generation=generation)
                continue
            for command in said.commands:
                if (misfit := self._misfit(said.seat, command)) is not None:
                    why = f"in turn {generation}, seat {said.seat}, `{command.name}`: {misfit}"
                    report.find("bad_command", why, seq=seq, generation=generation)
        if packet.chart is not None:
            self._states = packet.chart.states
        del self._rosters[:-1]

    def _misfit(self, seat: int, command: Command) -> str | None:
        declared = self._commands.get(command.name)
        if declared is None:
            return "the room file has no such command"
        if (why := misfit_body(declared.fields, command.body)) is not None:
            return why
        try:
            allowed = any(
                charts.ruling_in(self._chart, self._states, command.name, kinds) == "allow"
                for kinds in self._kinds(seat)
            )
        except KeyError as error:
            return f"the room is said to be in {error}, a state that it has not"
        state = self._states[-1] if self._states else "no state"
        return None if allowed else f"it is not allowed there in `{state}`"

    def _kinds(self, seat: int) -> Iterator[frozenset[str]]:
        """Every word by which permissions may mean who sits there."""
        for roster in self._rosters:
            for row in roster.seats:
                if row.seat == seat:
                    team = () if row.team is None else (row.team,)
                    yield frozenset(("player", *team, *row.roles))


def read_event(entry: Entry, codec: Codec) -> Event | str:
    """The event of an entry, or why there is none: it may be anybody's bytes."""
    try:
        frame = codec.decode_event(entry.event)
    except (BadFrameError, RecursionError) as error:
        return str(error) or type(error).__name__
    if not isinstance(frame, EventFrame):
        return "it is no event"
    if frame.seq != entry.seq:
        return f"it says that it is event {frame.seq}"
    if not isinstance(frame.body, _BODIES):
        return "it is of no kind that a room says"
    return Event(entry.seq, frame.body)


# --- Running the engine -----------------------------------------------------------------


def _run(report: Report, file: BinaryIO, room: RoomFile, wanted: _Wanted) -> None:
    reader = replay.Reader(file, report.file)
    orders = _orders(reader, room, wanted, report.events)
    judge = _Judge(report, wanted)
    try:
        with Engine(reader.code.engine) as engine:
            for order in orders:
                answer = {"init": "inited", "steps": "stepped"}[order["op"]]
                judge.at = order.get("first", order.get("generation", 0))
                judge.replied(engine.ask(order, answer))
    except NoNodeError as error:
        report.checksums.why_not = str(error)
    except EngineFailedError as error:
        why = f"the engine failed at turn {judge.at}: {error}"
        report.find("engine_failed", why, generation=judge.at)
    judge.sum_up()


def _orders(
    reader: replay.Reader, room: RoomFile, wanted: _Wanted, events: int
) -> Iterator[dict[str, Any]]:
    """What a page would order of its engine. The last turn of an order is compared."""
    codec = Codec(MSGPACK, room)
    settings: Mapping[str, Any] = reader.header.setup
    roster = Roster()
    states: tuple[str, ...] = ()
    turns: list[dict[str, Any]] = []
    size = 0
    if not events:
        return
    for entry in reader.entries():
        event = read_event(entry, codec)
        assert isinstance(event, Event), "it was read before"
        moved: tuple[str, ...] | None = None
        generation = 0
        match event.body:
            case Setup(now):
                settings = now
            case Roster() as now:
                roster = now
            case Moves(generation, chart):
                moved = chart.states
            case MasterPacket(generation=generation) as packet:
                turns.append(_turn(packet, states, roster))
                size += len(entry.event)
                moved = None if packet.chart is None else packet.chart.states
                if generation in wanted or len(turns) >= TURNS_PER_ORDER or size > BYTES_PER_ORDER:
                    yield _steps(turns, wanted)
                    turns, size = [], 0
        if moved is not None:
            begins = "running" in moved and "running" not in states
            states = moved
            if begins:
                if turns:
                    yield _steps(turns, wanted)
                    turns, size = [], 0
                yield _init(reader.header.seed, generation, settings, roster, states)
        if entry.seq == events:
            break
    if turns:
        yield _steps(turns, wanted)


def _init(
    seed: int,
    generation: int,
    settings: Mapping[str, Any],
    roster: Roster,
    states: tuple[str, ...],
) -> dict[str, Any]:
    seats = [
        {"seat": row.seat, "name": row.name, "team": row.team, "roles": list(row.roles)}
        for row in roster.seats
    ]
    return {
        "op": "init",
        "generation": generation,
        "setup": dict(settings),
        "seats": seats,
        "seed": seed,
        "states": list(states),
    }


def _turn(packet: MasterPacket, states: tuple[str, ...], roster: Roster) -> dict[str, Any]:
    return {
        "generation": packet.generation,
        "iterations": packet.iterations_per_command,
        "commands": [
            {"seat": said.seat, "name": command.name, "body": dict(command.body)}
            for said in packet.commands
            for command in said.commands
        ],
        "states": list(states),
        "seats": [row.seat for row in roster.seats],
    }


def _steps(turns: list[dict[str, Any]], wanted: _Wanted) -> dict[str, Any]:
    """Some turns, after the last of which the checksum and the state's hash are told."""
    last = turns[-1]["generation"]
    return {
        "op": "steps",
        "first": turns[0]["generation"],
        "turns": turns,
        "turn_ms": 100,
        # Of turns in a row only the last one is a multiple of the last one's number.
        "every": last,
        "stateEvery": last if last in wanted.states else 0,
        "scene": False,
        "sync": False,
    }


class _Judge:
    """Compares what the engine says with what the room agreed on."""

    def __init__(self, report: Report, wanted: _Wanted) -> None:
        self.at = 0
        self._report = report
        self._wanted = wanted
        self._differs: set[str] = set()
        self._compared: set[int] = set()

    def replied(self, reply: Mapping[str, Any]) -> None:
        generation = reply.get("generation")
        sums, state = reply.get("sums"), reply.get("state")
        if not isinstance(generation, int) or not isinstance(sums, list):
            return
        own = sums[-1][1] if sums else None
        hash_ = state["sha256"] if isinstance(state, dict) else None
        self._compare("checksum", generation, self._wanted.agreed.get(generation), own)
        self._compare("state", generation, self._wanted.states.get(generation), hash_)
        diverged = self._wanted.diverged.get(generation)
        if diverged is not None:
            right = [seat for seat, value in diverged.values.items() if value == own]
            self._report.divergences.append(
                {
                    "generation": generation,
                    "values": {str(seat): value for seat, value in diverged.values.items()},
                    "own": own,
                    "right": right,
                }
            )

    def _compare(self, kind: str, generation: int, agreed: object, own: object) -> None:
        if agreed is None:
            return
        done = self._report.checksums
        if kind == "checksum":
            done.agreed += 1
            self._compared.add(generation)
        else:
            done.states += 1
        if own == agreed:
            if not self._differs:
                done.until = generation
        elif kind not in self._differs:
            # What follows differs as well: the first one is where to look.
            self._differs.add(kind)
            what = "checksum" if kind == "checksum" else "state's hash"
            why = f"turn {generation}: the {what} agreed on is {agreed}, and run again it is {own}"
            self._report.find(kind, why, generation=generation)

    def sum_up(self) -> None:
        """What the room agreed on of turns that are not in the file cannot be compared."""
        done, report = self._report.checksums, self._report
        if done.why_not is not None or any(one.code == "engine_failed" for one in report.findings):
            return
        for generation in sorted(self._wanted.agreed.keys() - self._compared):
            why = f"turn {generation}: a checksum was agreed on, and no engine ran the turn"
            report.find("checksum", why, generation=generation)
