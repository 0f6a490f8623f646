"""The protocol as bytes: frames, packets, problems, close codes, the published definition.

Knows no socket, no room's rules and no store; both sides of the wire are here, so that server,
Python client and simulator speak alike. The rule it keeps: what cannot be read as docs/wire.md says
is refused with a sentence, before any room sees it.
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
