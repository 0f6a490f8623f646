"""The table of contents: the parts of docs/index.md, each with its pages.

A part is a section with a table; each row links to a page and says what you find there. The
diagnostics are listed by docs/codes/index.md in the same way. Knows the text of these two pages
only. The rule it keeps: what is not in a table or list there is not on the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

INDEX = "index.md"
CODES = "codes/index.md"

_ROW = re.compile(r"^\| \[([^\]]+)\]\(([^)#]+\.md)\) \| (.+?) \|$", re.MULTILINE)
_CODE = re.compile(r"^- \[([EW]\d{4})\]\((\w+\.md)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One page. `line` is what a reader finds there."""

    title: str
    page: str
    line: str


@dataclass(frozen=True, slots=True)
class Part:
    """The pages for one kind of reader. `about` is the text before the table."""

    title: str
    about: str
    entries: tuple[Entry, ...]


def parts(index: str) -> list[Part]:
    """The parts in their order, from the text of docs/index.md."""
    return [
        Part(title.strip(), body.partition("\n|")[0].strip(), entries)
        for title, _, body in (section.partition("\n") for section in _sections(index))
        if (entries := tuple(Entry(*row) for row in _ROW.findall(body)))
    ]


def summary(index: str) -> str:
    """The first paragraph below the title, in one line."""
    return " ".join(index.split("\n\n")[1].split())


def codes(text: str) -> list[Entry]:
    """The pages of the diagnostics, from the text of docs/codes/index.md."""
    return [Entry(code, page, "") for code, page in _CODE.findall(text)]


def toctrees(page: str, text: str) -> str:
    """What Sphinx needs at the end of a page to know the pages below it."""
    if page == INDEX:
        return "".join(_toctree(part.entries, part.title) for part in parts(text))
    if page == CODES:
        return _toctree(codes(text))
    return ""


def _sections(text: str) -> Iterator[str]:
    yield from re.split(r"^## ", text, flags=re.MULTILINE)[1:]


def _toctree(entries: tuple[Entry, ...] | list[Entry], caption: str = "") -> str:
    lines = [f"{entry.title} <{entry.page.removesuffix('.md')}>" for entry in entries]
    options = [":hidden:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["", "```{toctree}", *options, "", *lines, "```", ""])
