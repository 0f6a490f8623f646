"""Writes a merged room as a self-contained file.

Inherited transitions that the extending room shadows are left out: they are never taken, and in one
file they would be an error (E0605).
"""

from __future__ import annotations

from dataclasses import replace

from gameroom.model import File, RoomFile, State, Transition, Trigger


def flat_file(file: File, room: RoomFile) -> File:
    """Return the file with its merged room in place of its own, and without `use`."""
    assert room.extends is None, "only a merged room is flat"
    return replace(file, uses=(), room=replace(room, root=_unshadowed(room.root)))


def _unshadowed(state: State) -> State:
    sure: set[Trigger] = set()
    kept: list[Transition] = []
    for transition in state.transitions:
        if transition.trigger in sure and transition.guard is None:
            continue
        kept.append(transition)
        if transition.guard is None:
            sure.add(transition.trigger)
    states = tuple(map(_unshadowed, state.states))
    return replace(state, transitions=tuple(kept), states=states)
