"""Sessions of one client, recorded at a real room: what it was told, and what it said.

The client is a replica with a ledger engine (docs/client.md), under the virtual time of a party.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, cast

from msgspec import structs

from gameroom.lockstep.packets import ClientPacket, Command, Event, Welcome
from gameroom.model import Value
from gameroom.replica import LedgerEngine, Replica
from gameroom.replica.engine import Engine, SeatedCommand, Signal
from gameroom.room import inputs
from gameroom.wire import JSON, Codec, EventFrame, Rejection, plain
from gameroom.wire.definition import definition
from tests.replica.party import Party, Person

SEED = 7
IDLE_MS = 20
SETTLED_TURNS = 60
"""After these a client's turns wait no longer than they have to, and are played soon."""


class Recorder:
    """A replica that notes what it is told and what it says."""

    def __init__(self, party: Party, replica: Replica) -> None:
        self.party = party
        self.replica = replica
        self.steps: list[dict[str, Any]] = []
        self.packets: list[list[ClientPacket]] = []
        """By connection."""
        self.checksums: dict[int, int] = {}
        self._codec = Codec(JSON, party.chart.room)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.replica, name)

    def _note(self, what: str, body: object) -> None:
        self.steps.append({"at": self.party.now, what: body})

    def welcome(self, hello: Welcome) -> None:
        self._note("hello", {"snapshot": None, **plain(hello)})
        self.packets.append([])
        self.replica.welcome(hello)

    def feed(self, frame: EventFrame, now: int) -> bool:
        if isinstance(frame.body, Rejection):
            text = self._codec.encode_private(frame.body)
        else:
            assert frame.seq is not None
            text = self._codec.encode_event(Event(frame.seq, frame.body))
        self._note("frame", json.loads(text))
        return self.replica.feed(frame, now)

    def lost(self) -> None:
        self._note("lost", 1006)
        self.replica.lost()

    def command(self, command: Command, id_: int) -> None:
        self._note("command", {"name": command.name, "body": dict(command.body), "id": id_})
        self.replica.command(command, id_)

    def play(self, now: int) -> bool:
        has_played = self.replica.play(now)
        if has_played and self.replica.checksum is not None:
            self.checksums[self.replica.checksum.generation] = self.replica.checksum.value
        return has_played

    def take(self) -> tuple[ClientPacket, ...]:
        taken = self.replica.take()
        if taken:
            self.packets[-1] += taken
        return taken


class Witness(Person):
    """A person whose side is recorded."""

    def begin(self, engine: Engine, *, snapshots_every: int | None = None) -> None:
        super().begin(engine, snapshots_every=snapshots_every)
        self.recorder = Recorder(self.party, self.replica)
        self.replica = cast("Replica", self.recorder)

    def cut(self, *, tell: bool = True) -> None:
        super().cut(tell=tell)
        self.pump()

    def say(self, name: str, **body: Value) -> None:
        self.recorder.command(Command(name, body), next(cast(Scene, self.party).ids))


