"""`gameroom check` plays the rooms that have no errors."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from gameroom.cli.check import check

QUIET = """language 1
use "standard"
room "quiet" extends standard {
  override state running.paused.held {
    allow resume from player
    on resume -> resume running.iterating
  }
}
"""


def run(*args: str) -> Result:
    return CliRunner().invoke(check, args, standalone_mode=False)


def test_a_room_with_a_trouble_leaves_with_1_and_tells_its_story(tmp_path: Path) -> None:
    path = tmp_path / "quiet.room"
    path.write_text(QUIET)
    result = run(str(path))
    assert result.return_value == 1
    assert "warning[W0803]: ann joins, ann is ready, ann has loaded" in result.output
    assert f"{path}:4:18" in result.output
    assert f"note: {path}: checked with up to 3 of 8 players" in result.output


def test_it_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "quiet.room").write_text(QUIET)
    result = run("--no-explore", str(tmp_path))
    assert result.return_value == 0
    assert "checked with" not in result.output


def test_notes_are_told_apart_from_problems(tmp_path: Path) -> None:
    path = tmp_path / "quiet.room"
    path.write_text(QUIET)
    body = json.loads(run("--format", "json", str(path)).stdout)
    assert [each["code"] for each in body["diagnostics"]] == ["W0803"]
    (note,) = body["notes"]
    assert note["file"] == str(path)
    assert note["message"].startswith("checked with up to 3 of 8 players: ")
