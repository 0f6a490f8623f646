"""A client's part in a room, without any I/O: the Python client and the simulator run it.

`replica` follows the room's events and makes the packets, `outbox` keeps them until they
are confirmed, `engine` says what a game engine does and brings one for every room.
"""

from gameroom.replica.engine import Engine, LedgerEngine, SeatedCommand, Signal
from gameroom.replica.replica import (
    Confirmed,
    Flaw,
    GapError,
    Hello,
    Policy,
    RepairError,
    Replica,
    SnapshotError,
    State,
)

__all__ = [
    "Confirmed",
    "Engine",
    "Flaw",
    "GapError",
    "Hello",
    "LedgerEngine",
    "Policy",
    "RepairError",
    "Replica",
    "SeatedCommand",
    "Signal",
    "SnapshotError",
    "State",
]
