"""The pytest plugin: scenarios are tests, their stories are the failures."""

from __future__ import annotations

import pytest

from tests.scenario.stories import ROOM

pytest_plugins = ["pytester"]

PASSES = 'scenario "they start" {\n  given players ann, bob\n  ann, bob send ready\n}\n'
FAILS = 'scenario "she starts" {\n  given players ann\n  expect running\n}\n'


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run pytest with our plugin alone; no other plugin of this machine takes part."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return lambda *args: pytester.runpytest_inprocess("-p", "gameroom.pytest_plugin", *args)


def test_every_scenario_is_a_test(pytester: pytest.Pytester, run) -> None:
    pytester.path.joinpath("duel.room").write_text(ROOM + PASSES + FAILS)
    result = run("-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["duel.room::they start PASSED*", "duel.room::she starts FAILED*"])


def test_a_failure_is_its_story_and_nothing_else(pytester: pytest.Pytester, run) -> None:
    pytester.path.joinpath("duel.room").write_text(ROOM + FAILS)
    result = run()
    result.stdout.fnmatch_lines(
        [
            'scenario "she starts" fails: the room is in `setup.gathering`',
            "  --> duel.room:35:10",
            "35 |   expect running",
            "*",
            "Pending timers:",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()


def test_yaml_rooms_are_collected_too(pytester: pytest.Pytester, run) -> None:
    pytester.path.joinpath("r.room.yaml").write_text(
        "language: 1\nuse: standard\nroom: {name: r, extends: standard}\n"
        "scenarios:\n  s:\n    - given players ann\n    - ann sends ready\n    - expect running\n"
    )
    pytester.path.joinpath("other.yaml").write_text("a: 1\n")
    run().assert_outcomes(passed=1)


def test_a_used_file_is_found_beside(pytester: pytest.Pytester, run) -> None:
    folder = pytester.mkdir("rooms")
    base = ROOM.replace('room "duel"', 'room "base"')
    folder.joinpath("base.room").write_text(base)
    folder.joinpath("duel.room").write_text(
        f'language 1\nuse "base.room"\nroom "duel" extends base {{ }}\n{PASSES}'
    )
    run().assert_outcomes(passed=1)


def test_a_file_with_problems_fails_its_collection(pytester: pytest.Pytester, run) -> None:
    pytester.path.joinpath("duel.room").write_text(ROOM.replace("players", "plyers"))
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*error[[]E0101[]]*", "*did you mean `players`?*"])


def test_a_room_without_scenarios_is_no_test(pytester: pytest.Pytester, run) -> None:
    pytester.path.joinpath("duel.room").write_text(ROOM)
    assert run().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_one_scenario_can_be_chosen(pytester: pytest.Pytester, run) -> None:
    pytester.path.joinpath("duel.room").write_text(ROOM + PASSES + FAILS)
    run("duel.room::they start").assert_outcomes(passed=1)
    run("-k", "she").assert_outcomes(failed=1, deselected=1)
