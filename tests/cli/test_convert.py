"""`gameroom convert`: from file to file, through pipes, and what it won't do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom import cli
from gameroom.cli.convert import convert

ROOM = '# why\nlanguage 1\nuse "standard"\n\nroom "a" extends standard {\n  players 2..3\n}\n'
YAML = "# why\nlanguage: 1\nuse: standard\nroom:\n  name: a\n  extends: standard\n  players: 2..3\n"


def run(*args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(convert, args, input=stdin, standalone_mode=False)


def test_there_and_back(tmp_path: Path) -> None:
    room, yaml = tmp_path / "a.room", tmp_path / "a.room.yaml"
    room.write_text(ROOM)
    assert run(str(room), "-o", str(yaml)).return_value == 0
    assert yaml.read_text() == YAML
    assert run(str(yaml)).stdout == ROOM


@pytest.mark.parametrize(("to", "stdin", "out"), [("yaml", ROOM, YAML), ("room", YAML, ROOM)])
def test_standard_input(to: str, stdin: str, out: str) -> None:
    assert run("-", "--to", to, stdin=stdin).stdout == out


def test_nothing_is_written_over_unless_told(tmp_path: Path) -> None:
    room, yaml = tmp_path / "a.room", tmp_path / "a.room.yaml"
    room.write_text(ROOM)
    yaml.write_text("mine")
    assert run(str(room), "-o", str(yaml)).return_value == 1
    assert yaml.read_text() == "mine"
    assert run(str(room), "-o", str(yaml), "--force").return_value == 0
    assert yaml.read_text() == YAML


def test_mistakes_are_shown() -> None:
    result = run("-", stdin=ROOM.replace("players", "playrs"))
    assert result.return_value == 1
    assert "did you mean `players`?" in result.stderr
    twice = run("-", stdin=ROOM.replace("players 2..3", "request a request a"))
    assert twice.return_value == 1
    assert "gameroom check" in twice.stderr


def test_usage(tmp_path: Path) -> None:
    path = tmp_path / "a.room"
    path.write_text(ROOM)
    assert cli.run(["convert", str(path), "--to", "room"]) == 2
    assert cli.run(["convert", str(path), "-o", str(tmp_path / "b.room")]) == 2
    assert cli.run(["convert", str(tmp_path / "gone.room")]) == 2
