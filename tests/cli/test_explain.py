"""`gameroom explain` and `gameroom show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameroom import cli, resources
from gameroom.language import CODES, Loaded, load, shipped
from gameroom.language.rewrite.flat import flat_file

STANDARD = str(resources.rooms() / "standard.room")
SHIPPED = sorted(resources.rooms().rglob("*.room"))


def test_a_code_is_explained_in_any_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", "e0601", "W0805"]) == 0
    told = capsys.readouterr().out
    assert "E0601: missing initial state" in told
    assert "W0805: command is never allowed" in told


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain"]) == 0
    lines = capsys.readouterr().out.strip().split("\n")
    assert [line.split()[0] for line in lines] == list(CODES)


def test_a_code_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", "E9999"]) == 2
    assert "E9999" in capsys.readouterr().err


def flat(text: str, name: str) -> Loaded:
    """Loaded where there is no other file to use."""
    return load(text, name=name, resolve=lambda _: None)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
@pytest.mark.parametrize("to", ["room", "yaml"])
def test_what_is_shown_is_the_same_room_without_others(
    path: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["show", "--to", to, str(path)]) == 0
    shown = flat(capsys.readouterr().out, f"flat.{to}")
    assert shown.diagnostics == ()
    whole = load(path.read_text("utf-8"), name=path.name, resolve=shipped)
    assert whole.file is not None
    assert whole.room is not None
    assert shown.file == flat_file(whole.file, whole.room)
    assert shown.room == flat_file(whole.file, whole.room).room


def test_a_file_with_mistakes_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.room").write_text("language 1\n")
    assert cli.run(["show", str(tmp_path / "a.room")]) == 1
    assert "E0309" in capsys.readouterr().err
    assert cli.run(["show", str(tmp_path / "gone.room")]) == 2


def test_shadowed_transitions_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'language 1 use "standard" room "a" extends standard { on lost -> ended }'
    (tmp_path / "a.room").write_text(text)
    assert cli.run(["show", str(tmp_path / "a.room")]) == 0
    told = capsys.readouterr().out
    assert "on lost -> ended" in told
    assert "drop lost" not in told
