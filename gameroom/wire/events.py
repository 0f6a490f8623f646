"""What an event is called on the wire, where it lives in the tree, and its body's type.

Knows no bytes. The one table from which both sides and the published documents read.
"""

from __future__ import annotations

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

BODIES: dict[str, type[Body]] = {
    "turn": MasterPacket,
    "roster": Roster,
    "setup": Setup,
    "chart": Moves,
    "refused": Refused,
    "failed": Failed,
    "diverged": Diverged,
    "repair": Repair,
    "verified": Verified,
    "chat": Chat,
    "announcement": Announcement,
    "ended": Ended,
}

_NAMES = {type_: name for name, type_ in BODIES.items()}


def event_name(body: Body) -> str:
    return _NAMES[type(body)]


def event_path(body: Body) -> str:
    """The resource that the event is news of, relative to the room."""
    match body:
        case MasterPacket(generation=generation):
            return f"/turns/{generation}"
        case Roster():
            return "/players"
        case Setup():
            return "/setup"
        case Moves():
            return "/chart"
        case Refused(seat=seat):
            return f"/players/{seat}/engine"
        case Failed(seat=seat):
            return f"/players/{seat}/failure"
        case Diverged(generation=generation):
            return f"/turns/{generation}/checksum"
        case Repair(generation=generation):
            return f"/turns/{generation}/repair"
        case Verified(generation=generation):
            return f"/snapshots/{generation}"
        case Chat():
            return "/chat"
        case Announcement():
            return "/announcements"
        case Ended():
            return "/"
