"""Many players, one order of events: packets, roster, turns, pace, checksums.

Knows no chart, no wire and no clock: `now` is an argument in milliseconds, and what a command may
do is asked of the caller. The rule it keeps: everybody is told the same turns in the same order.
"""
