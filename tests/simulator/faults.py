"""Faults to plant in the core, one change each, and what the simulator says of them.

docs/simulator.md lists them; tests/simulator/test_faults.py plants every one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from gameroom.chart import plans
from gameroom.chart.tables import Chart, TransitionPlan, TransitionRow
from gameroom.lockstep import checksums, packets
from gameroom.lockstep.packets import Diverged
from gameroom.lockstep.turns import Held, Taken, Turns
from gameroom.model import Value
from gameroom.replica import Replica
from gameroom.replica.outbox import Outbox
from gameroom.room import play, presence
from gameroom.room.chart_driver import ChartDriver
from gameroom.room.effects import Append, Broadcast, Keep
from gameroom.room.event_log import EventLog
from gameroom.room.inputs import SendState
from gameroom.room.people import Member
from gameroom.room.play import Play
from gameroom.room.room import Room
from gameroom.room.snapshots import Snapshots
from gameroom.store import Entry, record
from tests.values import replace


@dataclass(frozen=True)
class Fault:
    """caught: the names of the invariants of which one breaks. weather: where it is looked for."""

    name: str
    what: str
    caught: tuple[str, ...]
    weather: str
    plant: Callable[[pytest.MonkeyPatch], None]


FAULTS: list[Fault] = []


def fault(what: str, *caught: str, weather: str) -> Callable[..., None]:
    def keep(plant: Callable[[pytest.MonkeyPatch], None]) -> None:
        name = plant.__name__.replace("_", "-")
        FAULTS.append(Fault(name, what, caught, weather, plant))

    return keep


@fault(
    "an event is broadcast before it is appended",
    "store-then-tell", "one-log", weather="outages",
)  # fmt: skip
def told_first(patch: pytest.MonkeyPatch) -> None:
    def say(self: EventLog, body: packets.Body, *, dump: bool = False, ids=()) -> None:
        event = packets.Event(self.seq + 1, body)
        stored = self._chart_driver.dump_if_changed() if dump else None
        entry = Append(event, self.now, stored, ids)
        self.folded.fold(entry)
        self.want(Broadcast(event), entry)

    patch.setattr(EventLog, "say", say)


@fault(
    "a repeated packet is accepted again",
    "exactly-once",
    "bounded-memory",
    "absent-named",
    "own-seat",
    weather="cheats",
)
def taken_twice(patch: pytest.MonkeyPatch) -> None:
    take = Turns.take

    def twice(self: Turns, seat: int, generation: int, commands: list, ids=()) -> Taken:
        taken = take(self, seat, generation, commands, ids)
        if taken is Taken.REPEATED and generation < self.open and commands:
            self._late.setdefault(seat, []).append(Held(seat, generation, tuple(commands)))
        return taken

    patch.setattr(Turns, "take", twice)


@fault(
    "accepted commands are not remembered, so two tabs can both send the same one",
    "exactly-once",
    weather="mobile",
)
def ids_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Turns, "knows", lambda self, seat, one: False)


@fault("a restart forgets which commands were accepted", "exactly-once", weather="outages")
def ids_not_kept(patch: pytest.MonkeyPatch) -> None:
    fold = Turns.fold

    def folded(self: Turns, generation: int, present: list, late: list, ids=()) -> None:
        fold(self, generation, present, late)

    patch.setattr(Turns, "fold", folded)


@fault("commands that miss their turn are lost", "exactly-once", "absent-named", weather="mobile")
def late_is_lost(patch: pytest.MonkeyPatch) -> None:
    close = Turns.close

    def closed(self: Turns, seats: list[int]):
        self._late.clear()
        return close(self, seats)

    patch.setattr(Turns, "close", closed)


@fault("a turn's commands are not in the order of the seats", "seat-order", weather="calm")
def seats_out_of_order(patch: pytest.MonkeyPatch) -> None:
    close = Turns.close

    def closed(self: Turns, seats: list[int]):
        found = close(self, seats)
        return replace(found, held=tuple(reversed(found.held)))

    patch.setattr(Turns, "close", closed)


@fault("commands are attributed to the next seat", "own-seat", "exactly-once", weather="calm")
def sender_mixed_up(patch: pytest.MonkeyPatch) -> None:
    master = Play.master

    def moved(self: Play, turn, chart, now: int):
        told = master(self, turn, chart, now)
        commands = tuple(replace(one, seat=(one.seat + 1) % 2) for one in told.commands)
        return replace(told, commands=commands)

    patch.setattr(Play, "master", moved)


@fault(
    "the players who agree are named instead of those who differ",
    "honest-unnamed", "liar-named", weather="cheats",
)  # fmt: skip
def majority_blamed(patch: pytest.MonkeyPatch) -> None:
    judge = checksums.verdict

    def verdict(generation: int, values: dict[int, int]):
        found = judge(generation, values)
        if isinstance(found, Diverged) and found.decidable:
            others = tuple(seat for seat in sorted(values) if seat not in found.seats)
            return replace(found, seats=others)
        return found

    patch.setattr(checksums, "verdict", verdict)


@fault("checksums are never compared", "liar-named", weather="cheats")
def never_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(checksums.Checksums, "judge", lambda self, expected, closed: None)


@fault(
    "a turn closes without late players, even if the room waits for all",
    "all-waited-for", weather="lossy",
)  # fmt: skip
def not_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Turns, "has_heard", lambda self, seats: True)


@fault("timers start again when a room is restored", "replay-is-live", weather="outages")
def timers_start_anew(patch: pytest.MonkeyPatch) -> None:
    restore = ChartDriver.restore
    patch.setattr(ChartDriver, "restore", lambda self, dump, now: restore(self, dump, now + 1_000))


@fault(
    "a client forgets what it sent when the connection breaks",
    "exactly-once", "advances", weather="mobile",
)  # fmt: skip
def outbox_forgotten(patch: pytest.MonkeyPatch) -> None:
    lost = Replica.lost

    def forget(self: Replica) -> None:
        lost(self)
        sent = self.outbox.sent
        self.outbox = Outbox(self._policy)
        self.outbox.sent = sent

    patch.setattr(Replica, "lost", forget)


@fault("the chart does not receive the event `recover`", "goes-on", weather="storm")
def not_told_of_recovery(patch: pytest.MonkeyPatch) -> None:
    happen = ChartDriver.happen

    def deaf(self: ChartDriver, event: str, fields: Mapping[str, Value]) -> None:
        if event != "recover":
            happen(self, event, fields)

    patch.setattr(ChartDriver, "happen", deaf)


@fault(
    "a turn that waits for a player asks to be woken immediately",
    "wakes-for-something", weather="mobile",
)  # fmt: skip
def woken_at_once(patch: pytest.MonkeyPatch) -> None:
    deadlines = Play.deadlines

    def eager(self: Play, now: int) -> Iterator[int | None]:
        yield from deadlines(self, now)
        yield self.due

    patch.setattr(Play, "deadlines", eager)


@fault("a number is missing in `seq`", "gapless", "one-log", weather="calm")
def seq_with_a_gap(patch: pytest.MonkeyPatch) -> None:
    say = EventLog.say

    def skipping(self: EventLog, body: packets.Body, *, dump: bool = False, ids=()) -> None:
        if isinstance(body, packets.MasterPacket) and body.generation == 20:
            self.folded.seq += 1
        say(self, body, dump=dump, ids=ids)

    patch.setattr(EventLog, "say", skipping)


@fault("a snapshot with a wrong hash is kept", "true-snapshots", "no-fault", weather="cheats")
def any_state_is_kept(patch: pytest.MonkeyPatch) -> None:
    sent = Snapshots.sent

    def kept(self: Snapshots, seat: int, said: SendState):
        point = self._at(said.generation)
        if point is None or point.done:
            return sent(self, seat, said)
        point.done = True
        return Keep(point.snapshot, point.at, said.state)

    patch.setattr(Snapshots, "sent", kept)


@fault(
    "a client that continues from a snapshot gets the snapshot's turn again",
    "no-fault", weather="mobile",
)  # fmt: skip
def snapshot_of_the_event_before(patch: pytest.MonkeyPatch) -> None:
    snapshot = Room._snapshot

    def before(self: Room) -> packets.Snapshot:
        made = snapshot(self)
        return replace(made, seq=made.seq - 1)

    patch.setattr(Room, "_snapshot", before)


@fault("the chart is not stored with the event that changed it", "one-log", weather="outages")
def chart_not_stored(patch: pytest.MonkeyPatch) -> None:
    entry_record = record.entry_record

    def bare(entry: Entry) -> bytes:
        return entry_record(entry if entry.seq < 20 else replace(entry, chart=None))

    patch.setattr(record, "entry_record", bare)


@fault("a state is not exited, and the chart notices", "no-fault", weather="calm")
def not_exited(patch: pytest.MonkeyPatch) -> None:
    exits = plans._Planner.compute_exit_set

    def fewer(self: plans._Planner, transitions: Sequence[TransitionRow]) -> int:
        found = exits(self, transitions)
        return found & (found - 1)

    def anew(
        chart: Chart, configuration: int, history: tuple[int, ...], selected: tuple[int, ...]
    ) -> TransitionPlan:
        return plans._Planner(chart, configuration, history).plan(selected)

    patch.setattr(plans._Planner, "compute_exit_set", fewer)
    patch.setattr(plans, "plan", anew)


@fault("a state is not entered, and the chart does not notice", "legal-states", weather="calm")
def not_entered(patch: pytest.MonkeyPatch) -> None:
    made = plans.plan

    def fewer(
        chart: Chart, configuration: int, history: tuple[int, ...], selected: tuple[int, ...]
    ) -> TransitionPlan:
        found = made(chart, configuration, history, selected)
        lost = sum(1 << state for state in found.entered[-1:])
        return replace(found, configuration=found.configuration & ~lost)

    patch.setattr(plans, "plan", fewer)


@fault("turns wait for a player whose engine has failed", "failed-unawaited", weather="bugs")
def failed_are_awaited(patch: pytest.MonkeyPatch) -> None:
    fail = presence.fail

    def awaited(member: Member, now: int, failure: tuple[int, str]) -> bool:
        before = member.gathers_from
        was_missing = fail(member, now, failure)
        member.gathers_from = before
        return was_missing

    patch.setattr(presence, "fail", awaited)


@fault(
    "a packet sent before the engine failed counts as its recovery",
    "failed-unawaited", weather="bugs",
)  # fmt: skip
def revived_by_the_past(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(play, "runs", lambda member, packet: True)
