"""The programs in docs/client.md run."""

import re
from pathlib import Path
from typing import Any

import pytest

import gameroom
from gameroom.client import join
from tests.client.running import RunningServer, start

TEXT = (Path(gameroom.__file__).parent.parent / "docs" / "client.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT, re.S)

ROOM = """
language 1
use "standard"
room "Guide" extends standard {
  players 1..8
  command move { unit: int 0..9  x: int 0..9 }
  signal won { winner: int 0..7 } agreed by all
  policy pace { tick = 50 per second  turn = 20ms..20ms  ahead = 1 }
  extend state running.iterating {
    allow move from player
    on won -> ended because "somebody counted to ten"
  }
}
"""


def program(number: int) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(PROGRAMS[number], space)
    return space


async def test_the_first_program_plays(
    running: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    await running.create(ROOM)
    await program(0)["play"](running.url)
    assert re.fullmatch(r"applied at turn \d+\n", capsys.readouterr().out)


async def test_the_engine_counts_to_ten(running: RunningServer) -> None:
    await running.create(ROOM)
    made = program(1)["Counter"]
    async with (
        join(running.url, name="ann", engine=made()) as ann,
        join(running.url, name="bob", engine=made()) as bob,
    ):
        await start([ann, bob])
        for _ in range(5):
            for seat in (ann, bob):
                seat.command("move", unit=1, x=1)
        await ann.until(lambda seat: seat.replica.ended is not None)
        assert ann.replica.ended is not None
        assert ann.replica.ended.because == "somebody counted to ten"
