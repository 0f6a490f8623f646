"""Runs the engine of a replay again, and compares its results with the agreed ones.

It runs every turn as a browser does: the order of calls, the states and the seats follow the rules
of `Playing` in web/sdk/playing.js.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from gameroom.lockstep.packets import (
    Event,
    MasterPacket,
    Moves,
    Roster,
    Setup,
)
from gameroom.model import RoomFile
from gameroom.replay.engine import EngineFailedError, NodeEngine, NoNodeError
from gameroom.replay.report import ReplayReport, Wanted
from gameroom.roomfile import read_event
from gameroom.store import replay
from gameroom.wire import (
    MSGPACK,
    Codec,
)

TURNS_PER_ORDER = 500
BYTES_PER_ORDER = 4 * 1024 * 1024


def rerun(report: ReplayReport, file: BinaryIO, room: RoomFile, wanted: Wanted) -> None:
    """Run all turns of the replay in `file`, and add the differences to the report."""
    reader = replay.Reader(file, report.file)
    orders = _orders(reader, room, wanted, report.events)
    judge = _Judge(report, wanted)
    try:
        with NodeEngine(reader.code.engine, reader.code.kit) as engine:
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
    reader: replay.Reader, room: RoomFile, wanted: Wanted, events: int
) -> Iterator[dict[str, Any]]:
    """Yield the orders that a page would send to its engine. The last turn of an order is
    compared."""
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
        assert isinstance(event, Event), "the event was read before"
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


def _steps(turns: list[dict[str, Any]], wanted: Wanted) -> dict[str, Any]:
    """Return an order for these turns. The reply contains the checksum and the state's hash after
    the last one."""
    last = turns[-1]["generation"]
    return {
        "op": "steps",
        "first": turns[0]["generation"],
        "turns": turns,
        "turn_ms": 100,
        # Among consecutive turns, only the last one is a multiple of its own number.
        "every": last,
        "stateEvery": last if last in wanted.states else 0,
        "scene": False,
    }


class _Judge:
    """Compares the engine's results with those on which the players agreed."""

    def __init__(self, report: ReplayReport, wanted: Wanted) -> None:
        self.at = 0
        self._report = report
        self._wanted = wanted
        self._differs: set[str] = set()
        self._compared: set[int] = set()

    def replied(self, reply: Mapping[str, Any]) -> None:
        """Compare a reply. Raises EngineFailedError if it has the wrong shape, which is possible
        because replies are written in the engine's own JavaScript realm."""
        if reply.get("op") != "stepped":
            return
        match reply:
            case {"generation": int() as generation, "sums": [*_, [int(), int() as own]]}:
                pass
            case _:
                raise EngineFailedError("its response is not valid")
        state = reply.get("state")
        hash_ = state.get("sha256") if isinstance(state, dict) else None
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
            # Later values differ as well, so only the first difference is reported.
            self._differs.add(kind)
            what = "checksum" if kind == "checksum" else "state's hash"
            why = (
                f"turn {generation}: the players agreed on the {what} {agreed}, but running it "
                f"again gives {own}"
            )
            self._report.find(kind, why, generation=generation)

    def sum_up(self) -> None:
        """Report agreed values of turns that are not in the file, which cannot be compared."""
        done, report = self._report.checksums, self._report
        if done.why_not is not None or any(one.code == "engine_failed" for one in report.findings):
            return
        for generation in sorted(self._wanted.agreed.keys() - self._compared):
            why = f"turn {generation}: the players agreed on a checksum, but no engine ran the turn"
            report.find("checksum", why, generation=generation)
