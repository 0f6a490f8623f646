"""The simulator catches every planted fault: without that its silence would say nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gameroom.simulator import INVARIANTS, WEATHERS, RunPlan, simulate
from tests.simulator.faults import FAULTS, Fault
from tests.simulator.world_rooms import chart

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
SEEDS = 24
TURNS = 60


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault.plant(monkeypatch)
    for seed in range(1, SEEDS + 1):
        outcome = simulate(chart("skirmish"), RunPlan(seed, TURNS, WEATHERS[fault.weather]))
        if outcome.broken is not None:
            assert outcome.broken.name in fault.caught, str(outcome.broken)
            return
    pytest.fail(f"{SEEDS} seeds did not find it")


def test_the_page_lists_them() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z].*?) \| (`.*) \| `(\w+)` \|$", text, re.MULTILINE)
    told = {
        what: (tuple(re.findall(r"`([a-z-]+)`", caught)), where) for what, caught, where in rows
    }
    assert told == {fault.what: (fault.caught, fault.weather) for fault in FAULTS}
    assert len(FAULTS) >= 10
    assert f"within {SEEDS} seeds of {TURNS} turns" in text


def test_the_page_lists_the_invariants_and_the_weathers() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for broken in INVARIANTS:
        doc = (broken.__doc__ or "").strip()
        assert f"| `{broken.name}` | {doc} |" in text, f"| `{broken.name}` | {doc} |"
    for weather in WEATHERS.values():
        assert f"| `{weather.name}` | {weather.doc} |" in text, weather
