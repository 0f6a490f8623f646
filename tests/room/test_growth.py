"""What one person can make a room write down: each loop that costs nothing to run has a bound.

Virtual time. The bound is the one that docs/server.md states, for eight seats and the defaults of
`policy limits`; what a room file lets its players command is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gameroom.lockstep.packets import Checksum, ClientPacket
from gameroom.room import inputs
from gameroom.roomfile import entry_of
from gameroom.server.allowances import Allowances
from gameroom.server.config import Limits
from gameroom.server.rates import Rates
from gameroom.wire import MSGPACK, Codec
from tests.room.table import Table

MINUTES = 5
STEP_MS = 250
PLAY_MINUTES = 1
PAGE = Path(__file__).parents[2] / "docs" / "server.md"

TEXT = """
language 1
use "standard"

room "eight" extends standard {
  players 1..8
  spectators 0..4
  setting gold: int 100..1000 = 300
  setting notes: string(0..200) = ""
  command move { x: int 0..9 }
  request vote { choice: "wait" | "drop" }
  request wave
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
  extend state setup { allow vote from player  allow wave from player }
  extend state running.iterating { allow move from player  allow vote from player }
}
"""
NAMES = tuple("abcdefgh")


def per_hour_max() -> int:
    """The bound that the page states, in bytes."""
    said = re.search(r"up to (\d+) MiB of journal per person and hour", PAGE.read_text())
    assert said is not None
    return int(said[1]) * 1024 * 1024


def bytes_written(table: Table) -> int:
    """The events and charts of the journal, but for the turns' commands."""
    codec = Codec(MSGPACK, table.room.file)
    entries = [entry_of(append, codec) for append in table.journal]
    return sum(len(entry.event) + len(entry.chart or b"") for entry in entries)


class Loop:
    """Somebody who does the same again and again, as often as the server lets it happen."""

    def __init__(self) -> None:
        self.table = Table(TEXT)
        self.table.join(*NAMES[1:])
        limits = Limits()
        self.allowance = Allowances(limits).of_session("room", "a", self.table.room.file)
        self.joins = Rates(limits.joins_per_minute, limits.joins_burst, 10)

        self.flipped = False

    def send(self, packet: inputs.Packet) -> bool:
        """Whether it was granted."""
        return self.table.send("a", packet).problem is None

    def flip(self, packet: Callable[[bool], inputs.Packet]) -> None:
        """The one and the other by turns, each until it is granted."""
        if self.send(packet(not self.flipped)):
            self.flipped = not self.flipped

    def packet(self, name: str = "a", checksum: int = 1, framerate: int = 60) -> None:
        """For the open turn."""
        open_ = self.table.room.generation + 1
        report = Checksum(open_ - 2, checksum) if open_ > 2 else None
        packet = ClientPacket(open_, checksum=report, latency=20, framerate=framerate)
        self.table.send(name, packet)

    def come(self) -> None:
        if self.allowance.connects.take(self.table.now) == 0:
            self.send(inputs.Connect(self.table.room.seq))


def ready(loop: Loop, turn: int) -> None:
    loop.flip(inputs.Ready)


def hide(loop: Loop, turn: int) -> None:
    loop.flip(inputs.Hide)


def reconnect(loop: Loop, turn: int) -> None:
    loop.send(inputs.Disconnect())
    loop.come()


def displace(loop: Loop, turn: int) -> None:
    loop.come()


def configure(loop: Loop, turn: int) -> None:
    loop.flip(lambda other: inputs.Configure({"notes": ("y" if other else "x") * 200}))


def configure_the_same(loop: Loop, turn: int) -> None:
    loop.send(inputs.Configure({"gold": 300}))


def vote(loop: Loop, turn: int) -> None:
    loop.flip(lambda other: inputs.Ask("vote", {"choice": "drop" if other else "wait"}))


def vote_the_same(loop: Loop, turn: int) -> None:
    loop.send(inputs.Ask("vote", {"choice": "wait"}))


