"""The names of people: what is one, and which two look alike.

A name is shown as it was given, in NFC and without what nobody sees. Whether two names look alike
is decided by their skeletons (UTS 39, section 4), once as they are written and once without case:
nobody in the same room should have to tell `Ann` from `ann`, or either from one in Cyrillic.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from gameroom.texts.characters import EMPTY_GLYPHS, is_mark, shows, tables
from gameroom.texts.joiners import needed_only

NAME_CHARACTERS_MAX = 32
"""In NFC."""
GIVEN_CHARACTERS_MAX = 128
"""As it was given: a letter may come with its marks written one by one."""
MARKS_MAX = 4
"""How many combining marks may be on one character (UTS 39, section 5.4)."""
LOOKS_KEPT = 4096

_EMPTY = str.maketrans(dict.fromkeys(EMPTY_GLYPHS, " "))
_EMBEDS, _POP = "\u202a\u202b", "\u202c"
_OVERRIDES = "\u202d\u202e"
_ISOLATES, _POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"
_TO_THE_LEFT = frozenset(("R", "AL", "AN"))
_ONE_WAY = frozenset(("R", "AL", "NSM", "WS"))


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a text is not a name, as a sentence for whoever gave it."""

    why: str


_LENGTH = Unfit(f"A name has 1 to {NAME_CHARACTERS_MAX} characters.")
_UNSEEN = Unfit("A name needs at least one visible character.")
_FORBIDDEN = Unfit("A name can't contain control, private or unassigned characters.")
_TURNED = Unfit("A name can't change the direction of the text around it.")
_MARKS = Unfit(f"A name can't have more than {MARKS_MAX} combining marks on one character.")
_BEGINS = Unfit("A name can't begin with a combining mark.")


def clean_name(given: str) -> str | Unfit:
    """The name as it is shown, or why it is not one. Cleaning it again changes nothing."""
    if len(given) > GIVEN_CHARACTERS_MAX:
        return _LENGTH
    given = given.strip()
    if any(map(_is_forbidden, given)):
        return _FORBIDDEN
    if _turns(given):
        return _TURNED
    name = given
    while (tidy := _tidied(name)) != name:
        name = tidy
    if not shows(name):
        return _UNSEEN
    if len(name) > NAME_CHARACTERS_MAX:
        return _LENGTH
    if unicodedata.category(name[0])[0] == "M":
        return _BEGINS
    apart = unicodedata.normalize("NFD", name)
    if any(len(list(run)) > MARKS_MAX for marks, run in groupby(apart, is_mark) if marks):
        return _MARKS
    return name


def numbered(name: str, number: int) -> str:
    """The name with a number behind it, cut to what a name may have: `ann (2)`."""
    suffix = f" ({number})"
    for end in range(min(len(name), NAME_CHARACTERS_MAX - len(suffix)), 0, -1):
        told = name[:end].rstrip() + suffix
        if clean_name(told) == told:
            return told
    raise AssertionError("the first character of a name is visible")


@dataclass(frozen=True, slots=True)
class NameSkeleton:
    """What a name looks like: two names look alike where one's `own` meets what the other is
    `like`, whichever is taken first. Not for showing."""

    own: frozenset[tuple[str, str]]
    like: frozenset[tuple[str, str]]


@lru_cache(maxsize=LOOKS_KEPT)
def looks(name: str) -> NameSkeleton:
    """Where both directions of writing meet in a name, its order depends on what is around it: it
    looks like any name, in whatever order, that has the same shapes."""
    cases = {"": name, "folded": name.casefold()}
    ordered = {(f"ordered {case}", skeleton(text)) for case, text in cases.items()}
    shapes = {case: _shape(_mirrored(_seen(text))) for case, text in cases.items()}
    plain, mixed = (
        {(f"{kind} {case}", "".join(sorted(shape))) for case, shape in shapes.items()}
        for kind in ("plain", "mixed")
    )
    if _is_mixed(name):
        return NameSkeleton(frozenset(mixed), frozenset(mixed | plain))
    return NameSkeleton(frozenset(ordered | plain), frozenset(ordered | mixed))


def skeleton(text: str) -> str:
    """The skeleton of UTS 39, section 4: equal for texts that are confusable. Text of one
    direction is taken as it is displayed, any other in its logical order."""
    seen = _seen(text)
    return _shape(seen if _is_mixed(seen) or not _turns_left(seen) else _reversed(seen))


def _seen(text: str) -> str:
    """The characters that show, one by one, with one space for any gap."""
    ignorable = tables().ignorable
    seen = "".join(char for char in unicodedata.normalize("NFD", text) if char not in ignorable)
    return " ".join(seen.translate(_EMPTY).split())


def _shape(seen: str) -> str:
    return unicodedata.normalize("NFD", seen.translate(tables().looks_like))


def _turns_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in _TO_THE_LEFT for char in text)


def _is_mixed(text: str) -> bool:
    """Whether some of the text, and not all of it, is written from right to left."""
    return _turns_left(text) and any(
        unicodedata.bidirectional(char) not in _ONE_WAY for char in text
    )


def _reversed(text: str) -> str:
    """The characters from left to right, each before its marks."""
    clusters: list[str] = []
    for char in text:
        if clusters and is_mark(char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return "".join(reversed(clusters))


def _mirrored(text: str) -> str:
    """One sign for all that have a mirror image: which is shown depends on the direction."""
    return "".join("(" if unicodedata.mirrored(char) else char for char in text)


def _is_forbidden(char: str) -> bool:
    kind = unicodedata.category(char)
    of = tables()
    if kind == "Cn":
        return char not in of.pictographic and char not in of.ignorable
    if kind == "Cf":
        return char not in of.prepended and char not in of.ignorable
    return kind in ("Cc", "Cs", "Co", "Zl", "Zp")


def _turns(text: str) -> bool:
    """Whether the text overrides the direction, or leaves one open that it began."""
    open_: list[str] = []
    for char in text:
        if char in _OVERRIDES:
            return True
        if char in _EMBEDS:
            open_.append(_POP)
        elif char in _ISOLATES:
            open_.append(_POP_ISOLATE)
        elif char in (_POP, _POP_ISOLATE) and (not open_ or open_.pop() != char):
            return True
    return bool(open_)


def _tidied(name: str) -> str:
    spaced = " ".join(needed_only(name).translate(_EMPTY).split())
    return unicodedata.normalize("NFC", spaced)
