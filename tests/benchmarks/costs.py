"""`make costs`: what each route costs the loop, with its largest honest request or answer.

    python -m tests.benchmarks.costs [--repeat 5]

The server runs in this process and its clients in a thread, which mostly waits. A row has the
loop's own computing time for one request, the longest of the rounds that this took (no turn of
another room is later than that), the bytes of request and answer, and what the payer was charged.
Every route has a row for each carrier, or this fails. Exits with 1 where a round takes over 5 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import uvloop

from gameroom.bench.frames import masked
from gameroom.lockstep.packets import Diverged
from gameroom.server.config import Config
from gameroom.server.host.runner import Runner
from gameroom.server.http import pages
from gameroom.server.http.routes import SERVER
from gameroom.server.room_api.operations import ROOM as ROOM_ROUTES
from gameroom.server.serve import SWITCH_S, collect_seldom
from gameroom.server.services import SERVICES
from gameroom.wire import JSON
from tests.server.table import ENGINE, KEY, ROOM, Person, Table, config, limits, served
from tests.server.table import playing as played
from tests.server.test_turns import packet

LONGEST_MS = 5.0
EMPTY_NS = 50_000
"""A round that takes less had nothing to do."""

SEATS = 100
TURNS = 300
STATE = b'{"units":[%s]}' % b",".join([b"1234567"] * 500_000)
PARTS = {f"part {number}" + "x" * 180: number for number in range(500)}

STATES = "\n".join(f"  state s{i} {{ allow move from player }}" for i in range(400))
SETTINGS = "\n".join(f'  setting text{i}: string(0..200) = "{"x" * 150}"' for i in range(200))
LARGE = (
    ROOM.replace("players 1..2", f"players 1..{SEATS}")
    .replace("request surrender", f"request surrender\n{SETTINGS}")
    .replace("state day iterates {", f"{STATES}\n    state day iterates {{")
)
LONG = ROOM.replace(
    "  policy pace", "  policy snapshots { every = 3 turns }\n  policy pace"
).replace("allow move from player", "allow move, shout from player")


@dataclass
class Ask:
    """A request. token: of the session or the create key, whichever it is paid by."""

    method: str
    path: str
    body: object = None
    token: str = ""
    room: str = ""
    raw: bytes | None = None
    accept: str = "*/*"


@dataclass
class Cost:
    status: int
    sent: int
    received: int
    cpu_ms: float
    longest_ms: float
    us: int
    frames: int


class Ticker:
    """The computing time of each round of the loop, while it runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.rounds: list[int] = []
        self.runs = False

    def start(self) -> None:
        self.rounds, self.runs = [], True
        self._last = time.thread_time_ns()
        self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        now = time.thread_time_ns()
        self.rounds.append(now - self._last)
        self._last = now
        if self.runs:
            self._loop.call_soon(self._tick)

    def stop(self) -> tuple[float, float]:
        """Milliseconds: of all rounds that were not empty, and of the longest one."""
        self.runs = False
        work = [took for took in self.rounds if took > EMPTY_NS]
        return sum(work) / 1e6, max(work, default=0) / 1e6


