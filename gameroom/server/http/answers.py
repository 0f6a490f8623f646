"""What a room's routes do, whatever carried the question.

Knows rooms and packets; no HTTP and no sockets. Every route of `routes.ROOM` that is
asked and answered stands in `ANSWERS` under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from gameroom.lockstep.packets import ClientPacket, Welcome
from gameroom.lockstep.problem import Problem
from gameroom.model import INT_MAX, Value
from gameroom.room import inputs
from gameroom.room.effects import Reply
from gameroom.room.requests import NOT_IN_THE_ROOM
from gameroom.server.config import Limits
from gameroom.server.host.runner import Runner
from gameroom.server.host.shown import Shown
from gameroom.server.http import bodies
from gameroom.server.http.routes import ROOM_TABLE
from gameroom.wire import BadFrameError, Codec, read_packet

T = TypeVar("T")


NOT_READABLE = Problem(
    503, "not_readable", "What was asked for cannot be read now.", retry_after_ms=2_000
)
"""Where a store does not give what it has."""


class RefusedAnswerError(Exception):
    """The question cannot be answered; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class BadRoomError(RefusedAnswerError):
    """The room file is wrong; the diagnostics say where, as plain values."""

    def __init__(self, problem: Problem, diagnostics: tuple[Mapping[str, Any], ...]) -> None:
        super().__init__(problem)
        self.diagnostics = diagnostics


def refuse(status: int, code: str, detail: str) -> RefusedAnswerError:
    return RefusedAnswerError(Problem(status, code, detail))


@dataclass(frozen=True, slots=True)
class Question:
    """A request to a room. who: the user id that the server knows, never the client's word.

    codec: of the carrier, for answers whose bytes are there already.
    can_start: why no game may be started now, None when it may.
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
    status: int
    body: object = None
    problem: Problem | None = None


def answer(question: Question) -> Answer:
    """The answer to a question, refusals included."""
    found = ROOM_TABLE.find(question.method, question.path)
    if not isinstance(found, tuple):
        return _refused(Problem(found, *_NOT_FOUND[found]))
    route, params = found
    act = ANSWERS.get(route.name)
    if act is None:
        return _refused(Problem(409, "only_first", "This is only said in a socket's first frame."))
    if question.runner.stopped is not None:
        return _refused(question.runner.stopped)
    if not question.runner.room.member(question.who):
        # Somebody may have left, or been dropped, while the body of the request was still coming;
        # and the socket is open until the open turn says so.
        return _refused(NOT_IN_THE_ROOM)
    try:
        return act(replace(question, params=params))
    except RefusedAnswerError as refusal:
        return _refused(refusal.problem)
    except BadFrameError as error:
        return _refused(error.problem)


_NOT_FOUND = {
    404: ("no_such_resource", "There is no such resource in a room."),
    405: ("no_such_method", "This resource has no such method."),
}


def body_as(type_: type[T], body: object) -> T:
    """`body` as one of the server's own requests. Raises RefusedError with where it is wrong."""
    try:
        return msgspec.convert(body, type_, strict=True)
    except msgspec.ValidationError as error:
        raise refuse(422, "bad_body", f"{error}.") from None


def sent(question: Question, packet: inputs.Packet) -> Answer:
    """The room's own answer to a packet."""
    return of_reply(question.runner.receive(question.who, packet))


def of_reply(reply: Reply) -> Answer:
    return Answer(reply.status, reply.body, reply.problem)


def _refused(problem: Problem) -> Answer:
    return Answer(problem.status, problem=problem)


def _values(body: Value | ClientPacket) -> Mapping[str, Value]:
    if body is None:
        return {}
    if not isinstance(body, Mapping):
        raise refuse(422, "bad_body", "The body is not a map.")
    return body


def _shown(question: Question) -> Shown:
    return question.runner.shown(question.who)


def _me(question: Question) -> Answer:
    return Answer(200, place(question.runner.room.hello(question.who)))


