"""The three frames of the socket, and what goes wrong with one.

Knows no bytes. Exactly one of method, status and event is in a frame; that is how the
three are told apart on the wire.
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
    """What a client asks. Without `id` it is answered only when refused. The body of
    `PUT /turns/<g>` is a ClientPacket already, every other one is as it came."""

    method: Method
    path: str
    id: int | None = None
    body: Value | ClientPacket = None


@dataclass(frozen=True, slots=True)
class ResponseFrame:
    """The answer. `status` is HTTP's; from 400 on the body is a problem body."""

    id: int | None
    status: int
    body: object = None


@dataclass(frozen=True, slots=True)
class EventFrame:
    """What the room says, as a client reads it. `seq` is None for what is told to one
    person alone: `rejected`, whose body is a Rejection."""

    event: str
    path: str
    body: Body | Rejection | Value
    seq: int | None = None


class RejectedCommand(Protocol):
    """What `encode_private` needs; `room.effects.Rejected` and Rejection have it."""

    @property
    def generation(self) -> int: ...
    @property
    def index(self) -> int | None: ...
    @property
    def problem(self) -> Problem: ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """Command `index` of the packet for `generation` was refused; -1: one of its signals;
    None: the whole packet."""

    generation: int
    index: int | None
    problem: Problem


class BadFrameError(Exception):
    """A frame that says nothing we understand. `id` and `generation` are what could be
    read of it, so that the answer finds its question."""

    def __init__(
        self, problem: Problem, *, id: int | None = None, generation: int | None = None
    ) -> None:
        super().__init__(problem.detail)
        self.problem = replace(problem, detail=_sentence(problem.detail))
        self.id = id
        self.generation = generation


CHECKSUM_MAX = 2**32 - 1


def fitting(packet: ClientPacket) -> ClientPacket:
    """The same packet, however it was written, if its numbers are possible.

    Raises BadFrameError. Whether its turn is near is the room's to say.
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
    """A detail for the person who sent the frame; within another sentence it has no period."""
    first, _, _ = detail.partition(" ")
    begun = f"{detail[:1].upper()}{detail[1:]}" if first.strip(":,").isalpha() else detail
    return begun if begun.endswith((".", "?")) else f"{begun}."


def bad(detail: str, *, status: int = 400, code: str = "bad_frame") -> BadFrameError:
    """The error for a frame or a part of one. detail: what is wrong and where, in lower case and
    without a period, so that it can follow a colon."""
    return BadFrameError(Problem(status, code, detail))