class Phone:
    """A person's socket, used from a thread."""

    def __init__(self, port: int, room: str, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(
            f"GET /rooms/{room}/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {JSON}\r\n\r\n".encode()
        )
        self.reading = self.socket.makefile("rb")
        self.shook = 0
        while (line := self.reading.readline()) != b"\r\n":
            self.shook += len(line)
        self.token = token

    def ask(self, method: str, path: str, body: object) -> tuple[int, int, int]:
        said = {"id": 1, "method": method, "path": path, "body": body}
        data = masked(json.dumps({k: v for k, v in said.items() if v is not None}).encode(), 1)
        self.socket.sendall(data)
        while True:
            head = self.reading.read(2)
            size = head[1]
            if size > 125:
                size = int.from_bytes(self.reading.read(2 if size == 126 else 8), "big")
            got = json.loads(self.reading.read(size)) if head[0] == 0x81 else self._closed()
            if got.get("id") == 1:
                return got["status"], len(data), size

    def _closed(self) -> dict:
        raise ConnectionError("closed")


class Scene:
    """A server, a room with as much as a room can have, and one that has played."""

    def __init__(self, table: Table) -> None:
        self.table = table
        loop = asyncio.get_running_loop()
        self.ticker = Ticker(loop)
        self.services = table.app[SERVICES]
        self.port = table.client.port
        assert self.port is not None
        self.phones: dict[str, Phone] = {}
        self.people: list[Person] = []
        self.made = 0

    async def set_up(self) -> None:
        self.large = (await self.table.create(room=LARGE, engine={"source": ENGINE}))["id"]
        self.people = [await self.table.join(self.large, f"player {i}") for i in range(SEATS - 40)]
        source = "//" + "x" * 4_150_000
        made = await self.table.create(room=LONG, engine={"source": source})
        self.long, self.engine = made["id"], made["engine"]
        self.pair = [await self.table.join(self.long, name) for name in ("ann", "bob")]
        self.lines = [await person.connect() for person in self.pair]
        await played(*self.lines)
        for generation in range(1, TURNS + 1):
            shouts = [{"name": "shout", "body": {"text": "x" * 200}}] * 8
            for line in self.lines:
                await packet(line, generation, *shouts)
            for line in self.lines:
                await line.until("turn", generation=generation)
        self.generation = TURNS
        self.keeper, self.snapshot = await self.said_state()
        self.runner: Runner = self.table.lobby.rooms.running[self.long]
        users = {row.user: row.seat for row in self.runner.roster.seats}
        values = {seat: seat for seat in users.values()}
        self.table.lobby.desyncs.diverged(self.runner, Diverged(5, (1,), True, values))

    async def said_state(self) -> tuple[Person, int]:
        """Both have the same state: who is asked to send it, and of which turn."""
        said = {"sha256": sha256(STATE).hexdigest(), "size": len(STATE)}
        of = self.generation - self.generation % 3
        for line in self.lines:
            answer = await line.ask("PUT", f"/snapshots/{of}/hash", said)
            assert answer["status"] == 202, answer
        verified = (await self.lines[0].until("verified"))["body"]
        return self.pair[verified["seat"]], verified["generation"]

    def payer(self, ask: Ask):
        room = self.table.lobby.rooms.running.get(ask.room)
        who = None if room is None else self.table.lobby.who(room.id, ask.token)
        if room is None or who is None:
            return self.services.allowances.of_address("127.0.0.1")
        return self.services.allowances.of_session(room.id, who, room.room.file)

    async def measured(self, ask: Ask, carrier: str, *, ticks: bool) -> Cost:
        """ticks: look at the rounds; else at the computing time."""
        phone = None
        if carrier == "socket":
            phone = self.phones.get(ask.token)
            if phone is None:
                phone = await asyncio.to_thread(Phone, self.port, ask.room, ask.token)
                self.phones[ask.token] = phone
                if ask.path != "/session":
                    await asyncio.to_thread(phone.ask, "PUT", "/session", {"token": ask.token})
                    await asyncio.sleep(0.1)
        payer = self.payer(ask)
        now = self.services.now()
        for bucket in (payer.work_us, payer.frames):
            bucket.charge(now, 0)
        before = payer.work_us.level, payer.frames.level
        began, computed = time.monotonic(), time.thread_time()
        if ticks:
            self.ticker.start()
        if phone is not None:
            said = await asyncio.to_thread(phone.ask, ask.method, ask.path, ask.body)
        else:
            said = await asyncio.to_thread(self._http, ask)
        cpu_ms, longest_ms = (time.thread_time() - computed) * 1000, 0.0
        await asyncio.sleep(0.02)
        if ticks:
            cpu_ms, longest_ms = self.ticker.stop()
        after = payer.work_us.level, payer.frames.level
        us, frames = (round((b - a) / 60_000) for a, b in zip(after, before, strict=True))
        us += int((time.monotonic() - began) * 1000)
        if ask.path == "/session":
            await asyncio.sleep(1)  # The tail of what was said.
        return Cost(*said, cpu_ms, longest_ms, us, frames)

    def _http(self, ask: Ask) -> tuple[int, int, int]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        body = ask.raw
        if body is None and ask.body is not None:
            body = json.dumps(ask.body).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if ask.token:
            headers["Authorization"] = f"Bearer {ask.token}"
        headers["Accept"] = ask.accept
        connection.request(ask.method, ask.path, body, headers)
        response = connection.getresponse()
        size = len(response.read())
        connection.close()
        return response.status, len(body or b""), size


Make = Callable[[Scene], Ask | Awaitable[Ask]]


def of_large(method: str, path: str, body: object = None, *, last: bool = False) -> Make:
    """Of a member of the large room. last: somebody else each time."""

    def make(scene: Scene) -> Ask:
        who = scene.people.pop() if last else scene.people[0]
        return Ask(method, path, body, who.token, who.room)

    return make


def of_long(method: str, path: str, body: object = None, raw: bytes | None = None) -> Make:
    return lambda scene: Ask(method, path, body, scene.pair[0].token, scene.long, raw)


def keyed(method: str, path: str, raw: bytes | None = None) -> Make:
    return lambda scene: Ask(
        method,
        path.replace("LONG", scene.long).replace("LARGE", scene.large),
        token=KEY,
        raw=raw,
    )


def plain(path: str, accept: str = "*/*") -> Make:
    return lambda scene: Ask(
        "GET",
        path.replace("LARGE", scene.large).replace("ENGINE", scene.engine),
        accept=accept,
    )


def create(**wish: object) -> Make:
    return keyed("POST", "/create", json.dumps(wish).encode()[:4_194_304])


def turn(scene: Scene) -> Ask:
    scene.generation += 1
    shouts = [{"name": "shout", "body": {"text": "x" * 200}}] * 60
    body = {"commands": shouts}
    return Ask("PUT", f"/turns/{scene.generation}", body, scene.pair[0].token, scene.long)


def have_state(scene: Scene) -> Ask:
    body = {"sha256": sha256(STATE).hexdigest(), "size": len(STATE)}
    path = f"/snapshots/{scene.snapshot}/hash"
    return Ask("PUT", path, body, scene.pair[0].token, scene.long)


def snapshot_send(scene: Scene) -> Ask:
    path = f"/rooms/{scene.long}/snapshots/{scene.snapshot}"
    return Ask("PUT", path, token=scene.keeper.token, room=scene.long, raw=STATE)


def evidence(scene: Scene) -> Ask:
    body = {"generation": 5, "parts": PARTS, "bytes": 4_000_002}
    path = f"/rooms/{scene.long}/desyncs/5"
    return Ask("PUT", path, body, scene.pair[0].token, scene.long)


async def other_evidence(scene: Scene) -> Ask:
    """Nobody else says anything; then the report is written, and can be read."""
    scene.table.lobby.desyncs.close()
    return Ask("GET", f"/rooms/{scene.long}/desyncs/5", token=KEY)


def session(scene: Scene) -> Ask:
    who = scene.people.pop()
    return Ask("PUT", "/session", {"token": who.token, "seq": 0}, who.token, who.room)


BIG_FILE = max(
    (one for one in pages.WEB.rglob("*") if one.is_file() and one.suffix in pages.TYPES),
    key=lambda one: one.stat().st_size,
)

SETTING = {f"text{i}": "y" * 199 for i in range(90)}

ROWS: dict[tuple[str, str], dict[str, Make]] = {}


def row(name: str, make: Make, *carriers: str, what: str = "") -> None:
    for carrier in carriers or ("http", "socket"):
        path_of = make
        if carrier == "http" and name in {one.name for one in ROOM_ROUTES}:
            path_of = _over_http(make)
        ROWS.setdefault((name, carrier), {})[what] = path_of


def _over_http(make: Make) -> Make:
    def made(scene: Scene) -> Ask:
        ask = make(scene)
        assert isinstance(ask, Ask)
        ask.path = f"/rooms/{ask.room}{ask.path}"
        return ask

    return made


# Rows of the room that plays come first: it waits for nobody yet.
row("turn", turn)
row("turns", of_long("GET", "/turns?from=1"))
row("have_state", have_state)
row("snapshot_send", snapshot_send, "http")
row("snapshot", of_long("GET", "/snapshots/latest"))
row("snapshot_state", lambda s: Ask("GET", f"/rooms/{s.long}/snapshots/{s.snapshot}",
    token=s.pair[0].token, room=s.long), "http")  # fmt: skip
row("request", of_long("POST", "/requests/surrender", {"x": "y" * 20_000}), what="refused")
row("desync_parts", evidence, "http")
row("desync_state", lambda s: Ask("PUT", f"/rooms/{s.long}/desyncs/5/state",
    token=s.pair[0].token, room=s.long, raw=STATE), "http")  # fmt: skip
row("desync", other_evidence, "http")
row("desyncs", keyed("GET", "/rooms/LONG/desyncs"), "http")
row("replay", keyed("GET", "/rooms/LONG/replay"), "http")
row("session", session, "socket")
row("me", of_large("GET", "/players/me"))
row("players", of_large("GET", "/players"))
row("setup", of_large("GET", "/setup"))
row("setting", of_large("PUT", "/setup/notes", "x" * 2500))
row("settings", of_large("PATCH", "/setup", SETTING))
row("ready", of_large("PUT", "/players/me/ready"))
row("unready", of_large("DELETE", "/players/me/ready"))
row("hide", of_large("PUT", "/players/me/hidden"))
row("show", of_large("DELETE", "/players/me/hidden"))
row("engine", of_large("PUT", "/players/me/engine", {"refused": ["x" * 200] * 16}))
row("chat", of_large("POST", "/chat", {"text": "x" * 300}))
row("chart", of_large("GET", "/chart"))
row("time", of_large("GET", "/time"))
row("leave", of_large("DELETE", "/players/me", last=True))
row("join_page", plain("/join/LARGE"), "http", what="program")
row("join_page", plain("/join/LARGE", "text/html"), "http", what="browser")
row("join_query", plain("/join?game_id=LARGE"), "http")
row("players_add", lambda s: Ask("POST", f"/rooms/{s.large}/players", {"name": "n" * 32}), "http")
row("status", plain("/rooms/LARGE"), "http")
row("chart_picture", plain("/rooms/LARGE/chart.svg"), "http")
row("socket", lambda s: Ask("GET", f"/rooms/{s.large}/socket"), "http", what="refused")
row("create", create(room=LARGE, engine={"source": "x" * 4_100_000}), "http", what="4 MB engine")
row("create", create(room=LARGE, engine={"source": ENGINE}), "http", what="large file")
row("create", create(game="noughts", setup={f"{i:x}": 1 for i in range(350_000)}), "http",
    what="350,000 keys")  # fmt: skip
row("engine_source", plain("/engines/ENGINE"), "http")
row("replay_page", plain("/replay"), "http")
row("diagnostic_page", plain("/diagnostics/E0101"), "http")
row("web_file", plain(f"/web/{BIG_FILE.relative_to(pages.WEB).as_posix()}"), "http")
row("livez", plain("/livez"), "http")
row("readyz", plain("/readyz"), "http")
row("openapi", plain("/openapi.json"), "http")
row("asyncapi", plain("/asyncapi.json"), "http")
row("end", keyed("DELETE", "/rooms/LARGE"), "http")

ONCE = frozenset(("snapshot_send", "desync_state", "desync", "end"))
NO_ROWS = {
    (route.name, carrier) for route in (*SERVER, *ROOM_ROUTES) for carrier in route.carriers
} - ROWS.keys()
assert not NO_ROWS, f"routes without a row: {sorted(NO_ROWS)}"


async def main(repeat: int) -> int:
    sys.setswitchinterval(SWITCH_S)
    plenty = limits(
        session_ms_per_second=1, session_burst_ms=600_000, address_ms_per_second=1,
        address_burst_ms=600_000, frames_burst=100_000, joins_burst=10_000,
        creates_per_minute=10_000, connects_burst=1000, refusals_burst=10_000,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        return await measure_all(config(limits=plenty, data=Path(folder)), repeat)


async def measure_all(config: Config, repeat: int) -> int:
    """Print the table; 1 where a round took too long."""
    worst = 0
    async with served(config) as table:
        scene = Scene(table)
        await scene.set_up()
        collect_seldom()
        print("| Route | Over | Status | Bytes in, out | Loop ms | Longest ms | Charged |")
        print("|---|---|---|---|---|---|---|")
        for (name, carrier), makes in ROWS.items():
            for what, make in makes.items():
                costs = []
                for time_ in range(1 if name in ONCE else 2 * repeat):
                    made = make(scene)
                    ask = made if isinstance(made, Ask) else await made
                    costs.append(await scene.measured(ask, carrier, ticks=time_ % 2 == 0))
                worst |= shown(f"`{name}`" + (f", {what}" if what else ""), carrier, costs)
    return worst


def shown(name: str, carrier: str, costs: list[Cost]) -> int:
    """Print a row; whether a round was too long in most of the tries."""
    one = costs[-1]
    cpu = statistics.median(cost.cpu_ms for cost in costs[1::2] or costs)
    longest = statistics.median(cost.longest_ms for cost in costs[::2])
    charged = statistics.median(cost.us for cost in costs) / 1000
    frames = max(cost.frames for cost in costs)
    also = f", {frames} frames" if frames > 0 else ""
    print(
        f"| {name} | {carrier} | {one.status} | {one.sent}, {one.received} "
        f"| {cpu:.2f} | {longest:.2f} | {charged:.2f} ms{also} |",
        flush=True,
    )
    return longest > LONGEST_MS


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make costs")
    parser.add_argument("--repeat", type=int, default=5)
    said = parser.parse_args()
    sys.exit(uvloop.run(main(said.repeat)))
