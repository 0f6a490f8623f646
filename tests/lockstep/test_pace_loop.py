"""The pace in a closed loop: players, lines, engines and the turns that they wait for."""

import statistics
from itertools import pairwise

import pytest

from gameroom.lockstep.pace import SETTLE_TURNS, PacePolicy
from tests.lockstep.network import Network, Player

AUTO = PacePolicy(tick=20, turn_low=100, turn_high=500, ahead=None)
SETTLE_MS = 30_000
"""A window of reports, one each second, and the calm turns after it."""


def lengths(network: Network, since: int) -> list[int]:
    """How long the turns took that were closed since then."""
    times = [at for at in network.closed_at if at >= since]
    return [after - before for before, after in pairwise(times)]


def changes(network: Network, since: int) -> int:
    """How often another pace was announced since then."""
    paces = [p for p, at in zip(network.paces, network.closed_at, strict=True) if at >= since]
    return sum(before != after for before, after in pairwise(paces))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("delay", "jitter"), [(10, 5), (50, 10), (100, 30), (150, 60), (250, 80), (400, 100)]
)
def test_it_finds_a_pace_and_keeps_it(delay: int, jitter: int, seed: int) -> None:
    others = (Player(1, 20, 5), Player(2, 40, 10))
    network = Network(AUTO, Player(0, delay, jitter), *others, seed=seed)
    network.run(SETTLE_MS)
    network.run(60_000)
    took = lengths(network, SETTLE_MS)
    assert changes(network, SETTLE_MS) <= 2, "in a minute"
    assert statistics.pstdev(took) < 0.2 * statistics.mean(took)
    assert network.paces[-1].delay_ms <= max(200, 2 * (2 * delay + 3 * jitter))


def test_a_spike_of_two_seconds_changes_nothing() -> None:
    network = Network(AUTO, far := Player(0, 50, 10), Player(1, 20, 5))
    network.run(SETTLE_MS)
    before = network.paces[-1]
    far.frozen_until = network.now + 2_000
    network.run(60_000)
    assert changes(network, SETTLE_MS) == 0
    assert network.paces[-1] == before
    assert not any(network.slow)


def test_a_line_that_gets_worse_is_followed_and_back_again() -> None:
    network = Network(AUTO, far := Player(0, 50, 10), Player(1, 20, 5))
    network.run(SETTLE_MS)
    quick, far.delay = network.paces[-1], 200
    network.run(4_000)
    assert network.paces[-1].delay_ms >= 400, "in four seconds"
    assert network.slow[-1] == {0: "line"}
    network.run(SETTLE_MS)
    assert changes(network, network.now - SETTLE_MS) <= 2, "no swinging"
    far.delay, since = 50, network.now
    network.run(SETTLE_MS)
    assert network.paces[-1] == quick
    assert network.slow[-1] == {}
    assert changes(network, since) <= 2, "down in few steps"


def test_one_slow_engine_slows_all_within_bounds_is_named_and_forgiven() -> None:
    network = Network(AUTO, Player(0, 20), slow := Player(1, 20, rate=60), Player(2, 20))
    network.run(SETTLE_MS)
    usual, slow.rate, since = network.paces[-1], 60 // 4 // 2, network.now
    network.run(60_000)
    held = [p for p, at in zip(network.paces, network.closed_at, strict=True) if at >= since]
    assert all(100 <= pace.turn_ms <= 500 and pace.iterations_per_command >= 1 for pace in held)
    assert held[-1].iterations_per_command * 1000 <= held[-1].turn_ms * slow.rate
    assert network.slow[-1] == {1: "engine"}
    assert changes(network, since) <= 2
    took = lengths(network, since + 10_000)
    assert statistics.pstdev(took) < 0.05 * statistics.mean(took), "slower, but steady"
    slow.rate = 60
    network.run(2 * SETTLE_MS)
    assert network.paces[-1] == usual
    assert network.slow[-1] == {}


def test_who_catches_up_or_watches_never_counts() -> None:
    alone = Network(AUTO, Player(0, 20), Player(1, 20))
    alone.run(SETTLE_MS)
    behind = Player(2, 400, 200, rate=3, gathered=False)
    watched = Network(AUTO, Player(0, 20), Player(1, 20), behind)
    watched.run(SETTLE_MS)
    assert watched.paces == alone.paces
    assert watched.closed_at == alone.closed_at


def test_the_turns_own_length_is_no_latency() -> None:
    """Turns that are long for another reason do not make themselves longer."""
    long = PacePolicy(tick=20, turn_low=400, turn_high=2_000, ahead=None)
    network = Network(long, Player(0, 20, 5), Player(1, 20, 5))
    network.run(2 * SETTLE_MS)
    assert {pace.turn_ms for pace in network.paces} == {400}


def test_everybody_has_a_bad_day() -> None:
    """Spikes here and there, of one or the other: the pace does not add them up."""
    players = [Player(seat, 40, 15) for seat in range(4)]
    network = Network(AUTO, *players)
    network.run(SETTLE_MS)
    quick = network.paces[-1]
    for second in range(120):
        if second % 11 == 0:
            players[second % 4].frozen_until = network.now + 700
        network.run(1_000)
    assert max(pace.delay_ms for pace in network.paces) <= 2 * quick.delay_ms
    network.run(SETTLE_MS + SETTLE_TURNS * 100)
    assert network.paces[-1] == quick
