"""Joins that come twice: an idempotency key makes one place of one attempt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest

from gameroom.server import bodies
from gameroom.server.host.attempts import Attempts
from gameroom.server.host.stores import open_stores
from gameroom.store import StoreFailedError
from tests.server import leaks
from tests.server.table import PATIENCE_S, Person, Table, config, limits, served
from tests.server.test_sessions import Held

KEY = "an-attempt-of-ann-0001"
OTHER = "an-attempt-of-ann-0002"


async def ask(table: Table, room: str, key: str | None = KEY, **more: Any) -> tuple[int, Any]:
    """Join as ann: the status and the body of the answer."""
    wish = {"name": "ann", **more}
    if key is not None:
        wish["idempotency_key"] = key
    response = await table.client.post(f"/rooms/{room}/players", json=wish)
    return response.status, await response.json()


async def names(table: Table, room: str) -> list[str]:
    roster = table.lobby.rooms.running[room].shown().roster
    return [row.name for row in roster.seats]


async def is_member(table: Table, room: str, token: str) -> bool:
    bearer = {"Authorization": f"Bearer {token}"}
    response = await table.client.get(f"/rooms/{room}/players/me", headers=bearer)
    return response.status == 200


@pytest.fixture
async def room(table: Table) -> str:
    return str((await table.create())["id"])


@pytest.fixture
async def held() -> AsyncIterator[tuple[Table, str, Held]]:
    """A room whose store answers a join when the test says so."""
    store = Held()
    strict = config(limits=limits(joins_per_minute=1, joins_burst=1))
    async with served(strict, stores=replace(open_stores(strict), sessions=store)) as table:
        made = await table.create()
        store.asked.clear()
        store.answers.clear()
        yield table, made["id"], store
        store.answers.set()


async def test_the_same_attempt_takes_one_seat(table: Table, room: str) -> None:
    first = await ask(table, room)
    assert first[0] == 201
    assert await ask(table, room) == first, "the same seat, and a session that is valid"
    assert await names(table, room) == ["ann"]
    assert await is_member(table, room, first[1]["token"])


@pytest.mark.parametrize("key", [None, OTHER])
async def test_another_attempt_takes_another_seat(table: Table, room: str, key: str | None) -> None:
    _, first = await ask(table, room)
    status, second = await ask(table, room, key)
    assert status == 201
    assert first["token"] != second["token"]
    assert await names(table, room) == ["ann", "ann (2)"]


async def test_the_same_attempt_while_the_first_one_waits(held: tuple[Table, str, Held]) -> None:
    """Both wait for the store; the rate of joins, here one, is charged once."""
    table, room, store = held
    both = [asyncio.create_task(ask(table, room)) for _ in range(2)]
    await asyncio.wait_for(store.asked.wait(), PATIENCE_S)
    # One more, which is answered only after it was seen that another one waits.
    status, said = await ask(table, room, name="bob")
    assert (status, said["code"]) == (409, "key_reused")
    store.answers.set()
    first, second = await asyncio.gather(*both)
    assert first == second
    assert first[0] == 201
    assert await names(table, room) == ["ann"]
    assert (await ask(table, room, OTHER))[0] == 429, "only another attempt is one too many"


async def test_whoever_hangs_up_finds_the_seat_by_the_same_key(
    held: tuple[Table, str, Held],
) -> None:
    """The connection is lost while the session is being stored."""
    table, room, store = held
    first = asyncio.create_task(ask(table, room))
    await asyncio.wait_for(store.asked.wait(), PATIENCE_S)
    first.cancel()
    again = asyncio.create_task(ask(table, room))
    store.answers.set()
    status, said = await again
    assert (status, said["name"], said["seat"]) == (201, "ann", 0)
    assert await names(table, room) == ["ann"]


async def test_the_first_one_alone_is_charged_and_answered_after_the_room_is_full(
    table: Table, room: str
) -> None:
    first = await ask(table, room)
    for _ in range(3):
        await table.join(room)
    assert (await ask(table, room, OTHER))[1]["code"] == "room_full"
    assert await ask(table, room) == first


async def test_what_was_refused_may_be_tried_again_with_its_key(table: Table, room: str) -> None:
    others = [await table.join(room) for _ in range(4)]
    assert (await ask(table, room))[1]["code"] == "room_full"
    await leave(table, others[0])
    assert (await ask(table, room))[0] == 201


class Failing(Held):
    async def put_session(self, session: Any) -> None:
        if self.fails:
            raise StoreFailedError("locked")
        await super().put_session(session)


async def test_a_store_that_fails_refuses_all_who_wait_and_the_key_stays_good() -> None:
    store = Failing()
    async with served(config(), stores=replace(open_stores(config()), sessions=store)) as table:
        room = (await table.create())["id"]
        store.fails = True
        both = await asyncio.gather(ask(table, room), ask(table, room))
        assert [status for status, _ in both] == [503, 503]
        store.fails = False
        await table.lobby.check()
        assert (await ask(table, room))[0] == 201
        assert await names(table, room) == ["ann"]


async def leave(table: Table, person: Person) -> None:
    bearer = {"Authorization": f"Bearer {person.token}"}
    path = f"/rooms/{person.room}/players/me"
    assert (await table.client.delete(path, headers=bearer)).status == 204


@pytest.mark.parametrize("spectate", [False, True])
async def test_an_attempt_does_not_undo_a_leave(table: Table, room: str, spectate: bool) -> None:
    _, said = await ask(table, room, spectate=spectate)
    await leave(table, Person(table, room, **said))
    status, refused = await ask(table, room, spectate=spectate)
    assert (status, refused["code"]) == (409, "attempt_over")
    assert not await is_member(table, room, said["token"])
    assert await names(table, room) == []
    assert (await ask(table, room, OTHER))[0] == 201


@pytest.mark.parametrize(
    "other", [{"name": "bob"}, {"spectate": True}, {"team": "red"}], ids=lambda one: next(iter(one))
)
async def test_a_key_belongs_to_one_wish(table: Table, room: str, other: dict[str, Any]) -> None:
    await ask(table, room)
    status, said = await ask(table, room, **other)
    assert (status, said["code"]) == (409, "key_reused")
    assert "token" not in said
    assert KEY not in str(said)


async def test_a_key_is_good_for_one_room(table: Table, room: str) -> None:
    other = (await table.create())["id"]
    first, second = await ask(table, room), await ask(table, other)
    assert first[1]["user"] != second[1]["user"]


async def test_a_browser_gets_its_cookie_again(table: Table, room: str) -> None:
    """The first answer was lost, and its cookie with it."""
    wish = {"name": "ann", "idempotency_key": KEY}
    cookies = []
    for _ in range(2):
        table.client.session.cookie_jar.clear()
        headers = {"Origin": table.origin}
        response = await table.client.post(f"/rooms/{room}/players", json=wish, headers=headers)
        assert response.status == 201
        assert "token" not in await response.json()
        cookies.append(response.cookies["gameroom_0"].value)
    assert cookies[0] == cookies[1]
    assert await names(table, room) == ["ann"]


async def test_from_another_address_the_key_is_as_good_and_costs_no_join() -> None:
    """A telephone changes networks between the request and its repetition."""
    behind = config(proxies=("127.0.0.1",), limits=limits(joins_per_minute=1, joins_burst=1))
    async with served(behind) as table:
        room = (await table.create())["id"]

        async def join(address: str, key: str) -> tuple[int, Any]:
            wish = {"name": "ann", "idempotency_key": key}
            headers = {"X-Forwarded-For": address}
            path = f"/rooms/{room}/players"
            response = await table.client.post(path, json=wish, headers=headers)
            return response.status, await response.json()

        first = await join("10.0.0.1", KEY)
        assert first[0] == 201
        assert await join("10.0.0.2", KEY) == first
        assert (await join("10.0.0.2", OTHER))[0] == 201, "the repetition was not charged"
        assert (await join("10.0.0.2", OTHER))[0] == 201
        assert await names(table, room) == ["ann", "ann (2)"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a" * 21,
        "a" * 129,
        "a" * 21 + " ",
        "a" * 22 + "\n",
        "ä" * 22,
        "a" * 21 + "\ud800",
        7,
        [],
    ],
)
async def test_a_key_has_a_length_and_an_alphabet(table: Table, room: str, key: Any) -> None:
    status, said = await ask(table, room, key)
    assert status in (400, 422)
    assert not isinstance(key, str) or len(key) < 2 or key not in str(said)
    assert await names(table, room) == []


async def test_the_oldest_attempts_are_forgotten() -> None:
    """Then the same request is a new one, as without a key."""
    async with served(config(limits=limits(join_attempts_max=2))) as table:
        room = (await table.create())["id"]
        keys = [f"attempt-number-{number:08d}" for number in range(3)]
        said = [await ask(table, room, key) for key in keys]
        assert await ask(table, room, keys[2]) == said[2]
        assert await ask(table, room, keys[1]) == said[1]
        again = await ask(table, room, keys[0])
        assert again[0] == 201
        assert again[1]["user"] != said[0][1]["user"]


class Clock:
    """As much of a loop as attempts need, with a time that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def create_task(self, take: Any) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(take)


