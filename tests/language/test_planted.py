"""Any four planted mistakes of a file give four reports, each in its place and with the help
that leads back, in both spellings."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from tests.language.texts import SKIRMISH, SKIRMISH_YAML, loaded

ROOM = (
    ("players 2..8", "players 2..x",
     "E0101", "write a whole number here"),
    ("team red size", "team red sise",
     "E0101", "did you mean `size`?"),
    ("setting gold: int 100..1000 = 300", "setting gold: int 100..1000 = 30",
     "E0504", "use a value that fits, or extend the allowed range"),
    ("{ unit: int 0..1499  x: int", "{ unit int 0..1499  x: int",
     "E0101", "write `:` here"),
    ("x: int 0..4095  y: int 0..4095 }\n  request", "x: int  y: int 0..4095 }\n  request",
     "E0501", "add bounds, such as `int 0..100`"),
    ("agreed by all", "agreed by al",
     "E0101", "did you mean `all`?"),
    ("{ pause after = 3s", "{ pause aftr = 3s",
     "E0409", "did you mean `pause after`?"),
    ("allow configure from host", "allow configure from hots",
     "E0404", "did you mean `host`?"),
    ("players >= 2 -> setup.starting", "players >= 2 -> setup.startng",
     "E0401", "did you mean `setup.starting`?"),
    ("do { set rounds", "do { set ruonds",
     "E0405", "did you mean `rounds`?"),
    ("if rounds < 2", 'if rounds < "2"',
     "E0505", "use a number, or a setting or variable of type `int`"),
    ("state night iterates", "stat night iterates",
     "E0101", "did you mean `state`?"),
    ("allow vote from player", "allow voet from player",
     "E0402", "did you mean `vote`?"),
    ("bob is silent for 4s", "bob is silnet for 4s",
     "E0101", "did you mean `silent`?"),
    ("bob returns", "bop returns",
     "E0701", "use one of `ann`, `bob`"),
    ("expect running.paused.lagging", "expect running.pausd.lagging",
     "E0401", "did you mean `running.paused.lagging`?"),
)  # fmt: skip

YAML = (
    ("players: 2..8", "players: 2..x",
     "E0101", "write a whole number here"),
    ("    red: 1..4", "    red: 4..1",
     "E0502", "write `1..4`"),
    ("  settings:", "  setings:",
     "E0204", "did you mean `settings`?"),
    ("default: 300", "default: 30",
     "E0504", "use a value that fits, or extend the allowed range"),
    ("{unit: int 0..1499", "{unit: itn 0..1499",
     "E0101", "did you mean `int`?"),
    ("agreed by: all", "agreed by: most",
     "E0204", "write all or majority"),
    ("{pause after: 3s", "{pause aftr: 3s",
     "E0409", "did you mean `pause after`?"),
    ("{allow: configure, from: host}", "{allow: configure, from: hots}",
     "E0404", "did you mean `host`?"),
    ("to: setup.starting", "to: setup.startng",
     "E0401", "did you mean `setup.starting`?"),
    ("do: set rounds", "do: set ruonds",
     "E0405", "did you mean `rounds`?"),
    ("if: rounds < 2", 'if: rounds < "2"',
     "E0505", "use a number, or a setting or variable of type `int`"),
    ("state night:", "stat night:",
     "E0204", "did you mean `state night`?"),
    ("{after: 300 turns, to: day}", "{after: 300 turns, t: day}",
     "E0204", "use one of `after`, `because`, `do`, `if`, `on`, `to`, `when`"),
    ("- {allow: vote, from: player}", "- {allow: voet, from: player}",
     "E0402", "did you mean `vote`?"),
    ("bob is silent for 4s", "bob is silnet for 4s",
     "E0101", "did you mean `silent`?"),
    ("bob returns", "bop returns",
     "E0701", "use one of `ann`, `bob`"),
)  # fmt: skip


Mistake = tuple[str, str, str, str]
"""What is right, what stands there instead, the code, and the help that leads back."""

Told = list[tuple[int, str, str | None]]
FILES = {"skirmish.room": (SKIRMISH, ROOM), "skirmish.room.yaml": (SKIRMISH_YAML, YAML)}


def line_of(text: str, part: str) -> int:
    return text.count("\n", 0, text.index(part)) + 1


def told(name: str, mistakes: tuple[Mistake, ...]) -> Told:
    text, _ = FILES[name]
    for right, wrong, *_ in mistakes:
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    return sorted((each.span.line, each.code, each.help) for each in loaded(text, name).diagnostics)


def expected(name: str, mistakes: tuple[Mistake, ...]) -> Told:
    text, _ = FILES[name]
    return sorted((line_of(text, right), code, help) for right, _wrong, code, help in mistakes)


@pytest.mark.parametrize("name", FILES)
def test_one_mistake_is_one_report(name: str) -> None:
    for mistake in FILES[name][1]:
        assert told(name, (mistake,)) == expected(name, (mistake,)), mistake


@pytest.mark.parametrize("name", FILES)
def test_four_mistakes_are_four_reports(name: str) -> None:
    choices = list(combinations(FILES[name][1], 4))
    for mistakes in random.Random(4).sample(choices, 60):
        assert told(name, mistakes) == expected(name, mistakes)
