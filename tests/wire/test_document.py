"""docs/wire.md says what the code does: routes, events, codes, examples."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import gameroom
from gameroom.lockstep.pace import AHEAD_MAX
from gameroom.lockstep.packets import (
    Checksum,
    ClientPacket,
    Command,
    MasterPacket,
    RosterRow,
    SignalReport,
    Snapshot,
)
from gameroom.lockstep.turns import HOLES_MAX
from gameroom.model.policies import KEYS
from gameroom.room.presence import ARRIVAL_MS
from gameroom.room.requests import REASON_CHARACTERS_MAX, REASONS_MAX
from gameroom.server.config import Limits
from gameroom.server.http.exchange import HTTP_CODES
from gameroom.server.http.routes import SERVER
from gameroom.server.room_api.operations import ROOM
from gameroom.texts import GIVEN_CHARACTERS_MAX, MARKS_MAX, NAME_CHARACTERS_MAX
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
from gameroom.wire.codec import PATH_CHARS_MAX
from gameroom.wire.events import EVENTS
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
    assert told == {kind.name: kind.path for kind in EVENTS}


def test_a_seat_of_the_roster_is_told_in_full() -> None:
    told = TEXT.split("\n#### Seats\n")[1].split("\n#### ")[0]
    names = re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\|[^|]*\|", told, re.M)))
    assert names == [each.name for each in fields(RosterRow)]


KINDS = {
    "time": "milliseconds",
    "times": '`{"low", "high"}` in milliseconds',
    "turns": "turns",
    "count": "a count",
    "rate": "a number per second",
    "switch": "true or false",
    "gather": "milliseconds, or null for `all`",
    "ahead": "turns, or null for `auto`",
}


def test_every_policy_of_the_definition_is_listed_with_its_unit() -> None:
    told = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| (.*) \|$", section("The definition"), re.M)
    assert told == [(f"{row.policy}.{row.key}", KINDS[row.kind]) for row in KEYS]


def test_the_close_codes_are_the_table_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \|$", section("Close codes"), re.M)
    assert rows == [
        (str(code), row.code.name.lower().replace("_", " "), row.meaning, row.again)
        for code, row in CLOSINGS.items()
    ]


OPEN_CODES = {
    ("server/refusals.py", "refuse"): set(),
    ("server/http/exchange.py", "refusals"): {*HTTP_CODES.items(), (400, "bad_request")},
    ("server/host/jobs.py", "_problem"): {(422, "bad_room"), (422, "bad_setting")},
    ("wire/frames.py", "bad"): {(400, "bad_frame")},
    ("wire/problems.py", "read_problem"): set(),
}
"""Where a problem gets a code that is not written there, and which ones these are. What passes
on the code of its caller adds none: the callers are looked at."""

MAKERS = ("Problem", "refuse")
"""What makes a problem of a status and a code."""


def raised(path: Path) -> Iterator[tuple[int, str]]:
    """The statuses and codes of the problems that a module makes. A function of the same name
    with one argument is another one."""
    where = path.relative_to(PACKAGE).as_posix()
    for name, node in calls(ast.parse(path.read_text(encoding="utf-8"))):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called not in MAKERS:
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if len(given) < 2:
            continue
        values = [one.value if isinstance(one, ast.Constant) else None for one in given[:2]]
        if isinstance(values[0], int) and isinstance(values[1], str):
            yield values[0], values[1]
        else:
            known = OPEN_CODES.get((where, name))
            assert known is not None, f"{where}:{node.lineno}: which code is this?"
            yield from known


def calls(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.Call]]:
    """Every call, with the function in which it stands."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield inside, node
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from calls(node, node.name if is_function else inside)


def test_the_problems_are_those_of_the_code_each_told_once() -> None:
    floors = ("room", "lockstep", "wire", "server")
    made = {
        one
        for floor in floors
        for path in sorted((PACKAGE / floor).rglob("*.py"))
        for one in raised(path)
    }
    rows = re.findall(r"^\| ([\d, ]+) \| `(\w+)` \| [^|]+ \|$", section("Problems"), re.M)
    told = [(int(status), code) for statuses, code in rows for status in statuses.split(", ")]
    assert len(rows) == len(re.findall(r"^\| \d", section("Problems"), re.M)), "one code a row"
    assert len({code for _, code in rows}) == len(rows), "a code stands twice"
    assert sorted(told) == sorted(made)


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    limits = Limits()
    for said in (
        f"a turn {AHEAD_MAX + 2} or more after the open one",
        f"packets more than {HOLES_MAX} generations later",
        f"for the {HOLES_MAX} generations before it",
        f"doesn't arrive in time ({limits.hello_timeout_ms // 1000} s)",
        f"over {limits.hello_bytes_max // 1024} KiB",
        f"within {ARRIVAL_MS // 1000} s of joining",
        f"1 to {NAME_CHARACTERS_MAX} characters, at least one of them visible",
        f"You may send up to {GIVEN_CHARACTERS_MAX}",
        f"more than {MARKS_MAX} combining marks",
        f"pings after {limits.heartbeat_ms // 1000} s",
        f"within {limits.desync_state_wait_ms // 1000} s, `PUT",
        f"up to {PATH_CHARS_MAX} characters",
        f"up to {REASONS_MAX} reasons of {REASON_CHARACTERS_MAX} characters",
    ):
        assert " ".join(said.split()) in " ".join(TEXT.split()), said


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
    ids = (5120943716608523,)
    packet = ClientPacket(311, (move,), Checksum(308, 12345678), 45, 60, (signal,), ids)
    assert read_packet(client, 311) == packet
    turn = read(MasterPacket, master, strict=True)
    assert (turn.commands[0].commands, turn.absent, turn.late[0].seat) == ((move,), (2,), 0)
    (digits,) = re.findall(r"```text\n([0-9a-f ]+)\n```", TEXT)
    sent = ClientPacket(311, (move,), Checksum(308, 12345678), 45, 60)
    assert Codec(MSGPACK, SKIRMISH).decode(bytes.fromhex(digits)) == sent
