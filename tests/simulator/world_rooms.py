"""The rooms that the simulator plays in the tests."""

from __future__ import annotations

from functools import cache

from gameroom import language, resources
from gameroom.chart import Chart, compile_room

SKIRMISH = """
language 1
use "standard"
room "skirmish" extends standard {
  players 3..4
  spectators 0..4
  command move { unit: int 0..99  x: int 0..999 }
  policy pace { tick = 20 per second  turn = 50ms..200ms  ahead = auto }
  extend state running.iterating {
    allow move from player
  }
}
"""

MENDED = SKIRMISH.replace('"skirmish"', '"mended"').replace(
    "  extend state running.iterating {",
    "  extend state running {\n"
    "    on diverged if event.decidable do { repair diverged }\n"
    "  }\n"
    "  extend state running.iterating {",
)

WITHIN = SKIRMISH.replace('"skirmish"', '"within"').replace(
    "  policy pace", "  policy turns { gather = within 150ms }\n  policy pace"
)

WRITTEN = {"skirmish": SKIRMISH, "mended": MENDED, "within": WITHIN}
SHIPPED = ("noughts", "archers", "real-time")


@cache
def chart(name: str) -> Chart:
    text = WRITTEN.get(name)
    if text is None:
        path = next(resources.rooms().rglob(f"{name}.room"))
        text = path.read_text(encoding="utf-8")
    loaded = language.load(text, name=f"{name}.room", resolve=language.shipped)
    assert loaded.room is not None, language.as_text(loaded.diagnostics, loaded.sources)
    return compile_room(loaded.room)
