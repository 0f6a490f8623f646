"""Whatever an author writes ends in a room or in diagnostics, and a room has a chart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token

from gameroom import model, resources
from gameroom.chart import compile_room
from gameroom.language import (
    FormatError,
    as_github,
    as_json,
    as_room,
    as_sarif,
    as_text,
    as_yaml,
    fixed,
    formatted,
    is_yaml,
    settled,
    shipped,
)
from gameroom.language.grammar import parser, words
from tests.language.sarif import valid
from tests.language.strategies import files
from tests.language.texts import SKIRMISH, SKIRMISH_YAML, loaded

NAMES = ("standard.room", "noughts.room", "party.room")
ROOMS = {
    path.name: path.read_text("utf-8")
    for path in resources.rooms().rglob("*.room")
    if path.name in NAMES
}
TEXTS = {**ROOMS, "skirmish.room": SKIRMISH, "skirmish.room.yaml": SKIRMISH_YAML}
JUNK = st.sampled_from(
    [*'{}"#|:=.,-><()[]&*!\\;\t\n\0', "state", "extend", "-> ", "..", "99999999999999999999", "é",
     "on", "of", "deep", "not ", "##", "\ud800", "\u2028", "- ", "? "]
)  # fmt: skip
WORDS = re.compile(r"[A-Za-z_]+|[0-9]+|\S")


def assert_answered(name: str, text: str) -> None:
    """No exception; a room compiles; diagnostics can be shown, fixed and allowed; what can be
    rewritten is rewritten without loss."""
    result = loaded(text, name)
    assert (result.room is None) == bool(result.diagnostics)
    if result.room is not None:
        compile_room(result.room)
    as_text(result.diagnostics, result.sources)
    for show in (as_json, as_github):
        show(result.diagnostics)
    valid(as_sarif(result.diagnostics))
    lines = text.count("\n") + 1
    for problem in result.diagnostics:
        if problem.span.file == name:
            assert 1 <= problem.span.line <= lines
    settled(result.diagnostics, result.sources, name=name)
    done = fixed(text, name=name, resolve=shipped)
    assert (done.text == text) == (not done.applied)
    if is_yaml(name):
        return
    assert_formatted(text)


def assert_formatted(text: str) -> None:
    try:
        done = formatted(text)
    except FormatError as problem:
        refusal = problem
    else:
        assert formatted(done) == done
        return
    assert refusal.diagnostics, text


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_mutated_characters(name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(JUNK | st.just("")) + text[at + cut :]
    assert_answered(name, text)


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_exchanged_words(name: str, data: st.DataObject) -> None:
    """Words are exchanged for others of the same file: most of it still parses."""
    text = TEXTS[name]
    places = [match.span() for match in WORDS.finditer(text)]
    for _ in range(data.draw(st.integers(1, 3))):
        start, end = data.draw(st.sampled_from(places))
        other = data.draw(st.sampled_from(places))
        text = text[:start] + text[other[0] : other[1]].ljust(end - start) + text[end:]
    assert_answered(name, text)


@st.composite
def sentences(draw: st.DrawFn) -> str:
    """Words that the grammar lets through, one after the other, sensible or not."""
    live = parser().parse_interactive("", start="file")
    fixed_words, said = words(), []
    for _ in range(draw(st.integers(5, 120))):
        kinds = sorted(live.accepts() - {"$END", "STRAY", "OPEN_STRING", "FRACTION", "BAD_NUMBER"})
        kind = draw(st.sampled_from(kinds))
        word = fixed_words.get(kind) or draw(st.sampled_from(SAMPLES[kind]))
        live.feed_token(Token(kind, word))
        said.append(word)
    return draw(st.sampled_from([" ", "\n"])).join(said)


SAMPLES = {
    "NAME": ["setup", "gathering", "player", "host", "rounds", "x", "standard", "a" * 41],
    "INT": ["0", "1", "8", "9007199254740991", "99999999999999999999"],
    "STRING": ['"standard"', '"a"', '""', '"\\ud800"', '"\\q"', '"\\u0000"'],
    "TIME": ["0ms", "3s", "999999999999999999h"],
    "COMPARE": ["==", "<"],
    "SHARE": ["60%", "0 %", "999999999999%"],
    "TRUE": ["true"],
}


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(sentences())
def test_sentences_of_the_grammar(text: str) -> None:
    assert_answered("example.room", text)
    assert_answered("example.room", "language 1 " + text)


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(files())
def test_files_that_mean_nothing(file: model.File) -> None:
    assert_answered("example.room", as_room(file))
    assert_answered("example.room.yaml", as_yaml(file))


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=15, derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_mutated_bytes(name: str, data: st.DataObject) -> None:
    """As a broken disk or a wrong encoding leaves them; read as `gameroom check` reads."""
    raw = bytearray(TEXTS[name].encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[at] = data.draw(st.integers(0, 255))
        else:
            del raw[at : at + data.draw(st.integers(1, 200))]
    assert_answered(name, raw.decode("utf-8", "surrogateescape"))


ANCHORS = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
BOMBS = {
    "billion laughs": "a0: &a0 [x]\n" + ANCHORS,
    "aliases of itself": "language: &a 1\nroom: &b {name: *b}\n",
    "merge keys": "a: &a {b: 1}\n" + "".join(f"c{n}: {{<<: *a}}\n" for n in range(999)),
    "deep flow": "language: " + "[" * 50_000,
    "deep maps": "language: " + "{a: " * 50_000,
    "deep blocks": "\n".join(" " * n + "a:" for n in range(500)),
    "deep lists": "- " * 50_000,
    "many keys": "\n".join(f"k{n}: 1" for n in range(30_000)),
    "a long key": "a" * 200_000 + ": 1",
    "a long number": "language: " + "9" * 200_000,
    "a long text": "language: '" + "x" * 200_000,
    "a tag": "!!python/object/apply:os.system ['true']",
    "a big escape": 'language: "\\UFFFFFFFF"',
    "directives": "%YAML 9.9\n%TAG ! tag:x,2000:\n---\nlanguage: 1\n",
    "documents": "---\n" * 20_000,
    "question marks": "? " * 20_000,
    "folded for ever": "language: >\n" + "  x\n" * 60_000,
    "only a mark": "\ufeff",
    "tabs": "language:\t1\n\troom: 1",
    "comments": "# allow W0805: x\n" * 10_000,
    "many phrases": "language: 1\nroom:\n  name: x\n  transitions:\n"
    + "    - {when: a or, to: b}\n" * 2_000,
    "a long phrase": "language: 1\nroom:\n  name: x\n  entry: 'set a = " + "(" * 10_000 + "'\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_in_yaml(bomb: str) -> None:
    result = loaded(BOMBS[bomb], "bomb.room.yaml")
    assert result.diagnostics
    settled(result.diagnostics, result.sources, name="bomb.room.yaml")


TEXT_BOMBS = {
    "braces": "language 1 " + "{" * 30_000,
    "closing braces": "language 1 " + "}" * 30_000,
    "brackets": 'language 1 room "x" { when ' + "(" * 30_000,
    "nots": 'language 1 room "x" { when ' + "not " * 30_000 + "a -> b }",
    "minuses": 'language 1 room "x" { when ' + "-" * 30_000 + "1 -> b }",
    "operands": 'language 1 room "x" { when ' + "a and " * 19_000 + "a -> b }",
    "open quotes": "language 1\n" + '"\n' * 39_000,
    "strays": "language 1 " + ";" * 39_000,
    "fractions": "language 1 " + "1.5 " * 39_000,
    "lists": 'language 1 room "x" { command a { b: ' + "list(0..9) of " * 6_000 + "bool } }",
    "items": 'language 1 scenario "s" { a sends b { c: ' + "[" * 20_000 + "} }",
    "choices": 'language 1 room "x" { setting a: ' + '"b" | ' * 19_000 + '"b" = "b" }',
    "states": 'language 1 room "x" { ' + "state a { } " * 9_000 + "}",
    "comments": "language 1\n" + "#\n" * 100_000,
    "one line of docs": "language 1\n##" + " x" * 100_000,
    "uses": "language 1 " + 'use "standard" ' * 19_000,
    "slips": 'language 1 room "x" { ' + "reqest a " * 9_000 + "}",
    "allowed": "language 1\n" + "# allow W0805: x\n" * 10_000,
}


@pytest.mark.parametrize("bomb", TEXT_BOMBS)
def test_bombs_in_text(bomb: str) -> None:
    result = loaded(TEXT_BOMBS[bomb], "bomb.room")
    assert result.diagnostics
    settled(result.diagnostics, result.sources, name="bomb.room")
    assert_formatted(TEXT_BOMBS[bomb])
