"""`gameroom convert`: a room file in the other spelling."""

from __future__ import annotations

from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files
from gameroom.language import ConvertError


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom convert my.room                    to standard output\n"
    "  gameroom convert my.room -o my.room.yaml    to a file\n"
    "  gameroom convert - --to room < my.room.yaml from standard input\n\n"
    "Exit codes: 0 done; 1 the file has mistakes, or --out is there already; 2 usage."
)
@click.argument("file", metavar="FILE")
@click.option(
    "--to",
    type=click.Choice(["yaml", "room"]),
    help="The spelling to write; by default the one that FILE is not in.",
)
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead."
)
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def convert(file: str, to: str | None, out: Path | None, force: bool) -> int:
    """Rewrite FILE, a room file or - for standard input, in the other spelling.

    Nothing is lost: what is written says the same, or nothing is written. Comments go along,
    each with what it stood at.
    """
    path = Path(file)
    from_yaml = to == "room" if path == files.STDIN else language.is_yaml(file)
    if to == ("yaml" if from_yaml else "room"):
        raise click.UsageError(f"{file} is in that spelling already")
    if out is not None and language.is_yaml(out.name) == from_yaml:
        raise click.UsageError(f"the name {out} is not that of the other spelling")
    name = file if path != files.STDIN else "stdin.room" + (".yaml" if from_yaml else "")
    text = files.read(path)
    try:
        done = language.converted(text, name=name)
    except ConvertError as problem:
        told = language.as_text(problem.diagnostics, {name: text})
        click.echo(
            told or f"{name} is not converted: {problem}; `gameroom check` may tell why", err=True
        )
        return EXIT_FINDINGS
    if out is None:
        click.echo(done, nl=False)
        return 0
    if out.exists() and not force:
        click.echo(f"{out} is there already; --force writes over it", err=True)
        return EXIT_FINDINGS
    files.write(out, done)
    return 0
