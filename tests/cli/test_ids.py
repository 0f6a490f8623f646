"""Room ids on the command line: those that begin with `-` are taken as ids."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gameroom import cli
from gameroom.server.auth import Sources, room_id
from tests.cli.test_desync import EXAMPLE

ODD_IDS = ("-h" + "a" * 20, "--" + "b" * 20, "-" * 22, "_-" + "c" * 20, "-verify-no-browser-123")
"""Some read like options, alone or as a cluster."""


@pytest.mark.parametrize("room", ODD_IDS)
def test_a_room_whose_id_begins_with_a_dash_is_looked_for(room: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "journals").mkdir(parents=True)
    for words in (
        ["--from", str(data), room, "--out", str(tmp_path / "x.replay")],
        [room, "--from", str(data), "--out", str(tmp_path / "x.replay")],
        ["--out", str(tmp_path / "x.replay"), "--from", str(data), "--", room],
    ):
        done = CliRunner().invoke(cli.gameroom, ["replay", *words])
        assert done.exit_code == 2
        assert f"contains no room {room}" in done.stderr, done.stderr


@pytest.mark.parametrize("room", ODD_IDS)
def test_a_report_is_shown_whose_file_begins_with_a_dash(
    room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLE, tmp_path / f"{room}-128.desync")
    whole = CliRunner().invoke(cli.gameroom, ["desync", "show", str(EXAMPLE), "--most", "3"])
    for words in ([f"{room}-128.desync", "--most", "3"], ["--most", "3", f"{room}-128.desync"]):
        shown = CliRunner().invoke(cli.gameroom, ["desync", "show", *words])
        assert (shown.exit_code, shown.stdout) == (0, whole.stdout), shown.output


def test_a_value_and_an_unknown_option_are_what_they_were(tmp_path: Path) -> None:
    run = CliRunner().invoke
    done = run(cli.gameroom, ["replay", "--from", "x", "r-1", "--out", ODD_IDS[0], "--verify"])
    assert "--from needs --out" in done.stderr
    for words in (["replay", "--verifi", "x"], ["replay", "-x", "x"], ["desync", "show", "-abc"]):
        assert "No such option" in run(cli.gameroom, words).stderr
    assert run(cli.gameroom, ["replay", "--help"]).stdout.startswith("Usage: gameroom replay")


def test_no_id_is_drawn_that_begins_with_a_dash() -> None:
    drawn = iter(("-abc", "--ab", "_-ab"))
    assert room_id(lambda: next(drawn)) == "_-ab"
    assert Sources().room is room_id
    assert len(Sources().room()) == 22
