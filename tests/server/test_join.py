"""Coming to a room: what a newcomer is shown, and how a place is kept."""

from __future__ import annotations

import pytest

from tests.server.table import Table, config, limits, served


async def test_a_newcomer_is_shown_everything(table: Table) -> None:
    made = await table.create()
    picture = await (await table.client.get(made["join"])).json()
    assert picture["id"] == made["id"]
    assert picture["name"] == "duel"
    assert picture["states"] == ["setup", "setup.gathering"]
    assert picture["engine"]["url"] == f"/engines/{made['engine']}"
    assert picture["view"] is None
    assert picture["seed"] == 7
    assert picture["setup"] == {"map": "plains", "gold": 300, "notes": ""}
    assert picture["roster"] == {"seats": [], "spectators": 0}
    assert picture["socket"] == f"/rooms/{made['id']}/socket"
    assert picture["generation"] == 0
    assert picture["seq"] > 0
    assert [command["name"] for command in picture["definition"]["commands"]] == ["move", "shout"]
    assert picture["definition"]["players"] == {"low": 1, "high": 2}


async def test_the_query_form_is_the_same(table: Table) -> None:
    made = await table.create()
    by_path = await table.client.get(made["join"])
    by_query = await table.client.get("/join", params={"game_id": made["id"]})
    assert await by_query.json() == await by_path.json()


@pytest.mark.parametrize("path", ["/join/none", "/join?game_id=none", "/join", "/rooms/none"])
async def test_there_is_no_such_room(table: Table, path: str) -> None:
    assert (await table.problem(await table.client.get(path), 404))["code"] == "no_such_room"


