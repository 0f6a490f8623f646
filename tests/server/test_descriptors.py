"""A server that is out of descriptors says so once, and still lets people in."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from tests.server.process import KEY, Process, serving
from tests.server.test_raw_noughts import Player, exchange

resource = pytest.importorskip("resource")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the limits of another process are Linux's to set"
)

KEYED = KEY.replace(" ", "-")
CANNOT = "cannot accept connections: Too many open files"


def descriptors(process: Process) -> int:
    return len(os.listdir(f"/proc/{process.child.pid}/fd"))


def leave(process: Process, count: int) -> None:
    """From now on the server can open so many descriptors and no more."""
    limit = descriptors(process) + count
    resource.prlimit(process.child.pid, resource.RLIMIT_NOFILE, (limit, limit))


def place(port: int, room: str, name: str) -> str:
    """The token of a new place."""
    status, made = exchange(port, "POST", f"/rooms/{room}/players", {"name": name})
    assert status == 201, made
    return str(made["token"])


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
    try:
        with serving() as process:
            soft, hard = resource.prlimit(process.child.pid, resource.RLIMIT_NOFILE)
            assert soft == hard == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_silent_connections_give_way_when_there_are_no_descriptors(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with serving() as process:
        _, made = exchange(process.port, "POST", "/create", {"game": "noughts"}, KEYED)
        leave(process, 10)
        silent = [socket.create_connection(("127.0.0.1", process.port)) for _ in range(100)]
        player = Player(process.port, made["id"], place(process.port, made["id"], "ann"), [])
        assert player.ask("GET", "/time")["status"] == 200
        assert silent[0].recv(1) == b"", "the oldest ones gave way"
        for one in silent:
            one.close()
        player.socket.close()
    logged = capfd.readouterr().err
    assert logged.count(CANNOT) == 1
    assert "Traceback" not in logged


def test_a_player_comes_back_though_players_hold_all_descriptors(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with serving() as process:
        _, made = exchange(process.port, "POST", "/create", {"game": "noughts"}, KEYED)
        tokens = [place(process.port, made["id"], name) for name in ("ann", "bob")]
        players = [Player(process.port, made["id"], token, []) for token in tokens]
        leave(process, 0)
        for token in tokens:
            back = Player(process.port, made["id"], token, [])
            assert back.ask("GET", "/time")["status"] == 200
            players.append(back)
        for player in players:
            player.socket.close()
    logged = capfd.readouterr().err
    assert logged.count(CANNOT) == 1
    assert "Traceback" not in logged
