"""What every room knows without declaring it: doings, events, people, flags, counters.

One table for the checker, the documentation and whoever raises the events. Names that a
room declares may not repeat these.
"""

from __future__ import annotations

from gameroom.model.types import BoolType, Field, IntType

SEAT = Field("seat", IntType(-1, 1023), "The seat of the person, -1 where there is none.")

DOINGS: dict[str, str] = {
    "join": "take a seat as a player",
    "watch": "come in as a spectator",
    "leave": "give up the place for good",
    "configure": "change settings",
    "ready": "commit readiness, or take it back",
    "load": "report that the engine has loaded the setup, or refuses it",
    "chat": "say a line to everyone",
}
"""What people do without a command or a request; permissions name it."""

EVENTS: dict[str, str] = {
    "join": "a player took a seat",
    "leave": "a player gave up the seat, or was dropped",
    "drop": "a player's connection is gone",
    "return": "a player's connection is back",
    "hide": "a player's page is not seen any more: nobody waits when its packets stop",
    "show": "a player's page is seen again",
    "slow": "a player's line or engine is what makes the turns longer than the others need",
    "steady": "a slow player has kept up with the others for a while, or is gone",
    "lag": "a player has been silent for `lag pause after` while turns run",
    "recover": "a missing player is heard again, or one whose engine had failed plays again",
    "lost": "a player stayed missing for `lag drop after`, or away, hidden and silent, or with a"
    " failed engine for `reconnect grace`",
    "configure": "a setting was changed",
    "ready": "a player is ready",
    "unready": "a player took readiness back",
    "loaded": "a player's engine has loaded the setup",
    "refused": "a player's engine refuses the setup",
    "diverged": "the checksums of a generation differ",
    "repaired": "a diverged player's engine agrees with the others again",
    "failed": "a player's engine cannot go on: nobody waits for its packets",
    "error": "a guard or an action had no value, such as a division by zero",
}
"""What the room itself raises."""

EVENT_FIELDS: tuple[Field, ...] = (SEAT,)
"""Fields of every event of a person; `error` and `done` have none."""

WITHOUT_FIELDS = frozenset({"error"})

MORE_FIELDS: dict[str, tuple[Field, ...]] = {
    "diverged": (Field("decidable", BoolType(), "Had more than half the same checksum?"),),
}
"""What some events say beside the seat."""

PEOPLE: dict[str, str] = {
    "player": "whoever has a seat",
    "spectator": "whoever watches",
    "anyone": "players and spectators",
    "present": "players who are connected and not missing",
}
"""Kinds of people, beside the roles and teams of the room."""

FLAGS: dict[str, str] = {
    "connected": "a socket is open",
    "ready": "readiness is committed",
    "loaded": "the engine has loaded the setup",
    "refused": "the engine refuses the setup",
    "hidden": "the page is not seen: nobody waits when its packets stop",
    "slow": "the line or the engine is what makes the turns longer",
    "missing": "silent for `lag pause after` while turns run",
    "lost": "missing, away or failed for so long that the seat may be taken",
    "diverged": "the engine's checksum differs from the majority's, or from another's where"
    " there is no majority",
    "failed": "the engine cannot go on: nobody waits for its packets",
}
"""What the server knows of a person."""

REPAIRABLE = "diverged"
"""The flag that `repair` may name."""

COUNTERS: dict[str, str] = {
    "players": "players seated, connected or not",
    "spectators": "people who watch",
    "players_min": "the least number of players",
    "players_max": "the number of seats",
    "generation": "the last closed turn",
}
"""Whole numbers that expressions may read."""

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
"""What every object of JavaScript has by itself. In an object that maps names to values there is
something by such a name that nobody put there, or what is put there is lost; so no declared
name may be one of these. What people say (their names, texts, choices) is never a name."""
