"""The plan of a benchmark: the rooms and their people, the size of packets, and the duration."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from gameroom.wire import JSON, MSGPACK

Kind = Literal["gameroom", "relay", "node"]
Wire = Literal["msgpack", "json"]

SUBPROTOCOL: dict[Wire, str] = {"msgpack": MSGPACK, "json": JSON}

AHEAD = 2
"""A player who sees turn g sends the packet for g + 2."""

CHECKSUM_AGE = AHEAD + 1
"""It has run the turn before g, and reports the checksum after that turn."""

SEATS_MAX = 256
TEXT_MAX = 4096


class BenchError(Exception):
    """The measurement is not possible. The message is for the person who runs the benchmark."""


class BenchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """rooms, seats, watchers: rooms, players in each, spectators in each.

    text_bytes: the length of the text in each command, which determines the size of a packet.
    seconds, warm_s: the length of a window, and how long rooms play before it.
    """

    rooms: int = 60
    seats: int = 4
    watchers: int = 0
    text_bytes: int = 16
    wire: Wire = "msgpack"
    turn_ms: int = 100
    seconds: float = 10.0
    warm_s: float = 3.0
    pairs: int = 5
    durability: Literal["process", "disk"] = "process"

    def described(self) -> str:
        """The plan in one line."""
        watched = f" and {counted(self.watchers, 'watcher')}" if self.watchers else ""
        return (
            f"{counted(self.rooms, 'room')} of {counted(self.seats, 'seat')}{watched}, "
            f"{self.wire}, {self.text_bytes} bytes of text in a command, "
            f"turns of {self.turn_ms} ms"
        )


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The server that a load process plays against. pid: of the server. cores: of the server and
    the load, None if not pinned. key: a create key. first: give priority over other programs."""

    plan: BenchPlan
    kind: Kind
    port: int
    pid: int
    key: str = ""
    server_core: int | None = None
    load_core: int | None = None
    first: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Play this many rooms, warm up, and measure for `seconds`."""

    rooms: int
    warm_s: float
    seconds: float


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The measurements of one window. A value that this system cannot measure is None.

    packets: sent by the players. frames: turns received by players and spectators. turns: closed
    turns. pace: closed turns as a share of those that were due. Lateness is in milliseconds. late:
    the share of frames that are more than half a turn late. load_lag_ms: p99 of the lateness of the
    load's own timers. others_server, others_load: the share of each core that other programs used.
    confirmed: commands that came back to their senders. faults: lost, reordered or refused data.
    """

    rooms: int
    wall_s: float
    packets: int
    frames: int
    turns: int
    confirmed: int
    pace: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    late: float
    load_lag_ms: float
    load_share: float
    server_cpu_s: float | None
    server_rss_mb: float | None
    others_server: float | None
    others_load: float | None
    faults: list[str]


def counted(count: int, noun: str) -> str:
    """`1 room`, `2 rooms`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


ROOM = """language 1
use "standard"

room "bench" extends standard {{
  players {seats}..{seats}
  spectators 0..{watchers}
  command act {{ who: int 0..1000000000  of: int 1..1000000000  text: string(0..{text}) }}
  policy pace {{ tick = 20 per second  turn = {turn_ms}ms..{turn_ms}ms  ahead = {ahead} }}
  policy snapshots {{ every = 0 turns }}
  extend state running.iterating {{ allow act from player }}
}}
"""

ENGINE = "export default () => ({});\n"


def room_text(plan: BenchPlan) -> str:
    """The room file for the rooms of this plan."""
    return ROOM.format(
        seats=plan.seats,
        watchers=plan.watchers,
        text=max(plan.text_bytes, 1),
        turn_ms=plan.turn_ms,
        ahead=AHEAD,
    )


def is_memory_disk(folder: Path, mounts: str) -> bool:
    """Whether this folder is in memory, where a sync costs nothing. mounts: /proc/mounts."""
    found = {line.split()[1]: line.split()[2] for line in mounts.splitlines() if line.strip()}
    for parent in (folder, *folder.parents):
        if str(parent) in found:
            return found[str(parent)] in ("tmpfs", "ramfs")
    return False
