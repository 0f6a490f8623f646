"""`gameroom simulate`: simulates rooms with their people, network and disk, from a seed."""

from __future__ import annotations

import itertools
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files
from gameroom.simulator.weather import WEATHERS

if TYPE_CHECKING:
    from gameroom.chart import Chart
    from gameroom.simulator import RunOutcome, RunPlan

SEED_MAX = 2**32
TURNS_MAX = 1_000_000
PROGRESS_S = 10
"""How often longer work reports its progress."""

ALL = "all"


class Seeds(click.ParamType[range]):
    """A range of seeds: `7`, or `1..100` including both ends."""

    name = "A..B"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> range:
        if isinstance(value, range):
            return value
        said = re.fullmatch(r"(\d{1,10})(?:\.\.(\d{1,10}))?", str(value))
        if said is None:
            self.fail(f"{value} is not a seed or a range such as 1..100", param, ctx)
        low = int(said[1])
        high = low if said[2] is None else int(said[2])
        if not low <= high < SEED_MAX:
            self.fail(f"{value}: seeds must be in ascending order and less than 2**32", param, ctx)
        return range(low, high + 1)


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom simulate my.room                          one run with seed 1\n"
    "  gameroom simulate my.room --seed 7 --weather storm one run in a storm\n"
    "  gameroom simulate rooms/ --seed 1..20 --weather all\n"
    "                                                     all rooms in all weathers\n"
    "  gameroom simulate rooms/ --weather all --soak      run until stopped\n\n"
    "Exit codes: 0 all invariants held, 1 one was broken or a file has errors, 2 usage,"
    " 3 internal error."
)
@click.argument("rooms", nargs=-1, required=True, metavar="ROOM...")
@click.option(
    "--seed",
    "--seeds",
    "seeds",
    type=Seeds(),
    default="1",
    show_default=True,
    metavar="N|A..B",
    help="The seed of the run, or a range of seeds with one run each.",
)
@click.option(
    "--turns",
    type=click.IntRange(1, TURNS_MAX),
    default=200,
    show_default=True,
    help="Number of turns with simulated faults.",
)
@click.option(
    "--weather",
    type=click.Choice([*WEATHERS, ALL]),
    default="lossy",
    show_default=True,
    help="The kind and number of simulated faults.",
)
@click.option(
    "--players",
    type=click.IntRange(1, 64),
    help="Number of players. By default 4, or the nearest number that the room allows.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each run.")
@click.option(
    "--soak",
    is_flag=True,
    help="Continue with the next seed until stopped or an invariant is broken.",
)
@click.option(
    "--hours", type=click.FloatRange(0, min_open=True), help="Stop --soak after this many hours."
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the first run that breaks an invariant to this file, as JSON.",
)
def simulate(
    rooms: tuple[str, ...],
    seeds: range,
    turns: int,
    weather: str,
    players: int | None,
    as_json: bool,
    soak: bool,
    hours: float | None,
    save: Path | None,
) -> int:
    """Play rooms with bots and check that all invariants hold.

    ROOM is a .room or .room.yaml file, or a folder that is searched for room files. The room
    runs on the server's own code. The players, their connections, the clock and the disk are
    simulated. A weather is a set of simulated faults, such as lost connections, slow engines
    and server crashes. The seed decides everything that happens: the same seed always prints
    the same JSON. After the given number of turns, the simulated faults stop, everybody
    reconnects, and the final state is checked.

    If an invariant is broken, the output shows what happened before and the command that
    repeats the run. docs/simulator.md lists the invariants and the weathers.
    """
    from gameroom.simulator import RunPlan

    if hours is not None and not soak:
        raise click.UsageError("--hours needs --soak")
    charts = _charts(rooms)
    if charts is None:
        return EXIT_FINDINGS
    chosen = tuple(WEATHERS) if weather == ALL else (weather,)
    plans = (
        (file, chart, RunPlan(seed, turns, WEATHERS[name], players))
        for seed in (itertools.count(seeds.start) if soak else seeds)
        for file, chart in charts
        for name in chosen
    )
    many = soak or len(seeds) * len(charts) * len(chosen) > 1
    work = _Work(as_json=as_json, in_full=not many, stops=soak, save=save)
    return work.run(plans, None if hours is None else hours * 3600)


def _charts(rooms: Iterable[str]) -> list[tuple[str, Chart]] | None:
    """The charts of these rooms by name. If a room has errors, prints them and returns None."""
    from gameroom.roomfile import chart_of

    charts, is_clean = list[tuple[str, "Chart"]](), True
    for path in files.found(list(rooms)):
        loaded = files.load(path, files.read(path), str(path))
        chart = chart_of(loaded)
        if chart is None:
            click.echo(language.as_text(loaded.diagnostics, loaded.sources), err=True)
            is_clean = False
        elif chart.room.players is not None:
            charts.append((str(path), chart))
    return charts if is_clean else None


@dataclass(slots=True)
class _Work:
    """Executes the runs. in_full: also print successful runs. stops: stop at the first broken run.
    shown: when progress was last printed, in seconds of the machine's clock."""

    as_json: bool
    in_full: bool
    stops: bool
    save: Path | None
    runs: int = 0
    turns: int = 0
    shown: float = 0.0
    failed: Counter[str] = field(default_factory=Counter)

    def run(self, plans: Iterator[tuple[str, Chart, RunPlan]], seconds: float | None) -> int:
        from gameroom.simulator import simulate, summary

        began = self.shown = time.monotonic()
        try:
            for file, chart, plan in plans:
                if seconds is not None and time.monotonic() - began >= seconds:
                    break
                lives = partial(self._lives, began, plan.seed)
                lives(0)
                self._take(simulate(chart, plan, lives), file)
                if self.stops and self.failed:
                    break
        except KeyboardInterrupt:
            if not self.stops:
                raise
            click.echo("stopped", err=True)
        if self.stops:
            self._progress(time.monotonic() - began)
        if not self.in_full and not self.as_json:
            click.echo(summary(self.runs, self.failed))
        return EXIT_FINDINGS if self.failed else 0

    def _take(self, outcome: RunOutcome, file: str) -> None:
        import gameroom.simulator as world

        self.runs += 1
        self.turns += outcome.turns
        broken = outcome.broken
        if broken is not None and not self.failed and self.save is not None:
            files.write(self.save, world.as_json(outcome, file) + "\n")
        if broken is not None:
            self.failed[broken.name] += 1
        if self.as_json:
            click.echo(world.as_json(outcome, file))
        elif self.in_full or broken is not None:
            click.echo(world.as_text(outcome, file))

    def _lives(self, began: float, seed: int, turns: int) -> None:
        """The run of this seed has reached this turn: print the progress if it is due."""
        now = time.monotonic()
        if now - self.shown >= PROGRESS_S:
            self.shown = now
            self._progress(now - began, f", now at turn {turns:,} of seed {seed}")

    def _progress(self, seconds: float, at: str = "") -> None:
        """Print the progress for people, so not to standard output."""
        rate = self.runs / seconds if seconds else 0.0
        broken = f", {self.failed.total()} broken" if self.failed else ""
        click.echo(
            f"{self.runs:,} runs in {seconds:,.0f} s, {rate:.1f} per second,"
            f" {self.turns:,} turns{broken}{at}",
            err=True,
        )
        sys.stderr.flush()
