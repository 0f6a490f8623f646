"""The formatter: one layout, every comment in its place, and never another meaning."""

from __future__ import annotations

import re
from bisect import bisect
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameroom import model, resources
from gameroom.language import FormatError, formatted
from gameroom.language.build.file import build
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.language.rewrite.write_room import as_room
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import Parsed, parse
from tests.language.strategies import files
from tests.language.texts import SKIRMISH

pytestmark = pytest.mark.slow

SHIPPED = sorted(resources.rooms().rglob("*.room"))
TEXTS = {**{path.name: path.read_text("utf-8") for path in SHIPPED}, "skirmish.room": SKIRMISH}


def parsed(text: str) -> Parsed:
    problems = Problems()
    result = parse(text, TextPlace("room"), problems)
    assert problems.empty, problems.found
    return result


def value(text: str) -> model.File | None:
    return build(parsed(text), TextPlace("room"), Problems())


def comments(text: str) -> list[tuple[int, bool, str]]:
    """Each comment with the number of words before it, commas aside, some of which may go,
    and whether it has its line for itself."""
    found, lines = parsed(text), text.split("\n")
    starts = [(each.line, each.column) for each in found.tokens if each.type != "COMMA"]
    return [
        (
            bisect(starts, (comment.span.line, comment.span.column)),
            not lines[comment.span.line - 1][: comment.span.column - 1].strip(),
            comment.text,
        )
        for comment in found.comments
    ]


def assert_formatted_well(text: str) -> str:
    done = formatted(text)
    assert formatted(done) == done
    assert value(done) == value(text)
    assert comments(done) == comments(text)
    assert done.endswith("\n")
    assert not re.search(r"[ \t]+$|\n\n\n|\n\n\Z|\{\n\n|\n\n *\}", done, re.MULTILINE)
    return done


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_rooms_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(files())
def test_generated_rooms(file: model.File) -> None:
    text = as_room(file)
    assert_formatted_well(text)
    assert_formatted_well(" ".join(str(token) for token in parsed(text).tokens))


SPACES = st.sampled_from(
    [" ", "  ", "\t", "\n", "\n\n\n\n", "\r\n", " # said\n", "\n# own\n", "\n\n## doc\n\n",
     "\n#\n  # two\n\n# apart\n", " ## trailing doc\n"]
)  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=25, derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_other_layouts_and_comments_anywhere(name: str, data: st.DataObject) -> None:
    """The words of a shipped room with anything that may stand between words."""
    words = [str(token) for token in parsed(TEXTS[name]).tokens]
    odd = data.draw(st.dictionaries(st.integers(0, len(words)), SPACES, max_size=12))
    usual = data.draw(st.sampled_from([" ", "\n"]))
    text = "".join(odd.get(at, usual) + word for at, word in enumerate(words))
    assert_formatted_well(text + odd.get(len(words), ""))


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(files(), st.data())
def test_generated_rooms_with_comments(file: model.File, data: st.DataObject) -> None:
    words = [str(token) for token in parsed(as_room(file)).tokens]
    odd = data.draw(st.dictionaries(st.integers(0, len(words)), SPACES, max_size=6))
    assert_formatted_well("".join(odd.get(at, " ") + word for at, word in enumerate(words)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'language 1 use "standard" room "x"{players 2 .. 8}',
            'language 1\nuse "standard"\n\nroom "x" {\n  players 2..8\n}\n',
        ),
        (
            'language 1\nroom "x" {\nwhen max ( a,abs(-b) )==c and( d ) -> e\n}',
            'language 1\n\nroom "x" {\n  when max(a, abs(-b)) == c and (d) -> e\n}\n',
        ),
        ("language 1\n\n\n\n# one\n\n\n# two\n\n\n", "language 1\n\n# one\n\n# two\n"),
        (
            'language 1\nroom "x" {\n\n  request a # why\n  # own\n\n  request b\n\n  # last\n\n}',
            'language 1\n\nroom "x" {\n  request a  # why\n  # own\n\n  request b\n\n  # last\n}\n',
        ),
        (
            'language 1\nroom "x" {\n## doc\n\nrequest a { ## of a field\n b : bool }\n}',
            'language 1\n\nroom "x" {\n  ## doc\n  request a {  ## of a field\n'
            "    b: bool\n  }\n}\n",
        ),
        (
            'language 1\nroom "x" { state s { after 1m -> t } state t { \n after 1m -> s } }',
            'language 1\n\nroom "x" {\n  state s { after 1m -> t }\n  state t {\n'
            "    after 1m -> s\n  }\n}\n",
        ),
        (
            'language 1\nroom "x" { when (a+-b)*2>=3 and not(in(s))or 60 % of player ready -> t }',
            'language 1\n\nroom "x" {\n'
            "  when (a + -b) * 2 >= 3 and not (in(s)) or 60% of player ready -> t\n}\n",
        ),
        (
            'language 1 scenario "s" { ann sends move {x:1,y:[1,2],} }',
            'language 1\n\nscenario "s" {\n  ann sends move { x: 1  y: [1, 2] }\n}\n',
        ),
        (
            'language 1\nroom "x" { on a # why\n -> b }',
            'language 1\n\nroom "x" {\n  on a  # why\n      -> b\n}\n',
        ),
        ("\n# only a comment", "# only a comment\n"),
        (
            'language 1\n## Doc.\n\nscenario "s" { wait 1s }',
            'language 1\n\n## Doc.\nscenario "s" {\n  wait 1s\n}\n',
        ),
        (
            'language 1\nroom "x" { request a { # empty\n} on b do {\n# too\n} }',
            'language 1\n\nroom "x" {\n  request a {  # empty\n  }\n'
            "  on b do {\n    # too\n  }\n}\n",
        ),
    ],
    ids=range(12),
)
def test_the_layout(before: str, after: str) -> None:
    assert assert_formatted_well(before) == after


def test_long_members_go_on_in_a_new_line() -> None:
    long = "a_rather_long_name_of_a_thing"
    done = assert_formatted_well(
        f'language 1\nroom "x" {{ allow {", ".join([long] * 4)} from {long}, {long} '
        f"on {long} if {long} == {long} and {long} > 3 do {{ raise {long} raise {long} }}"
        f' -> {long}.{long} because "{long}"'
        f" command {long} {{ a: int 0..1  {long}: bool  {long}{long}: bool  b: bool }}"
        f" on b do {{ raise {long} raise {long} raise {long} raise {long} }} -> c }}"
    )
    assert max(map(len, done.split("\n"))) <= 100
    assert f"\n  command {long} {{\n    a: int 0..1\n" in done
    assert f"\n  on b do {{\n    raise {long}\n" in done


def test_a_file_with_mistakes_is_refused_with_all_of_them() -> None:
    with pytest.raises(FormatError) as refused:
        formatted('language 1\nroom "x" { comand a request }', name="x.room")
    assert [each.code for each in refused.value.diagnostics] == ["E0101", "E0101"]


def test_another_meaning_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the formatter wrong, nothing would be written."""
    monkeypatch.setattr(
        "gameroom.language.rewrite.format._TextWriter.file", lambda _: "language 1\n"
    )
    with pytest.raises(FormatError, match="would change its meaning"):
        formatted('language 1\nroom "x" { }')


def test_a_comment_at_other_words_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = 'language 1\n\nroom "x" {\n}  # said\n'
    monkeypatch.setattr("gameroom.language.rewrite.format._TextWriter.file", lambda _: elsewhere)
    assert formatted(elsewhere) == elsewhere
    with pytest.raises(FormatError, match="would change its meaning"):
        formatted('language 1 # said\nroom "x" { }')
