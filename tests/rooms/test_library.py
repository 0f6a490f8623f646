"""The rooms to start from: clean, formatted, explained, and reached everywhere by scenarios."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gameroom import language, resources
from gameroom.chart import compile_room
from gameroom.cli.demo import games
from gameroom.language import Loaded
from gameroom.resources import shipped_code
from gameroom.scenario import Outcome, reached, run

pytestmark = pytest.mark.slow

FOLDER = resources.rooms()
TEMPLATES = sorted(path.stem for path in FOLDER.glob("*.room") if path.stem != "standard")
EXPECTED = [
    "best-of-three",
    "free-for-all",
    "hidden-role",
    "party",
    "real-time",
    "small",
    "teams",
    "turn-based",
]
NOTES_PERCENT_MIN = 12


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.room").read_text(encoding="utf-8")


def loaded(name: str) -> Loaded:
    return language.load(text_of(name), name=f"{name}.room", resolve=language.shipped)


@pytest.fixture(scope="module", params=TEMPLATES)
def played(request: pytest.FixtureRequest) -> tuple[Loaded, list[Outcome]]:
    """A template, and what came of all its scenarios."""
    found = loaded(request.param)
    assert found.room is not None
    chart = compile_room(found.room)
    return found, [run(chart, scenario) for scenario in found.file.scenarios]


def test_the_library_is_complete():
    assert TEMPLATES == EXPECTED


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_checks_clean_and_extends_the_standard_room(name: str):
    found = loaded(name)
    assert found.diagnostics == ()
    assert found.file.room is not None
    assert (found.file.room.name, found.file.room.extends) == (name, "standard")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_found_by_its_name(name: str):
    assert resources.shipped_room(name) == (f"{name}.room", text_of(name))


def test_every_scenario_holds(played: tuple[Loaded, list[Outcome]]):
    _, outcomes = played
    assert outcomes
    assert [one.scenario.name for one in outcomes if not one.passed] == []


def test_the_scenarios_enter_every_state(played: tuple[Loaded, list[Outcome]]):
    found, outcomes = played
    assert found.room is not None
    assert reached(compile_room(found.room), outcomes).states_missed == ()


def test_the_scenarios_take_what_the_template_itself_says(
    played: tuple[Loaded, list[Outcome]],
):
    """Of the transitions in its own file four in five; the others are timeouts mostly."""
    found, outcomes = played
    assert found.room is not None
    own = [
        number
        for number, row in enumerate(compile_room(found.room).transitions)
        if row.said.span.file == f"{found.room.name}.room"
    ]
    taken = {number for outcome in outcomes for number in outcome.taken}
    assert len(set(own) - taken) <= max(1, len(own) // 5)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_explains_itself(name: str):
    """Notes for the author, a doc for every declaration that players see."""
    text = text_of(name)
    rules = text[: text.index("\nscenario ")].splitlines()
    notes = [line for line in rules if line.strip().startswith("#")]
    assert 100 * len(notes) >= NOTES_PERCENT_MIN * len(rules)
    room = loaded(name).file.room
    assert room is not None
    declared = (*room.settings, *room.commands, *room.requests, *room.signals)
    assert [one.name for one in declared if not one.doc] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_its_lines_fit_a_page(name: str):
    assert [line for line in text_of(name).splitlines() if len(line) > 100] == []


def test_templates_are_no_games():
    """A game has an engine and something to look at; a template is only a room."""
    assert not set(games()) & set(TEMPLATES)
    assert all((FOLDER / game / "engine.js").is_file() for game in games())


def test_the_wheel_carries_the_whole_folder():
    project = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^rooms = "gameroom/rooms"$', project, re.MULTILINE)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_server_makes_no_game_of_a_template(name: str):
    assert shipped_code(name, "engine.js") is None
