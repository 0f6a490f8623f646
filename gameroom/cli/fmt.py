"""`gameroom fmt`: formats room files in the standard layout."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FAULT, EXIT_FINDINGS, files
from gameroom.language import FormatError

SUFFIXES = (".room",)


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom fmt rooms/              format every .room file in a folder\n"
    "  gameroom fmt --check rooms/      list the files that would change\n"
    "  gameroom fmt - < my.room         read standard input, write standard output\n\n"
    "Exit codes: 0 done, or nothing to do; 1 a file would change (--check, --diff) or has"
    " syntax errors; 2 usage; 3 internal error."
)
@click.argument("files_", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show the changes.")
def fmt(files_: tuple[str, ...], check: bool, diff: bool) -> int:
    """Format room files in the standard layout.

    FILE is a .room file, a folder that is searched for .room files, or - to read standard input
    and write standard output. Comments are kept. A file is left unchanged if
    formatting would change its meaning.
    """
    results = [_one(path, check, diff) for path in files.found(files_, SUFFIXES)]
    changed = sum(result.changed for result in results)
    if files_ != ("-",):
        one = "file" if len(results) == 1 else "files"
        what = "would change" if check or diff else "changed"
        click.echo(f"{len(results)} {one} read, {changed or 'none'} {what}", err=True)
    if any(result.code == EXIT_FAULT for result in results):
        return EXIT_FAULT
    return max(result.code for result in results)


class _Result:
    """The result for one file."""

    def __init__(self, code: int = 0, changed: bool = False) -> None:
        self.code = code
        self.changed = changed


def _one(path: Path, check: bool, diff: bool) -> _Result:
    shown = "standard input" if path == files.STDIN else str(path)
    if path.name.endswith((".yaml", ".yml")):
        raise click.UsageError(f"{path} is YAML; `gameroom fmt` formats only .room files")
    text = files.read(path)
    try:
        done = language.formatted(text, name=shown)
    except FormatError as problem:
        return _refused(problem, shown, text)
    if diff:
        _show(text, done, shown)
    elif check and done != text:
        click.echo(f"would change {shown}")
    elif not check and path == files.STDIN:
        click.echo(done, nl=False)
        return _Result(changed=done != text)
    elif not check and done != text:
        files.write(path, done)
        click.echo(f"changed {shown}")
    return _Result(EXIT_FINDINGS if (check or diff) and done != text else 0, done != text)


def _refused(problem: FormatError, shown: str, text: str) -> _Result:
    if problem.diagnostics:
        click.echo(language.as_text(problem.diagnostics, {shown: text}), err=True)
        click.echo(f"{shown} is unchanged: {problem}", err=True)
        return _Result(EXIT_FINDINGS)
    click.echo(
        f"{shown} is unchanged: internal error: {problem}. Please report it with the file.",
        err=True,
    )
    return _Result(EXIT_FAULT)


def _show(text: str, done: str, shown: str) -> None:
    before, after = text.splitlines(keepends=True), done.splitlines(keepends=True)
    for line in difflib.unified_diff(before, after, shown, f"{shown} (formatted)"):
        click.echo(line if line.endswith("\n") else f"{line}\n\\ no newline at the end\n", nl=False)
