"""The state of a chart between two macrosteps: a frozen value, and its bytes.

The queues are empty then, so the state consists of states, histories, data, people and timers. The
bytes are canonical (JSON with sorted keys, UTF-8): equal snapshots of one chart have equal bytes.
They contain names instead of the numbers in our tables, because another release can number the same
chart differently. They contain the remaining time of each timer, so that a room that was stopped
for an hour continues from the same point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from typing import Literal as OneOf

import msgspec

from gameroom.chart import plans
from gameroom.chart.events import Person
from gameroom.chart.legal import illegality
from gameroom.chart.tables import ROOT, Chart, StateRow, TransitionRow, bits
from gameroom.formats import FORMATS, RELEASE, foreign, printed, writer
from gameroom.model import INT_MAX, Setting, Value, Variable
from gameroom.model.fit import misfit

Status = OneOf["live", "ended", "faulted"]

Timers = tuple[tuple[int, int], ...]
"""(transition, due time), in document order."""


class ChartSnapshot(msgspec.Struct, frozen=True):
    """The state of a chart between two macrosteps, compared by value.

    configuration: the active states as bits, including the root.
    history: by slot, the recorded states as bits; 0 if nothing was recorded.
    data, settings: values by position in the chart's tables.
    timers: due times in milliseconds. turn_timers: due times as generations.
    held: the `when`s that are true (bits by transition). erred: those that had no value.
    now: milliseconds. generation: the last closed turn.
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


class BadSnapshotError(ValueError):
    """This chart cannot continue from these bytes. The message says why."""


class _PersonRecord(msgspec.Struct):
    kinds: list[str]
    flags: list[str]
    choices: dict[str, str]


class _Record(msgspec.Struct):
    """The shape of the bytes. States are written as paths, and `when`s and `after`s as their keys,
    so that a later chart of the same room can find them.

    format, release: those of the writer. chart: the fingerprint.
    states: the innermost active states. history: the recorded states by the path of the history.
    timers: by key, the remaining milliseconds or turns of each `after` of the active states;
    negative if it is overdue, None if it has fired.
    """

    format: int
    release: str
    chart: str
    states: list[str]
    history: dict[str, list[str]]
    variables: dict[str, int | str | bool]
    settings: dict[str, Any]
    people: list[_PersonRecord]
    timers: dict[str, int | None]
    held: list[str]
    erred: list[str]
    generation: int
    status: Status


class _SnapshotHead(msgspec.Struct):
    """The fields that every version has."""

    format: Any = None
    release: Any = None


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(_Record).decode
_decode_head = msgspec.json.Decoder(_SnapshotHead).decode


def due(snapshot: ChartSnapshot) -> int | None:
    """Return the earliest due time in milliseconds; None if no timer in milliseconds runs."""
    return min((at for _, at in snapshot.timers), default=None)


def is_due(snapshot: ChartSnapshot, now: int, generation: int) -> bool:
    """Whether a timer is due at this time (milliseconds) and generation."""
    for _, at in snapshot.timers:
        if at <= now:
            return True
    return any(at <= generation for _, at in snapshot.turn_timers)


def dump(chart: Chart, snapshot: ChartSnapshot) -> bytes:
    """Return the snapshot as canonical bytes."""
    states = chart.states
    due_at = dict((*snapshot.timers, *snapshot.turn_timers))
    record = _Record(
        format=FORMATS["chart"],
        release=RELEASE,
        chart=chart.fingerprint,
        states=[states[id_].path for id_ in plans.known(chart, snapshot.configuration).leaves],
        history={
            state.path: [states[id_].path for id_ in bits(recorded)]
            for state in _histories(chart)
            if (recorded := snapshot.history[state.slot])
        },
        variables=dict(zip(chart.variables, snapshot.data, strict=True)),  # type: ignore[arg-type] # variables hold scalars
        settings=dict(zip(chart.settings, snapshot.settings, strict=True)),
        people=[
            _PersonRecord(sorted(who.kinds), sorted(who.flags), dict(who.choices))
            for who in snapshot.people
        ],
        timers={
            timed.key: None
            if (at := due_at.get(timed.id)) is None
            else at - (snapshot.now if timed.unit == "ms" else snapshot.generation)
            for timed in _timed(chart, snapshot.configuration, snapshot.status)
        },
        held=_keys(chart, snapshot.held),
        erred=_keys(chart, snapshot.erred),
        generation=snapshot.generation,
        status=snapshot.status,
    )
    return _encode(record)


