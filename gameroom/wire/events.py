"""The table of events: the name on the wire, the path and the type of the body.

Knows no bytes. Both sides of the wire and the published documents use this table. To add an event,
begin here; the type of its body is in `lockstep.packets`.
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
"""The only private event. It has no seq and is not in the journal."""


@dataclass(frozen=True, slots=True)
class EventKind:
    """One row of the table.

    path: the resource that the event is about, relative to the room, with a field of the body in
    braces. doc: the meaning of the event.
    """

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
"""All events of a room. The private event REJECTED is not one of them."""

BODIES: dict[str, type[Body]] = {kind.name: kind.body for kind in EVENTS}

_NAMES = {kind.body: kind.name for kind in EVENTS}
_PATHS = {kind.body: tuple(re.split(r"[{}]", kind.path)) for kind in EVENTS}
"""The parts of the path: the text before the field, the field's name, the text after it."""


def event_name(body: Body) -> str:
    return _NAMES[type(body)]


def event_path(body: Body) -> str:
    """Return the resource that the event is about, relative to the room."""
    before, *rest = _PATHS[type(body)]
    return f"{before}{getattr(body, rest[0])}{rest[1]}" if rest else before
