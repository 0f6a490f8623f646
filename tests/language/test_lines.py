"""Lines end in one of three ways, and every way counts alike."""

from __future__ import annotations

import pytest

from gameroom.language import as_text, converted, formatted, settled
from tests.language.texts import codes, good, loaded, repaired, room

ENDS = pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
TEXT = "# the first line\n" + room(
    "  players 2..4  # beside\n  reqest vote\n  command a { x: int }"
)


@ENDS
def test_a_comment_ends_with_its_line(end: str) -> None:
    text = ("# first\n" + room("players 2..4")).replace("\n", end)
    assert good(text) == good("# first\n" + room("players 2..4"))


@ENDS
def test_the_places_and_pictures_are_the_same(end: str) -> None:
    expected, result = loaded(TEXT), loaded(TEXT.replace("\n", end))
    assert [each.code for each in expected.diagnostics] == ["E0101", "E0501"]
    assert result.diagnostics == expected.diagnostics
    pictures = as_text(expected.diagnostics, expected.sources)
    assert as_text(result.diagnostics, result.sources) == pictures
    raw = {"example.room": TEXT.replace("\n", end)}
    assert as_text(result.diagnostics, raw) == pictures


@ENDS
def test_the_formatter_writes_line_feeds(end: str) -> None:
    text = room("# own\n\n\nplayers 2..4 # beside\n## doc\nrequest a")
    assert formatted(text.replace("\n", end)) == formatted(text)


@ENDS
def test_a_fix_keeps_the_others(end: str) -> None:
    text = room("# own\nreqest vote").replace("\n", end)
    done = repaired(text, "a.room")
    assert done.text == text.replace("reqest", "request")


@ENDS
def test_a_warning_is_allowed_on_the_next_line(end: str) -> None:
    text = room("# allow E0101: x\nplayers 2..4").replace("\n", end)
    (told,) = settled((), loaded(text).sources, name="example.room")
    assert (told.code, told.span.line) == ("W0003", 4)


def test_a_text_ends_with_its_line() -> None:
    assert codes(room('on join do { announce "a\rb" }'))[0] == "E0104"


@ENDS
def test_yaml(end: str) -> None:
    text = converted(TEXT.replace("reqest", "request").replace("int ", "int 0..9 "), name="a.room")
    wrong = text.replace("0..9", "9..0")
    expected = loaded(wrong, "a.yaml").diagnostics
    assert [each.code for each in expected] == ["E0502"]
    assert loaded(wrong.replace("\n", end), "a.yaml").diagnostics == expected


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\u2029"])
def test_what_is_a_line_end_to_some_readers_of_yaml_is_refused(odd: str) -> None:
    text = converted(room("players 2..4"), name="a.room").replace("players", f"# {odd}\n  players")
    (told,) = loaded(text, "a.yaml").diagnostics
    assert told.code == "E0202"
    assert text.split("\n")[told.span.line - 1][told.span.column - 1] == odd
    assert f"\\u{ord(odd):04x}" in str(told.help)


@pytest.mark.parametrize("odd", ["\0", "\x07", "\x85", "\u2028", "\ufffe"])
def test_a_comment_with_what_yaml_can_not_hold_goes_along(odd: str) -> None:
    there = converted(room(f"# a{odd}b\nplayers 2..4"), name="a.room")
    assert f"# a\\u{ord(odd):04x}b\n" in there
    assert good(there, "a.yaml") == good(room("players 2..4"))
