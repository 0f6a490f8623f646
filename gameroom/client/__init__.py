"""The Python client: bots, tests and tools play with the same packets as a browser.

A `Seat` is a replica (`gameroom.replica`, without any I/O) with a socket; it knows no rules of any
room. This package also exports everything that an engine needs, so that a bot has one import. The
rule it keeps: a command that was queued reaches the room once, or its sender learns why it did not.
docs/client.md is the guide.
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
