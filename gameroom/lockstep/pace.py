"""How long a turn is, how many iterations it runs, how far ahead commands are sent.

From "1500 Archers on a 28.8": the speed control follows the slowest machine's frame rate
and the worst latency. Rise fast, settle slowly, and follow a high percentile over a
window, so that one spike changes nothing. Knows seats and their reports, no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

AHEAD_MAX = 8
WINDOW_REPORTS = 20
SETTLE_TURNS = 50
MARGIN_MS = 20
"""On top of the round trip: what the server and the browser's timers take."""


@dataclass(frozen=True, slots=True)
class Policy:
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


def fitting(policy: Policy, latency: int, framerate: int) -> Pace:
    """The pace for this round trip in milliseconds and these iterations per second (0: unknown).

    The shortest turn that hides the round trip behind at most AHEAD_MAX / 2 turns, in
    whole iterations. A slower engine runs fewer iterations in the same time.
    """
    need = latency + MARGIN_MS
    turn = policy.turn_low
    reach = policy.ahead if policy.ahead is not None else AHEAD_MAX // 2
    if reach * turn < need:
        turn = min(policy.turn_high, -(-need // max(reach, 1)))
    iteration_ms = max(1, 1000 // policy.tick)
    turn = max(turn, min(policy.turn_high, -(-turn // iteration_ms) * iteration_ms))
    ahead = policy.ahead
    if ahead is None:
        ahead = min(AHEAD_MAX, max(1, -(-need // turn)))
    rate = policy.tick if framerate <= 0 else min(policy.tick, framerate)
    iterations = max(1, turn * rate // 1000)
    return Pace(turn, ahead, iterations)


@dataclass(slots=True)
class Pacer:
    """Follows the reports of the seats; `next()` is asked once per closed turn."""

    policy: Policy
    pace: Pace = field(init=False)
    _latencies: dict[int, deque[int]] = field(default_factory=dict)
    _framerates: dict[int, deque[int]] = field(default_factory=dict)
    _calm: int = 0

    def __post_init__(self) -> None:
        self.pace = fitting(self.policy, self.policy.turn_low, 0)

    def report(self, seat: int, latency: int, framerate: int) -> None:
        """One client packet's timing; 0 means that the client does not know."""
        if latency > 0:
            self._latencies.setdefault(seat, deque(maxlen=WINDOW_REPORTS)).append(latency)
        if framerate > 0:
            self._framerates.setdefault(seat, deque(maxlen=WINDOW_REPORTS)).append(framerate)

    def next(self, seats: Collection[int]) -> Pace:
        """The pace from now on, by the reports of `seats` (those that are gathered)."""
        wanted = fitting(
            self.policy,
            max((_high(self._latencies.get(seat)) for seat in seats), default=0)
            or self.policy.turn_low,
            min(
                (rate for seat in seats if (rate := _median(self._framerates.get(seat)))),
                default=0,
            ),
        )
        now = self.pace
        slower = (
            wanted.turn_ms * wanted.ahead > now.turn_ms * now.ahead
            or wanted.iterations_per_command * now.turn_ms
            < now.iterations_per_command * wanted.turn_ms
        )
        self._calm = 0 if wanted == now or slower else self._calm + 1
        if slower or self._calm >= SETTLE_TURNS:
            self.pace, self._calm = wanted, 0
        return self.pace

    def forget(self, seat: int) -> None:
        """Take no account of a seat that was vacated or lost its connection."""
        self._latencies.pop(seat, None)
        self._framerates.pop(seat, None)


def _high(reports: deque[int] | None) -> int:
    """A high percentile: the third largest of a full window, so that one spike is not it."""
    if not reports:
        return 0
    return sorted(reports)[-1 - min(2, len(reports) // 4)]


def _median(reports: deque[int] | None) -> int:
    if not reports:
        return 0
    return sorted(reports)[len(reports) // 2]
