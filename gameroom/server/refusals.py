"""Refusals of requests, as problems to send to the client.

All layers of the server raise ProblemError. HTTP and the socket each convert it to an answer in
one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameroom.lockstep.problem import Problem

NOT_READABLE = Problem(
    503,
    "not_readable",
    "This cannot be read from the server's storage at the moment. Try again later.",
    retry_after_ms=2_000,
)
"""The answer when a store cannot be read."""

RETRY_MS = 2_000
"""When to try again after a room has stopped, in milliseconds."""

NOT_STORED = Problem(
    503,
    "not_stored",
    "The room could not store its events. It continues when its store works again.",
    retry_after_ms=RETRY_MS,
)
STOPPED = Problem(
    503, "fault", "The room has stopped after an internal error.", retry_after_ms=RETRY_MS
)
FAULT = Problem(500, "fault", "Internal error. The packet was discarded and the room continues.")

UNKNOWN = Problem(401, "no_session", "There is no such session. Join the room again.")
"""The same answer for an unknown room, an unknown seat and an expired session."""

BUSY = Problem(
    503,
    "server_busy",
    "The server is busy: too many requests are waiting. Try again later.",
    retry_after_ms=1000,
)


class ProblemError(Exception):
    """A request is refused. `problem` contains the reason."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class BadRoomError(ProblemError):
    """The room file is invalid. diagnostics: the errors with their places, as plain values."""

    def __init__(self, problem: Problem, diagnostics: tuple[Mapping[str, Any], ...]) -> None:
        super().__init__(problem)
        self.diagnostics = diagnostics


def refuse(status: int, code: str, detail: str) -> ProblemError:
    """Create the error for a refusal; the caller raises it."""
    return ProblemError(Problem(status, code, detail))


def too_many_frames(wait_ms: int) -> Problem:
    """The problem for a frame beyond the allowance. wait_ms: when to try again."""
    return Problem(429, "too_often", "Too many frames. Send fewer.", retry_after_ms=wait_ms)


def too_much(wait_ms: int) -> Problem:
    """The problem for a request beyond the allowance. wait_ms: when to try again."""
    return Problem(
        429, "too_often", f"Too many requests. Try again in {wait_ms} ms.", retry_after_ms=wait_ms
    )
