"""`gameroom graph`: what is written where, and what is said when it can't be."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from gameroom.cli.graph import graph

GOOD = 'language 1\nuse "standard"\nroom "good" extends standard { }\n'
BAD = 'language 1\nuse "standard"\nroom "bad" extends standard { requst vote }\n'


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.room"
    path.write_text(GOOD)
    return path


def run(*args: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(graph, [str(arg) for arg in args], input=stdin)


def test_svg_goes_to_standard_output(good: Path):
    result = run(good)
    assert ElementTree.fromstring(result.stdout).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.svg", "<svg"),
        ("a.dot", "digraph"),
        ("a.gv", "digraph"),
        ("a.mmd", "---\n"),
        ("a.mermaid", "---\n"),
    ],
)
def test_the_name_says_what_is_written(good: Path, tmp_path: Path, name: str, start: str):
    result = run(good, "-o", tmp_path / name)
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_the_format_that_is_given_counts(good: Path, tmp_path: Path):
    assert run(good, "-o", tmp_path / "notes.txt", "--format", "mermaid").exit_code == 0
    assert "stateDiagram-v2" in (tmp_path / "notes.txt").read_text(encoding="utf-8")


def test_a_name_that_says_nothing_is_asked_about(good: Path, tmp_path: Path):
    result = run(good, "-o", tmp_path / "notes.txt")
    assert result.exit_code == 2
    assert "--format" in result.stderr


def test_a_room_file_is_never_written_over(good: Path):
    result = run(good, "-o", good, "--format", "svg")
    assert result.exit_code == 2
    assert good.read_text() == GOOD


def test_standard_input_is_read():
    assert run("-", "--format", "dot", stdin=GOOD).stdout.startswith('digraph "good"')


def test_mistakes_are_told_and_nothing_is_written(tmp_path: Path):
    (tmp_path / "bad.room").write_text(BAD)
    result = CliRunner().invoke(
        graph, [str(tmp_path / "bad.room"), "-o", str(tmp_path / "a.svg")], standalone_mode=False
    )
    assert result.return_value == 1
    assert "did you mean `request`?" in result.stderr
    assert not (tmp_path / "a.svg").exists()
