"""Room ids on the command line.

Earlier releases drew ids that may begin with `-`, and files are named by them. To click such
a word is a cluster of options. A command of this class takes it for what it is: a word with
the form of an id that is not one of the command's own options is its argument.
"""

from __future__ import annotations

import re

import click

_ID = re.compile(r"-[A-Za-z0-9_-]{21}(-[0-9]+)?(\.[a-z]+)?")
"""An id of 22 characters that begins with `-`, or the name of a file of that room."""


class TakesIds(click.Command):
    """A command with one argument: a room's id, or a file that may be named by one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._sorted(ctx, args))

    def _sorted(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The same words, with ids behind `--`, where nothing is an option."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        names = {name for one in options for name in one.opts}
        with_value = {name for one in options if not one.is_flag for name in one.opts}
        rest: list[str] = []
        ids: list[str] = []
        for at, word in enumerate(args):
            if word == "--":
                return [*rest, "--", *ids, *args[at + 1 :]]
            is_value = at > 0 and args[at - 1] in with_value
            is_id = _ID.fullmatch(word) is not None and word not in names
            (ids if is_id and not is_value else rest).append(word)
        return [*rest, "--", *ids] if ids else rest
