"""Draws the statechart of a room: as SVG with stable ids, or as text for other programs.

Knows the model only. The page shows which states are active by switching classes. The rule it
keeps: the group of a state has the id `state-<dotted path>`, and that of a transition has
`transition-<number>`, with the numbers of the server's chart.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from gameroom.model import RoomFile
from gameroom.model.paths import walk
from gameroom.picture.dot import as_dot
from gameroom.picture.draw import draw, notice
from gameroom.picture.layout import layout
from gameroom.picture.mermaid import as_mermaid
from gameroom.picture.outline import outline
from gameroom.picture.standalone import standalone

STATES_MAX = 150
TRANSITIONS_MAX = 600

__all__ = ["FORMATS", "STATES_MAX", "TRANSITIONS_MAX", "Format", "svg", "svg_file"]


@lru_cache(maxsize=64)
def svg(room: RoomFile) -> str:
    """Return the picture of a merged room: one SVG element without width and height.

    The first call for a room waits about 50 ms for another process. If a chart is too large for a
    layout, the picture says so.
    """
    states = sum(1 for _ in walk(room.root))
    transitions = sum(len(state.transitions) for _, state in walk(room.root))
    if states > STATES_MAX or transitions > TRANSITIONS_MAX:
        return notice(f"{states} states and {transitions} transitions: too many to draw")
    drawn = outline(room)
    try:
        return draw(room.name, drawn, layout(drawn))
    except subprocess.TimeoutExpired:
        return notice(f"{states} states and {transitions} transitions: too tangled to draw")


def svg_file(room: RoomFile) -> str:
    """Return the picture as a self-contained file, with a size and colors for light and dark."""
    return standalone(svg(room))


def dot_text(room: RoomFile) -> str:
    """Return the chart of a merged room as text for Graphviz."""
    return as_dot(room.name, outline(room))


def mermaid_text(room: RoomFile) -> str:
    """Return the chart of a merged room as a Mermaid state diagram."""
    return as_mermaid(room.name, outline(room))


class Format(NamedTuple):
    """A format of pictures. draw: the picture of a merged room. suffixes: of the names of files in
    this format."""

    draw: Callable[[RoomFile], str]
    suffixes: tuple[str, ...]


FORMATS = {
    "svg": Format(svg_file, (".svg",)),
    "dot": Format(dot_text, (".dot", ".gv")),
    "mermaid": Format(mermaid_text, (".mmd", ".mermaid")),
}
"""All formats by their names. `gameroom graph` offers them."""
