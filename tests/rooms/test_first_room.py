"""docs/first-room.md, worked through as a newcomer would: every command, answer and change."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from gameroom import cli
from tests.rooms.shown import Change, Command, answer, fits, steps

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "first-room.md"
ROOM = "snap.room"


def typed(command: Command) -> tuple[int, tuple[str, ...]]:
    """What comes of a command: its exit code and its answer."""
    program, *args = shlex.split(command.text)
    assert program == "gameroom"
    done = CliRunner().invoke(cli.gameroom, args, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value or 0, answer(done.output)


def test_the_way_to_a_first_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    room = tmp_path / ROOM
    for step in steps(DOCUMENT.read_text(encoding="utf-8")):
        if isinstance(step, Change):
            room.write_text(step.apply(room.read_text(encoding="utf-8")), encoding="utf-8")
            continue
        code, got = typed(step)
        assert code == step.code, "\n".join([step.text, *got])
        assert fits(step.answer, got), "\n".join([step.text, *got])
    assert (tmp_path / "snap.svg").read_text(encoding="utf-8").startswith("<svg")


def test_an_answer_that_differs_is_noticed():
    assert fits(("a", "...", "c"), ("a", "b", "b", "c"))
    assert fits(("a", "..."), ("a",))
    assert not fits(("a", "c"), ("a", "b", "c"))
    assert not fits(("a",), ())
    assert not fits((), ("a",))
