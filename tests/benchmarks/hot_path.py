"""What a turn costs in this process: from a frame as it was parsed to the bytes in the transports.

Real connections, runners and journals in files; transports that only count. Time is virtual: a
turn's packets come, then the clock stands where the turn is due. With --instructions it counts the
interpreter's instructions instead of measuring time: the count is the same on every machine.
`python -m tests.benchmarks.hot_path --help`.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import json
import os
import pstats
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from gameroom.lockstep.packets import Checksum, ClientPacket, Command
from gameroom.model import Value
from gameroom.server.app import make_services
from gameroom.server.auth import Sources
from gameroom.server.bodies import JoinBody
from gameroom.server.config import Config, Limits, create_keys
from gameroom.server.host.runner import Runner
from gameroom.server.host.stores import open_stores
from gameroom.server.socket.connection import Connection
from gameroom.server.socket.hello import Guest
from gameroom.wire import JSON, MSGPACK, Codec, RequestFrame
from gameroom.wire.frames import Method

ROOM = """
language 1
use "standard"
room "Bench" extends standard {
  players 2..64
  spectators 0..256
  command move { unit: int 0..9  x: int 0..999  y: int 0..999 }
  signal won { by: int 0..9 } agreed by all
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
  policy snapshots { every = 600 turns }
  extend state running.iterating { allow move from player }
}
"""
ENGINE = "export default {}"
COUNTED = 64
"""Turns whose instructions are counted: so many that ids and turns are written once or more."""


class Sink:
    """A transport that counts what is written."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, data: bytes) -> None:
        self.bytes += len(data)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        pass

    abort = pause_reading = resume_reading = close


@dataclass
class Table:
    """One room and its players' connections; frames: by generation, one a player."""

    runner: Runner
    lines: list[Connection]
    codec: Codec
    frames: list[list[Any]] = field(default_factory=list)


def packet(seat: int, generation: int, commands: int) -> ClientPacket:
    return ClientPacket(
        generation,
        tuple(
            Command("move", {"unit": seat % 10, "x": generation % 1000, "y": number})
            for number in range(commands)
        ),
        Checksum(generation - 3, generation * 7919 % 2**32) if generation > 3 else None,
        latency=40 + (seat * 7 + generation * 13) % 20,
        framerate=60,
        ids=tuple(generation * 4096 + seat * 64 + number + 1 for number in range(commands)),
    )


async def tables(args: argparse.Namespace, data: Path) -> list[Table]:
    config = Config(data=data, create_keys=create_keys("0123456789abcdef0"), limits=Limits())
    services = make_services(config, open_stores(config), Sources())
    await services.lobby.check()
    made = []
    for _ in range(args.rooms):
        wish = json.dumps({"room": ROOM, "engine": {"source": ENGINE}}).encode()
        room = (await services.lobby.create(wish)).id
        runner = await services.lobby.rooms.find(room)
        codec = runner.events.codecs[MSGPACK if args.msgpack else JSON]
        lines = []
        for number in range(args.seats):
            place = await services.lobby.join(runner, JoinBody(name=f"p{number}"))
            guest = Guest(room, runner, None, place.token)
            line = Connection(services, guest=guest, codec=codec, settled=lambda: None)
            line.start(Sink())  # type: ignore[arg-type]
            say(line, codec, "PUT", "/session", {"seq": 0})
            lines.append(line)
        for line in lines:
            say(line, codec, "PUT", "/players/me/ready", None)
        while "setup.starting" not in runner.room.states:
            await asyncio.sleep(0.01)
        for line in lines:
            say(line, codec, "PUT", "/players/me/engine", {"loaded": True})
        while "running.iterating" not in runner.room.states:
            await asyncio.sleep(0.01)
        made.append(Table(runner, lines, codec))
    return made


def say(line: Connection, codec: Codec, method: Method, path: str, body: Value) -> None:
    line.received(codec.encode_request(RequestFrame(method, path, 1, body)))


async def instructions(args: argparse.Namespace) -> Counter[str]:
    """By function of gameroom, the interpreter's instructions for each packet, with its share of
    the turn. Counted are the last 64 of `args.turns`."""
    counts: Counter[CodeType] = Counter()

    def traced(frame: FrameType, event: str, arg: object) -> Any:
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        if event == "opcode":
            counts[frame.f_code] += 1
        return traced

    with tempfile.TemporaryDirectory() as folder:
        rooms = await tables(args, Path(folder))
        loop = asyncio.get_running_loop()
        now = [loop.time()]
        loop.time = lambda: now[0]  # type: ignore[method-assign]
        tracing = sys.gettrace()
        for turn in range(1, args.turns + 1):
            frames = [
                (line, room.codec.encode_packet(packet(seat, turn, args.commands)))
                for room in rooms
                for seat, line in enumerate(room.lines)
            ]
            if turn == args.turns - COUNTED + 1:
                sys.settrace(traced)
            for line, frame in frames:
                line.received(frame)
            now[0] += 0.1
            for room in rooms:
                if room.runner.room.generation < turn:
                    room.runner._tick(room.runner.clock.now())
            if turn == args.turns:
                sys.settrace(tracing)
            await asyncio.sleep(0)
        assert all(room.runner.room.generation == args.turns for room in rooms)
    packets = COUNTED * len(rooms) * args.seats
    found: Counter[str] = Counter()
    for code, count in counts.items():
        home = code.co_filename.rpartition("/gameroom/")[2]
        if home != code.co_filename:
            found[f"{home} {code.co_name}"] += count / packets  # type: ignore[assignment]
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--seats", type=int, default=4)
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--commands", type=int, default=1, help="of each packet that has some")
    parser.add_argument("--every", type=int, default=1, help="one packet in so many has commands")
    parser.add_argument("--json", dest="msgpack", action="store_false")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--instructions", action="store_true")
    args = parser.parse_args()
    if args.instructions:
        counted = await instructions(args)
        for name, count in counted.most_common():
            print(f"{count:8.1f} {name}")
        print(f"{sum(counted.values()):8.1f} instructions a packet", flush=True)
        os._exit(0)
    with tempfile.TemporaryDirectory() as folder:
        rooms = await tables(args, Path(folder))
        loop = asyncio.get_running_loop()
        now = [loop.time()]
        loop.time = lambda: now[0]  # type: ignore[method-assign]
        for room in rooms:
            room.frames = [
                [
                    room.codec.encode_packet(
                        packet(seat, turn, args.commands if (turn + seat) % args.every == 0 else 0)
                    )
                    for seat in range(args.seats)
                ]
                if turn
                else []
                for turn in range(args.turns + 1)
            ]
        gc.collect()
        profile = cProfile.Profile() if args.profile else None
        took = []
        for turn in range(1, args.turns + 1):
            if turn == args.turns // 5 and profile is not None:
                profile.enable()
            began = time.thread_time()
            for room in rooms:
                for line, frame in zip(room.lines, room.frames[turn], strict=True):
                    line.received(frame)
            now[0] += 0.1
            for room in rooms:
                if room.runner.room.generation < turn:
                    room.runner._tick(room.runner.clock.now())
            if turn > args.turns // 5:
                took.append(time.thread_time() - began)
            await asyncio.sleep(0)
        if profile is not None:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        assert all(room.runner.room.generation == args.turns for room in rooms), [
            room.runner.room.generation for room in rooms
        ]
        per_turn = sorted(took)[len(took) // 4] * 1e6 / args.rooms
        print(f"{per_turn / args.seats:.1f} us a packet, {per_turn:.0f} us a turn")
        # The server's threads wait for an application that was never started.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
