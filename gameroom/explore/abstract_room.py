"""An abstract room: the state of the chart, and how many people of each sort there are.

It passes an event to the same step function that the server uses, and does what the room does
around it: it changes flags before (`room.lifecycle`), and applies drops, readiness, roles and
closed ballots after. People with the same properties are of the same sort (`people`) and
interchangeable, so their tuple is sorted. Time is not a number: each armed timer that can be the
first to fire is tried. The rule it keeps: a `Spot` contains everything that can make a difference
later, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gameroom.chart import (
    Chart,
    ChartEvent,
    ChartSnapshot,
    Did,
    Effect,
    Person,
    TransitionTaken,
    advance,
    begin,
    step,
)
from gameroom.chart.tables import NONE, bits
from gameroom.explore.facets import CHANGES, CONNECTED, DIVERGED, Reads
from gameroom.explore.people import SEATS, Members, Sort, Sorts
from gameroom.model import Value, policies

UNREADY, EXCUSE = CHANGES["unready"], CHANGES["excuse"]

FAR = 1 << 50
"""The due time of a timer that does not fire now."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """The state of the chart, and the people: a snapshot with sorts of people, without times and
    values. An AbstractRoom has each site once, so equal sites are identical.

    timers, turn_timers: the transitions whose timers are armed. seen: the people as the chart
    knows them. members: the people as they are.
    """

    configuration: int
    history: tuple[int, ...]
    timers: tuple[int, ...]
    turn_timers: tuple[int, ...]
    held: int
    erred: int
    generation: int
    status: str
    seen: Members
    members: Members


class Spot(NamedTuple):
    """An abstract configuration: a site, and the values of variables and settings. After an end or
    a fault there are no values."""

    site: Site
    values: tuple[Value, ...]

    @property
    def configuration(self) -> int:
        return self.site.configuration

    @property
    def status(self) -> str:
        return self.site.status

    @property
    def members(self) -> Members:
        return self.site.members


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer that fired: the number of its transition, and the people at that moment."""

    timer: int
    people: tuple[Person, ...]


@dataclass(slots=True)
class Run:
    """One event that is being handled.

    names: those of `members`, for a story; otherwise None.
    picks: which of several choices to take, such as the heir of a role. forks: how many options
    each choice had. moved: the transitions taken. fed: everything that the chart got, in order.
    """

    members: list[int]
    names: list[str] | None = None
    picks: tuple[int, ...] = ()
    forks: list[int] = field(default_factory=list)
    moved: list[TransitionTaken] = field(default_factory=list)
    fed: list[ChartEvent | Fired] = field(default_factory=list)

    def remove(self, place: int) -> None:
        del self.members[place]
        if self.names is not None:
            del self.names[place]


