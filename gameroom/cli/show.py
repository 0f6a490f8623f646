"""`gameroom show`: prints a room with everything that it inherits, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files
from gameroom.language.rewrite.flat import flat_file


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom show my.room            show the complete room\n"
    "  gameroom show --to yaml my.room  show it as YAML\n\n"
    "Exit codes: 0 shown, 1 the file has errors, 2 usage."
)
@click.argument("file", metavar="FILE")
@click.option(
    "--to",
    type=click.Choice(["room", "yaml"]),
    default="room",
    show_default=True,
    help="The output format.",
)
@click.option(
    "--name",
    default="stdin.room",
    show_default=True,
    help="The file name of standard input. If it ends in .yaml, the input is read as YAML.",
)
def show(file: str, to: str, name: str) -> int:
    """Show a room with everything it inherits, as one file.

    The result is a room file that does not use other files: every `extend` and `override` is
    applied, and inherited transitions that can never be taken are left out. FILE is a room
    file, or - for standard input.
    """
    path = Path(file)
    shown = name if path == files.STDIN else file
    loaded = files.load(path, files.read(path), shown)
    if loaded.room is None or loaded.file is None:
        click.echo(language.as_text(loaded.diagnostics, loaded.sources), err=True)
        return EXIT_FINDINGS
    flat = flat_file(loaded.file, loaded.room)
    click.echo(language.as_room(flat) if to == "room" else language.as_yaml(flat), nl=False)
    return 0
