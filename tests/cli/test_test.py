"""`gameroom test`: exit codes, coverage, JSON, files with problems."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom import cli, resources
from gameroom.cli.test import test as command

ROOM = 'language 1\nuse "standard"\nroom "r" extends standard { players 2..4 }\n'
GOOD = (
    ROOM + 'scenario "they start" { given players ann, bob ann, bob send ready expect running }\n'
)
BAD = ROOM + 'scenario "she starts" { given players ann ann sends ready\n  expect running }\n'


def run(*args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, args, input=stdin, standalone_mode=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.room").write_text(GOOD)
    (tmp_path / "bad.room").write_text(BAD)
    (tmp_path / "broken.room").write_text(ROOM.replace("players", "plyers"))
    return tmp_path


def test_all_pass_leaves_with_0(folder: Path) -> None:
    result = run(str(folder / "good.room"))
    assert result.return_value == 0
    assert "ok    they start  (0.000s, 1 turn)" in result.output
    assert result.output.endswith("1 scenario in 1 file: all passed\n")


def test_a_failure_leaves_with_1_and_tells_its_story(folder: Path) -> None:
    result = run(str(folder / "bad.room"))
    assert result.return_value == 1
    assert "FAIL  she starts" in result.output
    assert f"{folder / 'bad.room'}:5:10" in result.output
    assert "enough players is false" in result.output
    assert result.output.endswith("1 scenario in 1 file: 1 failed\n")


def test_a_file_with_problems_is_told_as_check_tells_it(folder: Path) -> None:
    result = run(str(folder / "broken.room"))
    assert result.return_value == 1
    assert "error[E0101]" in result.output
    assert "; 1 file has errors" in result.output


def test_a_folder_is_searched(folder: Path) -> None:
    result = run(str(folder))
    assert result.return_value == 1
    assert result.output.endswith("2 scenarios in 3 files: 1 failed; 1 file has errors\n")


def test_a_room_without_scenarios_passes(tmp_path: Path) -> None:
    (tmp_path / "a.room").write_text(ROOM)
    result = run(str(tmp_path))
    assert result.return_value == 0
    assert "no scenarios" in result.output


def test_standard_input() -> None:
    assert run("-", stdin=GOOD).return_value == 0
    assert "stdin.room:5:10" in run("-", stdin=BAD).output


def test_only_some(folder: Path) -> None:
    assert run("--only", "they", str(folder / "good.room"), str(folder / "bad.room")).output.count(
        "ok  "
    ) == 1  # fmt: skip
    assert run("--only", "they", str(folder / "bad.room")).return_value == 0


def test_verbose_prints_every_line(folder: Path) -> None:
    output = run("--verbose", str(folder / "good.room")).output
    assert "   0.000s  turn 0    given players ann, bob [setup.gathering]" in output
    assert "   0.000s  turn 1    ann, bob send ready [running.iterating]" in output


def test_coverage_lists_what_was_never_reached(folder: Path) -> None:
    output = run("--coverage", str(folder / "good.room")).output
    assert "never entered: running.paused.held" in output
    assert "never taken: running.iterating: on pause -> running.paused.held" in output
    assert "never" not in run(str(folder / "good.room")).output


def test_too_little_coverage_is_a_finding(folder: Path) -> None:
    good = str(folder / "good.room")
    assert run("--coverage-min", "10", good).return_value == 0
    result = run("--coverage-min", "90", good)
    assert result.return_value == 1
    assert "coverage is below 90%" in result.output


def test_json(folder: Path) -> None:
    body = json.loads(run("--format", "json", str(folder)).output)
    assert body["version"] == 1
    bad, broken, good = body["files"]
    assert [each["code"] for each in broken["diagnostics"]] == ["E0101"]
    assert broken["coverage"] is None
    assert good["scenarios"][0]["passed"]
    assert good["scenarios"][0]["failure"] is None
    assert good["scenarios"][0]["steps"][1] == {
        "line": 4,
        "step": "ann, bob send ready",
        "at": 0,
        "turn": 1,
        "states": ["running.iterating"],
        "note": "",
    }
    failure = bad["scenarios"][0]["failure"]
    assert (failure["line"], failure["column"], failure["step"]) == (5, 10, "expect running")
    assert failure["why"] == "the room is in `setup.gathering`"
    assert failure["states"] == ["setup.gathering"]
    assert "What happened:" in failure["story"]
    assert good["coverage"]["percent"] < 50
    assert "running.paused.held" in good["coverage"]["states_missed"]
    assert good["coverage"]["transitions_missed"][0].keys() == {"source", "text", "file", "line"}


def test_what_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert cli.run(["test", str(tmp_path / "none.room")]) == 2
    assert cli.run(["test", str(tmp_path)]) == 2
    assert cli.run(["test"]) == 2
    assert cli.run(["test", "--coverage-min", "101", str(resources.rooms())]) == 2
