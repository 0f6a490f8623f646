"""The operations of a room and their answers: the same over HTTP and over the room's socket.

Paths are relative to the room. The socket uses them unchanged, HTTP uses them below `/rooms/{id}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from gameroom.lockstep import packets
from gameroom.lockstep.packets import ClientPacket
from gameroom.lockstep.problem import Problem
from gameroom.model import Value
from gameroom.room import inputs
from gameroom.room.requests import NOT_IN_THE_ROOM
from gameroom.server import bodies
from gameroom.server.host.shown import Shown
from gameroom.server.refusals import ProblemError, refuse
from gameroom.server.room_api.question import Answer, Question, whole
from gameroom.server.room_api.route import BOTH, SOCKET, Carrier, Route, Table
from gameroom.wire import BadFrameError, read_packet

Act = Callable[[Question], Answer]

SESSION_PROBLEMS = (400, 401, 403, 404, 409, 410, 422, 429, 503)

_routes: list[Route[Act]] = []


def _route(
    method: str,
    path: str,
    doc: str,
    *,
    input: Any = None,
    output: Any = None,
    statuses: tuple[int, ...] = (200,),
    carriers: frozenset[Carrier] = BOTH,
    query: Mapping[str, str] | None = None,
    may_be_empty: bool = False,
) -> Callable[[Act], Act]:
    """A decorator: the function answers this route, and gives the route its name."""

    def told(do: Act) -> Act:
        _routes.append(
            Route(
                name=do.__name__,
                methods=(method,),
                path=path,
                doc=doc,
                do=do,
                input=input,
                output=output,
                statuses=statuses,
                problems=SESSION_PROBLEMS,
                carriers=carriers,
                query={} if query is None else query,
                entry="session",
                may_be_empty=may_be_empty,
            )
        )
        return do

    return told


@_route(
    "PUT",
    "/session",
    "The first frame of a socket. It reports the last event received; the later ones follow.",
    input=bodies.HelloBody,
    output=packets.Welcome,
    carriers=SOCKET,
    may_be_empty=True,
)
def session(question: Question) -> Answer:
    raise refuse(409, "only_first", "A hello is only valid as the first frame of a socket.")


@_route("GET", "/players/me", "The person that the session belongs to.", output=bodies.PlaceBody)
def me(question: Question) -> Answer:
    return Answer(200, bodies.PlaceBody.of(question.runner.room.hello(question.who)))


@_route("GET", "/players", "The whole roster.", output=packets.Roster)
def players(question: Question) -> Answer:
    return Answer(200, _shown(question).roster)


@_route("GET", "/setup", "All settings.", output=packets.Setup)
def setup(question: Question) -> Answer:
    return Answer(200, _shown(question).setup)


@_route(
    "PUT",
    "/setup/{name}",
    "Change one setting. Everyone receives all settings.",
    input=Value,
    statuses=(200, 204),
)
def setting(question: Question) -> Answer:
    value = question.body
    assert not isinstance(value, ClientPacket), "only turns carry packets"
    return sent(question, inputs.Configure({question.params["name"]: value}))


@_route(
    "PATCH",
    "/setup",
    "Change several settings: either all of them or none.",
    input=bodies.Values,
    statuses=(200, 204),
)
def settings(question: Question) -> Answer:
    return sent(question, inputs.Configure(_values(question.body)))


@_route("PUT", "/players/me/ready", "Declare that the player is ready.", statuses=(200, 204))
def ready(question: Question) -> Answer:
    if question.can_start is not None:
        return Answer.refused(question.can_start)
    return sent(question, inputs.Ready(True))


@_route("DELETE", "/players/me/ready", "Declare that the player is not ready.", statuses=(200, 204))
def unready(question: Question) -> Answer:
    return sent(question, inputs.Ready(False))


@_route(
    "PUT",
    "/players/me/hidden",
    "Report that the page is hidden. Nobody waits for its packets then.",
    statuses=(204,),
)
def hide(question: Question) -> Answer:
    return sent(question, inputs.Hide())


@_route("DELETE", "/players/me/hidden", "Report that the page is visible again.", statuses=(204,))
def show(question: Question) -> Answer:
    return sent(question, inputs.Hide(False))


@_route(
    "PUT",
    "/players/me/engine",
    "Report that the engine has loaded the setup, or that it refuses it.",
    input=bodies.EngineNews,
    statuses=(200, 204),
)
def engine(question: Question) -> Answer:
    news = bodies.read(bodies.EngineNews, question.body)
    return sent(question, inputs.Load(news.refused))


@_route(
    "PUT",
    "/players/me/failure",
    "Report that the engine or the view has failed.",
    input=bodies.FailureBody,
    statuses=(204,),
)
def failure(question: Question) -> Answer:
    said = bodies.read(bodies.FailureBody, question.body)
    return sent(question, inputs.Fail(said.kind, said.generation, said.text))


@_route("DELETE", "/players/me", "Leave the room and give up the place.", statuses=(200, 204))
def leave(question: Question) -> Answer:
    return sent(question, inputs.Leave())


@_route(
    "PUT",
    "/turns/{generation}",
    "The client packet: the player's part of a generation.",
    input=packets.ClientPacket,
    statuses=(200, 202, 204),
)
def turn(question: Question) -> Answer:
    packet = question.body
    if not isinstance(packet, ClientPacket):
        packet = read_packet(packet, whole(question.params["generation"], "generation"))
    return sent(question, packet)


@_route(
    "GET",
    "/turns",
    "Master packets, starting from a generation.",
    output=bodies.Tail,
    query={"from": "The first generation to return. Default: 1."},
)
def turns(question: Question) -> Answer:
    """The turns from one generation on, up to the limits: the joined bytes of the journal."""
    first = max(1, whole(question.query.get("from", "1"), "from"))
    runner, codec, limits = question.runner, question.codec, question.limits
    last = _shown(question).generation
    turns: list[msgspec.Raw] = []
    size = 0
    for event in runner.events.turns(first, min(last, first + limits.turns_per_answer_max - 1)):
        turn = codec.turn_bytes(event)
        size += len(bytes(turn))
        if turns and size > limits.turns_bytes_max:
            break
        turns.append(turn)
    next_ = first + len(turns)
    more = next_ if turns and next_ <= last else None
    return Answer(200, codec.joined({"turns": turns, "next": more}))


@_route(
    "PUT",
    "/snapshots/{generation}/hash",
    "The hash of the engine's state after this turn. Players send it for each snapshot.",
    input=bodies.StateHash,
    statuses=(202,),
)
def have_state(question: Question) -> Answer:
    said = bodies.read(bodies.StateHash, question.body)
    generation = whole(question.params["generation"], "generation")
    return sent(question, inputs.HaveState(generation, said.sha256, said.size))


@_route(
    "GET",
    "/snapshots/latest",
    "The latest snapshot to continue from. Fetch its state under its generation.",
    output=packets.Snapshot,
)
def snapshot(question: Question) -> Answer:
    found = question.runner.snapshot_for(question.who)
    if found is None:
        raise refuse(404, "no_snapshot", "This room has no snapshot yet.")
    return Answer(200, found)


@_route(
    "POST",
    "/requests/{name}",
    "Send a request that the room file declares. The body contains its fields.",
    input=bodies.Values,
    statuses=(200, 202, 204),
    may_be_empty=True,
)
def request(question: Question) -> Answer:
    return sent(question, inputs.Ask(question.params["name"], _values(question.body)))


@_route(
    "POST",
    "/chat",
    "Send a line of chat to everyone.",
    input=bodies.ChatLine,
    statuses=(200, 202, 204),
)
def chat(question: Question) -> Answer:
    return sent(question, inputs.Say(bodies.read(bodies.ChatLine, question.body).text))


@_route("GET", "/chart", "The active states of the chart.", output=packets.Moves)
def chart(question: Question) -> Answer:
    return Answer(200, _shown(question).moves)


@_route("GET", "/time", "The server's time. Use it to measure the round trip.", output=bodies.Time)
def time(question: Question) -> Answer:
    return Answer(200, bodies.Time(question.runner.clock.now()))


def sent(question: Question, packet: inputs.Packet) -> Answer:
    """Pass this packet to the room. Returns the room's answer."""
    return Answer.of(question.runner.receive(question.who, packet))


def _values(body: Value | ClientPacket) -> Mapping[str, Value]:
    if body is None:
        return {}
    if not isinstance(body, Mapping):
        raise refuse(422, "bad_body", "The body is not a map.")
    return body


def _shown(question: Question) -> Shown:
    return question.runner.shown(question.who)


ROOM = tuple(_routes)


_TABLE = Table(ROOM)

NOT_FOUND = {
    404: Problem(404, "no_such_resource", "There is no such resource in a room."),
    405: Problem(405, "no_such_method", "This resource has no such method."),
}


def answer(question: Question) -> Answer:
    """The answer to a question. Refusals are answers too: this does not raise ProblemError."""
    found = _TABLE.find(question.method, question.path)
    if not isinstance(found, tuple):
        return Answer.refused(NOT_FOUND[found])
    route, params = found
    if question.runner.stopped is not None:
        return Answer.refused(question.runner.stopped)
    if not question.runner.room.member(question.who):
        # The person can have left, or been dropped, while the body of the request was arriving.
        # Also, a socket stays open until the open turn announces that its member has left.
        return Answer.refused(NOT_IN_THE_ROOM)
    try:
        return route.do(replace(question, params=params))
    except (ProblemError, BadFrameError) as error:
        return Answer.refused(error.problem)
