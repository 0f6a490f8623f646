"""What Unicode says of characters, as far as names and lines ask: `unicode.txt`, read once.

The categories and the normalization are the interpreter's (`unicodedata`), which may be of an older
version of Unicode than the file; a character that the interpreter does not know yet is unassigned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gameroom import resources

EMPTY_GLYPHS = frozenset("\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159")
"""Characters that Unicode counts as visible and whose glyph is empty, or stands for nothing."""
ZWNJ, ZWJ = "\u200c", "\u200d"
VIRAMA = 9
"""The combining class of a virama."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Sets of characters by their property.

    ignorable: Default_Ignorable_Code_Point. pictographic: Extended_Pictographic. prepended:
    Prepended_Concatenation_Mark. joins_on, joined_to, transparent: the Joining_Type is D or L, D or
    R, T. dependent_vowels: Indic_Syllabic_Category.
    looks_like: the confusables of UTS 39, with what they look like.
    """

    ignorable: frozenset[str]
    pictographic: frozenset[str]
    prepended: frozenset[str]
    joins_on: frozenset[str]
    joined_to: frozenset[str]
    transparent: frozenset[str]
    dependent_vowels: frozenset[str]
    looks_like: Mapping[int, str]


@cache
def tables() -> Tables:
    """The file's tables. The first call takes some 10 ms."""
    sets: dict[str, list[str]] = {}
    words: list[str] = []
    for line in resources.unicode_path().read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            words = sets[line[1:-1]] = []
        elif not line.startswith("#"):
            words.append(line)
    looks_like: dict[int, str] = {}
    for line in sets.pop("looks_like"):
        target, _, sources = line.partition("<")
        shape = "".join(chr(int(one, 16)) for one in target.split())
        looks_like.update((int(one, 16), shape) for one in sources.split())
    return Tables(
        **{name: _characters(lines) for name, lines in sets.items()}, looks_like=looks_like
    )


def shows(text: str) -> bool:
    """Whether at least one character of the text has a glyph of its own."""
    return any(_has_glyph(char) for char in text)


def _has_glyph(char: str) -> bool:
    kind = unicodedata.category(char)
    if kind[0] == "Z" or kind in ("Cc", "Cs") or char in EMPTY_GLYPHS:
        return False
    return char not in tables().ignorable


def is_mark(char: str) -> bool:
    """Whether the character combines with the one before it and takes no place of its own."""
    return unicodedata.category(char) in ("Mn", "Me")


def _characters(lines: list[str]) -> frozenset[str]:
    found: list[str] = []
    for word in " ".join(lines).split():
        low, _, high = word.partition("-")
        found += map(chr, range(int(low, 16), int(high or low, 16) + 1))
    return frozenset(found)
