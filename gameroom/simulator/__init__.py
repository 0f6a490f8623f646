"""Worlds: whole rooms with their people, network, disk and crashes, from a seed.

The core is the real one, and so are the replicas, the codecs and the journal's bytes; the network,
the clock and the disk are numbers. It knows what must hold (docs/simulator.md) and nothing of how a
room does it. The rule it keeps: the same seed is the same run.
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
