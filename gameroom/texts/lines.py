"""Texts of one line from somebody else: chat, reasons, announcements, what an engine reports.

A line is not a name: it keeps its invisible characters, its private ones and those that are newer
than this interpreter. It is one line, and does nothing to what is shown around it.
"""

from __future__ import annotations

import re

from gameroom.texts.characters import is_mark, shows
from gameroom.texts.names import MARKS_MAX

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]")
"""What changes the direction (and its deprecated kin), and what hides an annotation."""
_HALVES = re.compile("[\ud800-\udfff]")


def clean_line(text: str) -> str:
    """The text as one line, "" where nothing of it is visible. Control characters and line breaks
    become a space, changes of direction are removed, and so are combining marks beyond the fourth
    on a character. Never longer than the text; cleaning it again changes nothing."""
    line = _HALVES.sub("\N{REPLACEMENT CHARACTER}", _TURNS.sub("", text))
    line = _BREAKS.sub(" ", line)
    if not line.isascii():
        line = _with_few_marks(line)
    line = line.strip()
    return line if shows(line) else ""


def _with_few_marks(line: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in line:
        marks = marks + 1 if is_mark(char) else 0
        if marks <= MARKS_MAX:
            kept.append(char)
    return "".join(kept)
