"""Where a chart is between two macrosteps: a frozen value, and its bytes.

The queues are empty there, so states, histories, data, people and timers are all. The
bytes are canonical (JSON with sorted keys, UTF-8): equal snapshots of one chart give equal
bytes. Timers are written with what remains of them, so that a room that was stopped for an
hour goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal as OneOf

import msgspec

from gameroom.chart.events import Person
from gameroom.chart.tables import ROOT, Chart, bits
from gameroom.model import Setting, Value, Variable
from gameroom.model.fit import misfit

Status = OneOf["live", "ended", "faulted"]

Timers = tuple[tuple[int, int], ...]
"""(transition, when it is due), in document order."""


class Snapshot(msgspec.Struct, frozen=True):
    """A value, equal to another that says the same.

    configuration: the active states as bits, the root's among them.
    history: by slot, the states that were recorded as bits; 0 is nothing yet.
    data, settings: values by position in the chart's tables.
    timers: due in milliseconds; turn_timers: due at a generation.
    held: the `when`s that are true (bits by transition), erred: those that had no value.
    """

    configuration: int
    history: tuple[int, ...]
    data: tuple[Value, ...]
    settings: tuple[Value, ...]
    people: tuple[Person, ...]
    timers: Timers
    turn_timers: Timers
    held: int
    erred: int
    now: int
    generation: int
    status: Status


class _PersonRecord(msgspec.Struct, forbid_unknown_fields=True):
    kinds: list[str]
    flags: list[str]
    choices: dict[str, str]


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    """The shape of the bytes. States, slots and transitions are numbers; timers are
    [transition, what remains], which is negative where they are overdue."""

    chart: str
    states: list[int]
    history: list[list[int]]
    variables: dict[str, int | str | bool]
    settings: dict[str, msgspec.Raw]
    people: list[_PersonRecord]
    timers: list[tuple[int, int]]
    turn_timers: list[tuple[int, int]]
    held: list[int]
    erred: list[int]
    generation: int
    status: Status


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(_Record).decode


def due(snapshot: Snapshot) -> int | None:
    """The earliest deadline in milliseconds, None when no timer runs on milliseconds."""
    return min((at for _, at in snapshot.timers), default=None)


def is_due(snapshot: Snapshot, now: int, generation: int) -> bool:
    """Would a timer fire at this time (milliseconds) and generation?"""
    return any(at <= now for _, at in snapshot.timers) or any(
        at <= generation for _, at in snapshot.turn_timers
    )


def dump(chart: Chart, snapshot: Snapshot) -> bytes:
    """The snapshot as canonical bytes."""
    record = _Record(
        chart=chart.fingerprint,
        states=bits(snapshot.configuration),
        history=[bits(states) for states in snapshot.history],
        variables=dict(zip(chart.variables, snapshot.data, strict=True)),  # type: ignore[arg-type] # variables hold scalars
        settings={
            name: msgspec.Raw(_encode(value))
            for name, value in zip(chart.settings, snapshot.settings, strict=True)
        },
        people=[
            _PersonRecord(sorted(who.kinds), sorted(who.flags), dict(who.choices))
            for who in snapshot.people
        ],
        timers=[(transition, at - snapshot.now) for transition, at in snapshot.timers],
        turn_timers=[(t, at - snapshot.generation) for t, at in snapshot.turn_timers],
        held=bits(snapshot.held),
        erred=bits(snapshot.erred),
        generation=snapshot.generation,
        status=snapshot.status,
    )
    return _encode(record)


def restore(chart: Chart, data: bytes, now: int) -> Snapshot:
    """The snapshot that was dumped; its timers have at `now` what remained of them.

    Raises ValueError for bytes that are damaged or come from another chart.
    """
    try:
        record = _decode(data)
        settings = {
            name: _frozen(msgspec.json.decode(raw)) for name, raw in record.settings.items()
        }
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is not a snapshot: {error}") from error
    if record.chart != chart.fingerprint:
        raise ValueError("this snapshot belongs to another chart")
    _check(chart, record, settings)
    return Snapshot(
        configuration=_set(record.states),
        history=tuple(_set(states) for states in record.history),
        data=tuple(record.variables[name] for name in chart.variables),
        settings=tuple(settings[name] for name in chart.settings),
        people=tuple(
            Person(frozenset(who.kinds), frozenset(who.flags), who.choices) for who in record.people
        ),
        timers=tuple((transition, now + left) for transition, left in record.timers),
        turn_timers=tuple((t, record.generation + left) for t, left in record.turn_timers),
        held=_set(record.held),
        erred=_set(record.erred),
        now=now,
        generation=record.generation,
        status=record.status,
    )


def _check(chart: Chart, record: _Record, settings: Mapping[str, Value]) -> None:
    """Numbers within the tables, names as declared, values of their types."""
    states = {ROOT, *chart.by_path.values()}
    named = {*record.states, *(state for slot in record.history for state in slot)}
    whens = {t.id for t in chart.transitions if t.condition is not None}
    whole = (
        ROOT in record.states
        and named <= states
        and len(record.history) == chart.slots
        and {*record.held, *record.erred} <= whens
        and {t for t, _ in record.timers} <= _timed(chart, "ms")
        and {t for t, _ in record.turn_timers} <= _timed(chart, "turns")
        and record.variables.keys() == chart.variables.keys()
        and settings.keys() == chart.settings.keys()
    )
    if not whole:
        raise ValueError("this snapshot is damaged")
    declared: list[tuple[Variable | Setting, Value]] = [
        *((variable, record.variables[variable.name]) for variable in chart.room.variables),
        *((setting, settings[setting.name]) for setting in chart.room.settings),
    ]
    for said, value in declared:
        if (why := misfit(said.type, value)) is not None:
            raise ValueError(f"this snapshot is damaged: `{said.name}` {why}")


def _timed(chart: Chart, unit: str) -> set[int]:
    return {transition.id for transition in chart.transitions if transition.unit == unit}


def frozen(values: Iterable[Value]) -> tuple[Value, ...]:
    """Lists become tuples, so that a snapshot is a value all the way down."""
    return tuple(_frozen(value) for value in values)


def _frozen(value: Value) -> Value:
    return frozen(value) if isinstance(value, (list, tuple)) else value


def _set(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in set(numbers))
