"""The load: all people in all rooms, in a separate process on a separate core.

    python -m gameroom.bench.load

Reads a Job, and then an Order for each window, as lines of JSON from standard input; answers each
order with a Window, or `{"error": "..."}`. Rooms are only ever added. Turns of the rooms are spread
evenly over the length of a turn, as they would be on a server of strangers.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from contextlib import suppress

import aiohttp
import msgspec

from gameroom.bench import loops, machine
from gameroom.bench.counts import LoadCounts, lateness, quantile
from gameroom.bench.plan import ENGINE, BenchError, Job, Order, Window, room_text
from gameroom.bench.player import LoadRoom, connected
from gameroom.lockstep.packets import seat_name

START_S = 300.0
"""The maximum time for a room to start."""
TICK_S = 0.02
"""How often the load checks how late its own timers are."""


class LoadSide:
    """The playing rooms and their counts."""

    def __init__(self, job: Job, http: aiohttp.ClientSession) -> None:
        self._job, self._http = job, http
        self._plan = job.plan
        self._base = f"http://127.0.0.1:{job.port}"
        self._counts = LoadCounts()
        self._rooms: list[LoadRoom] = []
        self._text = "x" * job.plan.text_bytes

    async def window(self, order: Order) -> Window:
        """Add rooms up to the ordered number, let them play, and measure. Raises BenchError."""
        added = [await self._open(number) for number in range(len(self._rooms), order.rooms)]
        for room in added:
            await self._ready(room)
        begun = (self._begin(room, at / len(added)) for at, room in enumerate(added))
        await asyncio.gather(*begun)
        loops.keep_loaded()
        await asyncio.sleep(order.warm_s)
        lags: list[float] = []
        ticking = asyncio.create_task(_tick(lags))
        before = self._looked()
        self._counts.reset()
        await asyncio.sleep(order.seconds)
        after = self._looked()
        ticking.cancel()
        return self._measured(order, before, after, sorted(lags))

    def end(self) -> None:
        """Close all connections."""
        for room in self._rooms:
            for member in room.members:
                member.end()

    async def _open(self, number: int) -> LoadRoom:
        """Create a room with all people in it, in which nobody is ready."""
        plan, port = self._plan, self._job.port
        room = LoadRoom(plan.wire, self._counts)
        self._rooms.append(room)
        seats: list[int | None] = [*range(plan.seats), *[None] * plan.watchers]
        if self._job.kind == "gameroom":
            name = await self._created()
            for seat in seats:
                await self._joined(room, name, seat, number * plan.seats + (seat or 0))
        else:
            for seat in seats:
                path = f"/rooms/{number}/socket" + ("" if seat is None else f"?seat={seat}")
                who = number * plan.seats + (seat or 0)
                await connected(room, port, path, seat, who, self._text)
        return room

    async def _ready(self, room: LoadRoom) -> None:
        """Make everyone ready, and load all engines except one."""
        if self._job.kind == "gameroom":
            players = room.members[: self._plan.seats]
            for player in players:
                await player.ask("PUT", "/players/me/ready")
            await room.reach(lambda: room.state == "setup.starting", START_S)
            for player in players[:-1]:
                await player.ask("PUT", "/players/me/engine", {"loaded": True})

    async def _begin(self, room: LoadRoom, phase: float) -> None:
        """Start the turns. phase: the offset to the common clock, as a share of a turn's length."""
        turn_s = self._plan.turn_ms / 1000
        await asyncio.sleep((phase * turn_s - time.monotonic()) % turn_s)
        players = room.members[: self._plan.seats]
        if self._job.kind == "gameroom":
            await players[-1].ask("PUT", "/players/me/engine", {"loaded": True})
            await room.reach(lambda: room.state == "running.iterating", START_S)
        for player in players:
            player.begin()
        await room.reach(lambda: room.generation > 0, START_S)

    async def _created(self) -> str:
        wish = {"room": room_text(self._plan), "engine": {"source": ENGINE}}
        headers = {"Authorization": f"Bearer {self._job.key}"}
        return str((await self._post("/create", wish, headers))["id"])

    async def _joined(self, room: LoadRoom, name: str, seat: int | None, who: int) -> None:
        place = await self._post(f"/rooms/{name}/players", {"spectate": seat is None}, {})
        if place["seat"] != seat:
            raise BenchError(f"the server did not give {_place(seat)}")
        path = f"/rooms/{name}/socket"
        member = await connected(room, self._job.port, path, seat, who, self._text)
        await member.ask("PUT", "/session", {"token": place["token"], "seq": 0})

    async def _post(self, path: str, body: object, headers: dict[str, str]) -> dict[str, object]:
        try:
            async with self._http.post(self._base + path, json=body, headers=headers) as response:
                said = await response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise BenchError(f"POST {path} failed: {error}") from error
        if response.status >= 400:
            raise BenchError(f"POST {path} was refused: {said.decode(errors='replace')[:500]}")
        answer: dict[str, object] = msgspec.json.decode(said)
        return answer

    def _looked(self) -> tuple[float, float, float | None, float | None, float | None]:
        """The monotonic time, the processor times of the load and of the server, and the busy times
        of both cores."""
        job = self._job
        return (
            time.monotonic(),
            time.process_time(),
            machine.computed_s(job.pid),
            machine.busy_s(job.server_core),
            machine.busy_s(job.load_core),
        )

    def _measured(
        self,
        order: Order,
        before: tuple[float, float, float | None, float | None, float | None],
        after: tuple[float, float, float | None, float | None, float | None],
        lags: list[float],
    ) -> Window:
        wall, own, server, server_core, load_core = (
            None if now is None or then is None else now - then
            for then, now in zip(before, after, strict=True)
        )
        assert wall is not None
        assert own is not None
        counts, turn_ms = self._counts, self._plan.turn_ms
        late = lateness(counts.intervals, turn_ms)
        return Window(
            rooms=order.rooms,
            wall_s=wall,
            packets=counts.packets,
            frames=counts.frames,
            turns=counts.turns,
            confirmed=counts.confirmed,
            pace=counts.turns / (order.rooms * wall * 1000 / turn_ms),
            p50_ms=late.p50_ms,
            p99_ms=late.p99_ms,
            p999_ms=late.p999_ms,
            max_ms=late.max_ms,
            late=late.late,
            load_lag_ms=quantile(lags, 0.99) * 1000,
            load_share=own / wall,
            server_cpu_s=server,
            server_rss_mb=machine.resident_mb(self._job.pid),
            others_server=machine.others_share(server_core, server, wall),
            others_load=machine.others_share(load_core, own, wall),
            faults=counts.told(),
        )


def _place(seat: int | None) -> str:
    return "a place to watch" if seat is None else seat_name(seat)


async def _tick(lags: list[float]) -> None:
    with suppress(asyncio.CancelledError):
        while True:
            until = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            lags.append(max(0.0, time.monotonic() - until))


async def main() -> None:
    """Execute the orders from standard input, until it ends."""
    loop = asyncio.get_running_loop()

    async def line() -> bytes:
        return await loop.run_in_executor(None, sys.stdin.buffer.readline)

    job = msgspec.json.decode(await line(), type=Job)
    machine.pin(0, job.load_core, first=job.first)
    gc.disable()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(START_S)) as http:
        load = LoadSide(job, http)
        while said := await line():
            try:
                answer: object = await load.window(msgspec.json.decode(said, type=Order))
            except BenchError as error:
                answer = {"error": str(error)}
            print(msgspec.json.encode(answer).decode(), flush=True)
        load.end()


if __name__ == "__main__":
    loops.run(main())
