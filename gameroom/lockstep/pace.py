"""How long a turn is, how many iterations it runs and how far ahead commands are sent.

From "1500 Archers on a 28.8": the speed control follows the frame rate of the slowest machine and
the longest latency. It rises quickly and settles slowly. It follows a high percentile over a
window, so one spike of one player changes nothing. Knows seats and their reports, no clock.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Slow = Literal["line", "engine"]
"""Why a player makes the turns longer than the other players need."""

AHEAD_MAX = 8
REACH = AHEAD_MAX // 2
"""How many turns ahead commands are sent before the turns become longer instead."""

WINDOW_REPORTS = 20
SPIKES_MAX = 2
"""How many of the longest round trips are ignored. Only one while the window is less than half
full."""

WARM_REPORTS = 5
"""How many reports of its frame rate an engine needs before the reports count."""

SETTLE_TURNS = 50
"""How many turns in a row must need clearly less before the pace settles on the lower value."""
SLIGHTLY = 4
"""The pace settles this many times more slowly on a slightly lower value, to ignore noise."""

MICRO = 1_000_000
"""The time that an engine needs is measured in microseconds per iteration."""

NOTICED_MS = 250
"""Players do not notice a command delay up to this long (Bettner and Terrano), so a connection
that needs no more is not slow."""

MARGIN_MS = 20
"""Added to the round trip for the server and the browser's timers."""


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """The room file's `policy pace`.

    tick: how many iterations per second the game is designed for.
    turn_low, turn_high: bounds of the turn length in milliseconds.
    ahead: how many generations ahead commands are sent; None to follow the latency.
    """

    tick: int
    turn_low: int
    turn_high: int
    ahead: int | None


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace that a master packet announces."""

    turn_ms: int
    ahead: int
    iterations_per_command: int

    @property
    def delay_ms(self) -> int:
        """The longest time from a command to its turn, in milliseconds."""
        return self.turn_ms * self.ahead


def fitting(policy: PacePolicy, latency: int, framerate: int) -> Pace:
    """Return the pace for a round trip in milliseconds and a frame rate in iterations per second
    (0 if unknown).

    It is the shortest turn that hides the round trip behind at most REACH turns, with a whole
    number of iterations and enough time for the slowest engine to run them. A slower engine makes
    the turns longer first. When they reach `turn_high`, a turn runs fewer iterations instead.
    """
    rate = min(policy.tick, framerate) if framerate > 0 else policy.tick
    need = latency + MARGIN_MS
    reach = REACH if policy.ahead is None else policy.ahead
    shortest = min(policy.turn_high, max(policy.turn_low, _up(need, reach)))
    iterations = _up(shortest * rate, 1000)
    if (turn := _up(iterations * 1000, rate)) > policy.turn_high:
        iterations = max(1, policy.turn_high * rate // 1000)
        turn = min(policy.turn_high, max(shortest, _up(iterations * 1000, rate)))
    ahead = policy.ahead
    if ahead is None:
        ahead = min(AHEAD_MAX, max(1, _up(need, turn)))
    return Pace(turn, ahead, iterations)


@lru_cache(maxsize=1024)
def _delay_ms(policy: PacePolicy, latency: int) -> int:
    """Return the command delay that a connection with this round trip needs. Cached because it is
    called for every seat, mostly with the same few round trips."""
    return fitting(policy, latency, 0).delay_ms


def _up(number: int, divisor: int) -> int:
    return -(-number // divisor)


@dataclass(slots=True)
class _Need:
    """A value that follows what is wanted: at once when that rises, and slowly when it falls. Then
    the value settles on the highest recent one."""

    value: int = 0
    _recent: deque[int] = field(default_factory=lambda: deque(maxlen=SETTLE_TURNS))
    _calm: int = 0

    def follow(self, wanted: int) -> None:
        self._recent.append(wanted)
        if wanted >= self.value:
            self.value, self._calm = wanted, 0
            return
        self._calm += 1
        most = max(self._recent)
        enough = SETTLE_TURNS if 8 * most <= 7 * self.value else SLIGHTLY * SETTLE_TURNS
        if self._calm >= enough:
            self.value, self._calm = most, 0


@dataclass(slots=True)
class _Window:
    """The last `size` numbers.

    sorted: the same numbers in order. They are read after each `push`, so they stay sorted.
    """

    size: int
    sorted: list[int] = field(default_factory=list)
    _numbers: deque[int] = field(default_factory=deque)

    def push(self, number: int) -> None:
        """Add a number, and remove the oldest if there are too many. Called for every packet."""
        numbers, ordered = self._numbers, self.sorted
        numbers.append(number)
        if len(ordered) == self.size:
            oldest = numbers.popleft()
            if oldest == number:
                return
            del ordered[bisect_left(ordered, oldest)]
        insort(ordered, number)

    def is_only(self, number: int) -> bool:
        """Whether the window is full of this number, so that one more changes nothing."""
        ordered = self.sorted
        return len(ordered) == self.size and ordered[0] == number == ordered[-1]


@dataclass(slots=True)
class _Reports:
    """What one seat reported about its connection and its engine.

    latency: a high percentile of the round trips plus the usual jitter, in milliseconds; 0 if
    unknown.
    framerate: the median, in iterations per second; 0 if unknown, also while an engine warms up.
    """

    latency: int = 0
    framerate: int = 0
    _latencies: _Window = field(default_factory=lambda: _Window(WINDOW_REPORTS))
    _steps: _Window = field(default_factory=lambda: _Window(WINDOW_REPORTS - 1))
    """The differences between one report and the next."""
    _framerates: _Window = field(default_factory=lambda: _Window(WINDOW_REPORTS))
    _last: int = 0

    def push_latency(self, latency: int) -> bool:
        """Add a round trip in milliseconds. Returns whether `latency` has changed.

        The longest round trips are ignored because they can be spikes, so the first report has no
        effect. The jitter is the median difference between two reports. It is added when there are
        enough reports, so that spikes cannot change it.
        """
        if self._latencies.is_only(latency):
            return False
        last, self._last = self._last, latency
        if last:
            self._steps.push(abs(latency - last))
        self._latencies.push(latency)
        reports = self._latencies.sorted
        count = len(reports)
        spikes = SPIKES_MAX if count >= WINDOW_REPORTS // 2 else 1
        if count <= spikes:
            return False
        found = reports[-1 - spikes]
        if count > 4 * spikes:
            steps = self._steps.sorted
            found += steps[(len(steps) - 1) // 2]
        if found == self.latency:
            return False
        self.latency = found
        return True

    def push_framerate(self, framerate: int) -> bool:
        """Add a frame rate in iterations per second. Returns whether `framerate` has changed."""
        if self._framerates.is_only(framerate):
            return False
        self._framerates.push(framerate)
        reports, before = self._framerates.sorted, self.framerate
        if len(reports) >= WARM_REPORTS:
            self.framerate = reports[len(reports) // 2]
        return self.framerate != before


@dataclass(slots=True)
class Pacer:
    """Follows the reports of the seats. Call `next()` once per closed turn.

    slow: the seats that slowed the pace at the last `next()`, with the reason. A seat stays listed
    with the same reason until it has been fast enough for SETTLE_TURNS, so that a player on the
    edge cannot make the room announce the same change again and again.
    """

    policy: PacePolicy
    pace: Pace = field(init=False)
    slow: dict[int, Slow] = field(default_factory=dict)
    _reports: dict[int, _Reports] = field(default_factory=dict)
    _line: _Need = field(default_factory=_Need)
    _engine: _Need = field(default_factory=_Need)
    _steady: dict[int, int] = field(default_factory=dict)
    _seats: tuple[int, ...] | None = None
    """The seats of the last `next()`; None if a report since then can change the result."""
    _wanted: tuple[int, int] = (0, 0)
    """What connection and engine need, by the reports of these seats."""
    _fitted: tuple[int, int] = (0, 0)
    """The values of `_line` and `_engine` that the pace fits."""

    def __post_init__(self) -> None:
        self._line.follow(self.policy.turn_low)
        self.pace = fitting(self.policy, self._line.value, 0)

    def report(self, seat: int, latency: int, framerate: int) -> None:
        """Add the timing of one client packet: the round trip in milliseconds and the iterations
        per second. 0 means that there is no new value."""
        reports = self._reports.get(seat)
        if reports is None:
            reports = self._reports[seat] = _Reports()
        if latency > 0 and reports.push_latency(latency):
            self._seats = None
        if framerate > 0 and reports.push_framerate(
            framerate if framerate < self.policy.tick else self.policy.tick
        ):
            self._seats = None

    def next(self, seats: Collection[int]) -> Pace:
        """Return the pace from now on, by the reports of `seats`, the seats that turns wait for.
        An unknown round trip is assumed to be as long as the shortest turn."""
        if self.slow or self._seats is None or self._seats != tuple(seats):
            self._look(seats)
        self._line.follow(self._wanted[0])
        self._engine.follow(self._wanted[1])
        if self._fitted != (fit := (self._line.value, self._engine.value)):
            self._fitted = fit
            rate = min(self.policy.tick, _up(MICRO, self._engine.value))
            self.pace = fitting(self.policy, self._line.value, rate)
        return self.pace

    def _look(self, seats: Collection[int]) -> None:
        """Update what these seats need, and which of them are slow."""
        self._seats = tuple(seats)
        heard = {seat: self._reports[seat] for seat in seats if seat in self._reports}
        lines = {seat: reports.latency for seat, reports in heard.items()}
        engines = {seat: reports.framerate for seat, reports in heard.items() if reports.framerate}
        line = max(lines.values(), default=0) or self.policy.turn_low
        slowest = min(engines.values(), default=self.policy.tick)
        self._wanted = line, _up(MICRO, slowest)
        self._name(seats, lines, engines)

    def latency(self, seat: int) -> int:
        """Return the round trip of this seat's connection in milliseconds; 0 if unknown."""
        reports = self._reports.get(seat)
        return 0 if reports is None else reports.latency

    def take_over(self, pace: Pace) -> None:
        """Continue from a pace that was announced before the server restarted."""
        self.pace = pace
        self._fitted = 0, 0
        self._line = _Need(max(0, pace.delay_ms - MARGIN_MS))
        self._engine = _Need(pace.turn_ms * 1000 // pace.iterations_per_command)

    def _name(self, seats: Collection[int], lines: dict[int, int], engines: dict[int, int]) -> None:
        """Update `slow`. An engine is slow if it runs less than 90 % of the tick. A connection is
        slow if it needs a delay longer than NOTICED_MS and more than 1.5 times the median. A seat
        stays slow until neither was true for SETTLE_TURNS."""
        delays = {seat: _delay_ms(self.policy, line) for seat, line in lines.items()}
        usual = sorted(delays.values())[(len(delays) - 1) // 2] if delays else 0
        holding: dict[int, Slow] = {
            seat: "line"
            for seat, delay in delays.items()
            if delay > NOTICED_MS and 2 * delay > 3 * usual
        }
        holding |= {
            seat: "engine" for seat, rate in engines.items() if 10 * rate < 9 * self.policy.tick
        }
        self.slow = holding | self.slow
        for seat in tuple(self.slow):
            self._steady[seat] = 0 if seat in holding else self._steady.get(seat, 0) + 1
            if seat not in seats or self._steady[seat] >= SETTLE_TURNS:
                del self._steady[seat], self.slow[seat]

    def forget(self, seat: int) -> None:
        """Discard the reports of a seat that was vacated or lost its connection."""
        self._reports.pop(seat, None)
        self._seats = None
        self._steady.pop(seat, None)
        self.slow.pop(seat, None)