def place(said: Welcome, token: str | UnsetType = UNSET) -> bodies.PlaceBody:
    """Who a member is, by what the room said of it."""
    return bodies.PlaceBody(said.user, said.name, said.seat, said.spectator, token)


def _setting(question: Question) -> Answer:
    value = question.body
    assert not isinstance(value, ClientPacket), "only turns carry packets"
    return sent(question, inputs.Configure({question.params["name"]: value}))


def _ready(question: Question) -> Answer:
    if question.can_start is not None:
        return _refused(question.can_start)
    return sent(question, inputs.Ready(True))


def _engine(question: Question) -> Answer:
    news = body_as(bodies.EngineNews, question.body)
    if news.loaded == bool(news.refused):
        raise refuse(422, "bad_body", "Say either `loaded: true` or `refused` with reasons.")
    return sent(question, inputs.Load(news.refused))


def _failure(question: Question) -> Answer:
    said = body_as(bodies.FailureBody, question.body)
    return sent(question, inputs.Fail(said.kind, said.generation, said.text))


def _turn(question: Question) -> Answer:
    packet = question.body
    if not isinstance(packet, ClientPacket):
        packet = read_packet(packet, whole(question.params["generation"], "generation"))
    return sent(question, packet)


def _turns(question: Question) -> Answer:
    """Turns from one on, as many as fit: the bytes of the journal, put together."""
    first = max(1, whole(question.query.get("from", "1"), "from"))
    runner, codec, limits = question.runner, question.codec, question.limits
    last = _shown(question).generation
    turns: list[msgspec.Raw] = []
    size = 0
    for event in runner.turns(first, min(last, first + limits.turns_per_answer_max - 1)):
        turn = codec.turn_bytes(event)
        size += len(bytes(turn))
        if turns and size > limits.turns_bytes_max:
            break
        turns.append(turn)
    next_ = first + len(turns)
    more = next_ if turns and next_ <= last else None
    return Answer(200, codec.joined({"turns": turns, "next": more}))


def _have_state(question: Question) -> Answer:
    said = body_as(bodies.StateHash, question.body)
    generation = whole(question.params["generation"], "generation")
    return sent(question, inputs.HaveState(generation, said.sha256, said.size))


def _snapshot(question: Question) -> Answer:
    found = question.runner.snapshot_for(question.who)
    if found is None:
        raise refuse(404, "no_snapshot", "There is no snapshot of this room yet.")
    return Answer(200, found)


def _request(question: Question) -> Answer:
    return sent(question, inputs.Ask(question.params["name"], _values(question.body)))


def whole(said: str, name: str) -> int:
    """A number of a path or a query. Raises RefusedError."""
    if not said.isascii() or not said.isdigit() or len(said) > 16 or int(said) > INT_MAX:
        raise refuse(400, "bad_number", f"`{name}` is not a whole number.")
    return int(said)


ANSWERS: Mapping[str, Callable[[Question], Answer]] = {
    "me": _me,
    "players": lambda question: Answer(200, _shown(question).roster),
    "setup": lambda question: Answer(200, _shown(question).setup),
    "setting": _setting,
    "settings": lambda question: sent(question, inputs.Configure(_values(question.body))),
    "ready": _ready,
    "unready": lambda question: sent(question, inputs.Ready(False)),
    "hide": lambda question: sent(question, inputs.Hide()),
    "show": lambda question: sent(question, inputs.Hide(False)),
    "engine": _engine,
    "failure": _failure,
    "leave": lambda question: sent(question, inputs.Leave()),
    "turn": _turn,
    "turns": _turns,
    "have_state": _have_state,
    "snapshot": _snapshot,
    "request": _request,
    "chat": lambda question: sent(
        question, inputs.Say(body_as(bodies.ChatLine, question.body).text)
    ),
    "chart": lambda question: Answer(200, _shown(question).moves),
    "time": lambda question: Answer(200, bodies.Time(question.runner.clock.now())),
}
