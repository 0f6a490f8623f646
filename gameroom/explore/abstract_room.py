"""One abstract room: where the chart is, and how many people of which sort are there.

It takes an event through the very step function that the server runs, and does what the
room does around it: people's flags before (`room.lifecycle`); drops, readiness, roles and closed
ballots after. People are interchangeable, so their tuple is sorted;
time is no number: whichever armed timer may be the first to fire, fires.
The rule it keeps: a `Spot` holds all that can make a difference later, and nothing else.
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
"""When a timer is due that does not fire now."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where the chart is and who is there: a snapshot in which people are sorts and time is
    nothing, without its values. A world holds each site once, so that equal ones are the same.

    timers: the transitions whose timers are armed. seen: the people as the chart knows
    them, members: as they are.
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
    """An abstract configuration: a site, and the variables and settings. At an end and after
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
    """The timer of a transition, with the people of that moment."""

    timer: int
    people: tuple[Person, ...]


@dataclass(slots=True)
class Run:
    """One event under way. `names` are those of `members`, where somebody wants to know.

    picks: which heir to choose where a role may go to several; `forks` says between how
    many each choice was. fed: everything that the chart took, in order.
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
    """The chart, its reads, and what follows from an event.

    slots: see `_slots`. variables: how many there are. settings: their places among the
    values of a spot. plain: the values at first.
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
        """The room that has just begun, with nobody in it."""
        run = Run([], names=[])
        snapshot, effects = begin(self.chart)
        return self._settle(run, self._follow(run, snapshot, effects, deque())), run

    def happen(self, spot: Spot, run: Run, name: str, fields: Mapping[str, Value]) -> Spot:
        """An event happens; the change of people that it comes with is already in `run`."""
        return self.happen_all(spot, run, [(name, fields)])

    def happen_all(
        self, spot: Spot, run: Run, events: Iterable[tuple[str, Mapping[str, Value]]]
    ) -> Spot:
        """The same for several events, after all of their changes."""
        return self._settle(run, self._follow(run, self.snapshot(spot), (), deque(events)))

    def configured(
        self, spot: Spot, run: Run, settings: Mapping[str, Value], fields: Mapping[str, Value]
    ) -> Spot:
        """The same for a change of settings."""
        snapshot = self.snapshot(spot)
        event = ChartEvent(
            "configure", 0, spot.site.generation, fields, self.facts(run.members), settings
        )
        run.fed.append(event)
        snapshot, effects = step(self.chart, snapshot, event)
        return self._settle(run, self._follow(run, snapshot, effects, deque()))

    def fired(self, spot: Spot, run: Run, timer: int) -> Spot:
        """One armed timer is due, and no other."""
        snapshot = self.snapshot(spot, due=timer)
        people = self.facts(run.members)
        run.fed.append(Fired(timer, people))
        snapshot, effects = advance(self.chart, snapshot, 0, spot.site.generation, people=people)
        return self._settle(run, self._follow(run, snapshot, effects, deque()))

    def still(self, spot: Spot, run: Run) -> Spot:
        """People have changed, and the chart hears of it with the next event."""
        return self._settle(run, self.snapshot(spot))

    def turned(self, spot: Spot, run: Run, generation: int) -> Spot:
        """Turns have passed, and no timer was due."""
        snapshot = self.snapshot(spot)
        snapshot, effects = advance(self.chart, snapshot, 0, generation)
        return self._settle(run, self._follow(run, snapshot, effects, deque()))

    def snapshot(self, spot: Spot, due: int = -1) -> ChartSnapshot:
        """The chart's snapshot; the timer of the transition `due` is over."""
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
            site.status,  # type: ignore[arg-type] # it came out of a snapshot
        )

    def _follow(
        self,
        run: Run,
        snapshot: ChartSnapshot,
        effects: Sequence[Effect],
        pending: deque[tuple[str, Mapping[str, Value]]],
    ) -> ChartSnapshot:
        """What `ChartDriver.run` does: carry out what the chart wants, take what follows. The event
        without a name tells the chart of the people once more."""
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
        """Who has been repaired too often is dropped. How often that was is forgotten, so both are
        tried where the room repairs at all."""
        ways = 2 if policies.number(self.chart.room, "divergence", "repairs") else 1
        for place in range(len(run.members) - 1, -1, -1):
            sort = self.sort_of(run.members[place])
            if sort.player and sort.flags & DIVERGED and self._pick(run, ways) == ways - 1:
                pending.append(("leave", {"seat": run.members[place] % SEATS - 1}))
                self.vacate(run, place)

    def _pick(self, run: Run, ways: int) -> int:
        """Which of so many ways this run goes."""
        if ways == 1:
            return 0
        pick = run.picks[len(run.forks)] if len(run.forks) < len(run.picks) else 0
        run.forks.append(ways)
        return pick

    def vacate(self, run: Run, place: int) -> None:
        """Somebody is gone. Who is left alone differs from nobody."""
        run.remove(place)
        players = [at for at, one in enumerate(run.members) if self.sort_of(one).player]
        if len(players) == 1:
            run.members[players[0]] = self.flagged(run.members[players[0]], *EXCUSE)

    def _pass(self, run: Run, role: str) -> None:
        """To the longest seated, connected ones first. Who sat down when is forgotten, so
        any sort of those who may inherit is tried."""
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
        """The places of those to whom the role may go, one of each sort; nobody where
        somebody has it."""
        of = next(declared.of for declared in self.chart.room.roles if declared.name == role)
        sorts = [self.sort_of(member) for member in members]
        able = [at for at, sort in enumerate(sorts) if of in sort.kinds and sort.player]
        if any(role in sorts[at].kinds for at in able):
            return ()
        here = [at for at in able if sorts[at].flags & CONNECTED] or able
        return tuple(at for _, at in sorted({members[at]: at for at in reversed(here)}.items()))

    # Forgetting

    def _settle(self, run: Run, snapshot: ChartSnapshot) -> Spot:
        """Forget what nobody asks about, sort the people."""
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
        """The one site that says this."""
        found = self._sites.get(said)
        if found is None:
            found = self._sites[said] = Site(*said)
        return found

    def _kept(self, values: tuple[Value, ...], live: int) -> tuple[Value, ...]:
        """Values that nobody will read are as they were at first."""
        dead = self.unread(live)
        if not dead:
            return values
        kept = list(values)
        for at in dead:
            kept[at] = self.plain[at]
        return tuple(kept)

    def unread(self, live: int) -> tuple[int, ...]:
        """The places of the values that nobody will read where this may still be read."""
        if (dead := self._dead.get(live)) is None:
            facet = self.reads.facet
            names = (*self.chart.variables, *self.chart.settings)
            dead = tuple(at for at, name in enumerate(names) if not live & facet(f"value:{name}"))
            self._dead[live] = dead
        return dead


def _slots(chart: Chart) -> list[tuple[int, int]]:
    """(slot, parent) of every history; the parent is NONE where what was recorded may be
    read while the parent is active. Elsewhere it is written anew before it is read, since
    only transitions from outside lead there."""
    found = []
    for history in chart.states:
        if history.kind != "history":
            continue
        parent = chart.states[history.parent]
        sources = [t.source for t in chart.transitions if t.target == history.id]
        inside = any(source in (parent.id, *bits(parent.below)) for source in sources)
        found.append((history.slot, NONE if inside else parent.id))
    return found
