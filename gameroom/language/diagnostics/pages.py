"""The explanation of a code, on a terminal and as a page of the documentation.

It is generated from the registry, so a page cannot be out of date: docs/codes/ contains the results
of `page` and `index`, and a test compares them.
"""

from __future__ import annotations

from gameroom.language.diagnostics.codes import CODES
from gameroom.language.diagnostics.corrected import CORRECTED

_HUNDREDS = {
    "00": "Comments that suppress warnings",
    "01": "Syntax",
    "02": "YAML",
    "03": "Files, extending and merging",
    "04": "Names",
    "05": "Types and values",
    "06": "The chart",
    "07": "Scenarios",
    "08": "Deep checks",
}

_KINDS = {
    "E": "An error in the [room language](../language.md).",
    "W": "A warning about a [room file](../language.md).",
}


def story(code: str) -> str:
    """Return title, explanation, wrong and corrected example as plain text."""
    told = CODES[code]
    return (
        f"{code}: {told.title}\n\n{_wrapped(told.explanation)}\n\n"
        f"Wrong:\n\n{_indented(_shown(told.example))}\n\n"
        f"Right:\n\n{_indented(_shown(CORRECTED[code]))}"
    )


def page(code: str) -> str:
    """Return the page of a code as Markdown."""
    told = CODES[code]
    kind = "yaml" if told.file.endswith(".yaml") else "text"
    return (
        f"# {code}: {told.title}\n\n{_KINDS[code[0]]}\n\n"
        f"{told.explanation}\n\n## Wrong\n\n```{kind}\n{_shown(told.example)}```\n\n"
        f"## Right\n\n```{kind}\n{_shown(CORRECTED[code])}```\n"
    )


def index() -> str:
    """Return the list of all pages as Markdown."""
    lines = [
        "# Errors and warnings",
        "",
        "`gameroom explain CODE` prints the page for a code in a terminal.",
    ]
    for hundred, title in _HUNDREDS.items():
        lines += ["", f"## {title}", ""]
        lines += [
            f"- [{code}]({code}.md) {told.title}"
            for code, told in CODES.items()
            if code[1:3] == hundred
        ]
    return "\n".join(lines) + "\n"


def _shown(text: str) -> str:
    """Return the text with a replacement for bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))


def _wrapped(text: str, columns: int = 80) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > columns:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])
