"""What a battle was like: one row for each of its phases.

Knows notes, counts and a journal; no network. A turn belongs to the phase in which the first
player ran it, a pause to that in which it began.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from gameroom.lockstep.packets import MasterPacket, Moves
from tests.network.battle import Battle, Told, commanded
from tests.network.line import Count

LAGGING = "running.paused.lagging"

HEADS = (
    "Run",
    "Lag pauses",
    "Turns",
    "Turn announced, ms",
    "Ahead",
    "Turn observed, ms: mean, variation, max",
    "Orders",
    "Latency, ms: mean, p50, p95, max",
    "Latency variation",
    "IP up, down, kB/s",
    "Payload up, down, kB/s",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """The beginning or the end of a phase: when (milliseconds), and what was counted so far."""

    at: int
    counts: Sequence[tuple[Count, Count]]


@dataclass(frozen=True, slots=True)
class Row:
    """One phase. Times in milliseconds, rates in bytes per second of the busiest player.

    pauses: how long each pause for lag was. turn, ahead: lowest and highest announced.
    felt: between two turns, at every player. latencies: from an order to its turn.
    """

    name: str
    pauses: Sequence[int]
    turns: int
    turn: tuple[int, int]
    ahead: tuple[int, int]
    felt: Sequence[int]
    latencies: Sequence[int]
    ip: tuple[int, int]
    payload: tuple[int, int]

    def cells(self) -> tuple[str, ...]:
        waits = ", ".join(f"{pause / 1000:.1f} s" for pause in self.pauses)
        return (
            self.name,
            f"{len(self.pauses)} ({waits})" if waits else "0",
            str(self.turns),
            span(self.turn),
            span(self.ahead),
            f"{mean(self.felt)}, {variation(self.felt)} %, {max(self.felt, default=0)}",
            str(len(self.latencies)),
            f"**{mean(self.latencies)}**, {quantile(self.latencies, 50)}, "
            f"{quantile(self.latencies, 95)}, {max(self.latencies, default=0)}",
            f"{variation(self.latencies)} %",
            f"{self.ip[0] / 1000:.2f}, {self.ip[1] / 1000:.2f}",
            f"{self.payload[0] / 1000:.2f}, {self.payload[1] / 1000:.2f}",
        )


def rows(
    fought: Battle, told: Sequence[Told], names: Sequence[str], marks: Sequence[Mark]
) -> list[Row]:
    """One row for each of `names`, which lie between the marks."""
    ran = fought.players[0].notes.turns
    paces = [
        (one.frame.body.turn_ms, one.frame.body.ahead)
        for one in told
        if isinstance(one.frame.body, MasterPacket)
    ]
    closed = [one.at for one in told if isinstance(one.frame.body, MasterPacket)]
    # The journal has a clock of its own: the quickest turn shows by how much they differ.
    shift = min(at - before for before, at in zip(closed, ran, strict=False))
    breaks = pauses(told)
    found = []
    for name, begin, end in zip(names, marks, marks[1:], strict=False):
        first, last = (bisect_right(ran, mark.at) for mark in (begin, end))
        turns, aheads = zip(*paces[first:last] or [(0, 0)], strict=True)
        found.append(
            Row(
                name,
                [until - since for since, until in breaks if begin.at <= since + shift < end.at],
                last - first,
                (min(turns), max(turns)),
                (min(aheads), max(aheads)),
                [
                    now - before
                    for player in fought.players
                    for before, now in zip(player.notes.turns, player.notes.turns[1:], strict=False)
                    if begin.at <= before < end.at
                ],
                [
                    took
                    for player in fought.players
                    for at, took in player.notes.latencies
                    if begin.at <= at < end.at
                ],
                rate(begin, end, "bytes"),
                rate(begin, end, "payload"),
            )
        )
    return found


def pauses(told: Sequence[Told], state: str = LAGGING) -> list[tuple[int, int]]:
    """The times in which the room was in this state: from, to, by the journal's clock."""
    found: list[tuple[int, int]] = []
    since: int | None = None
    for one in told:
        body = one.frame.body
        chart = body.chart if isinstance(body, MasterPacket | Moves) else None
        if chart is None:
            continue
        if state in chart.states and since is None:
            since = one.at
        elif state not in chart.states and since is not None:
            found.append((since, one.at))
            since = None
    if since is not None:
        found.append((since, told[-1].at))
    return found


def astray(fought: Battle, told: Sequence[Told]) -> tuple[int, int]:
    """Orders that were lost, and orders that stand in the journal more often than given."""
    said = commanded(told)
    lost = doubled = 0
    for player in fought.players:
        assert player.seat is not None
        heard = [repr(one) for one in said.get(player.seat.seat or 0, [])]
        given = [repr(one) for one in player.notes.sent]
        lost += sum(max(0, given.count(one) - heard.count(one)) for one in set(given))
        doubled += sum(max(0, heard.count(one) - given.count(one)) for one in set(heard))
    return lost, doubled


def rate(begin: Mark, end: Mark, what: str) -> tuple[int, int]:
    """Bytes per second up and down, of the player who has the most of them."""
    seconds = max(1, end.at - begin.at) / 1000
    both = zip(begin.counts, end.counts, strict=True)
    ways = [
        [
            round((getattr(new, what) - getattr(old, what)) / seconds)
            for old, new in zip(*pair, strict=True)
        ]
        for pair in both
    ]
    return max(up for up, _ in ways), max(down for _, down in ways)


def mean(values: Sequence[int]) -> int:
    return round(statistics.fmean(values)) if values else 0


def variation(values: Sequence[int]) -> int:
    """The standard deviation in percent of the mean."""
    return round(100 * statistics.pstdev(values) / statistics.fmean(values)) if values else 0


def quantile(values: Sequence[int], percent: int) -> int:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)] if values else 0


def span(bounds: tuple[int, int]) -> str:
    low, high = bounds
    return str(low) if low == high else f"{low} to {high}"


def table(found: Sequence[Row]) -> str:
    """In Markdown."""
    lines = [HEADS, ["---"] * len(HEADS), *(row.cells() for row in found)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
