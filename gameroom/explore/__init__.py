"""Finds all reachable behaviour of a room file before anybody plays it.

Knows the chart, the language's diagnostics and abstract people; no server and no clock. The rule it
keeps: anything that it calls impossible is impossible in the real room, and each finding has the
shortest story that leads to it.
"""

from gameroom.explore.run import explore

__all__ = ["explore"]
