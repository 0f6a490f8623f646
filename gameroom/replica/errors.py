"""Why a replica cannot go on over the connection it has."""

from __future__ import annotations


class GapError(Exception):
    """An event is missing: connect again, from the last seq."""


class RepairError(GapError):
    """The engine differs from the majority's: it begins again, over a new connection, from
    the first event on."""


class SnapshotError(GapError):
    """The engine cannot go on from the snapshot it was given: it begins again, over a new
    connection, with every event."""
