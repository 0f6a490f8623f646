"""A simulated TCP connection between a bot and the server: data arrives in order, or not at all.

It knows no frames: the arrival of data is a call. `cut` loses all data on its way in both
directions, and each end notices it at a different time. With `shut`, the server closes the
connection: all its data still arrives, followed by the close.
"""

from __future__ import annotations

from collections.abc import Callable

from gameroom.lockstep.random import Random
from gameroom.simulator.clock import Do, VirtualClock
from gameroom.simulator.weather import Weather
from gameroom.wire import Close


class _Way:
    """One direction of a connection."""

    def __init__(self) -> None:
        self.free_at = 0
        self.arrives = 0


class SimulatedLine:
    """lost: called once at the bot's end. gone: called once at the server's end."""

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
        """Break the connection. Nothing more arrives."""
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
        """The bot closes its end. The server notices it after all earlier data has arrived."""
        self._carry(self._up, 4, lambda: self._gone(self))

    def _carry(self, way: _Way, size: int, do: Do) -> None:
        """Deliver data after all earlier data in this direction."""
        weather, dice, now = self.weather, self._dice, self._clock.now
        way.free_at = max(now, way.free_at) + size * 1000 // weather.bytes_per_s
        late = dice.below(weather.jitter_ms + 1)
        if weather.stall_per_mille and dice.below(1000) < weather.stall_per_mille:
            late += dice.between(*weather.stall_ms)
        way.arrives = max(way.arrives, way.free_at + self.delay + late)
        self._clock.at(way.arrives, lambda: None if self.broken else do())
