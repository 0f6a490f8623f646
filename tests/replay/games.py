"""A game of noughts and crosses with real checksums, as a replay in memory.

The room is the real one under virtual time; ann's and bob's engine is the shipped one,
run by node a turn at a time as they go.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameroom import resources
from gameroom.lockstep.packets import ChartState, Command, Event, MasterPacket
from gameroom.replay.engine import NodeEngine
from gameroom.room import default_settings, inputs
from gameroom.roomfile import entry_of, read
from gameroom.store import Entry, Header, record, replay, sha256
from gameroom.wire import MSGPACK, Codec, definition_bytes
from tests.room.table import Table
from tests.values import replace

ROOM = """language 1
use "noughts"
room "short" extends noughts {
  policy snapshots { every = 10 turns }
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
}
"""
NOUGHTS = resources.rooms() / "noughts"
ENGINE = (NOUGHTS / "engine.js").read_bytes()
KIT = resources.kit()
VIEW = (NOUGHTS / "view.js").read_bytes()
TURNS = 40
STATES = 10
PLAYERS = ("ann", "bob")


@dataclass(frozen=True)
class Game:
    """What a replay file is made of, to be altered before it is written."""

    header: Header
    code: replay.StoredCode
    entries: tuple[Entry, ...]
    codec: Codec
    sums: dict[int, int]

    def bytes(self) -> bytes:
        records = map(record.entry_record, self.entries)
        return b"".join(replay.written(self.header, self.code, records, lambda: len(self.entries)))

    def write(self, path: Path) -> Path:
        path.write_bytes(self.bytes())
        return path

    def with_turn(self, of: int, **changes: Any) -> Game:
        """The same, with another master packet of this generation, and all CRCs right."""
        entries = []
        for entry in self.entries:
            frame = self.codec.decode_event(entry.event)
            body = frame.body
            if isinstance(body, MasterPacket) and body.generation == of:
                event = Event(entry.seq, replace(body, **changes))
                data = self.codec.encode_event(event)
                assert isinstance(data, bytes)
                entry = replace(entry, event=data)
            entries.append(entry)
        return replace(self, entries=tuple(entries))

    def with_kit(self, source: bytes | None) -> Game:
        """The same, with another kit that the header names rightly, or none."""
        named = None if source is None else sha256(source)
        header, code = replace(self.header, kit=named), replace(self.code, kit=source)
        return replace(self, header=header, code=code)

    def with_engine(self, source: bytes) -> Game:
        """The same, played by another engine that the header names rightly."""
        header = replace(self.header, engine=sha256(source))
        return replace(self, header=header, code=replace(self.code, engine=source))


class Playing(Table):
    """Packets that say what the engine said."""

    sums: dict[int, int]

    def close(self, *commands: Command) -> MasterPacket:
        generation = self.room.generation + 1
        for who in PLAYERS:
            said = commands if who == "ann" else ()
            self.packet(who, generation, *said, checksum=self.sums.get(generation - 2))
        self.wait_until_due()
        return self.masters()[generation - 1]


def play() -> Game:
    chart, used = read("test.room", ROOM)
    table = Playing(ROOM, settings=default_settings(chart.room))
    table.sums = {}
    table.start(*PLAYERS)
    roster = table.room.people.roster()
    seats = [
        {"seat": row.seat, "name": row.name, "team": row.team, "roles": list(row.roles)}
        for row in roster.seats
    ]
    with NodeEngine(ENGINE) as engine:
        begin = {"setup": dict(table.room.settings), "seats": seats, "seed": 7}
        engine.ask({"op": "init", "generation": 0, "states": list(table.states), **begin}, "inited")
        for generation in range(1, TURNS + 1):
            states = list(table.states)
            cells = {5: 4, 9: 0, 13: 8}
            moves = [Command("place", {"cell": cells[generation]})] if generation in cells else []
            packet = table.close(*moves)
            told = engine.ask(
                {
                    "op": "steps",
                    "turns": [_turn(packet, states)],
                    "turn_ms": 100,
                    "every": 1,
                    "stateEvery": STATES,
                    "scene": False,
                    "sync": False,
                },
                "stepped",
            )
            table.sums[generation] = told["sums"][0][1]
            if (state := told["state"]) is not None:
                for who in PLAYERS:
                    have = inputs.HaveState(generation, state["sha256"], state["size"])
                    assert table.send(who, have).status == 202
    table.send("ann", inputs.Say("well played"))
    table.send("bob", inputs.Leave())
    table.wait(60_000)
    codec = Codec(MSGPACK, chart.room)
    header = Header(
        room="r-1",
        name="test.room",
        text=ROOM,
        used=used,
        engine=sha256(ENGINE),
        view=sha256(VIEW),
        seed=7,
        setup=dict(default_settings(chart.room)),
        created=1_700_000_000_000,
        kit=sha256(KIT),
    )
    entries = tuple(entry_of(one, codec) for one in table.journal)
    code = replay.StoredCode(definition_bytes(chart.room), ENGINE, VIEW, KIT)
    return Game(header, code, entries, codec, table.sums)


def _turn(packet: MasterPacket, states: list[str]) -> dict[str, Any]:
    assert packet.chart is None or isinstance(packet.chart, ChartState)
    return {
        "generation": packet.generation,
        "iterations": packet.iterations_per_command,
        "commands": [
            {"seat": said.seat, "name": one.name, "body": dict(one.body)}
            for said in packet.commands
            for one in said.commands
        ],
        "states": states,
        "seats": [0, 1],
    }
