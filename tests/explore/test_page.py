"""docs/checks.md: every failing room gives its code and the words below it, every other is
clean, and every check has its section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gameroom.explore.run import explore
from gameroom.language import CODES
from tests.language.texts import good, room

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```room ?(\w*)\n(.*?)^```$(?:\n\n    ([^\n]*))?", re.MULTILINE | re.DOTALL)
EXAMPLES = [match.groups() for match in BLOCK.finditer(TEXT)]


@pytest.mark.parametrize(("code", "text", "words"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_gives_what_stands_below_it(code: str, text: str, words: str) -> None:
    """A block that is no whole file holds members of a room that extends the standard one."""
    report = explore(good(text if text.startswith("language") else room(text)))
    told = [(each.code, each.message) for each in report.diagnostics]
    assert told == ([(code, words)] if code else [])


def test_every_check_has_a_failing_and_a_mended_room() -> None:
    deep = [code for code in CODES if code[1:3] == "08"]
    assert [code for code, _, _ in EXAMPLES] == [each for code in deep for each in (code, "")]
    assert re.findall(r"^## .*: ([EW]\d{4})$", TEXT, re.MULTILINE) == deep
