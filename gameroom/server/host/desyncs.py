"""Collects evidence from the seats after a desync, and stores the report.

Knows verdicts, the users of sessions and the store of reports, but no HTTP. A case opens when a
room emits `diverged`. It closes when all expected evidence has arrived or the time is over. The
worker process creates the report, and a thread writes it, one report at a time.

The rules: failures here are only logged and never affect the game; the stored evidence is limited
(see `Limits`); only the first evidence of a seat counts, and only for this seat.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from gameroom.lockstep import desync_report
from gameroom.lockstep.packets import Checksum, Diverged, MasterPacket, Moves
from gameroom.roomfile import event_of
from gameroom.server import bodies
from gameroom.server.config import Config, Limits
from gameroom.server.host.jobs import reported
from gameroom.server.host.runner import Runner
from gameroom.server.host.worker import Worker, WorkerError
from gameroom.server.refusals import refuse
from gameroom.store import (
    DesyncStore,
    FileDesyncs,
    MemoryDesyncs,
    NoPlaceError,
    StoreFailedError,
)
from gameroom.texts import clean_line
from gameroom.wire import MSGPACK

log = logging.getLogger(__name__)

AGAIN_MS = 200
"""The minimum time before a seat asks again whether its state is needed."""
PARTS_BYTES_MAX = 262_144
"""The maximum size of the body with a seat's hashes."""
ENTRIES_MAX = 2000
"""The maximum number of journal entries that are read for one report."""


def open_desyncs(config: Config) -> DesyncStore:
    """The store of reports in the configuration's data folder, or in memory."""
    per_room, in_all = config.limits.desyncs_per_room_max, config.limits.desyncs_max
    if config.data is None:
        return MemoryDesyncs(per_room, min(in_all, 16))
    return FileDesyncs(config.data / "desyncs", per_room, in_all)


@dataclass(slots=True)
class Case:
    """One verdict and the evidence collected so far.

    users: by user id, the seats whose checksums were compared.
    asked: by seat, the deadline in milliseconds for sending the state. After it, another seat can
    be asked. hearing: seats whose state is being received.
    leaving: users whose session ends together with this case.
    """

    room: str
    limits: Limits
    subject: desync_report.Subject
    verdict: Diverged
    agreed: Checksum | None
    happened: tuple[MasterPacket | Moves, ...]
    users: dict[str, int]
    names: dict[int, str]
    said: dict[int, bodies.Evidence] = field(default_factory=dict)
    asked: dict[int, int] = field(default_factory=dict)
    hearing: set[int] = field(default_factory=set)
    states: dict[int, bytes] = field(default_factory=dict)
    leaving: list[str] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None

    def has_state(self, seat: int) -> bool:
        """Whether this seat has a state that is not too large to send."""
        return 0 < self.said[seat].bytes <= self.limits.desync_state_bytes_max

    def is_wanted(self, seat: int, now: int) -> bool:
        """Whether to ask this seat for its state. Every seat of the minority is asked, except that
        one of `desync_states_max` states is reserved for the majority. Of the majority, one seat is
        asked for each generation of a kept state, usually one in total. Without a majority, one
        seat is asked for each checksum."""
        if seat in self.asked or not self.has_state(seat):
            return False
        side = desync_report.side(self.verdict, seat)
        expected = self.expected(now)
        if side == "minority":
            of_side = [one for one in expected if desync_report.side(self.verdict, one) == side]
            return len(of_side) < self.limits.desync_states_max - 1

        def kind(one: int) -> tuple[str, int, int | None]:
            said = self.said[one].generation
            return desync_report.side(self.verdict, one), self.verdict.values[one], said

        is_new = kind(seat) not in map(kind, expected)
        return is_new and len(expected) < self.limits.desync_states_max

    def expected(self, now: int) -> list[int]:
        """The seats whose state has arrived, is being received, or can still arrive in time."""
        return [
            seat
            for seat, until in self.asked.items()
            if seat in self.states or seat in self.hearing or now < until
        ]

    def is_done(self, seat: int) -> bool:
        """Whether this seat has sent everything it was asked for."""
        return seat in self.said and (seat not in self.asked or seat in self.states)

    def is_complete(self, now: int) -> bool:
        """Whether all seats have sent their evidence, and no other seat needs to be asked."""
        return (
            self.said.keys() >= self.verdict.values.keys()
            and self.states.keys() >= set(self.expected(now))
            and not any(self.is_wanted(seat, now) for seat in self.said)
        )

    def witnesses(self) -> Iterator[desync_report.Witness]:
        for seat, checksum in self.verdict.values.items():
            said = self.said.get(seat)
            yield desync_report.Witness(
                seat,
                self.names.get(seat, ""),
                checksum,
                None if said is None else said.generation,
                {} if said is None else said.parts,
                self.states.get(seat),
                "no evidence received" if said is None else said.why and clean_line(said.why),
            )


