"""The errors of a chart: in the room file, in a value at run time, and internal errors."""

from __future__ import annotations

from gameroom.model import Span


class ChartError(ValueError):
    """The room cannot be compiled. span: the place of the mistake in the room file."""

    def __init__(self, span: Span, problem: str) -> None:
        super().__init__(problem)
        self.span = span
        self.problem = problem


class Wrong(Exception):  # noqa: N818 - it never leaves the chart: it becomes an `error` event
    """A guard or an action has no value: bad arithmetic, a wrong type, a missing field."""


class IllegalConfigurationError(Exception):
    """Internal error: a microstep would have led to an illegal configuration. The message says what
    is wrong with it. Nothing has been changed."""
