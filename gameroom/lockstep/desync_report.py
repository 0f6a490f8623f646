"""The report of one desync: which seats differ, since when, in what, and the commands before it.

It is made from the verdict, the turns since the last agreement, and the statements of the seats:
hashes of the parts of their states, and the states. The server cannot verify these statements. The
report lists each under the number of its seat, limits its size and only compares it with others.
Knows no room, no socket and no file. `docs/desync.md` describes the file format. To add a field to
the report, begin here.

The idea is OpenRA's SyncReport: explain a desync, do not only detect it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

from gameroom.formats import FORMATS, RELEASE
from gameroom.lockstep.canonical import DEPTH_MAX, NotCanonicalError, canonical, hash32
from gameroom.lockstep.packets import Checksum, Diverged, MasterPacket, Moved, Moves
from gameroom.model import INT_MAX, Value

DIFFERENCES_MAX = 500
TEXT_CHARACTERS_MAX = 200
"""How much of a string a difference shows. The states contain the whole string."""
HAPPENED_MAX = 200
"""How many of the last turns and chart moves before the verdict a report contains."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The room that the report is about.

    setup: the values of the settings. created: when the room was created. at: when the report was
    made. Both are in milliseconds since 1970.
    """

    room: str
    name: str
    engine: str
    seed: int
    setup: Mapping[str, Value]
    created: int
    at: int


@dataclass(frozen=True, slots=True)
class Witness:
    """The statement of a seat about its own state. Fields are None or empty if it sent nothing.

    checksum: the checksum that it reported for the generation of the verdict.
    generation: the generation of `parts` and `state`: that of the verdict, or the first later one
    whose state the engine had stored.
    parts: hash by path; the path "" is the whole state. state: canonical bytes.
    why: why the seat could not send more.
    """

    seat: int
    name: str
    checksum: int
    generation: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)
    state: bytes | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class DesyncReport:
    """A report as in its file. body: plain values that JSON can represent."""

    body: Mapping[str, Any]

    @property
    def generation(self) -> int:
        return int(self.body["generation"])

    def dump(self) -> bytes:
        """Return the report as JSON.

        It is ASCII only, so that a lone surrogate in a state does no harm. Each state is encoded
        separately, because one long call would block all other threads.
        """
        facts = {key: value for key, value in self.body.items() if key != "states"}
        states = ",".join(
            f"{_json(seat)}:{_json(state)}" for seat, state in self.body["states"].items()
        )
        return f'{_json(facts)[:-1]},"states":{{{states}}}}}'.encode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


# -- making ------------------------------------------------------------------------------------


def report(
    subject: Subject,
    verdict: Diverged,
    agreed: Checksum | None,
    happened: Sequence[MasterPacket | Moves],
    witnesses: Sequence[Witness],
) -> DesyncReport:
    """Make the report.

    agreed: the last checksum before the verdict on which all seats agreed; None if unknown.
    happened: the turns after that, up to that of the verdict, and the chart moves between them.
    """
    states: dict[int, Value] = {}
    why = {witness.seat: witness.why for witness in witnesses}
    for witness in witnesses:
        if witness.state is not None:
            try:
                states[witness.seat] = read_state(witness.state)
            except ValueError as error:
                why[witness.seat] = str(error)[:300]
    return DesyncReport(
        {
            "desync": FORMATS["desync report"],
            "release": RELEASE,
            "room": {
                "id": subject.room,
                "name": subject.name,
                "engine": subject.engine,
                "seed": subject.seed,
                "setup": dict(subject.setup),
                "created": subject.created,
            },
            "at": subject.at,
            "generation": verdict.generation,
            "agreed": agreed and {"generation": agreed.generation, "value": agreed.value},
            "decidable": verdict.decidable,
            "seats": [
                {
                    "seat": witness.seat,
                    "name": witness.name,
                    "checksum": witness.checksum,
                    "side": side(verdict, witness.seat),
                    "said": {
                        "generation": witness.generation,
                        "parts": dict(witness.parts),
                        "bytes": None if witness.state is None else len(witness.state),
                        "why": why[witness.seat],
                    },
                }
                for witness in witnesses
            ],
            **_compared(verdict, witnesses, states),
            "happened": [_plain(one) for one in happened[-HAPPENED_MAX:]],
            "happened_left_out": max(0, len(happened) - HAPPENED_MAX),
            "states": {str(seat): state for seat, state in states.items()},
        }
    )


def side(verdict: Diverged, seat: int) -> str:
    """Return "majority" or "minority"; "unknown" if the verdict is undecidable."""
    if not verdict.decidable:
        return "unknown"
    return "minority" if seat in verdict.seats else "majority"


def read_state(data: bytes) -> Value:
    """Read a state that a client sent. Raises ValueError if it is not a plain value."""

    def refuse(said: str) -> Any:
        raise ValueError(f"{said[:40]} is not a whole number from -(2^53 - 1) to 2^53 - 1")

    def whole(said: str) -> int:
        if len(said) > 17 or not -INT_MAX <= int(said) <= INT_MAX:
            refuse(said)
        return int(said)

    try:
        state = json.loads(data, parse_float=refuse, parse_constant=refuse, parse_int=whole)
    except UnicodeDecodeError:
        raise ValueError("the state is not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the state is not JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"the state is nested deeper than {DEPTH_MAX} levels") from None
    if _is_deeper(state, DEPTH_MAX):
        raise ValueError(f"the state is nested deeper than {DEPTH_MAX} levels")
    found: Value = state
    return found


def _is_deeper(value: Any, most: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return most == 0 or any(_is_deeper(one, most - 1) for one in inner)


def _plain(one: MasterPacket | Moves) -> dict[str, Any]:
    if isinstance(one, Moves):
        return {"after": one.generation, "moved": [_moved(each) for each in one.chart.moved]}
    return {
        "turn": one.generation,
        "iterations": one.iterations_per_command,
        "commands": [
            {
                "seat": said.seat,
                "commands": [
                    {"name": command.name, "body": dict(command.body)} for command in said.commands
                ],
            }
            for said in one.commands
        ],
        "moved": [_moved(each) for each in one.chart.moved] if one.chart else [],
    }


def _moved(moved: Moved) -> dict[str, Any]:
    return {
        "event": moved.event,
        "exited": list(moved.exited),
        "entered": list(moved.entered),
        "because": moved.because,
    }


# -- comparing ---------------------------------------------------------------------------------


def _compared(
    verdict: Diverged, witnesses: Sequence[Witness], states: Mapping[int, Value]
) -> dict[str, Any]:
    """Return the differences between seats that made statements about the same generation.

    It is the first generation for which two seats with different checksums sent states, or the
    first for which two sent hashes if there is none with states.
    """
    spoken = sorted({one.generation for one in witnesses if one.generation is not None})
    by_parts = {one.seat: one.parts for one in witnesses if one.parts}
    sources: tuple[tuple[str, Mapping[int, Any]], ...] = (("states", states), ("parts", by_parts))
    for by, source in sources:
        for generation in spoken:
            seats = [one.seat for one in witnesses if one.generation == generation]
            told = {seat: source[seat] for seat in seats if seat in source}
            if len({verdict.values[seat] for seat in told}) < 2:
                continue
            found: Sequence[tuple[str, Mapping[int, Any]]]
            found = differences(told) if by == "states" else differing_parts(told)
            return {
                "compared": generation,
                "by": by,
                "differences": [
                    {"path": path, "values": {str(seat): shown(one) for seat, one in at.items()}}
                    for path, at in found[:DIFFERENCES_MAX]
                ],
                "differences_left_out": max(0, len(found) - DIFFERENCES_MAX),
            }
    return {"compared": None, "by": None, "differences": [], "differences_left_out": 0}


_MISSING: Final = object()
"""The value of a path that does not exist in a state."""


def differences(states: Mapping[int, Value]) -> list[tuple[str, dict[int, Value]]]:
    """Return the paths at which the states differ, each with the values by seat.

    The order is canonical: keys by code point, list items by index. A seat is left out of the
    values if its state does not have the path.
    """
    return list(_walk("", dict(states)))


def _walk(path: str, at: dict[int, Any]) -> Iterator[tuple[str, dict[int, Any]]]:
    values = list(at.values())
    if any(value is _MISSING for value in values):
        yield path, {seat: value for seat, value in at.items() if value is not _MISSING}
    elif all(isinstance(value, dict) for value in values):
        for name in sorted({name for value in values for name in value}):
            inner = {seat: value.get(name, _MISSING) for seat, value in at.items()}
            yield from _walk(_inside(path, name), inner)
    elif all(isinstance(value, list) for value in values):
        for index, items in enumerate(zip_longest(*values, fillvalue=_MISSING)):
            first, *rest = items
            # Most items are equal in all states and need no walk if they are neither list nor map.
            if isinstance(first, list | dict) or any(
                type(one) is not type(first) or one != first for one in rest
            ):
                inner = dict(zip(at, items, strict=True))
                yield from _walk(_inside(path, str(index)), inner)
    elif any(type(one) is not type(values[0]) or one != values[0] for one in values):
        yield path, at


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def differing_parts(told: Mapping[int, Mapping[str, int]]) -> list[tuple[str, dict[int, int]]]:
    """Return the parts with different hashes, each with the hashes by seat. A part that contains
    another differing part is left out."""
    first = next(iter(told.values()))
    common = [path for path in first if all(path in parts for parts in told.values())]
    differing = {
        path: _steps(path) for path in common if len({parts[path] for parts in told.values()}) > 1
    }
    return [
        (path, {seat: parts[path] for seat, parts in told.items()})
        for path, steps in differing.items()
        if not any(_holds(steps, other) for other in differing.values())
    ]


_DOT = re.compile(r"(?<!\.)\.(?!\.)")
_STRETCH = re.compile(r"([0-9]{1,15})(?:\.\.([0-9]{1,15}))?")

Step = str | tuple[int, int]


def _steps(path: str) -> tuple[Step, ...]:
    """Split a path such as `units.0..63` into its steps: a name as a string, an index or a range of
    indices as its first and last index."""
    if not path:
        return ()
    found: list[Step] = []
    for part in _DOT.split(path):
        stretch = _STRETCH.fullmatch(part)
        found.append((int(stretch[1]), int(stretch[2] or stretch[1])) if stretch else part)
    return tuple(found)


def _holds(outer: tuple[Step, ...], inner: tuple[Step, ...]) -> bool:
    if outer == inner or len(outer) > len(inner):
        return False
    return all(
        a == b or (isinstance(a, tuple) and isinstance(b, tuple) and a[0] <= b[0] and b[1] <= a[1])
        for a, b in zip(outer, inner, strict=False)
    )


def shown(value: Any) -> Any:
    """Return a value as a difference shows it: a list or a map only with its size."""
    if isinstance(value, list):
        return {"list": len(value)}
    if isinstance(value, dict):
        return {"map": len(value)}
    return value[:TEXT_CHARACTERS_MAX] if isinstance(value, str) else value


# -- checking ---------------------------------------------------------------------------------


def doubts(found: DesyncReport) -> dict[int, str]:
    """Return by seat why its statements contradict each other: its state does not have the hash
    that it sent."""
    wrong: dict[int, str] = {}
    for row in found.body["seats"]:
        whole = row["said"]["parts"].get("")
        state = found.body["states"].get(str(row["seat"]), _MISSING)
        if whole is None or state is _MISSING:
            continue
        try:
            fits = hash32(canonical(state)) == whole
        except NotCanonicalError:
            fits = False
        if not fits:
            wrong[row["seat"]] = "the state does not match the hashes that were sent before"
    return wrong
