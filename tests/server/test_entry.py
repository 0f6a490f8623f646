"""Every route asks for what its row in the table says: nothing, a create key or a session."""

from __future__ import annotations

from gameroom.server.http.openapi import room_path
from gameroom.server.http.routes import SERVER
from gameroom.server.room_api.operations import ROOM
from tests.server.table import KEY, Table

BEARER = f"Bearer {KEY}"
ROUTES = [
    *((route, route.path) for route in SERVER),
    *((route, room_path(route)) for route in ROOM if "http" in route.carriers),
]


async def test_each_route_is_as_open_as_its_row_says(table: Table) -> None:
    for route, path in ROUTES:
        room = (await table.create())["id"]
        named = {"id": room, "generation": 1, "file": "kit.js", "sha256": "0" * 64, "code": "E0101"}
        where = path.format(name="map", **named)
        for method in route.methods:
            found = []
            for said in ({}, {"Authorization": "Bearer of-nothing"}, {"Authorization": BEARER}):
                response = await table.client.request(method, where, headers=said)
                found.append(response.status == 401)
            closed, needs_session = route.entry != "open", route.entry == "session"
            assert found == [closed, closed, needs_session], f"{method} {path}"
