"""Rooms without a server: scenarios on the real room under a clock that is a number.

It knows no socket, no disk and no clock. The rule it keeps: equal files give equal
outcomes, to the last letter.
"""

from gameroom.sim.coverage import Coverage, Missed, reached
from gameroom.sim.event_trace import BadEventError, EventTrace
from gameroom.sim.scenario import Done, Outcome, run
from gameroom.sim.scenario_story import Failure, as_text
from gameroom.sim.scenario_suite import Suite, chart_of, run_suite, scenarios_of

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
    "chart_of",
    "reached",
    "run",
    "run_suite",
    "scenarios_of",
]
