"""`gameroom bench`: compares the server with a bare relay, on this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gameroom.cli import EXIT_FINDINGS, files

if TYPE_CHECKING:
    from gameroom.bench.plan import BenchPlan, Kind
    from gameroom.bench.report import BenchReport

QUICK_ROOMS, QUICK_SECONDS, QUICK_WARM_S, QUICK_PAIRS = 12, 2.0, 0.5, 1
SEARCH_ROOMS, SEARCH_SECONDS, SEARCH_WARM_S, SEARCH_PAIRS = 10, 4.0, 1.0, 3
ROOMS, SECONDS, WARM_S, PAIRS = 60, 10.0, 3.0, 5
SEATS_MAX, WATCHERS_MAX, TEXT_MAX = 256, 768, 4096


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom bench --quick                     a first answer, in about 20 s\n"
    "  gameroom bench --rooms 200 --json old.json one measurement, saved as JSON\n"
    "  gameroom bench --compare old.json new.json what has changed\n"
    "  gameroom bench --search --wire json        the most rooms whose turns are on time\n"
    "  gameroom bench --rooms 1 --seats 8 --watchers 192\n"
    "                                             one game with many spectators\n\n"
    "Exit codes: 0 measured, 1 packets were lost or nothing could be measured, 2 usage,"
    " 3 internal error. docs/bench.md explains all figures."
)
@click.option(
    "--rooms",
    type=click.IntRange(1, 4096),
    help="Rooms that play at the same time; with --search, the number to start from.  "
    f"[default: {ROOMS}]",
)
@click.option(
    "--seats",
    type=click.IntRange(1, SEATS_MAX),
    default=4,
    show_default=True,
    help="Players in each room.",
)
@click.option(
    "--watchers",
    type=click.IntRange(0, WATCHERS_MAX),
    default=0,
    show_default=True,
    help="Spectators in each room.",
)
@click.option(
    "--text",
    "text_bytes",
    type=click.IntRange(0, TEXT_MAX),
    default=16,
    show_default=True,
    metavar="BYTES",
    help="Bytes of text in each player's command per turn. This sets the packet size.",
)
@click.option(
    "--wire",
    type=click.Choice(["msgpack", "json"]),
    default="msgpack",
    show_default=True,
    help="The encoding of the packets.",
)
@click.option(
    "--turn",
    "turn_ms",
    type=click.IntRange(20, 5000),
    default=100,
    show_default=True,
    metavar="MS",
    help="The length of a turn in milliseconds.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 3600),
    help=f"Length of each measurement, in seconds.  [default: {SECONDS:g}]",
)
@click.option(
    "--warm",
    "warm_s",
    type=click.FloatRange(0, 600),
    metavar="SECONDS",
    help=f"How long the rooms play before each measurement.  [default: {WARM_S:g}]",
)
@click.option(
    "--pairs",
    type=click.IntRange(1, 100),
    help=f"How many times to measure gameroom and then the relay.  [default: {PAIRS}]",
)
@click.option(
    "--durability",
    type=click.Choice(["process", "disk"]),
    default="process",
    show_default=True,
    help="What the journal survives, as in `gameroom serve`.",
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    help="Write the journals to a temporary folder inside this folder. Choose a folder on a real "
    "disk.",
)
@click.option(
    "--node/--no-node",
    "with_node",
    default=None,
    help="Measure a relay in node too. On by default if node and its `ws` package are installed.",
)
@click.option(
    "--first",
    is_flag=True,
    help="Give the server and the load generator priority over all other programs, for a busy "
    "machine. Needs root on Linux.",
)
@click.option("--quick", is_flag=True, help="Take a small measurement, for a first impression.")
@click.option(
    "--search",
    is_flag=True,
    help="Search for the largest number of rooms whose turns are on time, instead of measuring a "
    "given number.",
)
@click.option(
    "--limit",
    "limit_ms",
    type=click.FloatRange(0.1, 5000),
    default=10.0,
    show_default=True,
    metavar="MS",
    help="With --search, the highest p99 lateness (ms) that still counts as on time.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the report to this file, as JSON.",
)
@click.option(
    "--compare",
    nargs=2,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="OLD NEW",
    help="Compare two reports that --json has written, and measure nothing.",
)
def bench(
    rooms: int | None,
    seats: int,
    watchers: int,
    text_bytes: int,
    wire: str,
    turn_ms: int,
    seconds: float | None,
    warm_s: float | None,
    pairs: int | None,
    durability: str,
    data: Path | None,
    with_node: bool | None,
    first: bool,
    quick: bool,
    search: bool,
    limit_ms: float,
    json_file: Path | None,
    compare: tuple[Path, Path] | None,
) -> int:
    """Measure what a game costs the server, compared with a bare relay on this machine.

    Rooms play at a steady pace: each player sends one packet per turn. gameroom runs with all
    features on (checks, chart, verification, journal, limits). The relay only gathers packets
    and broadcasts them. The two take turns on one core, with the program that generates the
    load on another. Each figure is also printed as a ratio: 1.00 means that gameroom costs no
    more than the relay.
    """
    from gameroom.bench.plan import BenchError, BenchPlan

    try:
        if compare is not None:
            _compare(*compare)
            return 0
        if quick and search:
            raise click.UsageError("--quick and --search exclude each other")
        usual = (
            (QUICK_ROOMS, QUICK_SECONDS, QUICK_WARM_S, QUICK_PAIRS)
            if quick
            else (SEARCH_ROOMS, SEARCH_SECONDS, SEARCH_WARM_S, SEARCH_PAIRS)
            if search
            else (ROOMS, SECONDS, WARM_S, PAIRS)
        )
        plan = BenchPlan(
            rooms=usual[0] if rooms is None else rooms,
            seats=seats,
            watchers=watchers,
            text_bytes=text_bytes,
            wire="json" if wire == "json" else "msgpack",
            turn_ms=turn_ms,
            seconds=usual[1] if seconds is None else seconds,
            warm_s=usual[2] if warm_s is None else warm_s,
            pairs=usual[3] if pairs is None else pairs,
            durability="disk" if durability == "disk" else "process",
        )
        report = _measured(plan, data, with_node, first, limit_ms if search else None)
    except BenchError as error:
        click.echo(f"gameroom cannot measure this: {error}", err=True)
        return EXIT_FINDINGS
    return _shown(report, json_file)


def _measured(
    plan: BenchPlan,
    data: Path | None,
    with_node: bool | None,
    first: bool,
    limit_ms: float | None,
) -> BenchReport:
    from contextlib import AbstractContextManager

    from gameroom.bench import machine, processes, report, runs

    kinds: list[Kind] = ["gameroom", "relay"]
    notes: list[str] = []
    node = None if with_node is False else _node(with_node is True, notes)
    if node is not None:
        kinds.append("node")
    here = machine.described(data or Path(tempfile.gettempdir()), node, notes)

    def opens(kind: Kind) -> AbstractContextManager[runs.Measures]:
        return processes.playing(kind, plan, data, first=first)

    if limit_ms is not None:
        found = runs.searched(plan, kinds, opens, limit_ms, _say)
        return report.search_report(plan, here, found, limit_ms)
    return report.paced_report(plan, here, runs.paced(plan, kinds, opens, _say))


def _node(is_wanted: bool, notes: list[str]) -> str | None:
    """The version of Node, or None with a note why it does not take part. Raises BenchError if it
    is required."""
    from gameroom.bench.plan import BenchError
    from gameroom.bench.processes import node_version

    try:
        node = node_version()
        if node is None:
            raise BenchError("there is no program `node`")
    except BenchError as error:
        if is_wanted:
            raise
        notes.append(f"The relay in node was left out: {error}.")
        return None
    return node


def _shown(report: BenchReport, json_file: Path | None) -> int:
    from gameroom.bench.report import as_json, as_text, faults

    if json_file is not None:
        files.write(json_file, as_json(report))
    click.echo(as_text(report))
    return EXIT_FINDINGS if faults(report) else 0


def _compare(old: Path, new: Path) -> None:
    from gameroom.bench.compare import compared
    from gameroom.bench.report import read_report

    click.echo(compared(read_report(old), read_report(new)))


def _say(text: str) -> None:
    click.echo(text, err=True)
