"""`gameroom trace`: events as JSON lines in, macrosteps as JSON lines out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files

LINE_CHARACTERS_MAX = 65_536


@click.command(
    epilog="\b\nExample:\n"
    '  echo \'{"event": "join", "who": "ann"}\' | gameroom trace my.room\n\n'
    "Exit codes: 0 done, 1 the file has problems, 2 usage or an event that can't be read,"
    " 3 our own fault."
)
@click.argument("file", metavar="FILE")
def trace(file: str) -> int:
    """Feed events to a room and print every step of its chart.

    Events come from standard input, one JSON map per line: what somebody sends (join,
    connect, ready, load, request, packet, ...) or `wait`, each `at` a time in
    milliseconds. Every macrostep of the chart goes to standard output as one JSON line:
    the states before and after it, its microsteps, every transition that was asked with
    the reason where it said no, and the effects. docs/scenarios.md tells both forms.
    """
    from gameroom.sim import BadEventError, EventTrace, chart_of

    if file == "-":
        raise click.UsageError("standard input holds the events; name a room file")
    if not Path(file).is_file():
        raise click.UsageError(f"there is no file {file}")
    loaded = files.load(Path(file), files.read(Path(file)), file)
    chart = chart_of(loaded)
    if chart is None:
        click.echo(language.as_text(loaded.diagnostics, loaded.sources), err=True)
        return EXIT_FINDINGS
    traced = EventTrace(chart)
    _print(traced.begin())
    for number, line in enumerate(_lines(), start=1):
        try:
            if line.strip():
                _print(traced.feed(_decoded(line)))
        except (BadEventError, ValueError, RecursionError) as why:
            raise click.UsageError(f"line {number} of the events: {why}") from why
    return 0


def _lines() -> Iterator[str]:
    """Lines of standard input, each cut where it gets too long."""
    while line := sys.stdin.readline(LINE_CHARACTERS_MAX):
        yield line


def _decoded(line: str) -> object:
    if len(line) >= LINE_CHARACTERS_MAX:
        raise ValueError(f"it is longer than {LINE_CHARACTERS_MAX} characters")
    return json.loads(line)


def _print(lines: Iterator[dict[str, Any]]) -> None:
    for line in lines:
        click.echo(json.dumps(line, ensure_ascii=False, separators=(", ", ": ")))
