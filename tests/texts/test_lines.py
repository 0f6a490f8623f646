"""One line of somebody else's, whatever was sent."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given, settings

from gameroom.texts import MARKS_MAX, clean_line
from gameroom.texts.characters import is_mark, shows
from tests.texts.strategies import BREAKING, TURNING, hostile

LINES = {
    "good game": "good game",
    "  good   game ": "good   game",
    "one\ntwo\r\nthree": "one two three",
    "a\u2028b\u2029c\x85d": "a b c d",
    "\x1b[31mred\x07": "[31mred",
    "\u202etxt.exe\u202c": "txt.exe",
    "\u2067a\u2069 b": "a b",
    "a \u2067": "a",
    "half \ud83d of it": "half \N{REPLACEMENT CHARACTER} of it",
    "می\u200cخواهم": "می\u200cخواهم",
    "👨\u200d👩\u200d👧": "👨\u200d👩\u200d👧",
    "\u200fשלום!\u200f": "\u200fשלום!\u200f",
    "\uf8ff \U0001fae8 \u0378": "\uf8ff \U0001fae8 \u0378",
    "Z" + "\u0301" * 40: "Z" + "\u0301" * MARKS_MAX,
    "": "",
    "\n": "",
    "\u3164\u2800\u200d": "",
    "\u202e": "",
}


@pytest.mark.parametrize(("text", "line"), LINES.items(), ids=map(ascii, LINES))
def test_a_line(text: str, line: str) -> None:
    assert clean_line(text) == line


@settings(deadline=None, derandomize=True)
@given(hostile)
def test_a_line_does_nothing_to_what_is_around_it(text: str) -> None:
    line = clean_line(text)
    assert clean_line(line) == line
    assert len(line) <= len(text)
    assert line == line.strip()
    assert not line or shows(line)
    assert not set(line) & set(TURNING + BREAKING)
    assert all(len(list(run)) <= MARKS_MAX for marks, run in groupby(line, is_mark) if marks)
    line.encode()
