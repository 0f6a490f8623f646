"""A pytest plugin: every scenario of a `.room` or `.room.yaml` file is a test.

It collects room files in all folders where pytest looks for tests. A failing scenario prints the
same text as `gameroom test`. A file with errors fails its collection and prints them. The plugin
never imports the server, and imports the rest only when it finds a room file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import ExceptionInfo, TerminalRepr

if TYPE_CHECKING:
    from gameroom.chart import Chart
    from gameroom.language import Loaded
    from gameroom.model import Scenario

SUFFIXES = (".room", ".room.yaml", ".room.yml")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the scenarios of a room file."""
    if not file_path.name.endswith(SUFFIXES):
        return None
    collector: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return collector


class ScenarioError(Exception):
    """A scenario has failed. The message is the output for it."""


class ScenarioFile(pytest.File):
    """One room file."""

    def collect(self) -> Iterator[pytest.Item]:
        import click

        from gameroom import language, roomfile
        from gameroom import scenario as scenarios
        from gameroom.cli import files

        shown = self._shown()
        try:
            loaded = files.load(self.path, files.read(self.path), shown)
        except click.UsageError as problem:
            raise self.CollectError(problem.message) from problem
        chart = roomfile.chart_of(loaded)
        if chart is None:
            raise self.CollectError(language.as_text(loaded.diagnostics, loaded.sources))
        for scenario in scenarios.scenarios_of(loaded):
            item: pytest.Item = ScenarioItem.from_parent(
                self, name=scenario.name, chart=chart, scenario=scenario, loaded=loaded
            )
            yield item

    def _shown(self) -> str:
        """The path to show: relative to the folder where pytest was started, if possible."""
        here = self.config.invocation_params.dir
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(
        self,
        *,
        name: str,
        parent: pytest.Collector,
        chart: Chart,
        scenario: Scenario,
        loaded: Loaded,
    ) -> None:
        super().__init__(name, parent)
        self._chart = chart
        self._scenario = scenario
        self._loaded = loaded

    def runtest(self) -> None:
        from gameroom import scenario as scenarios

        outcome = scenarios.run(self._chart, self._scenario)
        if outcome.failure is not None:
            story = scenarios.as_text(self._scenario, outcome.failure, self._loaded.sources)
            raise ScenarioError(story)

    def repr_failure(
        self, excinfo: ExceptionInfo[BaseException], style: object = None
    ) -> str | TerminalRepr:
        """Print only the scenario's output. A traceback through our runner does not help."""
        if isinstance(excinfo.value, ScenarioError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, max(0, self._scenario.span.line - 1), f"scenario {self.name!r}"
