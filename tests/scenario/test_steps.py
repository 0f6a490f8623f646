"""Every line that a scenario can have: both spellings build it, and its words say it again."""

from __future__ import annotations

import json

import pytest

from gameroom import language
from gameroom.language.rewrite.phrases import step as line
from gameroom.model import Step
from tests.scenario.stories import ROOM

LINES = {
    "given players ann, bob": Step("given", ("ann", "bob")),
    "cat joins": Step("joins", ("cat",)),
    "ann, cat join": Step("joins", ("ann", "cat")),
    "cat joins team red": Step("joins", ("cat",), "red"),
    "dan watches": Step("watches", ("dan",)),
    "ann, bob watch": Step("watches", ("ann", "bob")),
    "ann leaves": Step("leaves", ("ann",)),
    "ann sends ready": Step("sends", ("ann",), "ready", {}),
    "ann, bob send move { x: 3 }": Step("sends", ("ann", "bob"), "move", {"x": 3}),
    'ann sets map = "lakes"': Step("sets", ("ann",), "map", "lakes"),
    'ann says "\\"hello\\""': Step("says", ("ann",), '"hello"'),
    'ann, bob say "now"': Step("says", ("ann", "bob"), "now"),
    "ann is silent": Step("silent", ("ann",)),
    "ann, bob are silent for 4s": Step("silent", ("ann", "bob"), amount=4000, unit="ms"),
    "ann is silent for 3 turns": Step("silent", ("ann",), amount=3, unit="turns"),
    "ann drops": Step("drops", ("ann",)),
    "ann, bob return": Step("returns", ("ann", "bob")),
    "ann raises won { by: 2 }": Step("raises", ("ann",), "won", {"by": 2}),
    "ann, bob raise seen": Step("raises", ("ann", "bob"), "seen", {}),
    'ann refuses "too big"': Step("refuses", ("ann",), "too big"),
    "ann diverges": Step("diverges", ("ann",)),
    "wait 250ms": Step("wait", amount=250, unit="ms"),
    "wait 20 turns": Step("wait", amount=20, unit="turns"),
    "expect running.iterating": Step("state", name="running.iterating"),
    "expect not running": Step("not_state", name="running"),
    "expect ann is host": Step("is", ("ann",), "host"),
    "expect ann, bob are not ready": Step("is_not", ("ann", "bob"), "ready"),
    "expect ann is gone": Step("is", ("ann",), "gone"),
    "expect refused": Step("refused"),
    'expect refused "not now"': Step("refused", name="not now"),
    'expect told "another round"': Step("told", name="another round"),
}
TEAMS = ROOM.replace("players 2..3\n", "players 2..3\n  team red size 0..2\n")


def steps(text: str, name: str) -> tuple[Step, ...]:
    loaded = language.load(text, name=name, resolve=language.shipped)
    assert loaded.file is not None
    assert loaded.diagnostics == (), language.as_text(loaded.diagnostics, loaded.sources)
    return loaded.file.scenarios[0].steps[1:]


def in_yaml(text: str) -> str:
    """A YAML file with one scenario of this line; JSON strings are YAML's."""
    return (
        "language: 1\nuse: standard\nroom:\n  name: duel\n  extends: standard\n"
        "  players: 2..3\n  teams: {red: {size: 0..2}}\n"
        "  settings: {map: {type: [hills, lakes], default: hills}}\n"
        "  commands: {move: {fields: {x: int 0..9}}}\n"
        "  signals: {won: {fields: {by: int 0..2}, agreed by: all}, seen: {agreed by: all}}\n"
        f"scenarios:\n  s:\n    - given players ann, bob, cat, dan\n    - {json.dumps(text)}\n"
    )


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_read(text: str) -> None:
    whole = f'{TEAMS}scenario "s" {{ given players ann, bob, cat, dan {text} }}'
    assert steps(whole, "duel.room") == (LINES[text],)


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_read_from_yaml_as_well(text: str) -> None:
    assert steps(in_yaml(text), "duel.room.yaml") == (LINES[text],)


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_told_in_its_own_words(text: str) -> None:
    assert line(LINES[text]) == text


def test_a_condition_is_told_in_its_own_words() -> None:
    text = "expect that rounds == 2 and not in(setup)"
    whole = f'{TEAMS}scenario "s" {{ given players ann {text} }}'
    assert [line(step) for step in steps(whole, "duel.room")] == [text]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cat joins team blue", "E0404"),
        ("expect ann is redy", "E0407"),
        ("expect eve is host", "E0701"),
        ("eve watches expect eve is spectator", None),
        ("expect not runing", "E0401"),
        ("eve diverges", "E0701"),
    ],
)
def test_names_are_checked(text: str, code: str | None) -> None:
    whole = f'{TEAMS}scenario "s" {{ given players ann {text} }}'
    found = language.load(whole, name="duel.room", resolve=language.shipped).diagnostics
    assert [each.code for each in found] == ([code] if code else [])


def test_words_of_scenarios_stay_names() -> None:
    names = ("watch", "watches", "say", "says", "refuse", "refuses", "diverge", "diverges", "told")
    room = ROOM.replace("command build\n", "".join(f"command {name}_\n" for name in names))
    requests = "".join(f"request {name}\n" for name in names if name != "watch")
    room = room.replace("request shout\n", f"request shout\n{requests}")
    loaded = language.load(room, name="duel.room", resolve=language.shipped)
    assert {request.name for request in loaded.file.room.requests} >= set(names) - {"watch"}  # type: ignore[union-attr] # it has a room
