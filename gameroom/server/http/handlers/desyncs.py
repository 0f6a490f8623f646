"""Desync reports, and the evidence that seats send while a report is being created."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from aiohttp import web

from gameroom.server import bodies
from gameroom.server.host.desyncs import PARTS_BYTES_MAX
from gameroom.server.http.access import polite, room, user
from gameroom.server.http.exchange import (
    NO_STORE,
    answer_response,
    json_response,
    read_as,
    read_bytes,
)
from gameroom.server.refusals import UNKNOWN, ProblemError, refuse
from gameroom.server.room_api.question import Answer, whole
from gameroom.server.services import SERVICES
from gameroom.store import StoreFailedError

T = TypeVar("T")
P = ParamSpec("P")


async def desyncs(request: web.Request) -> web.StreamResponse:
    id_, cases = request.match_info["id"], request.app[SERVICES].lobby.desyncs
    kept = await asyncio.to_thread(_read, cases.store.of_room, id_)
    rows = tuple(
        bodies.DesyncRow(one.generation, one.bytes, one.at, f"{request.path}/{one.generation}")
        for one in kept
    )
    return json_response(bodies.DesyncList(rows, cases.coming(id_)))


async def desync(request: web.Request) -> web.StreamResponse:
    id_, store = request.match_info["id"], request.app[SERVICES].lobby.desyncs.store
    generation = whole(request.match_info["generation"], "generation")
    data = await asyncio.to_thread(_read, store.get, id_, generation)
    if data is None:
        raise refuse(404, "no_such_desync", "There is no desync report for this generation.")
    name = f'attachment; filename="{id_}-{generation}.desync"'
    headers = {**NO_STORE, "Content-Disposition": name}
    return web.Response(body=data, content_type="application/json", headers=headers)


async def desync_parts(request: web.Request) -> web.StreamResponse:
    who, id_, generation = await _witness(request)
    said = await read_as(bodies.Evidence, request, PARTS_BYTES_MAX)
    return json_response(request.app[SERVICES].lobby.desyncs.hear(id_, generation, who, said))


async def desync_state(request: web.Request) -> web.StreamResponse:
    who, id_, generation = await _witness(request)
    services = request.app[SERVICES]
    with services.lobby.desyncs.hearing(id_, generation, who) as take:
        take(await read_bytes(request, services.config.limits.desync_state_bytes_max))
    return answer_response(Answer(204))


async def _witness(request: web.Request) -> tuple[str, str, int]:
    """The user, the room id and the generation of the evidence. The room might already have
    dropped the user. Raises ProblemError."""
    polite(request)
    id_ = (await room(request)).id
    who = user(request, id_)
    if who is None:
        raise ProblemError(UNKNOWN)
    return who, id_, whole(request.match_info["generation"], "generation")


def _read(ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the store of desync reports. Raises ProblemError if it cannot be read."""
    try:
        return ask(*args, **kwargs)
    except StoreFailedError as error:
        raise refuse(
            503, "no_desync_store", f"The desync reports cannot be read: {error}."
        ) from error
