"""Renders diagnostics as text with the source line and carets, as JSON, and as GitHub annotations.

Pure functions: they take the sources of the files and return strings. Color adds nothing but escape
codes, so a plain terminal shows the same characters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from gameroom import resources
from gameroom.language.diagnostics.codes import CODES
from gameroom.language.diagnostics.diagnostic import Diagnostic, Note
from gameroom.language.source.lines import unified
from gameroom.model import Span

JSON_VERSION = 1
WIDTH_MAX = 160
"""The longest source line, in characters. Longer lines are cut around the caret."""


def as_text(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, color: bool = False
) -> str:
    """Return one block per diagnostic, separated by empty lines; "" if there are none."""
    lines = {name: unified(text).split("\n") for name, text in sources.items()}
    return "\n\n".join(_block(problem, lines, color) for problem in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic], notes: Iterable[Note] = ()) -> str:
    """Return `{"version": 1, "diagnostics": [...], "notes": [...]}`. Each diagnostic is as from
    `as_plain`, and each note is `{"file", "message"}`."""
    body = {
        "version": JSON_VERSION,
        "diagnostics": [as_plain(each) for each in diagnostics],
        "notes": [{"file": note.file, "message": note.message} for note in notes],
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def as_plain(
    problem: Diagnostic, url: Callable[[str], str] = resources.code_url
) -> dict[str, object]:
    """Return one diagnostic as plain values, for JSON and for the server's responses.

    Lines and columns count from 1, the end of a range is exclusive, and columns are Unicode code
    points. `secondary` and `help` can be null. An edit with an empty range inserts its text.
    url: returns the page of a code; by default the installed file.
    """
    secondary = problem.secondary
    return {
        "code": problem.code,
        "severity": problem.severity,
        "title": CODES[problem.code].title,
        "message": problem.message,
        "file": problem.span.file,
        "range": _plain_range(problem.span),
        "secondary": None
        if secondary is None
        else {
            "file": secondary[0].file,
            "range": _plain_range(secondary[0]),
            "label": secondary[1],
        },
        "help": problem.help,
        "url": url(problem.code),
        "fixes": [
            {
                "title": fix.title,
                "edits": [
                    {"file": edit.span.file, "range": _plain_range(edit.span), "text": edit.text}
                    for edit in fix.edits
                ],
            }
            for fix in problem.fixes
        ],
    }


def _plain_range(span: Span) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }


def as_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return workflow commands that GitHub shows next to the changed lines; "" if there are none.

    Source: "Workflow commands for GitHub Actions" in GitHub's documentation.
    """
    return "\n".join(map(_annotation, diagnostics))


def _annotation(problem: Diagnostic) -> str:
    span = problem.span
    said = {
        "file": span.file,
        "line": span.line,
        "endLine": span.end_line,
        "col": span.column,
        "endColumn": max(span.end_column - 1, span.column),
        "title": f"{problem.code} {CODES[problem.code].title}",
    }
    if span.end_line != span.line:
        del said["col"], said["endColumn"]  # GitHub reads columns only within one line.
    properties = ",".join(
        f"{key}={_percent(str(value), (',', ':'))}" for key, value in said.items()
    )
    told = problem.message + (f"\nhelp: {problem.help}" if problem.help else "")
    return f"::{problem.severity} {properties}::{_percent(told)}"


def _percent(text: str, more: tuple[str, ...] = ()) -> str:
    for char in ("%", "\r", "\n", *more):
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def _block(problem: Diagnostic, lines: Mapping[str, list[str]], color: bool) -> str:
    paint = _Paint(color)
    tone = "31" if problem.severity == "error" else "33"
    secondary = problem.secondary
    gutter = len(str(max(problem.span.line, secondary[0].line if secondary else 0)))
    out = [
        paint(f"{problem.severity}[{problem.code}]", f"1;{tone}")
        + paint(f": {_clean(problem.message)}", "1")
    ]
    out += _picture(problem.span, "", lines, gutter, "^", paint, tone, arrow="-->")
    if secondary is not None:
        span, label = secondary
        same_file = span.file == problem.span.file
        arrow = "..." if same_file else ":::"
        out += _picture(span, label, lines, gutter, "-", paint, "34", arrow=arrow)
    if problem.help:
        out.append(" " * gutter + paint(" = ", "34") + f"help: {_clean(problem.help)}")
    return "\n".join(out)


def _picture(
    span: Span,
    label: str,
    lines: Mapping[str, list[str]],
    gutter: int,
    mark: str,
    paint: _Paint,
    tone: str,
    *,
    arrow: str,
) -> list[str]:
    place = f"{_clean(span.file) or 'room'}:{span.line}:{span.column}"
    out = [" " * gutter + paint(arrow, "34") + f" {place}"]
    source = lines.get(span.file, [])
    if not 1 <= span.line <= len(source):
        return [*out, *([" " * gutter + f" = {label}"] if label else [])]
    text = source[span.line - 1].rstrip("\r")
    end = span.end_column if span.end_line == span.line else len(text) + 1
    start = min(span.column - 1, len(text))
    text, start, end = _cut(text, start, max(end - 1, start + 1))
    bar = paint("|", "34")
    marks = paint(mark * (end - start) + (f" {_clean(label)}" if label else ""), tone)
    out.append(paint(f"{span.line:>{gutter}} ", "34") + bar + f" {_clean(text)}")
    out.append(" " * gutter + f" {bar} " + _blank(text[:start]) + marks)
    return out


def _cut(text: str, start: int, end: int) -> tuple[str, int, int]:
    if len(text) <= WIDTH_MAX:
        return text, start, min(end, max(len(text), start + 1))
    left = max(0, min(start - WIDTH_MAX // 2, len(text) - WIDTH_MAX))
    end = min(end, left + WIDTH_MAX)
    return text[left : left + WIDTH_MAX], start - left, max(end - left, start - left + 1)


def _blank(text: str) -> str:
    """Return blanks as wide as `text` on a terminal. Tabs stay tabs."""
    return "".join("\t" if char == "\t" else " " for char in text)


def _clean(text: str) -> str:
    """Replace control and other unprintable characters, which could affect the terminal."""
    return "".join(
        char if char == "\t" or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


class _Paint:
    """Adds ANSI colors to text, if color is on."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color else text
