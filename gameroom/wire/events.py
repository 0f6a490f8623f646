"""What an event is called on the wire, where it lives in the tree, and its body's type.

Knows no bytes. Every event has a row in this table, which both sides and the published documents
read. A new event begins here, and the type of its body is in `lockstep.packets`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gameroom.lockstep.packets import (
    Announcement,
    Body,
    Chat,
    Diverged,
    Ended,
    Failed,
    MasterPacket,
    Moves,
    Refused,
    Repair,
    Roster,
    Setup,
    Verified,
)

REJECTED = "rejected"
"""The one private event: it has no seq and is not in the journal."""


@dataclass(frozen=True, slots=True)
class EventKind:
    """path: the resource that the event is about, relative to the room; a field of the body stands
    in braces. doc: what the event means."""

    name: str
    path: str
    body: type[Body]
    doc: str


EVENTS: tuple[EventKind, ...] = (
    EventKind("turn", "/turns/{generation}", MasterPacket, "A generation is closed. Play it."),
    EventKind("roster", "/players", Roster, "Somebody joined, left or changed."),
    EventKind("setup", "/setup", Setup, "The settings changed. The body contains all of them."),
    EventKind("chart", "/chart", Moves, "The chart changed its state between two turns."),
    EventKind("refused", "/players/{seat}/engine", Refused, "An engine refused the setup."),
    EventKind("failed", "/players/{seat}/failure", Failed, "An engine failed and cannot continue."),
    EventKind(
        "diverged", "/turns/{generation}/checksum", Diverged, "The checksums of the engines differ."
    ),
    EventKind(
        "repair",
        "/turns/{generation}/repair",
        Repair,
        "These engines start again from the first turn.",
    ),
    EventKind(
        "verified",
        "/snapshots/{generation}",
        Verified,
        "More than half of the players have this state. `seat` is asked to send it.",
    ),
    EventKind("chat", "/chat", Chat, "Somebody sent a line of chat."),
    EventKind("announcement", "/announcements", Announcement, "The room announces a sentence."),
    EventKind("ended", "/", Ended, "The room has ended. No event follows."),
)
"""Everything that a socket receives without a request."""

BODIES: dict[str, type[Body]] = {kind.name: kind.body for kind in EVENTS}

_NAMES = {kind.body: kind.name for kind in EVENTS}
_PATHS = {kind.body: tuple(re.split(r"[{}]", kind.path)) for kind in EVENTS}
"""The path in pieces: what is before the field, its name, and what is after it."""


def event_name(body: Body) -> str:
    return _NAMES[type(body)]


def event_path(body: Body) -> str:
    """The resource that the event is about, relative to the room."""
    before, *rest = _PATHS[type(body)]
    return f"{before}{getattr(body, rest[0])}{rest[1]}" if rest else before
