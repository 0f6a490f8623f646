"""Whoever makes a request pays for it, over real sockets: structure and refusals.

How late turns are while somebody attacks the server is measured by `make lateness`.
"""

from __future__ import annotations

import asyncio
import sys

import msgspec
import pytest

from gameroom import roomfile
from gameroom.server.config import Limits
from gameroom.wire import JSON, MSGPACK, BadFrameError, Codec
from tests.patience import PATIENCE_S
from tests.server.table import (
    ENGINE,
    KEYED,
    ROOM,
    Line,
    Person,
    Table,
    config,
    limits,
    playing,
    served,
)
from tests.server.test_turns import duel, packet

MAX = Limits()

POOR = limits(session_ms_per_second=1, session_burst_ms=50)
"""Enough for some hundred answers, and then for one in a while."""


async def refusal(line: Line) -> tuple[int, dict[str, object]]:
    """Ask until it is too much: how many were granted, and the refusal."""
    for granted in range(1000):
        answer = await line.ask("GET", "/players")
        if answer["status"] != 200:
            return granted, answer
    raise AssertionError("a thousand answers for nothing")


async def test_a_session_pays_once_for_all_its_sockets_and_requests() -> None:
    async with served(config(limits=POOR)) as table:
        ann, line, _, bob = await duel(table)
        granted, refused = await refusal(line)
        assert (refused["status"], refused["body"]["code"]) == (429, "too_often")
        assert refused["body"]["retry_after_ms"] > 0
        again, _ = await refusal(await ann.connect())
        assert again * 2 < granted, "a new socket brings no new allowance"
        bearer = {"Authorization": f"Bearer {ann.token}"}
        path = f"/rooms/{ann.room}/players"
        statuses = [(await table.client.get(path, headers=bearer)).status for _ in range(50)]
        assert 429 in statuses, "nor does HTTP"
        assert (await bob.ask("GET", "/time"))["status"] == 200, "others have theirs"


async def test_turns_are_heard_from_whoever_has_used_up_everything_else() -> None:
    async with served(config(limits=POOR)) as table:
        _, ann, _, bob = await duel(table)
        await refusal(ann)
        for generation in range(1, 20):
            for line in (ann, bob):
                await packet(line, generation)
            await ann.until("turn", generation=generation)
        assert not [event for event in ann.events if event["event"] == "rejected"]


async def test_long_frames_are_read_in_turn_and_what_follows_stays_behind_them() -> None:
    """Nobody's slice lasts for two of them, and the short ones are in no hurry."""
    async with served(config(limits=limits(slice_us=1))) as table:
        _, ann, _, bob = await duel(table)
        long = {"text": "x" * 5000}
        for id_ in range(100, 112):
            body = long if id_ % 3 else None
            await ann.send(id=id_, method="POST", path="/requests/none", body=body)
        await packet(ann, 1)
        await packet(bob, 1)
        await ann.until("turn", generation=1)
        await ann.ask("GET", "/time")
        answered = [event["id"] for event in ann.events if event.get("id", 0) >= 100]
        assert answered == list(range(100, 112))


async def test_a_long_frame_too_many_is_refused_by_its_id_and_not_read() -> None:
    """What it says is wrong too, which is told only of those that are read."""
    async with served(config(limits=limits(frames_per_second=1, frames_burst=1))) as table:
        _, line, _, _ = await duel(table)
        statuses = []
        for id_ in range(1000, 1060):
            await line.send(id=id_, method="NONE", path="/" + "x" * 19_000)
        while 429 not in statuses:
            got = await line.receive()
            if "status" in got:
                assert got["id"] == 1000 + len(statuses)
                statuses.append(got["status"])
        assert set(statuses[:-1]) == {400}


