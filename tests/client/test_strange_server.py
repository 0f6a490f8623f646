"""A server that publishes something else than a room: the client says so, with the place. One
whose answer is lost: the client sends the same attempt to join once more."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gameroom.client import RefusedError, join
from gameroom.wire import definition
from tests.wire.rooms import ROOM


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"teams": 7}, r"\$\.teams"),
        ({"players": {"low": 1}}, r"\$\.players"),
        ({"policies": {"limits": {"packet_bytes": "many"}}}, r"\$\.policies\.limits"),
    ],
)
async def test_a_definition_that_cannot_be_read_is_refused_by_its_place(
    change: dict[str, Any], place: str
) -> None:
    async def picture(request: web.Request) -> web.Response:
        said = {"id": "r", "definition": definition(ROOM) | change, "socket": "/s", "seed": 1}
        return web.json_response(said)

    async def seat(request: web.Request) -> web.Response:
        return web.json_response({"token": "t"}, status=201)

    app = web.Application()
    app.add_routes([web.get("/join/r", picture), web.post("/rooms/r/players", seat)])
    async with TestServer(app) as server:
        with pytest.raises(RefusedError, match=place):
            async with join(str(server.make_url("/join/r")), name="ann"):
                pass


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_join_whose_answer_is_lost_is_sent_once_more(lost: int) -> None:
    heard: list[dict[str, Any]] = []

    async def picture(request: web.Request) -> web.Response:
        # Whoever has a place learns next that this is no room.
        said = {"id": "r", "definition": definition(ROOM) | {"teams": 7}, "socket": "/s", "seed": 1}
        return web.json_response(said)

    async def seat(request: web.Request) -> web.Response:
        heard.append(await request.json())
        if len(heard) <= lost:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"token": "t"}, status=201)

    app = web.Application()
    app.add_routes([web.get("/join/r", picture), web.post("/rooms/r/players", seat)])
    async with TestServer(app) as server:
        with pytest.raises(RefusedError if lost < 2 else aiohttp.ClientConnectionError):
            async with join(str(server.make_url("/join/r")), name="ann"):
                pass
    assert len(heard) == min(lost + 1, 2)
    assert all(one == heard[0] for one in heard)
    assert len(heard[0]["idempotency_key"]) == 22
