"""Rooms: create a room, show its status and its chart, forward requests to it, end it."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from gameroom.server import auth, bodies
from gameroom.server.allowances import message_bytes
from gameroom.server.host.jobs import drawn
from gameroom.server.host.worker import WorkerError
from gameroom.server.http import pages
from gameroom.server.http.access import member_of, polite, room, still
from gameroom.server.http.exchange import answer_response, json_response, read_body, read_bytes
from gameroom.server.http.payment import reckoned
from gameroom.server.refusals import BUSY, ProblemError
from gameroom.server.room_api.operations import Act, answer
from gameroom.server.room_api.question import Answer, Question
from gameroom.server.room_api.route import Route
from gameroom.server.services import SERVICES
from gameroom.wire import JSON

log = logging.getLogger(__name__)


async def create(request: web.Request) -> web.StreamResponse:
    services = request.app[SERVICES]
    polite(request, services.creates)
    body = await read_bytes(request, services.config.limits.upload_bytes_max)
    made = await services.lobby.create(body)
    response = json_response(made, 201)
    response.headers["Location"] = made.join
    return response


async def status(request: web.Request) -> web.StreamResponse:
    polite(request)
    runner = await room(request)
    shown = runner.shown()
    await runner.stored()
    seats = shown.roster.seats
    return json_response(
        bodies.RoomStatus(
            id=runner.id,
            name=runner.room.file.name,
            states=shown.chart.states,
            players=len(seats),
            connected=sum(row.connected for row in seats),
            spectators=shown.roster.spectators,
            seq=shown.seq,
            generation=shown.generation,
        )
    )


async def end(request: web.Request) -> web.StreamResponse:
    services, id_ = request.app[SERVICES], request.match_info["id"]
    rooms = services.lobby.rooms
    if not rooms.may_be(id_):
        raise rooms.absent()
    rooms.end(id_)
    services.pictures.pop(id_, None)
    return answer_response(Answer(204))


async def chart_picture(request: web.Request) -> web.StreamResponse:
    polite(request)
    services, runner = request.app[SERVICES], await room(request)
    pictures = services.pictures
    if runner.id not in pictures:
        try:
            picture = await services.lobby.worker.run(drawn, runner.room.file)
        except WorkerError as error:
            log.error("room %s: the chart cannot be drawn: %s", runner.id, error)
            raise ProblemError(BUSY) from None
        while len(pictures) >= services.config.limits.rooms_max:
            pictures.pop(next(iter(pictures)))
        pictures[runner.id] = picture
    return web.Response(body=pictures[runner.id].encode(), headers=pages.PICTURE_HEADERS)


def asked(route: Route[Act]) -> Handler:
    """The HTTP handler for one of a room's own routes."""

    async def handler(request: web.Request) -> web.StreamResponse:
        polite(request)
        services = request.app[SERVICES]
        limits = services.config.limits
        runner, who = await member_of(request)
        path = request.path.removeprefix(f"/rooms/{runner.id}")
        body = await read_body(request, message_bytes(runner.room.file, limits))
        runner = await still(request, who)
        question = Question(
            runner,
            who,
            request.method,
            path,
            runner.events.codecs[JSON],
            limits,
            body,
            dict(request.query),
            can_start=services.lobby.can_start(),
        )
        said = reckoned(request, lambda: answer(question))
        await runner.stored()
        response = answer_response(said)
        profile = auth.profile(request)
        if route.name == "leave" and said.problem is None and profile is not None:
            auth.drop_cookie(response, profile, runner.id)
        return response

    return handler
