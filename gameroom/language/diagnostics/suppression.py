"""Which errors are only consequences of another error, and are therefore not reported.

Knows codes and places; it finds no problems itself. One mistake should give one error: an author
fixes that one, and everything that followed from it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gameroom.language.diagnostics.codes import CODES
from gameroom.model import Span

if TYPE_CHECKING:
    from gameroom.language.diagnostics.diagnostic import Diagnostic

UNREADABLE = frozenset({"E0102", "E0107", "E0108"})
"""Codes after which nobody knows which state a member belongs to."""

ABSENCE = frozenset({"E0601", "E0604", "E0607", "E0608", "E0610", "E0611", "E0702"})
"""Codes that say that something is missing, or does not fit together."""

WORDING = frozenset(
    {code for code in CODES if code[:3] in ("E01", "E02")} | {"E0501", "E0502", "E0503"}
)
"""Codes that are about the words alone, whatever becomes of the rest of their member."""

STRAY = "E0106"
"""A character that means nothing."""


@dataclass(slots=True)
class Suppression:
    """Decides which errors are consequences. The rules:

    1. Where braces do not match, or the text cannot be read at all (`UNREADABLE`), the room is
       neither merged nor checked.
    2. Where a part of the file was skipped, an unknown name that occurs in that part is not
       reported: it may be declared there.
    3. Where a part was skipped, nothing is reported as missing (`ABSENCE`): it may be there.
    4. Where words inside a member were skipped, what is left of it is not all that the author
       wrote: of anything that begins at one of those words, only the wording is reported.
    5. A stretch of text that has a mistake in its wording does not say what was meant: nothing but
       its wording is reported, for it or for anything around it.
    6. Where a phrase contains a character that means nothing (`STRAY`), only that is reported of
       the phrase: `Problems.keep_only`.
    7. The same error in the same place is reported once: `Problems.error`. A built-in name that is
       declared as a request is both a doing and an event, and is reported for one of them.
    8. A sum is not compared with its limit where one of its parts was skipped or is wrong.
    9. That a file has no room is reported only if nothing else is wrong in it: `load`.

    Three rules need what only their place knows: a word with a stray letter in it is not reported
    as unexpected too (`syntax/parse.py`), a key that is missing only since something unfit was left
    out is not reported (`yaml/schema.py`), and an idle `# allow` is not reported beside errors
    (`diagnostics/allow.py`). A check also stops where an earlier error left nothing to check: an
    unknown state has no kind and an unknown name has no type. Such functions return None.

    found: all errors so far. skipped: the words of the parts that were skipped, or None if the
    whole file was read. torn: where words stand that were skipped inside a member: file, line and
    column.
    """

    found: Sequence[Diagnostic]
    skipped: set[str] | None = None
    torn: set[tuple[str, int, int]] = field(default_factory=set)

    def skip(self, words: Iterable[str] = (), places: Iterable[Span] = ()) -> None:
        """A part of the file with these words could not be read, or cannot be used."""
        self.skipped = (self.skipped or set()) | set(words)
        self.torn |= {(span.file, span.line, span.column) for span in places}

    @property
    def is_unreadable(self) -> bool:
        """Rule 1."""
        return any(problem.code in UNREADABLE for problem in self.found)

    def is_consequence(self, code: str, span: Span, unknown: str | None = None) -> bool:
        """Rules 2 to 5. unknown: the name that is not known, where the error is about one."""
        if unknown is not None:
            if self._may_be_declared(unknown):
                return True
        elif self.is_partial and code in ABSENCE:
            return True
        if code in WORDING:
            return False
        return (span.file, span.line, span.column) in self.torn or self.is_misworded(span)

    def is_misworded(self, span: Span) -> bool:
        """Rule 5: is there a mistake in the wording of this stretch?"""
        return any(each.code in WORDING and each.span.is_within(span) for each in self.found)

    @property
    def is_partial(self) -> bool:
        """Rule 8: was a part of the file skipped?"""
        return self.skipped is not None

    def is_reported(self, code: str, span: Span) -> bool:
        """Rule 7: is there an error with this code in this place, whatever its message?"""
        return any(each.code == code and each.span == span for each in self.found)

    def _may_be_declared(self, word: str) -> bool:
        return self.skipped is not None and not self.skipped.isdisjoint({word, *word.split(".")})
