"""Every table of the guide is one: a blank line in it, or a cell too many, and it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
MARKDOWN = MarkdownIt("commonmark").enable("table")


def faults(text: str) -> list[str]:
    """What a reader would see of a broken table: bars in running text, rows of other lengths."""
    lines = text.splitlines()
    found = []
    for token in MARKDOWN.parse(text):
        if token.map is None:
            continue
        first, last = token.map
        if token.type == "inline" and any(
            line.lstrip().startswith("|") for line in token.content.splitlines()
        ):
            found.append(f"line {first + 1}: a row outside its table")
        elif token.type == "table_open":
            cells = {
                len(re.split(r"(?<!\\)\|", line.strip().strip("|"))) for line in lines[first:last]
            }
            if len(cells) > 1:
                found.append(f"line {first + 1}: rows of {sorted(cells)} cells")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_tables_of_a_page_are_whole(page: Path) -> None:
    assert faults(page.read_text(encoding="utf-8")) == []


def test_what_a_broken_table_looks_like() -> None:
    whole = "| a | b |\n|---|---|\n| 1 | `2 \\| 3` |\n"
    assert faults(whole) == []
    assert faults(whole + "\n| 3 | 4 |\n") == ["line 5: a row outside its table"]
    assert faults(whole + "| 3 | 4 | 5 |\n") == ["line 1: rows of [2, 3] cells"]
