"""A packet that only waits for its turn: the fast path leads where the slow one leads.

Random plays of people who send mostly what honest clients send: the next packet, some turns
ahead, with commands, ids and checksums. `server/test_fuzz.py` does the same with whatever peers
may send, in every room.
"""

from __future__ import annotations

import random

import pytest

from gameroom.lockstep.packets import Checksum, ClientPacket, Command, Diverged, MasterPacket
from gameroom.lockstep.packets import SignalReport as Signal
from gameroom.room import inputs
from gameroom.room.effects import Append, Arm, Effect
from gameroom.simulator.monitor import Monitor
from tests.room.table import PLAIN, chart_of
from tests.server.watched_rooms import BothPathsRoom

USERS = ("ann", "bob", "cat")
REPAIRED = PLAIN.replace(
    "allow move from player", "allow move from player\n    on diverged do { repair diverged }", 1
)
ROOMS = {
    "waits": PLAIN,
    "within": PLAIN.replace("policy pace", "policy turns { gather = within 250ms }\n  policy pace"),
    "follows the line": PLAIN.replace("turn = 100ms..100ms  ahead = 2", "turn = 50ms..400ms"),
    "repairs": REPAIRED,
}


class Play:
    """One room and three people. heard: how far each of them has sent."""

    def __init__(self, text: str, seed: int) -> None:
        self.dice = random.Random(seed)
        chart = chart_of(text)
        self.room = BothPathsRoom(chart, seed=seed)
        self.room.watch, self.room.raised = Monitor(chart), []
        self.now = 0
        self.at: int | None = None
        self.bodies: list[object] = []
        self.done(self.room.begin())
        for user in USERS:
            for said in (inputs.Join(user), inputs.Connect(0)):
                self.say(user, said)
        for ready in (inputs.Ready(True), inputs.Load()):
            for user in USERS:
                self.say(user, ready)
        self.sent = dict.fromkeys(USERS, 0)

    def done(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Arm):
                self.at = effect.at
            elif isinstance(effect, Append):
                self.bodies.append(effect.event.body)

    def say(self, user: str, packet: inputs.Packet) -> None:
        self.done(self.room.receive(user, packet, self.now))

    def pass_time(self, ms: int) -> None:
        end = self.now + ms
        while self.at is not None and self.at <= end:
            # A busy machine ticks late.
            self.now = min(end, max(self.at, self.now) + self.dice.choice((0, 0, 0, 7, 300)))
            self.done(self.room.tick(self.now))
        self.now = end

    def packet(self, user: str, generation: int) -> ClientPacket:
        dice, closed = self.dice, self.room.generation
        commands = tuple(
            Command("move", {"unit": dice.choice((1, 2, 3, 99))})
            for _ in range(dice.choice((0, 0, 1, 3)))
        )
        checksum = None
        if closed and dice.random() < 0.9:
            of = max(1, closed - dice.choices((0, 1, 5), (30, 2, 1))[0])
            if of < generation:
                checksum = Checksum(of, of * 31 + (dice.random() < 0.005))
        signals = (Signal(closed, "won", {"by": "ann"}),) if closed and dice.random() < 0.01 else ()
        ids = tuple(dice.randrange(40) for _ in commands) if dice.random() < 0.7 else ()
        latency, framerate = dice.choice((0, 40, 41, 90, 400)), dice.choice((0, 30, 60))
        return ClientPacket(generation, commands, checksum, latency, framerate, signals, ids)

    def step(self) -> None:
        dice = self.dice
        user = dice.choice(USERS)
        match dice.choices(("next", "other", "away", "back", "hide", "wave"), (190, 3, 1, 6, 1, 1))[
            0
        ]:
            case "next":
                ahead = self.room.generation + 3
                if self.sent[user] < ahead:
                    self.sent[user] = max(self.sent[user], self.room.generation) + 1
                    self.say(user, self.packet(user, self.sent[user]))
            case "other":
                near = max(1, self.room.generation + dice.randrange(-4, 14))
                self.say(user, self.packet(user, near))
            case "away":
                self.say(user, inputs.Disconnect())
            case "back":
                self.say(user, inputs.Connect(self.room.seq))
            case "hide":
                self.say(user, inputs.Hide(dice.random() < 0.5))
            case "wave":
                self.say(user, inputs.Say("hello"))
        self.pass_time(dice.choice((0, 0, 0, 10, 30, 60, 150)))


@pytest.mark.parametrize("name", ROOMS)
def test_both_paths_lead_to_the_same_effects(name: str) -> None:
    kept = typed = turns = verdicts = 0
    for seed in range(6):
        play = Play(ROOMS[name], seed)
        for _ in range(400):
            if play.room.over:
                break
            play.step()
        kept += play.room.kept
        typed += play.room.typed
        turns += sum(isinstance(body, MasterPacket) for body in play.bodies)
        verdicts += sum(isinstance(body, Diverged) for body in play.bodies)
    assert turns > 100
    assert 2 * kept > turns, "packets that take the slow path prove nothing"
    assert 2 * typed > turns, "nor do packets whose commands were not read by their types"
    assert verdicts, "nor does a game without a dispute"
