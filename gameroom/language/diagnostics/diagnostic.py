"""A problem of a room file, as data.

Text, JSON and the server's 422 bodies are renderings of these values. A message is complete without
its context, the span is the smallest range that is wrong, and `help` describes the fix. `codes` has
the long explanation of each code. This module finds no problems.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal as OneOf

from gameroom.language.diagnostics.codes import CODES
from gameroom.language.diagnostics.helps import REMEDIES
from gameroom.language.diagnostics.suppression import Suppression
from gameroom.model import Span

PROBLEMS_MAX = 100
"""How many problems are reported. Nobody reads more."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `span` with `text`. An empty span inserts the text."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """An unambiguous fix. Its edits belong together and do not overlap."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. secondary: a second place, with a few words about it."""

    code: str
    severity: OneOf["error", "warning"]
    message: str
    span: Span
    secondary: tuple[Span, str] | None = None
    help: str | None = None
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of a check about a file that is not a problem, such as how far the check went."""

    file: str
    message: str


@dataclass(slots=True)
class Problems:
    """The problems found so far, each once.

    sources: the texts of the files by name, for fixes. suppression: which errors are left out as
    consequences of others.
    """

    found: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    suppression: Suppression = field(init=False)

    def __post_init__(self) -> None:
        self.suppression = Suppression(self.found)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        secondary: tuple[Span, str] | None = None,
        help: str | None = None,
        meant: tuple[str, Iterable[str]] | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Add an error with a code of the registry.

        meant: an unknown word and the known words. The nearest one becomes the help, and also the
        fix if no other is as near.
        help: the help if no known word is near; the default is the help of the code.
        """
        assert code in CODES, code
        if len(self.found) >= PROBLEMS_MAX:
            return
        if self.suppression.is_consequence(code, span, None if meant is None else meant[0]):
            return
        if meant is not None:
            word, known = meant[0], list(meant[1])
            help = did_you_mean(word, known) or help
            fix = fix or self._renaming(span, word, surely(word, known))
        help = help or REMEDIES[code]
        problem = Diagnostic(
            code, "error", message, span, secondary, help, (fix,) if fix is not None else ()
        )
        if problem not in self.found:
            self.found.append(problem)

    def _renaming(self, span: Span, word: str, meant: str | None) -> Fix | None:
        """Return the fix that replaces the word in this range, if it occurs there exactly once."""
        if meant is None or span.file not in self.sources or span.line != span.end_line:
            return None
        line = self.sources[span.file].split("\n")[span.line - 1 : span.line]
        found = [
            match.start() + span.column
            for text in line
            for match in re.finditer(
                rf"(?<![\w.]){re.escape(word)}(?![\w.])",
                text[span.column - 1 : span.end_column - 1],
            )
        ]
        if len(found) != 1 or not meant.isprintable() or set(meant) & set("\"'\\"):
            return None
        place = Span(span.file, span.line, found[0], span.line, found[0] + len(word))
        return Fix(f"write `{meant}`", (Edit(place, meant),))

    def keep_only(self, code: str, *, since: int) -> bool:
        """Drop the errors found after the first `since` ones, except those with this code. Returns
        False, and drops nothing, if there are none with this code."""
        kept = [each for each in self.found[since:] if each.code == code]
        if kept:
            self.found[since:] = kept
        return bool(kept)

    @property
    def empty(self) -> bool:
        return not self.found

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return the problems by file and place, with the files in the order of their first
        problem."""
        return in_order(self.found)


def in_order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by file and place, with the files in the order of their first diagnostic."""
    problems = list(found)
    files = list(dict.fromkeys(problem.span.file for problem in problems))
    return tuple(
        sorted(problems, key=lambda each: (files.index(each.span.file), each.span, each.code))
    )


def surely(word: str, known: Iterable[str]) -> str | None:
    """Return the nearest known word if it is near enough for an automatic fix: no other word is
    nearly as near."""
    meant = nearest(word, known)
    if meant is None:
        return None
    others = difflib.get_close_matches(
        word.lower(), {each.lower() for each in known} - {meant.lower()}, n=1, cutoff=0.7
    )
    return (
        meant if not others or _likeness(word, meant) > _likeness(word, others[0]) + 0.1 else None
    )


def _likeness(word: str, other: str) -> float:
    return difflib.SequenceMatcher(None, word.lower(), other.lower()).ratio()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, or None.

    A dotted path is also compared by its last segment, and case does not count.
    """
    choices = sorted(set(known) - {""})
    lowered = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.7)
    if close:
        return lowered[close[0]]
    if (slip := next((each for each in lowered if _swapped(word.lower(), each)), None)) is not None:
        return lowered[slip]
    last = word.rpartition(".")[2].lower()
    by_last = {choice.rpartition(".")[2].lower(): choice for choice in reversed(choices)}
    close = difflib.get_close_matches(last, by_last, n=1, cutoff=0.75)
    return by_last[close[0]] if close else None


def _swapped(word: str, other: str) -> bool:
    """Whether two adjacent letters are swapped. In a short word, this makes half of it differ."""
    differ = [at for at, pair in enumerate(zip(word, other, strict=False)) if pair[0] != pair[1]]
    if len(word) != len(other) or len(differ) != 2:
        return False
    first, second = differ
    return second == first + 1 and word[first] + word[second] == other[second] + other[first]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a help line with the nearest known word, or with all of them if they are few."""
    choices = sorted(set(known) - {""})
    if (close := nearest(word, choices)) is not None:
        return f"did you mean `{close}`?"
    if 0 < len(choices) <= 12:
        listed = ", ".join(f"`{choice}`" for choice in choices)
        return f"use one of {listed}" if len(choices) > 1 else f"use {listed}"
    return None


def name_help(word: str) -> str:
    """Return a help line with the characters that a name can have, and a valid name for this
    word."""
    flat = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    name = re.sub(r"[^\w.]", "_", flat).lstrip("0123456789")
    is_one = name != word and all(part.isidentifier() for part in name.split("."))
    meant = f"write `{name}`; " if is_one else ""
    return f"{meant}a name has letters from a to z, `_` and, after the first character, digits"
