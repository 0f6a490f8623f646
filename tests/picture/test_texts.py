"""The chart as text for Graphviz and Mermaid: to the letter, and drawable."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gameroom import language, resources
from gameroom.model import On, RoomFile, State, Target, Transition
from gameroom.picture import dot_text, mermaid_text
from gameroom.picture.layout import graphviz

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in resources.rooms().rglob("*.room"))


def room(text: str) -> RoomFile:
    loaded = language.load(text, name="a.room", resolve=language.shipped)
    assert loaded.room is not None, loaded.diagnostics
    return loaded.room


def watch() -> RoomFile:
    return room((GOLDEN / "watch.room").read_text(encoding="utf-8"))


def shipped(name: str) -> RoomFile:
    found = resources.shipped_room(name)
    assert found is not None
    return room(found[1])


def test_the_text_for_graphviz():
    assert dot_text(watch()) == (GOLDEN / "watch.dot").read_text(encoding="utf-8")


def test_the_text_for_mermaid():
    assert mermaid_text(watch()) == (GOLDEN / "watch.mmd").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_graphviz_draws_every_shipped_room(name: str):
    done = subprocess.run(
        [graphviz(), "-Tsvg"],
        input=dot_text(shipped(name)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "syntax error" not in done.stderr
    assert "</svg>" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_mermaid_has_one_of_its_shapes(name: str):
    word = r"(\[\*\]|\w+)"
    shapes = [
        rf"{word} --> {word}( : [^;\"<>{{}}&\n]+(;[^;\"<>{{}}&\n]+)*;?)?",
        r'state "[^"\n]*" as \w+( \{)?',
        r"\w+ : .+",
        r"note right of \w+ : .+",
        r"--",
        r"\}",
    ]
    head, *lines = mermaid_text(shipped(name)).split("stateDiagram-v2\n")[1].splitlines()
    assert head == "  [*] --> setup"
    for line in lines:
        assert any(re.fullmatch(shape, line.strip()) for shape in shapes), line
    assert sum(line.endswith("{") for line in lines) == lines.count("") + sum(
        line.strip() == "}" for line in lines
    )


@pytest.mark.parametrize("text", ['a "b" \\n; --> <c> # {d}', "end", "\\"])
def test_hostile_words_stay_words(text: str):
    states = (
        State("end", transitions=(Transition(On("x"), target=Target("note")),), doc=text),
        State("note"),
        State("note_", kind="final"),
    )
    hostile = RoomFile(text, root=State("", initial="end", states=states))
    graph = dot_text(hostile)
    assert graph.count("{") - graph.count("{d}") == graph.count("}") - graph.count("{d}")
    assert r"\n; -->" not in graph.replace("\\\\n", "")
    lines = mermaid_text(hostile).splitlines()
    assert [line for line in lines if "-->" in line and "title" not in line] == [
        "  [*] --> end_",
        "  note__ --> [*]",
        "  end_ --> note_ : x",
    ]
