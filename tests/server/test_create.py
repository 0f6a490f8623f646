"""Making rooms: who may, from what, and what is said of a room that is wrong."""

from __future__ import annotations

import hashlib

import pytest

from gameroom import resources
from tests.server.table import ENGINE, KEYED, ROOM, Table, config, limits, served


async def test_a_room_from_its_text(table: Table) -> None:
    response = await table.client.post(
        "/create", json={"room": ROOM, "engine": {"source": ENGINE}}, headers=KEYED
    )
    assert response.status == 201
    made = await response.json()
    sha256 = hashlib.sha256(ENGINE.encode()).hexdigest()
    assert made == {"id": made["id"], "join": f"/join/{made['id']}", "engine": sha256, "seed": 7}
    assert response.headers["Location"] == made["join"]
    assert response.headers["Cache-Control"] == "no-store"


async def test_put_makes_a_room_as_post_does(table: Table) -> None:
    response = await table.client.put("/create", json={"game": "noughts"}, headers=KEYED)
    assert response.status == 201


async def test_a_shipped_game_comes_with_engine_view_and_kit(table: Table) -> None:
    made = await table.create(game="noughts", seed=11)
    assert made["seed"] == 11
    picture = await (await table.client.get(made["join"])).json()
    assert picture["kit"]["sha256"] == hashlib.sha256(resources.kit()).hexdigest()
    for code in (picture["engine"], picture["view"], picture["kit"]):
        response = await table.client.get(code["url"])
        assert hashlib.sha256(await response.read()).hexdigest() == code["sha256"]


@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer wrong", "Bearer ", "Basic abc", "bearer", KEYED["Authorization"] + "x"],
)
async def test_without_a_create_key_nothing_is_made(
    table: Table, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await table.client.post("/create", json={"game": "noughts"}, headers=headers)
    assert (await table.problem(response, 401))["code"] == "no_create_key"
    assert not table.lobby.rooms.running


async def test_with_no_key_configured_nobody_may() -> None:
    async with served(config(create_keys=())) as table:
        response = await table.client.post("/create", json={"game": "noughts"}, headers=KEYED)
        await table.problem(response, 401)


async def test_diagnostics_of_a_bad_room(table: Table) -> None:
    text = ROOM.replace("allow move", "allow mov").replace("-> ended", "-> endet")
    response = await table.client.post(
        "/create", json={"room": text, "engine": {"source": ENGINE}}, headers=KEYED
    )
    problem = await table.problem(response, 422)
    assert problem["code"] == "bad_room"
    assert len(problem["diagnostics"]) >= 2
    first = problem["diagnostics"][0]
    assert first["message"]
    assert first["range"]["start"]["line"] > 1
    page = await table.client.get(first["url"])
    assert page.content_type == "text/plain"
    assert (await page.text()).startswith(f"{first['code']}: ")
    assert (await table.client.get("/diagnostics/E9999")).status == 404


async def test_a_room_in_yaml(table: Table) -> None:
    text = (
        "language: 1\nuse: [standard]\nroom:\n  name: tiny\n  extends: standard\n  players: 1..2\n"
    )
    wish = {"room": text, "format": "yaml", "engine": {"source": ENGINE}}
    response = await table.client.post("/create", json=wish, headers=KEYED)
    assert response.status in (201, 422), await response.text()
    if response.status == 422:
        assert (await response.json())["code"] == "bad_room"


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({}, 422, "bad_body"),
        ({"game": "noughts", "room": ROOM}, 422, "bad_body"),
        ({"game": "chess"}, 404, "no_such_game"),
        ({"game": "standard"}, 404, "no_such_game"),
        ({"game": "../noughts"}, 422, "bad_body"),
        ({"room": ROOM}, 422, "no_engine"),
        ({"room": ROOM, "engine": {}}, 422, "bad_body"),
        ({"room": ROOM, "engine": {"source": "x", "sha256": "0" * 64}}, 422, "bad_body"),
        ({"room": ROOM, "engine": {"sha256": "0" * 64}}, 404, "no_such_code"),
        ({"room": ROOM, "engine": {"sha256": "../../etc"}}, 422, "bad_body"),
        ({"game": "noughts", "seed": -1}, 422, "bad_body"),
        ({"game": "noughts", "seed": 1.5}, 400, "bad_frame"),
        ({"game": "noughts", "colour": "red"}, 422, "bad_body"),
        ({"room": ROOM, "engine": {"source": ENGINE}, "setup": {"gold": 7}}, 422, "bad_setting"),
        ({"room": ROOM, "engine": {"source": ENGINE}, "setup": {"wood": 7}}, 422, "bad_setting"),
    ],
)
async def test_what_is_refused(
    table: Table, wish: dict[str, object], status: int, code: str
) -> None:
    response = await table.client.post("/create", json=wish, headers=KEYED)
    assert (await table.problem(response, status))["code"] == code
    assert not table.lobby.rooms.running


async def test_an_engine_that_is_stored_is_named_by_its_hash(table: Table) -> None:
    engine = (await table.create())["engine"]
    made = await table.create(room=ROOM, engine={"sha256": engine}, view={"source": "view"})
    picture = await (await table.client.get(made["join"])).json()
    assert picture["engine"] == {"url": f"/engines/{engine}", "sha256": engine}
    assert picture["view"]["sha256"] == hashlib.sha256(b"view").hexdigest()


async def test_the_first_setup(table: Table) -> None:
    made = await table.create(room=ROOM, engine={"source": ENGINE}, setup={"gold": 500})
    picture = await (await table.client.get(made["join"])).json()
    assert picture["setup"] == {"map": "plains", "gold": 500, "notes": ""}


async def test_only_json_is_taken_so_that_no_form_can_ask(table: Table) -> None:
    response = await table.client.post("/create", data='{"game": "noughts"}', headers=KEYED)
    assert (await table.problem(response, 415))["code"] == "not_json"


async def test_an_upload_has_a_limit() -> None:
    async with served(config(limits=limits(upload_bytes_max=2000))) as table:
        wish = {"game": "noughts", "engine": {"source": "x" * 3000}}
        response = await table.client.post("/create", json=wish, headers=KEYED)
        assert (await table.problem(response, 413))["code"] == "too_big"


async def test_rooms_have_a_limit() -> None:
    async with served(config(limits=limits(rooms_max=1))) as table:
        await table.create()
        response = await table.client.post("/create", json={"game": "noughts"}, headers=KEYED)
        assert (await table.problem(response, 503))["code"] == "server_full"


async def test_creates_have_a_rate() -> None:
    async with served(config(limits=limits(creates_per_minute=2))) as table:
        for _ in range(2):
            await table.create(game="noughts")
        response = await table.client.post("/create", json={"game": "noughts"}, headers=KEYED)
        problem = await table.problem(response, 429)
        assert 0 < problem["retry_after_ms"] <= 30_000
        assert int(response.headers["Retry-After"]) <= 30


async def test_a_room_can_be_ended_with_the_key_alone(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    line = await ann.connect()
    path = f"/rooms/{made['id']}"
    await table.problem(await table.client.delete(path), 401)
    assert (await table.client.delete(path, headers=KEYED)).status == 204
    assert (await line.closed())[0] == 4102
    await table.problem(await table.client.get(path), 404)
    await table.problem(await table.client.delete(path, headers=KEYED), 404)
