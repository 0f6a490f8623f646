"""The Python client: bots, tests and tools play by the same packets as a browser.

A `Seat` is a replica (`gameroom.replica`, without any I/O) behind a socket; it knows no rule of any
room. What an engine needs is offered here too, so that a bot has one import. The rule it keeps: a
command that was taken reaches the room once, or its sender learns why not. docs/client.md is the
guide.
"""

from gameroom.client.errors import ClosedError, InterruptedRequestError, RefusedError
from gameroom.client.seat import Seat, join
from gameroom.replica import Confirmed, Replica
from gameroom.replica.engine import Engine, LedgerEngine, SeatedCommand, Signal
from gameroom.replica.flaws import Flaw
from gameroom.wire import ClientPolicy

__all__ = [
    "ClientPolicy",
    "ClosedError",
    "Confirmed",
    "Engine",
    "Flaw",
    "InterruptedRequestError",
    "LedgerEngine",
    "RefusedError",
    "Replica",
    "Seat",
    "SeatedCommand",
    "Signal",
    "join",
]
