"""The names that every room has without declaring them: actions, events, people, flags, counters.

One table for the checker, the documentation and the room, which raises the events. A room cannot
declare any of these names again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, get_type_hints

from gameroom.model.types import BoolType, Field, IntType

SEAT = Field("seat", IntType(-1, 1023), "The seat of the person, -1 where there is none.")

DOINGS: dict[str, str] = {
    "join": "take a seat as a player",
    "watch": "come in as a spectator",
    "leave": "leave the room for good",
    "configure": "change settings",
    "ready": "say that you are ready, or that you no longer are",
    "load": "report that the engine has loaded the setup or refuses it",
    "chat": "say something to everybody",
}
"""The built-in actions of people: neither commands nor requests. Permissions can name them."""

EVENTS: dict[str, str] = {
    "join": "a player took a seat",
    "leave": "a player gave up the seat or was dropped",
    "drop": "a player lost the connection",
    "return": "a player is connected again",
    "hide": "a player's page is hidden; nobody waits if its packets stop",
    "show": "a player's page is visible again",
    "slow": "a player's connection or engine makes the turns longer than the others need",
    "steady": "a slow player has kept up with the others for a while, or is gone",
    "lag": "a player has been silent for longer than the policy `lag pause after` while turns"
    " advance",
    "recover": "a missing player sends packets again, or a player's failed engine works again",
    "lost": "a player stayed missing for `lag drop after`; or, for `reconnect grace`, was"
    " disconnected, was hidden and silent, or had no working engine",
    "configure": "a setting was changed",
    "ready": "a player is ready",
    "unready": "a player is no longer ready",
    "loaded": "a player's engine has loaded the setup",
    "refused": "a player's engine refuses the setup",
    "diverged": "the checksums of a generation differ",
    "repaired": "a diverged player's engine agrees with the others again",
    "failed": "a player's engine can't continue; nobody waits for its packets",
    "error": "the value of a condition or an action could not be computed, for example because of"
    " a division by zero",
}
"""The events that the room raises."""

EVENT_FIELDS: tuple[Field, ...] = (SEAT,)
"""The fields of every event of a person. `error` and `done` have none."""

WITHOUT_FIELDS = frozenset({"error"})

MORE_FIELDS: dict[str, tuple[Field, ...]] = {
    "diverged": (Field("decidable", BoolType(), "Had more than half the same checksum?"),),
}
"""Fields that some events have in addition to the seat."""

PEOPLE: dict[str, str] = {
    "player": "people with a seat",
    "spectator": "people who watch",
    "anyone": "players and spectators",
    "present": "players who are connected and not missing",
}
"""Groups of people, in addition to the roles and teams of the room."""


@dataclass(slots=True, kw_only=True)
class Flags:
    """The flags of a person: one field for each, with its description."""

    connected: Annotated[bool, "the person has an open connection"] = False
    ready: Annotated[bool, "the person is ready"] = False
    loaded: Annotated[bool, "the engine has loaded the setup"] = False
    refused: Annotated[bool, "the engine refuses the setup"] = False
    hidden: Annotated[bool, "the page is hidden; nobody waits if its packets stop"] = False
    slow: Annotated[bool, "the connection or the engine makes the turns longer"] = False
    missing: Annotated[
        bool, "silent for longer than the policy `lag pause after` while turns advance"
    ] = False
    lost: Annotated[
        bool, "missing, disconnected or failed long enough that the seat may be taken away"
    ] = False
    diverged: Annotated[
        bool,
        "the engine's checksum differs from the majority's, or from another one if there is no"
        " majority",
    ] = False
    failed: Annotated[bool, "the engine can't continue; nobody waits for its packets"] = False


FLAGS: dict[str, str] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Flags, include_extras=True).items()
}
"""The description of every flag."""

REPAIRABLE = "diverged"
"""The flag that `repair` can name."""

COUNTERS: dict[str, str] = {
    "players": "players with a seat, connected or not",
    "spectators": "people who watch",
    "players_min": "the minimum number of players",
    "players_max": "the number of seats",
    "generation": "the number of the last closed turn",
}
"""Whole numbers that expressions can read."""

INHERITED = frozenset(
    {
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    }
)
"""The properties that every JavaScript object inherits. They cannot be declared: in an object that
maps names to values, such a key exists before it is set, or setting it has no effect. Text from
people (their names, texts, choices) is never used as a key."""
