"""The stage of a scenario: the real room, the clients of its people, and a virtual clock.

It runs the room with its driver and lets the clients respond at once, in the order in which they
joined. It records what happened, for the story of a failure and for coverage. It knows no scenario.
The rule it keeps: equal calls give equal stories.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from gameroom.chart import Chart
from gameroom.language.rewrite.phrases import value
from gameroom.lockstep import packets
from gameroom.lockstep.canonical import canonical
from gameroom.lockstep.packets import ClientPacket, Command, MasterPacket, SignalReport
from gameroom.lockstep.problem import Problem
from gameroom.model import Value, words
from gameroom.room import inputs
from gameroom.room.driver import Driver, RoomListener
from gameroom.room.effects import Part, Rejected
from gameroom.scenario.chart_watch import ChartWatch, Seen, leaves
from gameroom.scenario.clients import Client, Sent, frame
from gameroom.wire import definition, read_policies

SEED = 1
TICKS_MAX = 50_000
"""How often a scenario can wake its room: more than an hour of the shortest usual turns."""
ROUNDS_MAX = 64
"""How often clients can respond to each other in one millisecond."""
KEPT_MAX = 200
"""How many of the latest happenings are stored for a story."""
MOVES_MAX = 12
"""How many lines a story has about the effects of one event."""
OVERDUE_MS = 1_500
"""How long an effect can take in addition to its turns, in milliseconds. If a player delays the
turn, the room sends the effect without the turn before that."""
REST_MS = 15_000
"""No turn takes this long. If none has closed by then, the turns have stopped."""
REPORT_TURNS = 60
"""How many turns after another engine an engine can raise the same signal, because it is slower."""


class StageStuckError(Exception):
    """The scenario cannot continue. The text says why."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One part of a story, with its time in milliseconds and its turn. text: one or more lines."""

    at: int
    generation: int
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal. what: the text of the scenario's line."""

    at: int
    what: str
    problem: Problem


@dataclass(slots=True)
class _Raised:
    """A signal that not everybody has raised yet."""

    name: str
    body: bytes
    generation: int
    who: set[str]


