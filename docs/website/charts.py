"""The pictures of statecharts: a shipped room's, or that of the room of the tutorial.

Knows the picture of a room as `gameroom graph` draws it. The rule it keeps: one drawing for light
and one for dark, as a page may be dark where the reader's system is light.
"""

from __future__ import annotations

from pathlib import Path

from gameroom import language, picture, resources
from gameroom.cli import new
from tests.rooms.shown import Change, steps

DARK = "@media (prefers-color-scheme: dark)"


def chart(name: str, docs: Path) -> tuple[str, str]:
    """The chart of a room as SVG, for light and for dark. `snap` is the room that a reader of
    docs/first-room.md has at the end."""
    if name == "snap":
        text = _tutorial((docs / "first-room.md").read_text(encoding="utf-8"))
    else:
        shipped = resources.shipped_room(name)
        if shipped is None:
            raise LookupError(f"there is no shipped room {name!r} to draw")
        text = shipped[1]
    loaded = language.load(text, name=f"{name}.room", resolve=language.shipped)
    if loaded.room is None:
        raise ValueError(language.as_text(loaded.diagnostics, loaded.sources))
    return in_both(picture.svg_file(loaded.room))


def in_both(drawn: str) -> tuple[str, str]:
    """A picture that follows the reader's system, as one that is light and one that is dark."""
    lines = drawn.splitlines()
    assert any(line.startswith(DARK) for line in lines)
    light = [line for line in lines if not line.startswith(DARK)]
    dark = [line.replace(DARK, "@media all") for line in lines]
    return "\n".join(light), "\n".join(dark)


def _tutorial(text: str) -> str:
    """The room file of the tutorial, after all of its changes."""
    room = new.adapted(new.SMALLEST, "snap", "snap.room")
    for step in steps(text):
        if isinstance(step, Change):
            room = step.apply(room)
    return room
