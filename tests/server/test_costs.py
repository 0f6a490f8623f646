"""What a request costs is paid by whoever asks, and never by the others: structure and refusals.

How late turns really are while somebody attacks is measured by `make lateness`.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.language import Source, load
from gameroom.resources import shipped_room
from gameroom.server.allowances import HTTP_US, Allowances, packets_per_second
from gameroom.server.auth import network
from gameroom.server.config import Limits
from gameroom.server.host.deadlines import Deadlines
from gameroom.server.host.rounds import PATIENCE_S as ANSWER_PATIENCE_S
from gameroom.server.host.rounds import STAND_BACK_S, BusyError, Rounds
from gameroom.server.rates import Bucket, Rates
from gameroom.server.socket.pieces import Pieces
from gameroom.server.socket.websocket import BINARY, CLOSE, PING, PONG, TEXT, Parser
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
from tests.server.test_websocket import masked

MAX = Limits()


def read(text: str):
    """A room file as the server reads it."""

    def resolve(name: str) -> Source | None:
        found = shipped_room(name)
        return None if found is None else Source(*found)

    file = load(text, name="test.room", resolve=resolve).room
    assert file is not None
    return file


class Ticking:
    """An event loop of which each `round` is one call here."""

    def __init__(self) -> None:
        self.now = 0.0
        self._ready: deque[Callable[[], object]] = deque()
        self.later: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, call: Callable[[], object]) -> None:
        self._ready.append(call)

    def call_later(self, delay_s: float, call: Callable[[], object]) -> None:
        self.later.append((delay_s, call))

    def ring(self) -> float:
        """The timer that was set last; how long it was for."""
        delay_s, call = self.later.pop()
        call()
        return delay_s

    def round(self) -> None:
        for _ in range(len(self._ready)):
            self._ready.popleft()()


# -- buckets -----------------------------------------------------------------------------------


def test_a_dear_thing_takes_its_cost() -> None:
    bucket = Bucket(per_minute=60, burst=10)
    assert bucket.take(0, 10) == 0
    assert bucket.take(0, 4) == 4000
    assert bucket.take(4000, 4) == 0


def test_what_is_dearer_than_the_bucket_is_granted_when_it_is_full_and_paid_off() -> None:
    bucket = Bucket(per_minute=60, burst=10)
    assert bucket.take(0, 30) == 0
    assert bucket.take(20_000, 1) == 1000
    assert bucket.take(21_000, 1) == 0


def test_a_cost_that_is_known_afterwards_leaves_a_debt() -> None:
    bucket = Bucket(per_minute=60, burst=10)
    assert bucket.wait(0) == 0
    bucket.charge(0, 13)
    assert bucket.wait(0) == 3000
    assert bucket.wait(2999) == 1
    assert bucket.wait(3000) == 0


# -- who pays ----------------------------------------------------------------------------------


def test_a_session_has_one_allowance_however_it_comes() -> None:
    allowances = Allowances(MAX)
    file = read(ROOM)
    assert allowances.of_session("r", "ann", file) is allowances.of_session("r", "ann", file)
    assert allowances.of_session("r", "ann", file) is not allowances.of_session("r", "bob", file)
    assert allowances.of_session("r", "ann", file) is not allowances.of_address("ann")


def test_an_honest_player_is_never_refused() -> None:
    """Ten turns a second, each packet as large as the room allows, and a burst after a pause."""
    file = read(ROOM.replace("turn = 20ms..40ms", "turn = 100ms..100ms"))
    frames = Allowances(MAX).of_session("r", "ann", file).frames
    largest = 1 + 16_384 // 1024
    assert packets_per_second(file) >= 10 * largest
    waits = [frames.take(100 * turn, largest) for turn in range(6000)]
    waits += [frames.take(600_000, 1) for _ in range(400)]
    assert set(waits) == {0}


def test_a_hundred_behind_one_address_come_within_three_seconds() -> None:
    """Each opens the page and its files, looks at the room, and takes a place."""
    allowance = Allowances(MAX).of_address("192.0.2.1")
    joins = Rates(MAX.joins_per_minute, MAX.joins_burst, MAX.addresses_max)
    refused = 0
    for request in range(100 * 20):
        now = request * 3000 // 2000
        refused += allowance.work_us.wait(now) > 0
        allowance.work_us.charge(now, HTTP_US + 200)
        if request % 20 == 19:
            refused += joins.take("192.0.2.1", now) > 0
    assert refused == 0
    hour = sum(joins.take("192.0.2.1", now) == 0 for now in range(3000, 3_603_000, 100))
    assert hour <= MAX.joins_per_minute * 60 + MAX.joins_burst, "and then joins have a rate"


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("anything else", "anything else"),
    ],
)
def test_an_address_of_ipv6_is_its_network(said: str, counted: str) -> None:
    assert network(said) == counted


# -- rounds ------------------------------------------------------------------------------------


class Answers:
    """Answers that take a while by a clock of their own, and which were given in which round."""

    def __init__(self, cost_us: int, **limits: int) -> None:
        self.loop = Ticking()
        self.deadlines = Deadlines()
        self.now_us = 0
        self.cost_us = cost_us
        self.given: list[list[str]] = [[]]
        self.dropped: list[str] = []
        self.rounds = Rounds(
            self.loop,
            **{"slice_us": 500, "waiting_max": 1000, "waiting_per_payer_max": 300, **limits},
            near=self.deadlines.near,
            clock_us=lambda: self.now_us,
        )

    def ask(self, payer: str) -> None:
        def job() -> None:
            self.now_us += self.cost_us
            self.given[-1].append(payer)

        self.rounds.run(payer, job, lambda: self.dropped.append(payer))

    def until_all(self, count: int) -> list[list[str]]:
        while sum(map(len, self.given)) < count:
            self.given.append([])
            self.loop.round()
        return self.given


def test_answers_share_a_slice_of_each_round() -> None:
    answers = Answers(cost_us=200)
    for _ in range(9):
        answers.ask("ann")
    assert [len(given) for given in answers.until_all(9)] == [3, 3, 3]


def test_one_long_answer_is_the_most_that_a_round_is_late_by() -> None:
    answers = Answers(cost_us=5000)
    for _ in range(3):
        answers.ask("ann")
    assert [len(given) for given in answers.until_all(3)] == [1, 1, 1]


def test_who_asks_much_waits_behind_who_asks_little() -> None:
    answers = Answers(cost_us=500)
    for _ in range(100):
        answers.ask("ann")
    answers.ask("bob")
    answers.ask("cas")
    given = list(itertools.chain(*answers.until_all(102)))
    assert given.index("bob") <= 3
    assert given.index("cas") <= 4


def test_what_an_answer_asks_for_waits_for_its_own_turn() -> None:
    answers = Answers(cost_us=10)

    def endless() -> None:
        answers.ask("ann")
        answers.rounds.run("bob", endless, lambda: None)

    answers.rounds.run("bob", endless, lambda: None)
    assert answers.given == [[]]
    for _ in range(3):
        answers.given.append([])
        answers.loop.round()
    assert [len(given) for given in answers.given] == [0, 50, 50, 50], "ten microseconds each"


def test_answers_stand_back_for_a_turn_that_is_about_to_be_closed() -> None:
    answers = Answers(cost_us=200)
    answers.deadlines.add(1.0)
    answers.loop.now = 0.9
    answers.ask("ann")
    assert answers.given == [["ann"]], "there is time enough"
    answers.loop.round()
    answers.loop.now = 0.999
    answers.ask("bob")
    answers.loop.round()
    assert answers.given == [["ann"]]
    answers.deadlines.remove(1.0)  # The turn is closed.
    answers.loop.ring()
    assert answers.given == [["ann", "bob"]]


def test_answers_do_not_stand_back_for_ever_where_a_turn_is_always_about_to_be_closed() -> None:
    answers = Answers(cost_us=200)
    for ms in range(1000):
        answers.deadlines.add(ms / 1000)
    for _ in range(10):
        answers.ask("ann")
    answers.loop.round()
    waited_s = 0.0
    while sum(map(len, answers.given)) < 10:
        if answers.loop.later:
            waited_s += answers.loop.later[-1][0]
            answers.loop.now = waited_s
            answers.loop.ring()
        else:
            answers.loop.round()
    assert waited_s <= 4 * (ANSWER_PATIENCE_S + STAND_BACK_S), "three answers in each slice"


def test_a_deadline_is_near_from_a_margin_before_until_it_is_removed() -> None:
    deadlines = Deadlines()
    for when in (1.0, 1.0, 3.0):
        deadlines.add(when)
    near = [at for at in range(900, 1100) if deadlines.near(at / 1000, 2)]
    assert near == list(range(998, 1006)), "and is forgotten where it is 5 ms late"
    deadlines.remove(1.0)
    assert deadlines.near(1.0, 2), "there are two of them"
    deadlines.remove(1.0)
    assert not deadlines.near(1.0, 2)
    assert deadlines.near(2.999, 2)


def test_only_so_many_answers_wait() -> None:
    answers = Answers(cost_us=500, waiting_max=5, waiting_per_payer_max=3)
    for _ in range(4):
        answers.ask("ann")
    with pytest.raises(BusyError):
        answers.ask("ann")
    for payer in ("bob", "cas", "dan", "eve"):
        answers.ask(payer)
    assert answers.dropped == ["ann", "ann"], "the payer with the most gives way"
    for payer in ("ann", "fay"):
        with pytest.raises(BusyError):
            answers.ask(payer)
    assert sorted(itertools.chain(*answers.until_all(6))) == [
        "ann",
        "ann",
        "bob",
        "cas",
        "dan",
        "eve",
    ]
    answers.ask("fay")


async def test_a_crowd_at_a_few_addresses_keeps_no_newcomer_out() -> None:
    rounds = Rounds(
        asyncio.get_running_loop(),
        slice_us=1,
        waiting_max=40,
        waiting_per_payer_max=10,
        clock_us=lambda: 0,
    )
    crowd = [
        asyncio.ensure_future(rounds.turn(f"address {number % 4}", least_us=1))
        for number in range(100)
    ]
    await asyncio.sleep(0)
    await rounds.turn("newcomer", least_us=1)
    ended = await asyncio.gather(*crowd, return_exceptions=True)
    assert sum(isinstance(one, BusyError) for one in ended) >= 60


class Pausing:
    """What the pieces need of a transport."""

    reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


class Reading:
    """A socket of which four frames are taken in a round, and what was heard of it."""

    def __init__(self, hold_at: str | None = None) -> None:
        self.loop, self.transport = Ticking(), Pausing()
        self.heard: list[str | bytes] = []
        self._hold_at = hold_at
        self.pieces = Pieces(Parser(self, 65_536, 4), self.transport, self.loop)

    def received(self, message: str | bytes) -> None:
        self.heard.append(message)
        if message == self._hold_at:
            self.pieces.hold(0.5)

    def pinged(self, payload: bytes) -> None:
        self.heard.append("ping")

    def counted(self) -> None:
        self.heard.append("counted")

    def peer_closed(self, code: int) -> None:
        self.heard.append("bye")

    def broken(self, code: int, reason: str) -> None:
        raise AssertionError(reason)


def test_a_read_is_parsed_a_few_frames_at_a_time() -> None:
    one = Reading()
    texts = [f"frame {number}" for number in range(10)]
    read = b"".join(masked(TEXT, text.encode()) for text in texts)
    one.pieces.add(read)
    assert one.heard == texts[:4]
    assert not one.transport.reading
    late = masked(TEXT, b"on its way")
    one.pieces.add(late[:5])
    one.pieces.add(late[5:])
    one.loop.round()
    assert one.heard == texts[:8]
    one.loop.round()
    assert one.heard == [*texts, "on its way"]
    assert one.transport.reading


def test_a_flood_of_frames_that_ask_for_nothing_is_parsed_as_slowly() -> None:
    one = Reading()
    one.pieces.add((masked(PING) + masked(PONG)) * 20_000)
    for rounds in range(1, 10):
        assert len(one.heard) == 4 * rounds
        one.loop.round()


@given(st.lists(st.sampled_from([0, 1, 100, 126, 1000, 65_536]), max_size=12), st.data())
def test_however_it_arrives_all_is_heard_in_order(sizes: list[int], data: st.DataObject) -> None:
    texts = [str(number) * size for number, size in enumerate(sizes)]
    texts = [text[:65_536] for text in texts]
    rest = b"".join(masked(TEXT, text.encode()) for text in texts)
    one = Reading()
    while rest:
        step = data.draw(st.sampled_from([1, 2, 7, 300, 70_000]))
        one.pieces.add(rest[:step])
        rest = rest[step:]
        for _ in range(data.draw(st.integers(0, 2))):
            one.loop.round()
        if len(rest) > 70_000:
            one.pieces.add(rest[:60_000])
            rest = rest[60_000:]
    for _ in range(len(texts)):
        one.loop.round()
    assert one.heard == texts
    assert one.transport.reading


def test_what_an_honest_player_sends_never_waits() -> None:
    """A packet of up to 1 KiB after another one, and as many at once as a hiccup holds back."""
    one = Reading()
    for number in range(3):
        one.pieces.add(masked(BINARY, bytes(1023)))
        assert len(one.heard) == number + 1
    one.pieces.add(masked(BINARY, bytes(1023)) * 4)
    assert len(one.heard) == 7
    assert one.transport.reading


def test_who_is_held_back_is_read_no_further_for_a_while() -> None:
    one = Reading(hold_at="two")
    one.pieces.add(b"".join(masked(TEXT, text) for text in (b"one", b"two", b"three")))
    for _ in range(5):
        one.loop.round()
    assert one.heard == ["one", "two"]
    one.pieces.add(masked(TEXT, b"four"))
    assert not one.transport.reading
    assert one.loop.ring() == 0.5
    assert one.heard == ["one", "two", "three", "four"]
    assert one.transport.reading


def test_after_the_close_nothing_is_parsed_in_a_hurry() -> None:
    one = Reading()
    one.pieces.slow = True
    one.pieces.add(masked(CLOSE, b"\x03\xe8"))
    assert one.heard == ["bye"], "the peer's goodbye is heard at once"
    one = Reading()
    one.pieces.slow = True
    one.pieces.add(masked(PONG) * 9)
    one.loop.round()
    assert len(one.heard) == 4
    for _ in range(2):
        one.loop.ring()
    assert len(one.heard) == 9
    assert one.transport.reading


# -- over real sockets ---------------------------------------------------------------------------

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
    reader = Codec(codec, read(ROOM))
    for body in shapes:
        frame = {"id": 7, "method": "PUT", "path": "/x", "body": body}
        encode = msgspec.json.encode if codec == JSON else msgspec.msgpack.encode
        data = encode(frame)
        sys.setprofile(count)
        try:
            with pytest.raises(BadFrameError, match="more than") as refused:
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
