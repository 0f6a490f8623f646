"""The errors of a client. Knows no socket."""

from __future__ import annotations

from gameroom.lockstep.problem import Problem
from gameroom.wire import closing


class RefusedError(Exception):
    """The server or the room refused a request. `problem` says why and what is allowed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


class InterruptedRequestError(Exception):
    """The connection was lost before the response, so it is unknown whether the request was
    executed."""

    def __init__(self) -> None:
        super().__init__("the connection was lost before the response")


class ClosedError(Exception):
    """You are no longer connected to the room, and the client does not reconnect. `code` is the
    close code of the socket (`gameroom.wire.Close`)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code}: {closing(code).meaning}")
        self.code = code
