"""The policies: all numbers that adjust the built-in behaviour, with their kinds and bounds.

One table for the checker, the documentation and the server. A key that a room does not set has the
table's default, so a room without policies is complete. The module does not know what the numbers
do; the `doc` of each key describes its effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from gameroom.model.room import Duration, PolicyEntry, Range, Rate, RoomFile
from gameroom.model.types import Scalar

Kind = OneOf["time", "times", "turns", "count", "rate", "switch", "gather", "ahead"]
"""How a value is written, and the value that `policy` returns:

time    `3s`              milliseconds
times   `100ms..500ms`    (milliseconds, milliseconds)
turns   `20 turns`        turns
count   `64`              a count
rate    `20 per second`   a count per second
switch  `on`, `off`       bool
gather  `all`, `within D` None for all, or milliseconds
ahead   `auto`, `2`       None for auto, or turns
"""

PolicyValue = int | bool | tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a policy. low, high: the bounds of its numbers, both included."""

    policy: str
    key: str
    kind: Kind
    default: PolicyValue
    low: int
    high: int
    doc: str


HOUR_MS = 60 * 60 * 1000

KEYS: tuple[Key, ...] = (
    Key(
        "turns", "gather", "gather", None, 50, 5_000,
        "`all` waits for the packets of all present players. `within 250ms` closes the turn"
        " without late packets, whose commands are part of the next turn.",
    ),
    Key("pace", "tick", "rate", 20, 1, 240, "Iterations of the engine per second."),
    Key(
        "pace", "turn", "times", (100, 500), 20, 5_000,
        "The shortest and the longest turn. The server chooses a length in this range according"
        " to latency.",
    ),
    Key(
        "pace", "ahead", "ahead", None, 1, 8,
        "How many turns in advance clients send their packets. `auto` adapts to the latency.",
    ),
    Key(
        "lag", "pause_after", "time", 3_000, 250, HOUR_MS,
        "A player who is silent for this long while turns advance is missing, and the event `lag`"
        " happens.",
    ),
    Key(
        "lag", "drop_after", "time", 57_000, 1_000, HOUR_MS,
        "A player who stays missing for this long after that is lost, and the event `lost`"
        " happens.",
    ),
    Key(
        "divergence", "checksum_every", "turns", 1, 1, 1_000,
        "How often engines report a checksum.",
    ),
    Key(
        "divergence", "repairs", "count", 3, 0, 1_000,
        "How many times one player can be repaired. A player who diverges after that loses the"
        " seat.",
    ),
    Key(
        "reconnect", "grace", "time", 60_000, 0, 24 * HOUR_MS,
        "A player who is disconnected for this long is lost, and the event `lost` happens.",
    ),
    Key(
        "reconnect", "sleep", "time", 24 * HOUR_MS, 60_000, 7 * 24 * HOUR_MS,
        "While no player is connected, the room sleeps: its time stops, and nobody loses a"
        " seat. If nobody returns for this long, the room ends.",
    ),
    Key(
        "snapshots", "every", "turns", 600, 0, 1_000_000,
        "The number of turns between two snapshots of the game. Latecomers start from a snapshot."
        " `0 turns` means no snapshots.",
    ),
    Key("chat", "open", "switch", True, 0, 1, "`off` refuses all chat."),
    Key("chat", "characters", "count", 300, 1, 2_000, "The maximum length of a line of chat."),
    Key(
        "limits", "commands_per_turn", "count", 64, 1, 1_024,
        "The number of commands that one player can send for one turn. Any more are refused.",
    ),
    Key(
        "limits", "packet_bytes", "count", 16_384, 256, 65_536,
        "The size of the largest packet that a player can send.",
    ),
    Key(
        "limits", "chat_per_minute", "count", 30, 0, 6_000,
        "The number of lines of chat that one person can send per minute.",
    ),
    Key(
        "limits", "requests_per_minute", "count", 120, 1, 6_000,
        "The number of requests that one person can send per minute.",
    ),
    Key(
        "limits", "changes_per_minute", "count", 30, 1, 6_000,
        "How often one person can become ready or unready per minute. The same limit applies"
        " to loading or refusing the setup, and to hiding or showing the page.",
    ),
    Key(
        "limits", "configures_per_minute", "count", 240, 1, 6_000,
        "The number of changes that one person can make to the setup per minute.",
    ),
)  # fmt: skip

POLICIES: dict[str, dict[str, Key]] = {}
for _key in KEYS:
    POLICIES.setdefault(_key.policy, {})[_key.key] = _key


