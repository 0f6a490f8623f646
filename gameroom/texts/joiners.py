"""Which invisible characters of a name are needed: scripts and emoji cannot do without some.

A joiner or non-joiner stays where UAX 31 (section 2.3, A1, A2 and B) has a use for it, and between
the emoji of one sequence; a variation selector stays behind what it selects a form of. Any other
one changes nothing that people see, and goes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from gameroom.texts.characters import VIRAMA, ZWJ, ZWNJ, tables

_REGION = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""The flag of a region, such as England's: its letters are invisible (UTS 51, ED-14a)."""
_KEYCAPS = frozenset("0123456789#*")
_ENCLOSING_KEYCAP = "\u20e3"
_EMOJI_FORMS = frozenset("\ufe0e\ufe0f")
_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_MONGOLIAN_FORMS = frozenset("\u180b\u180c\u180d\u180f")
_MONGOLIAN_SEPARATOR = "\u180e"


def needed_only(text: str) -> str:
    """The text without the invisible characters that nothing needs."""
    ignorable = tables().ignorable
    if text.isascii() or ignorable.isdisjoint(text):
        return text
    flags = {at for found in _REGION.finditer(text) for at in range(*found.span())}
    kept: list[str] = []
    for at, char in enumerate(text):
        if char not in ignorable or at in flags or _is_needed(char, kept, text[at + 1 :]):
            kept.append(char)
    return "".join(kept)


def _is_needed(char: str, before: Sequence[str], after: str) -> bool:
    if not before:
        return False
    last, following = before[-1], after[:1]
    if char == ZWNJ:
        return _breaks_a_join(before, after) or (_ends_in_virama(before) and _is_letter(after))
    if char == ZWJ:
        if _ends_in_virama(before):
            return following not in tables().dependent_vowels
        return _precedes_virama(last, after) or _joins_emoji(before, following)
    if char in _EMOJI_FORMS:
        keycap = last in _KEYCAPS and following == _ENCLOSING_KEYCAP
        return keycap or last in tables().pictographic
    if char in _MONGOLIAN_FORMS:
        return _is_mongolian(last)
    if char == _MONGOLIAN_SEPARATOR:
        return _is_mongolian(last) and _is_mongolian(following)
    if "\U000e0100" <= char <= "\U000e01ef":
        return unicodedata.name(last, "").startswith("CJK UNIFIED IDEOGRAPH")
    return False


def _breaks_a_join(before: Sequence[str], after: str) -> bool:
    """A1: two letters of a cursive script that would be joined."""
    of = tables()
    left = next((char for char in reversed(before) if char not in of.transparent), "")
    right = next((char for char in after if char not in of.transparent), "")
    return left in of.joins_on and right in of.joined_to


def _ends_in_virama(before: Sequence[str]) -> bool:
    """A2 and B: a letter with marks, one of them a virama that only marks follow which have a
    combining class."""
    seen = False
    for char in reversed(before):
        kind = unicodedata.category(char)
        if kind[0] != "M":
            return seen and kind[0] == "L"
        seen = seen or unicodedata.combining(char) == VIRAMA
        if not seen and (kind != "Mn" or not unicodedata.combining(char)):
            return False
    return False


def _is_letter(after: str) -> bool:
    """A2: a letter comes next, but for marks with a combining class."""
    found = next((char for char in after if not unicodedata.combining(char)), "")
    return found != "" and unicodedata.category(found)[0] == "L"


def _precedes_virama(last: str, after: str) -> bool:
    """Bengali writes RA, ZWJ, VIRAMA, YA where RA keeps its own form (the Unicode Standard,
    section 12.2)."""
    if len(after) < 2 or unicodedata.combining(after[0]) != VIRAMA:
        return False
    return unicodedata.category(last)[0] == "L" and unicodedata.category(after[1])[0] == "L"


def _joins_emoji(before: Sequence[str], following: str) -> bool:
    of = tables()
    skipped = _EMOJI_FORMS | _SKIN_TONES
    base = next((char for char in reversed(before) if char not in skipped), "")
    toned = before[-1] in _SKIN_TONES
    return (base in of.pictographic or toned) and following in of.pictographic


def _is_mongolian(char: str) -> bool:
    return "\u1820" <= char <= "\u18aa"