async def test_an_attempt_is_forgotten_after_its_time_but_not_while_it_waits() -> None:
    clock, stored = Clock(), asyncio.Event()
    attempts = Attempts(limits(join_attempts_kept_ms=2000), loop=cast(Any, clock))

    async def take() -> bodies.PlaceBody:
        await stored.wait()
        return bodies.PlaceBody("user", "ann", 0, spectator=False, token="token")

    wish = bodies.JoinBody(name="ann", idempotency_key=KEY)
    taking = attempts.begin("room", wish, take())
    clock.now = 2.0
    assert attempts.find("room", wish) is taking, "a store may be slow"
    stored.set()
    await taking
    clock.now = 1.999
    assert attempts.find("room", wish) is taking
    clock.now = 2.0
    assert attempts.find("room", wish) is None


async def test_after_a_restart_the_attempt_is_a_new_join(tmp_path: Any) -> None:
    kept = config(data=tmp_path)
    async with served(kept) as table:
        room = (await table.create())["id"]
        _, first = await ask(table, room)
    async with served(kept) as table:
        status, again = await ask(table, room)
        assert status == 201
        assert again["user"] != first["user"]
        assert await is_member(table, room, first["token"])
        assert await is_member(table, room, again["token"])


async def test_keys_are_watched_for_in_logs(table: Table, room: str) -> None:
    await ask(table, room)
    assert KEY in leaks.WATCH.secrets


async def test_a_server_that_stops_waits_for_no_join(held: tuple[Table, str, Held]) -> None:
    table, room, store = held
    both = [asyncio.create_task(ask(table, room)) for _ in range(2)]
    await asyncio.wait_for(store.asked.wait(), PATIENCE_S)
    await asyncio.wait_for(table.lobby.settle(), PATIENCE_S)
    said = await asyncio.gather(*both, return_exceptions=True)
    assert all(isinstance(one, Exception) for one in said), said
