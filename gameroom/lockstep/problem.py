"""Why something was refused: the value that every layer passes up to the client that asked.

Knows no transport: `wire/problems.py` turns it into an RFC 9457 body.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was refused (RFC 9457).

    status: the HTTP status. code: a stable word. detail: a sentence for people.
    state, allowed: the state of the room, and what is allowed in it.
    retry_after_ms: when it makes sense to ask again.
    """

    status: int
    code: str
    detail: str
    state: str | None = None
    allowed: tuple[str, ...] = ()
    retry_after_ms: int | None = None
