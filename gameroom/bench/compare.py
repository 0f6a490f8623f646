"""Compares two reports: lists the changes, and whether each is larger than the noise."""

from __future__ import annotations

from typing import NamedTuple

from gameroom.bench.figures import FIGURES, ROOMS, Spread
from gameroom.bench.plan import BenchError
from gameroom.bench.report import BenchReport, aligned

LABELS = {figure.name: figure.label for figure in (*FIGURES, ROOMS)}
DIGITS = {figure.name: figure.digits for figure in (*FIGURES, ROOMS)}


class Difference(NamedTuple):
    """One figure in both reports. is_clear: whether the difference is larger than the spread of the
    pairs in both; None if a report has only one pair, so that its spread is unknown."""

    label: str
    digits: int
    old: Spread
    new: Spread
    is_clear: bool | None

    @property
    def ratio(self) -> float | None:
        """The new value divided by the old one; None if the old one is 0."""
        return self.new.median / self.old.median if self.old.median else None


def is_clear(old: Spread, new: Spread) -> bool | None:
    """Whether two measurements differ by more than the spread of their pairs."""
    if old.count < 2 or new.count < 2:
        return None
    return abs(new.median - old.median) > max(old.width, new.width)


def differences(old: BenchReport, new: BenchReport) -> list[Difference]:
    """Every figure that both reports have: first the ratios to the bare relay, which do not
    depend on the machine, then gameroom's own. Raises BenchError for different modes."""
    if old.mode != new.mode:
        raise BenchError(f"one report is of a {old.mode} run, the other of a {new.mode} run")
    found = []
    for what, key, before, after in (
        ("ratio: ", "gameroom/relay", old.ratios, new.ratios),
        ("", "gameroom", old.figures, new.figures),
    ):
        for name, label in LABELS.items():
            was, now = before.get(name, {}).get(key), after.get(name, {}).get(key)
            if was is not None and now is not None:
                digits = 2 if what else DIGITS[name]
                found.append(Difference(what + label, digits, was, now, is_clear(was, now)))
    return found


def compared(old: BenchReport, new: BenchReport) -> str:
    """The comparison for people. Raises BenchError for different modes."""
    rows = [["", "old", "new", "new/old", ""]]
    for one in differences(old, new):
        ratio = "-" if one.ratio is None else f"{one.ratio:.2f}"
        said = {None: "one pair: unknown", True: "above the spread", False: "within the spread"}
        was, now = (f"{found.median:,.{one.digits}f}" for found in (one.old, one.new))
        rows.append([one.label, was, now, ratio, said[one.is_clear]])
    return "\n".join([*aligned(rows), *_warnings(old, new)])


def _warnings(old: BenchReport, new: BenchReport) -> list[str]:
    warned = []
    for name in ("rooms", "seats", "watchers", "text_bytes", "wire", "turn_ms", "durability"):
        was, now = getattr(old.plan, name), getattr(new.plan, name)
        if was != now:
            warned.append(f"note: The plans differ: `{name}` was {was} and is {now}.")
    was_here = (old.machine.processor, old.machine.cores, old.machine.system)
    if was_here != (new.machine.processor, new.machine.cores, new.machine.system):
        warned.append("note: The machines differ: compare the ratios only.")
    return warned
