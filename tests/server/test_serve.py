"""`gameroom serve` as an operator meets it: its words, its signals, its recovery."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom.cli import run
from gameroom.cli.serve import serve
from tests.server.process import KEY, PATIENCE_S, serving, started
from tests.server.test_raw_noughts import Player, exchange, play_until

KEYED = KEY.replace(" ", "-")


def start(port: int) -> tuple[dict[str, str], list[tuple[str, Player]]]:
    """A game of noughts with two players in it, each with the token."""
    _, made = exchange(port, "POST", "/create", {"game": "noughts"}, KEYED)
    players = []
    for name in ("ann", "bob"):
        path = f"/rooms/{made['id']}/players"
        _, place = exchange(port, "POST", path, {"name": name})
        players.append((place["token"], Player(port, made["id"], place["token"], [])))
    return made, players


def play(players: list[Player], generations: int) -> None:
    for player in players:
        assert player.ask("PUT", "/players/me/ready")["status"] == 204
    for player in players:
        player.wait("setup.starting")
    for player in players:
        assert player.ask("PUT", "/players/me/engine", {"loaded": True})["status"] == 204
    for player in players:
        player.wait("running.iterating")
    play_until(players, "running.iterating.playing")
    for _ in range(generations):
        go_on(players)


def go_on(players: list[Player]) -> None:
    """One generation more."""
    for player in players:
        player.speak()
    wanted = min(player.generation for player in players) + 1
    for player in players:
        while player.generation < wanted:
            player.listen()


def run_serve(*arguments: str) -> Result:
    """What the command prints and returns when it does not come to serve."""
    return CliRunner().invoke(serve, arguments, standalone_mode=False, env={**os.environ})


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 1012), (signal.SIGINT, 1001)])
def test_stopping_tells_every_client_to_come_back(number: signal.Signals, code: int) -> None:
    with serving() as process:
        _, players = start(process.port)
        process.child.send_signal(number)
        for _, player in players:
            while player.closed is None:
                player.listen()
            assert player.closed == code
            player.socket.close()
        assert process.child.wait(PATIENCE_S) == 0


def test_a_killed_server_loses_no_turn_that_anybody_saw(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    with serving(*data) as process:
        made, players = start(process.port)
        play([player for _, player in players], 5)
        process.child.kill()
        process.child.wait()
    seen = [player.generation for _, player in players]
    with serving(*data) as process:
        back = []
        for token, before in players:
            before.socket.close()
            player = Player(process.port, made["id"], token, [])
            while player.seq < before.seq:
                player.listen()
            assert player.generation >= before.generation
            assert player.board.cells == before.board.cells
            back.append(player)
        for player in back:
            player._sent = player.generation
        for _ in range(3):
            go_on(back)
        assert min(player.generation for player in back) >= max(seen) + 3
        for player in back:
            player.socket.close()
        assert process.stop() == 0


def test_a_second_server_on_the_same_folder_names_the_first(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "link").symlink_to(data, target_is_directory=True)
    with serving("--data", str(data)) as process:
        made, players = start(process.port)
        before = set(data.rglob("*"))
        for folder in (data, tmp_path / "link"):
            second = run_serve("--data", str(folder))
            assert second.return_value == 1
            assert second.output == (
                f"gameroom cannot serve: {folder} is in use by the server with pid"
                f" {process.child.pid}; use --wait 30s to wait for it to stop\n"
            )
        second = run_serve("--data", str(data), "--wait", "60ms")
        assert second.return_value == 1
        first, last = second.output.splitlines()
        assert first.endswith("waiting up to 60ms for it to stop")
        assert last.endswith(f"in use by the server with pid {process.child.pid}")
        assert set(data.rglob("*")) == before
        out = tmp_path / "noughts.replay"
        assert run(["replay", "--from", str(data), made["id"], "--out", str(out)]) == 0
        for _, player in players:
            assert player.ask("GET", "/time")["status"] == 200, "nobody was thrown out"
            player.socket.close()
        assert process.stop() == 0


def test_a_server_that_waits_starts_when_the_first_one_stops(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    with serving(*data) as first:
        made, players = start(first.port)
        second = started(*data, "--wait", "2m", stderr=subprocess.PIPE)
        try:
            assert second.stdout is not None
            assert second.stderr is not None
            waiting = second.stderr.readline()
            assert f"pid {first.child.pid}: waiting up to 2m" in waiting
            for _, one in players:
                one.socket.close()
            assert first.stop() == 0
            found = re.search(r"http://\S+:(\d+)", second.stdout.readline())
            assert found is not None
            player = Player(int(found[1]), made["id"], players[0][0], [])
            assert player.ask("GET", "/players/me")["body"]["name"] == "ann"
            player.socket.close()
            second.send_signal(signal.SIGTERM)
            assert second.wait(PATIENCE_S) == 0
        finally:
            second.kill()
            second.communicate()


def test_on_loopback_a_key_is_made_for_the_run_and_printed() -> None:
    with serving(key=None) as process:
        key = process.printed.rpartition(": ")[2].strip()
        assert len(key) >= 32
        status, _ = exchange(process.port, "POST", "/create", {"game": "noughts"}, key)
        assert status == 201
        status, _ = exchange(process.port, "POST", "/create", {"game": "noughts"}, key + "x")
        assert status == 401


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--host", "0.0.0.0"), "without a create key"),
        (("--origin", "*"), "is not valid; write it like"),
        (("--port", "99999"), "port"),
        (("--durability", "hope"), "durability"),
        (("--create-key-file", "none"), "none"),
        (("--wait", "30s"), "--wait needs --data"),
        (("--data", "data", "--wait", "30"), "30s, 2m or 1h"),
        (("--data", "data", "--wait", "-1s"), "30s, 2m or 1h"),
        (("--data", "data", "--wait", "25h"), "longer than 24h"),
    ],
)
def test_wrong_usage_is_told_and_nothing_listens(
    arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GAMEROOM_CREATE_KEYS", raising=False)
    result = CliRunner().invoke(serve, arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_a_port_that_is_taken_is_a_finding_and_no_fault_of_ours() -> None:
    with serving() as process:
        result = run_serve("--port", str(process.port))
        assert result.return_value == 1
        assert "cannot serve" in result.output
