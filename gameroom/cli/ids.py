"""Room ids on the command line.

Earlier releases created ids that can start with `-`, and used them in file names. click parses such
a word as several options. A command of this class treats a word with the form of an id as its
argument, unless it is one of the command's options.
"""

from __future__ import annotations

import re

import click

_ID = re.compile(r"-[A-Za-z0-9_-]{21}(-[0-9]+)?(\.[a-z]+)?")
"""An id of 22 characters that starts with `-`, or the name of a file of that room."""


class TakesIds(click.Command):
    """A command with one argument: a room's id, or a file that can be named after one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._sorted(ctx, args))

    def _sorted(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The same words, with ids moved behind `--`, where click expects no options."""
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
