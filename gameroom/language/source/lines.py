"""Where lines end: at a line feed, with a carriage return before it or not, or at a carriage
return alone.

Everything that counts lines counts line feeds, and so do the lexer and the rest of us.
"""

from __future__ import annotations

import re

from gameroom.model import Span

_ALONE = re.compile(r"\r(?!\n)")


def unified(text: str) -> str:
    """The text with a line feed for every carriage return that stands alone: as long as
    before, so every place in it stays what it was."""
    return _ALONE.sub("\n", text)


def one_character(text: str, at: int, file: str) -> Span:
    """Where the character of a unified text is that stands at this offset."""
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return Span(file, line, column, line, column + 1)
