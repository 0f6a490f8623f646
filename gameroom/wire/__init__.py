"""The protocol as bytes: frames, packets, problems, close codes, the published definition.

Knows no socket, no room's rules and no store. It contains both sides of the wire, which the server,
the Python client and the simulator share. The rule it keeps: anything that does not follow
docs/wire.md is refused with a sentence before it reaches a room.
"""

from gameroom.wire.close import CLOSINGS, Close, Closing, closing
from gameroom.wire.codec import (
    JSON,
    MSGPACK,
    SUBPROTOCOLS,
    Codec,
    Subprotocol,
    is_turn,
    read_packet,
)
from gameroom.wire.definition import (
    ClientPolicy,
    definition,
    definition_bytes,
    order_of,
    read_definition,
    read_policies,
)
from gameroom.wire.events import BODIES, REJECTED, event_name, event_path
from gameroom.wire.frames import (
    BadFrameError,
    EventFrame,
    Method,
    Rejection,
    RequestFrame,
    ResponseFrame,
)
from gameroom.wire.problems import problem_body, read_problem
from gameroom.wire.shape import plain
from gameroom.wire.strict import CONTAINERS_MAX, read_json, read_msgpack

__all__ = [
    "BODIES",
    "CLOSINGS",
    "CONTAINERS_MAX",
    "JSON",
    "MSGPACK",
    "REJECTED",
    "SUBPROTOCOLS",
    "BadFrameError",
    "ClientPolicy",
    "Close",
    "Closing",
    "Codec",
    "EventFrame",
    "Method",
    "Rejection",
    "RequestFrame",
    "ResponseFrame",
    "Subprotocol",
    "closing",
    "definition",
    "definition_bytes",
    "event_name",
    "event_path",
    "is_turn",
    "order_of",
    "plain",
    "problem_body",
    "read_definition",
    "read_json",
    "read_msgpack",
    "read_packet",
    "read_policies",
    "read_problem",
]
