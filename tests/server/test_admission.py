"""Connections that say nothing: cut off in time, few per address, and in nobody's way."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from gameroom.server.admission import Admission
from gameroom.server.config import ConfigError, Limits
from gameroom.server.peerlog import PeerLog
from gameroom.server.services import SERVICES
from tests.server.table import ENGINE, PATIENCE_S, ROOM, Line, Table, config, limits, served
from tests.server.test_logs import request, until_handled

# -- under a virtual clock ------------------------------------------------------------------


@dataclass
class Timer:
    at: float
    call: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Clock:
    """A loop that has only a clock."""

    now: float = 0.0
    timers: list[Timer] = field(default_factory=list)

    def call_later(self, delay: float, call: Callable[..., None], *args: object) -> Timer:
        timer = Timer(self.now + delay, lambda: call(*args))
        self.timers.append(timer)
        return timer

    def advance(self, ms: int) -> None:
        self.now += ms / 1000
        due = [one for one in self.timers if one.at <= self.now and not one.cancelled]
        self.timers = [one for one in self.timers if one.at > self.now]
        for timer in due:
            timer.call()


class Peer:
    """A connection from an address, as its transport."""

    def __init__(self, server: Server, address: str) -> None:
        self.server = server
        self.address = address
        self.open = True
        self.said: list[str] = []
        server.admission.accepted(self)  # type: ignore[arg-type]

    def get_extra_info(self, name: str) -> Any:
        assert name == "peername"
        return (self.address, 1)

    def abort(self) -> None:
        self.open = False
        self.server.admission.lost(self)  # type: ignore[arg-type]

    def asks(self, address: str | None = None) -> Peer:
        """A whole request; a proxy says for which address."""
        self.server.admission.heard(self, address or self.address)  # type: ignore[arg-type]
        return self

    def socket(self, session: str | None = None, address: str | None = None) -> Peer:
        """Opens a socket, with a known session or none."""
        self.asks(address)
        self.server.admission.waits(  # type: ignore[call-overload]
            self, address or self.address, session, self.abort
        )
        return self

    def hello(self) -> Peer:
        self.server.admission.spoke(self)  # type: ignore[arg-type]
        return self


class Server:
    def __init__(self, **changes: int) -> None:
        self.clock = Clock()
        loop: Any = self.clock
        log = PeerLog(logging.getLogger("test"), loop)
        self.admission = Admission(Limits(**changes), ("10.0.0.1",), log, loop=loop)

    def peers(self, count: int, address: str = "") -> list[Peer]:
        """So many connections, each from its own address unless one is given."""
        return [Peer(self, address or f"9.0.{i // 256}.{i % 256}") for i in range(count)]


def test_a_connection_that_asks_for_nothing_ends_in_time() -> None:
    server = Server(request_timeout_ms=1000)
    silent, asks = Peer(server, "1.1.1.1"), Peer(server, "1.1.1.2")
    server.clock.advance(999)
    asks.asks()
    assert silent.open
    server.clock.advance(1)
    assert not silent.open
    server.clock.advance(100_000)
    assert asks.open, "what comes after is for keep-alive, body and hello to limit"
    assert len(server.admission) == 1


def test_an_address_with_many_silent_connections_loses_its_own() -> None:
    server = Server(silent_per_address_max=3)
    other = Peer(server, "2.2.2.2")
    crowd = server.peers(5, "1.1.1.1")
    assert [one.open for one in crowd] == [False, False, True, True, True]
    assert other.open


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.5", False),
        ("1.2.3.4", "1.2.3.5", False),
        ("no address:", "no address:.", False),
    ],
)
def test_an_ipv6_network_counts_as_one_address(first: str, second: str, same: bool) -> None:
    server = Server(silent_per_address_max=1)
    one, _ = Peer(server, first), Peer(server, second)
    assert one.open == (not same)


def test_who_has_said_hello_does_not_count() -> None:
    server = Server(silent_per_address_max=2)
    players = [Peer(server, "1.1.1.1").socket().hello() for _ in range(50)]
    assert all(one.open for one in players)
    late = server.peers(3, "1.1.1.1")
    assert [one.open for one in late] == [False, True, True]
    assert all(one.open for one in players)
    assert server.admission.silent == 2


def test_a_newcomer_gets_in_past_a_crowd_from_many_addresses() -> None:
    server = Server(silent_connections_max=100)
    for i in range(40):
        for _ in range(50):
            Peer(server, f"9.0.0.{i}").socket()
    newcomer = Peer(server, "1.1.1.1").asks()
    socket = Peer(server, "1.1.1.1").socket()
    for i in range(40):
        Peer(server, f"9.0.0.{i}").socket()
    assert newcomer.open
    assert socket.open
    assert server.admission.silent == 100


def test_whom_a_proxy_speaks_for_is_counted_apart() -> None:
    server = Server(silent_per_address_max=2)
    proxied = [Peer(server, "10.0.0.1").socket(address="5.5.5.5") for _ in range(3)]
    others = [Peer(server, "10.0.0.1").socket(address=f"6.6.6.{i}") for i in range(9)]
    unheard = server.peers(9, "10.0.0.1")
    assert [one.open for one in proxied] == [False, True, True]
    assert all(one.open for one in others + unheard)


def test_a_crowd_of_strangers_does_not_keep_a_player_from_coming_back() -> None:
    server = Server(silent_connections_max=10, silent_per_session_max=2)
    player = Peer(server, "1.1.1.1").socket("r1 ann")
    crowd = [Peer(server, f"9.0.{i}.1").socket() for i in range(1000)]
    assert player.open
    assert sum(one.open for one in crowd) == 10
    again = [Peer(server, "1.1.1.1").socket("r1 ann") for _ in range(2)]
    assert not player.open, "one session holds only so many"
    assert all(one.open for one in again)


def test_when_all_are_taken_silent_ones_give_way_to_newcomers() -> None:
    server = Server(connections_max=20, connections_reserved=5)
    players = [Peer(server, "1.1.1.1").socket().hello() for _ in range(12)]
    crowd = server.peers(20)
    assert all(one.open for one in players)
    assert [one.open for one in crowd] == [False] * 12 + [True] * 8
    assert len(server.admission) == 20
    assert not server.admission.full


def test_the_last_places_are_for_players_who_come_back() -> None:
    server = Server(connections_max=20, connections_reserved=5)
    for _ in range(15):
        Peer(server, "1.1.1.1").socket().hello()
    assert server.admission.full, "a newcomer's socket is refused now"
    server.peers(20)
    back = [Peer(server, "1.1.1.1").socket(f"r1 p{i}").hello() for i in range(5)]
    assert all(one.open for one in back)
    late = Peer(server, "1.1.1.1")
    assert not late.open, "and then there is no place at all"
    assert all(one.open for one in back)


@pytest.mark.parametrize(
    ("state", "lines"), [("kept alive", 0), ("nothing asked", 1), ("a socket", 1)]
)
def test_that_silent_connections_gave_way_is_logged(
    state: str, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(silent_per_address_max=3)
    for peer in server.peers(3, "1.1.1.1"):
        if state == "kept alive":
            peer.asks()
        elif state == "a socket":
            peer.socket()
    server.peers(3, "1.1.1.1")
    assert len(caplog.records) == lines


def test_what_is_gone_is_forgotten() -> None:
    server = Server()
    for peer in server.peers(50):
        peer.socket("r1 ann" if peer.address.endswith("1") else None).abort()
    assert (len(server.admission), server.admission.silent) == (0, 0)
    server.clock.advance(100_000)
    assert len(server.admission) == 0


@pytest.mark.parametrize(("descriptors", "connections"), [(4096, 3932), (200, 100), (10**6, 5000)])
def test_connections_leave_descriptors_for_files(descriptors: int, connections: int) -> None:
    server = Server(rooms_max=100, connections_max=5000, silent_connections_max=10_000)
    server.admission.within(descriptors)
    server.peers(6000)
    assert len(server.admission) == connections


def test_without_descriptors_silent_connections_make_way_for_files_and_newcomers() -> None:
    server = Server()
    player = Peer(server, "1.1.1.1").socket().hello()
    crowd = server.peers(999)
    server.admission.squeeze()
    assert len(server.admission) == 1000 - 64
    assert not server.admission.full
    crowd += server.peers(100)
    assert len(server.admission) == 1000 - 64, "and stay away"
    assert player.open
    assert not crowd[0].open
    server.admission.relax()
    server.peers(100, "2.2.2.2")
    assert len(server.admission) == 1 + 1024


def test_without_descriptors_among_players_the_next_one_still_comes_in() -> None:
    server = Server()
    for _ in range(40):
        Peer(server, "1.1.1.1").socket().hello()
    server.admission.squeeze()
    assert server.admission.full
    back = Peer(server, "1.1.1.1").socket("r1 ann")
    assert back.open


def test_the_reserve_is_smaller_than_the_whole() -> None:
    with pytest.raises(ConfigError, match="connections_reserved"):
        Limits(connections_max=10, connections_reserved=10)


# -- over real sockets ----------------------------------------------------------------------


async def connected(table: Table, data: bytes = b"") -> asyncio.StreamReader:
    """A connection that has sent these bytes and waits."""
    assert table.client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", table.client.port)
    writer.write(data)
    table.kept.append(writer)
    return reader


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Wait until the server closes; what it said."""
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("data", [b"", b"GET /livez HT", request()[:-2]])
async def test_half_a_request_is_not_waited_for(data: bytes) -> None:
    async with served(config(limits=limits(request_timeout_ms=50))) as table:
        assert await ended(await connected(table, data)) == b""