async def test_a_place_by_name_and_one_for_a_guest(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    guest = await table.join(made["id"])
    assert (ann.name, ann.seat, ann.spectator) == ("ann", 0, False)
    assert guest.seat == 1
    assert guest.name.startswith("guest ")
    assert ann.user != guest.user


async def test_the_third_one_watches_and_the_room_fills_up(table: Table) -> None:
    made = await table.create()
    people = [await table.join(made["id"]) for _ in range(4)]
    assert [one.seat for one in people] == [0, 1, None, None]
    assert people[3].spectator
    response = await table.client.post(f"/rooms/{made['id']}/players", json={})
    assert (await table.problem(response, 409))["code"] == "room_full"


async def test_a_program_comes_back_by_its_bearer_token(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    path = f"/rooms/{made['id']}/players"
    bearer = {"Authorization": f"Bearer {ann.token}"}
    again = await table.client.post(path, json={"name": "somebody else"}, headers=bearer)
    assert again.status == 200
    place = {"user": ann.user, "name": "ann", "seat": 0, "spectator": False}
    assert await again.json() == place
    me = await table.client.get(f"{path}/me", headers=bearer)
    assert await me.json() == place
    assert me.headers["Cache-Control"] == "no-store"


async def test_a_browser_keeps_its_seat_in_a_cookie_that_no_script_reads(table: Table) -> None:
    made = await table.create()
    path = f"/rooms/{made['id']}/players"
    response = await table.client.post(path, json={"name": "ann"}, headers={"Origin": table.origin})
    assert response.status == 201
    assert "token" not in await response.json()
    cookie = response.cookies["gameroom_0"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == f"/rooms/{made['id']}"
    assert not cookie["secure"], "this is plain http"
    again = await table.client.post(path, json={}, headers={"Origin": table.origin})
    assert again.status == 200
    assert (await again.json())["name"] == "ann"


async def test_several_seats_in_one_browser_are_several_profiles(table: Table) -> None:
    made = await table.create()
    path = f"/rooms/{made['id']}/players"
    headers = {"Sec-Fetch-Site": "same-origin"}
    seats = {}
    for profile in ("0", "b"):
        response = await table.client.post(
            path, json={}, params={"profile": profile}, headers=headers
        )
        seats[profile] = (await response.json())["seat"]
    assert seats == {"0": 0, "b": 1}
    for profile, seat in seats.items():
        me = await table.client.get(f"{path}/me", params={"profile": profile})
        assert (await me.json())["seat"] == seat
    bad = await table.client.post(path, json={}, params={"profile": "B!"}, headers=headers)
    assert (await table.problem(bad, 400))["code"] == "bad_profile"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer guess"},
        {"Authorization": "Bearer " + "a" * 43},
        {"Cookie": "gameroom_0=" + "a" * 43},
    ],
)
async def test_nobody_gets_the_same_answer_whatever_the_reason(
    table: Table, headers: dict[str, str]
) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    other = await table.create()
    bodies = []
    for room, given in (
        (made["id"], headers),
        (other["id"], headers or {"Authorization": f"Bearer {ann.token}"}),
    ):
        response = await table.client.get(f"/rooms/{room}/players/me", headers=given)
        bodies.append(await table.problem(response, 401))
    assert bodies[0] == bodies[1]


async def test_a_token_opens_one_room(table: Table) -> None:
    made, other = await table.create(), await table.create()
    ann = await table.join(made["id"], "ann")
    assert table.lobby.who(made["id"], ann.token) == ann.user
    assert table.lobby.who(other["id"], ann.token) is None


async def test_leaving_forgets_the_session(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    bearer = {"Authorization": f"Bearer {ann.token}"}
    me = f"/rooms/{made['id']}/players/me"
    assert (await table.client.delete(me, headers=bearer)).status == 204
    await table.problem(await table.client.get(me, headers=bearer), 401)


async def test_pages_of_other_origins_are_turned_away(table: Table) -> None:
    made = await table.create()
    path = f"/rooms/{made['id']}/players"
    for origin in ("https://evil.example", "null", table.origin + ".evil.example"):
        response = await table.client.post(path, json={}, headers={"Origin": origin})
        assert (await table.problem(response, 403))["code"] == "wrong_origin"
    host = {"Origin": "http://evil.example", "Host": "evil.example"}
    await table.problem(await table.client.post(path, json={}, headers=host), 403)


async def test_configured_origins_are_let_in() -> None:
    async with served(config(origins=("https://play.example",))) as table:
        made = await table.create()
        response = await table.client.post(
            f"/rooms/{made['id']}/players", json={}, headers={"Origin": "https://play.example"}
        )
        assert response.status == 201


async def test_behind_a_proxy_cookies_are_secure_and_each_address_has_its_own_rate() -> None:
    behind = config(
        origins=("https://play.example",),
        proxies=("127.0.0.1",),
        limits=limits(joins_per_minute=1, joins_burst=1),
    )
    async with served(behind) as table:
        made = await table.create()
        path = f"/rooms/{made['id']}/players"
        origin = {"Origin": "https://play.example", "Host": "play.example"}
        statuses = []
        for said in ("10.0.0.1", "10.0.0.2", "10.0.0.9, 10.0.0.1"):
            response = await table.client.post(
                path, json={}, headers={**origin, "X-Forwarded-For": said}
            )
            statuses.append(response.status)
            if response.status == 201:
                assert response.cookies["gameroom_0"]["secure"]
            table.client.session.cookie_jar.clear()
        assert statuses == [201, 201, 429], "what a client claims itself does not count"


async def test_nobody_else_is_believed_about_addresses() -> None:
    async with served(config(limits=limits(joins_per_minute=1, joins_burst=1))) as table:
        made = await table.create()
        path = f"/rooms/{made['id']}/players"
        statuses = []
        for said in ("10.0.0.1", "10.0.0.2"):
            response = await table.client.post(path, json={}, headers={"X-Forwarded-For": said})
            statuses.append(response.status)
        assert statuses == [201, 429]


async def test_new_places_have_a_rate() -> None:
    async with served(config(limits=limits(joins_per_minute=2, joins_burst=2))) as table:
        made = await table.create()
        for _ in range(2):
            await table.join(made["id"])
        response = await table.client.post(f"/rooms/{made['id']}/players", json={})
        assert (await table.problem(response, 429))["retry_after_ms"] > 0


async def test_requests_without_a_session_have_a_rate_per_address() -> None:
    async with served(config(limits=limits(address_ms_per_second=1, address_burst_ms=1))) as table:
        statuses = [(await table.client.get("/rooms/none")).status for _ in range(20)]
        assert statuses[0] == 404
        assert 429 in statuses
        assert (await table.client.get("/livez")).status == 200, "operators are always answered"


async def test_no_secret_is_read_from_a_url(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    me = await table.client.get(f"/rooms/{made['id']}/players/me?token={ann.token}")
    await table.problem(me, 401)


async def test_the_rooms_of_one_browser_do_not_mix(table: Table) -> None:
    """The cookie's path keeps a session to its room."""
    first, second = await table.create(), await table.create()
    headers = {"Origin": table.origin}
    await table.client.post(f"/rooms/{first['id']}/players", json={}, headers=headers)
    response = await table.client.get(f"/rooms/{second['id']}/players/me")
    await table.problem(response, 401)
