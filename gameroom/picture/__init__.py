"""The statechart of a room as a picture: SVG with stable ids, or text for other programs.

Knows the model only; which states are active is the page's business, which switches classes. The
rule it keeps: `state-<dotted path>` is the id of a state's group, `transition-<number>` of a
transition's, with the numbers of the chart that the server steps.
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
    """The picture of a merged room: one SVG element without a width or height of its own.

    Takes some 50 ms the first time, in another process that it waits for. A chart that is
    too large to lay out gives a picture that says so.
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
    """The picture as a file of its own, with a size and with colours for light and dark."""
    return standalone(svg(room))


def dot_text(room: RoomFile) -> str:
    """The chart of a merged room as text for Graphviz."""
    return as_dot(room.name, outline(room))


def mermaid_text(room: RoomFile) -> str:
    """The chart of a merged room as a Mermaid state diagram."""
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
