"""Verifies a replay: is it intact, and does running the game again have the same result?

Knows files, the room and node, if it is installed; no running server. `verify` does everything,
`engine` runs the engine again, and `making` creates a replay from a data folder. The rule it keeps:
an event that it confirms was stored before any client received it.
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
