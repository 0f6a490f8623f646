"""The socket: hello, questions and answers, return, displacement, limits."""

from __future__ import annotations

import itertools
import json
import socket

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from gameroom.wire import CLOSINGS, JSON, MSGPACK
from tests.server.table import (
    ENGINE,
    PATIENCE_S,
    ROOM,
    Line,
    Table,
    config,
    limits,
    playing,
    served,
)

PATIENCE_MS = int(PATIENCE_S * 1000)


def setup(gold: int, notes: str = "") -> dict[str, object]:
    return {"map": "plains", "gold": gold, "notes": notes}


async def test_hello_says_who_you_are_and_then_comes_everything(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    line = await ann.connect()
    hello = line.hello["body"]
    assert (hello["user"], hello["name"], hello["seat"]) == (ann.user, "ann", 0)
    assert (hello["heard"], hello["generation"]) == (0, 0)
    await line.until("roster")
    assert {event["event"] for event in line.events[:2]} == {"setup", "chart"}
    assert line.seqs == list(range(1, len(line.seqs) + 1))


@pytest.mark.parametrize("protocols", [(), ("chat",), ("gameroom.v2.json",)])
async def test_an_unknown_subprotocol_is_refused_before_the_upgrade(
    table: Table, protocols: tuple[str, ...]
) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    with pytest.raises(WSServerHandshakeError) as refused:
        await ann.socket(protocols=protocols)
    assert refused.value.status == 400


async def test_the_first_known_subprotocol_is_taken(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    ws = await ann.socket(protocols=("chat", MSGPACK, JSON))
    assert ws.protocol == MSGPACK
    await ws.close()


async def test_nothing_is_compressed(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    ws = await ann.socket(compress=15)
    assert not ws.compress
    await ws.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_other_origins_get_no_socket(table: Table, origin: str) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    with pytest.raises(WSServerHandshakeError) as refused:
        await ann.socket(origin=origin)
    assert refused.value.status == 403


async def test_a_browser_needs_no_token_in_its_hello(table: Table) -> None:
    made = await table.create()
    path = f"/rooms/{made['id']}"
    headers = {"Origin": table.origin}
    await table.client.post(f"{path}/players", json={"name": "ann"}, headers=headers)
    ws = await table.client.ws_connect(f"{path}/socket", protocols=(JSON,), origin=table.origin)
    hello = await Line(ws).ask("PUT", "/session", {"seq": 0})
    assert hello["body"]["name"] == "ann"


async def test_before_the_hello_nothing_is_answered(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    line = Line(await ann.socket())
    for method, path in (("GET", "/setup"), ("PUT", "/players/me/ready")):
        refused = await line.ask(method, path)
        assert (refused["status"], refused["body"]["code"]) == (401, "hello_first")
    await line.send(method="PUT", path="/turns/1", body={"generation": 1})
    assert (await line.receive())["body"]["problem"]["status"] == 401
    assert not line.events, "and nothing is told"
    assert (await line.ask("PUT", "/session", {"token": ann.token}))["status"] == 200


async def test_no_room_no_seat_and_a_wrong_token_look_the_same(table: Table) -> None:
    made, other = await table.create(), await table.create()
    ann = await table.join(made["id"], "ann")
    said = []
    for room, token in (
        ("none", ann.token),
        (other["id"], ann.token),
        (made["id"], "a" * 43),
        (made["id"], ""),
    ):
        ws = await table.client.ws_connect(f"/rooms/{room}/socket", protocols=(JSON,))
        line = Line(ws)
        said.append(await line.ask("PUT", "/session", {"token": token, "seq": 0}))
        assert await line.closed() == (4103, "there is no such session")
    assert said[0]["status"] == 401
    assert all(one == said[0] for one in said)


async def test_no_hello_in_time() -> None:
    async with served(config(limits=limits(hello_timeout_ms=50))) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        line = Line(await ann.socket())
        assert (await line.closed())[0] == 4000
        again = await ann.connect()
        assert (await again.ask("GET", "/time"))["status"] == 200


async def test_a_first_frame_is_small(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    line = Line(await ann.socket())
    await line.send(id=1, method="PUT", path="/session", body={"token": "x" * 5000})
    assert (await line.closed())[0] == 1009


async def test_a_frame_has_a_limit(table: Table) -> None:
    made = await table.create()
    line = await (await table.join(made["id"], "ann")).connect()
    await line.ws.send_str(json.dumps({"id": 1, "method": "POST", "path": "/chat" + " " * 70_000}))
    assert (await line.closed())[0] == 1009


async def test_bytes_where_text_is_spoken(table: Table) -> None:
    made = await table.create()
    line = await (await table.join(made["id"], "ann")).connect()
    await line.ws.send_bytes(b"{}")
    assert (await line.closed())[0] == 1003


async def test_questions_are_answered_in_order(table: Table) -> None:
    made = await table.create()
    line = await (await table.join(made["id"], "ann")).connect()
    asked = [
        ("GET", "/setup", 200),
        ("GET", "/players", 200),
        ("GET", "/players/me", 200),
        ("GET", "/chart", 200),
        ("GET", "/time", 200),
        ("GET", "/turns?from=1", 200),
        ("GET", "/nothing", 404),
        ("DELETE", "/setup", 405),
        ("PUT", "/session", 409),
        ("GET", "/turns?from=x", 400),
        ("POST", "/requests/fly", 404),
    ]
    for id_, (method, path, _) in enumerate(asked, 100):
        await line.send(id=id_, method=method, path=path)
    got = []
    while len(got) < len(asked):
        frame = await line.receive()
        if "id" in frame:
            got.append((frame["id"] - 100, frame["status"]))
    assert got == [(index, status) for index, (_, _, status) in enumerate(asked)]


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", '{"id": 1}', '{"id": 1, "method": "BREW", "path": "/"}',
     '{"id": 1, "method": "GET", "path": "setup"}', '{"id": 1.5, "method": "GET", "path": "/"}',
     '{"id": 1, "id": 2, "method": "GET", "path": "/"}', "[" * 5000],
)  # fmt: skip
async def test_nonsense_is_refused_and_the_socket_goes_on(table: Table, text: str) -> None:
    made = await table.create()
    line = await (await table.join(made["id"], "ann")).connect()
    await line.until("roster")
    await line.ws.send_str(text)
    while "status" not in (got := await line.receive()):
        pass
    assert got["status"] == 400
    assert (await line.ask("GET", "/time"))["status"] == 200


async def test_without_an_id_only_a_refusal_is_answered(table: Table) -> None:
    made = await table.create()
    line = await (await table.join(made["id"], "ann")).connect()
    await line.send(method="PUT", path="/setup/gold", body=400)
    await line.until("setup", settings=setup(400))
    await line.send(method="PUT", path="/setup/gold", body=4)
    while "status" not in (got := await line.receive()):
        pass
    assert got["status"] == 422
    assert "id" not in got


async def test_a_second_connection_takes_the_seat_and_the_first_counts_no_more(
    table: Table,
) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    first = await ann.connect()
    second = await ann.connect()
    await first.send(id=9, method="PUT", path="/setup/gold", body=999)
    code, reason = await first.closed()
    assert (code, reason) == (4001, "another connection took this seat")
    assert CLOSINGS[4001].again == "by hand"
    setup = await second.ask("GET", "/setup")
    assert setup["body"]["settings"]["gold"] == 300, "a displaced socket says nothing"
    roster = (await second.ask("GET", "/players"))["body"]
    assert roster["seats"][0]["connected"], "the seat was never empty"


async def test_whoever_comes_back_gets_what_was_missed_once_and_in_order(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    bob = await table.join(made["id"], "bob")
    away, here = await ann.connect(), await bob.connect()
    await away.until("roster")
    seen = away.seqs[-1]
    await away.ws.close()
    for gold in range(400, 410):
        await here.ask("PUT", "/setup/gold", gold)
    back = await ann.connect(seq=seen)
    await back.ask("PUT", "/setup/gold", 777)
    await back.until("setup", settings=setup(777))
    assert back.seqs == list(range(seen + 1, back.seqs[-1] + 1))
    golds = [e["body"]["settings"]["gold"] for e in back.events if e.get("event") == "setup"]
    assert golds[-11:] == [*range(400, 410), 777]


async def test_a_seq_that_is_ahead_of_the_room_is_told_so(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    line = Line(await ann.socket())
    refused = await line.ask("PUT", "/session", {"token": ann.token, "seq": 1000})
    assert (refused["status"], refused["body"]["code"]) == (409, "seq_ahead")
    assert (await line.ask("PUT", "/session", {"token": ann.token}))["status"] == 200


async def test_a_lost_socket_is_seen_by_the_others(table: Table) -> None:
    made = await table.create()
    ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
    line, other = await ann.connect(), await bob.connect()
    await other.ask("GET", "/players")
    other._read = len(other.events)
    line.ws._response.connection.transport.abort()
    while True:
        roster = (await other.until("roster"))["body"]
        if not roster["seats"][0]["connected"]:
            break


async def test_leaving_closes_with_its_code(table: Table) -> None:
    made = await table.create()
    line = await (await table.join(made["id"], "ann")).connect()
    assert (await line.ask("DELETE", "/players/me"))["status"] == 204
    assert (await line.closed())[0] == 4100


async def test_too_many_frames_first_advice_then_the_close() -> None:
    few = limits(frames_per_second=10, frames_burst=10, refusals_burst=10)
    small = ROOM.replace("policy limits {", "policy limits { packet bytes = 2000 ")
    async with served(config(limits=few)) as table:
        made = await table.create(room=small, engine={"source": ENGINE})
        line = await (await table.join(made["id"], "ann")).connect()
        for id_ in range(200):
            await line.send(id=id_, method="GET", path="/time")
        assert (await line.closed())[0] == 4003
        statuses = [event["status"] for event in line.events if "status" in event]
        assert 200 in statuses
        refused = next(e for e in line.events if e.get("status") == 429)
        assert refused["body"]["retry_after_ms"] > 0
        assert statuses.count(429) <= 10


async def test_who_does_not_read_is_closed_and_the_room_goes_on() -> None:
    small = limits(
        write_buffer_bytes_max=200_000,
        close_timeout_ms=PATIENCE_MS,
        frames_per_second=100_000,
        frames_burst=100_000,
    )
    async with served(config(limits=small)) as table:
        made = await table.create()
        ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
        deaf, here = await ann.connect(), await bob.connect()
        runner = table.lobby.rooms.running[made["id"]]
        transport = deaf.ws._response.connection.transport
        # The system's own buffers hold megabytes unless they are told not to.
        ours = runner.lines[ann.user]._transport.get_extra_info("socket")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        transport.pause_reading()
        for letter in itertools.cycle("yx"):
            await here.ask("PUT", "/setup/notes", letter * 2500)
            if ann.user not in runner.lines and letter == "x":
                break
        assert (await here.ask("GET", "/time"))["status"] == 200
        transport.resume_reading()
        assert (await deaf.closed())[0] == 4002
        back = await ann.connect(seq=deaf.seqs[-1])
        await here.ask("PUT", "/setup/gold", 555)
        await back.until("setup", settings=setup(555, "x" * 2500))
        seqs = deaf.seqs + back.seqs
        assert seqs == list(range(1, seqs[-1] + 1))


async def test_a_tail_longer_than_memory_comes_from_the_journal() -> None:
    small = limits(tail_bytes_max=2000, write_buffer_bytes_max=40_000, frames_burst=100_000,
                   frames_per_second=100_000)  # fmt: skip
    async with served(config(limits=small)) as table:
        made = await table.create()
        ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
        here = await ann.connect()
        for count in range(120):
            await here.ask("PUT", "/setup/gold", 100 + count)
        late = await bob.connect()
        for count in range(20):
            await here.ask("PUT", "/setup/gold", 500 + count)
        await late.until("setup", settings=setup(519))
        assert late.seqs == list(range(1, late.seqs[-1] + 1))


async def test_msgpack_packets_and_json_ones_play_together(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    line = await ann.connect()
    ws = await ann.table.client.ws_connect(f"/rooms/{made['id']}/socket", protocols=(MSGPACK,))
    await ws.send_str("text")
    message = await ws.receive()
    assert message.type is WSMsgType.CLOSE
    assert message.data == 1003
    await playing(line)
