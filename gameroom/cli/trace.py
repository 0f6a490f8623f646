"""`gameroom trace`: reads events and prints macrosteps, both as JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files

LINE_BYTES_MAX = 65_536


@click.command(
    epilog="\b\nExample:\n"
    '  echo \'{"at": 0, "event": "join", "who": "ann"}\' | gameroom trace my.room\n\n'
    "Exit codes: 0 done, 1 the file has errors, 2 usage or an invalid event,"
    " 3 internal error."
)
@click.argument("file", metavar="FILE")
def trace(file: str) -> int:
    """Send events to a room and print every step of its chart.

    Events are read from standard input, one JSON object per line: an action of a player or
    spectator (join, connect, ready, load, request, packet, ...) or `wait`. `at` is the time of
    the event in milliseconds.

    A macrostep is everything that the chart does in response to one event. It consists of
    microsteps: a microstep takes one transition, or one in each parallel region. Each
    macrostep is printed as one JSON line: the states before and after it, its microsteps,
    every transition that was considered, with the reason if it was not taken, and the effects.
    docs/scenarios.md describes both formats.
    """
    from gameroom.roomfile import chart_of
    from gameroom.scenario import BadEventError, EventTrace

    if file == "-":
        raise click.UsageError(
            "the room file can't be standard input, which is used for the events"
        )
    if not files.is_text(Path(file)):
        raise files.missing(Path(file))
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
        except json.JSONDecodeError as why:
            told = f"line {number} of the events, column {why.colno}: {_no_json(line, why.pos)}"
            raise click.UsageError(told) from why
        except (BadEventError, _UnreadableError) as why:
            raise click.UsageError(f"line {number} of the events: {why}") from why
    return 0


class _UnreadableError(Exception):
    """The line cannot be an event. The message says why."""


def _no_json(line: str, at: int) -> str:
    if not line[at:].strip():
        return "invalid JSON: unexpected end"
    return f"invalid JSON: unexpected `{line[at]}`"


def _lines() -> Iterator[str]:
    """The lines of standard input. A line that is too long is split."""
    while line := sys.stdin.buffer.readline(LINE_BYTES_MAX):
        # Invalid UTF-8 becomes a character that is not valid JSON outside of a string.
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _decoded(line: str) -> object:
    if len(line.encode()) >= LINE_BYTES_MAX:
        raise _UnreadableError(f"the line is longer than {LINE_BYTES_MAX} bytes")
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        raise
    except RecursionError as why:
        raise _UnreadableError("the JSON is nested too deeply") from why
    except ValueError as why:
        raise _UnreadableError("the JSON contains a number that is too long") from why


def _print(lines: Iterator[dict[str, Any]]) -> None:
    for line in lines:
        click.echo(json.dumps(line, ensure_ascii=False, separators=(", ", ": ")))
