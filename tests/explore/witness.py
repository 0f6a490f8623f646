"""A real room that is played at random beside the explorer, which has to know all that happens.

The room's people are looked at before and after everything that happens to the chart. Each change
has to be one that the explorer knows: a move that it offers at this moment to people of this sort,
with the very flags that it gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gameroom.chart import Chart, Did
from gameroom.explore.abstract_room import AbstractRoom, Site, Spot
from gameroom.explore.facets import CHANGES, CONNECTED, DIVERGED, FLAG, reads_of
from gameroom.explore.moves import Move, PossibleMoves
from gameroom.explore.people import SEATS, Sort
from gameroom.lockstep.packets import Checksum, ClientPacket
from gameroom.lockstep.random import Random
from gameroom.model import Value
from gameroom.room import inputs
from gameroom.simulator import dice as chance
from tests.room.table import Table

NAMES = ("ann", "bob", "cid", "dan", "eve", "fay")


class UnexplainedError(AssertionError):
    """The room did what the explorer calls impossible."""


@dataclass(frozen=True)
class Known:
    """What is known of one person at one moment."""

    seat: int
    sort: Sort


Crowd = dict[str, Known]


@dataclass
class Witness:
    """A table whose room is watched. met: what happened, by event."""

    text: str
    seed: int
    table: Table = field(init=False)
    met: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.table = Table(self.text)
        self.chart: Chart = self.table.chart
        reads = reads_of(self.chart)
        everything = (-1,) * len(self.chart.states)
        self.world = AbstractRoom.of(
            self.chart, replace(reads, live=everything, seats=True, spectators=True)
        )
        seats = self.chart.room.players
        assert seats is not None, "a merged room has a number of players"
        self.seats = seats
        self.moves = PossibleMoves.of(self.world, seats.high)
        self.room = self.table.room
        self.crowd = self._people()
        self.settings = dict(self.room.settings)
        self._happen, self._do = self.room.chart_driver.happen, self.room._do
        self.room.chart_driver.happen = self._heard  # type: ignore[method-assign]
        self.room._do = self._done  # type: ignore[method-assign]

    # -- watching ------------------------------------------------------------------------

    def _people(self) -> Crowd:
        return {
            member.user: Known(
                -1 if member.seat is None else member.seat,
                Sort(
                    tuple(sorted(member.kinds)),
                    sum(FLAG[flag] for flag in member.flags),
                    tuple(sorted(member.choices.items())),
                ),
            )
            for member in self.room.people
        }

    def _spot(self, crowd: Crowd) -> Spot:
        snapshot = self.room.chart_driver.snapshot
        members = tuple(self._member(one) for one in crowd.values())
        site = Site(
            snapshot.configuration,
            snapshot.history,
            tuple(timer for timer, _ in snapshot.timers),
            tuple(timer for timer, _ in snapshot.turn_timers),
            snapshot.held,
            snapshot.erred,
            snapshot.generation,
            snapshot.status,
            (*members[:1], *members),  # others than they are: so whatever happens matters
            members,
        )
        return Spot(site, snapshot.data + snapshot.settings)

    def _member(self, known: Known) -> int:
        return self.world.sorts.number(known.sort) * SEATS + known.seat + 1

    def _heard(self, event: str, fields: Mapping[str, Value]) -> None:
        """The chart is about to hear of this: everything since the last look belongs to it."""
        after = self._people()
        self._explain(event, fields, after)
        self.crowd, self.settings = after, dict(self.room.settings)
        self.met.add(event)
        self._happen(event, fields)

    def _done(self, did: Did) -> None:
        """The chart wants something done: what becomes of the people then, `chart` tests say."""
        self._rest("before the chart's wish")
        if did.verb == "drop" or did.verb == "repair":
            self.dropping = True
        self._do(did)
        self.dropping = False
        self.crowd = self._people()

    dropping = False

    def call(self, who: str, packet: inputs.Packet) -> None:
        if self.room.over:
            return
        known = self.crowd.get(who)
        if isinstance(packet, inputs.Connect) and known and known.sort.flags & CONNECTED:
            self.crowd[who] = self._changed(known, "displace")
        self.table.send(who, packet)
        self._rest(f"after {packet}")

    def wait(self, ms: int) -> None:
        if not self.room.over:
            self.table.wait(ms)
            self._rest(f"within {ms} ms")

    # -- explaining -----------------------------------------------------------------------

    def _explain(self, event: str, fields: Mapping[str, Value], after: Crowd) -> None:
        before, seat = self._unheard(after, event), fields["seat"]
        who = next((user for user, one in {**after, **before}.items() if one.seat == seat), None)
        if event in self.moves.bodies and event not in self.moves.requests:
            who = None
        if event == "leave" and self.dropping:
            self._same({user: one for user, one in before.items() if user in after}, after, event)
            return
        offered = [one for one in self.moves.steps(self._spot(before)) if self._is(one, event)]
        found = [one for one in offered if self._fits(one, who, before, after)]
        if not found:
            raise UnexplainedError(
                f"{event} {dict(fields)} in {self.room.states}: {before} becomes {after}; offered"
                f" {offered}"
            )

    def _is(self, move: Move, event: str) -> bool:
        return event == (move.name if move.verb in ("request", "signal") else move.verb)

    def _fits(self, move: Move, who: str | None, before: Crowd, after: Crowd) -> bool:
        """Does this move make one crowd of the other?"""
        if who is None:
            return before == after and self.settings == dict(self.room.settings)
        wanted = dict(before)
        if move.verb != "configure" and self.settings != dict(self.room.settings):
            return False
        if move.verb == "join":
            newcomer = after[who]
            kinds = ("player", move.name) if move.name else ("player",)
            sort = Sort(tuple(sorted(kinds)), CHANGES["join"][0])
            wanted[who] = Known(newcomer.seat, sort)
            return wanted == after
        if move.verb == "diverged":
            named = {u for u in after if after[u].sort.flags & ~before[u].sort.flags & DIVERGED}
            if not named:
                return False
            for user in named:
                wanted[user] = self._changed(wanted[user], "diverged")
            return wanted == after
        known = before[who]
        if move.member != self._member(known):
            return False
        if move.verb == "leave":
            del wanted[who]
        elif move.verb == "request":
            choices = {**dict(known.sort.choices)}
            body = dict(after[who].sort.choices)
            if move.name in body:
                choices[move.name] = body[move.name]
            sort = replace(known.sort, choices=tuple(sorted(choices.items())))
            wanted[who] = replace(known, sort=sort)
        elif move.verb != "configure":
            if move.name == "excuse":
                wanted[who] = self._changed(wanted[who], "excuse")
            wanted[who] = self._changed(wanted[who], move.verb)
        return wanted == after

    def _changed(self, known: Known, event: str) -> Known:
        on, off = CHANGES[event]
        return replace(known, sort=replace(known.sort, flags=(known.sort.flags | on) & ~off))

    def _unheard(self, after: Crowd, event: str = "") -> Crowd:
        """The crowd before the event, or now, with all that happened since the last look and that
        no chart hears of: to who watches; to who is left after somebody's going; and where a page
        takes another's place."""
        crowd = dict(self.crowd)
        for user, one in self.crowd.items():
            if one.seat < 0 and user not in after:
                del crowd[user]
            elif user in after:
                crowd[user] = self._become(one, after[user], event)
        watchers = {user for user, one in after.items() if one.seat < 0}
        for user in watchers - crowd.keys():
            crowd[user] = Known(-1, Sort(("spectator",), CHANGES["watch"][0]))
        return crowd

    def _become(self, one: Known, other: Known, event: str) -> Known:
        """The person after something of which nobody hears, where that is what happened."""
        events = set[str]()
        if one.seat < 0:
            events = {"drop", "return", "hide", "show", "displace"}
        elif event == "leave":
            events = {"excuse"}
        return next((other for each in events if self._changed(one, each) == other), one)

    def _rest(self, when: str) -> None:
        """What happened since the last event has to be what nobody hears of."""
        after = self._people()
        self._same(self._unheard(after), after, when)
        self.crowd = after

    def _same(self, expected: Crowd, after: Crowd, when: str) -> None:
        if expected != after or self.settings != dict(self.room.settings):
            raise UnexplainedError(f"{when}: {expected} is {after} with {self.room.settings}")

    # -- playing --------------------------------------------------------------------------

    def play(self, steps: int) -> None:
        """A game of people who do anything, and things that happen to them."""
        for user in self._users():
            self._come(user)
        for _ in range(steps):
            if self.room.over:
                return
            getattr(self, f"_{self.dice.pick(DOINGS)}")()

    def _users(self) -> tuple[str, ...]:
        return NAMES[: max(self.seats.low, min(self.seats.high, len(NAMES) - 1))]

    def _come(self, user: str, *, spectate: bool = False) -> None:
        self.call(user, inputs.Join(user, spectate=spectate))
        self._ask(user, inputs.Connect())

    def _ask(self, user: str, packet: inputs.Packet) -> None:
        if self.room.member(user):
            self.call(user, packet)

    def _anybody(self) -> str:
        return self.dice.pick(self._users())

    def _here(self) -> list[str]:
        return [one.user for one in self.room.people.players() if one.connected and not one.failed]

    def _start(self) -> None:
        for user in self._users():
            self._come(user)
        if not self.room.chart_driver.is_in("running"):
            for packet in (inputs.Ready(), inputs.Load()):
                for user in self._here():
                    if self.dice.below(8) == 0:
                        self._prepare()
                    self._ask(user, packet)

    def _turns(self) -> None:
        late = self.dice.pick((*self._here(), "")) if self.dice.below(3) == 0 else ""
        for _ in range(4):
            generation = self.room.generation + 1
            for user in self._here():
                if user == late:
                    continue
                lies = user == self._users()[-1] and self.dice.below(4) == 0
                checksum = Checksum(generation - 2, 2 if lies else 1) if generation > 2 else None
                latency = 900 if user == self._users()[0] and self.seed % 2 else 40
                packet = ClientPacket(generation, checksum=checksum, latency=latency, framerate=60)
                self._ask(user, packet)
            self.wait(self.dice.between(50, 250))

    def _break(self) -> None:
        self._ask(self._anybody(), inputs.Disconnect())

    def _return(self) -> None:
        self._ask(self._anybody(), inputs.Connect(self.room.seq))

    def _look(self) -> None:
        self._ask(self._anybody(), inputs.Hide(hidden=self.dice.below(2) == 0))

    def _prepare(self) -> None:
        packets = (inputs.Ready(), inputs.Ready(ready=False), inputs.Load(), inputs.Load(("no",)))
        user = self._anybody()
        if user in self._here():
            self._ask(user, self.dice.pick(packets))

    def _fail(self) -> None:
        self._ask(self._anybody(), inputs.Fail("engine", self.room.generation, "no"))

    def _go(self) -> None:
        user = self._anybody()
        if user in self._here():
            self._ask(user, inputs.Leave())

    def _set(self) -> None:
        if self.chart.room.settings:
            setting = self.dice.pick(self.chart.room.settings)
            self._ask(
                self._anybody_here(),
                inputs.Configure({setting.name: chance.value(setting.type, self.dice)}),
            )

    def _request(self) -> None:
        if self.chart.room.requests:
            request = self.dice.pick(self.chart.room.requests)
            body = chance.body(request.fields, self.dice)
            self._ask(self._anybody_here(), inputs.Ask(request.name, body))

    def _anybody_here(self) -> str:
        return self.dice.pick(tuple(self._here()) or ("nobody",))

    def _watch(self) -> None:
        if self.chart.room.spectators is not None and self.chart.room.spectators.high:
            watcher = NAMES[-1]
            self._come(watcher, spectate=True)
            self._ask(watcher, self.dice.pick((inputs.Disconnect(), inputs.Leave(), inputs.Hide())))

    def _pass(self) -> None:
        self.wait(self.dice.pick((100, 1_000, 5_000, 40_000, 70_000)))


DOINGS = (
    *4 * ("start",),
    *4 * ("turns",),
    *2 * ("return", "look", "prepare", "request"),
    *("break", "fail", "go", "set", "watch", "pass"),
)
