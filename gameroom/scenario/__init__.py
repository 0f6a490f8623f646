"""Runs scenarios, the tests in a room file, on the real room with a virtual clock.

It knows the room and its clients, no socket, no disk and no clock. The rule it keeps: equal files
give exactly equal outcomes.
"""

from gameroom.scenario.coverage import Coverage, Missed, reached
from gameroom.scenario.event_trace import BadEventError, EventTrace
from gameroom.scenario.failure import Failure, as_text
from gameroom.scenario.run import Done, Outcome, run
from gameroom.scenario.suite import Suite, run_suite, scenarios_of

__all__ = [
    "BadEventError",
    "Coverage",
    "Done",
    "EventTrace",
    "Failure",
    "Missed",
    "Outcome",
    "Suite",
    "as_text",
    "reached",
    "run",
    "run_suite",
    "scenarios_of",
]
