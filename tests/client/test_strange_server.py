"""A server that publishes something else than a room: the client says so, with the place."""

from __future__ import annotations

from typing import Any

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
