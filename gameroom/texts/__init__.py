"""Texts of other people: what a name is, which names look alike, what a line may contain.

Knows Unicode's tables, and no room. The rule it keeps: they are cleaned here and nowhere else; a
browser is told clean ones and has no copy of these rules.
"""

from gameroom.texts.lines import clean_line
from gameroom.texts.names import (
    GIVEN_CHARACTERS_MAX,
    MARKS_MAX,
    NAME_CHARACTERS_MAX,
    Unfit,
    clean_name,
    looks,
    numbered,
    skeleton,
)

__all__ = [
    "GIVEN_CHARACTERS_MAX",
    "MARKS_MAX",
    "NAME_CHARACTERS_MAX",
    "Unfit",
    "clean_line",
    "clean_name",
    "looks",
    "numbered",
    "skeleton",
]
