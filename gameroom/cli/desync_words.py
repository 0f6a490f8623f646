"""Formats a desync report as text.

Knows the structure of a report, but no file. The rule: text from players and their engines is
printed shortened and without control characters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gameroom.lockstep.desync_report import DesyncReport, doubts
from gameroom.lockstep.packets import seat_name

CHARACTERS_MAX = 100


def line(report: DesyncReport) -> str:
    """The report in one line."""
    body = report.body
    first = body["differences"][0]["path"] if body["differences"] else None
    what = "nothing to compare" if body["compared"] is None else "equal states"
    return (
        f"{_when(body['at'])}, room {_clean(body['room']['id'])} ({_clean(body['room']['name'])}),"
        f" turn {body['generation']}: " + (what if first is None else f"first in {_place(first)}")
    )


def facts(report: DesyncReport) -> dict[str, Any]:
    """The report without the states, plus its inconsistencies."""
    found = {key: value for key, value in report.body.items() if key != "states"}
    return found | {"doubts": {str(seat): why for seat, why in doubts(report).items()}}


def told(report: DesyncReport, most: int = 10) -> str:
    """The full text. most: the maximum number of differences and turns."""
    body = report.body
    parts = [
        _head(body),
        _who(body),
        _agreed(body),
        _differs(body, most),
        _happened(body, most),
        _doubts(report),
        _next(body),
    ]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part)


def _head(body: Mapping[str, Any]) -> Iterator[str]:
    room = body["room"]
    yield f"The engines diverged at turn {body['generation']}."
    yield f"Room {_clean(room['id'])} ({_clean(room['name'])}), {_when(body['at'])}."
    yield f"Engine {_clean(room['engine'])[:12]}, seed {room['seed']}."


def _who(body: Mapping[str, Any]) -> Iterator[str]:
    rows = body["seats"]
    names = {row["seat"]: _name(row) for row in rows}

    def on(side: str) -> list[str]:
        return [names[row["seat"]] for row in rows if row["side"] == side]

    if body["decidable"]:
        differ = "differs" if len(on("minority")) == 1 else "differ"
        yield f"{_and(on('minority'))} {differ} from the majority, {_and(on('majority'))}."
    else:
        yield f"It is not known whose engine is right: {_and(list(names.values()))} differ,"
        yield "and no checksum has a majority."
    for row in rows:
        yield f"  {names[row['seat']]}: checksum {row['checksum']:#010x}{_said(row['said'])}"


def _said(said: Mapping[str, Any]) -> str:
    if said["why"] is not None:
        return f", no state: {_clean(said['why'])}"
    if said["bytes"] is None:
        return f", hashes of {len(said['parts'])} parts; no state was requested"
    return f", a state of {said['bytes']} bytes"


def _agreed(body: Mapping[str, Any]) -> Iterator[str]:
    agreed, generation = body["agreed"], body["generation"]
    if agreed is None:
        yield "No earlier turn with equal checksums is known."
        return
    first = agreed["generation"] + 1
    where = f"turn {generation}" if first == generation else f"turns {first} to {generation}"
    yield f"All engines last agreed at turn {agreed['generation']}, so the cause is in {where}."


def _differs(body: Mapping[str, Any], most: int) -> Iterator[str]:
    rows, generation, by = body["differences"], body["compared"], body["by"]
    if generation is None:
        yield "The difference can't be located, because no two engines that differ reported their"
        yield "states at the same turn. Play with ?sync=1, or wait for the next report."
        return
    if generation != body["generation"]:
        yield f"The states are those after turn {generation}; earlier ones were not kept. The"
        yield "differences shown here may be consequences of the first one."
    if not rows:
        yield f"The reported states of turn {generation} are equal. Either the checksums cover"
        yield "something that snapshot() leaves out, or the evidence is false."
        return
    names = {str(row["seat"]): _name(row) for row in body["seats"]}
    first = rows[0]
    yield f"The first part that differs: {_place(first['path'])}"
    for seat, name in names.items():
        if seat in first["values"]:
            yield f"  {name}: {_value(first['values'][seat], by)}"
        elif by == "states" and seat in body["states"]:
            yield f"  {name}: no such part"
    count = len(rows) + body["differences_left_out"]
    if by == "parts":
        yield "Only hashes of this part are known, because not both sides sent their state."
    if count == 1:
        yield "Nothing else differs."
        return
    more = "1 more differs" if count == 2 else f"{count - 1} more differ"
    yield more + (":" if most > 1 else ".")
    for row in rows[1:most]:
        values = (_value(value, by) for value in row["values"].values())
        yield f"  {_place(row['path'])}: {' | '.join(values)}"
    if count > most > 1:
        yield "  ..."


def _happened(body: Mapping[str, Any], most: int) -> Iterator[str]:
    names = {row["seat"]: _name(row) for row in body["seats"]}
    lines = [line for one in body["happened"] for line in _event(one, names)]
    if not body["happened"]:
        yield "The commands before that are not known."
        return
    turns = [one["turn"] for one in body["happened"] if "turn" in one]
    if not lines:
        yield f"There were no commands{f' from turn {turns[0]} on' if turns else ''}."
        return
    yield f"What happened, up to turn {body['generation']}:"
    left = max(0, len(lines) - most)
    if left or body["happened_left_out"]:
        yield "  ..."
    yield from lines[left:]


def _event(one: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[str]:
    where = f"turn {one['turn']}" if "turn" in one else f"after turn {one['after']}"
    for said in one.get("commands", ()):
        for command in said["commands"]:
            name = names.get(said["seat"], seat_name(said["seat"]))
            yield f"  {where}: {name} {_clean(command['name'])} {_value(command['body'])}"
    for moved in one["moved"]:
        into = ", ".join(map(_clean, moved["entered"])) or "no other state"
        cause = f" on {_clean(moved['event'])}" if moved["event"] else ""
        yield f"  {where}: the room entered {into}{cause}"


def _doubts(report: DesyncReport) -> Iterator[str]:
    names = {row["seat"]: _name(row) for row in report.body["seats"]}
    for seat, why in doubts(report).items():
        yield f"The data from {names[seat]} is unreliable: {why}."


def _next(body: Mapping[str, Any]) -> Iterator[str]:
    yield "Next steps:"
    why = " ".join(row["said"]["why"] or "" for row in body["seats"])
    if "whole number" in why or "canonical" in why:
        yield "  - A state contains a number that is not whole. Start there: fractions of pixels"
        yield "    and results of Math.sin differ between machines."
    if body["differences"]:
        yield "  - Find where the engine writes that part, and from which values. Common causes:"
        yield "    code in scene() that changes the state, state that snapshot() leaves out, an"
        yield "    undefined order, and numbers that are not whole."
    yield "  - Run the sync test: open the room's page with ?sync=1 and continue to play. The page"
    yield "    runs each turn twice from a snapshot and reports differences on a single machine."
    yield "  - See docs/desync.md for how to find the bug, and for all rules for engines."


def _name(row: Mapping[str, Any]) -> str:
    name, seat = _clean(row["name"]), seat_name(row["seat"])
    return f"{name} ({seat})" if name else seat


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _place(path: str) -> str:
    return _clean(path) or "the whole state"


def _value(value: Any, by: str | None = None) -> str:
    if isinstance(value, dict) and by == "states":
        return _clean(" ".join(f"a {kind} of {size}" for kind, size in value.items()))
    if by == "parts" and isinstance(value, int):
        return f"hash {value:#010x}"
    return _cut(json.dumps(value))


def _clean(text: str) -> str:
    """The text without control characters and changes of direction, safe for a terminal."""
    return _cut("".join(one if one.isprintable() else "?" for one in text))


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS_MAX else text[: CHARACTERS_MAX - 3] + "..."


def _when(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "at an unknown time"
