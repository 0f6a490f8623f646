"""Why a socket was closed, and whether its client can reconnect.

Knows no socket. After our codes 4000 to 4099 a client reconnects; after 4100 and above it does not.
4001 is an exception: the client reconnects only if the user asks for it. Otherwise two tabs with
one seat would disconnect each other forever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, assert_never


class Close(IntEnum):
    """The close codes. Those below 4000 are from RFC 6455, section 7.4."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED = 1003
    ABNORMAL = 1006
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    TRY_LATER = 1013
    NO_HELLO = 4000
    DISPLACED = 4001
    SLOW_READER = 4002
    TOO_MANY = 4003
    LEFT = 4100
    DROPPED = 4101
    ENDED = 4102
    NO_SESSION = 4103
    NO_ROOM = 4104


Again = Literal["at once", "later", "by hand", "never"]


@dataclass(frozen=True, slots=True)
class Closing:
    """One row of the published table.

    again: when the client reconnects. `at once`; `later`, with backoff, or after the advised delay
    if there is one; `by hand`, if the user asks for it; or `never`.
    """

    code: Close
    meaning: str
    again: Again

    @property
    def by_itself(self) -> bool:
        """Whether the client reconnects automatically."""
        match self.again:
            case "at once" | "later":
                return True
            case "by hand" | "never":
                return False
            case _:
                assert_never(self.again)


_ROWS = (
    Closing(Close.NORMAL, "the client closed the connection", "never"),
    Closing(Close.GOING_AWAY, "the server is shutting down", "later"),
    Closing(Close.PROTOCOL_ERROR, "a frame broke the WebSocket protocol", "never"),
    Closing(
        Close.UNSUPPORTED,
        "a message has the wrong type for the subprotocol: text or binary",
        "never",
    ),
    Closing(Close.ABNORMAL, "the connection was lost; never sent, only observed", "at once"),
    Closing(Close.POLICY, "a message broke a rule of the protocol", "never"),
    Closing(Close.TOO_BIG, "a message was too large", "never"),
    Closing(Close.INTERNAL, "internal error", "later"),
    Closing(Close.RESTART, "the server is restarting", "later"),
    Closing(Close.TRY_LATER, "the server is full, or its storage does not work", "later"),
    Closing(Close.NO_HELLO, "the first frame did not arrive in time", "at once"),
    Closing(Close.DISPLACED, "another connection took this seat", "by hand"),
    Closing(Close.SLOW_READER, "the client read events too slowly", "at once"),
    Closing(Close.TOO_MANY, "the client sent too many frames", "later"),
    Closing(Close.LEFT, "this person left the room", "never"),
    Closing(Close.DROPPED, "this person was dropped from the room", "never"),
    Closing(Close.ENDED, "the room has ended", "never"),
    Closing(Close.NO_SESSION, "there is no such session", "never"),
    Closing(Close.NO_ROOM, "there is no such room", "never"),
)

CLOSINGS = {int(row.code): row for row in _ROWS}


def closing(code: int | None) -> Closing:
    """Return the row of a code that a client received. None means a lost connection. For an unknown
    code, the row depends on its range: below 4100 the client reconnects, from 4100 on it does
    not."""
    if code is None:
        return CLOSINGS[Close.ABNORMAL]
    if code in CLOSINGS:
        return CLOSINGS[code]
    if code < 4100:
        return CLOSINGS[Close.GOING_AWAY]
    return CLOSINGS[Close.DROPPED]
