"""How problems look: a caret under the place, and JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path

from gameroom.language import Diagnostic, Note, as_github, as_json, as_text
from gameroom.model import Span
from tests.language.texts import loaded, room

FOLDER = Path(__file__).parents[2] / "docs" / "codes"
TEXT = room("  request vote\n  request vote\n  extend state setup.gatering { }")


def test_the_picture() -> None:
    result = loaded(TEXT)
    assert as_text(result.diagnostics, result.sources) == (
        "error[E0306]: `vote` is declared twice\n"
        " --> example.room:5:11\n"
        "5 |   request vote\n"
        "  |           ^^^^\n"
        " ... example.room:4:11\n"
        "4 |   request vote\n"
        "  |           ---- first declared here\n"
        "  = help: remove one of them, or rename it\n"
        "\n"
        "error[E0305]: there is no inherited state `setup.gatering` here\n"
        " --> example.room:6:16\n"
        "6 |   extend state setup.gatering { }\n"
        "  |                ^^^^^^^^^^^^^^\n"
        "  = help: did you mean `setup.gathering`?"
    )


def test_colour_only_wraps_the_same_characters() -> None:
    result = loaded(TEXT)
    plain = as_text(result.diagnostics, result.sources)
    colored = as_text(result.diagnostics, result.sources, color=True)
    assert "\x1b[1;31m" in colored
    for code in ("1;31", "1", "31", "34", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == plain


def test_json_has_a_version_both_places_and_the_page() -> None:
    body = json.loads(as_json(loaded(TEXT).diagnostics))
    assert body["version"] == 1
    assert body["diagnostics"][0] == {
        "code": "E0306",
        "severity": "error",
        "title": "duplicate declaration",
        "message": "`vote` is declared twice",
        "file": "example.room",
        "range": {"start": {"line": 5, "column": 11}, "end": {"line": 5, "column": 15}},
        "secondary": {
            "file": "example.room",
            "range": {"start": {"line": 4, "column": 11}, "end": {"line": 4, "column": 15}},
            "label": "first declared here",
        },
        "help": "remove one of them, or rename it",
        "url": (FOLDER / "E0306.md").as_uri(),
        "fixes": [],
    }


def test_json_carries_fixes_as_edits() -> None:
    (fix,) = json.loads(as_json(loaded(TEXT).diagnostics))["diagnostics"][1]["fixes"]
    assert fix == {
        "title": "write `setup.gathering`",
        "edits": [
            {
                "file": "example.room",
                "range": {"start": {"line": 6, "column": 16}, "end": {"line": 6, "column": 30}},
                "text": "setup.gathering",
            }
        ],
    }


def test_annotations_of_github() -> None:
    first, second = as_github(loaded(TEXT).diagnostics).split("\n")
    assert first == (
        "::error file=example.room,line=5,endLine=5,col=11,endColumn=14,"
        "title=E0306 duplicate declaration::`vote` is declared twice"
        "%0Ahelp: remove one of them, or rename it"
    )
    assert second.endswith("`setup.gatering` here%0Ahelp: did you mean `setup.gathering`?")


def test_notes_go_along_with_what_programs_read() -> None:
    note = Note("a b.room", "not checked past 9 configurations")
    body = json.loads(as_json((), [note]))
    assert body["notes"] == [{"file": "a b.room", "message": "not checked past 9 configurations"}]


def test_annotations_escape_what_means_something() -> None:
    span = Span("a,b:c.room", 1, 1, 3, 2)
    told = as_github([Diagnostic("E0101", "error", "100%\r\n::", span)])
    assert told == (
        "::error file=a%2Cb%3Ac.room,line=1,endLine=3,title=E0101 syntax error::100%25%0D%0A::"
    )


def picture(line: str, column: int, end: int) -> list[str]:
    span = Span("f", 1, column, 1, end)
    return as_text([Diagnostic("E0101", "error", "m", span)], {"f": line}).split("\n")


def test_tabs_stay_tabs_and_wide_lines_are_cut() -> None:
    assert picture("\tab c", 3, 4)[-1] == "  | \t ^"
    long = picture("x" * 1000 + "HERE" + "y" * 1000, 1001, 1005)
    assert long[2].index("HERE") == long[3].index("^^^^")
    assert len(long[2]) < 200


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "\n".join(picture("a\x1b[31m\x07b", 2, 3))


def test_a_place_beyond_the_text_is_no_trouble() -> None:
    assert picture("ab", 9, 12)[-1].endswith("^")
    span = Span("gone", 7, 1, 7, 2)
    assert "gone:7:1" in as_text([Diagnostic("E0101", "error", "m", span)], {})
