"""What can happen next in an abstract room: actions of people, and events of time.

The effects on people come from the room's own table (`room.lifecycle`). Knows one spot at a time,
no search. The rule it keeps: an event is left out only if it cannot change anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gameroom.chart import ruling
from gameroom.chart.plans import ways
from gameroom.explore import values as explore_values
from gameroom.explore.abstract_room import AbstractRoom, Run, Site, Spot
from gameroom.explore.facets import (
    CHANGES,
    CONNECTED,
    DIVERGED,
    FAILED,
    FLAG,
    LOADED,
    MISSING,
    REFUSED,
    SLOW,
    bits_of,
    blocks,
    conditions,
)
from gameroom.explore.people import SEATS, Sort
from gameroom.explore.values import Tried
from gameroom.model import On, Request, SignalDeclaration, Value
from gameroom.model.paths import walk
from gameroom.room.lifecycle import RULES

BY_PEOPLE = frozenset(
    {"join", "ready", "unready", "loaded", "refused", "configure", "request", "signal"}
)
"""The events by which people move a room on. Leaving, silence and time do not count."""

EVERY_FLAG = sum(FLAG.values())


IN_PLAY = MISSING | FAILED | DIVERGED | SLOW
"""The flags that people can get while engines run."""


CASES = {
    event: tuple((bits_of(case.has), bits_of(case.lacks), case.where) for case in rule.of)
    for event, rule in RULES.items()
}
"""The cases of each event: flags that the person has, flags that the person does not have, and the
state of the chart."""

BY_THEMSELVES = tuple(
    event
    for event, rule in RULES.items()
    if rule.asks is None and event not in ("excuse", "diverged")
)
"""The events of one player that need no permission of the state. The two exceptions are part of
another event, or happen to several players at once."""


class Move(NamedTuple):
    """One event.

    member: the person who causes it; -1 for none, and for a `diverged` without a majority.
    name: that of the request or signal; the team of a join; `excuse` for a return after which the
    engine is compared from scratch. timer: the transition whose timer is due.
    picks: the choices, such as the heir of a role, if there were any.
    """

    verb: str
    member: int = -1
    name: str = ""
    body: tuple[tuple[str, Value], ...] = ()
    timer: int = -1
    picks: tuple[int, ...] = ()


@dataclass(slots=True)
class Here:
    """What follows from the active states alone."""

    live: int
    iterating: bool
    running: bool
    handled: frozenset[str]
    rulings: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)


@dataclass(slots=True)
class PossibleMoves:
    """All events that are possible in a room.

    players, watchers: the most players and spectators. connections: whether connections can be lost
    at any time, or only if a transition waits for that. (A person who is away too long is lost in
    both cases.) repairs: whether the room repairs diverged players.
    """

    world: AbstractRoom
    players: int
    watchers: int
    connections: bool
    bodies: dict[str, explore_values.Bodies]
    settings: dict[str, Tried]
    blockers: dict[int, frozenset[int]]
    requests: frozenset[str]
    repairs: bool
    _here: dict[int, Here] = field(default_factory=dict)
    _steps: dict[tuple[Site, tuple[Value, ...]], tuple[Move, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: AbstractRoom, players: int, *, connections: bool = True) -> PossibleMoves:
        room = world.chart.room
        spectators = room.spectators.high if room.spectators is not None else 0
        asked = [c for _, s in walk(room.root) for t in s.transitions for c in conditions(t)]
        sets = [
            act.value
            for _, state in walk(room.root)
            for block in blocks(state)
            for act in block
            if act.verb == "set" and act.name in world.reads.variables and act.value is not None
        ]
        return cls(
            world,
            players,
            min(spectators, 1) if world.reads.spectators else 0,
            connections,
            bodies=_bodies(world),
            settings=explore_values.settings(room, world.reads.settings, [*asked, *sets]),
            blockers=_blockers(world),
            requests=frozenset(request.name for request in room.requests),
            repairs=any(
                act.verb == "repair"
                for _, state in walk(room.root)
                for block in blocks(state)
                for act in block
            ),
        )

    @property
    def inexact(self) -> tuple[str, ...]:
        """The names of settings, requests and signals whose values were not all tried."""
        names = [name for name, found in self.bodies.items() if not found.exact]
        names += [name for name, found in self.settings.items() if not found.exact]
        return (*names, *(() if self.world.reads.every_generation else ("generation",)))

    # Taking a step

    def take(self, spot: Spot, step: Move, run: Run) -> Spot:
        """Take a step from a spot, and return the next spot. run: contains the people of the spot,
        and is updated."""
        world = self.world
        place = run.members.index(step.member) if step.member >= 0 else -1
        seat = step.member % SEATS - 1
        match step.verb:
            case "timer":
                return world.fired(spot, run, step.timer)
            case "turns":
                turn = dict(step.body)["turn"]
                assert isinstance(turn, int), step
                return world.turned(spot, run, turn)
            case "join":
                seat = self._free_seat(spot)
                kinds = ("player", step.name) if step.name else ("player",)
                self._enter(run, Sort(tuple(sorted(kinds)), CHANGES["join"][0]), seat)
                return world.happen(spot, run, "join", {"seat": max(seat, 0)})
            case "watch":
                self._enter(run, Sort(("spectator",), CHANGES["watch"][0]), -1)
                return world.still(spot, run)
            case "leave":
                player = world.sort_of(step.member).player
                world.vacate(run, place)
                if not player:
                    return world.still(spot, run)
                return world.happen(spot, run, "leave", {"seat": seat})
            case "configure":
                return world.configured(spot, run, dict(step.body), {"seat": seat})
            case "signal":
                return world.happen(spot, run, step.name, {**dict(step.body), "seat": -1})
            case "request":
                body = dict(step.body)
                choice = body.get("choice")
                if isinstance(choice, str):
                    sort = world.sorts.choosing(step.member // SEATS, step.name, choice)
                    run.members[place] = sort * SEATS + step.member % SEATS
                return world.happen(spot, run, step.name, {**body, "seat": seat})
            case "diverged":
                here = [place] if place >= 0 else self._here_of(spot)
                seat = min(run.members[at] % SEATS - 1 for at in here)
                for at in here:
                    run.members[at] = world.flagged(run.members[at], *CHANGES["diverged"])
                return world.happen(spot, run, "diverged", {"seat": seat, "decidable": place >= 0})
            case "cut off":
                here = self._here_of(spot)
                seats = [run.members[at] % SEATS - 1 for at in here]
                for at in here:
                    run.members[at] = world.flagged(run.members[at], *CHANGES["drop"])
                return world.happen_all(spot, run, [("drop", {"seat": seat}) for seat in seats])
            case verb:
                if step.name == "excuse":
                    run.members[place] = world.flagged(run.members[place], *CHANGES["excuse"])
                run.members[place] = world.flagged(run.members[place], *CHANGES[verb])
                if RULES[verb].heard == "never":
                    return world.still(spot, run)
                return world.happen(spot, run, verb, {"seat": seat})

    def _here_of(self, spot: Spot) -> list[int]:
        """Return the indices of the connected players."""
        sorts = [self.world.sort_of(member) for member in spot.members]
        return [at for at, one in enumerate(sorts) if one.player and one.flags & CONNECTED]

    def _enter(self, run: Run, sort: Sort, seat: int) -> None:
        run.members.append(self.world.sorts.number(sort) * SEATS + seat + 1)

    def _free_seat(self, spot: Spot) -> int:
        """Return the lowest free seat if seats are ever read; otherwise -1 for every seat."""
        if not self.world.reads.seats:
            return -1
        taken = {member % SEATS - 1 for member in spot.members}
        return next(seat for seat in range(SEATS) if seat not in taken)

    # The possible steps

    def steps(self, spot: Spot) -> tuple[Move, ...]:
        """Return all events that are possible now and can change anything, in a fixed order. They
        do not depend on variables."""
        key = (spot.site, spot.values[self.world.variables :])
        known = self._steps.get(key)
        if known is None:
            known = self._steps[key] = tuple(self._possible(spot))
        return known

    def _possible(self, spot: Spot) -> Iterator[Move]:
        here = self._look(spot.configuration)
        seen = [member // SEATS * SEATS for member in spot.members]
        stale = list(spot.site.seen) != sorted(seen)
        sorts = [(member, self.world.sort_of(member)) for member in dict.fromkeys(spot.members)]
        yield from self._coming(spot, here)
        for member, sort in sorts:
            if sort.flags & CONNECTED:
                yield from self._prepared(spot, here, member, sort, stale)
        for member, sort in sorts:
            if sort.flags & CONNECTED:
                yield from self._asked(spot, here, member, sort, stale)
        seated = [each for m in spot.members if (each := self.world.sort_of(m)).player]
        count = sum(bool(sort.flags & CONNECTED) for sort in seated)
        yield from self._timed(spot, here, count)
        yield from self._differing(here, sorts, len(seated), count, stale)
        for member, sort in sorts:
            if sort.flags & CONNECTED and self._befalls(here, spot, "leave", sort):
                yield Move("leave", member)
        for member, sort in sorts:
            if sort.player:
                yield from self._wearing(spot, here, member, sort, stale)

    def _coming(self, spot: Spot, here: Here) -> Iterator[Move]:
        room = self.world.chart.room
        sorts = [self.world.sort_of(member) for member in spot.members]
        seated = sum(sort.player for sort in sorts)
        newcomer = Sort(("player",), 0)
        if seated < self.players and self._befalls(here, spot, "join", newcomer):
            if not any(here.live & self.world.reads.facet(f"kind:{t.name}") for t in room.teams):
                yield Move("join")
            else:
                for team in room.teams:
                    if sum(team.name in sort.kinds for sort in sorts) < team.high:
                        yield Move("join", name=team.name)
        watcher = Sort(("spectator",), 0)
        if len(sorts) - seated < self.watchers and self._befalls(here, spot, "watch", watcher):
            yield Move("watch")

    def _prepared(
        self, spot: Spot, here: Here, member: int, sort: Sort, stale: bool
    ) -> Iterator[Move]:
        """Yield changes of readiness, and the engines' answers to the setup."""
        for verb in ("ready", "unready"):
            if self._befalls(here, spot, verb, sort) and self._matters(here, verb, stale):
                yield Move(verb, member)
        for verb, flag in (("loaded", LOADED), ("refused", REFUSED)):
            if self._befalls(here, spot, verb, sort):
                news = here.live & (LOADED | REFUSED) and not sort.flags & flag
                if stale or news or verb in here.handled:
                    yield Move(verb, member)

    def _asked(
        self, spot: Spot, here: Here, member: int, sort: Sort, stale: bool
    ) -> Iterator[Move]:
        """Yield changes of settings, and requests."""
        if self._befalls(here, spot, "configure", sort):
            places = self.world.settings
            for name, tried in self.settings.items():
                if not here.live & self.world.reads.facet(f"value:{name}"):
                    continue
                for value in tried.values:
                    if value != spot.values[places[name]]:
                        yield Move("configure", member, body=((name, value),))
            if stale or "configure" in here.handled:
                yield Move("configure", member)
        for name, found in self.bodies.items():
            if name in self.requests and self._allows(here, spot, name, sort):
                votes = here.live & self.world.reads.facet(f"choice:{name}")
                if stale or votes or name in here.handled:
                    for body in found.bodies:
                        yield Move("request", member, name, body)

    def _timed(self, spot: Spot, here: Here, count: int) -> Iterator[Move]:
        """Yield signals of the engines, and timers. Turns pass only if somebody plays."""
        turning = here.iterating and count > 0
        if turning:
            for name, found in self.bodies.items():
                if name not in self.requests and name in here.handled:
                    for body in found.bodies:
                        yield Move("signal", name=name, body=body)
        for timer in spot.site.timers:
            if self.blockers[timer].isdisjoint(spot.site.timers):
                yield Move("timer", timer=timer)
        if turning:
            for timer in spot.site.turn_timers:
                if self.blockers[timer].isdisjoint(spot.site.turn_timers):
                    yield Move("timer", timer=timer)
            later = [turn for turn in self.world.reads.generations if turn > spot.site.generation]
            if later:
                yield Move("turns", body=(("turn", later[0]),))

    def breaking(self, spot: Spot) -> Iterator[Move]:
        """Yield lost connections, of one player and of all at once. Needed only if `connections` is
        False, because `steps` includes them otherwise."""
        here = self._look(spot.configuration)
        if not self.world.sorts.tells_connected(here.live):
            return
        members = [spot.members[at] for at in self._here_of(spot)]
        if "drop" not in here.handled:
            yield from (Move("drop", member) for member in dict.fromkeys(members))
        if len(members) > 1:
            yield Move("cut off")

    def _differing(
        self,
        here: Here,
        sorts: list[tuple[int, Sort]],
        seated: int,
        count: int,
        stale: bool,
    ) -> Iterator[Move]:
        """Yield divergences: one engine differs from a majority, or there is no majority. A player
        who has reported and left still counts for the majority."""
        if count < 2 or not self._matters(here, "diverged", stale):
            return
        agree = [
            member
            for member, sort in sorts
            if sort.player and sort.flags & CONNECTED and self._is_about(here, "diverged", sort)
        ]
        if seated > 2:
            yield from (Move("diverged", member) for member in agree)
        if agree:
            yield Move("diverged")

    def _wearing(
        self, spot: Spot, here: Here, member: int, sort: Sort, stale: bool
    ) -> Iterator[Move]:
        """Yield silence, lost connections, and engines that fail or agree again."""
        told = self._tells_connected(here)
        for event in BY_THEMSELVES:
            if not self._befalls(here, spot, event, sort):
                continue
            match event:
                case "repaired" if not self.repairs:
                    continue
                case "drop":
                    if told and (self.connections or "drop" in here.handled):
                        yield Move("drop", member)
                case "return":
                    if told:
                        yield Move("return", member, name="excuse" if sort.flags & DIVERGED else "")
                        if sort.flags & DIVERGED and self.repairs:
                            yield Move("return", member)
                case "displace":
                    # It only changes people who are lost or hidden.
                    if sort.flags & CHANGES["displace"][1]:
                        yield Move("displace", member)
                case _:
                    if self._matters(here, event, stale):
                        yield Move(event, member)

    def _befalls(self, here: Here, spot: Spot, event: str, sort: Sort) -> bool:
        """Whether this event can happen to a person of this sort now, according to the flags that
        the sort has."""
        asks = RULES[event].asks
        return self._is_about(here, event, sort) and (
            asks is None or self._allows(here, spot, asks, sort)
        )

    def _is_about(self, here: Here, event: str, sort: Sort) -> bool:
        """Whether a case of the event matches this sort. A flag that is never read is not part of
        the sort, so it can be set or not, if it can be set at all. If `connected` is never read,
        everybody can be connected or away."""
        unknown = EVERY_FLAG & ~here.live & ~CONNECTED
        if not here.running:
            unknown &= ~IN_PLAY
        if event == "lost" and not (self.connections and self._tells_connected(here)):
            unknown |= CONNECTED
        return any(
            not has & ~(sort.flags | unknown)
            and not lacks & sort.flags & ~unknown
            and (where != "running" or here.running)
            and (where != "iterating" or here.iterating)
            and not (event == "lost" and has & DIVERGED and not self.repairs)
            for has, lacks, where in CASES[event]
        )

    def _tells_connected(self, here: Here) -> bool:
        return self.world.sorts.tells_connected(here.live)

    def _matters(self, here: Here, event: str, stale: bool) -> bool:
        """Whether the chart handles the event, or reads the flags that it changes."""
        sets, clears = CHANGES[event]
        return stale or event in here.handled or bool(here.live & (sets | clears))

    # The active states

    def _look(self, configuration: int) -> Here:
        here = self._here.get(configuration)
        if here is None:
            chart = self.world.chart
            running = chart.by_path.get("running")
            handled = frozenset(
                name for name, number in chart.events.items() if ways(chart, configuration, number)
            )
            here = self._here[configuration] = Here(
                live=self.world.reads.at(configuration),
                iterating=bool(configuration & chart.iterating),
                running=running is not None and bool(configuration >> running & 1),
                handled=handled,
            )
        return here

    def allows(self, spot: Spot, name: str, sort: Sort) -> bool:
        """Whether a person of this sort is allowed to do that now."""
        return self._allows(self._look(spot.configuration), spot, name, sort)

    def _allows(self, here: Here, spot: Spot, name: str, sort: Sort) -> bool:
        key = (name, sort.kinds)
        known_ruling = here.rulings.get(key)
        if known_ruling is None:
            snapshot = self.world.snapshot(spot)
            known_ruling = ruling(self.world.chart, snapshot, name, frozenset(sort.kinds))
            here.rulings[key] = known_ruling
        return known_ruling == "allow"


def _bodies(world: AbstractRoom) -> dict[str, explore_values.Bodies]:
    """Return the bodies to try, by request and signal."""
    room, reads = world.chart.room, world.reads
    found = {}
    events: list[Request | SignalDeclaration] = [*room.requests, *room.signals]
    for declared in events:
        asked = [
            asks
            for _, state in walk(room.root)
            for transition in state.transitions
            if transition.trigger == On(declared.name)
            for asks in (
                *conditions(transition),
                *(
                    act.value
                    for act in transition.actions
                    if act.value is not None and act.name in reads.variables
                ),
            )
        ]
        votes = reads.choices.get(declared.name, ())
        found[declared.name] = explore_values.bodies(declared.fields, asked, votes)
    return found


def _blockers(world: AbstractRoom) -> dict[int, frozenset[int]]:
    """Return by timer the timers that are always due before it if both are armed: those of the same
    state or of one around it that start no later and are no longer."""
    chart = world.chart
    timers = [transition for transition in chart.transitions if transition.unit]
    return {
        late.id: frozenset(
            early.id
            for early in timers
            if early.unit == late.unit
            and early.source in (late.source, *chart.states[late.source].ancestors)
            and (early.amount, early.id) < (late.amount, late.id)
        )
        for late in timers
    }
