"""Texts of one line from somebody else, for others to read."""

from __future__ import annotations

import re

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]")
"""What changes the direction (and its deprecated kin), and what hides an annotation."""


def clean_line(text: str) -> str:
    """The text as one line: control characters and line breaks become a space, changes of
    direction are removed. Never longer than the text."""
    return _BREAKS.sub(" ", _TURNS.sub("", text)).strip()
