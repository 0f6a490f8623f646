"""One socket: its hello, what it asks, what it is told, and what that may cost.

Knows frames and the host's runner; no rule of any room. The rule it keeps: frames are taken in
their order, nothing is acted on after a close, and silence has its limits.
"""
