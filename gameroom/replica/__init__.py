"""A client's part in a room, without any I/O, for the Python client, the simulator and scenarios.

`replica` follows the room's events and makes the packets, `outbox` keeps them until they are
confirmed, `engine` says what a game engine does and brings one for every room. It knows no socket
and no clock. The rule it keeps: the engine runs a turn only when its master packet is here.
"""

from gameroom.replica.engine import Engine, LedgerEngine, SeatedCommand, Signal
from gameroom.replica.errors import GapError, RepairError, SnapshotError
from gameroom.replica.flaws import Flaw
from gameroom.replica.offers import EngineState
from gameroom.replica.outbox import Confirmed
from gameroom.replica.replica import Replica

__all__ = [
    "Confirmed",
    "Engine",
    "EngineState",
    "Flaw",
    "GapError",
    "LedgerEngine",
    "RepairError",
    "Replica",
    "SeatedCommand",
    "Signal",
    "SnapshotError",
]
