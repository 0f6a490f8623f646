"""`gameroom check`: reads room files, prints every problem, and returns the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS
from gameroom.cli import files as room_files
from gameroom.explore.run import explore as explored
from gameroom.language import Diagnostic, Loaded, Note

FORMATS: dict[str, Callable[[list[Diagnostic], list[Note]], str]] = {
    "json": language.as_json,
    "github": lambda diagnostics, _: language.as_github(diagnostics),
    "sarif": language.as_sarif,
}


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom check rooms/                 check every room file in a folder\n"
    "  gameroom check --fix my.room          apply unambiguous fixes\n"
    "  gameroom check --format json my.room  print JSON for editors and scripts\n"
    "  cat my.room | gameroom check -        read standard input\n\n"
    "Exit codes: 0 clean, 1 findings, 2 usage, 3 internal error."
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMATS]),
    default="text",
    show_default=True,
    help="The output format: text for people, JSON, annotations for GitHub workflows, or SARIF.",
)
@click.option("--fix", is_flag=True, help="Apply unambiguous fixes to the files.")
@click.option(
    "--color/--no-color", default=None, help="Use colours. By default, only on a terminal."
)
@click.option(
    "--name",
    default="stdin.room",
    show_default=True,
    help="The file name of standard input. If it ends in .yaml, the input is read as YAML.",
)
@click.option(
    "--explore/--no-explore",
    default=True,
    help="Run the deep checks on every room that has no errors. They are on by default.",
)
def check(
    files: tuple[str, ...], form: str, fix: bool, color: bool | None, name: str, explore: bool
) -> int:
    """Check room files and print every error and warning.

    FILE is a .room or .room.yaml file, a folder that is searched for room files, or - for
    standard input. A pipe is read as .room. If a file uses another one (`use "other.room"`),
    that file must be in the same folder or be a shipped room.

    All problems of a file are reported in one run, each with its code, its place and help.
    A room without errors also gets the deep checks. They try everything that people,
    connections and timers can do to the room. A note reports their limits (docs/checks.md).

    A comment `# allow W0803: reason` suppresses a warning on its own line or on the next one.
    `gameroom explain CODE` explains a code in detail.
    """
    if fix and "-" in files:
        raise click.UsageError("--fix can't be used with standard input")
    found = _Found()
    paths = room_files.found(files)
    if fix and (pipe := next((path for path in paths if path.is_fifo()), None)) is not None:
        raise click.UsageError(f"--fix can't be used with the pipe {pipe}")
    for path in paths:
        _check(path, name, found, fix=fix, explore=explore)
    if form == "text":
        _print(found, len(paths), color)
    elif told := FORMATS[form](found.diagnostics, found.notes):
        click.echo(told)
    for line in (*found.fixed, *(f"note: {note.file}: {note.message}" for note in found.notes)):
        click.echo(line, err=True)
    return EXIT_FINDINGS if found.diagnostics else 0


@dataclass(slots=True)
class _Found:
    """The results for all files. sources: their texts by name, for quoting lines. fixed: one line
    for each applied fix."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)


def _check(path: Path, name: str, found: _Found, *, fix: bool, explore: bool) -> None:
    shown = name if path == room_files.STDIN else str(path)
    text = room_files.read(path)
    if fix:
        text = _fixed(path, text, found, explore=explore)
    loaded = room_files.load(path, text, shown)
    told, notes = _reported(loaded, shown, explore=explore)
    found.notes += notes
    found.diagnostics += [each for each in told if each not in found.diagnostics]
    found.sources.update(loaded.sources)


def _reported(
    loaded: Loaded, name: str, *, explore: bool
) -> tuple[Sequence[Diagnostic], Sequence[Note]]:
    """The diagnostics of a file, without the warnings that it allows."""
    told: Sequence[Diagnostic] = loaded.diagnostics
    notes: list[Note] = []
    if explore and loaded.room is not None:
        report = explored(loaded.room)
        told = (*told, *report.diagnostics)
        notes = [Note(name, note) for note in report.notes]
    if explore or loaded.room is None:
        # Without the deep checks, it is unknown which allowed warnings do not occur.
        told = language.settled(told, loaded.sources, name=name)
    return told, notes


def _fixed(path: Path, text: str, found: _Found, *, explore: bool) -> str:
    def examine(text: str) -> Sequence[Diagnostic]:
        loaded = room_files.load(path, text, str(path))
        return _reported(loaded, str(path), explore=explore)[0]

    done = language.fixed(text, name=str(path), examine=examine)
    if done.applied:
        room_files.write(path, done.text)
        found.fixed += [
            f"fixed: {path}:{each.span.line}: {each.message}: {each.fixes[0].title}"
            for each in done.applied
        ]
    return done.text


def _print(found: _Found, count: int, color: bool | None) -> None:
    diagnostics = found.diagnostics
    wanted = sys.stdout.isatty() if color is None else color
    if diagnostics:
        told = language.as_text(diagnostics, found.sources, color=wanted)
        click.echo(told + "\n", color=wanted)
    files = "1 file" if count == 1 else f"{count} files"
    problems = "1 problem" if len(diagnostics) == 1 else f"{len(diagnostics)} problems"
    click.echo(f"{files} checked, {problems if diagnostics else 'no problems'}")
