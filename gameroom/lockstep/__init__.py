"""Many players, one order of events: packets, roster, turns, pace, checksums.

Knows no chart, no wire and no clock: `now` is an argument in milliseconds, and the caller decides
which commands are allowed. The rule it keeps: every client receives the same turns in the same
order.
"""
