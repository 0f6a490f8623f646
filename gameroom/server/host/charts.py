"""The compiled room files that were used last: the rooms of one game share one chart.

A chart takes three times as much memory as a room of two that runs it. Knows no room.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from gameroom.chart import Chart
from gameroom.model import RoomFile
from gameroom.roomfile import compiled

CHARTS_MAX = 64

Key = tuple[str, str, str]


def key(name: str, text: str, used: Mapping[str, tuple[str, str]]) -> Key:
    """What a chart follows from: the room file's name and text, and the shipped files it uses."""
    return name, text, repr(sorted(used.items()))


class Charts:
    """Charts by what they follow from, at most CHARTS_MAX. A room keeps its own for as long as it
    runs."""

    def __init__(self) -> None:
        self._charts: OrderedDict[Key, Chart] = OrderedDict()

    def get(self, key: Key) -> Chart | None:
        """A chart that was compiled before."""
        chart = self._charts.get(key)
        if chart is not None:
            self._charts.move_to_end(key)
        return chart

    async def of(self, key: Key, file: RoomFile) -> Chart:
        """The chart of a room file, compiled in a thread unless it is known."""
        chart = self.get(key)
        if chart is None:
            chart = self._charts[key] = await asyncio.to_thread(compiled, file)
            if len(self._charts) > CHARTS_MAX:
                self._charts.popitem(last=False)
        return chart
