"""The counts of the load, and the lateness of turns."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

FAULTS_SHOWN = 5


class LoadCounts:
    """intervals: the seconds between successive turns, at each connection."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Start a window. Faults are kept."""
        self.packets = self.frames = self.turns = self.confirmed = 0
        self.intervals = array("d")

    def fault(self, what: str) -> None:
        """Count a fault: something was lost, duplicated, reordered or refused."""
        is_shown = what in self.faults or len(self.faults) < FAULTS_SHOWN
        self.faults[what if is_shown else "and more"] += 1

    def told(self) -> list[str]:
        """The faults, each with its count."""
        return [
            what if count == 1 else f"{what} ({count} times)" for what, count in self.faults.items()
        ]


class Lateness(NamedTuple):
    """In milliseconds. late: the share of turns that are more than half a turn late."""

    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    late: float


def lateness(intervals: Sequence[float], turn_ms: int) -> Lateness:
    """The lateness of turns. A turn is due one turn length after the one before. A turn that is
    early because the one before was late counts as not late."""
    if not intervals:
        return Lateness(0.0, 0.0, 0.0, 0.0, 0.0)
    late = sorted(max(0.0, each * 1000 - turn_ms) for each in intervals)
    over = sum(each > turn_ms / 2 for each in late) / len(late)
    return Lateness(
        quantile(late, 0.5), quantile(late, 0.99), quantile(late, 0.999), late[-1], over
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of the ordered values does not exceed; 0 for none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
