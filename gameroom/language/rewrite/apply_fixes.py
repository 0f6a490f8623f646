"""Fixes put in place: a text with its problems, and the text without some of them.

Only fixes of the problems' own data are used. It never guesses: a fix is kept only when the file
has fewer mistakes of syntax with it, or no more of these and fewer errors, or no more of both and
fewer problems in all. Knows no checks: what is wrong with a text is for its caller to find.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gameroom.language.diagnostics.diagnostic import Diagnostic, Edit, Fix
from gameroom.language.source.lines import unified

Examine = Callable[[str], Sequence[Diagnostic]]
"""All that is reported of a text."""

ROUNDS_MAX = 8
"""A fix may bring to light a problem that has one too; after so many rounds it is enough."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The text after all fixes that helped. `applied`: the problems that they were for."""

    text: str
    applied: tuple[Diagnostic, ...]


def fixed(text: str, *, name: str, examine: Examine) -> Fixed:
    """Apply the fixes that `examine` offers for this file itself; files that it uses stay as they
    are."""
    applied: list[Diagnostic] = []
    found = examine(text)
    for _ in range(ROUNDS_MAX):
        before = len(applied)
        offered = [each for each in found if each.fixes and each.span.file == name]
        for problems in ([offered], [[each] for each in offered]):
            for chosen in problems:
                done = edited(text, [each.fixes[0] for each in chosen])
                if done is None or done == text:
                    continue
                again = examine(done)
                if _count(again) < _count(found):
                    applied += chosen
                    text, found = done, again
                    break
            if len(applied) > before:
                break
        else:
            break
    return Fixed(text, tuple(applied))


def _count(found: Sequence[Diagnostic]) -> tuple[int, int, int]:
    """Mistakes of syntax, errors that keep a room from being explored, all problems: behind the
    former ones others may have been hidden."""
    codes = [each.code for each in found]
    return (
        sum(code[1:3] in ("01", "02") for code in codes),
        sum(code.startswith("E") and code[1:3] != "08" for code in codes),
        len(codes),
    )


def edited(text: str, fixes: Sequence[Fix]) -> str | None:
    """The text with these fixes; None where two of them are about the same place."""
    lines = unified(text).split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def place(edit: Edit) -> tuple[int, int]:
        span = edit.span
        start = starts[span.line - 1] + span.column - 1
        return start, starts[span.end_line - 1] + span.end_column - 1

    done, at = "", 0
    # What is inserted at one place is braces: what was opened last is closed first.
    edits = [edit for fix in reversed(fixes) for edit in fix.edits]
    for edit in sorted(edits, key=place):
        start, end = place(edit)
        if start < at:
            return None
        done += text[at:start] + edit.text
        at = end
    return done + text[at:]
