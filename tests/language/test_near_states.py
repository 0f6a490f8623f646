"""What is suggested for a misspelt state is the state that was meant, wherever it is named."""

from __future__ import annotations

import pytest

from gameroom import language, resources
from gameroom.language.checks.scope import Scope
from gameroom.language.diagnostics.diagnostic import nearest
from gameroom.model import RoomFile
from gameroom.model.paths import resolve


def merged(name: str) -> RoomFile:
    path = next(resources.rooms().rglob(name))
    loaded = language.load(path.read_text("utf-8"), name=name, resolve=language.shipped)
    assert loaded.room is not None
    return loaded.room


def misspelt(path: str) -> list[str]:
    """The path with one letter of its last word left out."""
    *outer, last = path.split(".")
    return [".".join([*outer, last[:at] + last[at + 1 :]]) for at in range(1, len(last))]


@pytest.mark.parametrize("name", ["standard.room", "hidden-role.room"])
def test_the_suggestion_means_the_state_that_was_meant(name: str) -> None:
    scope = Scope(merged(name))
    root = scope.room.root
    asked = 0
    for source in scope.paths:
        for path in scope.paths:
            for wrong in misspelt(path):
                meant = nearest(wrong, scope.paths)
                if resolve(root, source, wrong) is not None or meant is None:
                    continue
                suggested = nearest(wrong, scope.states_near(source, wrong))
                assert suggested is not None, (source, wrong)
                assert resolve(root, source, suggested) == meant, (source, wrong, suggested)
                asked += 1
    assert asked > 100
