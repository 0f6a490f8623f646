"""Warnings that an author has allowed: `# allow W0803: the host decides`.

The comment is on the line of the warning, or on its own lines before it. It contains one code and a
reason. Errors cannot be allowed. A comment that allows nothing is reported, so that none remains
after its cause is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from gameroom.language.diagnostics.codes import CODES
from gameroom.language.diagnostics.diagnostic import (
    PROBLEMS_MAX,
    Diagnostic,
    Edit,
    Fix,
    Problems,
    in_order,
)
from gameroom.language.loading import is_yaml
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import parse
from gameroom.model import Span

_ALLOW = re.compile(r"#\s*allow\s+([EW][0-9]+)\b\s*:?[ \t]*(.*)")
_YAML_LINE = re.compile(r"[ \t]*(#.*)")


@dataclass(frozen=True, slots=True)
class _Allowance:
    """One comment. line: the line whose warnings it allows."""

    code: str
    reason: str
    line: int
    span: Span


def settled(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, name: str
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics without those that are allowed, and with those about the comments.

    sources: the texts whose comments count, by file name. name: the file that was loaded; only its
    comments are checked. Call this after all other checks, because only then is it known which
    comments are needed.
    """
    found = list(diagnostics)
    for file, text in sources.items():
        used: set[_Allowance] = set()
        allowances = list(_allowances(text, file))
        warnings = [each for each in found if each.severity == "warning"]
        for problem in warnings:
            for each in allowances:
                if _allows(each, problem):
                    used.add(each)
                    if problem in found:
                        found.remove(problem)
        if file != name or any(each.severity == "error" for each in found):
            continue  # After an error some checks did not run, so the comment may be needed.
        idle = (_told(each, text) for each in allowances if each not in used)
        found += islice(idle, PROBLEMS_MAX)
    return in_order(found)


def _allows(said: _Allowance, problem: Diagnostic) -> bool:
    return (
        problem.severity == "warning"
        and bool(said.reason)
        and problem.code == said.code
        and (problem.span.file, problem.span.line) == (said.span.file, said.line)
    )


def _told(said: _Allowance, text: str) -> Diagnostic:
    if said.code.startswith("E") or said.code not in CODES:
        what = "is an error, not" if said.code in CODES else "is not the code of"
        return Diagnostic(
            "W0003",
            "warning",
            f"`{said.code}` {what} a warning",
            said.span,
            help="remove the comment",
            fixes=(_removal(said.span, text),),
        )
    if not said.reason:
        return Diagnostic(
            "W0002",
            "warning",
            f"`{said.code}` is allowed without a reason",
            said.span,
            help=f"add a reason: `# allow {said.code}: why it is harmless`",
        )
    return Diagnostic(
        "W0001",
        "warning",
        f"unused comment: nothing here causes `{said.code}`",
        said.span,
        help="remove the comment",
        fixes=(_removal(said.span, text),),
    )


def _removal(span: Span, text: str) -> Fix:
    """Return the fix that removes the comment, and its line if nothing else is on it."""
    line = text.split("\n")[span.line - 1]
    before = line[: span.column - 1]
    if before.strip():
        start = len(before.rstrip()) + 1
        place = Span(span.file, span.line, start, span.line, span.end_column)
    else:
        place = Span(span.file, span.line, 1, span.line + 1, 1)
    return Fix("remove the comment", (Edit(place, ""),))


def _allowances(text: str, name: str) -> Iterator[_Allowance]:
    lines = text.split("\n")
    following = list(range(1, len(lines) + 1))
    for number in range(len(lines) - 1, 0, -1):
        if _says_nothing(lines[number - 1]):
            following[number - 1] = following[number]
    for said, span in _comments(text, name):
        if (match := _ALLOW.match(said)) is not None:
            own = not lines[span.line - 1][: span.column - 1].strip()
            line = following[span.line - 1] if own else span.line
            yield _Allowance(match.group(1), match.group(2).strip(), line, span)


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _comments(text: str, name: str) -> Iterator[tuple[str, Span]]:
    """Yield the comments with their places. In YAML only those on their own lines, because another
    `#` can be part of a string."""
    if not is_yaml(name):
        for comment in parse(text, TextPlace(name), Problems()).comments:
            yield comment.text, comment.span
        return
    for number, line in enumerate(text.split("\n"), 1):
        if (match := _YAML_LINE.fullmatch(line.rstrip())) is not None:
            yield match.group(1), Span(name, number, match.start(1) + 1, number, len(line) + 1)
