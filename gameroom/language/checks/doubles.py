"""Reports states that are declared twice, and hides the later ones from all other checks.

After this, a path is the path of one state. All other checks rely on that.
"""

from __future__ import annotations

from dataclasses import replace

from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import RoomFile, State
from gameroom.model.paths import walk


def without_doubles(room: RoomFile, problems: Problems) -> RoomFile:
    """Return the room with only the first state of each name."""
    return replace(room, root=_single(room.root, problems))


def _single(state: State, problems: Problems) -> State:
    first: dict[str, State] = {}
    for each in state.states:
        if (earlier := first.setdefault(each.name, each)) is each:
            continue
        problems.error(
            "E0306",
            f"the state `{each.name}` is declared twice",
            each.name_span,
            secondary=(earlier.name_span, "first declared here"),
        )
        problems.suppression.skip(inner.name for _, inner in walk(each))
    return replace(state, states=tuple(_single(each, problems) for each in first.values()))
