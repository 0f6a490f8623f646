"""Joining a room: the page for browsers, its JSON for programs, and taking a place."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from aiohttp import web
from msgspec import UNSET

from gameroom.server import auth, bodies
from gameroom.server.host.runner import Runner
from gameroom.server.http import pages
from gameroom.server.http.access import member, polite, room
from gameroom.server.http.exchange import json_response, read_as
from gameroom.server.http.payment import reckoned
from gameroom.server.refusals import refuse
from gameroom.server.services import SERVICES


async def join_page(request: web.Request) -> web.StreamResponse:
    return await _join(request, request.match_info["id"])


async def join_query(request: web.Request) -> web.StreamResponse:
    id_ = request.query.get("game_id", "")
    if _wants_page(request) and request.app[SERVICES].lobby.rooms.may_be(id_):
        raise web.HTTPSeeOther(f"/join/{id_}")
    return await _join(request, id_)


async def _join(request: web.Request, id_: str) -> web.StreamResponse:
    polite(request)
    rooms = request.app[SERVICES].lobby.rooms
    if _wants_page(request):
        status = 200 if rooms.may_be(id_) else 404
        response: web.StreamResponse = pages.file_response(
            request, "join.html", fresh=True, status=status
        )
    else:
        runner = await rooms.find(id_)
        response = reckoned(request, lambda: json_response(_picture(runner)))
        await runner.stored()
    response.headers["Vary"] = "Accept"
    return response


async def players_add(request: web.Request) -> web.StreamResponse:
    polite(request)
    services, runner = request.app[SERVICES], await room(request)
    profile = auth.profile(request)
    if profile is None:
        raise refuse(400, "bad_profile", "A profile has 1 to 16 characters, each a-z or 0-9.")
    wish = await read_as(bodies.JoinBody, request, services.config.limits.body_bytes_max)
    who = member(request, runner)
    if who is not None:
        return json_response(bodies.PlaceBody.of(runner.room.hello(who)))
    if not services.lobby.repeats(runner, wish):
        polite(request, services.joins)
    taken = await services.lobby.join(runner, wish)
    assert isinstance(taken.token, str)
    browser = auth.is_browser(request)
    response = json_response(replace(taken, token=UNSET) if browser else taken, 201)
    response.headers["Location"] = f"/rooms/{runner.id}/players/me"
    if browser:
        secure = auth.is_secure(request)
        auth.set_cookie(response, profile, taken.token, runner.id, secure=secure)
    return response


def _wants_page(request: web.Request) -> bool:
    """Whether a browser opens this URL as a page. Then it accepts text/html; programs and scripts
    do not ask for it."""
    return "text/html" in request.headers.get("Accept", "")


def _picture(runner: Runner) -> bodies.JoinPicture:
    file, header, shown = runner.room.file, runner.events.journal.header, runner.shown()
    return bodies.JoinPicture(
        id=runner.id,
        name=file.name,
        doc=file.doc,
        states=shown.chart.states,
        engine=_link(header.engine),
        view=None if header.view is None else _link(header.view),
        kit=None if header.kit is None else _link(header.kit),
        seed=header.seed,
        setup=shown.setup.settings,
        roster=shown.roster,
        definition=cast(bodies.Definition, runner.definition),
        socket=f"/rooms/{runner.id}/socket",
        seq=shown.seq,
        generation=shown.generation,
        turn_ms=shown.turn_ms,
        ahead=shown.ahead,
    )


def _link(sha256: str) -> bodies.CodeLink:
    return bodies.CodeLink(f"/engines/{sha256}", sha256)
