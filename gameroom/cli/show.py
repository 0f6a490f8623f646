"""`gameroom show`: a room with everything that it inherits, as one flat file."""

from __future__ import annotations

from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files
from gameroom.language.rewrite.flat import flat_file


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom show my.room            the room that the server runs\n"
    "  gameroom show --to yaml my.room  the same in YAML\n\n"
    "Exit codes: 0 shown, 1 the file has mistakes, 2 usage."
)
@click.argument("file", metavar="FILE")
@click.option(
    "--to",
    type=click.Choice(["room", "yaml"]),
    default="room",
    show_default=True,
    help="The spelling to write.",
)
@click.option(
    "--name",
    default="stdin.room",
    show_default=True,
    help="What standard input is called; a name ending in .yaml is read as YAML.",
)
def show(file: str, to: str, name: str) -> int:
    """Show the room of FILE flat: what it extends is brought in, and every `extend` and
    `override` is carried out; inherited transitions that are shadowed are left out. The
    result is a room file that needs no other.
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
