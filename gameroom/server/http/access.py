"""Checks who can send a request (origins, rates, create keys, sessions) and finds its room.

Knows requests and the lobby, but not the answers.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from gameroom.server import auth
from gameroom.server.host.runner import Runner
from gameroom.server.rates import Rates
from gameroom.server.refusals import UNKNOWN, ProblemError, refuse, too_much
from gameroom.server.room_api.route import Route
from gameroom.server.services import SERVICES


def polite(request: web.Request, rates: Rates | None = None) -> None:
    """Raise ProblemError for a page of another origin, and for an address that exceeds `rates`."""
    services = request.app[SERVICES]
    if not auth.origin_fits(request, services.config.origins):
        raise refuse(
            403, "wrong_origin", "This server does not accept requests from pages of this origin."
        )
    address = auth.address(request, services.config.proxies)
    if rates is not None and (wait := rates.take(address, services.now())):
        raise ProblemError(too_much(wait))


def opened(route: Route[Handler]) -> Handler:
    """The handler of a route, with a check of the create key if the route requires one. Handlers
    check sessions themselves, because they need to know the user."""
    if route.entry != "key":
        return route.do

    async def handler(request: web.Request) -> web.StreamResponse:
        polite(request)
        if not has_key(request):
            raise refuse(
                401,
                "no_create_key",
                "This request needs a create key. Send it as `Authorization: Bearer <create key>`.",
            )
        return await route.do(request)

    return handler


def has_key(request: web.Request) -> bool:
    """Whether the request contains a create key."""
    return auth.opens(request.app[SERVICES].config.create_keys, auth.bearer(request))


def user(request: web.Request, room: str) -> str | None:
    """The user of the request's session, or None. The user might no longer have a place."""
    token = auth.session_token(request)
    return None if token is None else request.app[SERVICES].lobby.who(room, token)


def member(request: web.Request, runner: Runner) -> str | None:
    """The user of the request's session if this user has a place in the room, otherwise None."""
    who = user(request, runner.id)
    return who if who is not None and runner.room.member(who) else None


async def room(request: web.Request) -> Runner:
    """The room in the request's path. Raises ProblemError."""
    return await request.app[SERVICES].lobby.rooms.find(request.match_info["id"])


async def member_of(request: web.Request) -> tuple[Runner, str]:
    """The room in the request's path and the user, who has a place in it. Raises ProblemError."""
    runner = await room(request)
    who = member(request, runner)
    if who is None:
        raise ProblemError(UNKNOWN)
    return runner, who


async def still(request: web.Request, who: str) -> Runner:
    """Find the room again after reading a body. In the meantime the person can have left, and the
    room can have ended or fallen asleep. Raises ProblemError."""
    runner = await room(request)
    if not runner.room.member(who):
        raise ProblemError(UNKNOWN)
    return runner
