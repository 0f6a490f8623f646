"""All reachable behaviour of a room file, found before anybody plays it.

Knows the chart, the language's diagnostics and abstract people; no server and no clock. The rule
it keeps: what it calls impossible is impossible in the real room, and each finding is told with the
shortest way to it.
"""

from gameroom.explore.run import explore

__all__ = ["explore"]
