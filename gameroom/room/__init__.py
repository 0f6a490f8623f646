"""One room: its chart, its people, its setup and its turns.

`receive(who, packet, now)` and `tick(now)` return effects in the order in which they must happen.
It knows no socket, no store and no clock: the shell performs the effects and decides nothing. The
rule it keeps: folding the events of a room restores the room.
"""

from gameroom.room.effects import Effect, Problem
from gameroom.room.folded import Checkpoint, Folded
from gameroom.room.inputs import Packet
from gameroom.room.room import Room
from gameroom.room.setup import default_settings, misfit_settings

__all__ = [
    "Checkpoint",
    "Effect",
    "Folded",
    "Packet",
    "Problem",
    "Room",
    "default_settings",
    "misfit_settings",
]
