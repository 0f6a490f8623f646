"""Do the replicas still agree? Checksums and signals, compared per generation.

Knows seats and numbers, no engine. A verdict is by majority (`lockstep.md`): where one
value has more than half of the reports, those with another value have diverged; where
none has, nobody can tell who is right and the verdict is undecidable. Where no more than
half of those who are expected have reported, there is no verdict.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

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


def without(verdict: Diverged, seat: int) -> Diverged:
    """What is left of a verdict when a seat was vacated."""
    values = {one: value for one, value in verdict.values.items() if one != seat}
    seats = tuple(one for one in verdict.seats if one != seat)
    return replace(verdict, seats=seats, values=values)


@dataclass(slots=True)
class _Trial:
    """What a seat in quarantine has reported of the generations after `since`."""

    since: int
    reports: dict[int, int] = field(default_factory=dict)


def _keep(reports: dict[int, int], checksum: Checksum, most: int) -> None:
    """Note a checksum beside the latest others."""
    reports[checksum.generation] = checksum.value
    if len(reports) > most:
        del reports[min(reports)]


@dataclass(slots=True)
class Checksums:
    """The reports that wait for a verdict.

    window: how many generations a report waits for the others before it is compared
    with those that came.
    judged: the latest generation with a verdict; reports up to it come too late.
    standing: the last divergence that everyone was told of, without the seats that were
        vacated since; None where there was none.
    _latest: by seat, the highest generation that was reported. Reports come in their order,
        so a generation below it that is missing stays so, and keeps nobody waiting.
    """

    window: int
    judged: int = 0
    standing: Diverged | None = None
    _reports: dict[int, dict[int, int]] = field(default_factory=dict)
    _latest: dict[int, int] = field(default_factory=dict)
    _agreed: dict[int, int] = field(default_factory=dict)
    _trials: dict[int, _Trial] = field(default_factory=dict)
    _disputed: set[int] = field(default_factory=set)
    """The generations of which two reports differ."""

    def report(self, seat: int, checksum: Checksum, closed: int) -> None:
        """Keep a seat's first report for a generation that was closed and not yet judged. The
        reports of a seat in quarantine are kept apart: they have no vote."""
        trial = self._trials.get(seat)
        if trial is not None:
            if trial.since < checksum.generation <= closed:
                _keep(trial.reports, checksum, self.window)
        elif self.judged < checksum.generation <= closed:
            values = self._reports.setdefault(checksum.generation, {})
            if values.setdefault(seat, checksum.value) != next(iter(values.values())):
                self._disputed.add(checksum.generation)
            self._latest[seat] = max(checksum.generation, self._latest.get(seat, 0))

    @property
    def has_reports(self) -> bool:
        """Is there a report that has no verdict yet?"""
        return bool(self._reports)

    @property
    def has_trials(self) -> bool:
        """Is a seat in quarantine?"""
        return bool(self._trials)

    def keep(self, seat: int, checksum: Checksum | None, closed: int) -> bool:
        """`report` a checksum, None for a packet without one, if there is no dispute before and
        after it: nobody is in quarantine and all reports of the same generation are equal. It must
        be the seat's next report or come too late to count. Otherwise returns False, and nothing
        has changed."""
        if self._trials or self._disputed:
            return False
        if checksum is None:
            return True
        generation = checksum.generation
        if not self.judged < generation <= closed:
            return True
        if generation <= self._latest.get(seat, 0):
            return False
        values = self._reports.get(generation)
        if values is None:
            self._reports[generation] = {seat: checksum.value}
        elif next(iter(values.values())) == checksum.value:
            values[seat] = checksum.value
        else:
            return False
        self._latest[seat] = generation
        return True

    def judge(self, expected: Collection[int], closed: int) -> Checksum | Diverged | None:
        """The next verdict, oldest generation first; None when all have to wait.

        expected: the seats that report at present. Others are heard but not waited for.
        """
        for generation in sorted(self._reports):
            values = self._reports[generation]
            if generation > closed - self.window:
                out = [seat for seat in expected if seat not in values]
                if out and any(self._latest.get(seat, 0) < generation for seat in out):
                    return None
            del self._reports[generation]
            self.judged = generation
            is_disputed = generation in self._disputed
            self._disputed.discard(generation)
            if 2 * len(values) <= len(expected):
                continue
            if is_disputed:
                return verdict(generation, values)
            found = Checksum(generation, next(iter(values.values())))
            self._agreed[generation] = found.value
            if len(self._agreed) > self.window:
                del self._agreed[next(iter(self._agreed))]
            return found
        return None

    def agreed_before(self, generation: int) -> Checksum | None:
        """The last agreement before a generation, None where none is remembered."""
        last = max((of for of in self._agreed if of < generation), default=None)
        return None if last is None else Checksum(last, self._agreed[last])

    def quarantine(self, seat: int, since: int) -> None:
        """The seat's engine begins again: it has no vote until it agrees with the others on a
        generation after `since`."""
        self.forget(seat)
        self._trials[seat] = _Trial(since)

    def release(self, seat: int) -> None:
        """The quarantine ends without agreement: nobody is left to agree with."""
        self._trials.pop(seat, None)

    def healed(self) -> tuple[int, ...]:
        """The seats that agree with the others again. They vote from now on."""
        healed = tuple(
            seat
            for seat, trial in sorted(self._trials.items())
            if any(self._agreed.get(of) == value for of, value in trial.reports.items())
        )
        for seat in healed:
            del self._trials[seat]
        return healed

    def differs(self, seat: int) -> bool:
        """Does this seat, which is in the standing verdict, still differ from anybody there? When
        all who are left of a verdict had the same checksum, nobody does."""
        if self.standing is None or seat not in self.standing.values:
            return True
        return len(set(self.standing.values.values())) > 1

    def vacate(self, seat: int) -> None:
        """Nobody sits there any more, and nobody differs from it."""
        self.forget(seat)
        if self.standing is not None:
            self.standing = without(self.standing, seat)

    def forget(self, seat: int) -> None:
        """Take no account of what a seat has reported."""
        self._trials.pop(seat, None)
        self._latest.pop(seat, None)
        for values in self._reports.values():
            values.pop(seat, None)
        self._reports = {key: values for key, values in self._reports.items() if values}
        self._disputed = {
            key for key, values in self._reports.items() if len(set(values.values())) > 1
        }


@dataclass(slots=True)
class Signals:
    """Signals that wait until enough engines raised the same one for the same generation.

    window: how many generations back a signal may reach.
    """

    window: int
    per_generation_max: int
    _raised: dict[int, dict[str, tuple[SignalReport, set[int]]]] = field(default_factory=dict)
    _agreed: dict[int, set[str]] = field(default_factory=dict)

    @property
    def has_reports(self) -> bool:
        """Has an engine raised a signal that still counts?"""
        return bool(self._raised)

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
