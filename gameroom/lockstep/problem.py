"""Why something was refused: the one value that every floor passes up to the asker.

Knows no carrier: `wire/problems.py` makes an RFC 9457 body of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was refused (RFC 9457): `status` is HTTP's, `code` a stable word,
    `detail` a sentence. `state` and `allowed` say where the room is and what goes there;
    `retry_after_ms` is when asking again makes sense."""

    status: int
    code: str
    detail: str
    state: str | None = None
    allowed: tuple[str, ...] = ()
    retry_after_ms: int | None = None
