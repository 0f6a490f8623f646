"""What a hostile client does, as often as it can.

    python -m tests.benchmarks.lateness.attacks HOST PORT KEY

Prints `ready`, then reads names of attacks from its standard input: each line begins one, and
`stop` ends it. It comes from another address than the players, and stands last in line for the
processor, as if it had a machine of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import uvloop

from gameroom.bench.frames import masked
from tests.benchmarks.lateness.players import ENGINE, ROOM, Clocked, started
from tests.benchmarks.lateness.wire import JSON, connect, request

SOURCE = "127.0.0.2"
TURNS = 1000
"""The tail of the room that is asked for."""

Attack = Callable[["Target"], Awaitable[None]]


class Target:
    """The server, and a room of the attackers' own with a long tail."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self.host, self.port, self.key = host, port, key
        self.room = ""
        self.tokens: list[str] = []
        self.seen: Counter[object] = Counter()
        self.http: aiohttp.ClientSession

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def open(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, local_addr=(SOURCE, 0))
        self.http = aiohttp.ClientSession(connector=connector)
        clocked = Clocked()
        self.room, players, self.tokens = await started(
            self.host, self.port, self.key, 8, clocked, turn_ms=20
        )
        while players[0].generation < TURNS:
            await asyncio.sleep(0.1)
        for player in players:
            player.socket.transport.close()

    async def get(self, path: str, **how: object) -> None:
        """Ask, and count what came of it."""
        with suppress(aiohttp.ClientError, OSError):
            async with self.http.request(
                how.pop("method", "GET"), self.base + path, **how
            ) as response:
                await response.read()
                self.seen[response.status] += 1

    async def flood(self, token: str, said: bytes, times: int, pause_s: float = 0.0) -> None:
        """One session that says this again and again, and comes back when it is closed."""
        while True:
            try:
                socket = await connect(
                    self.host, self.port, self.room, JSON, lambda data: None, SOURCE
                )
                self.seen["sockets"] += 1
                hello = request(1, "PUT", "/session", {"token": token, "seq": 0})
                socket.transport.write(hello)
                while not socket.lost.done():
                    if not socket.transport.get_write_buffer_size():
                        socket.transport.write(said * times)
                    await asyncio.sleep(pause_s or 0.001)
            except OSError:
                await asyncio.sleep(0.05)


async def turns_by_socket(at: Target) -> None:
    said = request(2, "GET", "/turns?from=1")
    await asyncio.gather(*(at.flood(token, said, 400) for token in at.tokens))


async def big_frames(at: Target) -> None:
    """Of as many lists, and of as many keys, as there is place for: what costs most to read."""
    bodies = [[]] * 5000, {f"{i:x}": 1 for i in range(2000)}
    frames = [masked(json.dumps({"id": 1, "body": body}).encode(), 1) for body in bodies]
    await asyncio.gather(*(at.flood(token, frames[i % 2], 4) for i, token in enumerate(at.tokens)))


async def pings(at: Target) -> None:
    """10,000 a second."""
    await asyncio.gather(*(at.flood(token, masked(b"", 9), 13, 0.01) for token in at.tokens))


async def turns_by_http(at: Target) -> None:
    async def one(token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        while True:
            await at.get(f"/rooms/{at.room}/turns?from=1", headers=headers)

    await asyncio.gather(*(one(at.tokens[i % 8]) for i in range(200)))


async def strangers(at: Target) -> None:
    async def one(path: str) -> None:
        while True:
            await at.get(path)

    paths = [
        f"/join/{at.room}",
        "/openapi.json",
        f"/rooms/{at.room}",
        "/web/join.js",
        "/web/kit.js",
        f"/rooms/{at.room}/chart.svg",
        "/replay",
        f"/rooms/{at.room}/turns?from=1",
    ]
    await asyncio.gather(*(one(paths[i % 8]) for i in range(200)))


async def heavy_rooms(at: Target) -> None:
    """Bodies of 350,000 keys, and files of 440 states."""
    states = "\n".join(f"  state s{i} {{ allow move from player }}" for i in range(440))
    large = (ROOM % (100, 100)).replace(
        "extend state running.iterating { allow move from player }",
        f"extend state running.iterating {{ initial s0 {states} }}",
    )
    keys = {f"{i:x}": 1 for i in range(350_000)}
    bodies = [
        json.dumps({"room": large, "engine": {"source": ENGINE}}).encode(),
        json.dumps({"game": "noughts", "setup": keys}).encode()[:4_194_304],
    ]
    headers = {"Authorization": f"Bearer {at.key}", "Content-Type": "application/json"}

    async def one(body: bytes) -> None:
        while True:
            await at.get("/create", method="POST", data=body, headers=headers)
            await asyncio.sleep(0.1)

    await asyncio.gather(*(one(bodies[i % 2]) for i in range(4)))


async def engines(at: Target) -> None:
    """Of 4 MB."""
    engine = {"room": ROOM % (100, 100), "engine": {"source": "x" * 4_150_000}}
    keyed = {"Authorization": f"Bearer {at.key}", "Content-Type": "application/json"}
    data = json.dumps(engine).encode()

    async def one() -> None:
        while True:
            await at.get("/create", method="POST", data=data, headers=keyed)
            await asyncio.sleep(0.1)

    await asyncio.gather(one(), one())


async def uploads(at: Target) -> None:
    """States that nobody asked for."""

    async def one(token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        path = f"/rooms/{at.room}/snapshots/600"
        while True:
            await at.get(path, method="PUT", data=b"1" * 4_000_000, headers=headers)

    await asyncio.gather(*(one(token) for token in at.tokens))


async def replays(at: Target) -> None:
    async def one(token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        while True:
            await at.get(f"/rooms/{at.room}/replay", headers=headers)

    await asyncio.gather(*(one(at.tokens[i % 8]) for i in range(64)))


async def reconnects(at: Target) -> None:
    async def one(token: str) -> None:
        while True:
            with suppress(OSError):
                socket = await connect(at.host, at.port, at.room, JSON, lambda data: None, SOURCE)
                said = request(1, "PUT", "/session", {"token": token, "seq": 0})
                socket.transport.write(said)
                at.seen["sockets"] += 1
                await asyncio.sleep(0.01)
                socket.transport.abort()

    await asyncio.gather(*(one(token) for token in at.tokens))


async def nothing(at: Target) -> None:
    """For comparing a control run with another one."""


ATTACKS: dict[str, Attack] = {
    one.__name__: one
    for one in (
        nothing,
        turns_by_socket,
        turns_by_http,
        big_frames,
        pings,
        strangers,
        heavy_rooms,
        engines,
        uploads,
        replays,
        reconnects,
    )
}


async def main(host: str, port: int, key: str) -> None:
    at = Target(host, port, key)
    await at.open()
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    task: asyncio.Task[None] | None = None
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            task = None
            print(json.dumps({str(k): v for k, v in at.seen.items()}), flush=True)
            at.seen.clear()
        if (name := line.strip()) != "stop":
            task = asyncio.ensure_future(ATTACKS[name](at))
    await at.http.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
