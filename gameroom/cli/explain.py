"""`gameroom explain`: explains a diagnostic code in detail."""

from __future__ import annotations

import click

from gameroom.language.diagnostics.codes import CODES
from gameroom.language.diagnostics.diagnostic import did_you_mean
from gameroom.language.diagnostics.pages import story


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom explain E0601    what it means, with a wrong and a right example\n"
    "  gameroom explain          list all codes\n\n"
    "Exit codes: 0 explained, 2 unknown code."
)
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def explain(codes: tuple[str, ...]) -> int:
    """Explain CODE, an error or warning reported by `gameroom check`: what is wrong, why, and
    how to fix it.

    Without a code, list all codes.
    """
    wanted = [code.upper() for code in codes]
    for code in wanted:
        if code not in CODES:
            near = did_you_mean(code, CODES) or "run `gameroom explain` for a list"
            raise click.UsageError(f"there is no code {code}; {near}")
    if not wanted:
        click.echo("\n".join(f"{code}  {told.title}" for code, told in CODES.items()))
    click.echo("\n\n".join(story(code) for code in wanted), nl=bool(wanted))
    return 0