@dataclass(slots=True)
class AbstractRoom:
    """The chart, its facets, and the step function on spots.

    slots: see `_slots`. variables: how many there are. settings: their indices in the values of a
    spot, by name. plain: the initial values.
    """

    chart: Chart
    reads: Reads
    sorts: Sorts
    slots: tuple[tuple[int, int], ...]
    variables: int
    settings: Mapping[str, int]
    plain: tuple[Value, ...]
    _dead: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _heirs: dict[tuple[Members, str], tuple[int, ...]] = field(default_factory=dict)
    _sites: dict[tuple[Any, ...], Site] = field(default_factory=dict)

    @classmethod
    def of(cls, chart: Chart, reads: Reads) -> AbstractRoom:
        return cls(
            chart,
            reads,
            Sorts(reads),
            slots=tuple(_slots(chart)),
            variables=len(chart.variables),
            settings={name: len(chart.variables) + at for name, at in chart.settings.items()},
            plain=chart.data + chart.defaults,
        )

    # People

    def sort_of(self, member: int) -> Sort:
        return self.sorts.sorts[member // SEATS]

    def facts(self, members: Sequence[int]) -> tuple[Person, ...]:
        return self.sorts.crowd(tuple(members))

    def flagged(self, member: int, on: int, off: int = 0) -> int:
        sort, seat = divmod(member, SEATS)
        return self.sorts.flagged(sort, on, off) * SEATS + seat

    # Moving

    def begin(self) -> tuple[Spot, Run]:
        """Return the room that has just begun, without people."""
        run = Run([], names=[])
        snapshot, effects = begin(self.chart)
        return self._settle(run, self._follow(run, snapshot, effects, deque())), run

    def happen(self, spot: Spot, run: Run, name: str, fields: Mapping[str, Value]) -> Spot:
        """Handle an event. The change of people that it causes is already in `run`."""
        return self.happen_all(spot, run, [(name, fields)])

    def happen_all(
        self, spot: Spot, run: Run, events: Iterable[tuple[str, Mapping[str, Value]]]
    ) -> Spot:
        """Handle several events, after all of their changes of people."""
        return self._settle(run, self._follow(run, self.snapshot(spot), (), deque(events)))

    def configured(
        self, spot: Spot, run: Run, settings: Mapping[str, Value], fields: Mapping[str, Value]
    ) -> Spot:
        """Handle a change of settings."""
        snapshot = self.snapshot(spot)
        event = ChartEvent(
            "configure", 0, spot.site.generation, fields, self.facts(run.members), settings
        )
        run.fed.append(event)
        snapshot, effects = step(self.chart, snapshot, event)
        return self._settle(run, self._follow(run, snapshot, effects, deque()))

    def fired(self, spot: Spot, run: Run, timer: int) -> Spot:
        """Let one armed timer fire, and no other."""
        snapshot = self.snapshot(spot, due=timer)
        people = self.facts(run.members)
        run.fed.append(Fired(timer, people))
        snapshot, effects = advance(self.chart, snapshot, 0, spot.site.generation, people=people)
        return self._settle(run, self._follow(run, snapshot, effects, deque()))

    def still(self, spot: Spot, run: Run) -> Spot:
        """Change people only. The chart learns of it with the next event."""
        return self._settle(run, self.snapshot(spot))

    def turned(self, spot: Spot, run: Run, generation: int) -> Spot:
        """Let turns pass up to this generation. No timer is due."""
        snapshot = self.snapshot(spot)
        snapshot, effects = advance(self.chart, snapshot, 0, generation)
        return self._settle(run, self._follow(run, snapshot, effects, deque()))

    def snapshot(self, spot: Spot, due: int = -1) -> ChartSnapshot:
        """Return the chart's snapshot. due: the transition whose timer is due."""
        site, values, now = spot.site, spot.values, 0
        return ChartSnapshot(
            site.configuration,
            site.history,
            values[: self.variables],
            values[self.variables :],
            self.facts(site.seen),
            tuple([(t, now if t == due else FAR) for t in site.timers]),
            tuple([(t, site.generation if t == due else FAR) for t in site.turn_timers]),
            site.held,
            site.erred,
            now,
            site.generation,
            site.status,  # type: ignore[arg-type] # it comes from a snapshot
        )

    def _follow(
        self,
        run: Run,
        snapshot: ChartSnapshot,
        effects: Sequence[Effect],
        pending: deque[tuple[str, Mapping[str, Value]]],
    ) -> ChartSnapshot:
        """Carry out the actions of the chart and handle the events that follow, as
        `ChartDriver.run` does. The event without a name passes the changed people to the chart."""
        done = False
        while True:
            dids: list[Did] = []
            for effect in effects:
                if isinstance(effect, TransitionTaken):
                    run.moved.append(effect)
                elif isinstance(effect, Did):
                    dids.append(effect)
            for did in dids:
                self._do(run, did, pending)
            done = done or bool(dids)
            if snapshot.status != "live" or not (pending or done):
                return snapshot
            if not pending:
                done = False
                pending.append(("", {}))
            name, fields = pending.popleft()
            event = ChartEvent(name, 0, snapshot.generation, fields, self.facts(run.members))
            run.fed.append(event)
            snapshot, effects = step(self.chart, snapshot, event)

    def _do(self, run: Run, did: Did, pending: deque[tuple[str, Mapping[str, Value]]]) -> None:
        match did.verb:
            case "drop":
                self._drop(run, did.name, pending)
            case "unready":
                sorts = self.sorts
                for place, member in enumerate(run.members):
                    if sorts.meant_by(member // SEATS, did.name):
                        run.members[place] = self.flagged(member, *UNREADY)
            case "pass":
                self._pass(run, did.name)
            case "repair":
                self._repair(run, pending)
            case "close":
                run.members[:] = [
                    self.sorts.choosing(member // SEATS, did.name, None) * SEATS + member % SEATS
                    for member in run.members
                ]

    def _drop(self, run: Run, flag: str, pending: deque[tuple[str, Mapping[str, Value]]]) -> None:
        for place in range(len(run.members) - 1, -1, -1):
            sort = self.sort_of(run.members[place])
            if sort.player and flag in self.sorts.people[run.members[place] // SEATS].flags:
                pending.append(("leave", {"seat": run.members[place] % SEATS - 1}))
                self.vacate(run, place)

    def _repair(self, run: Run, pending: deque[tuple[str, Mapping[str, Value]]]) -> None:
        """Repair the diverged players, or drop them because they were repaired too often. The
        number of repairs is not part of a spot, so both are tried if the room allows repairs."""
        ways = 2 if policies.number(self.chart.room, "divergence", "repairs") else 1
        for place in range(len(run.members) - 1, -1, -1):
            sort = self.sort_of(run.members[place])
            if sort.player and sort.flags & DIVERGED and self._pick(run, ways) == ways - 1:
                pending.append(("leave", {"seat": run.members[place] % SEATS - 1}))
                self.vacate(run, place)

    def _pick(self, run: Run, ways: int) -> int:
        """Return the number of the option that this run takes, out of `ways`."""
        if ways == 1:
            return 0
        pick = run.picks[len(run.forks)] if len(run.forks) < len(run.picks) else 0
        run.forks.append(ways)
        return pick

    def vacate(self, run: Run, place: int) -> None:
        """Remove a person. If only one player is left, that player no longer counts as diverged."""
        run.remove(place)
        players = [at for at, one in enumerate(run.members) if self.sort_of(one).player]
        if len(players) == 1:
            run.members[players[0]] = self.flagged(run.members[players[0]], *EXCUSE)

    def _pass(self, run: Run, role: str) -> None:
        """Pass a role. The room gives it to the player who has been there for longest, connected
        players first. That order is not part of a spot, so one player of each sort is tried."""
        key = (tuple(run.members), role)
        heirs = self._heirs.get(key)
        if heirs is None:
            heirs = self._heirs[key] = self._inheriting(*key)
        if not heirs:
            return
        place = heirs[self._pick(run, len(heirs))]
        sort, seat = divmod(run.members[place], SEATS)
        run.members[place] = self.sorts.holding(sort, role) * SEATS + seat

    def _inheriting(self, members: Members, role: str) -> tuple[int, ...]:
        """Return the indices of the players who can get the role, one of each sort. None if a
        player has it."""
        of = next(declared.of for declared in self.chart.room.roles if declared.name == role)
        sorts = [self.sort_of(member) for member in members]
        able = [at for at, sort in enumerate(sorts) if of in sort.kinds and sort.player]
        if any(role in sorts[at].kinds for at in able):
            return ()
        here = [at for at in able if sorts[at].flags & CONNECTED] or able
        return tuple(at for _, at in sorted({members[at]: at for at in reversed(here)}.items()))

    # Forgetting

    def _settle(self, run: Run, snapshot: ChartSnapshot) -> Spot:
        """Return the spot after a run: remove everything that is never read, and sort the
        people."""
        configuration = snapshot.configuration
        if snapshot.status != "live":
            run.members.clear()
            if run.names is not None:
                run.names.clear()
            empty = (0,) * len(snapshot.history)
            return Spot(
                self._site(configuration, empty, (), (), 0, 0, 0, snapshot.status, (), ()), ()
            )
        live = self.reads.at(configuration)
        sorts = self.sorts
        if run.names is not None:
            plain = [sorts.plain_member(member, live) for member in run.members]
            run.names[:] = [
                run.names[at] for at in sorted(range(len(plain)), key=plain.__getitem__)
            ]
        members = sorts.plain_members(tuple(run.members), live)
        run.members[:] = members
        history = snapshot.history
        for slot, holder in self.slots:
            if history[slot] and (
                (holder >= 0 and configuration >> holder & 1)
                or not live & self.reads.facet(f"slot:{slot}")
            ):
                history = (*history[:slot], 0, *history[slot + 1 :])
        site = self._site(
            configuration,
            history,
            tuple([timer for timer, _ in snapshot.timers]),
            tuple([timer for timer, _ in snapshot.turn_timers]),
            snapshot.held,
            snapshot.erred,
            snapshot.generation if self.reads.generations else 0,
            "live",
            sorts.plain_members(sorts.members(snapshot.people), live),
            members,
        )
        return Spot(site, self._kept(snapshot.data + snapshot.settings, live))

    def _site(self, *said: Any) -> Site:
        """Return the only site with these fields."""
        found = self._sites.get(said)
        if found is None:
            found = self._sites[said] = Site(*said)
        return found

    def _kept(self, values: tuple[Value, ...], live: int) -> tuple[Value, ...]:
        """Reset the values that are never read again to their initial values."""
        dead = self.unread(live)
        if not dead:
            return values
        kept = list(values)
        for at in dead:
            kept[at] = self.plain[at]
        return tuple(kept)

    def unread(self, live: int) -> tuple[int, ...]:
        """Return the indices of the values that are never read again. live: the facets that can
        still be read."""
        if (dead := self._dead.get(live)) is None:
            facet = self.reads.facet
            names = (*self.chart.variables, *self.chart.settings)
            dead = tuple(at for at, name in enumerate(names) if not live & facet(f"value:{name}"))
            self._dead[live] = dead
        return dead


def _slots(chart: Chart) -> list[tuple[int, int]]:
    """Return (slot, parent) of every history. The parent is NONE if a transition inside the parent
    leads to the history. Otherwise the record cannot be read while the parent is active: leaving
    the parent overwrites it first."""
    found = []
    for history in chart.states:
        if history.kind != "history":
            continue
        parent = chart.states[history.parent]
        sources = [t.source for t in chart.transitions if t.target == history.id]
        inside = any(source in (parent.id, *bits(parent.below)) for source in sources)
        found.append((history.slot, NONE if inside else parent.id))
    return found
