"""What can go wrong for who sits in a room. Knows no socket."""

from __future__ import annotations

from gameroom.lockstep.problem import Problem
from gameroom.wire import closing


class RefusedError(Exception):
    """The server or the room said no; `problem` says why and what is allowed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


class InterruptedRequestError(Exception):
    """The connection was lost before the answer: whether it was done is not known."""

    def __init__(self) -> None:
        super().__init__("the connection was lost before the response")


class ClosedError(Exception):
    """The place is gone: `code` is the close code of the socket (gameroom.wire.Close)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code}: {closing(code).meaning}")
        self.code = code
