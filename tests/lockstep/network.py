"""Players behind lines with delay and jitter, under a clock that is a number.

A closed loop and nothing else: the players keep the client's rule (docs/wire.md), measure
their round trips once in a while, run an engine that takes its time, and the server closes
its turns by `Turns` and `Pacer`. Equal seeds give equal stories.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from gameroom.lockstep.pace import AHEAD_MAX, Pace, PacePolicy, Pacer, Slow
from gameroom.lockstep.random import Random
from gameroom.lockstep.turns import Turns

MEASURE_MS = 1_000


@dataclass
class Player:
    """One seat. delay: the line's, each way; jitter: up to so much more; rate: iterations
    per second that the engine holds. frozen_until: nothing gets through before."""

    seat: int
    delay: int
    jitter: int = 0
    rate: int = 60
    gathered: bool = True
    frozen_until: int = 0
    sent: int = 0
    started: int = 0
    """The turn that runs, since `started_at`, until `busy_until`."""
    started_at: int = 0
    busy_until: int = 0
    latency: int = 0
    inbox: dict[int, Pace] = field(default_factory=dict)
    turn_ms: int = 0
    ahead: int = 1
    closed: int = 0
    arrives: dict[str, int] = field(default_factory=dict)


class Network:
    """`paces`: what was announced, turn by turn. `closed_at`: when each turn was closed."""

    def __init__(self, policy: PacePolicy, *players: Player, seed: int = 1) -> None:
        self.now = 0
        self.players = players
        self.pacer = Pacer(policy)
        self.turns = Turns(window=AHEAD_MAX + 2)
        self.paces: list[Pace] = []
        self.closed_at: list[int] = []
        self.slow: list[dict[int, Slow]] = []
        self._due = 0
        self._dice = Random(seed)
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        for player in players:
            player.turn_ms, player.ahead = self.pacer.pace.turn_ms, self.pacer.pace.ahead
            self._speak(player)
            self._measure(player)

    def run(self, ms: int) -> None:
        """So much time passes."""
        end = self.now + ms
        while self._heap and self._heap[0][0] <= end:
            self.now, _, act = heapq.heappop(self._heap)
            act()
        self.now = end

    def _at(self, when: int, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, act))

    def _carry(self, player: Player, way: str, act: Callable[[], None]) -> None:
        """In order, as a stream does it."""
        took = player.delay + self._dice.below(player.jitter + 1)
        at = max(self.now + took, player.arrives.get(way, 0), player.frozen_until)
        player.arrives[way] = at
        self._at(at, act)

    # -- the server --------------------------------------------------------------------------

    def _hear(self, player: Player, generation: int, latency: int, rate: int) -> None:
        self.turns.take(player.seat, generation, ())
        self.pacer.report(player.seat, latency, rate)
        self._close()

    def _close(self) -> None:
        seats = [player.seat for player in self.players if player.gathered]
        if self.now < self._due or self.turns.unheard(seats):
            return
        generation = self.turns.close(seats).generation
        pace = self.pacer.next(seats)
        self.paces.append(pace)
        self.slow.append(dict(self.pacer.slow))
        self.closed_at.append(self.now)
        self._due = max(self._due + pace.turn_ms, self.now)
        self._at(self._due, self._close)
        for player in self.players:
            self._carry(player, "down", lambda to=player: self._arrive(to, generation, pace))

    # -- the players -------------------------------------------------------------------------

    def _arrive(self, player: Player, generation: int, pace: Pace) -> None:
        player.inbox[generation] = pace
        player.closed = generation
        player.turn_ms, player.ahead = pace.turn_ms, pace.ahead
        self._play(player)

    def _play(self, player: Player) -> None:
        pace = player.inbox.get(player.started + 1)
        if pace is None:
            return
        behind = player.closed - player.started > player.ahead
        at = max(player.busy_until, 0 if behind else player.started_at + player.turn_ms)
        if at > self.now:
            self._at(at, lambda: self._play(player))
            return
        del player.inbox[player.started + 1]
        player.started, player.started_at = player.started + 1, max(at, self.now - player.turn_ms)
        player.busy_until = self.now + pace.iterations_per_command * 1000 // player.rate
        self._speak(player)
        self._play(player)

    def _speak(self, player: Player) -> None:
        while player.sent < player.started + player.ahead:
            player.sent = generation = player.sent + 1
            latency, player.latency = player.latency, 0
            said = (player, generation, latency, player.rate)
            self._carry(player, "up", lambda said=said: self._hear(*said))

    def _measure(self, player: Player) -> None:
        asked = self.now

        def back() -> None:
            player.latency = max(1, self.now - asked)
            self._at(max(self.now, asked + MEASURE_MS), lambda: self._measure(player))

        self._carry(player, "up", lambda: self._carry(player, "down", back))
