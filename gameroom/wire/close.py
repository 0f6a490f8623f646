"""Why a socket was closed, and whether its client may come back.

Knows no socket. 4000 to 4099 are ours for "come back", 4100 and above for "do not";
4001 stands between: the person may come back, the program must not do it by itself,
or two tabs with one seat would throw each other out for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, assert_never


class Close(IntEnum):
    """The codes by name (RFC 6455 section 7.4 for those below 4000)."""

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
    """One row of the published table. `again`: the client comes back `at once`, `later`
    (with backoff, after the advice where there is one), `by hand` or `never`."""

    code: Close
    meaning: str
    again: Again

    @property
    def by_itself(self) -> bool:
        """Whether the client comes back without being asked to."""
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
    """The row of a code that a client saw. No code at all is a lost connection; a code
    that is not in the table is judged by its hundred."""
    if code is None:
        return CLOSINGS[Close.ABNORMAL]
    if code in CLOSINGS:
        return CLOSINGS[code]
    if code < 4100:
        return CLOSINGS[Close.GOING_AWAY]
    return CLOSINGS[Close.DROPPED]
