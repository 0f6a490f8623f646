"""Which errors are only consequences of another error, and are therefore not reported.

Knows codes and places; it finds no problems. One mistake should give one error. When the author
fixes it, all its consequences are gone, too.
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
"""Codes after which it is unknown to which state a member belongs."""

ABSENCE = frozenset({"E0601", "E0604", "E0607", "E0608", "E0610", "E0611", "E0702"})
"""Codes for parts that are missing or do not fit together."""

WORDING = frozenset(
    {code for code in CODES if code[:3] in ("E01", "E02")} | {"E0501", "E0502", "E0503"}
)
"""Codes about the wording only, which do not depend on the rest of the member."""

STRAY = "E0106"
"""The code of an unexpected character."""


@dataclass(slots=True)
class Suppression:
    """Decides which errors are consequences. The rules:

    1. Where braces do not match, or the text cannot be read at all (`UNREADABLE`), the room is
       neither merged nor checked.
    2. If a part of the file was skipped, an unknown name that occurs in that part is not reported,
       because it may be declared there.
    3. If a part was skipped, nothing is reported as missing (`ABSENCE`), because it may be there.
    4. If words inside a member were skipped, the rest of the member is incomplete. For anything
       that begins at one of those words, only the wording is reported.
    5. If a range of text has a mistake in its wording, its meaning is unknown. Only the wording is
       reported, for this range and for anything around it.
    6. If a phrase contains an unexpected character (`STRAY`), only that is reported for the phrase:
       `Problems.keep_only`.
    7. The same error in the same place is reported once: `Problems.error`. A built-in name that is
       declared as a request is both an action and an event, and is reported for one of them.
    8. A sum is not compared with its limit if one of its parts was skipped or is wrong.
    9. That a file has no room is reported only if it has no other problem: `load`.

    Three rules are elsewhere, because they need information that is only available there: a word
    with an invalid letter is not also reported as unexpected (`syntax/parse.py`), a key is not
    reported as missing if that follows from another error (`yaml/schema.py`), and an unused
    `# allow` is not reported if there are errors (`diagnostics/allow.py`). A check also stops if an
    earlier error left nothing to check: an unknown state has no kind, and an unknown name has no
    type. The functions return None then.

    found: all errors so far. skipped: the words of the parts that were skipped, or None if the
    whole file was read. torn: the places (file, line, column) of words that were skipped inside a
    member.
    """

    found: Sequence[Diagnostic]
    skipped: set[str] | None = None
    torn: set[tuple[str, int, int]] = field(default_factory=set)

    def skip(self, words: Iterable[str] = (), places: Iterable[Span] = ()) -> None:
        """Record that a part of the file with these words could not be read or used."""
        self.skipped = (self.skipped or set()) | set(words)
        self.torn |= {(span.file, span.line, span.column) for span in places}

    @property
    def is_unreadable(self) -> bool:
        """Rule 1: whether the room can be neither merged nor checked."""
        return any(problem.code in UNREADABLE for problem in self.found)

    def is_consequence(self, code: str, span: Span, unknown: str | None = None) -> bool:
        """Rules 2 to 5: whether an error is only a consequence. unknown: the unknown name, if the
        error is about one."""
        if unknown is not None:
            if self._may_be_declared(unknown):
                return True
        elif self.is_partial and code in ABSENCE:
            return True
        if code in WORDING:
            return False
        return (span.file, span.line, span.column) in self.torn or self.is_misworded(span)

    def is_misworded(self, span: Span) -> bool:
        """Rule 5: whether there is a mistake in the wording of this range."""
        return any(each.code in WORDING and each.span.is_within(span) for each in self.found)

    @property
    def is_partial(self) -> bool:
        """Rules 2, 3 and 8: whether a part of the file was skipped."""
        return self.skipped is not None

    def is_reported(self, code: str, span: Span) -> bool:
        """Rule 7: whether there is an error with this code in this place, with any message."""
        return any(each.code == code and each.span == span for each in self.found)

    def _may_be_declared(self, word: str) -> bool:
        return self.skipped is not None and not self.skipped.isdisjoint({word, *word.split(".")})
