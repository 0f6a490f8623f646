"""Rooms for the fuzz, with an eye on every call.

Knows no server: what goes in are the room's own packets.
"""

from __future__ import annotations

from collections.abc import Callable

from gameroom.chart import Chart
from gameroom.lockstep.packets import ClientPacket
from gameroom.room import Room, inputs
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Reply
from gameroom.simulator.monitor import Monitor
from gameroom.wire import MSGPACK, Codec


class BrokenError(AssertionError):
    """What must hold does not. The run's steps say how it came to that."""


class WatchedRoom(Room):
    """The room, with an eye on every call: exactly one reply, effects in order, nothing raised."""

    watch: Monitor
    raised: list[BaseException]

    def receive(self, who: str, packet: inputs.Packet, now: int) -> tuple[Effect, ...]:
        return self._looked_at(lambda: Room.receive(self, who, packet, now), now, replies=1)

    def tick(self, now: int) -> tuple[Effect, ...]:
        return self._looked_at(lambda: Room.tick(self, now), now, replies=0)

    def _looked_at(
        self, step: Callable[[], tuple[Effect, ...]], now: int, *, replies: int
    ) -> tuple[Effect, ...]:
        seq = self.seq
        try:
            done = step()
            self.watch.effects(self, done, now=now, seq=seq, replies=replies)
        except BaseException as error:
            self.raised.append(error)
            raise
        return done


class BothPathsRoom(WatchedRoom):
    """A room that is given packets as the server reads them and lets them take the fast path if
    they can, and another room whose packets never take it: both want the same effects and the same
    next tick."""

    def __init__(self, chart: Chart, *, seed: int) -> None:
        super().__init__(chart, seed=seed)
        self.other = Room(chart, seed=seed)
        self.codec = Codec(MSGPACK, chart.room)
        self.kept = self.typed = 0

    def begin(self) -> tuple[Effect, ...]:
        return self._same(super().begin(), self.other.begin())

    def receive(self, who: str, packet: inputs.Packet, now: int) -> tuple[Effect, ...]:
        other = self.other.receive(who, packet, now)
        at = None
        if isinstance(packet, ClientPacket):
            packet = self._as_read(packet)
            at = self.keep(who, packet, now)
        if at is None:
            return self._same(super().receive(who, packet, now), other)
        self.kept += 1
        reply = Reply(202, {"generation": packet.generation, "late": False})
        then = super().tick(now) if at <= now else (Arm(at),)
        return self._same((reply, *then), other)

    def tick(self, now: int) -> tuple[Effect, ...]:
        return self._same(super().tick(now), self.other.tick(now))

    def _same(self, done: tuple[Effect, ...], other: tuple[Effect, ...]) -> tuple[Effect, ...]:
        if [*map(self._as_stored, done)] != [*map(self._as_stored, other)]:
            error = BrokenError(f"the two paths differ: {done} and {other}")
            self.raised.append(error)
            raise error
        return done

    def _as_read(self, packet: ClientPacket) -> ClientPacket:
        try:
            quick = self.codec.typed(self.codec.encode_packet(packet))
        except (KeyError, AssertionError, OverflowError, UnicodeEncodeError):
            return packet  # No client could have said it in MessagePack.
        if quick is None:
            return packet
        self.typed += bool(quick.commands)
        return quick

    def _as_stored(self, effect: Effect) -> object:
        if not isinstance(effect, Append | Broadcast):
            return effect
        event = self.codec.encode_event(effect.event)
        if isinstance(effect, Broadcast):
            return event
        return event, effect.at, effect.chart, effect.ids
