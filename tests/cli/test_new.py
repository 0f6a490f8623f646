"""`gameroom new`: every template becomes a room of one's own that works at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom import cli, language
from gameroom.chart import compile_room
from gameroom.cli.new import new, templates
from gameroom.scenario import run as play

pytestmark = pytest.mark.slow


def run(*args: str) -> Result:
    return CliRunner().invoke(new, args, standalone_mode=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("template", templates())
def test_every_template_becomes_a_room_without_mistakes(folder: Path, template: str):
    assert run("duel", "--template", template).return_value == 0
    text = (folder / "duel.room").read_text(encoding="utf-8")
    loaded = language.load(text, name="duel.room", resolve=language.shipped)
    assert loaded.diagnostics == ()
    assert loaded.room is not None
    assert loaded.room.name == "duel"
    assert language.formatted(text, name="duel.room") == text
    first = loaded.file.scenarios[0]
    assert play(compile_room(loaded.room), first).passed


@pytest.mark.parametrize("template", templates())
def test_the_notes_speak_of_the_new_file(folder: Path, template: str):
    run("duel", "-t", template)
    text = (folder / "duel.room").read_text(encoding="utf-8")
    assert f"# duel.room was created from the template `{template}`." in text
    assert "gameroom check duel.room" in text
    assert "FILE" not in text
    assert text.count("How to read this file") == 1


def test_it_says_what_to_type_next(folder: Path):
    said = run("duel").output
    for command in ("check duel.room", "test duel.room", "graph duel.room -o duel.svg"):
        assert f"gameroom {command}" in said


def test_a_file_that_is_there_stays(folder: Path):
    (folder / "duel.room").write_text("mine")
    refused = run("duel")
    assert refused.return_value == 1
    assert "--force" in refused.output
    assert (folder / "duel.room").read_text() == "mine"
    assert run("duel", "--force").return_value == 0
    assert (folder / "duel.room").read_text().startswith("language 1")


def test_a_folder_and_a_suffix_may_stand_in_the_name(folder: Path):
    (folder / "rooms").mkdir()
    assert run("rooms/duel.room").return_value == 0
    assert 'room "duel"' in (folder / "rooms" / "duel.room").read_text()


@pytest.mark.parametrize("name", ["", "../", "a b", ".hidden", "x" * 41, 'a"b', "nowhere/duel"])
def test_names_that_would_be_a_trouble_are_refused(folder: Path, name: str):
    result = CliRunner().invoke(new, [name])
    assert result.exit_code == 2
    assert list(folder.iterdir()) == []


def test_an_unknown_template_tells_what_there_is(folder: Path):
    result = CliRunner().invoke(new, ["duel", "-t", "chess"])
    assert result.exit_code == 2
    assert "turn-based" in result.output


def test_the_list_tells_what_each_is_for():
    said = run("--list").output
    for name, doc in templates().items():
        assert f"\n{name} " in f"\n{said}"
        assert doc.split()[0] in said
    assert "standard" not in templates()
    assert "archers" not in templates()


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["new", str(tmp_path / "rooms" / "duel")]) == 2
    assert capsys.readouterr().err.endswith(f"there is no folder {tmp_path / 'rooms'}\n")
