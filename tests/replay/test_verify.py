"""An honest replay is verified; whatever is wrong with another is named by its place."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from gameroom.cli import run
from gameroom.formats import RELEASE
from gameroom.lockstep.packets import (
    ChartState,
    Checksum,
    Command,
    Diverged,
    Event,
    SeatCommands,
    Verified,
)
from gameroom.replay import ReplayReport, verify
from gameroom.store import record, replay, sha256
from tests.replay.games import ENGINE, KIT, TURNS, Game
from tests.values import replace

pytestmark = pytest.mark.slow

NOBODY = b"""export default () => { throw new Error("no"); };\n"""


def told(game: Game, folder: Path) -> ReplayReport:
    return verify(game.write(folder / "x.replay"))


def codes(report: ReplayReport) -> list[str]:
    return [finding.code for finding in report.findings]


def test_an_honest_game_is_verified(game: Game, tmp_path: Path) -> None:
    report = told(game, tmp_path)
    assert report.findings == []
    assert (report.events, report.turns, report.ended) == (len(game.entries), TURNS, True)
    checks = report.checksums
    assert (checks.why_not, checks.agreed, checks.states) == (None, TURNS - 2, TURNS // 10)
    assert checks.until == TURNS


def test_no_flipped_bit_is_verified(game: Game, tmp_path: Path) -> None:
    data = game.bytes()
    for at in range(0, len(data), len(data) // 40):
        flipped = bytearray(data)
        flipped[at] ^= 0x10
        path = tmp_path / "x.replay"
        path.write_bytes(flipped)
        report = verify(path)
        assert "damaged" in codes(report), at
        assert "at byte" in report.findings[0].detail


@pytest.mark.parametrize("off", [1, 25, 400, 2000])
def test_a_file_that_was_cut_off_is_checked_as_far_as_it_goes(
    game: Game, tmp_path: Path, off: int
) -> None:
    path = tmp_path / "x.replay"
    path.write_bytes(game.bytes()[:-off])
    report = verify(path)
    assert codes(report) == ["cut"]
    assert f"the {report.events} events before that are complete" in report.findings[0].detail
    assert report.checksums.why_not is None
    assert 0 < report.checksums.agreed <= TURNS - 2


def test_a_missing_entry_is_damage(game: Game, tmp_path: Path) -> None:
    records = [record.entry_record(entry) for entry in game.entries]
    path = tmp_path / "x.replay"
    path.write_bytes(game.bytes().replace(records[20], b""))
    report = verify(path)
    assert codes(report) == ["damaged"]
    assert "entry 21 at byte" in report.findings[0].detail
    assert "found entry 22 in its place" in report.findings[0].detail
    assert report.events == 20


def test_another_engine_is_not_run(game: Game, tmp_path: Path) -> None:
    other = replace(game, code=replace(game.code, engine=ENGINE + b"\n", view=b"other"))
    report = told(other, tmp_path)
    assert codes(report) == ["another_engine", "another_view"]
    assert report.checksums.why_not is not None
    assert report.checksums.agreed == 0


def test_another_definition_is_told(game: Game, tmp_path: Path) -> None:
    other = replace(game, code=replace(game.code, definition=b"{}"))
    assert codes(told(other, tmp_path)) == ["another_definition"]


def test_an_engine_that_plays_otherwise_is_told_by_its_first_turn(
    game: Game, tmp_path: Path
) -> None:
    # From the second move on, at turn 9, the mark is another one.
    cheat = ENGINE.replace(b"game.cells[body.cell] = mark;", b'game.cells[body.cell] = "o" + mark;')
    assert cheat != ENGINE
    report = told(game.with_engine(cheat), tmp_path)
    assert codes(report)[0] == "checksum"
    first = report.findings[0]
    assert first.generation is not None
    assert str(game.sums[first.generation]) in first.detail
    assert report.checksums.until < first.generation
    assert "state" in codes(report)


def test_a_wrong_checksum_is_told_with_both_values(game: Game, tmp_path: Path) -> None:
    report = told(game.with_turn(22, checksum=Checksum(20, 12345)), tmp_path)
    (finding,) = report.findings
    assert (finding.code, finding.generation) == ("checksum", 20)
    assert "12345" in finding.detail
    assert str(game.sums[20]) in finding.detail
    assert report.checksums.until == 19


def test_a_wrong_state_is_told(game: Game, tmp_path: Path) -> None:
    entries = []
    for entry in game.entries:
        body = game.codec.decode_event(entry.event).body
        if isinstance(body, Verified) and body.generation == 20:
            data = game.codec.encode_event(Event(entry.seq, replace(body, sha256="0" * 64)))
            assert isinstance(data, bytes)
            entries.append(replace(entry, event=data))
        else:
            entries.append(entry)
    report = told(replace(game, entries=tuple(entries)), tmp_path)
    assert [(one.code, one.generation) for one in report.findings] == [("state", 20)]


@pytest.mark.parametrize(
    ("seat", "command", "why"),
    [
        (0, Command("place", {"cell": 9}), "`cell` is 9, outside 0..8"),
        (0, Command("place", {"cell": "4"}), "is not a whole number"),
        (7, Command("place", {"cell": 1}), "which is empty"),
    ],
)
def test_an_illegal_command_is_named(
    game: Game, tmp_path: Path, seat: int, command: Command, why: str
) -> None:
    report = told(game.with_turn(30, commands=(SeatCommands(seat, (command,)),)), tmp_path)
    found = [one for one in report.findings if one.code == "bad_command"]
    assert [one.generation for one in found] == [30]
    assert why in found[0].detail


def test_a_command_that_the_state_does_not_allow_is_named(game: Game, tmp_path: Path) -> None:
    """The turn before says that the room is paused; what it says then is another finding."""
    paused = ChartState(("running", "running.paused", "running.paused.held"))
    place = SeatCommands(0, (Command("place", {"cell": 1}),))
    report = told(game.with_turn(29, chart=paused).with_turn(30, commands=(place,)), tmp_path)
    found = next(one for one in report.findings if one.code == "bad_command")
    assert found.generation == 30
    assert "`place`: it is not allowed there in `running.paused.held`" in found.detail


def test_a_state_that_the_room_has_not_is_named(game: Game, tmp_path: Path) -> None:
    place = SeatCommands(0, (Command("place", {"cell": 1}),))
    nowhere = game.with_turn(29, chart=ChartState(("nowhere",))).with_turn(30, commands=(place,))
    report = told(nowhere, tmp_path)
    found = next(one for one in report.findings if one.code == "bad_command")
    assert "'nowhere', a state that it does not have" in found.detail


def test_a_turn_that_is_missing_is_named(game: Game, tmp_path: Path) -> None:
    report = told(game.with_turn(25, generation=26), tmp_path)
    assert "bad_turn" in codes(report)
    assert report.findings[0].detail == "turn 26 follows turn 24"


def test_time_does_not_run_backwards(game: Game, tmp_path: Path) -> None:
    entries = list(game.entries)
    entries[30] = replace(entries[30], at=entries[29].at - 1)
    assert "bad_order" in codes(told(replace(game, entries=tuple(entries)), tmp_path))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "language 1\nroom"}, "bad_room"),
        ({"used": {}}, "bad_room"),
        ({"setup": {"first": "nobody"}}, "bad_setup"),
    ],
)
def test_a_header_that_makes_no_room_is_told(
    game: Game, tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    report = told(replace(game, header=replace(game.header, **changes)), tmp_path)
    assert codes(report) == [code]


@pytest.mark.parametrize(
    "event", [b"", b"\xc1", b"\x90", b"\x01", b"\xdc\xff\xff", b"\x81\xa1a\x01"]
)
def test_an_event_of_rubbish_is_told(game: Game, tmp_path: Path, event: bytes) -> None:
    entries = list(game.entries)
    entries[15] = replace(entries[15], event=event)
    report = told(replace(game, entries=tuple(entries)), tmp_path)
    assert codes(report) == ["bad_event"]
    assert report.findings[0].seq == 16


@pytest.mark.parametrize("chart", [b"", b"{}", b"[1]", b"\xff"])
def test_a_chart_of_rubbish_does_not_fold(game: Game, tmp_path: Path, chart: bytes) -> None:
    entries = [
        entry if entry.chart is None else replace(entry, chart=chart) for entry in game.entries
    ]
    assert codes(told(replace(game, entries=tuple(entries)), tmp_path)) == ["not_folded"]


def test_of_engines_that_differed_it_is_told_who_was_right(game: Game, tmp_path: Path) -> None:
    entries = list(game.entries)
    at = next(
        index
        for index, entry in enumerate(entries)
        if (body := game.codec.decode_event(entry.event).body)
        and getattr(body, "generation", 0) == 39
    )
    values = {0: game.sums[39], 1: 77}
    data = game.codec.encode_event(Event(0, Diverged(39, (0, 1), False, values)))
    assert isinstance(data, bytes)
    tail = [replace(entries[at], event=data), *entries[at + 1 :]]
    body = entries[: at + 1]
    for entry in tail:
        seq = len(body) + 1
        frame = game.codec.decode_event(entry.event)
        again = game.codec.encode_event(Event(seq, frame.body))  # type: ignore[arg-type]
        assert isinstance(again, bytes)
        body.append(replace(entry, seq=seq, event=again))
    report = told(replace(game, entries=tuple(body)), tmp_path)
    (one,) = report.divergences
    assert (one["generation"], one["own"], one["right"]) == (39, game.sums[39], [0])


# --- Foreign engines ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        NOBODY,
        b"export default 1;",
        b"export default (",
        b'import "node:fs"; export default () => ({});',
        b'await import("node:net"); export default () => ({});',
        b"export default () => process.exit(0);",
        b"export default () => require('fs');",
        b"export default () => fetch('http://127.0.0.1');",
        b"export default () => Date.now();",
        b"export default () => (() => {}).constructor('return this')();",
        b"await new Promise(() => {}); export default () => ({});",
        ENGINE.replace(b"step({", b"step(more, {"),
        ENGINE.replace(b"checksum() {", b"checksum() { return -1;"),
        b"\xff\xfe",
    ],
)
def test_an_engine_that_fails_or_reaches_out_is_a_finding(
    game: Game, tmp_path: Path, source: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One of them answers nothing at all.
    monkeypatch.setattr("gameroom.replay.engine.ANSWER_S", 5.0)
    report = told(game.with_engine(source), tmp_path)
    assert codes(report) == ["engine_failed"]


OLD_KIT = KIT.replace(
    b"export function checksum(value) {",
    b"""export function checksum(value) {
  return hash32(canonical(value), 1);""",
)
"""A kit of another time, with other checksums."""


def test_a_game_is_played_with_the_kit_of_its_time(game: Game, tmp_path: Path) -> None:
    assert OLD_KIT != KIT
    report = told(game.with_kit(OLD_KIT), tmp_path)
    assert codes(report) == ["checksum"], "these players did not have it"
    assert report.checksums.agreed > 0
    assert told(game.with_kit(None), tmp_path).ok, "without one it is this release's"


def test_who_wrote_it_and_with_which_kit_is_said_where_it_is_another(
    game: Game, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = game.with_kit(KIT + b"// Another one.\n")
    other = replace(other, header=replace(other.header, release="0.0.9"))
    path = other.write(tmp_path / "x.replay")
    assert run(["replay", str(path), "--verify"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"written by gameroom 0.0.9; this is gameroom {RELEASE}",
        f"its engine uses another version of the kit than gameroom {RELEASE}",
    ]
    assert run(["replay", str(path), "--verify", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["release"], said["own_kit"]) == ("0.0.9", False)


def test_another_kit_than_the_header_names_is_not_run(game: Game, tmp_path: Path) -> None:
    other = replace(game, code=replace(game.code, kit=OLD_KIT))
    report = told(other, tmp_path)
    assert codes(report) == ["another_kit"]
    assert report.checksums.why_not is not None


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"export const at = Date.now();", "an engine has no clock"),
        (b"fetch('http://127.0.0.1');", "an engine has no network"),
        (b'import "node:fs";', "one file without imports"),
        (b"export default process.exit(0);", "process is not defined"),
    ],
)
def test_a_kit_can_do_no_more_than_an_engine(
    game: Game, tmp_path: Path, source: bytes, why: str
) -> None:
    report = told(game.with_kit(KIT + source), tmp_path)
    assert codes(report) == ["engine_failed"]
    assert why in report.findings[0].detail


def test_a_replay_of_a_later_format_is_told_by_its_release(tmp_path: Path) -> None:
    later = b'{"format": 2, "release": "0.3.0", "room": {"id": "r-1"}}'
    path = tmp_path / "x.replay"
    path.write_bytes(replay.MAGIC + record.record(0, later))
    report = verify(path)
    assert codes(report) == ["other_release"]
    assert report.findings[0].detail == (
        "x.replay was written by gameroom 0.3.0 in journal format 2;"
        f" this is gameroom {RELEASE}, which reads format 1"
    )


@pytest.mark.parametrize(
    "source",
    [
        b"Array.prototype.toJSON = () => [7];",
        b"Array.prototype.toJSON = () => 7;",
        b"Object.prototype.toJSON = () => 7;",
        b"let deep = 0; for (let i = 0; i < 3000; i += 1) deep = { deep };"
        b" Array.prototype.toJSON = () => deep;",
        b"const said = 'x'.repeat(2 ** 20); Object.prototype.toJSON = () => said;",
    ],
)
def test_an_engine_that_garbles_the_answers_is_a_finding(
    game: Game, tmp_path: Path, source: bytes
) -> None:
    """Answers are written in the engine's own realm: nothing in them is what it says."""
    report = told(game.with_engine(source + b"\n" + ENGINE), tmp_path)
    assert not report.ok


PROBE = b"""
let promise = null;
// What looks at the source takes this for a regular expression.
const hidden = {} / (promise = import("node:net")) / 1;
let refusal = null;
try { await promise; } catch (error) { refusal = error; }
let deep = null;
const dive = () => { try { dive(); } catch (error) { deep = error; } };
dive();
const foreign = [];
const look = (value, path, depth) => {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || depth > 3) return;
  let root = value;
  try {
    while (Object.getPrototypeOf(root) !== null) root = Object.getPrototypeOf(root);
  } catch {
    return;
  }
  if (root !== Object.prototype && Object.getOwnPropertyNames(root).includes("hasOwnProperty")) foreign.push(path);
  for (const name of Reflect.ownKeys(value)) {
    let inner;
    try { inner = value[name]; } catch { continue; }
    look(inner, `${path}.${String(name)}`, depth + 1);
  }
};
look(globalThis, "global", 0);
look(promise, "promise", 0);
look(deep, "deep", 0);
export default (kit) => {
  look(kit, "kit", 0);
  const names = ["process", "require", "module", "global", "Buffer", "setImmediate", "Worker"].filter((name) => {
    try { return globalThis[name] !== undefined && name !== "Worker"; } catch { return false; }
  });
  throw new Error(`refused: ${typeof refusal}, foreign: ${foreign.join()}, names: ${names.join()}.`);
};
"""  # noqa: E501  JavaScript


def test_an_engine_finds_nothing_of_node_s(game: Game, tmp_path: Path) -> None:
    report = told(game.with_engine(PROBE), tmp_path)
    (finding,) = report.findings
    assert finding.detail.endswith("Error: refused: string, foreign: , names: .")


def test_an_engine_that_never_answers_is_stopped(
    game: Game, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gameroom.replay.engine.ANSWER_S", 1.0)
    stuck = ENGINE.replace(b"step({", b"step({ generation }) { for (;;); }, other({", 1)
    report = told(game.with_engine(stuck), tmp_path)
    assert codes(report) == ["engine_failed"]
    assert "it did not respond within 1 s" in report.findings[0].detail


def test_an_engine_that_eats_memory_is_stopped(
    game: Game, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gameroom.replay.engine.MEMORY_MB", 64)
    eater = b"const kept = []; for (;;) kept.push(new Array(1e5).fill({}));"
    report = told(game.with_engine(eater), tmp_path)
    assert codes(report) == ["engine_failed"]
    assert "its process ended" in report.findings[0].detail


def test_the_hashes_are_those_of_the_shipped_game(game: Game) -> None:
    assert game.header.engine == sha256(ENGINE)


def test_whatever_a_stranger_wrote_is_a_finding_and_never_our_fault(
    game: Game, tmp_path: Path
) -> None:
    dice = random.Random(5)
    met: set[str] = set()
    for _ in range(60):
        entries = list(game.entries)
        at = dice.randrange(len(entries))
        event = bytearray(entries[at].event)
        for _ in range(dice.randint(1, 4)):
            event[dice.randrange(len(event))] = dice.randrange(256)
        entries[at] = replace(entries[at], event=bytes(event))
        met.update(codes(told(replace(game, entries=tuple(entries)), tmp_path)))
    assert "bad_event" in met
