"""Monitors the room: checks the effects of every call against the invariants.

It sees the same as a shell (effects, states, people), and for memory and timers also the inside of
the room. It changes nothing. `checks` counts each check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from gameroom.chart import Chart, ChartEvent, step
from gameroom.lockstep.ids import IDS_MAX, Ids
from gameroom.lockstep.packets import Event, MasterPacket, Roster
from gameroom.model import State
from gameroom.model.paths import join
from gameroom.room import Checkpoint, Folded, Room
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Picture, Reply
from gameroom.room.people import Member
from gameroom.simulator.invariants import (
    ArmedError,
    ConfigurationError,
    FailedAwaitedError,
    GapInSeqError,
    GrowthError,
    ReplyError,
    RestoredError,
    RosterOrderError,
    ToldBeforeStoredError,
    WakesError,
)
from gameroom.wire import plain
from gameroom.wire.shape import is_record, read, record_fields

HELD_MAX = 160
"""The maximum number of items in one part of the room's memory, in addition to its people: about
twice the largest window, which is 64 generations."""

WAKES_MAX = 12
"""The maximum number of consecutive ticks without an effect, each requested by the one before."""

SOON_MS = 100
"""Ticks requested for a later time than this do not waste processor time."""

AWAY = frozenset({"missing", "lost", "diverged"})
"""Flags that a connected, sending and honest player does not have for long."""


class Monitor:
    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.checks: Counter[str] = Counter()
        self.generation = 0
        self._legal: set[tuple[str, ...]] = set()
        self._wakes = 0

    # -- one call ------------------------------------------------------------------------

    def effects(
        self, room: Room, done: Sequence[Effect], *, now: int, seq: int, replies: int
    ) -> None:
        """Check the effects of one call. now: its time. seq: the last event before it."""
        stored: Event | None = None
        arms = said = 0
        before: object = None
        turns = sum(
            isinstance(each, Append) and isinstance(each.event.body, MasterPacket) for each in done
        )
        for effect in done:
            match effect:
                case Append(event=event):
                    seq += 1
                    if event.seq != seq:
                        raise GapInSeqError(
                            f"event {event.seq} was appended instead of event {seq}"
                        )
                    stored = event
                    turns -= isinstance(event.body, MasterPacket)
                    self._order(event, before, is_last=turns == 0)
                    before = event.body
                case Broadcast(event=event):
                    if event is not stored:
                        raise ToldBeforeStoredError(
                            f"event {event.seq} is broadcast before it is appended"
                        )
                case Reply():
                    said += 1
                case Arm(at=at):
                    arms += 1
                    if at is not None and at <= now:
                        raise ArmedError(f"at {now} ms the room asks for a tick at {at} ms")
        if said != replies:
            raise ReplyError(f"the call returned {said} replies instead of {replies}")
        if arms != 1 or not isinstance(done[-1], Arm):
            raise ArmedError(
                f"the call returned {arms} Arm effects, or Arm was not the last effect"
            )
        if room.seq != seq:
            raise GapInSeqError(
                f"the room is at event {room.seq}, but its last appended event is {seq}"
            )
        self.legal(room.states)
        last = done[-1]
        assert isinstance(last, Arm), "looked at above"
        self._count_wakes(last.at, now, is_idle=not replies and len(done) == 1)
        for name in ("store-then-tell", "gapless", "one-reply", "arm-ahead", "legal-states"):
            self.checks[name] += 1

    def _count_wakes(self, at: int | None, now: int, *, is_idle: bool) -> None:
        """is_idle: the only effect of the tick was to request the next tick at `at`."""
        is_soon = at is not None and at - now <= SOON_MS
        self._wakes = self._wakes + 1 if is_idle and is_soon else 0
        if self._wakes > WAKES_MAX:
            what = (
                f"after {self._wakes} useless ticks, the room at {now} ms asks for one at {at} ms"
            )
            raise WakesError(what)
        self.checks["wakes-for-something"] += 1

    def _order(self, event: Event, before: object, *, is_last: bool) -> None:
        """is_last: no further turn in this call can be the one that a roster belongs to."""
        body = event.body
        if isinstance(body, MasterPacket):
            if body.generation != self.generation + 1:
                what = f"turn {body.generation} follows turn {self.generation}"
                raise GapInSeqError(what)
            self.generation = body.generation
        elif is_last and isinstance(body, Roster) and isinstance(before, MasterPacket):
            what = f"turn {before.generation} precedes the roster that belongs to it"
            raise RosterOrderError(what)
        self.checks["roster-first"] += 1

    # -- states of the chart ---------------------------------------------------------------

    def legal(self, states: tuple[str, ...]) -> None:
        if states in self._legal:
            return
        active = frozenset(states)
        known = set(_below(self.chart.room.root, "", active))
        if known != active:
            raise ConfigurationError(
                f"{', '.join(sorted(active - known))}: active, but not the parent"
            )
        self._legal.add(states)

    def held_up(self, room: Room) -> bool:
        """Whether the chart would take a transition if every player counted as present and
        honest."""
        chart_driver = room.chart_driver
        people = tuple(
            replace(one, flags=(one.flags | {"connected"}) - AWAY) if "player" in one.kinds else one
            for one in room.people.facts()
        )
        before = chart_driver.snapshot
        told = ChartEvent("", before.now, before.generation, {}, people, settings=room.settings)
        after, _ = step(self.chart, before, told)
        self.checks["goes-on"] += 1
        return after.configuration != before.configuration

    def unawaited(self, member: Member) -> None:
        """Check that turns do not wait for this player, whose engine has failed. The room must know
        about the failure, and the player must not have sent anything since."""
        if not member.failed or member.gathers_from is not None:
            what = f"turns wait for {member.user}, although their engine has failed"
            raise FailedAwaitedError(what, seat=member.seat)
        self.checks["failed-unawaited"] += 1

    # -- replay ------------------------------------------------------------------------------

    def restored(self, live: Room, entries: Sequence[Append], told: Roster) -> None:
        """Compare the room with one that is restored from its journal now."""
        at = entries[-1].at
        folded = self._folded(live, entries)
        again = Room.restored(self.chart, seed=live.seed, folded=folded, now=at)
        for name, mine, theirs in (
            ("settings", live.settings, again.settings),
            ("generation", live.generation, again.generation),
            ("seq", live.seq, again.seq),
            ("states", live.states, again.states),
            ("pace", live.pace, again.pace),
            ("over", live.over, again.over),
        ):
            if mine != theirs:
                raise RestoredError(f"{name}: live {mine}, restored {theirs}")
        if live.people.roster() == _untimed(told):
            here, there = _shown(live.picture()), _shown(again.picture())
            if here != there and not live.chart_driver.changed:
                raise RestoredError(f"the people and states: live {here}, restored {there}")
        if not live.chart_driver.changed and live.chart_driver.due() != again.chart_driver.due():
            here_ms, there_ms = live.chart_driver.due(), again.chart_driver.due()
            raise RestoredError(f"next timer: live {here_ms}, restored {there_ms}")
        self.checks["replay-is-live"] += 1

    def _folded(self, live: Room, entries: Sequence[Append]) -> Folded:
        """Fold the journal from its start and from a checkpoint in its middle, and check that both
        results equal the checkpoint of the room."""
        folded = Folded({})
        middle = folded.fold_all(entries[: len(entries) // 2 + 1]).checkpoint()
        whole = folded.fold_all(entries[len(entries) // 2 + 1 :]).checkpoint()
        stored = read(Checkpoint, plain(middle), strict=True)
        from_there = Folded.of(stored).fold_all(entries[len(entries) // 2 + 1 :]).checkpoint()
        for what, checkpoint in (("room", live.checkpoint()), ("checkpoint", from_there)):
            if checkpoint != whole:
                raise RestoredError(f"the {what} gives {checkpoint}, but the journal gives {whole}")
        return folded

    # -- memory ------------------------------------------------------------------------------

    def memory(self, room: Room) -> None:
        bound = HELD_MAX + 2 * len(room.people.members)
        for where, size in _sizes(room, "room", set()):
            if size > bound:
                raise GrowthError(f"{where} has {size} items after {room.generation} turns")
        self.checks["bounded-memory"] += 1


def _untimed(roster: Roster) -> Roster:
    """The roster without times, because they refer to the moment when it was sent."""
    rows = tuple(replace(row, absent_ms=0, lost_in_ms=None) for row in roster.seats)
    return replace(roster, seats=rows)


def _shown(picture: Picture) -> tuple[object, ...]:
    """The part of a picture that follows from the journal, which does not contain spectators."""
    shown: list[object] = []
    for body in picture.body:
        if isinstance(body, Roster):
            body = Roster(_untimed(body).seats)
        shown.append(body)
    return tuple(shown)


def _below(state: State, path: str, active: Collection[str]) -> Iterator[str]:
    """The correctly active states, from the root down. Raises ConfigurationError if too few or too
    many children of a state are active."""
    inner = [child for child in state.states if child.kind != "history"]
    if not inner:
        return
    here = [child for child in inner if join(path, child.name) in active]
    if len(here) != (len(inner) if state.kind == "parallel" else 1):
        names = ", ".join(child.name for child in here) or "none"
        raise ConfigurationError(f"active children of `{path or 'the room'}`: {names}")
    for child in here:
        yield join(path, child.name)
        yield from _below(child, join(path, child.name), active)


_FIXED = ("file", "chart", "settings", "_requests", "_patience", "_snapshot", "_done", "trace")
"""Parts whose size depends on the room file, not on the number of turns."""


def _sizes(thing: object, where: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(thing) in seen or isinstance(thing, (str, bytes, int, type(None))):
        return
    seen.add(id(thing))
    if isinstance(thing, Ids):
        yield where, max(0, len(thing) - IDS_MAX)  # more than any other, and no more than that
    elif isinstance(thing, Mapping):
        yield where, len(thing)
        for key, value in thing.items():
            yield from _sizes(value, f"{where}[{key}]", seen)
    elif isinstance(thing, Collection) and not isinstance(thing, (Chart, State)):
        yield where, len(thing)
        for value in thing:
            yield from _sizes(value, f"{where}[]", seen)
    else:
        for name in _parts(thing):
            if name not in _FIXED:
                yield from _sizes(getattr(thing, name), f"{where}.{name}", seen)


def _parts(thing: object) -> list[str]:
    if is_record(type(thing)):
        return [one.name for one in record_fields(type(thing))]
    return list(getattr(thing, "__dict__", ()))
