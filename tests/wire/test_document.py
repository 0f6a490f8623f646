"""docs/wire.md says what the code does: routes, events, codes, examples."""

import re
from pathlib import Path

import pytest

import gameroom
from gameroom.lockstep.packets import (
    Checksum,
    ClientPacket,
    Command,
    MasterPacket,
    SignalReport,
    Snapshot,
)
from gameroom.server.routes import EVENTS, ROOM, SERVER
from gameroom.wire import (
    BODIES,
    CLOSINGS,
    JSON,
    MSGPACK,
    REJECTED,
    Codec,
    RequestFrame,
    ResponseFrame,
    read_json,
    read_packet,
    read_problem,
)
from gameroom.wire.shape import read
from tests.wire.rooms import ROOM as SKIRMISH

PACKAGE = Path(gameroom.__file__).parent
TEXT = (PACKAGE.parent / "docs" / "wire.md").read_text()
JSONS = [read_json(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.S)]

NOT_TAUGHT = {"openapi", "asyncapi", "join_query", "players_add", "socket", "session"}
"""Routes that the page tells in another form than a row with their template."""


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("route", [*SERVER, *ROOM], ids=lambda route: route.name)
def test_every_route_is_told(route) -> None:
    if route.name in NOT_TAUGHT:
        return
    path = route.path.replace("{id}", "<id>").replace("{file}", "<file>")
    path = path.replace("{sha256}", "<sha256>").replace("{code}", "<code>")
    assert any(f"{method} {path}`" in TEXT for method in route.methods)


def test_every_event_is_told_with_its_path() -> None:
    told = dict(re.findall(r"^\| `([a-z]+)` \| `(/[^`]*)` \|", section("The socket"), re.M))
    assert told.pop(REJECTED) == "/turns/{generation}"
    assert set(told) == set(BODIES)
    assert told == {name: path for name, path, _, _ in EVENTS}


def test_the_close_codes_are_the_table_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \|$", section("Close codes"), re.M)
    assert rows == [
        (str(code), row.code.name.lower().replace("_", " "), row.meaning, row.again)
        for code, row in CLOSINGS.items()
    ]


def test_every_problem_is_told_with_its_status() -> None:
    said = set()
    for path in (one for floor in ("room", "server") for one in (PACKAGE / floor).glob("*.py")):
        said |= set(
            re.findall(
                r"(?:Problem|refuse)\(\s*(?:status=)?(\d{3}),\s*(?:code=)?\"([a-z_]+)\"",
                path.read_text(),
            )
        )
    said |= {("409", "not_now"), ("400", "bad_frame")}
    told = {
        (row[0], code)
        for row in re.findall(r"^\| (\d{3}) \| (.*?) \|", section("Problems"), re.M)
        for code in re.findall(r"`([a-z_]+)`", row[1])
    }
    assert len(said) > 30
    assert said - told == set()


def test_the_example_frames_are_frames() -> None:
    hello, welcome, *_, problem = JSONS
    codec = Codec(JSON, SKIRMISH)
    assert isinstance(hello, dict)
    assert isinstance(welcome, dict)
    said = {"token": "9f...", "seq": 0, "snapshots": True}
    asked = RequestFrame("PUT", "/session", 0, said)
    assert codec.decode(codec._pack(hello)) == asked
    assert codec.decode_event(codec._pack(welcome)) == ResponseFrame(0, 200, welcome["body"])
    assert read_problem(problem).allowed == ("leave", "chat", "move")


def test_the_example_snapshot_is_one() -> None:
    snapshot = read(Snapshot, JSONS[4], strict=True)
    assert (snapshot.generation, snapshot.seq) == (600, 655)
    assert snapshot.begin.seats == snapshot.roster.seats


def test_the_example_packets_are_packets() -> None:
    client, master = JSONS[2:4]
    signal = SignalReport(308, "round_over", {"winner": "red"})
    move = Command("move", {"unit": 3, "x": 4})
    packet = ClientPacket(311, (move,), Checksum(308, 12345678), 45, 60, (signal,))
    assert read_packet(client, 311) == packet
    turn = read(MasterPacket, master, strict=True)
    assert (turn.commands[0].commands, turn.absent, turn.late[0].seat) == ((move,), (2,), 0)
    (digits,) = re.findall(r"```text\n([0-9a-f ]+)\n```", TEXT)
    sent = ClientPacket(311, (move,), Checksum(308, 12345678), 45, 60)
    assert Codec(MSGPACK, SKIRMISH).decode(bytes.fromhex(digits)) == sent
