"""Simulates whole rooms with their people, network, disk and crashes, from a seed.

The core, the replicas, the codecs and the journal's bytes are real. The network, the clock and the
disk are simulated. It knows the invariants (docs/simulator.md), but not how a room implements them.
The rule it keeps: the same seed gives the same run.
"""

from gameroom.simulator.invariants import INVARIANTS, BrokenError
from gameroom.simulator.report import as_json, as_text, summary
from gameroom.simulator.run import RunOutcome, RunPlan, simulate
from gameroom.simulator.weather import WEATHERS, Weather

__all__ = [
    "INVARIANTS",
    "WEATHERS",
    "BrokenError",
    "RunOutcome",
    "RunPlan",
    "Weather",
    "as_json",
    "as_text",
    "simulate",
    "summary",
]
