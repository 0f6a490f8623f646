"""The Python client: bots, tests and tools play by the same packets as a browser.

A `Seat` is a replica (`gameroom.replica`, without any I/O) behind a socket. What an engine
needs is offered here too, so that a bot has one import. docs/client.md is the guide.
"""

from gameroom.client.errors import ClosedError, InterruptedRequestError, RefusedError
from gameroom.client.seat import Seat, join
from gameroom.replica.engine import Engine, LedgerEngine, SeatedCommand, Signal
from gameroom.replica.replica import Confirmed, Flaw, Hello, Policy, Replica

__all__ = [
    "ClosedError",
    "Confirmed",
    "Engine",
    "Flaw",
    "Hello",
    "InterruptedRequestError",
    "LedgerEngine",
    "Policy",
    "RefusedError",
    "Replica",
    "Seat",
    "SeatedCommand",
    "Signal",
    "join",
]
