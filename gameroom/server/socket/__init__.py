"""One WebSocket: its hello, its requests, its events, and its budget.

Knows frames and the runner of the room, but no rule of any room. The rule it keeps: frames are
processed in order, nothing is processed after a close, and silence is limited.
"""
