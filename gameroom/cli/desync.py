"""`gameroom desync`: explains desync reports."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gameroom.cli import EXIT_FINDINGS, desync_words
from gameroom.cli.ids import TakesIds
from gameroom.desyncfile import BadReportError, read
from gameroom.lockstep.desync_report import DesyncReport

REPORT_BYTES_MAX = 256 * 1024 * 1024


@click.group(
    epilog="\b\nExamples:\n"
    "  gameroom desync show data/desyncs/r7-311.desync   explain a report\n"
    "  gameroom desync list data                          list the reports of a server\n\n"
    "docs/desync.md explains how to find the bug from a report."
)
def desync() -> None:
    """Explain why engines diverged.

    When the checksums in a room differ, the server saves a report. It contains which players'
    engines differ, since when, in which part of the state, and the commands before that. `GET
    /rooms/<id>/desyncs` also lists the reports.
    """


@desync.command(
    cls=TakesIds,
    epilog="Exit codes: 0 shown, 1 the file is not a report or is damaged, 2 usage.",
)
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, without the states.")
@click.option(
    "--most",
    default=10,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Maximum number of differences and turns to print.",
)
def show(file: str, as_json: bool, most: int) -> int:
    """Explain one report.

    Print what the report in FILE says: which players' engines differ and since when, the first
    part of the state that differs, with the value of each player, the commands before that, and
    what to do next.
    """
    try:
        report = _read(Path(file))
    except (BadReportError, OSError) as why:
        click.echo(f"{file} can't be read as a desync report: {why}", err=True)
        return EXIT_FINDINGS
    if as_json:
        click.echo(json.dumps(desync_words.facts(report), indent=2))
    else:
        click.echo(desync_words.told(report, most))
    return 0


@desync.command("list", epilog="Exit codes: 0 listed, 1 a report is damaged, 2 usage.")
@click.argument("folder", metavar="DATA", type=click.Path(exists=True, file_okay=False))
def list_(folder: str) -> int:
    """List the reports in a data folder.

    Print one line for each report in DATA, the data folder of a server, oldest first.
    """
    root = Path(folder)
    files = sorted(
        {*root.glob("*.desync"), *root.glob("desyncs/*.desync")},
        key=lambda path: (path.stat().st_mtime_ns, path.name),
    )
    code = 0
    for path in files:
        try:
            click.echo(f"{path}: {desync_words.line(_read(path))}")
        except (BadReportError, OSError) as why:
            click.echo(f"{path}: can't be read: {why}", err=True)
            code = EXIT_FINDINGS
    if not files:
        click.echo(f"There are no desync reports in {folder}.")
    return code


def _read(path: Path) -> DesyncReport:
    if path.stat().st_size > REPORT_BYTES_MAX:
        raise BadReportError(f"it is larger than {REPORT_BYTES_MAX} bytes")
    return read(path.read_bytes())
