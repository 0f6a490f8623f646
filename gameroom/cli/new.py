"""`gameroom new`: creates a room file from a template, i.e. from one of the shipped rooms."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import click

from gameroom import resources, roomfile
from gameroom.cli import EXIT_FINDINGS, files

SMALLEST = "small"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
ROOM = re.compile(r'^room "[^"\n]*"', re.MULTILINE)
GUIDE = "# How to read this file.\n"
WIDTH = 92


def templates() -> dict[str, str]:
    """The purpose of each template by name, the smallest first. The templates are the shipped rooms
    without the standard room and without games whose engine is too large for a start."""
    names = sorted(path.stem for path in resources.rooms().glob("*.room"))
    names = [SMALLEST, *(name for name in names if name not in (SMALLEST, "standard")), "noughts"]
    return {name: _doc(name) for name in names}


def _doc(name: str) -> str:
    found = resources.shipped_room(name)
    assert found is not None, name
    chart, _ = roomfile.read(*found)
    return chart.room.doc


def adapted(template: str, title: str, file: str) -> str:
    """The text of a template as the room `title` in the file `file`."""
    found = resources.shipped_room(template)
    assert found is not None, template
    text = ROOM.sub(f'room "{title}"', found[1], count=1)
    guide = _guide()
    if GUIDE not in text:
        text = text.replace('use "standard"\n', f'use "standard"\n\n{guide}', 1)
    note = f"# {file} was created from the template `{template}`. You can change all of it.\n#\n"
    text = text.replace(guide, note + guide, 1)
    return text.replace("FILE", file)


def _guide() -> str:
    """The lines of the smallest template that explain how to read a file."""
    found = resources.shipped_room(SMALLEST)
    assert found is not None
    begin = found[1].index(GUIDE)
    return found[1][begin : found[1].index("#\n# This room", begin)]


def _list(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the templates and exit, ignoring other arguments."""
    if not wanted or ctx.resilient_parsing:
        return
    width = max(map(len, templates()))
    for name, doc in templates().items():
        indent = " " * (width + 2)
        text = textwrap.fill(doc, WIDTH, initial_indent=indent, subsequent_indent=indent)
        click.echo(name.ljust(width) + text[width:])
    ctx.exit(0)


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom new duel                           create duel.room, the smallest room\n"
    "  gameroom new duel --template turn-based     start from another template\n"
    "  gameroom new --list                         list the templates\n\n"
    "Exit codes: 0 done, 1 the file already exists, 2 usage, 3 internal error."
)
@click.argument("name", metavar="NAME")
@click.option(
    "-t",
    "--template",
    default=SMALLEST,
    metavar="TEMPLATE",
    show_default=True,
    help="The template to start from. See --list.",
)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list,
    help="List the templates, with the purpose of each.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def new(name: str, template: str, force: bool) -> int:
    """Create NAME.room from a template.

    The room works without changes: it has no errors, and its scenarios pass. Comments explain
    what each part is for and how to change it. NAME is the name of the room, optionally with
    a folder: `rooms/duel` creates rooms/duel.room.

    docs/first-room.md shows how to turn the new file into a tested room in ten minutes.
    """
    path = Path(f"{name.removesuffix('.room')}.room")
    if not NAME.fullmatch(path.stem):
        raise click.BadParameter(
            "use letters, digits, - and _, up to 40 characters", param_hint="NAME"
        )
    if template not in templates():
        raise click.BadParameter(
            f"there is no template {template!r}; use one of {', '.join(templates())}",
            param_hint="--template",
        )
    if path.exists() and not force:
        click.echo(f"{path} already exists; use --force to overwrite it", err=True)
        return EXIT_FINDINGS
    files.write(path, adapted(template, path.stem, str(path)))
    commands = {
        f"gameroom check {path}": "find errors",
        f"gameroom test {path}": "run its scenarios",
        f"gameroom graph {path} -o {path.with_suffix('.svg')}": "draw it",
    }
    width = max(map(len, commands))
    click.echo(f"created {path} from the template {template}\n\nNext steps:")
    for command, purpose in commands.items():
        click.echo(f"  {command:{width}}  {purpose}")
    return 0
