"""A cache of compiled room files, so that the rooms of one game share one chart.

A chart needs three times as much memory as a room for two players. Knows no room.
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
    """The inputs of a chart: the name and the text of the room file, and the shipped files that it
    uses."""
    return name, text, repr(sorted(used.items()))


class Charts:
    """Up to CHARTS_MAX charts by their inputs. A running room keeps its chart in any case."""

    def __init__(self) -> None:
        self._charts: OrderedDict[Key, Chart] = OrderedDict()

    def get(self, key: Key) -> Chart | None:
        """A cached chart, or None."""
        chart = self._charts.get(key)
        if chart is not None:
            self._charts.move_to_end(key)
        return chart

    async def of(self, key: Key, file: RoomFile) -> Chart:
        """The chart of a room file, compiled in a thread unless it is cached."""
        chart = self.get(key)
        if chart is None:
            chart = self._charts[key] = await asyncio.to_thread(compiled, file)
            if len(self._charts) > CHARTS_MAX:
                self._charts.popitem(last=False)
        return chart
