"""One connection between a bot and the server, as TCP gives it: in order, or not at all.

It knows no frames: what arrives is a call. `cut` loses what is on its way in both
directions, and each end notices in its own time; `shut` is the server's end: what it sent
still arrives, then the news that it is over.
"""

from __future__ import annotations

from collections.abc import Callable

from gameroom.lockstep.random import Random
from gameroom.simulator.clock import Do, VirtualClock
from gameroom.simulator.weather import Weather
from gameroom.wire import Close


class _Way:
    """One direction."""

    def __init__(self) -> None:
        self.free_at = 0
        self.arrives = 0


class SimulatedLine:
    """lost: called at the bot's end, once; gone: called at the server's end, once."""

    def __init__(
        self,
        clock: VirtualClock,
        weather: Weather,
        dice: Random,
        who: str,
        lost: Callable[[int], None],
        gone: Callable[[SimulatedLine], None],
    ) -> None:
        self.who = who
        self.broken = False
        self.shut_by_server = False
        self.delay = dice.between(*weather.delay_ms)
        self._clock, self._dice = clock, dice
        self.weather = weather
        self._lost, self._gone = lost, gone
        self._up, self._down = _Way(), _Way()

    def to_server(self, size: int, do: Do) -> None:
        self._carry(self._up, size, lambda: None if self.shut_by_server else do())

    def to_bot(self, size: int, do: Do) -> None:
        if not self.shut_by_server:
            self._carry(self._down, size, do)

    def cut(self) -> None:
        """Nothing arrives any more."""
        if self.broken:
            return
        self.broken = True
        for notice in (lambda: self._lost(Close.ABNORMAL), lambda: self._gone(self)):
            self._clock.after(self._dice.between(*self.weather.notice_ms), notice)

    def shut(self, code: int) -> None:
        """The server closes its end."""
        if not self.shut_by_server:
            self._carry(self._down, 4, lambda: self._lost(code))
            self.shut_by_server = True

    def hang_up(self) -> None:
        """The bot closes its end: the server hears of it when all before it has come."""
        self._carry(self._up, 4, lambda: self._gone(self))

    def _carry(self, way: _Way, size: int, do: Do) -> None:
        """After what went before on this way."""
        weather, dice, now = self.weather, self._dice, self._clock.now
        way.free_at = max(now, way.free_at) + size * 1000 // weather.bytes_per_s
        late = dice.below(weather.jitter_ms + 1)
        if weather.stall_per_mille and dice.below(1000) < weather.stall_per_mille:
            late += dice.between(*weather.stall_ms)
        way.arrives = max(way.arrives, way.free_at + self.delay + late)
        self._clock.at(way.arrives, lambda: None if self.broken else do())
