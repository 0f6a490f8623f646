"""Nothing that a real room does with its people is called impossible by the explorer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gameroom import resources
from gameroom.room import lifecycle
from gameroom.room.lifecycle import RULES, Rule
from tests.explore.witness import UnexplainedError, Witness
from tests.repository.documents import rooms

COOKBOOK = Path(__file__).resolve().parents[2] / "docs" / "cookbook.md"
SHIPPED = [path.read_text(encoding="utf-8") for path in sorted(resources.rooms().rglob("*.room"))]
SEEDS = 3
STEPS = 60

ALL = """
language 1
use "standard"
room "all" extends standard {
  players 2..3
  spectators 0..2
  setting size: int 1..9 = 3
  request vote { choice: "wait" | "drop" }
  policy pace { tick = 10 per second  turn = 100ms..400ms  ahead = auto }
  policy divergence { repairs = 3 }
  extend state running.iterating { deny leave from player }
  extend state running {
    on diverged if event.decidable do { repair diverged }
    allow vote from player
  }
}
"""
UNREPAIRED = ALL.replace("    on diverged if event.decidable do { repair diverged }\n", "")


def name_of(text: str) -> str:
    return text.split('room "')[1].split('"')[0]


@pytest.mark.parametrize("text", [*SHIPPED, *rooms(COOKBOOK)], ids=name_of)
def test_the_explorer_knows_all_that_happens(text: str) -> None:
    for seed in range(SEEDS):
        Witness(text, seed).play(STEPS)


def test_everything_happens_in_some_game() -> None:
    """What never happens proves nothing."""
    met: set[str] = set()
    for seed in range(24):
        witness = Witness(ALL, seed)
        witness.play(STEPS)
        met |= witness.met
    assert {event for event, rule in RULES.items() if rule.heard != "never"} <= met


def broken(rule: Rule) -> Rule:
    """The row without its flags, or without what it asks for where it has none."""
    if rule.sets or rule.clears:
        return replace(rule, sets=frozenset(), clears=frozenset())
    return replace(rule, asks=None)


def games() -> None:
    for seed in range(24):
        for text in (ALL, UNREPAIRED):
            Witness(text, seed).play(STEPS)


@pytest.mark.parametrize("event", RULES)
def test_a_row_that_the_room_has_otherwise_is_found(
    event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "RULES", {**RULES, event: broken(RULES[event])})
    with pytest.raises(UnexplainedError):
        games()
