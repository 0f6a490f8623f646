"""A replay looked at again: is it what was written, and does the game come out the same?

Knows files, the room and node, where there is one; no server that runs. `verify` is the
whole of it, `engine` runs the engine once more, `making` takes a replay out of a data folder.
"""

from gameroom.replay.making import NoRoomError, make, rooms
from gameroom.replay.report import Checksums, Finding, Report
from gameroom.replay.verify import verify

__all__ = ["Checksums", "Finding", "NoRoomError", "Report", "make", "rooms", "verify"]
