"""The figures of a benchmark: each is computed per window, then the median and spread of all pairs.

Knows only numbers. The rule: a ratio is computed for each pair of windows, which were measured one
after the other, before the median is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from gameroom.bench.plan import Kind, Window


class Spread(msgspec.Struct, frozen=True):
    """The median of several measurements, the lowest, the highest, and their number."""

    median: float
    low: float
    high: float
    count: int

    @property
    def width(self) -> float:
        """The difference between the highest and the lowest measurement."""
        return self.high - self.low


class Figure(NamedTuple):
    """name: the key in JSON. label: with its unit. digits: the number of decimals. of: the value of
    a window, None if it has none. floor: in a ratio, smaller values count as this value, because
    they are too small to measure."""

    name: str
    label: str
    digits: int
    of: Callable[[Window], float | None]
    floor: float = 0.0


FLOOR_MS = 1.0
"""The resolution of the event loops' timers."""
FLOOR_PERCENT = 0.1


def _each(cpu_s: float | None, count: int) -> float | None:
    return None if cpu_s is None or not count else cpu_s / count * 1e6


FIGURES = (
    Figure(
        "cpu_us_packet", "CPU for each client packet, us", 1,
        lambda window: _each(window.server_cpu_s, window.packets),
    ),
    Figure(
        "cpu_us_frame", "CPU for each frame sent, us", 1,
        lambda window: _each(window.server_cpu_s, window.frames),
    ),
    Figure(
        "core_percent", "the server's core in use, %", 1,
        lambda window: (
            None if window.server_cpu_s is None else window.server_cpu_s / window.wall_s * 100
        ),
    ),
    Figure("p50_ms", "lateness of turns, p50, ms", 2, lambda window: window.p50_ms, FLOOR_MS),
    Figure("p99_ms", "lateness of turns, p99, ms", 2, lambda window: window.p99_ms, FLOOR_MS),
    Figure("p999_ms", "lateness of turns, p999, ms", 2, lambda window: window.p999_ms, FLOOR_MS),
    Figure("late_percent", "late turns, %", 3, lambda window: window.late * 100, FLOOR_PERCENT),
    Figure("pace_percent", "turns closed, % of the clock's", 1, lambda window: window.pace * 100),
    Figure("memory_mb", "the server's memory, MB", 1, lambda window: window.server_rss_mb),
)  # fmt: skip

ROOMS = Figure("rooms", "rooms within the limit", 0, lambda window: None)
"""The result of a search. It is not computed from a window."""

Spreads = dict[str, dict[str, Spread]]
"""Spreads by figure, then by kind, or by `ours/theirs` for ratios."""


def spread(values: Sequence[float | None]) -> Spread | None:
    """The spread of the values, None if there are none."""
    known = [value for value in values if value is not None]
    return Spread(median(known), min(known), max(known), len(known)) if known else None


def ratios(
    ours: Sequence[float | None], theirs: Sequence[float | None], floor: float = 0.0
) -> list[float | None]:
    """Ours divided by theirs for each pair; None if a value is missing or theirs is 0. Values below
    the floor count as the floor."""
    return [
        None
        if mine is None or other is None or not max(other, floor)
        else max(mine, floor) / max(other, floor)
        for mine, other in zip(ours, theirs, strict=True)
    ]


Values = Mapping[Kind, Sequence[float | None]]


def by_figure(windows: Mapping[Kind, Sequence[Window]]) -> dict[str, Values]:
    """The values of each figure, by kind and pair."""
    return {
        figure.name: {kind: [figure.of(one) for one in many] for kind, many in windows.items()}
        for figure in FIGURES
    }


def spreads(values: Mapping[str, Values]) -> Spreads:
    """The spread of each figure, by kind."""
    return {
        name: {kind: found for kind, many in kinds.items() if (found := spread(many)) is not None}
        for name, kinds in values.items()
    }


def ratio_spreads(values: Mapping[str, Values]) -> Spreads:
    """The spread of each figure's ratios: of gameroom to each relay, and of the relays to each
    other."""
    pairs: list[tuple[Kind, Kind]] = [
        ("gameroom", "relay"), ("gameroom", "node"), ("relay", "node"),
    ]  # fmt: skip
    floors = {figure.name: figure.floor for figure in FIGURES}
    made: Spreads = {}
    for name, kinds in values.items():
        made[name] = {}
        for ours, theirs in pairs:
            if ours in kinds and theirs in kinds:
                found = spread(ratios(kinds[ours], kinds[theirs], floors.get(name, 0.0)))
                if found is not None:
                    made[name][f"{ours}/{theirs}"] = found
    return made
