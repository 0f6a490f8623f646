"""The sample of the design: both spellings say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameroom import resources
from gameroom.model import Duration, PolicyEntry, Rate
from gameroom.model.policies import number, policy
from tests.language.texts import SKIRMISH, SKIRMISH_YAML, good, loaded, state

SHIPPED = sorted(resources.rooms().rglob("*.room"))


def test_both_spellings_build_equal_values() -> None:
    text, yaml = loaded(SKIRMISH), loaded(SKIRMISH_YAML, "skirmish.room.yaml")
    assert text.diagnostics == yaml.diagnostics == ()
    assert text.file == yaml.file
    assert text.room == yaml.room


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_room_is_clean(path: Path) -> None:
    good(path.read_text(encoding="utf-8"), path.name)


def test_the_sample_means_what_it_says() -> None:
    room = good(SKIRMISH)
    assert room.extends is None
    assert (room.doc, room.settings[0].doc) == (
        "Two to eight players, archers against archers.",
        "The map that everyone plays on.",
    )
    assert [team.name for team in room.teams] == ["red", "blue"]
    assert room.spectators is not None
    assert room.spectators.delay == Duration(10_000, "ms")
    assert number(room, "lag", "pause_after") == 3_000
    assert policy(room, "pace", "ahead") is None
    assert state(room, "running.iterating").initial == "day"
    assert state(room, "running.iterating.night").iterates
    assert [
        type(each.trigger).__name__ for each in state(room, "running.paused.lagging").transitions
    ] == ["When", "When", "When", "After"]


def test_keys_of_several_words() -> None:
    lag = next(each for each in good(SKIRMISH).policies if each.name == "lag")
    assert lag.entries == (
        PolicyEntry("pause_after", Duration(3_000, "ms")),
        PolicyEntry("drop_after", Duration(57_000, "ms")),
    )
    pace = next(each for each in good(SKIRMISH).policies if each.name == "pace")
    assert pace.entries[0] == PolicyEntry("tick", Rate(20))


def test_the_scenario_has_every_step() -> None:
    file = loaded(SKIRMISH).file
    assert file is not None
    steps = file.scenarios[0].steps
    assert [step.verb for step in steps] == [
        "given", "sends", "sends", "wait", "state", "silent", "state", "returns", "state",
    ]  # fmt: skip
    assert steps[0].who == ("ann", "bob")
    assert (steps[5].who, steps[5].amount, steps[5].unit) == (("bob",), 4_000, "ms")
