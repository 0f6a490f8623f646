"""A replay looked at again: is it what was written, and does the game come out the same?

Knows files, the room and node, where there is one; no server that runs. `verify` is the whole of
it, `engine` runs the engine once more, `making` takes a replay out of a data folder. The rule it
keeps: what it confirms was stored before anybody was told.
"""

from gameroom.replay.making import NoRoomError, make, rooms
from gameroom.replay.report import ChecksumCounts, ReplayFinding, ReplayReport
from gameroom.replay.verify import verify

__all__ = [
    "ChecksumCounts",
    "NoRoomError",
    "ReplayFinding",
    "ReplayReport",
    "make",
    "rooms",
    "verify",
]
