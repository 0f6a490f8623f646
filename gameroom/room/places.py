"""Decides on a join: a seat, a place as a spectator, or a refusal.

Knows the people and what the chart allows; changes neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.lockstep.problem import Problem
from gameroom.room.chart_driver import ChartDriver
from gameroom.room.inputs import Join
from gameroom.room.lifecycle import Lifecycle
from gameroom.room.people import People
from gameroom.texts import Unfit, clean_name

PLAYER = frozenset(("player",))
SPECTATOR = frozenset(("spectator",))


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a new person. seat: None for a spectator."""

    name: str
    seat: int | None
    team: str | None


def place_for(
    wish: Join, people: People, chart_driver: ChartDriver, lifecycle: Lifecycle
) -> Place | Problem:
    """Return a seat if one is free and the state allows `join`, or else a place as a spectator if
    the state allows `watch`. Otherwise return the refusal."""
    name = clean_name(wish.name)
    if isinstance(name, Unfit):
        return Problem(422, "bad_name", name.why)
    seat = None if wish.spectate else people.free_seat()
    if seat is None or not lifecycle.allows("join", PLAYER):
        return _to_watch(name, people, chart_driver, lifecycle)
    team = people.team_for(wish.team)
    if people.file.teams and team is None:
        return Problem(409, "team_full", "That team is full.")
    return Place(name, seat, team)


def _to_watch(
    name: str, people: People, chart_driver: ChartDriver, lifecycle: Lifecycle
) -> Place | Problem:
    if not lifecycle.allows("watch", SPECTATOR):
        return chart_driver.forbidden(
            "watch", SPECTATOR, "Nobody can join this room now.", is_in=False
        )
    if people.watching_is_full():
        return Problem(
            409, "room_full", "This room is full: there is no free seat and no free place to watch."
        )
    return Place(name, None, None)
