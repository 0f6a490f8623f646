"""A runner and its sockets, without a network."""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.room import Room, inputs
from gameroom.server.host.recent import EncodedEvent
from gameroom.server.host.runner import Runner
from gameroom.store import Header
from gameroom.store.memory import MemoryJournal
from tests.server.fuzz_rooms import chart
from tests.server.virtual import Loop, runner_of

WATCHERS = 400
WATCHED = f"""
language 1
use "standard"
room "watched" extends standard {{
  players 1..2
  spectators 0..{WATCHERS}
  extend state setup.gathering {{ allow chat from anyone }}
}}
"""


@dataclass
class SlowLine:
    """A socket that does not read: it is gone with the first event after it was attached."""

    runner: Runner
    who: str
    delay_ms: int = 0
    reads: bool = True

    def push(self, told: EncodedEvent) -> None:
        if not self.reads:
            self.runner.detach(self)

    def reject(self, rejected: object) -> None: ...

    def catch_up(self) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


def test_hundreds_of_sockets_may_go_at_one_event() -> None:
    journal = MemoryJournal(Header("watched", "watched.room", "", "", seed=1))
    runner = runner_of(Room(chart(WATCHED), seed=1), journal, Loop())
    runner.begin()
    lines = []
    for number in range(WATCHERS):
        who = f"watcher{number}"
        assert runner.receive(who, inputs.Join(who, spectate=True)).status == 201
        lines.append(SlowLine(runner, who))
        runner.attach(lines[-1], 0)
    runner.receive("ann", inputs.Join("ann"))
    for line in lines:
        line.reads = False
    runner.receive("ann", inputs.Say("hello"))
    assert runner.stopped is None
    assert not runner.lines
    assert not [watcher for watcher in runner.room.people.spectators() if watcher.connected]
