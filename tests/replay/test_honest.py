"""What an honest server writes in any weather is never a finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gameroom.replay.report import ReplayReport, Wanted
from gameroom.replay.stream import Stream
from gameroom.room import Folded, Room
from gameroom.roomfile import entry_of
from gameroom.simulator import WEATHERS, RunPlan
from gameroom.simulator.run import _World
from gameroom.store import Entry
from gameroom.wire import MSGPACK
from tests.simulator.world_rooms import SHIPPED, WRITTEN, chart

pytestmark = pytest.mark.slow


@dataclass
class Read:
    """What a reader gives of a whole file."""

    kept: list[Entry]
    cut: None = None

    def entries(self) -> Iterator[Entry]:
        return iter(self.kept)


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("room", [*WRITTEN, *SHIPPED])
def test_no_weather_makes_a_finding(room: str, weather: str) -> None:
    for seed in (1, 2):
        world = _World(chart(room), RunPlan(seed, 40, WEATHERS[weather]), lambda _: None)
        world.run()
        codec = world.server.codecs[MSGPACK]
        entries = [entry_of(one, codec) for one in world.server.entries]
        report = ReplayReport("x.replay")
        stream = Stream(report, world.chart, Wanted())
        appends = stream.checked(Read(entries))  # type: ignore[arg-type]
        again = Room.restored(world.chart, seed=seed, folded=Folded({}).fold_all(appends), now=0)
        assert report.findings == []
        assert (again.seq, report.events) == (len(entries), len(entries))
        assert report.turns == again.generation > 0
