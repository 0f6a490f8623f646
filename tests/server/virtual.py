"""A runner under virtual time: no event loop, no sockets."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from gameroom.room import Room
from gameroom.server.host.clock import RoomClock
from gameroom.server.host.runner import Runner
from gameroom.store.memory import MemoryJournal, MemorySnapshots


class Loop:
    """The part of an event loop that a runner uses, under virtual time in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[Alarm] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Alarm:
        alarm = Alarm(when, partial(callback, *args))
        self._alarms.append(alarm)
        return alarm

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> Alarm:
        return self.call_at(self.now + delay, callback, *args)

    def run_in_executor(self, executor: None, call: Callable[..., object], *args: object):
        """At once."""
        future: Future[object] = Future()
        try:
            future.set_result(call(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def run(self, seconds: float) -> None:
        """Time passes; what is due is called at its time."""
        end = self.now + seconds
        while due := [one for one in self._alarms if not one.cancelled and one.when <= end]:
            first = min(due, key=lambda one: one.when)
            self._alarms = [one for one in self._alarms if one is not first and not one.cancelled]
            self.now = max(self.now, first.when)
            first.callback()
        self.now = end


@dataclass
class Alarm:
    when: float
    callback: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


def runner_of(room: Room, journal: MemoryJournal, loop: Loop) -> Runner:
    """A runner whose room nobody else asks about."""
    return Runner(
        room,
        journal=journal,
        snapshots=MemorySnapshots(),
        heads=(),
        clock=RoomClock(loop),
        loop=loop,
        tail_bytes_max=1_000_000,
        forget=lambda room, user: None,
        over=lambda runner: None,
        stopped=lambda runner: None,
        keep=lambda runner, mark, said: None,
    )
