"""One run: a room, its people, a weather and a seed; then good weather, then the final checks.

The same seed gives the same run, byte for byte. It uses only its virtual clock and the random
numbers of the seed. A broken invariant is part of the outcome, with its story. A bug of the
simulator itself is raised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import get_args
from zlib import crc32

from gameroom.chart import Chart
from gameroom.lockstep.packets import Command, MasterPacket
from gameroom.model import Duration, Policy, PolicyEntry, RoomFile, policies
from gameroom.model.paths import walk
from gameroom.room import Room, inputs
from gameroom.simulator import dice as chance
from gameroom.simulator import tricks as mischief
from gameroom.simulator.accounts import Accounts
from gameroom.simulator.bots import NAG_MS, Bot
from gameroom.simulator.clock import VirtualClock
from gameroom.simulator.engines import EngineFault
from gameroom.simulator.invariants import (
    INVARIANTS,
    BrokenError,
    ExactlyOnceError,
    StuckError,
    WaitsError,
)
from gameroom.simulator.log import LogLine as StoryLine
from gameroom.simulator.log import RunLog
from gameroom.simulator.server import SimulatedServer
from gameroom.simulator.verdicts import Verdicts
from gameroom.simulator.weather import WEATHERS, Weather
from gameroom.wire import JSON, MSGPACK, read_definition, read_policies
from gameroom.wire.definition import definition

NAMES = ("ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal")
PLAYERS_MAX = 64
WATCHERS = 2
CLEAR_MS = 10_000
"""After the weather clears, a room with a quorum must advance within this time."""

LOOK_MS = 500
WAITS_MAX_MS = 8_000
"""After all awaited players are back, a room must continue within this time, which is longer than
any delay of a frame."""

BEHIND_EVENTS = 8
"""A bot that lacks at most this number of events has caught up."""

WELL_TURNS = 12

SNAPSHOTS_EVERY = 12
"""The maximum number of turns between two snapshots."""

IDLE_MS = 75_000
"""If no turn closes for this long, the room has paused on purpose. Then the weather clears."""

COMMAND_EVERY_MS = 300


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The parameters of a run. players: default 4, limited by the room file."""

    seed: int
    turns: int
    weather: Weather
    players: int | None = None


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The result of a run. broken: the broken invariant, None if all hold.

    ms: virtual time. digest: crc32 of the journal's bytes. numbers: counts of events, by name.
    checks: how often each invariant was checked.
    """

    plan: RunPlan
    room: str
    players: int
    turns: int
    events: int
    ms: int
    states: tuple[str, ...]
    digest: int
    numbers: Mapping[str, int]
    checks: Mapping[str, int]
    broken: BrokenError | None = None
    story: tuple[StoryLine, ...] = field(default=())


def simulate(
    chart: Chart, plan: RunPlan, lives: Callable[[int], None] = lambda _: None
) -> RunOutcome:
    """Run a plan to its end, or to the first broken invariant.

    lives: called from time to time with the number of played turns, to show progress.
    """
    world = _World(chart, plan, lives)
    broken: BrokenError | None = None
    try:
        world.run()
    except BrokenError as error:
        error.seed, error.at = plan.seed, world.clock.now
        broken = error
    return world.outcome(broken)


class _World:
    def __init__(self, chart: Chart, plan: RunPlan, lives: Callable[[int], None]) -> None:
        chart = _with_snapshots(chart)
        file = chart.room
        self.chart, self.plan, self.lives = chart, plan, lives
        self.clock = VirtualClock()
        self.story = RunLog(self.clock)
        self.stats: Counter[str] = Counter()
        self.dice = chance.die(plan.seed, "world")
        self.weather = plan.weather
        self.is_clear = False
        seats = file.players
        assert seats is not None, "a merged room has a number of players"
        self.players = max(seats.low, min(seats.high, plan.players or 4, PLAYERS_MAX))
        users = [_name(number) for number in range(self.players)]
        liars = set[str]()
        if self.players >= 3 and self.dice.below(100) < plan.weather.liars_percent:
            liars.add(self.dice.pick(users))
        self.verdicts = Verdicts(liars)
        self.accounts = Accounts(
            _ignorable(file), waits=policies.policy(file, "turns", "gather") is None
        )
        self.server = SimulatedServer(
            chart,
            plan.seed,
            self.clock,
            chance.die(plan.seed, "house"),
            self.accounts,
            self.verdicts,
            self.story.tell,
            self.stats,
        )
        self.server.down_ms = plan.weather.down_ms
        self._held_up: tuple[str, int] | None = None
        """What has stopped although no player is missing, and since when."""
        said = definition(file)
        published, asked = read_definition(said), read_policies(said)
        watchers = min(WATCHERS, file.spectators.high if file.spectators else 0)
        self.bots = [
            Bot(
                self.server,
                self.clock,
                chance.die(plan.seed, user),
                user,
                (MSGPACK, JSON)[number % 2],
                published,
                self.story.tell,
                policy=asked,
                spectate=user not in users,
            )
            for number, user in enumerate([*users, *(f"watcher{n}" for n in range(watchers))])
        ]
        is_patient = chance.die(plan.seed, "patience").below(2) == 0
        for bot in self.bots:
            bot.weather, bot.liar = plan.weather, bot.user in liars
            bot.fair = self.dice.below(100) >= plan.weather.fouls_percent
            bot.patient = is_patient

    # -- a run -----------------------------------------------------------------------------

    def run(self) -> None:
        plan, clock = self.plan, self.clock
        self.server.begin()
        self._look()
        for bot in self.bots:
            bot.dial()
            self._often(bot, NAG_MS, Bot.nag)
            self._often(bot, COMMAND_EVERY_MS, self._play)
            self._sometimes(bot, plan.weather.cut_every_ms, Bot.cut)
            self._sometimes(bot, plan.weather.mischief_every_ms, self._mischief)
            self._sometimes(bot, plan.weather.bugs_every_ms, self._spoil)
        self._trouble(plan.weather.crash_every_ms, self._crash)
        self._trouble(plan.weather.store_every_ms, self._fail)
        last = (0, 0)
        while self.generation < plan.turns and not self._over():
            if self.generation > last[0]:
                last = self.generation, clock.now
            elif clock.now - last[1] >= IDLE_MS:
                break
            clock.run(clock.now + 1_000, lambda: self.generation >= plan.turns or self._over())
            self.lives(self.generation)
        self.server.compare()
        self._clear()

    @property
    def generation(self) -> int:
        return self.server.watch.generation

    def _over(self) -> bool:
        return self.server.room is not None and self.server.room.over

    # -- progress ---------------------------------------------------------------------------

    def _look(self) -> None:
        """Check periodically that the room does not wait while all players are present."""
        self.clock.after(LOOK_MS, self._look)
        room = self.server.room
        waits = None
        if room is not None and not room.over and self._all_here(room):
            waits = self._waits(room)
        if waits is None:
            self._held_up = None
        elif self._held_up is None or self._held_up[0] != waits:
            self._held_up = waits, self.clock.now
        elif self.clock.now - self._held_up[1] >= WAITS_MAX_MS:
            ms = self.clock.now - self._held_up[1]
            raise WaitsError(f"everybody has been present for {ms} ms, but {waits}")

    def _waits(self, room: Room) -> str | None:
        """Describe what has stopped now, or None. The text is the same as long as it is stopped."""
        if self.server.watch.held_up(room):
            return f"the room is still in {room.states[-1]}"
        if room.chart_driver.iterates:
            return f"turn {room.generation + 1} is still open"
        return None

    def _all_here(self, room: Room) -> bool:
        """Whether every player is connected, has caught up, sends and plays fair, except players
        whose engine has failed as the room knows."""
        bots = {bot.user: bot for bot in self.bots}
        players = [(bots[one.user], one.failed) for one in room.people.players()]
        able = [bot for bot, failed in players if not (failed and bot.replica.failure)]
        return (
            bool(able)
            and all(self._is_connected(bot) for bot, _ in players)
            and all(
                bot.awake
                and bot.fair
                and not bot.liar
                and bot.replica.failure is None
                and bot.replica.seq >= self.server.told - BEHIND_EVENTS
                for bot in able
            )
        )

    def _is_connected(self, bot: Bot) -> bool:
        return bot.online and self.server.lines.get(bot.user) is bot.line

    # -- events ------------------------------------------------------------------------------

    def _often(self, bot: Bot, mean: int, do: Callable[[Bot], None]) -> None:
        def again() -> None:
            if not bot.out:
                do(bot)
                self.clock.after(chance.around(bot.dice, mean), again)

        self.clock.after(chance.around(bot.dice, mean), again)

    def _sometimes(self, bot: Bot, mean: int, do: Callable[[Bot], None]) -> None:
        """Like `_often`, but only until the weather clears."""
        if mean:
            self._often(bot, mean, lambda bot: None if self.is_clear else do(bot))

    def _trouble(self, mean: int, do: Callable[[], None]) -> None:
        def again() -> None:
            if not self.is_clear:
                do()
                self.clock.after(chance.around(self.dice, mean), again)

        if mean:
            self.clock.after(chance.around(self.dice, mean), again)

    def _play(self, bot: Bot) -> None:
        if bot.awake and bot.replica.generation and not self.is_clear:
            bot.command()
        bot.lies = bot.liar and bot.replica.generation > 3 and not self.is_clear
        if self.is_clear and "running.paused.held" in bot.replica.states:
            bot.ask(inputs.Ask("resume"))

    def _mischief(self, bot: Bot) -> None:
        tricks = mischief.FAIR if bot.fair else mischief.FAIR + mischief.FOUL * 2
        trick = bot.dice.pick(tricks)
        self.story.tell(bot.user, "does", trick.__name__)
        self.stats["tricks"] += 1
        trick(bot)

    def _spoil(self, bot: Bot) -> None:
        bot.spoil(bot.dice.pick(get_args(EngineFault)))

    def _crash(self) -> None:
        if self.server.room is not None:
            self.server.doom(self.dice.below(24), "torn" if self.dice.below(3) == 0 else None)

    def _fail(self) -> None:
        if self.server.room is not None:
            self.server.doom(1, self.dice.pick(("before", "after")))

    # -- good weather ------------------------------------------------------------------------

    def _clear(self) -> None:
        """Clear the weather: all bots come back and play fair. Check that the room advances and
        that the accounts are correct."""
        clock, server = self.clock, self.server
        self.story.tell("weather", "clears")
        self.is_clear, self.weather = True, WEATHERS["calm"]
        server.no_doom()
        if server.room is None:
            server.restart()
        before = self.generation
        for bot in self.bots:
            bot.come_back(self.weather)
            if not bot.fair or bot.liar:
                # Its tricks can have harmed its own seat, and the room need not wait for it.
                server.receive(bot.user, inputs.Leave())
        clock.run(clock.now + CLEAR_MS, lambda: self._over() or self._is_well(before))
        server.compare()
        room = server.room
        assert room is not None, "nothing fells a server in good weather"
        if not room.over:
            self._advances(room, before)
            if room.chart_driver.iterates:
                clock.run(clock.now + CLEAR_MS, lambda: self._drained(room))
                self._accounts(room)
        self.server.watch.checks["advances"] += 1

    def _is_well(self, before: int) -> bool:
        """Whether turns close again with all players, so that nothing remains to be checked."""
        if self.generation < before + WELL_TURNS or self.server.room is None:
            return False
        room = self.server.room
        players = room.people.players()
        here = all(one.connected and not one.missing for one in players)
        return here and self._drained(room)

    def _advances(self, room: Room, before: int) -> None:
        players = room.people.players()
        absent = [one.user for one in players if not one.connected or one.missing]
        if room.play.is_played() and absent:
            where = room.states[-1] if room.states else "nowhere"
            raise StuckError(f"{absent[0]} cannot return; the room is in {where}")
        if players and room.chart_driver.iterates and self.generation <= before:
            raise StuckError(f"turn {before + 1} does not close within {CLEAR_MS} ms")
        for bot in self._players(room):
            lag = room.generation - bot.replica.generation
            if room.chart_driver.iterates and lag > bot.replica.ahead + 2:
                raise StuckError(f"{bot.user} is {lag} turns behind", seat=bot.replica.seat)

    def _players(self, room: Room) -> list[Bot]:
        return [bot for bot in self.bots if bot.online and bot.replica.seat is not None]

    def _drained(self, room: Room) -> bool:
        return room.over or not any(bot.replica.waiting for bot in self._players(room))

    def _accounts(self, room: Room) -> None:
        """Check end to end that each command of a bot is in the journal once, or was refused."""
        for bot in self._players(room):
            replica = bot.replica
            if room.over or not room.chart_driver.iterates:
                return
            if replica.waiting:
                what = f"{replica.waiting} commands of {bot.user} were never confirmed"
                raise ExactlyOnceError(what, seat=replica.seat)
            told = self._told(replica.seat, replica.log_after, replica.seq)
            if [one.command for one in replica.log] != told:
                count = len(replica.log)
                what = f"the log of {bot.user} has {count} commands, the journal {len(told)}"
                raise ExactlyOnceError(what, seat=replica.seat)
            if not bot.is_alone:
                continue
            said = sum(len(commands) for commands in bot.sent.values())
            if said != bot.issued:
                what = f"{bot.user} issued {bot.issued} commands, but its packets contain {said}"
                raise ExactlyOnceError(what, seat=replica.seat)
            assert replica.seat is not None
            page = self.accounts.accounts[replica.seat, bot.user]
            refused = {one.generation for one in replica.refusals if one.index is None}
            for generation, commands in bot.sent.items():
                if commands and bot.fair and generation not in page.stored | refused:
                    what = f"the packet of {bot.user} for turn {generation} is lost"
                    raise ExactlyOnceError(what, seat=replica.seat)

    def _told(self, seat: int | None, after: int, seq: int) -> list[Command]:
        """The commands of a seat in turns after a generation, up to an event."""
        bodies = (entry.event.body for entry in self.server.entries[:seq])
        parts = chain.from_iterable(
            body.commands
            for body in bodies
            if isinstance(body, MasterPacket) and body.generation > after
        )
        return [command for part in parts if part.seat == seat for command in part.commands]

    # -- the result --------------------------------------------------------------------------

    def outcome(self, broken: BrokenError | None) -> RunOutcome:
        room = self.server.room
        checks = {one.name: self.server.watch.checks[one.name] for one in INVARIANTS}
        checks["no-fault"] = checks["one-reply"]
        checks["honest-unnamed"] = checks["liar-named"] = checks["exactly-once"]
        self.stats["liars"] = sum(bot.liar for bot in self.bots)
        self.stats["verdicts"] = self.verdicts.seen
        return RunOutcome(
            plan=self.plan,
            room=self.chart.room.name,
            players=self.players,
            turns=self.generation,
            events=len(self.server.entries),
            ms=self.clock.now,
            states=room.states if room is not None else (),
            digest=crc32(bytes(self.server.disk.data)),
            numbers={name: self.stats[name] for name in COUNTED},
            checks=dict(sorted(checks.items())),
            broken=broken,
            story=tuple(self.story.lines),
        )


COUNTED = (
    "packets", "commands", "requests", "refused", "cuts", "reloads", "copies", "silences", "tricks",
    "floods", "liars", "lies", "verdicts", "repairs", "crashes", "store_failures", "torn",
    "caught_up", "snapshots", "resumed", "failures",
)  # fmt: skip


def _with_snapshots(chart: Chart) -> Chart:
    """The same room with such frequent snapshots that a short run has some."""
    every = policies.number(chart.room, "snapshots", "every")
    if not every:
        return chart
    entry = PolicyEntry("every", Duration(min(every, SNAPSHOTS_EVERY), "turns"))
    others = tuple(policy for policy in chart.room.policies if policy.name != "snapshots")
    room = replace(chart.room, policies=(*others, Policy("snapshots", (entry,))))
    return replace(chart, room=room)


def _name(number: int) -> str:
    return NAMES[number] if number < len(NAMES) else f"player{number}"


def _ignorable(file: RoomFile) -> frozenset[str]:
    return frozenset(
        name
        for _, state in walk(file.root)
        for permission in state.permissions
        if permission.effect == "ignore"
        for name in permission.names
    )
