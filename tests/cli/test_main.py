"""The command line's root: what it loads, and the four exit codes."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gameroom import __version__, resources
from gameroom.cli import COMMANDS, gameroom, run
from gameroom.cli import demo as demo_module
from gameroom.cli.demo import HOST, free_port, games
from tests.patience import PATIENCE_S


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]):
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said and line[:30] in said for name, line in COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]):
    assert run([name, "--help"]) == 0
    assert f"gameroom {name}" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"gameroom {__version__}\n"


@pytest.mark.parametrize(
    "words", [["nope"], ["--nope"], ["demo", "nope"], ["demo", "--port", "x"], ["serve", "more"]]
)
def test_wrong_usage_is_two(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(words) == 2
    assert "Error: " in capsys.readouterr().err


def test_a_fault_of_ours_is_three_and_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def broken(*args: object, **more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(gameroom, "main", broken)
    assert run([]) == 3
    assert "ZeroDivisionError" in (said := capsys.readouterr().err)
    assert "report" in said


@pytest.mark.parametrize("words", ["--help", "--version", "demo nope"])
def test_the_server_is_not_loaded_for_what_does_not_need_it(words: str):
    script = (
        "import sys; from gameroom.cli import run; run(sys.argv[1].split());"
        "sys.exit(any(name in sys.modules for name in ('aiohttp', 'lark', 'gameroom.server')))"
    )
    assert subprocess.run([sys.executable, "-c", script, words], check=False).returncode == 0


def test_the_games_to_see_are_those_with_a_view():
    assert games() == ["archers", "noughts"]


def test_a_taken_port_leads_to_the_next_one(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(demo_module, "PORT", port)
        assert free_port() != port


def gameroom_into(target: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a shell, its standard output led to `target`."""
    script = f'"$@" {target}; exit "${{PIPESTATUS[0]}}"'
    code = "import gameroom.cli; gameroom.cli.main()"
    return subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-c", code, *words],
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE_S,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device to write to")
@pytest.mark.parametrize(
    "words",
    ["check ROOM", "check --format sarif ROOM", "show ROOM", "convert ROOM", "graph ROOM",
     "test ROOM", "explain E0101", "explain", "new --list", "fmt -", "--help", "check --help"],
)  # fmt: skip
def test_a_full_output_is_told_plainly(words: str):
    room = str(resources.rooms() / "small.room")
    done = gameroom_into(f"< {room} > /dev/full", *words.replace("ROOM", room).split())
    assert done.returncode == 2
    assert done.stderr == "Error: standard output can't be written: No space left on device\n"


def test_who_stops_reading_is_told_nothing():
    done = gameroom_into("| true", "check", "--no-explore", *[str(resources.rooms())] * 3)
    assert (done.returncode, done.stderr) == (2, "")


def test_a_disk_error_elsewhere_is_still_a_fault(monkeypatch: pytest.MonkeyPatch):
    def broken(*args: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "a.room")

    monkeypatch.setattr(gameroom, "main", broken)
    assert run([]) == 3
