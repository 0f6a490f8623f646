"""Whatever an author writes ends in a room or in diagnostics, and a room has a chart.

`GAMEROOM_FUZZ=10` tries ten times as many texts, others in every run, and keeps what it
finds in `found/`: files there are tried again by every run of the tests. They end in .txt,
since pytest would take rooms for tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Token

from gameroom import model, resources
from gameroom.chart import compile_room
from gameroom.explore.run import explore
from gameroom.language import (
    FormatError,
    as_github,
    as_json,
    as_room,
    as_sarif,
    as_text,
    as_yaml,
    converted,
    formatted,
    is_yaml,
    settled,
)
from gameroom.language.syntax.grammar import parser, words
from tests.language.sarif import valid
from tests.language.strategies import files
from tests.language.texts import SKIRMISH, SKIRMISH_YAML, loaded, repaired

pytestmark = pytest.mark.slow

TIMES = int(os.environ.get("GAMEROOM_FUZZ", "1"))
FOUND = Path(__file__).parent / "found"
ROOMS = {path.name: path.read_text("utf-8") for path in resources.rooms().rglob("*.room")}
TEXTS = {
    **ROOMS,
    **{f"{name}.yaml": converted(text, name=name) for name, text in ROOMS.items()},
    "skirmish.room": SKIRMISH,
    "skirmish.room.yaml": SKIRMISH_YAML,
}
JUNK = st.sampled_from(
    [*'{}"#|:=.,-><()[]&*!\\;\t\n\0', "state", "extend", "-> ", "..", "99999999999999999999", "é",
     "\r", "\r\n", "on", "of", "deep", "not ", "##", "\ud800", "\u2028", "- ", "? "]
)  # fmt: skip
WORDS = re.compile(r"[A-Za-z_]+|[0-9]+|\S")


def trials(examples: int) -> settings:
    """How many texts a test tries: always the same ones, or as many as are asked for."""
    return settings(
        max_examples=examples * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck) if TIMES > 1 else (),
    )


@contextmanager
def kept(name: str, text: str) -> Iterator[None]:
    """Keep a text that fails, where files are looked for; the smallest one is tried last."""
    try:
        yield
    except Exception:
        if TIMES > 1:
            FOUND.mkdir(exist_ok=True)
            (FOUND / f"new-{name}.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
        raise


def assert_answered(name: str, text: str) -> None:
    """No exception; a room compiles and can be explored; diagnostics can be shown, fixed and
    allowed; what can be rewritten is rewritten without loss."""
    with kept(name, text):
        _assert_answered(name, text)


def _assert_answered(name: str, text: str) -> None:
    result = loaded(text, name)
    told = result.diagnostics
    assert (result.room is None) == bool(told)
    if result.room is not None:
        compile_room(result.room)
        told = explore(result.room, configurations_max=200).diagnostics
        assert converted(text, name=name)
    as_text(told, result.sources)
    for show in (as_json, as_github):
        show(told)
    valid(as_sarif(told))
    lines = text.count("\n") + 1
    for problem in told:
        if problem.span.file == name:
            assert 1 <= problem.span.line <= lines
    settled(told, result.sources, name=name)
    done = repaired(text, name)
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
@trials(6)
@given(data=st.data())
def test_mutated_characters(name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(JUNK | st.just("")) + text[at + cut :]
    assert_answered(name, text)


@pytest.mark.parametrize("name", TEXTS)
@trials(6)
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


LINES = re.compile(r"[^\n]*\n")


def is_whole(line: str) -> bool:
    """Can the line go, and the file still be read?"""
    return line.count("{") == line.count("}") and not line.rstrip().endswith((":", "|-"))


@pytest.mark.parametrize("name", TEXTS)
@trials(6)
@given(data=st.data())
def test_members_left_out_moved_and_changed(name: str, data: st.DataObject) -> None:
    """Whole lines go or change places and numbers change: much of it is a room that can be
    played, though nobody meant it."""
    lines = LINES.findall(TEXTS[name])
    places = [at for at, line in enumerate(lines) if is_whole(line)]
    for _ in range(data.draw(st.integers(1, 3))):
        at, other = data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))
        match data.draw(st.sampled_from(["out", "out", "twice", "exchanged", "number"])):
            case "out":
                lines[at] = ""
            case "twice":
                lines[at] += lines[at]
            case "exchanged":
                lines[at], lines[other] = lines[other], lines[at]
            case "number":
                number = str(data.draw(st.integers(0, 12)))
                lines[at] = re.sub(r"(?<=[ .{(])[0-9]+", number, lines[at], count=1)
    assert_answered(name, "".join(lines))


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


@trials(60)
@given(sentences())
def test_sentences_of_the_grammar(text: str) -> None:
    assert_answered("example.room", text)
    assert_answered("example.room", "language 1 " + text)


@trials(20)
@given(files())
def test_files_that_mean_nothing(file: model.File) -> None:
    assert_answered("example.room", as_room(file))
    assert_answered("example.room.yaml", as_yaml(file))


@pytest.mark.parametrize("name", TEXTS)
@trials(6)
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


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.txt")), ids=lambda path: path.stem)
def test_what_was_found_before(path: Path) -> None:
    assert_answered(path.stem, path.read_bytes().decode("utf-8", "surrogateescape"))


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
