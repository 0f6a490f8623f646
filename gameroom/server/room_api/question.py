"""A question to a room and its answer, independent of how they are transported.

Knows rooms and packets, but no HTTP and no sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameroom.lockstep.packets import ClientPacket
from gameroom.lockstep.problem import Problem
from gameroom.model import INT_MAX, Value
from gameroom.room.effects import Reply
from gameroom.server.config import Limits
from gameroom.server.host.runner import Runner
from gameroom.server.refusals import refuse
from gameroom.wire import Codec


@dataclass(frozen=True, slots=True)
class Question:
    """A request to a room. who: the user id from the session, never one that the client sends.

    codec: the codec of the carrier, for answers whose bytes already exist.
    can_start: why no game can start now, None if one can.
    """

    runner: Runner
    who: str
    method: str
    path: str
    codec: Codec
    limits: Limits
    body: Value | ClientPacket = None
    query: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    can_start: Problem | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a room to a request, or the problem if the request was refused."""

    status: int
    body: object = None
    problem: Problem | None = None

    @classmethod
    def of(cls, reply: Reply) -> Answer:
        """The room's own answer to a packet."""
        return cls(reply.status, reply.body, reply.problem)

    @classmethod
    def refused(cls, problem: Problem) -> Answer:
        return cls(problem.status, problem=problem)


def whole(said: str, name: str) -> int:
    """A whole number in a path or a query. Raises ProblemError."""
    if not said.isascii() or not said.isdigit() or len(said) > 16 or int(said) > INT_MAX:
        raise refuse(400, "bad_number", f"`{name}` must be a whole number.")
    return int(said)