@pytest.mark.parametrize(("packet_bytes", "longest"), [(16_384, 20_480), (60_000, 65_536)])
async def test_a_request_is_as_long_as_the_packets_of_the_room_may_be(
    table: Table, packet_bytes: int, longest: int
) -> None:
    text = ROOM.replace("limits { ", f"limits {{ packet bytes = {packet_bytes}  ")
    made = await table.create(room=text, engine={"source": ENGINE})
    ann = await table.join(made["id"], "ann")
    frame = '{"id":1,"method":"POST","path":"/chat","body":"%s"}'
    line = await ann.connect()
    await line.ws.send_str(frame % ("x" * (longest - len(frame) + 2)))
    got = await line.receive()
    while "status" not in got:
        got = await line.receive()
    assert got["status"] == 422
    await line.ws.send_str(frame % ("x" * (longest - len(frame) + 3)))
    assert (await line.closed())[0] == 1009
    bearer = {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json"}
    for size, status in ((longest, 422), (longest + 1, 413)):
        data = b'"' + b"x" * (size - 2) + b'"'
        path = f"/rooms/{ann.room}/chat"
        response = await table.client.post(path, data=data, headers=bearer)
        await table.problem(response, status)


async def announced(
    table: Table, who: Person
) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """The answer to the head of a state of 4 MB, which nobody has asked for."""
    reader, writer = await asyncio.open_connection(table.client.host, table.client.port)
    table.kept.append(writer)
    writer.write(
        f"PUT /rooms/{who.room}/snapshots/6 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {who.token}\r\nContent-Type: application/json\r\n"
        "Content-Length: 4000000\r\n\r\n".encode()
    )
    return int((await reader.readline()).split()[1]), reader, writer


async def test_a_body_that_nobody_wants_is_refused_before_it_comes_and_read_slowly(
    table: Table,
) -> None:
    _, _, bob, _ = await duel(table)
    status, _, writer = await announced(table, bob)
    assert status == 409
    server = table.client.server.runner.server
    (lingering,) = (one for one in server.connections if one._skipped is not None)
    writer.write(b"1" * 10_000)
    async with asyncio.timeout(PATIENCE_S):
        while lingering.transport.is_reading():
            await asyncio.sleep(0)


async def test_a_body_that_nobody_wants_is_paid_for_as_if_it_had_come() -> None:
    async with served(config(limits=POOR)) as table:
        ann, _, bob, _ = await duel(table)
        statuses = [(await announced(table, bob))[0] for _ in range(13)]
        assert 429 in statuses
        assert (await announced(table, ann))[0] == 409, "others have theirs"


@pytest.mark.parametrize("codec", [JSON, MSGPACK])
def test_no_frame_takes_long_to_read(codec: str) -> None:
    """The shapes that cost the most: each is refused before, or is looked at in few steps."""
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    shapes: list[object] = [
        [1] * 60_000,
        [1, ""] * 30_000,
        [{"a": 1}] * 500 + [0, ""] * 30_000,
        [[]] * 30_000,
        {f"{i:x}": 1 for i in range(20_000)},
    ]
    chart, _ = roomfile.read("test.room", ROOM)
    reader = Codec(codec, chart.room)
    for body in shapes:
        frame = {"id": 7, "method": "PUT", "path": "/x", "body": body}
        encode = msgspec.json.encode if codec == JSON else msgspec.msgpack.encode
        data = encode(frame)
        sys.setprofile(count)
        try:
            with pytest.raises(BadFrameError, match=r"[Mm]ore than") as refused:
                reader.decode(data.decode() if codec == JSON else data)
        finally:
            sys.setprofile(None)
        assert refused.value.id == 7
    assert steps < 3000


async def test_the_tail_comes_in_pages() -> None:
    async with served(config(limits=limits(turns_per_answer_max=5))) as table:
        _, ann, _, bob = await duel(table)
        for generation in range(1, 13):
            for line in (ann, bob):
                await packet(line, generation)
            await ann.until("turn", generation=generation)
        first, seen = 1, []
        while first is not None:
            page = (await ann.ask("GET", f"/turns?from={first}"))["body"]
            seen.append([turn["generation"] for turn in page["turns"]])
            first = page["next"]
        assert seen == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12]]
        beyond = (await ann.ask("GET", "/turns?from=99"))["body"]
        assert beyond == {"turns": [], "next": None}


async def test_a_page_of_the_tail_has_so_many_bytes_and_one_turn_at_least() -> None:
    async with served(config(limits=limits(turns_bytes_max=1))) as table:
        _, ann, _, bob = await duel(table)
        for generation in (1, 2):
            for line in (ann, bob):
                await packet(line, generation)
            await ann.until("turn", generation=generation)
        page = (await ann.ask("GET", "/turns?from=1"))["body"]
        assert ([turn["generation"] for turn in page["turns"]], page["next"]) == ([1], 2)


