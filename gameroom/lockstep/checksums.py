"""Do the replicas still agree? Checksums and signals, compared per generation.

Knows seats and numbers, no engine. A verdict is by majority (`lockstep.md`): where one
value has more than half of the reports, those with another value have diverged; where
none has, nobody can tell who is right and the verdict is undecidable.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gameroom.lockstep.packets import Checksum, Diverged, SignalReport
from gameroom.model import Value


def verdict(generation: int, values: Mapping[int, int]) -> Checksum | Diverged:
    """Compare the checksums of one generation, by seat; at least one is given."""
    assert values, "a verdict over nothing"
    (value, votes), *others = Counter(values.values()).most_common()
    if not others:
        return Checksum(generation, value)
    decidable = 2 * votes > len(values)
    seats = tuple(seat for seat in sorted(values) if not decidable or values[seat] != value)
    return Diverged(generation, seats, decidable, dict(sorted(values.items())))


@dataclass(slots=True)
class Checksums:
    """The reports that wait for a verdict.

    window: how many generations a report waits for the others before it is compared
    with those that came.
    judged: the latest generation with a verdict; reports up to it come too late.
    """

    window: int
    judged: int = 0
    _reports: dict[int, dict[int, int]] = field(default_factory=dict)

    def report(self, seat: int, checksum: Checksum, closed: int) -> None:
        """Keep a seat's first report for a generation that was closed and not yet judged."""
        if self.judged < checksum.generation <= closed:
            self._reports.setdefault(checksum.generation, {}).setdefault(seat, checksum.value)

    def judge(self, expected: Collection[int], closed: int) -> Checksum | Diverged | None:
        """The next verdict, oldest generation first; None when all have to wait.

        expected: the seats that report at present. Others are heard but not waited for.
        """
        for generation in sorted(self._reports):
            values = self._reports[generation]
            waiting = any(seat not in values for seat in expected)
            if waiting and generation > closed - self.window:
                return None
            del self._reports[generation]
            self.judged = generation
            return verdict(generation, values)
        return None

    def forget(self, seat: int) -> None:
        """Take no account of a seat that was vacated."""
        for values in self._reports.values():
            values.pop(seat, None)
        self._reports = {key: values for key, values in self._reports.items() if values}


@dataclass(slots=True)
class Signals:
    """Signals that wait until enough engines raised the same one for the same generation.

    window: how many generations back a signal may reach.
    """

    window: int
    per_generation_max: int
    _raised: dict[int, dict[str, tuple[SignalReport, set[int]]]] = field(default_factory=dict)
    _agreed: dict[int, set[str]] = field(default_factory=dict)

    def report(self, seat: int, signal: SignalReport, closed: int) -> None:
        """A seat's engine raised this. What is outside the window, or too much, is not kept."""
        if not closed - self.window < signal.generation <= closed:
            return
        key = _key(signal.name, signal.body)
        raised = self._raised.setdefault(signal.generation, {})
        if key not in raised and sum(seat in who for _, who in raised.values()) >= (
            self.per_generation_max
        ):
            return
        raised.setdefault(key, (signal, set()))[1].add(seat)

    def agreed(
        self, expected: Collection[int], agreed_by: Mapping[str, str], closed: int
    ) -> tuple[SignalReport, ...]:
        """The signals that have just been agreed on, in order of generation and name.

        agreed_by: by signal, "all" or "majority" of the expected seats.
        """
        found: list[SignalReport] = []
        for generation in sorted(self._raised):
            if generation <= closed - self.window:
                del self._raised[generation]
                self._agreed.pop(generation, None)
                continue
            for key, (signal, who) in sorted(self._raised[generation].items()):
                votes = sum(seat in who for seat in expected)
                needed = (
                    len(expected) if agreed_by[signal.name] == "all" else len(expected) // 2 + 1
                )
                if votes >= max(needed, 1) and key not in self._agreed.get(generation, ()):
                    self._agreed.setdefault(generation, set()).add(key)
                    found.append(signal)
        return tuple(found)

    def forget(self, seat: int) -> None:
        """Take no account of a seat that was vacated."""
        for raised in self._raised.values():
            for _, who in raised.values():
                who.discard(seat)


def _key(name: str, body: Mapping[str, Value]) -> str:
    return name + json.dumps(body, sort_keys=True, separators=(",", ":"))
