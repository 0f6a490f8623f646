"""A merged room as a file that stands alone.

What an extending room shadows of the room that it extends is left out: it is never taken,
and in one file it would be a mistake (E0605).
"""

from __future__ import annotations

from dataclasses import replace

from gameroom.model import File, RoomFile, State, Transition, Trigger


def flat_file(file: File, room: RoomFile) -> File:
    """The file with its merged room in place of what it said itself; it uses no other."""
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
