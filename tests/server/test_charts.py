"""Rooms of one game share their chart."""

from __future__ import annotations

import pytest

from gameroom.roomfile import read
from gameroom.server.host import charts
from gameroom.server.host.charts import Charts, key
from tests.server.table import ENGINE, ROOM, config, served


async def test_rooms_of_the_same_text_share_a_chart() -> None:
    async with served(config()) as table:
        other = ROOM.replace('room "duel"', 'room "another"')
        assert other != ROOM
        made = [
            await table.create(room=text, engine={"source": ENGINE}) for text in (ROOM, ROOM, other)
        ]
        running = table.lobby.rooms.running
        first, second, third = (running[one["id"]].room.chart_driver.chart for one in made)
        assert first is second
        assert first is not third


async def test_the_charts_that_were_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "CHARTS_MAX", 2)
    file = read("duel.room", ROOM)[0].room
    known = Charts()
    a, b, c = (key("duel.room", text, {}) for text in "abc")
    made = await known.of(a, file)
    await known.of(b, file)
    assert await known.of(a, file) is made
    await known.of(c, file)
    assert known.get(a) is made, "it was used after b"
    assert known.get(b) is None


def test_a_chart_follows_from_all_that_was_read() -> None:
    used = {"standard": ("standard.room", "text")}
    keys = {
        key("a", "text", {}),
        key("b", "text", {}),
        key("a", "other", {}),
        key("a", "text", used),
        key("a", "text", {"standard": ("standard.room", "another text")}),
    }
    assert len(keys) == 5
    assert key("a", "text", dict(used)) == key("a", "text", used)
