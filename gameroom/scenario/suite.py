"""All scenarios of one room file: what came of them, and what they reached.

Pure: a loaded file comes in. A file with problems has none of its scenarios run; its
diagnostics say why.
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
    """name: of the file. reached: None where nothing could be run."""

    name: str
    loaded: Loaded
    outcomes: tuple[Outcome, ...]
    reached: Coverage | None

    @property
    def failed(self) -> int:
        """How many scenarios do not hold."""
        return sum(not outcome.passed for outcome in self.outcomes)


def scenarios_of(loaded: Loaded) -> tuple[Scenario, ...]:
    """In the order of the file."""
    return loaded.file.scenarios if loaded.file is not None else ()


def run_suite(loaded: Loaded, name: str, only: str = "") -> Suite:
    """Run the scenarios of a file whose names contain `only`."""
    chart = chart_of(loaded)
    if chart is None:
        return Suite(name, loaded, (), None)
    chosen = [scenario for scenario in scenarios_of(loaded) if only in scenario.name]
    outcomes = tuple(run(chart, scenario) for scenario in chosen)
    return Suite(name, loaded, outcomes, reached(chart, outcomes))
