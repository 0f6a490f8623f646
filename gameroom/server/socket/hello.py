"""The first frame of a socket: identifies the client and its last event, or refuses it.

Knows sessions and rooms, and writes nothing. The rule: without a valid session, a client does not
learn whether the room exists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameroom.lockstep.packets import ClientPacket, Welcome
from gameroom.lockstep.problem import Problem
from gameroom.server import bodies
from gameroom.server.host.runner import Runner
from gameroom.server.refusals import UNKNOWN, ProblemError, too_much
from gameroom.server.services import Services
from gameroom.server.socket.budget import Budget
from gameroom.wire import Close, RequestFrame

HELLO_FIRST = Problem(401, "hello_first", "The first frame must be `PUT /session`.")


@dataclass(frozen=True, slots=True)
class Guest:
    """The client before its hello. room: the id in the path. runner: None if the room does not
    exist or is not available. absent: why a possibly existing room is not available. token: the
    token in its cookie."""

    room: str
    runner: Runner | None
    absent: Problem | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """The hello is accepted. sent: the seq of the last event that the peer has."""

    who: str
    runner: Runner
    welcome: Welcome
    sent: int


@dataclass(frozen=True, slots=True)
class Declined:
    """The hello is refused. close: the close code and reason; None if the client can try again on
    this socket."""

    problem: Problem
    close: tuple[Close, str] | None = None


def admit(
    services: Services, budget: Budget, guest: Guest, said: RequestFrame | ClientPacket
) -> Admitted | Declined:
    """Check the first frame of a socket. If it is accepted, the person's budget pays from then
    on."""
    if not isinstance(said, RequestFrame) or (said.method, said.path) != ("PUT", "/session"):
        return Declined(HELLO_FIRST)
    try:
        hello = bodies.read(bodies.HelloBody, {} if said.body is None else said.body)
    except ProblemError as refused:
        return Declined(refused.problem)
    lobby, runner = services.lobby, guest.runner
    absent = guest.absent if runner is None else runner.stopped
    if absent is not None:
        return Declined(absent, (Close.TRY_LATER, "the room is not available at the moment"))
    who = lobby.who(guest.room, hello.token or guest.token or "")
    if who is None or runner is None or not lobby.admit(runner, who):
        return Declined(UNKNOWN, (Close.NO_SESSION, "there is no such session"))
    if hello.seq > (seq := runner.shown(who).seq):
        detail = f"The last event of the room is {seq}. Send that `seq`, an earlier one or 0."
        return Declined(Problem(409, "seq_ahead", detail))
    if wait := budget.connect(runner, who):
        return Declined(too_much(wait), (Close.TRY_LATER, "this session connects too often"))
    return _admitted(runner, who, hello, services.config.limits.tail_events_max)


def _admitted(runner: Runner, who: str, hello: bodies.HelloBody, behind_max: int) -> Admitted:
    """behind_max: a client that lacks more events continues from a snapshot, if its engine can."""
    resume = runner.resume_for(who, hello.seq, behind_max) if hello.snapshots else None
    shown = runner.shown(who)
    welcome = replace(
        runner.room.hello(who),
        seq=shown.seq,
        generation=shown.generation,
        turn_ms=shown.turn_ms,
        ahead=shown.ahead,
        snapshot=resume,
    )
    return Admitted(who, runner, welcome, hello.seq if resume is None else resume.seq)
