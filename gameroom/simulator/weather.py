"""The weathers: how unreliable the network, the server and the people are.

With TCP, packet loss appears as a stall in which nothing arrives, or as a lost connection. All
times are in milliseconds. An `_every_ms` is the average time between two events of a kind; 0 means
never.
"""

from __future__ import annotations

from dataclasses import dataclass

Between = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Weather:
    """doc: one sentence for people.

    delay_ms: the one-way delay, random for each connection. jitter_ms: the maximum additional
    delay, random for each frame. stall_per_mille: the share of frames that wait for stall_ms,
    together with all frames behind them. bytes_per_s: the bandwidth in each direction.
    cut_every_ms: a connection breaks (per bot). Each side notices it within notice_ms, and the bot
    is away for away_ms. mischief_every_ms: a bot does one of the tricks.
    crash_every_ms: the server is killed at any point, and is down for down_ms.
    store_every_ms: a write to the disk fails, before or after the data is written.
    bugs_every_ms: an engine makes an error (per bot).
    fouls_percent: the share of bots that cheat. liars_percent: the share of rooms with one player
    who reports wrong checksums.
    """

    name: str
    doc: str
    delay_ms: Between
    jitter_ms: int = 0
    stall_per_mille: int = 0
    stall_ms: Between = (0, 0)
    bytes_per_s: int = 1_000_000
    cut_every_ms: int = 0
    notice_ms: Between = (0, 0)
    away_ms: Between = (0, 0)
    mischief_every_ms: int = 0
    bugs_every_ms: int = 0
    crash_every_ms: int = 0
    down_ms: Between = (200, 1_000)
    store_every_ms: int = 0
    fouls_percent: int = 0
    liars_percent: int = 0


WEATHERS = {
    one.name: one
    for one in (
        Weather("calm", "Good connections, a stable server and honest players.", (10, 40), 10),
        Weather(
            "lossy",
            "Two frames in a hundred arrive late, and now and then a connection breaks.",
            (30, 90),
            40,
            stall_per_mille=20,
            stall_ms=(200, 1_200),
            bytes_per_s=200_000,
            cut_every_ms=15_000,
            notice_ms=(0, 1_000),
            away_ms=(50, 1_500),
            mischief_every_ms=6_000,
            crash_every_ms=40_000,
            store_every_ms=80_000,
            fouls_percent=10,
            liars_percent=10,
        ),
        Weather(
            "mobile",
            "A phone on a train: jitter, gaps of seconds, slow connections, many reconnects.",
            (60, 250),
            200,
            stall_per_mille=10,
            stall_ms=(800, 5_000),
            bytes_per_s=24_000,
            cut_every_ms=6_000,
            notice_ms=(0, 4_000),
            away_ms=(100, 9_000),
            mischief_every_ms=8_000,
            crash_every_ms=60_000,
            store_every_ms=120_000,
            fouls_percent=10,
            liars_percent=5,
        ),
        Weather(
            "outages",
            "Good connections, but every few seconds the server is killed or the disk fails.",
            (10, 40),
            10,
            mischief_every_ms=20_000,
            crash_every_ms=2_500,
            down_ms=(20, 600),
            store_every_ms=4_000,
        ),
        Weather(
            "cheats",
            "Good connections and a stable server, but most players cheat, and often one lies.",
            (10, 40),
            10,
            mischief_every_ms=2_500,
            fouls_percent=60,
            liars_percent=50,
        ),
        Weather(
            "bugs",
            "Fair connections, a stable server and honest players, but the engines have bugs.",
            (10, 120),
            120,
            stall_per_mille=2,
            stall_ms=(200, 800),
            bugs_every_ms=3_000,
        ),
        Weather(
            "storm",
            "All of this at once: connections break, players cheat, and the server keeps crashing.",
            (20, 300),
            400,
            stall_per_mille=30,
            stall_ms=(100, 3_000),
            bytes_per_s=12_000,
            cut_every_ms=6_000,
            notice_ms=(0, 2_500),
            away_ms=(20, 2_500),
            mischief_every_ms=6_000,
            bugs_every_ms=80_000,
            crash_every_ms=6_000,
            down_ms=(50, 1_500),
            store_every_ms=9_000,
            fouls_percent=25,
            liars_percent=15,
        ),
    )
}
