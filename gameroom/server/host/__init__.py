"""The rooms of a server: one runner per room, their stores, and their recovery.

Knows effects, stores and the worker process. Runners know sockets only as `OpenSocket`. The rule it
keeps: an event is stored before it is sent.
"""
