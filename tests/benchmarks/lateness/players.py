"""Rooms that play steadily, and how late each of their turns was.

    python -m tests.benchmarks.lateness.players HOST PORT KEY ROOMS PLAYERS

Prints `ready`, then a line of JSON for each room at the end of its standard input: pairs of
when a turn came (monotonic seconds) and how late (milliseconds).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp
import uvloop

from tests.benchmarks.lateness.wire import MSGPACK, Player, connect

TURN_MS = 100
ROOM = """
language 1
use "standard"
room "steady" extends standard {
  players 1..8
  spectators 0..0
  command move { x: int 0..9 }
  policy pace { tick = 20 per second  turn = %dms..%dms  ahead = 2 }
  policy snapshots { every = 0 turns }
  extend state running.iterating { allow move from player }
}
"""
ENGINE = "export default () => ({});\n"


class Clocked:
    """One room's turns as its first player sees them."""

    def __init__(self) -> None:
        self.last = 0.0
        self.turns: list[tuple[float, float]] = []

    def turned(self) -> None:
        now = time.monotonic()
        if self.last:
            self.turns.append((now, max(0.0, (now - self.last) * 1000 - TURN_MS)))
        self.last = now


async def started(
    host: str, port: int, key: str, count: int, clocked: Clocked, turn_ms: int = TURN_MS
) -> tuple[str, list[Player], list[str]]:
    """A room that plays: its id, its players and their tokens."""
    base = f"http://{host}:{port}"
    async with aiohttp.ClientSession() as http:
        wish = {"room": ROOM % (turn_ms, turn_ms), "engine": {"source": ENGINE}}
        headers = {"Authorization": f"Bearer {key}"}
        async with http.post(f"{base}/create", json=wish, headers=headers) as response:
            assert response.status == 201, await response.text()
            room = (await response.json())["id"]
        players, tokens = [], []
        for seat in range(count):
            async with http.post(f"{base}/rooms/{room}/players", json={}) as response:
                assert response.status == 201, await response.text()
                tokens.append((await response.json())["token"])
            player = Player(clocked.turned if seat == 0 else lambda: None)
            player.socket = await connect(host, port, room, MSGPACK, player.heard)
            player.ask("PUT", "/session", {"token": tokens[-1], "seq": 0})
            players.append(player)
    for player in players:
        player.ask("PUT", "/players/me/ready")
    while not all(player.generation for player in players):
        await asyncio.sleep(0.05)
    return room, players, tokens


async def play(host: str, port: int, key: str, rooms: int, count: int) -> None:
    every = [Clocked() for _ in range(rooms)]
    for clocked in every:
        await started(host, port, key, count, clocked)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)
    for clocked in every:
        print(json.dumps(clocked.turns))


if __name__ == "__main__":
    host, port, key, rooms, count = sys.argv[1:6]
    uvloop.run(play(host, int(port), key, int(rooms), int(count)))
