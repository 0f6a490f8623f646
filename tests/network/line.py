"""One direction of a link: when a packet that is sent now arrives, if it does.

Knows no sockets and no clock: times are arguments, in microseconds, and never go back. The
dice are drawn in the same way for every packet, so what one packet meets does not change
what the next one meets. Packets arrive in the order in which they were sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameroom.lockstep.random import Random

MILLISECOND = 1_000
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad one direction of a link is.

    bytes_per_s: its rate, 0 for no bound. delay_ms: from the end of sending to the arrival.
    jitter_ms: least and most that is added to the delay, drawn for each packet.
    loss_per_mille: so many of a thousand packets are lost, after they took their time.
    queue_bytes_max: a packet that finds more than this waiting is lost. dead: all are lost.
    """

    bytes_per_s: int = 0
    delay_ms: int = 0
    jitter_ms: tuple[int, int] = (0, 0)
    loss_per_mille: int = 0
    queue_bytes_max: int = 65_536
    dead: bool = False

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> Weather:
        """From the plain values that `dataclasses.asdict` makes and JSON brings back."""
        return cls(**{**plain, "jitter_ms": tuple(plain["jitter_ms"])})  # type: ignore[arg-type]


MODEM = Weather(bytes_per_s=3_600, delay_ms=250, loss_per_mille=20, queue_bytes_max=8_192)
"""28.8 kbit/s, 250 ms each way, 2 % loss: the floor of "1500 Archers on a 28.8"."""

RAGGED = Weather(delay_ms=100, jitter_ms=(50, 400))
"""100 ms each way, and 50 to 400 ms on top of it."""


@dataclass(slots=True)
class Count:
    """What one direction was given: bytes of IP packets, and of what TCP carries in them."""

    packets: int = 0
    bytes: int = 0
    payload: int = 0
    lost: int = 0
    overflowed: int = 0


@dataclass(slots=True)
class Line:
    """One direction with its weather, which may change at any time."""

    weather: Weather
    seed: int
    count: Count = field(default_factory=Count)
    _free_at: int = 0
    _last: int = 0
    _dice: Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)

    def send(self, size: int, now: int, payload: int = 0) -> int | None:
        """When this packet of `size` bytes arrives; None when it is lost."""
        weather, count = self.weather, self.count
        lost = self._dice.below(1000) < weather.loss_per_mille
        low, high = weather.jitter_ms
        late = low * MILLISECOND + self._dice.below((high - low) * MILLISECOND + 1)
        count.packets += 1
        count.bytes += size
        count.payload += payload
        if weather.dead:
            count.lost += 1
            return None
        start = max(now, self._free_at)
        if weather.bytes_per_s:
            if (start - now) * weather.bytes_per_s > weather.queue_bytes_max * SECOND:
                count.overflowed += 1
                return None
            self._free_at = start + size * SECOND // weather.bytes_per_s
            start = self._free_at
        if lost:
            count.lost += 1
            return None
        self._last = max(self._last, start + weather.delay_ms * MILLISECOND + late)
        return self._last
