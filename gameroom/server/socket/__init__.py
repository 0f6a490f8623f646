"""The WebSocket: RFC 6455 in bytes, the dispatch of its frames, one connection's life.

Knows frames and the host's runner; no rule of any room. The rule it keeps: frames are taken in
their order, nothing is acted on after a close, and silence has its limits.
"""
