"""`gameroom graph`: draws the statechart of a room file, or prints it for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from gameroom import language
from gameroom.cli import EXIT_FINDINGS, files
from gameroom.picture import FORMATS

SUFFIXES = {suffix: name for name, form in FORMATS.items() for suffix in form.suffixes}


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom graph my.room -o my.svg            draw a picture\n"
    "  gameroom graph my.room --format mermaid     print Mermaid, which many wikis can draw\n"
    "  gameroom graph my.room -o my.dot            write DOT for Graphviz\n\n"
    "Exit codes: 0 done, 1 the room has errors, 2 usage, 3 internal error."
)
@click.argument("file", metavar="FILE")
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS]),
    help="The output format. By default, the format that matches the name given with -o, or svg.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output. An existing file is overwritten.",
)
def graph(file: str, form: str | None, out: Path | None) -> int:
    """Draw the statechart of FILE, a room file or - for standard input.

    The picture shows all states of the room, including inherited ones. An arrow is a
    transition, labelled with its event or time. A dashed arrow resumes the inner state that
    was active before. A dashed box is a region; all regions of a parallel state are active at
    the same time. The mark \u21bb means that turns advance in a state. Timeouts that end the
    room are listed inside their state.
    """
    kind = form or (SUFFIXES.get(out.suffix) if out is not None else "svg")
    if kind is None:
        raise click.UsageError(
            f"the name {out} does not match a format; use .svg, .dot or .mmd, or give --format"
        )
    path = Path(file)
    if out is not None and out.name.endswith(files.SUFFIXES):
        raise click.UsageError(f"{out} is the name of a room file, not of a picture")
    name = "stdin.room" if path == files.STDIN else file
    text = files.read(path)
    loaded = files.load(path, text, name)
    if loaded.room is None:
        click.echo(language.as_text(loaded.diagnostics, loaded.sources), err=True)
        return EXIT_FINDINGS
    drawn = FORMATS[kind].draw(loaded.room)
    if out is None:
        click.echo(drawn, nl=False)
    else:
        files.write(out, drawn)
        click.echo(f"wrote {out}", err=True)
    return 0
