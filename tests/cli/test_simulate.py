"""gameroom simulate: what it prints and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom.cli.simulate import simulate
from gameroom.lockstep.turns import Turns
from tests.simulator.world_rooms import SKIRMISH

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    path = tmp_path / "skirmish.room"
    path.write_text(SKIRMISH)
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(simulate, [str(arg) for arg in args], standalone_mode=False)


def test_one_run_is_told_in_words(room: Path) -> None:
    result = run(room, "--turns", 20)
    assert result.return_value == 0, result.output
    assert "skirmish" in result.output
    assert "24 invariants held" in result.output


def test_several_runs_are_counted(room: Path) -> None:
    result = run(room, "--seed", "1..3", "--turns", 10, "--weather", "all")
    assert result.return_value == 0, result.output
    assert "21 runs" in result.output


@pytest.mark.parametrize("hashes", ["0", "1"])
def test_the_same_seed_prints_the_same_bytes_in_every_process(room: Path, hashes: str) -> None:
    args = [room, "--seed", "7", "--turns", "30", "--weather", "storm", "--json"]
    there = subprocess.run(
        [sys.executable, "-c", "import gameroom.cli; gameroom.cli.main()", "simulate", *args],
        env={**os.environ, "PYTHONHASHSEED": hashes},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout == run(*args).stdout
    told = json.loads(there.stdout)
    assert (told["seed"], told["weather"], told["broken"]) == (7, "storm", None)


def test_what_breaks_is_told_with_the_command_that_plays_it_again(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turns, "has_heard", lambda self, seats: True)
    saved = tmp_path / "broken.json"
    result = run(room, "--seed", "1..4", "--turns", 40, "--save", saved)
    assert result.return_value == 1
    assert "all-waited-for" in result.output
    told = json.loads(saved.read_text())
    assert told["broken"]["invariant"] == "all-waited-for"
    assert told["again"] in result.output


@pytest.mark.parametrize("args", [["--seed", "x"], ["--hours", "1"], ["--weather", "snow"], []])
def test_what_cannot_be_run_is_usage(room: Path, args: list[str]) -> None:
    told = CliRunner().invoke(simulate, [str(room), *args] if args else [])
    assert told.exit_code == 2, told.output


def test_a_room_with_mistakes_is_told_as_by_check(tmp_path: Path) -> None:
    path = tmp_path / "bad.room"
    path.write_text(SKIRMISH.replace("allow move", "allow mvoe"))
    result = run(path)
    assert result.return_value == 1
    assert "E0402" in result.output


def test_the_page_tells_every_key_of_the_json(room: Path) -> None:
    told = json.loads(run(room, "--turns", 5, "--json").stdout)
    text = PAGE.read_text(encoding="utf-8")
    for key in told:
        assert f"`{key}`" in text, key


def test_soak_stops_when_its_time_is_over_and_tells_its_pace(room: Path) -> None:
    result = run(room, "--turns", 5, "--soak", "--hours", 0.0001)
    assert result.return_value == 0, result.output
    assert "per second" in result.stderr


def test_soak_stops_at_the_first_that_breaks(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Turns, "has_heard", lambda self, seats: True)
    result = run(room, "--turns", 40, "--weather", "lossy", "--soak", "--hours", 1)
    assert result.return_value == 1
    assert result.output.count("run it again: ") == 1
