"""Client and master packets as arrays. They are sent every turn, so they must be small.

Knows no bytes: it writes and reads plain lists for the codec. A command is `[index, value, ...]`,
with the index and the order of fields from the room's declarations. A signal is
`[age, index, value, ...]`. An age is how many generations before that of the packet, so it takes
one byte. A checksum age of 0 means that there is no checksum; a signal age of 0 is an ordinary age.

client packet: [generation, commands, checksum_age, checksum, latency, framerate, signals?, ids?]
master packet: [seq, generation, iterations_per_command, turn_ms, ahead,
                [[seat, commands] ...], checksum_age, checksum, extras?]
extras: a map with chart, absent and late, each only if it is not empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gameroom import model
from gameroom.lockstep.packets import (
    ChartState,
    Checksum,
    ClientPacket,
    Command,
    Event,
    Late,
    MasterPacket,
    SeatCommands,
    SignalReport,
    TypedCommand,
)
from gameroom.model import Value
from gameroom.wire.frames import CHECKSUM_MAX, bad, fitting
from gameroom.wire.shape import plain, read


class WordTable:
    """The indices of declared commands or signals, and the order of their fields."""

    def __init__(
        self, declared: Sequence[model.CommandDeclaration] | Sequence[model.SignalDeclaration]
    ) -> None:
        self.names = tuple(one.name for one in declared)
        self.fields = tuple(tuple(field.name for field in one.fields) for one in declared)
        self.index = {name: index for index, name in enumerate(self.names)}

    def flat(self, name: str, body: Mapping[str, Value]) -> list[Value]:
        """Return `[index, value, ...]`. The caller has checked the body against the declaration."""
        index = self.index[name]
        return [index, *map(body.__getitem__, self.fields[index])]

    def full(self, flat: Sequence[object], where: str) -> tuple[str, dict[str, Value]]:
        """Return name and body of `[index, value, ...]`. Does not check the types of the values.
        Raises BadFrameError."""
        if not flat or type(index := flat[0]) is not int or not 0 <= index < len(self.names):
            raise bad(f"`{where}` has an index that this room does not declare")
        fields = self.fields[index]
        if len(flat) != len(fields) + 1:
            raise bad(f"`{where}` has {len(flat) - 1} values, not {len(fields)}")
        return self.names[index], dict(zip(fields, map(_value, flat[1:]), strict=True))


def client_array(packet: ClientPacket, commands: WordTable, signals: WordTable) -> list[object]:
    age, checksum = _ages(packet.generation, packet.checksum)
    made: list[object] = [
        packet.generation,
        [commands.flat(command.name, command.body) for command in packet.commands],
        age,
        checksum,
        packet.latency,
        packet.framerate,
    ]
    if packet.signals or packet.ids:
        made.append(
            [
                [packet.generation - report.generation, *signals.flat(report.name, report.body)]
                for report in packet.signals
            ]
        )
    if packet.ids:
        made.append(list(packet.ids))
    return made


def read_client_array(
    made: Sequence[object], commands: WordTable, signals: WordTable
) -> ClientPacket:
    """Read a client packet. Raises BadFrameError if the array is not one of this room."""
    if not 6 <= len(made) <= 8:
        raise bad(f"a client packet must have 6 to 8 parts, not {len(made)}")
    generation = _count(made[0], "generation")
    reports = []
    for i, one in enumerate(_list(made[6], "signals") if len(made) > 6 else ()):
        flat = _list(one, f"signals[{i}]")
        age = _count(flat[0] if flat else None, f"signals[{i}] age")
        name, body = signals.full(flat[1:], f"signals[{i}]")
        reports.append(SignalReport(generation - age, name, body))
    return fitting(
        ClientPacket(
            generation,
            _commands(made[1], commands),
            _checksum(generation, made[2], made[3]),
            _count(made[4], "latency"),
            _count(made[5], "framerate"),
            tuple(reports),
            tuple(_count(one, "an id") for one in _list(made[7] if len(made) > 7 else [], "ids")),
        )
    )


def master_array(event: Event, commands: WordTable) -> list[object]:
    """Return the array of an event whose body is a MasterPacket."""
    packet = event.body
    assert isinstance(packet, MasterPacket)
    age, checksum = _ages(packet.generation, packet.checksum)
    made: list[object] = [
        event.seq,
        packet.generation,
        packet.iterations_per_command,
        packet.turn_ms,
        packet.ahead,
        [
            [
                part.seat,
                [
                    one if isinstance(one, TypedCommand) else commands.flat(one.name, one.body)
                    for one in part.commands
                ],
            ]
            for part in packet.commands
        ],
        age,
        checksum,
    ]
    extras: dict[str, object] = {}
    if packet.chart is not None:
        extras["chart"] = plain(packet.chart)
    if packet.absent:
        extras["absent"] = list(packet.absent)
    if packet.late:
        extras["late"] = plain(packet.late)
    if extras:
        made.append(extras)
    return made


def read_master_array(made: Sequence[object], commands: WordTable) -> Event:
    """Read a master packet. Raises BadFrameError if the array is not one of this room."""
    if not 8 <= len(made) <= 9:
        raise bad(f"a master packet must have 8 or 9 parts, not {len(made)}")
    seq, generation, iterations, turn_ms, ahead = (
        _count(part, "a number at the head of a master packet") for part in made[:5]
    )
    by_seat = []
    for one in _list(made[5], "commands"):
        seat, listed = _pair(one, "a seat's commands")
        by_seat.append(SeatCommands(_count(seat, "seat"), _commands(listed, commands)))
    extras = made[8] if len(made) == 9 else {}
    if not isinstance(extras, Mapping):
        raise bad("the extras must be a map")
    chart = extras.get("chart")
    return Event(
        seq,
        MasterPacket(
            generation,
            iterations,
            turn_ms,
            ahead,
            tuple(by_seat),
            None if chart is None else read(ChartState, chart, strict=False),
            _checksum(generation, made[6], made[7]),
            tuple(_count(seat, "absent") for seat in _list(extras.get("absent", []), "absent")),
            tuple(read(Late, late, strict=False) for late in _list(extras.get("late", []), "late")),
        ),
    )


def master_plain(made: Sequence[Any], commands: WordTable) -> dict[str, object]:
    """Return the plain body of a master packet from an array that this program wrote, such as an
    entry of a journal. The result equals `plain(read_master_array(...).body)`, but no value is
    checked, because a response can contain many turns."""
    extras = made[8] if len(made) == 9 else {}
    age, names, fields = made[6], commands.names, commands.fields
    return {
        "generation": made[1],
        "iterations_per_command": made[2],
        "turn_ms": made[3],
        "ahead": made[4],
        "commands": [
            {
                "seat": seat,
                "commands": [
                    {
                        "name": names[flat[0]],
                        "body": dict(zip(fields[flat[0]], flat[1:], strict=True)),
                    }
                    for flat in said
                ],
            }
            for seat, said in made[5]
        ],
        "chart": extras.get("chart"),
        "checksum": {"generation": made[1] - age, "value": made[7]} if age else None,
        "absent": extras.get("absent", []),
        "late": extras.get("late", []),
    }


def _commands(listed: object, words: WordTable) -> tuple[Command, ...]:
    return tuple(
        Command(*words.full(_list(one, f"commands[{i}]"), f"commands[{i}]"))
        for i, one in enumerate(_list(listed, "commands"))
    )


def _ages(generation: int, checksum: Checksum | None) -> tuple[int, int]:
    if checksum is None:
        return 0, 0
    assert checksum.generation < generation, "a checksum is of a generation that has run"
    return generation - checksum.generation, checksum.value


def _checksum(generation: int, age: object, value: object) -> Checksum | None:
    back, sum32 = _count(age, "checksum_age"), _count(value, "checksum")
    if back == 0:
        return None
    if sum32 > CHECKSUM_MAX or back > generation:
        raise bad("a checksum must be 32 bits, of a generation that has run")
    return Checksum(generation - back, sum32)


def _count(value: object, where: str) -> int:
    if type(value) is not int or value < 0:
        raise bad(f"{where} must be a whole number, 0 or greater")
    return value


def _list(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise bad(f"{where} must be a list")
    return value


def _pair(value: object, where: str) -> Sequence[object]:
    pair = _list(value, where)
    if len(pair) != 2:
        raise bad(f"{where} must be a pair")
    return pair


def _value(value: object) -> Value:
    """Check a value of a body: a scalar or a list. Room files have no map type."""
    if isinstance(value, list):
        return [_value(item) for item in value]
    if value is None or isinstance(value, int | str | bool):
        return value
    raise bad("a value in a body must not be a map")
