"""`gameroom replay --verify`: what it says, and its exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gameroom.cli import run
from gameroom.lockstep.packets import (
    Checksum,
)
from gameroom.replay import engine
from tests.replay.games import TURNS, Game


def test_the_command_says_verified_and_leaves_with_0(
    game: Game, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = game.write(tmp_path / "x.replay")
    assert run(["replay", str(path), "--verify"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"read: {len(game.entries)} events, {TURNS} turns, ended",
        f"checksums: {TURNS - 2} agreed and {TURNS // 10} states compared, the same up to turn 40",
        "verified",
    ]
    assert run(["replay", str(path), "--verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["checksums"]["checked"] is True


def test_the_command_names_what_is_wrong_and_leaves_with_1(
    game: Game, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = game.with_turn(22, checksum=Checksum(20, 12345)).write(tmp_path / "x.replay")
    assert run(["replay", str(path), "--verify"]) == 1
    said = capsys.readouterr().out
    assert "x.replay: turn 20: the players agreed on the checksum 12345, but" in said
    assert said.endswith("not verified\n")
    assert run(["replay", str(path), "--verify", "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["code"], finding["generation"]) == ("checksum", 20)


def test_without_node_it_is_said_that_the_checksums_are_not_checked(
    game: Game,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = game.write(tmp_path / "x.replay")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["replay", str(path), "--verify"]) == 0
    said = capsys.readouterr().out
    assert "checksums: not checked, node was not found\n" in said
    assert said.endswith("verified, except for the checksums\n")
    assert run(["replay", str(path), "--verify", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checksums"]
    assert (checks["checked"], checks["why_not"]) == (False, "node was not found")


def test_an_old_node_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "node"
    fake.write_text("#!/bin/sh\necho v18.1.0\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(engine.NoNodeError, match="node 20 or later"):
        engine.node()


@pytest.mark.parametrize(
    "arguments",
    [
        ["none.replay"],
        ["x", "--out", "y"],
        ["x", "--json"],
        ["room", "--from", "data"],
        ["room", "--from", "data", "--out", "y", "--verify"],
        ["../x", "--from", ".", "--out", "y"],
    ],
)
def test_what_makes_no_sense_is_usage(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_bytes(b"")
    assert run(["replay", *arguments]) == 2
    assert not (tmp_path / "y").exists()
