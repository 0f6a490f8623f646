"""Runs all scenarios of one room file: their results, and their coverage.

It takes a loaded file. If the file has errors, no scenario runs, and its diagnostics say why.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.language import Loaded
from gameroom.model import Scenario
from gameroom.roomfile import chart_of
from gameroom.scenario.coverage import Coverage, reached
from gameroom.scenario.run import Outcome, run


@dataclass(frozen=True, slots=True)
class Suite:
    """The results of one file. name: that of the file. reached: None if no scenario could run."""

    name: str
    loaded: Loaded
    outcomes: tuple[Outcome, ...]
    reached: Coverage | None

    @property
    def failed(self) -> int:
        """How many scenarios failed."""
        return sum(not outcome.passed for outcome in self.outcomes)


def scenarios_of(loaded: Loaded) -> tuple[Scenario, ...]:
    """Return the scenarios in the order of the file."""
    return loaded.file.scenarios if loaded.file is not None else ()


def run_suite(loaded: Loaded, name: str, only: str = "") -> Suite:
    """Run the scenarios of a file whose names contain `only`."""
    chart = chart_of(loaded)
    if chart is None:
        return Suite(name, loaded, (), None)
    chosen = [scenario for scenario in scenarios_of(loaded) if only in scenario.name]
    outcomes = tuple(run(chart, scenario) for scenario in chosen)
    return Suite(name, loaded, outcomes, reached(chart, outcomes))
