"""Do the replicas still agree? Checksums and signals, compared per generation.

Knows seats and numbers, no engine. The majority decides the verdict (`lockstep.md`): if one value
has more than half of the reports, the seats with another value have diverged. If no value has more
than half, the verdict is undecidable. If at most half of the expected seats have reported, there
is no verdict.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from gameroom.lockstep.packets import Checksum, Diverged, SignalReport
from gameroom.model import Value


def verdict(generation: int, values: Mapping[int, int]) -> Checksum | Diverged:
    """Compare the checksums of one generation.

    values: the checksum by seat, at least one. Returns a Checksum if all are equal.
    """
    assert values, "a verdict needs at least one checksum"
    (value, votes), *others = Counter(values.values()).most_common()
    if not others:
        return Checksum(generation, value)
    decidable = 2 * votes > len(values)
    seats = tuple(seat for seat in sorted(values) if not decidable or values[seat] != value)
    return Diverged(generation, seats, decidable, dict(sorted(values.items())))


def without(verdict: Diverged, seat: int) -> Diverged:
    """Return the verdict without a seat that was vacated."""
    values = {one: value for one, value in verdict.values.items() if one != seat}
    seats = tuple(one for one in verdict.seats if one != seat)
    return replace(verdict, seats=seats, values=values)


@dataclass(slots=True)
class _Trial:
    """The reports of a seat in quarantine, for the generations after `since`."""

    since: int
    reports: dict[int, int] = field(default_factory=dict)


def _keep(reports: dict[int, int], checksum: Checksum, most: int) -> None:
    """Add a checksum to the latest ones, and remove the oldest if there are more than `most`."""
    reports[checksum.generation] = checksum.value
    if len(reports) > most:
        del reports[min(reports)]


@dataclass(slots=True)
class Checksums:
    """The reports that wait for a verdict.

    window: how many generations a report waits for the other seats. Then it is compared with the
        reports that have arrived.
    judged: the latest generation with a verdict. Reports up to this generation are ignored.
    standing: the last divergence that was announced, without the seats that were vacated since;
        None if there was none.
    _latest: by seat, the highest generation that was reported. A seat reports in order, so a
        missing report for a lower generation will never arrive, and no verdict waits for it.
    """

    window: int
    judged: int = 0
    standing: Diverged | None = None
    _reports: dict[int, dict[int, int]] = field(default_factory=dict)
    _latest: dict[int, int] = field(default_factory=dict)
    _agreed: dict[int, int] = field(default_factory=dict)
    _trials: dict[int, _Trial] = field(default_factory=dict)
    _disputed: set[int] = field(default_factory=set)
    """The generations for which two reports differ."""

    def report(self, seat: int, checksum: Checksum, closed: int) -> None:
        """Add a seat's report. Only the first report for a generation that is closed and has no
        verdict yet counts. Reports of a seat in quarantine are stored separately and have no
        vote."""
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
        """Whether a report has no verdict yet."""
        return bool(self._reports)

    @property
    def has_trials(self) -> bool:
        """Whether any seat is in quarantine."""
        return bool(self._trials)

    def keep(self, seat: int, checksum: Checksum | None, closed: int) -> bool:
        """The fast path of `report`, for rooms without disputes. Returns whether it applied; if
        False, nothing has changed.

        It applies if no seat is in quarantine, all reports for the same generation are equal
        (including this one), and this is the seat's next report or is too late to count.
        checksum: None for a packet without a checksum.
        """
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
        """Return the next verdict, oldest generation first; None if every generation has to wait.

        expected: the seats that report at present. Reports of other seats count, but no verdict
        waits for them.
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
        """Return the last agreement before a generation; None if none is remembered."""
        last = max((of for of in self._agreed if of < generation), default=None)
        return None if last is None else Checksum(last, self._agreed[last])

    def quarantine(self, seat: int, since: int) -> None:
        """Take away the seat's vote because its engine restarts. It votes again when it agrees with
        the others on a generation after `since`."""
        self.forget(seat)
        self._trials[seat] = _Trial(since)

    def release(self, seat: int) -> None:
        """End the quarantine without agreement: no other seat is left to agree with."""
        self._trials.pop(seat, None)

    def healed(self) -> tuple[int, ...]:
        """End the quarantine of the seats that agree with the others again, and return them."""
        healed = tuple(
            seat
            for seat, trial in sorted(self._trials.items())
            if any(self._agreed.get(of) == value for of, value in trial.reports.items())
        )
        for seat in healed:
            del self._trials[seat]
        return healed

    def differs(self, seat: int) -> bool:
        """Whether this seat still differs from another seat of the standing verdict. False if all
        seats that are left in the verdict had the same checksum."""
        if self.standing is None or seat not in self.standing.values:
            return True
        return len(set(self.standing.values.values())) > 1

    def vacate(self, seat: int) -> None:
        """Remove a seat that was vacated, also from the standing verdict."""
        self.forget(seat)
        if self.standing is not None:
            self.standing = without(self.standing, seat)

    def forget(self, seat: int) -> None:
        """Discard all reports of a seat."""
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
    """Signals that wait until enough engines have raised the same one for the same generation.

    window: how many of the latest closed generations a signal can belong to.
    per_generation_max: how many different signals of one seat count for each generation.
    """

    window: int
    per_generation_max: int
    _raised: dict[int, dict[str, tuple[SignalReport, set[int]]]] = field(default_factory=dict)
    _agreed: dict[int, set[str]] = field(default_factory=dict)

    @property
    def has_reports(self) -> bool:
        """Whether an engine has raised a signal that still counts."""
        return bool(self._raised)

    def report(self, seat: int, signal: SignalReport, closed: int) -> None:
        """Add a signal that a seat's engine raised. Ignored if it is outside the window or exceeds
        `per_generation_max`."""
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
        """Return the signals on which the seats have just agreed, in order of generation and name.

        agreed_by: by signal name, "all" or "majority": how many expected seats must raise it.
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
        """Discard the signals of a seat that was vacated."""
        for raised in self._raised.values():
            for _, who in raised.values():
                who.discard(seat)


def _key(name: str, body: Mapping[str, Value]) -> str:
    return name + json.dumps(body, sort_keys=True, separators=(",", ":"))
