"""How long a turn is, how many iterations it runs, how far ahead commands are sent.

From "1500 Archers on a 28.8": the speed control follows the slowest machine's frame rate
and the worst latency. It rises fast and settles slowly, and it follows a high percentile
over a window, so that one spike of one player changes nothing. Knows seats and their
reports, no clock.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Slow = Literal["line", "engine"]
"""What of a player makes the turns longer than the others need."""

AHEAD_MAX = 8
REACH = AHEAD_MAX // 2
"""So many turns are sent ahead before turns grow longer instead."""

WINDOW_REPORTS = 20
SPIKES_MAX = 2
"""So many of a full window's longest round trips are passed over; of a young window one."""

WARM_REPORTS = 5
"""So many reports of its frame rate an engine has before they say something."""

SETTLE_TURNS = 50
"""For so many turns clearly less must have been needed before the pace settles on it."""
SLIGHTLY = 4
"""What is only slightly less settles so many times more slowly: noise moves nothing."""

MICRO = 1_000_000
"""What an engine needs is counted in millionths of a second per iteration."""

NOTICED_MS = 250
"""Up to so much delay of commands nobody notices (Bettner and Terrano): no line is slow."""

MARGIN_MS = 20
"""On top of the round trip: what the server and the browser's timers take."""


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """The room file's `policy pace`.

    tick: iterations per second that the game is made for.
    turn_low, turn_high: bounds of the turn length in milliseconds.
    ahead: how many generations ahead commands are sent; None follows the latency.
    """

    tick: int
    turn_low: int
    turn_high: int
    ahead: int | None


@dataclass(frozen=True, slots=True)
class Pace:
    """What a master packet announces."""

    turn_ms: int
    ahead: int
    iterations_per_command: int

    @property
    def delay_ms(self) -> int:
        """From a command to its turn, at most."""
        return self.turn_ms * self.ahead


def fitting(policy: PacePolicy, latency: int, framerate: int) -> Pace:
    """The pace for this round trip in milliseconds and these iterations per second (0: unknown).

    The shortest turn that hides the round trip behind at most REACH turns. It holds whole
    iterations, as long as the slowest engine takes for them: a slower engine makes the turns
    longer first, and when they are as long as they may be, it runs fewer iterations in them.
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
    """The delay of commands that a line of this round trip needs. Asked every turn for every seat,
    and mostly about the same few lines."""
    return fitting(policy, latency, 0).delay_ms


def _up(number: int, divisor: int) -> int:
    return -(-number // divisor)


@dataclass(slots=True)
class _Need:
    """What is needed, followed at once when it rises. When less was needed for long enough,
    it settles on the most that was needed in that time."""

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
    """The last `size` numbers. sorted: the same numbers, kept sorted as they come, because they are
    read after each."""

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
    """What one seat said of its line and of its engine.

    latency: a high percentile of the round trips in milliseconds, and the usual jitter on top; 0
    for unknown. framerate: the middle one, in iterations a second; 0 for unknown, as while an
    engine warms up.
    """

    latency: int = 0
    framerate: int = 0
    _latencies: _Window = field(default_factory=lambda: _Window(WINDOW_REPORTS))
    _steps: _Window = field(default_factory=lambda: _Window(WINDOW_REPORTS - 1))
    """The differences between one report and the next."""
    _framerates: _Window = field(default_factory=lambda: _Window(WINDOW_REPORTS))
    _last: int = 0

    def push_latency(self, latency: int) -> bool:
        """Whether `latency` has changed.

        The longest round trips are passed over, for they may be spikes; so the first report says
        nothing yet. The jitter is the middle step, which the spikes can't move as soon as there
        are enough reports.
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
        """Whether `framerate` has changed."""
        if self._framerates.is_only(framerate):
            return False
        self._framerates.push(framerate)
        reports, before = self._framerates.sorted, self.framerate
        if len(reports) >= WARM_REPORTS:
            self.framerate = reports[len(reports) // 2]
        return self.framerate != before


@dataclass(slots=True)
class Pacer:
    """Follows the reports of the seats; `next()` is asked once per closed turn.

    slow: the seats that hold the pace back, by the last `next()`, and by what. What a seat is
    named for stays the same until it is steady, so that nobody can make the room repeat itself.
    """

    policy: PacePolicy
    pace: Pace = field(init=False)
    slow: dict[int, Slow] = field(default_factory=dict)
    _reports: dict[int, _Reports] = field(default_factory=dict)
    _line: _Need = field(default_factory=_Need)
    _engine: _Need = field(default_factory=_Need)
    _steady: dict[int, int] = field(default_factory=dict)
    _seats: tuple[int, ...] | None = None
    """Those of the last `next()`, None where something was reported since that may change it."""
    _wanted: tuple[int, int] = (0, 0)
    """What line and engine need by the reports of these seats."""
    _fitted: tuple[int, int] = (0, 0)
    """The values of `_line` and `_engine` that the pace fits."""

    def __post_init__(self) -> None:
        self._line.follow(self.policy.turn_low)
        self.pace = fitting(self.policy, self._line.value, 0)

    def report(self, seat: int, latency: int, framerate: int) -> None:
        """One client packet's timing; 0 means that there is nothing new to say."""
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
        """The pace from now on, by the reports of `seats` (those that are gathered). A line
        that nobody knows yet is taken to be as long as the shortest turn."""
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
        """What these seats need, and who of them is slow."""
        self._seats = tuple(seats)
        heard = {seat: self._reports[seat] for seat in seats if seat in self._reports}
        lines = {seat: reports.latency for seat, reports in heard.items()}
        engines = {seat: reports.framerate for seat, reports in heard.items() if reports.framerate}
        line = max(lines.values(), default=0) or self.policy.turn_low
        slowest = min(engines.values(), default=self.policy.tick)
        self._wanted = line, _up(MICRO, slowest)
        self._name(seats, lines, engines)

    def latency(self, seat: int) -> int:
        """The round trip of this seat's line in milliseconds; 0 while it is not known."""
        reports = self._reports.get(seat)
        return 0 if reports is None else reports.latency

    def take_over(self, pace: Pace) -> None:
        """Go on from a pace that was announced in an earlier life."""
        self.pace = pace
        self._fitted = 0, 0
        self._line = _Need(max(0, pace.delay_ms - MARGIN_MS))
        self._engine = _Need(pace.turn_ms * 1000 // pace.iterations_per_command)

    def _name(self, seats: Collection[int], lines: dict[int, int], engines: dict[int, int]) -> None:
        """Who holds the pace back: an engine that can't hold the tick, or a line that asks for
        a delay that is noticed and half as long again as that of the better half. Whoever is
        named stays so until that was over for SETTLE_TURNS."""
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
        """Take no account of a seat that was vacated or lost its connection."""
        self._reports.pop(seat, None)
        self._seats = None
        self._steady.pop(seat, None)
        self.slow.pop(seat, None)
