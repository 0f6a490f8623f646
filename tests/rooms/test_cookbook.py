"""docs/cookbook.md: every recipe is a clean, formatted room whose scenarios hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gameroom import language
from gameroom.chart import compile_room
from gameroom.explore.run import explore
from gameroom.scenario import as_text, run
from tests.repository.documents import rooms

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "cookbook.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
RECIPES = [pytest.param(text, id=text.split('room "')[1].split('"')[0]) for text in rooms(DOCUMENT)]
PATTERNS_MIN = 12


def anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("text", RECIPES)
def test_a_recipe_checks_clean(text: str):
    loaded = language.load(text, name="recipe.room", resolve=language.shipped)
    assert loaded.diagnostics == ()
    assert loaded.room is not None
    assert [each.message for each in explore(loaded.room).diagnostics] == []


@pytest.mark.parametrize("text", RECIPES)
def test_a_recipe_is_formatted(text: str):
    assert language.formatted(text, name="recipe.room") == text


@pytest.mark.parametrize("text", RECIPES)
def test_the_scenarios_of_a_recipe_hold(text: str):
    loaded = language.load(text, name="recipe.room", resolve=language.shipped)
    assert loaded.room is not None
    assert loaded.file.scenarios
    chart = compile_room(loaded.room)
    for scenario in loaded.file.scenarios:
        outcome = run(chart, scenario)
        assert outcome.failure is None, as_text(scenario, outcome.failure, {"recipe.room": text})


@pytest.mark.parametrize("text", RECIPES)
def test_the_scenarios_reach_all_that_a_recipe_says(text: str):
    """Every transition of its own file, but for ends of a room that nobody uses."""
    loaded = language.load(text, name="recipe.room", resolve=language.shipped)
    assert loaded.room is not None
    chart = compile_room(loaded.room)
    taken = {number for one in loaded.file.scenarios for number in run(chart, one).taken}
    missed = [
        number
        for number, row in enumerate(chart.transitions)
        if row.said.span.file == "recipe.room" and number not in taken and row.said.because is None
    ]
    assert len(missed) <= 2, [chart.transitions[number].said for number in missed]


def test_there_are_at_least_twelve_and_each_is_in_the_list():
    titles = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert len(titles) == len(RECIPES) >= PATTERNS_MIN
    listed = re.findall(r"\]\(#([a-z0-9-]+)\)", TEXT)
    assert sorted(listed) == sorted(anchor(title) for title in titles)
