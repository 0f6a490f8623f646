"""The rooms of this server by id: the running rooms, and a small record for each sleeping room.

Knows the stores, the runners and the recovery of rooms, but no HTTP and no names of people. The
rules: an unknown room is "not available yet" until the stores have been listed; an empty room
falls asleep and then needs no open file and only a small record; a failure to wake one room does
not affect the others, and the server tries again later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gameroom.chart import Chart
from gameroom.lockstep.packets import Diverged
from gameroom.lockstep.problem import Problem
from gameroom.model import RoomFile
from gameroom.model.policies import number
from gameroom.room import Room
from gameroom.roomfile import recovering
from gameroom.server.config import Limits
from gameroom.server.host import charts
from gameroom.server.host.charts import Charts
from gameroom.server.host.clock import RoomClock
from gameroom.server.host.deadlines import Deadlines
from gameroom.server.host.jobs import DraftRefusal, read_again
from gameroom.server.host.recovery import recovered
from gameroom.server.host.runner import Runner
from gameroom.server.host.sessions import Sessions
from gameroom.server.host.shown import Shown
from gameroom.server.host.stores import Syncing
from gameroom.server.host.worker import Worker, WorkerError
from gameroom.server.refusals import ProblemError, refuse
from gameroom.store import (
    Header,
    Journal,
    JournalError,
    Mark,
    RoomRecord,
    SnapshotHead,
    StoreFailedError,
    Stores,
)
from gameroom.store.marks import Marks
from gameroom.wire import Close

log = logging.getLogger(__name__)

DAMAGED_MS = 60_000
"""How long the server waits before it tries again to wake a damaged room."""

BACKGROUND_PAUSE_S = 0.02
"""The pause between two rooms that are woken in the background."""

WAKING = Problem(
    503, "waking", "The room is waking up. It is available in a moment.", retry_after_ms=500
)


class JournalsFailedError(StoreFailedError):
    """Journals cannot be written."""


class OvertakenError(Exception):
    """In the meantime the server has stopped, or the room was ended."""


@dataclass(slots=True)
class Asleep:
    """A room that is not in memory.

    until: when it ends if nobody comes back, in the store's running time; None if unknown, because
    the room was awake when its server was killed. problem: why it could not wake up. again_at: when
    to try again, in the loop's time.
    """

    until: int | None = None
    problem: Problem | None = None
    again_at: float = 0.0


class Rooms:
    """The rooms of one server.

    down: returns the problem of the stores, None while they work. forget: called with (room, user)
    when a session ends. diverged: called with each desync verdict.
    """

    def __init__(
        self,
        stores: Stores,
        limits: Limits,
        sessions: Sessions,
        *,
        loop: asyncio.AbstractEventLoop,
        down: Callable[[], Problem | None],
        forget: Callable[[str, str], None],
        diverged: Callable[[Runner, Diverged], None],
        wall: Callable[[], int],
        worker: Callable[[], Worker],
    ) -> None:
        self.running: dict[str, Runner] = {}
        self.asleep: dict[str, Asleep] = {}
        self.listed = False
        """Whether the rooms in the stores have been listed."""
        self.syncing = Syncing(stores.journals)
        self.deadlines = Deadlines()
        self._stores = stores
        self._limits = limits
        self._sessions = sessions
        self._loop = loop
        self._down = down
        self._forget = forget
        self._diverged = diverged
        self._wall = wall
        self._worker = worker
        self._moving: dict[str, asyncio.Task[None]] = {}
        """For each room, the task that wakes it up or puts it to sleep."""
        self._idle: set[str] = set()
        """Rooms that were empty at the last `look`."""
        self.charts = Charts()
        self._gate = asyncio.Semaphore(limits.waking_max)
        self._background: asyncio.Task[None] | None = None
        """Wakes rooms that no client asks for."""
        self._ran_ms = 0
        self._ran_at = loop.time()
        self._closed = False

    @property
    def count(self) -> int:
        """The number of all rooms, including sleeping rooms."""
        return len(self.running) + len(self.asleep)

    # -- the list --------------------------------------------------------------------

    async def check(self) -> None:
        """Check the stores. Raises StoreFailedError. The first success also lists the stored rooms.
        After a success, rooms that could not wake up because of the disk can be tried again."""
        now = self._loop.time()
        self._ran_ms = await self._stores.sessions.check(int((now - self._ran_at) * 1000))
        self._ran_at = now
        try:
            await asyncio.to_thread(self._stores.journals.check)
        except StoreFailedError as error:
            raise JournalsFailedError(str(error)) from error
        if not self.listed:
            await self._list()
        for line in self.asleep.values():
            if line.problem is not None and line.problem.code == "not_stored":
                line.again_at = 0.0

    @property
    def now(self) -> int:
        """The total running time of all servers on these stores, in milliseconds."""
        return self._ran_ms + int((self._loop.time() - self._ran_at) * 1000)

    async def _list(self) -> None:
        """List the stored rooms. Raises StoreFailedError."""
        records = await self._stores.sessions.rooms()
        journals = await asyncio.to_thread(self._stores.journals.rooms)
        strangers = await self._stores.sessions.unknown(journals)
        if strangers:
            log.error(
                "session store: rooms with a journal but without sessions: %d, the first is %s: "
                "was the database lost or replaced?",
                len(strangers),
                strangers[0],
            )
        for room in strangers:
            record = RoomRecord(room, "", self._wall())
            await self._stores.sessions.put_room(record)
            records += (record,)
        missing = {record.room for record in records} - set(journals)
        for record in records:
            if record.room in missing:
                log.error("room %s: cannot be restored: it has no journal", record.room)
            if record.room not in self.running:
                self.asleep[record.room] = Asleep(record.sleeps_until)
        self.listed = True
        if records:
            log.info("rooms: %d asleep; each wakes up when somebody connects", len(records))
        self._background = self._loop.create_task(self._look_through())

    async def _look_through(self) -> None:
        """Wake the rooms that were awake when their server was killed, one after the other. They
        fall asleep again with a checkpoint and a known end."""
        for room in [room for room, line in self.asleep.items() if line.until is None]:
            # The reason of a failure is in the room's record and in the log.
            with suppress(ProblemError):
                await self.find(room)
            await asyncio.sleep(BACKGROUND_PAUSE_S)

    # -- finding ---------------------------------------------------------------------

    def may_be(self, room: str) -> bool:
        """Whether the room can exist, as far as the server knows now."""
        return room in self.running or room in self.asleep or not self.listed

    async def find(self, room: str) -> Runner:
        """The running room. A sleeping room is woken up. Raises ProblemError."""
        wait_s = self._limits.wake_wait_ms / 1000
        until = self._loop.time() + wait_s
        while True:
            runner = self.running.get(room)
            if runner is not None:
                if runner.stopped is not None:
                    raise ProblemError(runner.stopped)
                return runner
            line = self.asleep.get(room)
            if line is None or self._closed:
                raise self.absent()
            task = self._moving.get(room)
            if task is None:
                if line.problem is not None and self._loop.time() < line.again_at:
                    raise ProblemError(line.problem)
                task = self._move(room, self._wake(room, line))
            done, _ = await asyncio.wait({task}, timeout=max(0.0, until - self._loop.time()))
            if not done:
                raise ProblemError(WAKING)
            if line.problem is not None and room in self.asleep:
                raise ProblemError(line.problem)

    def absent(self) -> ProblemError:
        """The error for a room that is not available. Whether it exists is known only after the
        stores have been listed."""
        if self._closed:
            return ProblemError(Problem(503, "closing", "The server is shutting down."))
        if self.listed:
            return refuse(404, "no_such_room", "There is no such room.")
        return ProblemError(self._down() or WAKING)

    def _move(self, room: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        def moved(task: asyncio.Task[None]) -> None:
            if self._moving.get(room) is task:
                del self._moving[room]

        task = self._moving[room] = self._loop.create_task(work)
        task.add_done_callback(moved)
        return task

    # -- waking up -------------------------------------------------------------------

    async def _wake(self, room: str, line: Asleep) -> None:
        """Bring a room back, or record in `line` why that failed."""
        async with self._gate:
            try:
                await self._bring_back(room, line)
            except OvertakenError:
                return
            except KeyError:
                why = "The room's journal is missing."
                self._kept_back(room, line, Problem(503, "room_damaged", why), DAMAGED_MS)
            except JournalError as error:
                self._kept_back(room, line, Problem(503, "room_damaged", str(error)), DAMAGED_MS)
            except StoreFailedError as error:
                problem = Problem(503, "not_stored", f"The room's store does not work: {error}.")
                self._kept_back(room, line, problem, self._limits.store_check_ms)
            except Exception:
                log.exception("room %s: internal error", room)
                problem = Problem(503, "fault", "The room has an internal error.")
                self._kept_back(room, line, problem, DAMAGED_MS)

    def _kept_back(self, room: str, line: Asleep, problem: Problem, wait_ms: int) -> None:
        if line.problem is None or line.problem.code != problem.code:
            log.error("room %s: cannot wake up, its journal is kept: %s", room, problem.detail)
        line.problem = replace(problem, retry_after_ms=wait_ms)
        line.again_at = self._loop.time() + wait_ms / 1000

    async def _bring_back(self, room: str, line: Asleep) -> None:
        await self._sessions.load(room)
        journal = await asyncio.to_thread(self._stores.journals.open, room)
        try:
            header = journal.header
            if journal.torn is not None:
                log.warning("room %s: an incomplete last entry was removed from the journal", room)
            with recovering(header):
                chart = await self._chart(header)
            heads = await asyncio.to_thread(self._stores.snapshots.heads, room)
            if not journal.last:
                made = Room(chart, seed=header.seed, settings=header.setup)
                runner = self._hosted(made, journal, heads)
            else:
                slept_ms = 0
                if line.until is not None:
                    sleep_max = number(chart.room, "reconnect", "sleep")
                    slept_ms = max(0, self.now - line.until + sleep_max)
                found = await recovered(journal, chart, slept_ms)
                runner = self._hosted(
                    found.room, journal, heads, marks=found.turns, shown=found.shown
                )
            if self._closed or self.asleep.get(room) is not line:
                raise OvertakenError
        except BaseException:
            await asyncio.to_thread(_let_go, journal)
            raise
        del self.asleep[room]
        self.running[room] = runner
        self.syncing.add(room, journal)
        if line.until is not None:
            self._sessions.sleep(room, None)
        if journal.last:
            runner.resume()
        else:
            runner.begin()
        if runner.stopped is None and runner.room.over:
            self._over(runner)

    async def _chart(self, header: Header) -> Chart:
        """The compiled room file of a header. Raises ProblemError."""
        key = charts.key(header.name, header.text, header.used)
        return self.charts.get(key) or await self.charts.of(key, await self.file(header))

    async def file(self, header: Header) -> RoomFile:
        """The room file of a header, read in the worker process. If the worker is busy or has
        failed, a thread of this process reads it, because people are waiting. Raises
        ProblemError."""
        worker = self._worker()
        found: RoomFile | DraftRefusal | None = None
        if worker.waiting < self._limits.waking_max:
            try:
                found = await worker.run(read_again, header)
            except WorkerError as error:
                log.warning(
                    "room %s: the room file is read in the server process: %s", header.room, error
                )
        if found is None:
            found = await asyncio.to_thread(read_again, header)
        if isinstance(found, DraftRefusal):
            raise ProblemError(found.problem)
        return found

    def _hosted(
        self,
        room: Room,
        journal: Journal,
        heads: tuple[SnapshotHead, ...] = (),
        *,
        marks: Marks | None = None,
        shown: Shown | None = None,
    ) -> Runner:
        return Runner(
            room,
            journal=journal,
            snapshots=self._stores.snapshots,
            heads=heads,
            clock=RoomClock(self._loop, room.time),
            loop=self._loop,
            tail_bytes_max=self._limits.tail_bytes_max,
            forget=self._forget,
            over=self._over,
            stopped=self._stopped,
            keep=self._keep,
            diverged=self._diverged,
            marks=marks,
            shown=shown,
            deadlines=self.deadlines,
        )

    def add(self, room: Room, journal: Journal) -> Runner:
        """Add a new room, which has not started yet."""
        id_ = journal.header.room
        assert id_ not in self.running, "ids are drawn from 128 bits"
        runner = self.running[id_] = self._hosted(room, journal)
        self.syncing.add(id_, journal)
        return runner

    # -- falling asleep ----------------------------------------------------------------

    def look(self) -> None:
        """Put rooms to sleep that were empty at the last look and still are. Wake rooms that have
        slept too long, which ends them. Call this periodically."""
        idle = {
            room
            for room, runner in self.running.items()
            if runner.room.asleep and not runner.lines and not runner.room.over and runner.is_stored
        }
        for room in idle & self._idle:
            runner = self.running.pop(room)
            until = self.now + runner.room.sleep_left_ms(runner.clock.now())
            self.asleep[room] = Asleep(until)
            self._move(room, self._put_to_sleep(runner, until))
        self._idle = idle & self.running.keys()
        now_s, background = self._loop.time(), self._background
        listing = background is not None and not background.done()
        for room, line in self.asleep.items():
            is_due = not listing if line.until is None else line.until <= self.now
            is_hopeless = line.problem is not None and line.problem.code != "not_stored"
            if is_due and not is_hopeless and line.again_at <= now_s and room not in self._moving:
                self._move(room, self._wake(room, line))

    async def _put_to_sleep(self, runner: Runner, until: int) -> None:
        room = runner.id
        self.syncing.remove(room)
        runner.close(Close.RESTART, "the room sleeps")
        await asyncio.to_thread(_put_away, runner.events.journal, runner.checkpoint())
        self._sessions.unload(room)
        self._sessions.sleep(room, until)

    def _stopped(self, runner: Runner) -> None:
        """A room has stopped after a failure. Keep it asleep until its store works again or a
        client asks for it."""
        room = runner.id
        assert runner.stopped is not None, "it says why"
        self.running.pop(room, None)
        self.syncing.remove(room)
        wait_ms = runner.stopped.retry_after_ms or 0
        line = Asleep(None, runner.stopped, self._loop.time() + wait_ms / 1000)
        self.asleep[room] = line
        self._move(room, asyncio.to_thread(_let_go, runner.events.journal))

    def _keep(self, runner: Runner, mark: Mark, said: bytes) -> None:
        self.syncing.keep(runner.id, mark, said)

    # -- ending ------------------------------------------------------------------------

    def _over(self, runner: Runner) -> None:
        """A room has ended. It remains available for a while, then it is removed."""
        watchers = runner.room.file.spectators
        late_ms = 0 if watchers is None else watchers.delay.amount
        stays_ms = self._limits.ended_room_ms + late_ms
        self._loop.call_later(stays_ms / 1000, self.end, runner.id)

    def end(self, room: str) -> None:
        """End a room and its sessions. Its journal remains for replays."""
        runner = self.running.pop(room, None)
        line = self.asleep.pop(room, None)
        if runner is None and line is None:
            return
        self._sessions.end(room, self._wall())
        if runner is not None:
            self.syncing.remove(room)
            runner.close(Close.ENDED, "the room has ended")
            runner.snapshots.forget()
            checkpoint = runner.checkpoint()
            self._move(room, asyncio.to_thread(_put_away, runner.events.journal, checkpoint))
        self._loop.run_in_executor(None, self._stores.snapshots.drop, room)

    def close(self, code: Close, reason: str) -> None:
        """The server stops: close every socket. `settle` completes the shutdown."""
        self._closed = True
        if self._background is not None:
            self._background.cancel()
        for runner in self.running.values():
            runner.close(code, reason)

    async def settle(self) -> None:
        """After `close`: close every journal with a checkpoint. The running time stops until the
        next server starts, so people then have the full time to come back."""
        if self._moving:
            await asyncio.wait(self._moving.values())
        await asyncio.to_thread(self.syncing.stop)
        for room, runner in self.running.items():
            await asyncio.to_thread(_put_away, runner.events.journal, runner.checkpoint())
            sleep_max = number(runner.room.file, "reconnect", "sleep")
            self._sessions.sleep(room, self.now + sleep_max)
        self.running.clear()

    async def moved(self, room: str) -> None:
        """Wait until this room has finished falling asleep, waking up or ending."""
        if (task := self._moving.get(room)) is not None:
            await asyncio.wait({task})


def _put_away(journal: Journal, checkpoint: tuple[Mark, bytes] | None) -> None:
    """Store a checkpoint, then close the journal. Runs in a thread."""
    if checkpoint is not None:
        try:
            journal.keep(*checkpoint)
        except StoreFailedError as error:
            log.error("room %s: the checkpoint cannot be stored: %s", journal.header.room, error)
    _let_go(journal)


def _let_go(journal: Journal) -> None:
    try:
        journal.close()
    except StoreFailedError as error:
        log.error("room %s: the journal cannot be closed: %s", journal.header.room, error)
