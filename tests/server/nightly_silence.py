"""Crowds that connect and say nothing, against newcomers and players who come back.

Real connections over loopback, from as many addresses as a crowd has. Each newcomer's time from
the first byte to the answered hello is printed beside that of a control without the crowd,
measured just before: run with `-s` to read them.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from tests.server.process import KEY, Process, serving
from tests.server.test_descriptors import descriptors

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere loopback has one address"
)

JSON = "gameroom.v1.json"
NEWCOMERS = 12
IN_S = 1.0
"""A newcomer is in by then, whatever a crowd does."""

AGAIN_S = 1.0
"""A member of a crowd that was cut off connects again, after this long give or take a half."""

_hosts = itertools.count(1)


def fresh() -> str:
    """An address that nobody has used."""
    n = next(_hosts)
    return f"127.1.{n // 250}.{n % 250 + 1}"


def session(address: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(address, 0)))


async def create(process: Process) -> str:
    async with (
        session(fresh()) as http,
        http.post(
            f"{process.address}/create",
            json={"game": "noughts"},
            headers={"Authorization": f"Bearer {KEY.replace(' ', '-')}"},
        ) as response,
    ):
        assert response.status == 201, await response.text()
        return str((await response.json())["id"])


async def hello(http: aiohttp.ClientSession, url: str, token: str, bearer: bool) -> None:
    headers = {"Authorization": f"Bearer {token}"} if bearer else {}
    async with http.ws_connect(f"{url}/socket", protocols=(JSON,), headers=headers) as ws:
        frame = {"id": 0, "method": "PUT", "path": "/session", "body": {"token": token, "seq": 0}}
        await ws.send_str(json.dumps(frame))
        assert json.loads((await ws.receive()).data)["status"] == 200


async def join(process: Process, room: str, address: str) -> tuple[float, str]:
    """Take a place and say hello, as somebody who has never been here: the time, the token."""
    began = time.monotonic()
    url = f"{process.address}/rooms/{room}"
    async with session(address) as http:
        async with http.post(f"{url}/players", json={}) as response:
            assert response.status == 201, await response.text()
            token = str((await response.json())["token"])
        await hello(http, url, token, bearer=False)
    return time.monotonic() - began, token


async def come_back(process: Process, room: str, token: str) -> float:
    began = time.monotonic()
    async with session(fresh()) as http:
        await hello(http, f"{process.address}/rooms/{room}", token, bearer=True)
    return time.monotonic() - began


async def newcomers(
    process: Process, address: Callable[[], str] = fresh
) -> tuple[list[float], list[float]]:
    """The times of newcomers and, for the same people, of coming back. The two seats of noughts
    make a room for two of them."""
    rooms = [await create(process) for _ in range(NEWCOMERS // 2)]
    first, again = [], []
    for room in [*rooms, *rooms]:
        took, token = await asyncio.wait_for(join(process, room, address()), 10)
        first.append(took)
        again.append(await asyncio.wait_for(come_back(process, room, token), 10))
    return first, again


async def half_open(process: Process, address: str, room: str) -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", process.port, local_addr=(address, 0)
    )
    try:
        await reader.read()
    finally:
        writer.close()


async def slow_headers(process: Process, address: str, room: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", process.port, local_addr=(address, 0))
    try:
        writer.write(b"GET /livez HTTP/1.1\r\n")
        while not writer.transport.is_closing():
            writer.write(b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(AGAIN_S)
    finally:
        writer.close()


async def silent_socket(process: Process, address: str, room: str) -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", process.port, local_addr=(address, 0)
    )
    try:
        writer.write(
            f"GET /rooms/{room}/socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}=="
            f"\r\nSec-WebSocket-Protocol: {JSON}\r\n\r\n".encode()
        )
        await reader.read()
    finally:
        writer.close()


Member = Callable[[Process, str, str], Awaitable[None]]


@asynccontextmanager
async def crowd(process: Process, member: Member, count: int, addresses: int) -> AsyncIterator[str]:
    """So many members who keep at it; gives one of their addresses."""
    room = await create(process)
    hosts = [fresh() for _ in range(addresses)]
    opened = 0
    dice = random.Random(1)

    async def keep_at_it(address: str) -> None:
        nonlocal opened
        while True:
            opened += 1
            with suppress(OSError):
                await member(process, address, room)
            await asyncio.sleep(AGAIN_S * dice.uniform(0.5, 1.5))

    tasks = [asyncio.create_task(keep_at_it(hosts[i % addresses])) for i in range(count)]
    async with asyncio.timeout(60):
        while opened < count:
            await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)
    yield hosts[0]
    print(f"  the crowd connected {opened} times")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def say(name: str, times: list[float]) -> None:
    ms = sorted(round(one * 1000) for one in times)
    print(f"  {name}: median {statistics.median(ms):.0f} ms, slowest {ms[-1]} ms of {len(ms)}")


@pytest.fixture(autouse=True)
def many_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.mark.parametrize(
    ("member", "count", "addresses"),
    [
        (half_open, 2000, 40),
        (half_open, 2000, 1),
        (slow_headers, 2000, 40),
        (silent_socket, 2000, 40),
        (silent_socket, 600, 1),
    ],
)
async def test_a_crowd_that_says_nothing_is_in_nobodys_way(
    member: Member, count: int, addresses: int
) -> None:
    with serving() as process:
        print(f"\n{count} x {member.__name__} from {addresses} addresses")
        for name, times in zip(
            ("newcomers before", "returning before"), await newcomers(process), strict=True
        ):
            say(name, times)
        async with crowd(process, member, count, addresses):
            first, again = await newcomers(process)
        say("newcomers with the crowd", first)
        say("returning with the crowd", again)
        assert max(first + again) < IN_S


async def test_out_of_descriptors() -> None:
    with serving() as process:
        print("\n2000 x half_open from 40 addresses, 400 descriptors left")
        for name, times in zip(
            ("newcomers before", "returning before"), await newcomers(process), strict=True
        ):
            say(name, times)
        limit = descriptors(process) + 400
        resource.prlimit(process.child.pid, resource.RLIMIT_NOFILE, (limit, limit))
        async with crowd(process, half_open, 2000, 40):
            first, again = await newcomers(process)
        say("newcomers with the crowd", first)
        say("returning with the crowd", again)
        assert max(first + again) < IN_S
