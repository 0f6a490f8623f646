"""`gameroom desync`: what a report says is said in plain words, and a bad file does no harm.

`GAMEROOM_UPDATE=1` writes the report that docs/desync.md explains, and what is told of it there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from gameroom import cli
from gameroom.cli.desync_words import facts, told
from gameroom.desyncfile import BadReportError, read
from gameroom.lockstep.canonical import canonical, checksum
from gameroom.lockstep.desync_report import DesyncReport, Subject, Witness, report
from gameroom.lockstep.packets import (
    Checksum,
    Command,
    Diverged,
    MasterPacket,
    SeatCommands,
)

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "outpost-128.desync"
PAGE = DOCS / "desync.md"
NAMES = ("ann", "bob", "cid")


def outpost(hidden: bool) -> dict[str, Any]:
    """The state of a small game; `seen` is written by scene(), which a hidden page never calls."""
    units = [{"hp": 100 - 7 * n, "seen": 0, "x": 40 * n, "y": 12} for n in range(6)]
    units[2]["seen"] = 0 if hidden else 128
    units[4]["seen"] = 0 if hidden else 127
    return {"dice": [7, 1, 4, 99], "night": False, "units": units}


def example() -> DesyncReport:
    states = {0: outpost(False), 1: outpost(False), 2: outpost(True)}
    sums = {seat: checksum(state) for seat, state in states.items()}
    verdict = Diverged(128, (2,), True, sums)
    witnesses = [
        Witness(
            seat,
            NAMES[seat],
            sums[seat],
            128,
            {"": sums[seat], "units": checksum(state["units"])},
            None if seat == 1 else canonical(state),
        )
        for seat, state in states.items()
    ]
    guard = SeatCommands(1, (Command("guard", {"unit": 2, "x": 80, "y": 12}),))
    turns = [
        MasterPacket(127, 5, 100, 2, commands=(guard,)),
        MasterPacket(128, 5, 100, 2),
    ]
    subject = Subject("Jq3v", "outpost", "5f" * 32, 7, {}, 1_760_000_000_000, 1_760_000_060_000)
    return report(subject, verdict, Checksum(126, 4_022_250_974), turns, witnesses)


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(
        cli.gameroom, ["desync", *map(str, args)], standalone_mode=False, catch_exceptions=False
    )


def shown_in_the_docs() -> str:
    found = re.search(
        r"^```text\n(The engines diverged.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S
    )
    assert found is not None
    return found[1]


def test_the_example_of_the_docs_is_a_report_and_is_told_as_shown():
    text = told(example()) + "\n"
    if os.environ.get("GAMEROOM_UPDATE"):
        EXAMPLE.write_bytes(example().dump())
        PAGE.write_text(PAGE.read_text("utf-8").replace(shown_in_the_docs(), text), "utf-8")
    assert EXAMPLE.read_bytes() == example().dump()
    assert shown_in_the_docs() == text
    result = run("show", EXAMPLE)
    assert (result.return_value, result.output) == (0, text)


def test_the_table_of_the_docs_has_every_key_of_the_file():
    text = PAGE.read_text("utf-8")

    def keys(value: Any, depth: int = 0) -> set[str]:
        if isinstance(value, Mapping):
            inner = {one for item in value.values() for one in keys(item, depth + 1)}
            return inner | (set(value) if depth < 2 else set())
        if isinstance(value, list):
            return {one for item in value for one in keys(item, depth)}
        return set()

    body = {k: v for k, v in example().body.items() if k not in ("states", "happened")}
    for key in keys(body) | set(example().body):
        assert f"`{key}`" in text, key


def test_json_has_everything_but_the_states():
    result = run("show", "--json", EXAMPLE)
    body = json.loads(result.output)
    assert "states" not in body
    assert body["differences"][0] == {"path": "units.2.seen", "values": {"0": 128, "2": 0}}
    assert body["doubts"] == {}
    assert body == json.loads(json.dumps(facts(example())))


def test_so_many_differences_as_are_asked_for():
    assert "units.4.seen" in run("show", EXAMPLE).output
    assert "units.4.seen" not in run("show", "--most", "1", EXAMPLE).output


def test_a_state_that_does_not_fit_its_hashes_is_not_trusted():
    body = json.loads(example().dump())
    body["states"]["2"]["night"] = True
    text = told(DesyncReport(body))
    assert "The data from cid (seat 3) is unreliable" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"decidable": False}, "It is not known whose engine is right"),
        ({"agreed": None}, "No earlier turn with equal checksums is known"),
        ({"agreed": {"generation": 127, "value": 1}}, "so the cause is in turn 128."),
        ({"compared": None, "differences": []}, "The difference can't be located"),
        ({"compared": 130}, "The states are those after turn 130"),
        ({"differences": []}, "snapshot() leaves out"),
        ({"differences_left_out": 600}, "601 more differ"),
        ({"happened": []}, "The commands before that are not known"),
        ({"by": "parts"}, "hash 0x00000080"),
    ],
)
def test_what_is_known_is_told_and_what_is_not(change: dict[str, Any], words: str):
    assert words in " ".join(told(DesyncReport({**example().body, **change})).split())


def test_half_a_pixel_is_what_to_look_at_first():
    body = json.loads(example().dump())
    body["seats"][2]["said"]["why"] = "value.units[0].x: 0.5 is not a whole number within 2^53 - 1"
    advice = told(DesyncReport(body)).partition("Next steps:")[2]
    assert advice.index("not whole") < advice.index("Find where the engine")


def test_what_others_said_reaches_no_terminal_as_it_is():
    evil = "\x1b[2J\u202e\x07"
    body = json.loads(example().dump().replace(b'"cid"', json.dumps(evil).encode()))
    body["differences"][0]["path"] = evil
    body["differences"][0]["values"]["0"] = evil
    body["differences"][1]["values"]["2"] = {evil: evil}
    body["seats"][0]["said"]["why"] = evil
    body["room"]["name"] = evil
    text = told(DesyncReport(body))
    assert all(one.isprintable() for one in text.replace("\n", ""))


@pytest.mark.parametrize("data", [b"", b"{}", b"gameroom journal\n", b"\x00\xff", b'{"desync": 9}'])
def test_a_file_that_is_no_report_is_named_with_the_reason(tmp_path: Path, data: bytes):
    path = tmp_path / "x.desync"
    path.write_bytes(data)
    result = run("show", path)
    assert result.return_value == 1
    assert f"{path} can't be read as a desync report: " in result.output


def test_a_file_that_is_cut_off_is_named_as_such(tmp_path: Path):
    path = tmp_path / "x.desync"
    path.write_bytes(EXAMPLE.read_bytes()[:-20])
    result = run("show", path)
    assert result.return_value == 1
    assert "incomplete" in result.output


def test_usage():
    assert cli.run(["desync", "show", "no/such/file"]) == 2
    assert cli.run(["desync", "show"]) == 2
    assert cli.run(["desync", "list", "no/such/folder"]) == 2


def test_all_reports_of_a_server_in_a_line_each(tmp_path: Path):
    assert "no desync reports" in run("list", tmp_path).output
    folder = tmp_path / "desyncs"
    folder.mkdir()
    (folder / "Jq3v-128.desync").write_bytes(example().dump())
    result = run("list", tmp_path)
    assert result.return_value == 0
    assert "room Jq3v (outpost), turn 128: first in units.2.seen" in result.output
    (folder / "bad-1.desync").write_bytes(b"{")
    result = run("list", tmp_path)
    assert result.return_value == 1
    assert "bad-1.desync: can't be read" in result.output
    assert run("list", folder).return_value == 1


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_no_report_breaks_the_telling(data: st.DataObject):
    body = json.loads(example().dump())
    at: Any = body
    while True:
        key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else list(range(len(at)))))
        inner = at[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        at = inner
    at[key] = data.draw(PLAIN)
    try:
        found = read(json.dumps(body).encode())
    except BadReportError:
        return
    told(found)
    facts(found)