def policy(room: RoomFile, name: str, key: str) -> PolicyValue:
    """Return the value of this key of the policy `name`, set in the room or the table's default.

    The room must have been checked. An entry that does not fit is an internal error here.
    """
    row = POLICIES[name][key]
    for said in room.policies:
        if said.name == name:
            for entry in said.entries:
                if entry.key == key:
                    assert (why := misfit_entry(row, entry)) is None, why
                    return _plain(row, entry.value)
    return row.default


def number(room: RoomFile, name: str, key: str) -> int:
    """Return `policy` for the kinds time, turns, count and rate."""
    value = policy(room, name, key)
    assert isinstance(value, int), f"{name}.{key} is not a number"
    return value


def times(room: RoomFile, name: str, key: str) -> tuple[int, int]:
    """Return `policy` for the kind times: shortest and longest, in milliseconds."""
    value = policy(room, name, key)
    assert isinstance(value, tuple), f"{name}.{key} is not a range of times"
    return value


def spelling(key: str) -> str:
    """Return a key as it is written in a room file: `pause after` for `pause_after`."""
    return key.replace("_", " ")


def default(row: Key) -> str:
    """Return the default as it is written in a room file."""
    match row.default:
        case None:
            return "all" if row.kind == "gather" else "auto"
        case (int() as low, int() as high):
            return f"{_said(row, low)}..{_said(row, high)}"
        case bool() as on:
            return "on" if on else "off"
        case int() as amount:
            return _said(row, amount)
    raise AssertionError(row)


def bounds(row: Key) -> str:
    """Return the allowed values in a few words."""
    if row.kind == "switch":
        return "`on`, `off`"
    said = f"`{_said(row, row.low)}` to `{_said(row, row.high)}`"
    words = {"gather": "`all`, or `within` ", "ahead": "`auto`, or "}
    return words.get(row.kind, "") + said


def misfit_entry(row: Key, entry: PolicyEntry) -> str | None:
    """Return why the entry's value does not fit the key, as the end of a sentence; None if it
    fits."""
    if not _has_form(row.kind, entry.value):
        return f"must be {_FORMS[row.kind]}"
    value = _plain(row, entry.value)
    if isinstance(value, tuple):
        if value[0] > value[1]:
            return "is a reversed range"
        if value[0] < row.low or value[1] > row.high:
            return f"must be within {_said(row, row.low)}..{_said(row, row.high)}"
    elif value is not None and not row.low <= value <= row.high:
        return f"must be between {_said(row, row.low)} and {_said(row, row.high)}"
    return None


_FORMS: dict[Kind, str] = {
    "time": "a time, such as `3s` or `250ms`",
    "times": "two times, such as `100ms..500ms`",
    "turns": "a number of turns, such as `20 turns`",
    "count": "a whole number, such as `64`",
    "rate": "a rate, such as `20 per second`",
    "switch": "`on` or `off`",
    "gather": "`all`, or `within` and a time, such as `within 250ms`",
    "ahead": "`auto`, or a number of turns ahead, such as `2`",
}

_Said = Scalar | Duration | Range | Rate | tuple[Duration, Duration] | tuple[str, Duration]


def _has_form(kind: Kind, value: _Said) -> bool:
    match kind, value:
        case "time", Duration(unit="ms"):
            return True
        case "times", (Duration(unit="ms"), Duration(unit="ms")):
            return True
        case "turns", Duration(unit="turns"):
            return True
        case "rate", Rate():
            return True
        case (("count" | "ahead"), int()):
            return not isinstance(value, bool)
        case "switch", ("on" | "off"):
            return True
        case "ahead", "auto":
            return True
        case "gather", ("all" | ("within", Duration(unit="ms"))):
            return True
        case _:
            return False


def _plain(row: Key, value: _Said) -> PolicyValue:
    match value:
        case Duration(amount) | Rate(amount) | ("within", Duration(amount)):
            return amount
        case (Duration(low), Duration(high)):
            return low, high
        case "all" | "auto":
            return None
        case "on" | "off":
            return value == "on"
        case int():
            return value
    raise AssertionError(f"{row.policy}.{row.key} holds {value!r}")


def _said(row: Key, amount: int) -> str:
    if row.kind in ("time", "times", "gather"):
        for size, unit in ((HOUR_MS, "h"), (1000, "s")):
            if amount and amount % size == 0:
                return f"{amount // size}{unit}"
        return f"{amount}ms"
    suffix = {"turns": " turns", "rate": " per second"}.get(row.kind, "")
    return f"{amount}{suffix}"
