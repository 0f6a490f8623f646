"""The three kinds of frames on the socket, and the errors of a frame.

Knows no bytes. A frame has exactly one of `method`, `status` and `event`, which determines its
kind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from gameroom.lockstep.packets import Body, ClientPacket, misfit_ids
from gameroom.lockstep.problem import Problem
from gameroom.model import INT_MAX, Value

Method = Literal["GET", "PUT", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class RequestFrame:
    """A request of a client. Without `id` it is answered only if it is refused.

    body: for `PUT /turns/<g>` a ClientPacket, for other requests the plain value.
    """

    method: Method
    path: str
    id: int | None = None
    body: Value | ClientPacket = None


@dataclass(frozen=True, slots=True)
class ResponseFrame:
    """The response to a request. status: an HTTP status; from 400 on, the body is a problem."""

    id: int | None
    status: int
    body: object = None


@dataclass(frozen=True, slots=True)
class EventFrame:
    """An event as a client reads it. seq: None for the private event `rejected`, whose body is a
    Rejection."""

    event: str
    path: str
    body: Body | Rejection | Value
    seq: int | None = None


class RejectedCommand(Protocol):
    """The fields that `encode_private` needs: a `room.effects.Rejected` or a Rejection."""

    @property
    def generation(self) -> int: ...
    @property
    def index(self) -> int | None: ...
    @property
    def problem(self) -> Problem: ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused part of the packet for `generation`. index: that of the command; -1 for a signal,
    None for the whole packet."""

    generation: int
    index: int | None
    problem: Problem


class BadFrameError(Exception):
    """A frame that is not valid. id, generation: the id or the generation of the frame, if it could
    be read, so that the client can match the answer to it."""

    def __init__(
        self, problem: Problem, *, id: int | None = None, generation: int | None = None
    ) -> None:
        super().__init__(problem.detail)
        self.problem = replace(problem, detail=_sentence(problem.detail))
        self.id = id
        self.generation = generation


CHECKSUM_MAX = 2**32 - 1


def fitting(packet: ClientPacket) -> ClientPacket:
    """Return the packet if its numbers are possible; the form it was read from does not matter.

    Raises BadFrameError. The room decides whether its turn is near enough.
    """
    generation, checksum = packet.generation, packet.checksum
    if not 1 <= generation <= INT_MAX:
        raise bad("a generation must be a whole number from 1 to 2^53 - 1")
    if packet.latency < 0 or packet.framerate < 0:
        raise bad("`latency` and `framerate` must be whole numbers, 0 or greater")
    if checksum is not None and not (
        1 <= checksum.generation < generation and 0 <= checksum.value <= CHECKSUM_MAX
    ):
        raise bad("a checksum must be 32 bits, of a generation that has run")
    if any(not 1 <= report.generation <= generation for report in packet.signals):
        raise bad("a signal must be of a generation that has run")
    if (why := misfit_ids(packet)) is not None:
        raise bad(why)
    return packet


def _sentence(detail: str) -> str:
    """Return a detail as a sentence: with a capital letter and a period."""
    first, _, _ = detail.partition(" ")
    begun = f"{detail[:1].upper()}{detail[1:]}" if first.strip(":,").isalpha() else detail
    return begun if begun.endswith((".", "?")) else f"{begun}."


def bad(detail: str, *, status: int = 400, code: str = "bad_frame") -> BadFrameError:
    """Return the error for a frame or a part of it. detail: what is wrong and where, in lower case
    and without a period, so that it can follow a colon."""
    return BadFrameError(Problem(status, code, detail))