def restore(chart: Chart, data: bytes, now: int) -> ChartSnapshot:
    """Return the snapshot from its bytes. now: milliseconds; timers continue from here with their
    remaining time.

    The chart can differ from the one that was dumped, because a later release can compile the same
    room file a little differently. The chart must have every state, variable, setting, timer and
    condition of the snapshot, and the values must fit. Variables and settings that were added
    since have their default. Raises BadSnapshotError for anything else.
    """
    return _SnapshotReading(chart, _read(data)).snapshot(now)


def _read(data: bytes) -> _Record:
    try:
        head = _decode_head(data)
        if (why := foreign("chart", head.format, head.release)) is not None:
            raise BadSnapshotError(f"this snapshot {why}")
        return _decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise BadSnapshotError(f"this is not a snapshot: {error}") from error


class _SnapshotReading:
    """Reads a record with the tables of a chart. Errors name the part that is missing or wrong."""

    def __init__(self, chart: Chart, record: _Record) -> None:
        self.chart = chart
        self.record = record
        self.is_same = record.chart == chart.fingerprint

    def snapshot(self, now: int) -> ChartSnapshot:
        record = self.record
        if not 0 <= record.generation <= INT_MAX:
            raise self._wrong("its generation is out of range")
        configuration = self._configuration(record.states, ROOT) | 1 << ROOT
        if self._has_ended(configuration) != (record.status == "ended"):
            found = "`, `".join(record.states)
            raise self._wrong(f"its status `{record.status}` contradicts the states `{found}`")
        timers = self._timers(_timed(self.chart, configuration, record.status))
        held, erred = (self._whens(keys, configuration) for keys in (record.held, record.erred))
        if held & erred:
            raise self._wrong("a condition is listed both as true and as failed")
        history = [0] * self.chart.slots
        for path, recorded in record.history.items():
            slot, states = self._recorded(path, recorded)
            history[slot] = states
        return ChartSnapshot(
            configuration=configuration,
            history=tuple(history),
            data=self._values(self.chart.room.variables, record.variables, self.chart.data),
            settings=self._values(self.chart.room.settings, record.settings, self.chart.defaults),
            people=tuple(
                Person(frozenset(who.kinds), frozenset(who.flags), who.choices)
                for who in record.people
            ),
            timers=tuple((one.id, now + left) for one, left in timers if one.unit == "ms"),
            turn_timers=tuple(
                (one.id, record.generation + left) for one, left in timers if one.unit == "turns"
            ),
            held=held,
            erred=erred,
            now=now,
            generation=record.generation,
            status=record.status,
        )

    def _wrong(self, why: str) -> BadSnapshotError:
        why = printed(why, 300)
        if self.is_same:
            return BadSnapshotError(f"this snapshot is damaged: {why}")
        wrote = writer(self.record.release)
        return BadSnapshotError(
            f"this snapshot was written by {wrote} for another chart: {why}; this is gameroom"
            f" {RELEASE}"
        )

    def _state(self, path: str) -> StateRow:
        id_ = self.chart.by_path.get(path)
        if id_ is None:
            raise self._wrong(f"there is no state `{printed(path)}`")
        return self.chart.states[id_]

    def _configuration(self, paths: Sequence[str], top: int) -> int:
        """Return the states at these paths and their ancestors below `top`. Checks that they form a
        legal configuration of `top`, and that each path is an innermost state and occurs once."""
        above = 1 << top
        leaves = [self._state(path) for path in paths]
        states = 0
        for leaf in leaves:
            if not self.chart.states[top].below & leaf.bit:
                raise self._wrong(f"`{leaf.path}` is not inside `{self.chart.states[top].path}`")
            states |= leaf.bit | sum(1 << id_ for id_ in leaf.ancestors)
        states &= self.chart.states[top].below
        if (why := illegality(self.chart.states, states | above, top)) is not None:
            raise self._wrong(why)
        if (outer := next((leaf for leaf in leaves if leaf.children), None)) is not None:
            raise self._wrong(f"`{outer.path}` is not an innermost state")
        if len({leaf.id for leaf in leaves}) < len(leaves):
            raise self._wrong("a state is listed twice")
        return states

    def _has_ended(self, configuration: int) -> bool:
        tops = (self.chart.states[id_] for id_ in self.chart.states[ROOT].children)
        return any(top.kind == "final" and configuration & top.bit for top in tops)

    def _recorded(self, path: str, recorded: Sequence[str]) -> tuple[int, int]:
        """Return the slot of a history and the states that it recorded. Checks that these states
        can be entered again."""
        history = next((one for one in _histories(self.chart) if one.path == path), None)
        if history is None:
            raise self._wrong(f"there is no history state `{printed(path)}`")
        holder = self.chart.states[history.parent]
        states = [self._state(one).id for one in recorded]
        if history.deep:
            self._configuration(recorded, holder.id)
        else:
            wanted = 1 if holder.kind == "compound" else len(holder.children)
            if not len(states) == len({*states} & {*holder.children}) == wanted:
                raise self._wrong(
                    f"the history `{history.path}` has recorded states that don't fit"
                )
        return history.slot, sum(1 << id_ for id_ in states)

    def _values(
        self,
        declared: Sequence[Variable | Setting],
        said: Mapping[str, Value],
        defaults: tuple[Value, ...],
    ) -> tuple[Value, ...]:
        """Return the values in the order of the declarations."""
        names = {one.name for one in declared}
        if (unknown := min(said.keys() - names, default=None)) is not None:
            raise self._wrong(f"there is no variable or setting `{printed(unknown)}`")
        values = []
        for one, default in zip(declared, defaults, strict=True):
            if self.is_same and one.name not in said:
                raise self._wrong(f"`{one.name}` is missing")
            value = said.get(one.name, default)
            # Check before `_frozen` recurses: a value that fits its type is not nested deeper.
            if (why := misfit(one.type, value)) is not None:
                raise self._wrong(f"`{one.name}` {why}")
            values.append(_frozen(value))
        return tuple(values)

    def _timers(self, timed: Sequence[TransitionRow]) -> list[tuple[TransitionRow, int]]:
        """Return the running timers in document order, each with its remaining time. Every timer
        must be in the record, because a room that lost one could wait forever."""
        said = dict(self.record.timers)
        running = []
        for one in timed:
            if one.key not in said:
                raise self._wrong(f"the timer {one.key} is missing")
            left = said.pop(one.key)
            if left is not None:
                if not -INT_MAX <= left <= one.amount:
                    raise self._wrong(f"the timer {one.key} is out of range")
                running.append((one, left))
        if said:
            raise self._wrong(f"there is no timer {printed(min(said))}")
        return running

    def _whens(self, keys: Sequence[str], configuration: int) -> int:
        active = {when.key: 1 << when.id for when in plans.known(self.chart, configuration).whens}
        if (unknown := min(set(keys) - active.keys(), default=None)) is not None:
            raise self._wrong(f"there is no condition {printed(unknown)}")
        if len(set(keys)) < len(keys):
            raise self._wrong("a condition is listed twice")
        return sum(active[key] for key in keys)


def _keys(chart: Chart, whens: int) -> list[str]:
    return [chart.transitions[when].key for when in bits(whens)]


def _histories(chart: Chart) -> list[StateRow]:
    return [state for state in chart.states if state.kind == "history"]


def _timed(chart: Chart, configuration: int, status: Status) -> list[TransitionRow]:
    """Return every `after` of the active states; none if the chart has ended or faulted."""
    if status != "live":
        return []
    active = (chart.states[state].transitions for state in bits(configuration))
    return [chart.transitions[t] for ts in active for t in ts if chart.transitions[t].unit]


def frozen(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return the values with tuples in place of all lists, so that a snapshot is immutable."""
    return tuple(_frozen(value) for value in values)


def _frozen(value: Value) -> Value:
    return frozen(value) if isinstance(value, (list, tuple)) else value