@pytest.mark.parametrize("behind", [b"", b"GET /livez HT"])
async def test_a_kept_connection_is_not_kept_for_ever(behind: bytes) -> None:
    async with served(config(limits=limits(keepalive_ms=50))) as table:
        data = request().replace(b"Connection: close\r\n", b"")
        said = await ended(await connected(table, data + behind))
        assert said.startswith(b"HTTP/1.1 200 OK\r\n")
        assert said.count(b"HTTP/1.1") == 1


async def test_a_body_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    async with served(config(limits=limits(body_timeout_ms=50))) as table:
        made = await table.create()
        first = f"POST /rooms/{made['id']}/players HTTP/1.1".encode()
        head = request(b"Content-Type: application/json", b"Content-Length: 9", first=first)
        for _ in range(2):
            said = await ended(await connected(table, head + b'{"na'))
            assert said.startswith(b"HTTP/1.1 408 ")
            assert b'"code":"slow_body"' in said
        assert (await table.join(made["id"], "ann")).token, "a quick one is read"
    assert all(record.exc_info is None for record in caplog.records)


async def test_a_response_that_nobody_reads_ends() -> None:
    """The engine is larger than what the system's buffers take in."""
    async with served(config(limits=limits(unread_timeout_ms=100))) as table:
        made = await table.create(room=ROOM, engine={"source": ENGINE + "//" + "x" * 4_000_000})
        get = request(first=f"GET /engines/{made['engine']} HTTP/1.1".encode())
        read, unread = await small(table, get), await small(table, get)
        await until_handled(table, 2)
        loop = asyncio.get_running_loop()
        whole = 0
        while data := await loop.sock_recv(read, 65_536):
            whole += len(data)
        assert whole > 4_000_000
        await until_handled(table, 0)
        unread.close()
        read.close()


