"""`make modem`: battles of eight over bad networks, and a table of how they went.

    python -m tests.network.modem [--minutes 10] [--run NAME ...] [--seed 1] [--write PAGE]

Everything runs on this machine, between network namespaces; needs root and TUN. It writes
nothing but the table on standard output, unless `--write` names a page: then the page's part
between the two `<!-- modem -->` lines is replaced.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.network.battle import Battle, battle
from tests.network.line import MODEM, RAGGED, Weather
from tests.network.namespaces import missing
from tests.network.players import now_ms
from tests.network.results import LAGGING, Mark, Row, astray, quantile, rows, table

PLAYERS = 8
SETTLING_S = 20
"""Until the room knows its lines; what happens before is not counted."""

PROGRESS_S = 10
FENCE = "<!-- modem -->\n"

NEAR = Weather(delay_ms=50)
BROADBAND = Weather(delay_ms=30, jitter_ms=(0, 10), loss_per_mille=5)
TICK = 20
"""Iterations per second of rooms/archers."""


@dataclass(frozen=True, slots=True)
class Phase:
    """name: for the table. seconds: how long. begin: what happens then."""

    name: str
    seconds: float
    begin: Callable[[Battle], None] = lambda fought: None


@dataclass(frozen=True, slots=True)
class Run:
    weather: Weather
    phases: Sequence[Phase]


def runs(minutes: float) -> dict[str, Run]:
    """The battles, at most so many minutes each."""
    third = min(60.0, minutes * 20)
    return {
        "plain": Run(NEAR, [Phase("100 ms round trip", min(1.0, minutes) * 60)]),
        "modem": Run(MODEM, [Phase("28.8 kbit/s, 250 ms each way, 2 % loss", minutes * 60)]),
        "ragged": Run(
            RAGGED, [Phase("100 ms each way and 50 to 400 ms of jitter", min(3.0, minutes) * 60)]
        ),
        "outage": Run(
            BROADBAND,
            [
                Phase("30 ms each way, 0.5 % loss", third),
                Phase("one link is dead for 20 s", min(20, third), link(dead=True)),
                Phase("the link is back", third, link(dead=False)),
            ],
        ),
        "slow": Run(
            BROADBAND,
            [
                Phase(f"every engine can run {2 * TICK} iterations/s", third, engines(2 * TICK)),
                Phase(f"one engine can run only {TICK // 2}", third, engine(TICK // 2)),
                Phase("that engine has recovered", third, engine(2 * TICK)),
            ],
        ),
    }


def link(*, dead: bool) -> Callable[[Battle], None]:
    """The last player's."""
    return lambda fought: fought.links.set(PLAYERS - 1, replace(BROADBAND, dead=dead))


def engine(rate: int) -> Callable[[Battle], None]:
    """The last player's."""
    return lambda fought: fought.players[-1].hold(rate)


def engines(rate: int) -> Callable[[Battle], None]:
    def begin(fought: Battle) -> None:
        for player in fought.players:
            player.hold(rate)

    return begin


def fight(name: str, run: Run, seed: int) -> list[Row]:
    """One battle with all its phases; says how it goes."""
    say(f"{name}: {PLAYERS} players join")
    with battle([run.weather] * PLAYERS, seed) as fought:
        fought.fight(min(SETTLING_S, run.phases[0].seconds))
        marks = [mark(fought)]
        for phase in run.phases:
            phase.begin(fought)
            left = phase.seconds
            while left > 0:
                fought.fight(min(PROGRESS_S, left))
                left -= PROGRESS_S
                say(f"{name}: {phase.name}: {progress(fought)}")
            marks.append(mark(fought))
        told = fought.finish()
        lost, doubled = astray(fought, told)
        back = sum(player.notes.returns for player in fought.players)
        say(f"{name}: lost {lost}, doubled {doubled}, connections made again {back}")
        return rows(fought, told, [phase.name for phase in run.phases], marks)


def mark(fought: Battle) -> Mark:
    return Mark(now_ms(), fought.links.counts())


def progress(fought: Battle) -> str:
    since = now_ms() - PROGRESS_S * 1000
    latest = [
        took for player in fought.players for at, took in player.notes.latencies if at >= since
    ]
    seat = fought.players[0].seat
    assert seat is not None
    pace = f"{seat.replica.turn_ms} ms, ahead {seat.replica.ahead}"
    waits = ", paused for lag" if seat.within(LAGGING) else ""
    return (
        f"turn {seat.generation} of {pace}{waits}; latency p50 {quantile(latest, 50)} ms, "
        f"p95 {quantile(latest, 95)} ms"
    )


def write(page: Path, text: str) -> None:
    before, _, after = page.read_text(encoding="utf-8").split(FENCE)
    page.write_text(f"{before}{FENCE}{text}{FENCE}{after}", encoding="utf-8")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make modem", description="Battles over bad networks.")
    parser.add_argument("--minutes", type=float, default=10, help="the longest run (10)")
    parser.add_argument("--run", action="append", choices=runs(1), help="only this one")
    parser.add_argument("--seed", type=int, default=1, help="of weather and orders (1)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page")
    wanted = parser.parse_args()
    if (why := missing()) is not None:
        say(f"make modem: {why}")
        return 1
    # A run that is told to end removes what it made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = {
        name: run for name, run in runs(wanted.minutes).items() if name in (wanted.run or runs(1))
    }
    found = [row for name, run in chosen.items() for row in fight(name, run, wanted.seed)]
    print(table(found), end="")
    if wanted.write is not None:
        write(wanted.write, table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
