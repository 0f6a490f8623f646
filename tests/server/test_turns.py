"""The running game over real sockets: turns, refusals, divergence, late comers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from aiohttp import ClientWebSocketResponse
from yarl import URL

from gameroom.wire import MSGPACK
from tests.patience import PATIENCE_S
from tests.server.table import ENGINE, ROOM, Line, Person, Table, config, limits, playing, served


@pytest.fixture(params=[True, False], ids=["at parse time", "async for"])
async def table(request: pytest.FixtureRequest):
    async with served(config(fast=request.param)) as running:
        yield running


async def duel(table: Table) -> tuple[Person, Line, Person, Line]:
    """Ann and bob, both in the running room."""
    made = await table.create()
    ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
    lines = await ann.connect(), await bob.connect()
    await playing(*lines)
    return ann, lines[0], bob, lines[1]


async def packet(line: Line, generation: int, *commands: object, **more: object) -> None:
    """One part of a generation, without an id: answered only when refused."""
    body = {"generation": generation, "commands": list(commands), **more}
    await line.send(method="PUT", path=f"/turns/{generation}", body=body)


def move(x: int) -> dict[str, object]:
    return {"name": "move", "body": {"x": x}}


async def test_the_commands_of_all_come_to_all_in_seat_order(table: Table) -> None:
    _, ann, _, bob = await duel(table)
    await packet(bob, 1, move(2))
    await packet(ann, 1, move(1), move(3))
    for line in (ann, bob):
        turn = await line.until("turn")
        assert turn["path"] == "/turns/1"
        body = turn["body"]
        assert body["generation"] == 1
        assert body["iterations_per_command"] >= 1
        assert body["commands"] == [
            {"seat": 0, "commands": [move(1), move(3)]},
            {"seat": 1, "commands": [move(2)]},
        ]


async def test_nothing_is_told_of_an_open_turn(table: Table) -> None:
    _, ann, _, bob = await duel(table)
    await packet(ann, 1, move(1))
    await bob.ask("GET", "/time")
    assert not [event for event in bob.events if event["event"] == "turn"]


async def test_turns_follow_each_other_and_checksums_agree(table: Table) -> None:
    _, ann, _, bob = await duel(table)
    agreed = []
    for generation in range(1, 12):
        checksum = {"generation": generation - 1, "value": 42} if generation > 1 else None
        for line in (ann, bob):
            await packet(line, generation, checksum=checksum, latency=20, framerate=60)
        for line in (ann, bob):
            turn = (await line.until("turn"))["body"]
            assert turn["generation"] == generation
        if turn["checksum"]:
            agreed.append(turn["checksum"])
    assert agreed[-1]["value"] == 42
    tail = (await ann.ask("GET", "/turns?from=3"))["body"]
    assert [turn["generation"] for turn in tail["turns"]] == list(range(3, 12))
    assert tail["next"] is None


async def test_a_refused_command_does_not_spoil_its_packet(table: Table) -> None:
    _, ann, _, bob = await duel(table)
    shout = {"name": "shout", "body": {"text": "hey"}}
    await packet(ann, 1, move(1), {"name": "fly", "body": {}}, move(99), shout, move(2))
    await packet(bob, 1)
    turn = (await bob.until("turn"))["body"]
    assert turn["commands"] == [{"seat": 0, "commands": [move(1), move(2)]}]
    refused = {}
    for _ in range(3):
        event = await ann.until("rejected", generation=1)
        assert "seq" not in event
        refused[event["body"]["index"]] = event["body"]["problem"]
    assert sorted(refused) == [1, 2, 3]
    assert refused[1]["code"] == "bad_command"
    assert "0..9" in refused[2]["detail"]
    assert refused[3]["status"] == 409
    assert refused[3]["state"] == "running.iterating.day"
    assert "move" in refused[3]["allowed"]


async def test_a_packet_counts_once(table: Table) -> None:
    _, ann, _, bob = await duel(table)
    path = "/turns/1"
    assert (await ann.ask("PUT", path, {"commands": [move(1)]}))["status"] == 202
    assert (await ann.ask("PUT", path, {"commands": [move(5)]}))["status"] == 200
    await packet(bob, 1)
    turn = (await bob.until("turn"))["body"]
    assert turn["commands"] == [{"seat": 0, "commands": [move(1)]}]


async def test_too_early_a_packet_is_refused_to_its_sender_alone(table: Table) -> None:
    _, ann, _, bob = await duel(table)
    await packet(ann, 100)
    rejected = (await ann.until("rejected"))["body"]
    assert (rejected["generation"], rejected["index"]) == (100, None)
    assert rejected["problem"]["code"] == "too_early"
    await bob.ask("GET", "/time")
    assert not [event for event in bob.events if event["event"] == "rejected"]


@pytest.mark.parametrize(
    "body",
    [
        {"generation": 2},
        {"seat": 1},
        {"user": "bob"},
        {"commands": "move"},
        {"latency": -1},
        {"checksum": {"generation": 0, "value": 2**32}},
    ],
)
async def test_what_no_packet_can_say(table: Table, body: dict[str, object]) -> None:
    _, ann, _, _ = await duel(table)
    refused = await ann.ask("PUT", "/turns/1", body)
    assert refused["status"] == 400
    assert refused["body"]["code"] == "bad_frame"


async def test_generation_0_is_refused_on_every_way_and_the_game_goes_on(table: Table) -> None:
    ann, of_ann, bob, _ = await duel(table)
    assert (await of_ann.ask("PUT", "/turns/0", {"commands": []}))["status"] == 400
    await packet(of_ann, 0)
    assert (await of_ann.receive())["status"] == 400
    url, headers = f"/rooms/{ann.room}/turns/0", {"Authorization": f"Bearer {ann.token}"}
    response = await table.client.put(url, json={"commands": []}, headers=headers)
    problem = await table.problem(response, 400)
    assert problem["detail"] == "A generation must be a whole number from 1 to 2^53 - 1."
    ws = await bob.socket(protocols=(MSGPACK,))
    hello = {"id": 1, "method": "PUT", "path": "/session", "body": {"token": bob.token, "seq": 0}}
    await ws.send_bytes(msgspec.msgpack.encode(hello))
    await ws.send_bytes(msgspec.msgpack.encode([0, [], 0, 0, 0, 0]))
    while True:
        got = msgspec.msgpack.decode(await ws.receive_bytes(timeout=PATIENCE_S))
        if isinstance(got, dict) and got.get("event") == "rejected":
            break
    assert (got["body"]["generation"], got["body"]["problem"]["status"]) == (0, 400)
    await ws.send_bytes(msgspec.msgpack.encode([1, [[0, 4]], 0, 0, 0, 0]))
    await packet(of_ann, 1)
    assert (await of_ann.until("turn"))["body"]["generation"] == 1
    await ws.close()


async def test_diverging_checksums_halt_the_room_and_name_the_players(table: Table) -> None:
    _, ann, _, bob = await duel(table)
    for line in (ann, bob):
        await packet(line, 1)
    for line in (ann, bob):
        await line.until("turn", generation=1)
    await packet(ann, 2, checksum={"generation": 1, "value": 1})
    await packet(bob, 2, checksum={"generation": 1, "value": 2})
    diverged = await ann.until("diverged")
    assert diverged["path"] == "/turns/1/checksum"
    assert diverged["body"]["values"] == {"0": 1, "1": 2}
    ann._read = 0
    await ann.state("running.paused.diverged")


async def test_who_comes_late_watches_and_gets_all_turns(table: Table) -> None:
    ann, line, _, other = await duel(table)
    for generation in (1, 2, 3):
        for one in (line, other):
            await packet(one, generation, move(generation))
        await line.until("turn", generation=generation)
    late = await table.join(ann.room, "cas")
    assert late.spectator
    watching = await late.connect()
    for generation in (1, 2, 3):
        turn = await watching.until("turn")
        assert turn["body"]["generation"] == generation
    refused = await watching.ask("PUT", "/turns/4", {})
    assert (refused["status"], refused["body"]["code"]) == (403, "not_a_player")


async def test_a_seat_returns_mid_game_with_no_command_lost_or_doubled(table: Table) -> None:
    person, ann, _, bob = await duel(table)
    for line in (ann, bob):
        await packet(line, 1, move(1))
    await ann.until("turn", generation=1)
    await packet(ann, 2, move(2))
    await ann.ask("GET", "/time")
    seen = ann.seqs[-1]
    ann.ws._response.connection.transport.abort()
    while True:
        roster = (await bob.until("roster"))["body"]
        if not roster["seats"][0]["connected"]:
            break
    back = await person.connect(seq=seen)
    assert back.hello["body"]["heard"] == 2
    await packet(back, 2, move(9))
    await packet(back, 3, move(3))
    for generation in (2, 3):
        await packet(bob, generation)
    found = [(await bob.until("turn", generation=g))["body"]["commands"] for g in (2, 3)]
    assert found == [[{"seat": 0, "commands": [move(2)]}], [{"seat": 0, "commands": [move(3)]}]]
    await back.until("turn", generation=3)
    assert back.seqs == list(range(seen + 1, back.seqs[-1] + 1))


async def test_a_request_moves_the_chart_and_an_ended_room_closes_its_sockets(
    table: Table,
) -> None:
    _, ann, _, bob = await duel(table)
    refused = await ann.ask("POST", "/requests/surrender", {"because": "tired"})
    assert (refused["status"], refused["body"]["code"]) == (422, "bad_body")
    assert (await ann.ask("POST", "/requests/surrender"))["status"] == 202
    for line in (ann, bob):
        await packet(line, 1)
    for line in (ann, bob):
        assert await line.closed() == (4102, "the room has ended")
        ended = line.events[-1]
        assert (ended["event"], ended["path"]) == ("ended", "/")
        assert ended["body"]["because"] == "somebody gave up"


async def test_an_ended_room_is_let_go_of(table: Table) -> None:
    person, ann, _, bob = await duel(table)
    assert (await ann.ask("POST", "/requests/surrender"))["status"] == 202
    for line in (ann, bob):
        await packet(line, 1)
    await bob.closed()
    status = await (await table.client.get(f"/rooms/{person.room}")).json()
    assert status["states"] == ["ended"]
    table.lobby.rooms.end(person.room)
    await table.problem(await table.client.get(f"/rooms/{person.room}"), 404)
    assert await table.stores.sessions.rooms() == ()


async def test_the_same_routes_over_http(table: Table) -> None:
    person, ann, _, bob = await duel(table)
    bearer = {"Authorization": f"Bearer {person.token}"}
    base = f"/rooms/{person.room}"
    put = await table.client.put(f"{base}/turns/1", json={"commands": [move(4)]}, headers=bearer)
    assert put.status == 202
    await packet(bob, 1)
    assert (await ann.until("turn"))["body"]["commands"] == [{"seat": 0, "commands": [move(4)]}]
    for path in ("/setup", "/players", "/chart", "/turns?from=1", "/players/me"):
        by_http = await table.client.get(base + path, headers=bearer)
        by_socket = await ann.ask("GET", path)
        assert by_http.status == by_socket["status"] == 200
        assert await by_http.json() == by_socket["body"]
        await table.problem(await table.client.get(base + path), 401)
    refused = await table.client.put(f"{base}/setup/gold", json=500, headers=bearer)
    by_socket = await ann.ask("PUT", "/setup/gold", 500)
    assert await table.problem(refused, by_socket["status"]) == by_socket["body"]


@pytest.mark.parametrize("query", ["", "-1", "1&from=x", "x&from=1"])
async def test_a_query_means_the_same_over_both_carriers(table: Table, query: str) -> None:
    ann, line, _, _ = await duel(table)
    path = f"/turns?from={query}"
    told = await line.ask("GET", path)
    url = URL(f"/rooms/{ann.room}{path}", encoded=True)
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with table.client.get(url, headers=headers) as response:
        assert (response.status, await response.json()) == (told["status"], told["body"])


async def test_a_packet_has_the_size_that_the_room_says(table: Table) -> None:
    _, ann, _, _ = await duel(table)
    many = [{"name": "shout", "body": {"text": "x" * 200}}] * 80
    refused = await ann.ask("PUT", "/turns/1", {"commands": many})
    assert (refused["status"], refused["body"]["code"]) == (413, "packet_too_big")


async def arrays(ws: ClientWebSocketResponse[bool]) -> list[object]:
    """The next frame that is an array: a master packet."""
    while True:
        got = msgspec.msgpack.decode(await ws.receive_bytes())
        if isinstance(got, list):
            return got


async def test_msgpack_arrays_and_json_play_together(table: Table) -> None:
    made = await table.create()
    ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
    line = await ann.connect()
    ws = await bob.socket(protocols=(MSGPACK,))

    async def ask(id_: int, method: str, path: str, body: object = None) -> None:
        frame = {"id": id_, "method": method, "path": path, "body": body}
        await ws.send_bytes(msgspec.msgpack.encode(frame))
        while msgspec.msgpack.decode(await ws.receive_bytes()).get("id") != id_:
            pass

    await ask(1, "PUT", "/session", {"token": bob.token, "seq": 0})
    await line.ask("PUT", "/players/me/ready")
    await ask(2, "PUT", "/players/me/ready")
    await line.state("setup.starting")
    await line.ask("PUT", "/players/me/engine", {"loaded": True})
    await ask(3, "PUT", "/players/me/engine", {"loaded": True})
    await line.state("running.iterating.day")
    await ws.send_bytes(msgspec.msgpack.encode([1, [[0, 7]], 0, 0, 15, 60]))
    await packet(line, 1, move(1))
    seq, generation, *_ = got = await arrays(ws)
    assert generation == 1
    assert got[5] == [[0, [[0, 1]]], [1, [[0, 7]]]]
    turn = await line.until("turn")
    assert turn["seq"] == seq
    assert turn["body"]["commands"][1] == {"seat": 1, "commands": [move(7)]}


async def test_the_room_s_own_timers_ring(table: Table) -> None:
    """Bob is silent: nobody sends anything, and yet the room pauses; he speaks, it goes on."""
    quick = "policy lag { pause after = 250ms  drop after = 57s }\n  policy pace {"
    made = await table.create(room=ROOM.replace("policy pace {", quick), engine={"source": ENGINE})
    lines = [await (await table.join(made["id"], name)).connect() for name in ("ann", "bob")]
    await playing(*lines)
    ann, bob = lines
    await packet(ann, 1)
    roster = await ann.until("roster")
    while not roster["body"]["seats"][1]["missing"]:
        roster = await ann.until("roster")
    ann._read = 0
    await ann.state("running.paused.lagging")
    await packet(bob, 1)
    await ann.until("turn", generation=1)


async def test_a_dead_peer_is_noticed() -> None:
    async with served(config(limits=limits(heartbeat_ms=60))) as table:
        made = await table.create()
        ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
        dead = await ann.socket(autoping=False)
        line = Line(dead)
        await line.ask("PUT", "/session", {"token": ann.token})
        watching = await bob.connect()
        while True:
            roster = (await watching.until("roster"))["body"]
            if not roster["seats"][0]["connected"]:
                break


class UvloopAtWorst:
    """As uvloop does with what is due already: `call_at` gives the handle of `call_soon`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call_at(self, when: float, ring: Callable[[], None]) -> asyncio.Handle:
        return self._loop.call_soon(ring)


async def test_a_timer_that_is_due_when_it_is_set_rings_like_any_other(table: Table) -> None:
    ann, of_ann, _, of_bob = await duel(table)
    runner = table.lobby.rooms.running[ann.room]
    runner._timer._loop = UvloopAtWorst(asyncio.get_running_loop())
    for generation in range(1, 6):
        for line in (of_ann, of_bob):
            await packet(line, generation)
        await of_ann.until("turn", generation=generation)
    assert runner.stopped is None
