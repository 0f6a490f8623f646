"""Every shipped game and every room of the tests: its scenarios hold.

Those of the templates are played in tests/rooms/test_library.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gameroom import language, resources
from gameroom.cli import files
from gameroom.scenario import Suite, as_text, run_suite

TESTS = Path(__file__).parents[1]
SHIPPED = files.found([str(resources.rooms())])
GAMES = [path for path in SHIPPED if path.parent != resources.rooms()]
ROOMS = [resources.rooms() / "standard.room", *GAMES, *files.found([str(TESTS)])]


def suite(path: Path) -> Suite:
    return run_suite(files.load(path, files.read(path), str(path)), str(path))


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: path.name)
def test_the_scenarios_hold(path: Path) -> None:
    done = suite(path)
    assert done.reached is not None, language.as_text(done.loaded.diagnostics, done.loaded.sources)
    for outcome in done.outcomes:
        failed = outcome.failure
        assert failed is None, as_text(outcome.scenario, failed, done.loaded.sources)


@pytest.mark.parametrize("path", GAMES, ids=lambda path: path.name)
def test_the_scenarios_of_a_game_enter_every_state(path: Path) -> None:
    reached = suite(path).reached
    assert reached is not None
    assert reached.states_missed == ()


def test_the_lifecycle_is_tested_whole() -> None:
    """One transition can't be taken: who is waited for is dropped before ten minutes."""
    reached = suite(TESTS / "scenario" / "lifecycle.room").reached
    assert reached is not None
    assert reached.states_missed == ()
    assert [missed.text for missed in reached.transitions_missed] == [
        'after 10m -> ended because "nobody came back"'
    ]
