"""The rooms that are fuzzed: all that are shipped, and all with a trouble."""

from __future__ import annotations

from functools import cache

from gameroom import language, resources
from gameroom.chart import Chart, compile_room
from tests.explore.troubled_rooms import TROUBLES
from tests.simulator.world_rooms import WRITTEN


def shipped() -> dict[str, str]:
    return {
        path.stem: path.read_text("utf-8") for path in sorted(resources.rooms().rglob("*.room"))
    }


def troubled() -> dict[str, str]:
    """Rooms of which `gameroom check` warns, and those that only the tests play."""
    texts = {f"{one.code}-{number}": one.text for number, one in enumerate(TROUBLES)}
    return {name: text for name, text in texts.items() if _loaded(text) is not None} | WRITTEN


@cache
def chart(text: str) -> Chart:
    room = _loaded(text)
    assert room is not None, "the room has errors"
    return compile_room(room)


@cache
def _loaded(text: str) -> language.Room | None:
    loaded = language.load(text, name="fuzz.room", resolve=language.shipped)
    return loaded.room if loaded.ok else None
