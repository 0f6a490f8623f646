"""Any four planted mistakes of a file give four reports, each in its place, in both spellings."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from tests.language.texts import SKIRMISH, SKIRMISH_YAML, loaded

ROOM = (
    ("players 2..8", "players 2..x", "E0101"),
    ("team red size", "team red sise", "E0101"),
    ("setting gold: int 100..1000 = 300", "setting gold: int 100..1000 = 30", "E0504"),
    ("{ unit: int 0..1499  x: int", "{ unit int 0..1499  x: int", "E0101"),
    ("x: int 0..4095  y: int 0..4095 }\n  request", "x: int  y: int 0..4095 }\n  request", "E0501"),
    ("agreed by all", "agreed by al", "E0101"),
    ("{ pause after = 3s", "{ pause aftr = 3s", "E0409"),
    ("allow configure from host", "allow configure from hots", "E0404"),
    ("players >= 2 -> setup.starting", "players >= 2 -> setup.startng", "E0401"),
    ("do { set rounds", "do { set ruonds", "E0405"),
    ("if rounds < 2", "if rounds < \"2\"", "E0505"),
    ("state night iterates", "stat night iterates", "E0101"),
    ("allow vote from player", "allow voet from player", "E0402"),
    ("bob is silent for 4s", "bob is silnet for 4s", "E0101"),
    ("bob returns", "bop returns", "E0701"),
    ("expect running.paused.lagging", "expect running.pausd.lagging", "E0401"),
)  # fmt: skip

YAML = (
    ("players: 2..8", "players: 2..x", "E0101"),
    ("    red: 1..4", "    red: 4..1", "E0502"),
    ("  settings:", "  setings:", "E0204"),
    ("default: 300", "default: 30", "E0504"),
    ("{unit: int 0..1499", "{unit: itn 0..1499", "E0101"),
    ("agreed by: all", "agreed by: most", "E0204"),
    ("{pause after: 3s", "{pause aftr: 3s", "E0409"),
    ("{allow: configure, from: host}", "{allow: configure, from: hots}", "E0404"),
    ("to: setup.starting", "to: setup.startng", "E0401"),
    ("do: set rounds", "do: set ruonds", "E0405"),
    ("if: rounds < 2", 'if: rounds < "2"', "E0505"),
    ("state night:", "stat night:", "E0204"),
    ("{after: 300 turns, to: day}", "{after: 300 turns, t: day}", "E0204"),
    ("- {allow: vote, from: player}", "- {allow: voet, from: player}", "E0402"),
    ("bob is silent for 4s", "bob is silnet for 4s", "E0101"),
    ("bob returns", "bop returns", "E0701"),
)


Mistake = tuple[str, str, str]
FILES = {"skirmish.room": (SKIRMISH, ROOM), "skirmish.room.yaml": (SKIRMISH_YAML, YAML)}


def line_of(text: str, part: str) -> int:
    return text.count("\n", 0, text.index(part)) + 1


def told(name: str, mistakes: tuple[Mistake, ...]) -> list[tuple[int, str]]:
    text, _ = FILES[name]
    for right, wrong, _code in mistakes:
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    return sorted((each.span.line, each.code) for each in loaded(text, name).diagnostics)


def expected(name: str, mistakes: tuple[Mistake, ...]) -> list[tuple[int, str]]:
    text, _ = FILES[name]
    return sorted((line_of(text, right), code) for right, _wrong, code in mistakes)


@pytest.mark.parametrize("name", FILES)
def test_one_mistake_is_one_report(name: str) -> None:
    for mistake in FILES[name][1]:
        if mistake[1] not in FILES[name][0]:
            assert told(name, (mistake,)) == expected(name, (mistake,)), mistake


@pytest.mark.parametrize("name", FILES)
def test_four_mistakes_are_four_reports(name: str) -> None:
    choices = list(combinations(FILES[name][1], 4))
    for mistakes in random.Random(4).sample(choices, 60):
        assert told(name, mistakes) == expected(name, mistakes)
