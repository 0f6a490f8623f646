"""Eight hosts and a server with real TCP between them: nothing is lost, nothing doubled.

They need root, network namespaces and TUN; elsewhere they are skipped and say why.
"""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.network.battle import Battle, Told, battle, commanded
from tests.network.line import Weather
from tests.network.links import linked
from tests.network.namespaces import hosts
from tests.network.results import pauses

pytestmark = pytest.mark.usefixtures("network")

NEAR = Weather(delay_ms=20)
LOSSY = Weather(bytes_per_s=20_000, delay_ms=40, jitter_ms=(0, 20), loss_per_mille=30)
JITTERY = Weather(delay_ms=30, jitter_ms=(20, 150))


def assert_all_agree(fought: Battle, told: Sequence[Told]) -> None:
    """Every order stands in the journal once and in its order, and every engine saw every
    turn alike."""
    said = commanded(told)
    for player in fought.players:
        assert player.seat is not None
        assert player.seat.seat is not None
        assert player.notes.sent
        assert said[player.seat.seat] == player.notes.sent
        assert not player.seat.refusals
    pages = [player.notes.pages for player in fought.players]
    for generation in range(1, min(map(len, pages)) + 1):
        assert len({page[generation] for page in pages}) == 1, generation


def test_eight_players_over_lines_that_lose_three_packets_in_a_hundred():
    with battle([LOSSY] * 8) as fought:
        fought.until(lambda: fought.reached(30))
        counts = fought.links.counts()
        told = fought.finish()
        assert_all_agree(fought, told)
        assert sum(up.lost + down.lost for up, down in counts) > 0


def test_a_link_that_dies_for_three_seconds_loses_nothing():
    with battle([NEAR, NEAR, LOSSY], seed=2) as fought:
        fought.links.set(1, replace(NEAR, dead=True))
        fought.fight(3)
        fought.links.set(1, NEAR)
        after = len(fought.players[1].notes.turns) + 5
        fought.until(lambda: fought.reached(after))
        assert_all_agree(fought, fought.finish())


def test_a_player_who_leaves_a_dead_network_is_back_when_there_is_one():
    with battle([NEAR, NEAR], seed=3) as fought:
        fought.links.set(0, replace(NEAR, dead=True))
        fought.players[0].drop()
        fought.fight(1)
        fought.links.set(0, NEAR)
        fought.until(lambda: fought.reached(30))
        assert_all_agree(fought, fought.finish())
        assert fought.players[0].notes.returns == 1


def test_lines_with_jitter_are_waited_out_without_a_pause():
    with battle([JITTERY, JITTERY, NEAR], seed=4) as fought:
        fought.until(lambda: fought.reached(20))
        told = fought.finish()
        assert_all_agree(fought, told)
        assert pauses(told) == []


def test_a_link_takes_its_time_and_counts_what_it_carries():
    with linked(1, seed=1) as links:
        links.set(0, Weather(delay_ms=150), Weather(delay_ms=50))
        listening, heard = threading.Event(), list[bytes]()

        def hear() -> None:
            links.server.enter()
            with socket.create_server((links.server.address, 7)) as server:
                listening.set()
                with server.accept()[0] as line:
                    heard.append(line.recv(100))

        def say() -> None:
            links.clients[0].enter()
            with socket.create_connection((links.server.address, 7)) as line:
                line.sendall(b"x" * 100)
                line.recv(1)

        hearing, saying = threading.Thread(target=hear), threading.Thread(target=say)
        hearing.start()
        listening.wait(10)
        begun = time.monotonic()
        saying.start()
        for thread in (saying, hearing):
            thread.join(10)
        assert heard == [b"x" * 100]
        assert time.monotonic() - begun > 0.4, "a handshake, the data and the end of it"
        up, down = links.counts()[0]
        assert (up.payload, down.payload) == (100, 0)
        assert up.bytes > 100
        assert up.lost == up.overflowed == 0


def test_what_was_made_is_gone_afterwards():
    def names() -> set[str]:
        listed = subprocess.run(["ip", "netns"], check=True, capture_output=True, text=True)
        return {line.split()[0] for line in listed.stdout.splitlines()}

    before = names()
    with hosts(3) as made:
        assert {host.name for host in made} <= names() - before
    assert names() == before