class Scene(Party):
    """A party in which ann's side is recorded. What she does she does in the middle of a turn:
    clients whose clocks round otherwise give her commands the same packets."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = count(1001)

    def person(self, name: str, engine: Engine) -> Person:
        if name != "ann":
            return super().person(name, engine)
        self.ann = Witness(self, name, engine)
        return self.ann

    def half(self, turns: int = 1) -> None:
        """Until this many turns are played, and half of the next."""
        aim = self.ann.replica.generation + turns
        self.run(10_000, until=lambda: self.ann.replica.generation >= aim)
        assert self.ann.replica.generation >= aim
        self.run(self.ann.replica.turn_ms // 2)

    def idle(self) -> None:
        """Until everything that has arrived is played, for some time."""

        def is_idle() -> bool:
            return self.ann.replica.due(self.now) is None

        while not is_idle():
            self.run(10_000, until=is_idle)
            self.run(IDLE_MS)

    def end(self) -> None:
        """What has arrived is played; nothing more comes."""
        while (due := self.ann.replica.due(self.now)) is not None:
            self.driver.now = max(self.now, due)
            self.ann.pump()


def plays(scene: Scene) -> None:
    """Two play and command, each at their own pace."""
    _, bob = scene.start("ann", "bob")
    for unit in range(12):
        scene.half(1 + unit % 3)
        scene.ann.say("move", unit=unit, x=1)
        bob.move(unit)
    scene.half(8)


def many(scene: Scene) -> None:
    """More commands at once than one turn carries."""
    scene.start("ann")
    scene.half()
    for unit in range(150):
        scene.ann.say("move", unit=unit, x=2)
    scene.half(12)


def refused(scene: Scene) -> None:
    """One of three commands in a packet is refused by the room: its state does not allow it."""
    scene.start("ann", "bob")
    scene.half()
    scene.ann.say("move", unit=1, x=1)
    scene.ann.say("shout", text="hey")
    scene.ann.say("move", unit=2, x=1)
    scene.half(12)


def loss(scene: Scene) -> None:
    """The connection is lost twice, with commands under way both times; nobody else plays."""
    _lose(scene)


def returns(scene: Scene) -> None:
    """The connection is lost twice, with commands under way, while somebody else plays on."""
    _lose(scene, "bob")


def _lose(scene: Scene, *others: str) -> None:
    scene.start("ann", *others)
    scene.half(SETTLED_TURNS)
    for unit in range(2):
        scene.half()
        scene.ann.say("move", unit=unit, x=3)
        scene.half()
        scene.idle()
        scene.ann.cut()
        scene.run(200)
        scene.ann.say("move", unit=10 + unit, x=3)
        scene.run(500)
        scene.ann.connect()
        scene.half(12)


def crash(scene: Scene) -> None:
    """The server is killed and comes back with what its journal says."""
    people = scene.start("ann", "bob")
    scene.half()
    scene.ann.say("move", unit=1, x=4)
    scene.half()
    scene.restart()
    scene.run(600)
    for person in people:
        person.connect()
    scene.half(12)


def pause(scene: Scene) -> None:
    """The game is paused and goes on; what was said meanwhile waits for it."""
    scene.start("ann", "bob")
    scene.tell("bob", inputs.Ask("pause"))
    scene.run(500)
    scene.ann.say("move", unit=1, x=5)
    scene.run(500)
    scene.tell("bob", inputs.Ask("resume"))
    scene.run(1500)


def watches(scene: Scene) -> None:
    """A watcher runs the same game and says nothing."""
    scene.sit("ann", spectate=True)
    bob, _ = scene.start("bob", "cid")
    bob.move(1)
    scene.run(1000)


class Winner(LedgerEngine):
    """Signals that ann has won, once."""

    def step(
        self,
        generation: int,
        iterations: int,
        commands: Sequence[SeatedCommand],
        states: Sequence[str],
        seats: Sequence[int],
    ) -> Sequence[Signal]:
        super().step(generation, iterations, commands, states, seats)
        return [Signal(**one) for one in SIGNALS.get(generation, ())]


SIGNALS: dict[int, list[dict[str, Any]]] = {15: [{"name": "won", "body": {"by": "ann"}}]}


def signal(scene: Scene) -> None:
    """The engine raises a signal; both have raised it, so the game ends."""
    for name in ("ann", "bob"):
        scene.sit(name, Winner())
    for packet in (inputs.Ready(), inputs.Load()):
        for name in ("ann", "bob"):
            scene.tell(name, packet)
    scene.run(3000)


SCENES: tuple[Callable[[Scene], None], ...] = (
    plays,
    many,
    refused,
    loss,
    returns,
    crash,
    pause,
    watches,
    signal,
)


FREE = (returns,)
"""Where the client's rule leaves open which packet carries a command: it was behind."""


def said(packet: ClientPacket) -> dict[str, Any]:
    """A packet as a vector has it: without what a client measures."""
    return {
        "generation": packet.generation,
        "commands": [{"name": one.name, "body": dict(one.body)} for one in packet.commands],
        "ids": list(packet.ids),
        "checksum": None if packet.checksum is None else structs.asdict(packet.checksum),
        "signals": [
            {"generation": one.generation, "name": one.name, "body": dict(one.body)}
            for one in packet.signals
        ],
    }


def recorded() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every session by its name (tests/vectors/README.md describes the shape)."""
    for scene in SCENES:
        party = Scene()
        scene(party)
        party.end()
        recorder = party.ann.recorder
        packets = [[said(one) for one in some] for some in recorder.packets]
        yield (
            scene.__name__,
            {
                "about": scene.__doc__,
                "definition": definition(party.chart.room),
                "seed": SEED,
                "signals": SIGNALS if scene is signal else {},
                "checksums": recorder.checksums,
                "until": party.now + 1000,
                "steps": recorder.steps,
                "packets": None if scene in FREE else packets,
            },
        )
