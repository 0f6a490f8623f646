"""Line ends: a line feed, a carriage return with a line feed, or a carriage return alone.

The lexer and all other modules count line feeds only, so a text is unified first.
"""

from __future__ import annotations

import re

from gameroom.model import Span

_ALONE = re.compile(r"\r(?!\n)")


def unified(text: str) -> str:
    """Replace every carriage return without a line feed by a line feed. The length does not change,
    so all places stay valid."""
    return _ALONE.sub("\n", text)


def one_character(text: str, at: int, file: str) -> Span:
    """Return the span of the character at this offset of a unified text."""
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return Span(file, line, column, line, column + 1)
