"""One room: its chart, its people, its setup and its turns. No I/O and no clock.

`receive(who, packet, now)` and `tick(now)` return effects in the order in which they
must happen. The shell performs them; it decides nothing.
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