async def test_the_tail_in_msgpack_is_the_arrays_of_the_events(table: Table) -> None:
    ann, line, _, bob = await duel(table)
    for of in (line, bob):
        await packet(of, 1)
    await line.until("turn")
    ws = await ann.socket(protocols=(MSGPACK,))
    for id_, method, path, body in (
        (1, "PUT", "/session", {"token": ann.token}),
        (2, "GET", "/turns?from=1", None),
    ):
        frame = {"id": id_, "method": method, "path": path, "body": body}
        await ws.send_bytes(msgspec.msgpack.encode(frame))
    events: list[object] = []
    answer = None
    while answer is None or not events:
        got = msgspec.msgpack.decode(await ws.receive_bytes())
        if isinstance(got, list):
            events.append(got)
        elif got.get("id") == 2:
            answer = got["body"]
    assert answer == {"turns": events, "next": None}


async def test_who_has_left_is_answered_no_more(table: Table) -> None:
    """The close comes with the open turn; bob holds it up."""
    made = await table.create(
        room=ROOM.replace("allow move from player", "allow move, leave from player"),
        engine={"source": ENGINE},
    )
    people = [await table.join(made["id"], name) for name in ("ann", "bob")]
    lines = [await person.connect() for person in people]
    await playing(*lines)
    left = await lines[0].ask("DELETE", "/players/me")
    assert left["status"] == 204
    told = await lines[0].ask("GET", "/turns?from=1")
    assert (told["status"], told["body"]["code"]) == (403, "not_in_the_room")


async def test_who_connects_again_and_again_waits_and_keeps_the_seat() -> None:
    async with served(config(limits=limits(connects_per_minute=600, connects_burst=3))) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        for _ in range(3):
            line = await ann.connect()
        seq = table.lobby.rooms.running[made["id"]].room.seq
        early = Line(await ann.socket())
        refused = await early.ask("PUT", "/session", {"token": ann.token})
        while refused["status"] == 200:  # the machine was slow
            early = Line(await ann.socket())
            refused = await early.ask("PUT", "/session", {"token": ann.token})
        assert refused["body"]["retry_after_ms"] <= 100
        assert (await early.closed())[0] == 1013, "come back later"
        assert table.lobby.rooms.running[made["id"]].room.seq == seq, "nobody is told"
        assert table.lobby.rooms.running[made["id"]].room.member(ann.user)
        await line.ws.close()


# -- places --------------------------------------------------------------------------------------


async def test_a_room_with_more_places_than_sockets_is_not_made() -> None:
    async with served(config(limits=limits(places_per_room_max=10))) as table:
        text = ROOM.replace("spectators 0..2", "spectators 0..9")
        wish = {"room": text, "engine": {"source": ENGINE}}
        response = await table.client.post("/create", json=wish, headers=KEYED)
        problem = await table.problem(response, 422)
        assert problem["code"] == "too_many_places"
        assert all(number in problem["detail"] for number in ("2 players", "9 spectators", "10"))
        await table.create(
            room=ROOM.replace("spectators 0..2", "spectators 0..8"), engine={"source": ENGINE}
        )


async def test_watchers_never_take_a_player_s_way_back() -> None:
    """As many watch as may: whoever drops comes back, and one more watcher is refused."""
    async with served(config(limits=limits(places_per_room_max=4))) as table:
        made = await table.create()
        people = [await table.join(made["id"], name) for name in ("ann", "bob")]
        watchers = [await table.join(made["id"], spectate=True) for _ in range(2)]
        lines = [await person.connect() for person in (*people, *watchers)]
        refused = await table.client.post(f"/rooms/{made['id']}/players", json={"spectate": True})
        assert (await table.problem(refused, 409))["code"] == "room_full"
        await lines[0].ws.close()
        back = await people[0].connect()
        assert (await back.ask("GET", "/time"))["status"] == 200


async def test_a_hundred_join_and_open_the_page_with_the_limits_as_they_are() -> None:
    async with served(config(limits=Limits())) as table:
        text = ROOM.replace("spectators 0..2", "spectators 0..1000")
        made = await table.create(room=text, engine={"source": ENGINE})

        async def come() -> tuple[int, ...]:
            page = await table.client.get(made["join"], headers={"Accept": "text/html"})
            code = await table.client.get(f"/engines/{made['engine']}")
            place = await table.client.post(f"/rooms/{made['id']}/players", json={})
            return page.status, code.status, place.status

        assert set(await asyncio.gather(*(come() for _ in range(100)))) == {(200, 200, 201)}
