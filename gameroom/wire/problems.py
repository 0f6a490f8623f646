"""Converts a Problem to an RFC 9457 problem body, and back.

Knows no status: the Problem contains it. Programs can compare `code`, or `type`, which is a URN
with the code. `detail` is for people and can change.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from gameroom.lockstep.problem import Problem

TYPE = "urn:gameroom:problem:"


def problem_body(problem: Problem) -> dict[str, object]:
    """Return the body: type, title, status, detail, code, and state, allowed and retry_after_ms if
    they are set. All problems with the same code have the same `title`."""
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
    """Return the Problem of a received body. A field that is missing or has a wrong type is filled
    in from `status`, so that the error page of a proxy becomes a Problem, too."""
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
