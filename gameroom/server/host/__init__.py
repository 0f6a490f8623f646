"""The rooms of a server: one runner each, their stores, and how they come back.

Knows effects, stores and the worker process; sockets are what a runner tells. The rule it keeps:
what was not stored is not told.
"""
