"""`gameroom fmt`: what is written, what is left alone, and the exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom import cli
from gameroom.cli.fmt import fmt

BEFORE = 'language 1\nuse "standard"\nroom "a" extends standard { players 2..3 }\n'
AFTER = 'language 1\nuse "standard"\n\nroom "a" extends standard {\n  players 2..3\n}\n'


def run(*args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(fmt, args, input=stdin, standalone_mode=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "a.room"
    found.write_text(BEFORE)
    return found


def test_a_file_is_written_and_keeps_its_mode(path: Path) -> None:
    path.chmod(0o640)
    assert run(str(path)).return_value == 0
    assert path.read_text() == AFTER
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(path.parent) == ["a.room"]


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.parent / "link.room"
    link.symlink_to(path)
    assert run(str(link)).return_value == 0
    assert link.is_symlink()
    assert path.read_text() == AFTER


def test_a_formatted_file_is_not_touched(path: Path) -> None:
    run(str(path))
    os.utime(path, (1, 1))
    result = run(str(path))
    assert result.return_value == 0
    assert "none changed" in result.stderr
    assert path.stat().st_mtime == 1


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_check_and_diff_write_nothing(path: Path, option: str) -> None:
    result = run(option, str(path))
    assert result.return_value == 1
    assert str(path) in result.stdout
    assert path.read_text() == BEFORE
    path.write_text(AFTER)
    assert run(option, str(path)).return_value == 0


def test_the_diff_shows_both_sides(path: Path) -> None:
    lines = run("--diff", str(path)).stdout.split("\n")
    assert "+  players 2..3" in lines
    assert '-room "a" extends standard { players 2..3 }' in lines


def test_standard_input_goes_to_standard_output() -> None:
    result = run("-", stdin=BEFORE)
    assert (result.return_value, result.stdout) == (0, AFTER)
    assert run("--check", "-", stdin=BEFORE).return_value == 1


def test_a_file_with_mistakes_is_left_alone_and_the_others_are_written(path: Path) -> None:
    wrong = path.parent / "wrong.room"
    wrong.write_text(BEFORE.replace("players", "playrs"))
    result = run(str(path.parent))
    assert result.return_value == 1
    assert "error[E0101]" in result.stderr
    assert path.read_text() == AFTER
    assert "playrs" in wrong.read_text()


def test_our_own_mistake_leaves_with_3_and_writes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gameroom.language.rewrite.format._TextWriter.file", lambda _: "language 1\n"
    )
    result = run(str(path))
    assert result.return_value == 3
    assert "report" in result.stderr
    assert path.read_text() == BEFORE


def test_usage(tmp_path: Path) -> None:
    (tmp_path / "a.room.yaml").write_text("language: 1\n")
    assert cli.run(["fmt"]) == 2
    assert cli.run(["fmt", str(tmp_path / "a.room.yaml")]) == 2
    assert cli.run(["fmt", str(tmp_path)]) == 2
    assert cli.run(["fmt", str(tmp_path / "gone.room")]) == 2
