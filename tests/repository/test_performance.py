"""The page of what games cost shows exactly what was measured last."""

from __future__ import annotations

import json

from tests.benchmarks.performance import PROFILES, RESULTS, games, written


def test_the_page_and_its_plots_show_the_results() -> None:
    """After a change, `python -m tests.benchmarks.performance --write` writes them again."""
    for path, text in written(json.loads(RESULTS.read_bytes())).items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_every_game_of_the_page_has_results() -> None:
    results = json.loads(RESULTS.read_bytes())
    assert {game.key for game in (*games(), *PROFILES.values())} == results.keys()
