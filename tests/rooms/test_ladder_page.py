"""docs/ladder.md: its room checks clean, and its scenarios hold."""

from __future__ import annotations

from pathlib import Path

from gameroom import language
from gameroom.chart import compile_room
from gameroom.scenario import as_text, run
from tests.repository.documents import rooms

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "ladder.md"


def test_a_ladder_of_its_own() -> None:
    (text,) = rooms(DOCUMENT)
    assert language.formatted(text, name="field.room") == text
    loaded = language.load(text, name="field.room", resolve=language.shipped)
    assert loaded.diagnostics == ()
    assert loaded.room is not None
    chart = compile_room(loaded.room)
    for scenario in loaded.file.scenarios:
        outcome = run(chart, scenario)
        assert outcome.failure is None, as_text(scenario, outcome.failure, {"field.room": text})
