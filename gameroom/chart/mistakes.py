"""Whose mistake it is: the author's at compile time, a value's while stepping, or ours."""

from __future__ import annotations

from gameroom.model import Span


class ChartError(ValueError):
    """The room cannot become a chart. `span` is where the author said it."""

    def __init__(self, span: Span, problem: str) -> None:
        super().__init__(problem)
        self.span = span
        self.problem = problem


class Wrong(Exception):  # noqa: N818 - it never leaves the chart: it becomes an `error` event
    """A guard or an action has no value: bad arithmetic, a wrong type, a missing field."""


class IllegalConfigurationError(Exception):
    """A fault of ours: a microstep would have led into a configuration that is not legal. The
    message says what is wrong with it. Nothing has been changed."""
