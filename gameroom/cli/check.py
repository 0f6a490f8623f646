"""`gameroom check`: read room files, print every problem, leave with the right code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS
from gameroom.cli import files as room_files
from gameroom.explore.run import explore as explored
from gameroom.language import Diagnostic, Note

FORMATS: dict[str, Callable[[list[Diagnostic], list[Note]], str]] = {
    "json": language.as_json,
    "github": lambda diagnostics, _: language.as_github(diagnostics),
    "sarif": language.as_sarif,
}


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom check rooms/                 every room file below a folder\n"
    "  gameroom check --fix my.room          put right what surely was meant\n"
    "  gameroom check --format json my.room  for editors and scripts\n"
    "  cat my.room | gameroom check -        from standard input\n\n"
    "Exit codes: 0 clean, 1 findings, 2 usage, 3 our own fault."
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMATS]),
    default="text",
    show_default=True,
    help="Pictures for people, JSON for programs, annotations for GitHub's workflows, or SARIF.",
)
@click.option("--fix", is_flag=True, help="Put right what has one sure fix, and write the file.")
@click.option("--color/--no-color", default=None, help="Colour; by default on a terminal.")
@click.option(
    "--name",
    default="stdin.room",
    show_default=True,
    help="What standard input is called; a name ending in .yaml is read as YAML.",
)
@click.option(
    "--explore/--no-explore",
    default=True,
    help="Play every room that has no errors in all ways that matter; on by default.",
)
def check(
    files: tuple[str, ...], form: str, fix: bool, color: bool | None, name: str, explore: bool
) -> int:
    """Check room files and print every problem with its place.

    A FILE is a .room or .room.yaml file, a folder that is searched for them, or - for
    standard input; a pipe is read as .room. A file that is used (`use "other.room"`) is
    found beside the file that uses it, or among the shipped rooms.

    All problems of a file are told in one run, each with a code, the line, and help where
    there is some. A room without errors is also played through: what people, their
    connections and time can do to it, up to a limit that a note tells (docs/checks.md).

    A comment `# allow W0803: reason` allows a warning on its line or on the next one.
    `gameroom explain CODE` tells the long story of a code.
    """
    if fix and "-" in files:
        raise click.UsageError("--fix writes files; standard input is none")
    found = _Found()
    paths = room_files.found(files)
    if fix and (pipe := next((path for path in paths if path.is_fifo()), None)) is not None:
        raise click.UsageError(f"--fix writes files; {pipe} is a pipe")
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
    """What all files together gave. sources: their texts by name, for the pictures; fixed:
    what was put right, a line each."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)


def _check(path: Path, name: str, found: _Found, *, fix: bool, explore: bool) -> None:
    shown = name if path == room_files.STDIN else str(path)
    text = room_files.read(path)
    if fix:
        text = _fixed(path, text, found)
    loaded = room_files.load(path, text, shown)
    told = loaded.diagnostics
    if explore and loaded.room is not None:
        report = explored(loaded.room)
        told = (*told, *report.diagnostics)
        found.notes += [Note(shown, note) for note in report.notes]
    if explore or loaded.room is None:
        # Without playing, nobody knows which warning need not have been allowed.
        told = language.settled(told, loaded.sources, name=shown)
    found.diagnostics += [each for each in told if each not in found.diagnostics]
    found.sources.update(loaded.sources)


def _fixed(path: Path, text: str, found: _Found) -> str:
    done = language.fixed(text, name=str(path), resolve=room_files.resolver(path))
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
