"""Applies the fixes of problems to a text.

It only uses the fixes that problems contain, and never guesses. A fix is kept only if the file then
has fewer syntax errors, or as many syntax errors and fewer other errors, or as many of both and
fewer problems. Knows no checks: the caller finds the problems.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gameroom.language.diagnostics.diagnostic import Diagnostic, Edit, Fix
from gameroom.language.source.lines import unified

Examine = Callable[[str], Sequence[Diagnostic]]
"""Returns all problems of a text."""

ROUNDS_MAX = 8
"""How many rounds of fixes are applied. A fix can reveal a further problem with a fix."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The text after all fixes that helped. applied: the problems that they fixed."""

    text: str
    applied: tuple[Diagnostic, ...]


def fixed(text: str, *, name: str, examine: Examine) -> Fixed:
    """Apply the fixes that `examine` reports for this file. Used files stay as they are."""
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
    """Return the numbers of syntax errors, of errors that prevent exploring the room, and of all
    problems. Each kind can hide problems of the kinds after it."""
    codes = [each.code for each in found]
    return (
        sum(code[1:3] in ("01", "02") for code in codes),
        sum(code.startswith("E") and code[1:3] != "08" for code in codes),
        len(codes),
    )


def edited(text: str, fixes: Sequence[Fix]) -> str | None:
    """Return the text with these fixes; None if two of them overlap."""
    lines = unified(text).split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def place(edit: Edit) -> tuple[int, int]:
        span = edit.span
        start = starts[span.line - 1] + span.column - 1
        return start, starts[span.end_line - 1] + span.end_column - 1

    done, at = "", 0
    # Several insertions in one place are closing braces: the last opened brace is closed first.
    edits = [edit for fix in reversed(fixes) for edit in fix.edits]
    for edit in sorted(edits, key=place):
        start, end = place(edit)
        if start < at:
            return None
        done += text[at:start] + edit.text
        at = end
    return done + text[at:]
