"""The command line: parse arguments, call, print, exit code.

Knows no room, no chart and no server. Each sub-command is a module of this package that contains a
click command with the same name. It is imported only when it runs, so that `gameroom --help` and
`gameroom check` never load the server.

The rule it keeps: exit codes are 0 clean, 1 findings, 2 usage, 3 internal error.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from gameroom import __version__

EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_FAULT = 3

COMMANDS = {
    "bench": "Measure what a game costs the server, compared with a bare relay.",
    "check": "Check room files and print every error and warning.",
    "convert": "Convert a .room file to YAML, or YAML to .room.",
    "demo": "Play a shipped game on this machine: two players and a spectator side by side.",
    "desync": "Explain why engines diverged.",
    "explain": "Explain an error or warning code.",
    "fmt": "Format room files.",
    "graph": "Draw a room's states and transitions as SVG, DOT or Mermaid.",
    "new": "Create a room file from a template.",
    "replay": "Watch or verify a replay.",
    "serve": "Run the server.",
    "simulate": "Play rooms with bots through bad networks, crashes and cheating.",
    "show": "Show a room with everything it inherits, as one file.",
    "test": "Run the scenarios of room files.",
    "trace": "Send events to a room and print every step of its chart.",
}


class LazyGroup(click.Group):
    """A group that imports the module of a sub-command only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"gameroom.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 findings, 2 usage, 3 internal error.",
)
@click.version_option(__version__, prog_name="gameroom", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def gameroom(debug: bool) -> None:
    """A server for lock-step multiplayer games, driven by room files.

    A room file describes a room: its players, its settings, which commands are allowed in
    which state, and how the room moves between states. The games run in the players'
    browsers, and the server keeps them in step.

    To see it work, run `gameroom demo`.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process with one of the four exit codes."""
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. A sub-command returns its own (None is 0)."""
    try:
        code = gameroom.main(args=args, prog_name="gameroom", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return EXIT_FINDINGS
    except click.ClickException as problem:
        problem.show()
        return EXIT_USAGE if isinstance(problem, click.UsageError) else problem.exit_code
    except SystemExit:
        # click raises this if the reader of the output has ended, like `head`. Exit silently.
        return EXIT_USAGE
    except Exception as fault:
        if isinstance(fault, OSError) and fault.errno in _UNWRITABLE and fault.filename is None:
            _tell_unwritable(fault)
            return EXIT_USAGE
        _tell_fault(fault, debug="--debug" in (sys.argv[1:] if args is None else args))
        return EXIT_FAULT
    return code if isinstance(code, int) else 0


_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Write errors of standard output. Errors of our files have a file name, or are handled there."""


def _tell_unwritable(problem: OSError) -> None:
    # Otherwise the interpreter tries to write the rest of the buffer again at its end.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(f"Error: standard output can't be written: {problem.strerror}", err=True)


def _tell_fault(fault: Exception, *, debug: bool) -> None:
    """Print one line with instructions to report the error; with `debug`, also the traceback."""
    if debug:
        traceback.print_exception(fault)
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    words = " ".join(str(fault).split())[:200]
    click.echo(
        f"gameroom {__version__}: internal error: {type(fault).__name__}: {words}"
        f" ({Path(frame.filename).name}:{frame.lineno}). Please report it as an issue of the"
        " gameroom project, with this line and the file."
        + ("" if debug else " Run `gameroom --debug ...` for the traceback."),
        err=True,
    )