class Stage(RoomListener):
    """One room with its people.

    happened, told: the story, and the texts sent to everyone, since the scenario last cleared them.
    seen: the latest macrosteps. fresh: how many of them are new. gone: by person, why they are not
    in the room any more. entered, taken: the states and transitions that were reached so far.
    """

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.clients: dict[str, Client] = {}
        self.gone: dict[str, str] = {}
        self.happened: deque[Happening] = deque(maxlen=KEPT_MAX)
        self.seen: deque[Seen] = deque(maxlen=KEPT_MAX)
        self.fresh = 0
        self.told: list[str] = []
        self.refusal: Refusal | None = None
        self.entered: set[str] = set()
        self.taken: set[int] = set()
        self._ticks = 0
        self._raised: list[_Raised] = []
        # Scenarios do not use snapshots.
        self._policy = replace(read_policies(definition(chart.room)), snapshots_every=0)
        self._ids = count(1)
        self._driver = Driver(chart, seed=SEED)
        self._driver.attach(self)
        self.room = self._driver.room
        self._watch = ChartWatch(chart, self.room)
        self._driver.begin()
        self._look()

    @property
    def now(self) -> int:
        """The time in milliseconds from 0."""
        return self._driver.now

    # -- people ------------------------------------------------------------------------

    def send(self, who: str, packet: inputs.Packet) -> Problem | None:
        """Send a packet, and let all clients respond. Returns why it was refused, or None."""
        problem = self._send(who, packet)
        self._react()
        return problem

    def join(self, who: str, *, spectate: bool = False, team: str | None = None) -> Problem | None:
        """Let a person join and connect. Returns why that was refused, or None."""
        problem = self._send(who, inputs.Join(who, spectate, team))
        if problem is None:
            self.gone.pop(who, None)
            client = self.clients[who] = Client(who, self.chart.room, self._policy)
            self._connect(client)
            self._send(who, inputs.Connect(self.room.seq))
        self._react()
        return problem

    def command(self, who: str, command: Command) -> Sent:
        """Queue a command for the next packet. Before the game has begun, or for a person without a
        seat, it is sent at once, so that the room refuses it."""
        sent = Sent(who, command, next(self._ids))
        client = self.clients.get(who)
        if client is not None and client.seat is not None and self.playing:
            try:
                client.command(sent)
            except ValueError as error:
                raise StageStuckError(f"{who} can't send `{command.name}`: {error}") from error
            self._react()
        else:
            packet = ClientPacket(self.room.generation + 1, (command,))
            sent.problem = self._send(who, packet)
        return sent

    def drop(self, who: str) -> None:
        """Lose a person's connection."""
        self.clients[who].drop()
        self.send(who, inputs.Disconnect())

    def back(self, who: str) -> None:
        """Restore a person's connection or packets."""
        client = self.clients[who]
        if not self.room.member(who):
            # The room removed this spectator while it slept, without a message.
            del self.clients[who]
            self.gone[who] = "spectators lose their place when the room sleeps"
            return
        was_lost, seq = not client.connected, client.replica.seq
        client.back(self.room.hello(who), self._driver.journal, self.now)
        if was_lost:
            self._send(who, inputs.Connect(seq))
        self._react()

    def _connect(self, client: Client) -> None:
        client.connect(self.room.hello(client.who), self._driver.journal, self.now)

    def raise_signal(self, who: str, name: str, body: dict[str, Value]) -> None:
        """Let an engine raise a signal in the last closed turn. If another engine has raised the
        same signal before, use the turn of that one, because all engines run the same game."""
        key = canonical(body)
        groups = (
            raised
            for raised in self._raised
            if (raised.name, raised.body) == (name, key)
            and who not in raised.who
            and raised.generation > self.room.generation - REPORT_TURNS
        )
        group = next(groups, None)
        if group is None:
            group = _Raised(name, key, self.room.generation, set())
            self._raised.append(group)
        group.who.add(who)
        self.clients[who].signals.append(SignalReport(group.generation, name, body))

    def half_raised(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the signals that are not agreed on, with the people who have raised them."""
        return tuple((each.name, tuple(sorted(each.who))) for each in self._raised)

    @property
    def playing(self) -> bool:
        """Whether the engines have begun."""
        return self.room.generation > 0 or self.room.chart_driver.is_in("running")

    # -- time --------------------------------------------------------------------------

    def wait(self, until: int) -> None:
        """Let time pass until `until`, in milliseconds, and wake the room whenever it is due."""
        while self._wakes_by(until):
            self._tick()
        self._driver.wait(until - self.now)

    def wait_turns(self, turns: int) -> None:
        """Let time pass until this many more turns have closed. Raises StageStuckError if turns do
        not advance."""
        wanted, closed, since = self.room.generation + turns, self.room.generation, self.now
        while self.room.generation < wanted:
            if self.room.over:
                raise StageStuckError("the room has ended, so no more turns close")
            if not self._wakes_by(since + REST_MS):
                left = wanted - self.room.generation
                raise StageStuckError(f"{turns - left} of {turns} turns closed: {self.resting()}")
            self._tick()
            if self.room.generation != closed:
                closed, since = self.room.generation, self.now

    def settle(self, done: Callable[[], bool], turns: int = 0) -> bool:
        """Let time pass until `done` returns True, or until that should have happened. Returns
        whether it did.

        turns: how many turns it can take, in addition to those for which packets are sent ahead.
        """
        pace = self.room.pace
        until = self.now + (pace.ahead + 3 + turns) * pace.turn_ms + OVERDUE_MS
        while not done():
            if not self._wakes_by(until):
                return False
            self._tick()
        return True

    def resting(self) -> str:
        """Return why no turn closes."""
        if not self.room.chart_driver.iterates:
            return f"turns do not advance in `{self.leaves()[-1]}`"
        held_up = [
            member.name
            for seat in self.room.play.turns.unheard(self.room.play.gathered())
            if (member := self.room.people.at(seat)) is not None
        ]
        if held_up:
            return f"turn {self.room.generation + 1} waits for {' and '.join(held_up)}"
        return (
            "the room is asleep: no player is connected"
            if self.room.asleep
            else "nobody is playing"
        )

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks > TICKS_MAX:
            raise StageStuckError(f"the scenario takes too long: the room woke {TICKS_MAX} times")
        self._driver.tick()
        self._look()
        self._react()

    def _wakes_by(self, until: int) -> bool:
        """Whether the room will be woken by then."""
        return self._driver.wake is not None and self._driver.wake <= until

    # -- state and story ---------------------------------------------------------------

    def leaves(self) -> tuple[str, ...]:
        """Return the innermost active states."""
        return leaves(self.room.states)

    def say(self, text: str) -> None:
        """Add a text to the story."""
        self.happened.append(Happening(self.now, self.room.generation, text))

    def refused(self, what: str, problem: Problem) -> None:
        """Add a refusal to the story."""
        self.refusal = Refusal(self.now, what, problem)
        self.say(f"refused: {problem.detail}")

    # -- effects of the room -----------------------------------------------------------

    def _send(self, who: str, packet: inputs.Packet) -> Problem | None:
        reply = self._driver.send(who, packet)
        self._look()
        return reply.problem

    def part(self, told: Part) -> None:
        self._look()
        self.clients.pop(told.who, None)
        self.gone[told.who] = told.reason
        self.say(f"{told.who} is no longer in the room: {told.reason}")

    def reject(self, told: Rejected) -> None:
        self._look()
        client = self.clients.get(told.who)
        if client is None:
            return
        sent = client.rejected(told, self.now)
        if sent is not None:
            self.refused(f"{told.who} sends {sent.command.name}", told.problem)

    def _look(self) -> None:
        """Add the chart's moves to the story. They happened before the room's event about them."""
        for seen in self._watch.look(self.now):
            for micro in seen.step.microsteps:
                self.entered.update(micro.entered)
                self.taken.update(micro.taken)
            self.seen.append(seen)
            self.fresh += 1
            self.happened.append(Happening(seen.at, seen.generation, _moved(self.chart, seen)))
            self._raised = [each for each in self._raised if each.name != seen.step.event]

    def hear(self, event: packets.Event) -> None:
        self._look()
        self._note(event.body)
        told = frame(event)
        for client in self.clients.values():
            if not client.connected or client.failed or client.hear(told, self.now):
                continue
            if self.room.member(client.who):
                self._connect(client)
            else:
                client.drop()

    def _note(self, body: packets.Body) -> None:
        match body:
            case MasterPacket(chart=chart) if chart is not None:
                self.told += [moved.because for moved in chart.moved if moved.because]
            case packets.Moves(_, chart):
                self.told += [moved.because for moved in chart.moved if moved.because]
            case packets.Announcement(text):
                self.told.append(text)
                self.say(f"announced: {words.scalar(text)}")
            case packets.Chat(name, text):
                self.told.append(text)
                self.say(f"{name} says: {words.scalar(text)}")
            case packets.Refused(seat, reasons):
                self.told += reasons
                self.say(f"{self._name(seat)}'s engine refuses the setup: {'; '.join(reasons)}")
            case packets.Failed(seat, generation, text):
                self.told.append(text)
                self.say(f"{self._name(seat)}'s engine fails at turn {generation}: {text}")
            case packets.Diverged(generation, seats, _):
                names = " and ".join(self._name(seat) for seat in seats)
                self.say(f"checksums of turn {generation} differ: {names}")
            case packets.Repair(_, seats):
                names = " and ".join(self._name(seat) for seat in seats)
                self.say(f"engine restarts: {names}")
            case packets.Setup(settings, changed_by) if changed_by:
                told = "  ".join(f"{name} = {value(said)}" for name, said in settings.items())
                self.say(f"the setup is now: {told}")
            case packets.Ended(state, because):
                self.told += [because] if because else []
                self.say(f"the room has ended: {state}" + (f", {because}" if because else ""))
            case _:
                pass

    def _name(self, seat: int) -> str:
        member = self.room.people.at(seat)
        return member.name if member is not None else packets.seat_name(seat)

    # -- responses of the clients --------------------------------------------------------

    def _react(self) -> None:
        """Let the clients respond until none has anything left to do."""
        for _ in range(ROUNDS_MAX):
            acted = [self._acted(client) for client in tuple(self.clients.values())]
            if not any(acted):
                return
        raise StageStuckError(
            f"endless loop: the clients sent {ROUNDS_MAX} answers within a millisecond"
        )

    def _acted(self, client: Client) -> bool:
        """Let one client respond. Returns whether it did anything."""
        member = self.room.people.members.get(client.who)
        if member is None or not client.acts or self.room.over:
            return False
        if not (member.loaded or member.refused) and (
            self.room.chart_driver.ruling("load", member.kinds) == "allow"
        ):
            self._send(client.who, inputs.Load(client.reasons()))
            return True
        sent = client.packets(self.now)
        for packet in sent:
            if self.room.member(client.who):
                self._send(client.who, packet)
        return bool(sent)


def _moved(chart: Chart, seen: Seen) -> str:
    """Return what an event did, in the words of the room file."""
    step = seen.step
    if step.event == "begin":
        return f"the room begins in {', '.join(seen.after)}"
    lines = []
    for micro in step.microsteps:
        for number_ in micro.taken:
            transition = chart.transitions[number_]
            source = chart.states[transition.source].path or "the room"
            lines.append(f"    {source}: {words.transition(transition.said)}")
        lines += [f"    does: {action}" for action in micro.actions]
    if len(lines) > MOVES_MAX:
        lines[MOVES_MAX:] = [f"    and {len(lines) - MOVES_MAX} more"]
    if step.status == "faulted":
        lines.append("    the room stops with an error")
    what = f"`{step.event}` happens" if step.event else "a condition becomes true"
    return "\n".join([what, *lines]) if lines else f"{what}: no transition is taken"
