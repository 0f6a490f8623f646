"""`gameroom convert`: converts a room file to the other format."""

from __future__ import annotations

from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files
from gameroom.language import ConvertError


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom convert my.room                    print the YAML\n"
    "  gameroom convert my.room -o my.room.yaml    write it to a file\n"
    "  gameroom convert - --to room < my.room.yaml read standard input\n\n"
    "Exit codes: 0 done; 1 the file has errors, or the output file exists; 2 usage."
)
@click.argument("file", metavar="FILE")
@click.option(
    "--to",
    type=click.Choice(["yaml", "room"]),
    help="The output format. By default, the format that FILE is not in.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def convert(file: str, to: str | None, out: Path | None, force: bool) -> int:
    """Convert a .room file to YAML, or YAML to .room.

    FILE is a room file, or - for standard input. The result has exactly the same meaning; if
    that is not possible, nothing is written. Comments are kept.
    """
    path = Path(file)
    from_yaml = to == "room" if path == files.STDIN else language.is_yaml(file)
    if to == ("yaml" if from_yaml else "room"):
        raise click.UsageError(f"{file} is already in this format")
    if out is not None and language.is_yaml(out.name) == from_yaml:
        raise click.UsageError(f"the name {out} does not match the output format")
    name = file if path != files.STDIN else "stdin.room" + (".yaml" if from_yaml else "")
    text = files.read(path)
    try:
        done = language.converted(text, name=name)
    except ConvertError as problem:
        told = language.as_text(problem.diagnostics, {name: text})
        click.echo(told or f"{name} can't be converted: {problem}; try `gameroom check`", err=True)
        return EXIT_FINDINGS
    if out is None:
        click.echo(done, nl=False)
        return 0
    if out.exists() and not force:
        click.echo(f"{out} already exists; use --force to overwrite it", err=True)
        return EXIT_FINDINGS
    files.write(out, done)
    return 0