def wave(loop: Loop, turn: int) -> None:
    loop.send(inputs.Ask("wave", {}))


def chat(loop: Loop, turn: int) -> None:
    loop.send(inputs.Say("\U0001f600" * 300))


def refuse(loop: Loop, turn: int) -> None:
    """Everybody else is ready again at once."""
    for name in NAMES:
        loop.table.send(name, inputs.Ready())
    loop.send(inputs.Load(("\U0001f600" * 199 + str(turn % 10),) * 16))


def leave(loop: Loop, turn: int) -> None:
    loop.send(inputs.Leave())
    if loop.joins.take("somewhere", loop.table.now) == 0:
        loop.send(inputs.Join("a"))


def watch(loop: Loop, turn: int) -> None:
    loop.send(inputs.Leave())
    if loop.joins.take("somewhere", loop.table.now) == 0:
        loop.send(inputs.Join("a", spectate=True))


SETUP_LOOPS = (
    ready,
    hide,
    reconnect,
    displace,
    configure,
    configure_the_same,
    vote,
    vote_the_same,
    wave,
    chat,
    refuse,
    leave,
    watch,
)


@pytest.mark.parametrize("act", SETUP_LOOPS)
def test_what_one_person_repeats_in_the_setup(act: Callable[[Loop, int], None]) -> None:
    loop = Loop()
    loop.table.join("a")
    before = bytes_written(loop.table)
    for turn in range(MINUTES * 60_000 // STEP_MS):
        act(loop, turn)
        loop.table.wait(STEP_MS)
    written = bytes_written(loop.table) - before
    print(act.__name__, written * 60 // MINUTES // 1024, "KiB an hour")
    assert written <= per_hour_max() * MINUTES // 60


# -- while turns run -----------------------------------------------------------------------


def play(loop: Loop, turn: int) -> None:
    loop.packet()


def show_and_hide(loop: Loop, turn: int) -> None:
    loop.packet()
    hide(loop, turn)


def drop_and_return(loop: Loop, turn: int) -> None:
    reconnect(loop, turn)
    loop.packet()


def fall_silent(loop: Loop, turn: int) -> None:
    """Just long enough for everybody to be told, again and again."""
    if turn % 36 == 0:
        loop.packet()


def crawl(loop: Loop, turn: int) -> None:
    """Says that its frames are slow, and then that they are not."""
    loop.packet(framerate=60 if turn // 3 % 2 else 2)


def lie(loop: Loop, turn: int) -> None:
    loop.packet(checksum=turn)


def vote_while_playing(loop: Loop, turn: int) -> None:
    loop.packet()
    vote(loop, turn)


@pytest.mark.parametrize(
    "act", [show_and_hide, drop_and_return, fall_silent, crawl, lie, vote_while_playing]
)
def test_what_one_person_repeats_while_turns_run(act: Callable[[Loop, int], None]) -> None:
    written = played(act) - played(play)
    print(act.__name__, written * 60 // PLAY_MINUTES // 1024, "KiB an hour")
    assert written <= per_hour_max() * PLAY_MINUTES // 60


def played(act: Callable[[Loop, int], None]) -> int:
    loop = Loop()
    loop.table.join("a")
    loop.table.ready(*NAMES)
    loop.table.load(*NAMES)
    before = bytes_written(loop.table)
    for turn in range(PLAY_MINUTES * 600):
        for name in NAMES[1:]:
            loop.packet(name)
        act(loop, turn)
        loop.table.wait(100)
    return bytes_written(loop.table) - before


@pytest.mark.parametrize("act", [configure_the_same, vote_the_same, displace, wave])
def test_what_changes_nothing_is_not_written(act: Callable[[Loop, int], None]) -> None:
    loop = Loop()
    loop.table.join("a")
    act(loop, 0)
    before = loop.table.room.seq
    for turn in range(100):
        act(loop, turn)
        loop.table.wait(STEP_MS)
    assert loop.table.room.seq == before
