"""The states of snapshots: one player sends each, and clients that join late read them."""

from __future__ import annotations

import asyncio

from aiohttp import web

from gameroom.room import inputs
from gameroom.room.snapshots import STATE_BYTES_MAX
from gameroom.server.http.access import member_of, polite, still
from gameroom.server.http.exchange import NO_STORE, answer_response, read_bytes
from gameroom.server.refusals import ProblemError, refuse
from gameroom.server.room_api.question import Answer, whole


async def snapshot_state(request: web.Request) -> web.StreamResponse:
    polite(request)
    runner, who = await member_of(request)
    generation = whole(request.match_info["generation"], "generation")
    state = await runner.snapshots.state(generation, runner.known_until(who))
    if state is None:
        raise refuse(404, "no_snapshot", "There is no stored snapshot of this turn.")
    response = web.Response(body=state, content_type="application/json", headers=NO_STORE)
    response.enable_compression()
    return response


async def snapshot_send(request: web.Request) -> web.StreamResponse:
    polite(request)
    runner, who = await member_of(request)
    generation = whole(request.match_info["generation"], "generation")
    if (why := runner.room.unasked(who, generation)) is not None:
        raise ProblemError(why)
    state = await read_bytes(request, STATE_BYTES_MAX)
    sent = await asyncio.to_thread(inputs.with_hash, generation, state)
    runner = await still(request, who)
    reply = runner.receive(who, sent)
    await runner.stored()
    if reply.problem is None and (why := await runner.snapshots.stored()) is not None:
        raise ProblemError(why)
    return answer_response(Answer.of(reply))