async def small(table: Table, data: bytes) -> socket.socket:
    """A client whose system reads ahead as little as it can."""
    assert table.client.port is not None
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", table.client.port))
    await loop.sock_sendall(client, data)
    return client


async def test_silent_connections_give_way_to_a_newcomer() -> None:
    few = limits(silent_connections_max=4, silent_per_address_max=3, frames_burst=480)
    async with served(config(limits=few)) as table:
        made = await table.create()
        silent = [await connected(table) for _ in range(10)]
        ann = await table.join(made["id"], "ann")
        line = await ann.connect()
        for reader in silent[:7]:
            assert await ended(reader) == b""
        assert (await line.ask("GET", "/time"))["status"] == 200
        assert table.app[SERVICES].admission.silent <= 3


async def test_a_silent_socket_is_told_to_come_again_when_it_gives_way() -> None:
    async with served(config(limits=limits(silent_per_address_max=3))) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        lines = [Line(await ann.socket()) for _ in range(4)]
        assert (await lines[0].closed())[0] in (4000, 1006)
        hello = await lines[3].ask("PUT", "/session", {"token": ann.token, "seq": 0})
        assert hello["status"] == 200


async def test_when_the_server_is_full_only_players_come_back() -> None:
    """A session in the handshake says who comes back; a newcomer is refused at once."""
    async with served(config(limits=limits(connections_max=4, connections_reserved=2))) as table:
        made = await table.create()
        ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
        await ann.connect()
        await bob.connect()
        with pytest.raises(WSServerHandshakeError) as refused:
            await bob.socket()
        assert refused.value.status == 503
        bearer = {"Authorization": f"Bearer {bob.token}"}
        back = Line(await bob.socket(headers=bearer))
        hello = await back.ask("PUT", "/session", {"token": bob.token, "seq": 0})
        assert hello["status"] == 200
        with pytest.raises(WSServerHandshakeError):
            await ann.socket(headers={"Authorization": "Bearer " + "x" * 43})


async def test_connections_come_and_go_without_a_trace() -> None:
    async with served(config()) as table:
        made = await table.create()
        line = await (await table.join(made["id"], "ann")).connect()
        for _ in range(20):
            await connected(table)
        await table.client.get("/livez")
        await until_handled(table, 21)
        for writer in table.kept:
            writer.close()
        await line.ws.close()
        await until_handled(table, 0)
        assert table.app[SERVICES].admission.silent == 1, "the client's own"
