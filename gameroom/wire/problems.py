"""A refusal as an RFC 9457 problem body, and back.

Knows no status of its own: the Problem brings it. `type` is a URN made of the code, so
`code` and `type` can be compared as they are; `detail` is for people and may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from gameroom.lockstep.problem import Problem

TYPE = "urn:gameroom:problem:"


def problem_body(problem: Problem) -> dict[str, object]:
    """The body: type, title, status, detail, code, and state, allowed, retry_after_ms
    where they say something. `title` is the same for every problem of a code."""
    body: dict[str, object] = {
        "type": TYPE + problem.code,
        "title": problem.code.replace("_", " ").replace("-", " ").capitalize(),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.state is not None:
        body["state"] = problem.state
        body["allowed"] = list(problem.allowed)
    elif problem.allowed:
        body["allowed"] = list(problem.allowed)
    if problem.retry_after_ms is not None:
        body["retry_after_ms"] = problem.retry_after_ms
    return body


def read_problem(body: object, status: int = 500) -> Problem:
    """The Problem of a body that somebody else made. What is missing or of a wrong type is
    filled from `status`, so that an error page of a proxy reads as a problem too."""
    if not isinstance(body, Mapping):
        return Problem(status, "unknown", _phrase(status))
    state, allowed, retry = (body.get(key) for key in ("state", "allowed", "retry_after_ms"))
    code, detail, said = body.get("code"), body.get("detail"), body.get("status")
    return Problem(
        status=said if isinstance(said, int) else status,
        code=code if isinstance(code, str) else "unknown",
        detail=detail if isinstance(detail, str) else _phrase(status),
        state=state if isinstance(state, str) else None,
        allowed=tuple(map(str, allowed)) if isinstance(allowed, list | tuple) else (),
        retry_after_ms=retry if isinstance(retry, int) else None,
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"
