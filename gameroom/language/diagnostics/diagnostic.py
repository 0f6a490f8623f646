"""A problem of an author's file, as data.

Text, JSON and the server's 422 bodies are renderings of these values. A message stands
alone; the span is the smallest stretch that is wrong; `help` says the fix. The long story
of a code is in `codes`. This module finds no problems itself.
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
"""A file may have more problems; nobody reads on after these."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in the place of `span`; an empty span is a place to insert at."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that surely was meant. The edits belong together and do not overlap."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `secondary` points at a second place with a few words about it."""

    code: str
    severity: OneOf["error", "warning"]
    message: str
    span: Span
    secondary: tuple[Span, str] | None = None
    help: str | None = None
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """What a check has to say of a file that is no problem: how far it went."""

    file: str
    message: str


@dataclass(slots=True)
class Problems:
    """What has been found so far, each problem once.

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

        meant: an unknown word and the words that are known; the nearest becomes the help,
        and the fix where no other is as near. `help` is for where none is near; without one
        the remedy of the code is told.
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
        """The word within this stretch put right, if it stands there once and as it is."""
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
        """Drop the errors found after the first `since` ones, except those with this code. False,
        and nothing is dropped, if there are none."""
        kept = [each for each in self.found[since:] if each.code == code]
        if kept:
            self.found[since:] = kept
        return bool(kept)

    @property
    def empty(self) -> bool:
        return not self.found

    def sorted(self) -> tuple[Diagnostic, ...]:
        """By file and place, in the order in which files were first complained about."""
        return in_order(self.found)


def in_order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file and place; files in the order in which they come first."""
    problems = list(found)
    files = list(dict.fromkeys(problem.span.file for problem in problems))
    return tuple(
        sorted(problems, key=lambda each: (files.index(each.span.file), each.span, each.code))
    )


def surely(word: str, known: Iterable[str]) -> str | None:
    """The nearest known word, if it is near enough to be put in place unasked: no other one
    is nearly as near."""
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
    """The known word that `word` was probably meant to be.

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
    """Are two letters beside each other swapped? In a short word that makes half of it differ."""
    differ = [at for at, pair in enumerate(zip(word, other, strict=False)) if pair[0] != pair[1]]
    if len(word) != len(other) or len(differ) != 2:
        return False
    first, second = differ
    return second == first + 1 and word[first] + word[second] == other[second] + other[first]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A help line with the nearest known word, or with all of them when they are few."""
    choices = sorted(set(known) - {""})
    if (close := nearest(word, choices)) is not None:
        return f"did you mean `{close}`?"
    if 0 < len(choices) <= 12:
        listed = ", ".join(f"`{choice}`" for choice in choices)
        return f"use one of {listed}" if len(choices) > 1 else f"use {listed}"
    return None


def name_help(word: str) -> str:
    """What a name may be made of, with the name that this word could be."""
    flat = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    name = re.sub(r"[^\w.]", "_", flat).lstrip("0123456789")
    is_one = name != word and all(part.isidentifier() for part in name.split("."))
    meant = f"write `{name}`; " if is_one else ""
    return f"{meant}a name has letters from a to z, `_` and, after the first character, digits"