class Desyncs:
    """All cases of a server. forget: called with (room, user) to end a session that was kept only
    for a case."""

    def __init__(
        self,
        store: DesyncStore,
        limits: Limits,
        *,
        loop: asyncio.AbstractEventLoop,
        wall: Callable[[], int],
        forget: Callable[[str, str], None],
        worker: Worker,
    ) -> None:
        self._worker = worker
        self.store = store
        self._limits = limits
        self._loop = loop
        self._wall = wall
        self._forget = forget
        self._open: dict[tuple[str, int], Case] = {}
        self._writer = ThreadPoolExecutor(1, "gameroom-desync")

    # -- the room's side -----------------------------------------------------------

    def diverged(self, runner: Runner, verdict: Diverged) -> None:
        """A room has emitted `diverged`. Never raises: the game continues as the room file
        defines."""
        try:
            self._begin(runner, verdict)
        except Exception:
            log.exception(
                "room %s: evidence cannot be collected: turn %d", runner.id, verdict.generation
            )

    def _begin(self, runner: Runner, verdict: Diverged) -> None:
        key = (runner.id, verdict.generation)
        if key in self._open:
            return
        if len(self._open) >= self._limits.desyncs_open_max:
            log.warning("room %s: turn %d gets no desync report: too many desyncs at once", *key)
            return
        header = runner.events.journal.header
        rows = [row for row in runner.roster.seats if row.seat in verdict.values]
        agreed, happened = _before(runner, verdict.generation)
        case = Case(
            room=runner.id,
            limits=self._limits,
            subject=desync_report.Subject(
                room=runner.id,
                name=runner.room.file.name,
                engine=header.engine,
                seed=header.seed,
                setup=dict(runner.room.settings),
                created=header.created,
                at=self._wall(),
            ),
            verdict=verdict,
            agreed=agreed,
            happened=happened,
            users={row.user: row.seat for row in rows},
            names={row.seat: row.name for row in rows},
        )
        wait_s = self._limits.desync_wait_ms / 1000
        case.timer = self._loop.call_later(wait_s, self._end, key)
        self._open[key] = case

    def defers(self, room: str, user: str) -> bool:
        """Whether evidence is still expected from this person. Then the session ends only with the
        case. Without a place in the room, the session allows nothing else."""
        for case in self._open.values():
            seat = case.users.get(user)
            if case.room == room and seat is not None and not case.is_done(seat):
                case.leaving.append(user)
                return True
        return False

    def is_leaving(self, room: str, user: str) -> bool:
        """Whether this person has lost the place and has a session only to send evidence."""
        return any(case.room == room and user in case.leaving for case in self._open.values())

    # -- the seats' side -------------------------------------------------------------

    def hear(
        self, room: str, generation: int, user: str, said: bodies.Evidence
    ) -> bodies.EvidenceTaken:
        """Take the evidence of a seat, or its question whether its state is needed now. Only the
        first evidence counts. Raises ProblemError."""
        case, seat = self._case(room, generation, user)
        if said.generation is not None and said.generation < generation:
            raise refuse(
                422,
                "bad_body",
                "The evidence must be from the generation that diverged or a later one.",
            )
        case.said.setdefault(seat, said)
        now = self._now()
        if case.is_wanted(seat, now):
            case.asked[seat] = now + self._limits.desync_state_wait_ms
        self._end_if_complete(case)
        if seat in case.asked:
            return bodies.EvidenceTaken(seat not in case.states)
        late = [until for one, until in case.asked.items() if one not in case.states]
        if not late or not case.has_state(seat):
            return bodies.EvidenceTaken(False)
        # Another seat is asked now. If it does not answer, this seat might be asked next.
        return bodies.EvidenceTaken(False, max(min(late) - now, AGAIN_MS))

    @contextmanager
    def hearing(self, room: str, generation: int, user: str) -> Iterator[Callable[[bytes], None]]:
        """A state is being received. Yields the function that takes it. Raises ProblemError if this
        state is not needed."""
        case, seat = self._case(room, generation, user)
        held = len(case.states.keys() | case.hearing)
        is_full = held >= self._limits.desync_states_max
        if seat not in case.asked or seat in case.states or seat in case.hearing or is_full:
            raise refuse(
                409,
                "not_wanted",
                "The state of this seat is not needed, or it has already arrived.",
            )

        def take(state: bytes) -> None:
            self._case(room, generation, user)
            case.states[seat] = state

        case.hearing.add(seat)
        try:
            yield take
        finally:
            case.hearing.discard(seat)
        self._end_if_complete(case)

    def _now(self) -> int:
        return int(self._loop.time() * 1000)

    def _case(self, room: str, generation: int, user: str) -> tuple[Case, int]:
        """The open case and the seat of this user. Raises ProblemError, with the same answer for a
        missing case and for a case that does not involve the user: spectators with a delay must
        not learn about it."""
        case = self._open.get((room, generation))
        seat = None if case is None else case.users.get(user)
        if case is None or seat is None:
            detail = "Evidence for this generation is not being collected from you."
            raise refuse(404, "no_such_desync", detail)
        return case, seat

    # -- the end of a case -------------------------------------------------------------

    def coming(self, room: str) -> tuple[int, ...]:
        """The generations for which evidence is being collected."""
        return tuple(sorted(of for id_, of in self._open if id_ == room))

    def close(self) -> None:
        """The server stops: write the reports with the evidence so far, and wait for that."""
        for key in tuple(self._open):
            self._end(key)
        self._writer.shutdown(wait=True)

    def _end_if_complete(self, case: Case) -> None:
        if case.is_complete(self._now()):
            self._end((case.room, case.verdict.generation))

    def _end(self, key: tuple[str, int]) -> None:
        case = self._open.get(key)
        if case is None:
            return
        if case.timer is not None:
            case.timer.cancel()
        del self._open[key]
        self._writer.submit(self._write, case)
        for user in case.leaving:
            self._forget(case.room, user)

    def _write(self, case: Case) -> None:
        """Runs in the writer's thread."""
        room, generation = case.room, case.verdict.generation
        try:
            witnesses = tuple(case.witnesses())
            data = self._worker.submit(
                reported, case.subject, case.verdict, case.agreed, case.happened, witnesses
            ).result()
            where = self.store.put(room, generation, data, case.subject.at)
        except NoPlaceError:
            log.info(
                "room %s: turn %d gets no desync report: the limit of reports is reached",
                room,
                generation,
            )
        except (StoreFailedError, WorkerError) as error:
            log.error(
                "room %s: the desync report of turn %d cannot be stored: %s",
                room,
                generation,
                error,
            )
        except Exception:
            log.exception(
                "room %s: the desync report of turn %d cannot be written: internal error",
                room,
                generation,
            )
        else:
            log.warning(
                "room %s: engines diverged at turn %d: report written to %s",
                room,
                generation,
                where,
            )


def _before(
    runner: Runner, generation: int
) -> tuple[Checksum | None, tuple[MasterPacket | Moves, ...]]:
    """The last agreed checksum before a generation, and the events from there up to it."""
    agreed = runner.room.play.checksums.agreed_before(generation)
    earliest = generation - desync_report.HAPPENED_MAX
    first = max(1 if agreed is None else agreed.generation + 1, earliest)
    last = runner.events.seq_of(generation) if 1 <= generation <= runner.room.generation else None
    if last is None:
        return agreed, ()
    before = runner.events.seq_of(first - 1) if first > 1 else 0
    after = max(before or 0, last - ENTRIES_MAX)
    entries = runner.events.journal.read(after=after, limit=last - after)
    read = [event_of(entry, runner.events.codecs[MSGPACK]).body for entry in entries]
    happened = [body for body in read if isinstance(body, MasterPacket | Moves)]
    if agreed is None:
        told = [body.checksum for body in happened if isinstance(body, MasterPacket)]
        known = [one for one in told if one is not None and one.generation < generation]
        if known:
            agreed = known[-1]
            happened = [body for body in happened if body.generation > agreed.generation]
    return agreed, tuple(happened)
