"""Creates rooms and lets people join, if the stores work.

Knows the stores and the rooms, but no HTTP. The rule: without working stores no room is created,
no place is given and no game starts, and the refusal says why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from gameroom import resources
from gameroom.lockstep.packets import Welcome
from gameroom.lockstep.problem import Problem
from gameroom.model import RoomFile
from gameroom.resources import shipped_code
from gameroom.room import Room, inputs
from gameroom.server import bodies
from gameroom.server.auth import Sources, digest
from gameroom.server.config import Limits
from gameroom.server.host import charts
from gameroom.server.host.attempts import Attempts
from gameroom.server.host.desyncs import Desyncs
from gameroom.server.host.jobs import Draft, drafted
from gameroom.server.host.rooms import JournalsFailedError, Rooms
from gameroom.server.host.runner import Runner
from gameroom.server.host.sessions import Sessions
from gameroom.server.host.worker import JobFailedError, Worker, WorkerBusyError, shared
from gameroom.server.refusals import BadRoomError, ProblemError, refuse
from gameroom.store import (
    DesyncStore,
    Header,
    Journal,
    JournalError,
    MemoryDesyncs,
    RoomRecord,
    Session,
    StoreBusyError,
    StoreFailedError,
    Stores,
)
from gameroom.wire import Close

log = logging.getLogger(__name__)

GUEST_CHARACTERS = 8

NO_SESSIONS = "Games cannot be started or joined: the session store does not work"
NO_JOURNALS = "Games cannot be started or joined: journals cannot be written"


class Lobby:
    """All rooms of a process."""

    def __init__(
        self,
        stores: Stores,
        limits: Limits,
        sources: Sources,
        *,
        loop: asyncio.AbstractEventLoop,
        desyncs: DesyncStore | None = None,
        worker: Worker | None = None,
    ) -> None:
        self.down: Problem | None = Problem(
            503,
            "no_session_store",
            "Games cannot be started or joined yet: the stores have not been checked.",
            retry_after_ms=limits.store_check_ms,
        )
        """The problem of the stores, None while they work."""
        self.worker = worker or shared(
            limits.job_cpu_ms, limits.job_memory_bytes, limits.jobs_waiting_max
        )
        self.desyncs = Desyncs(
            desyncs or MemoryDesyncs(),
            limits,
            loop=loop,
            wall=sources.wall,
            forget=self.forget,
            worker=self.worker,
        )
        self._failing = self._busy = False
        """Whether the failure was already logged."""
        self._checking: asyncio.Task[None] | None = None
        self._sessions = Sessions(
            stores.sessions,
            loop=loop,
            retry_s=limits.store_check_ms / 1000,
            failed=self._failed,
        )
        self.rooms = Rooms(
            stores,
            limits,
            self._sessions,
            loop=loop,
            down=lambda: self.down,
            forget=self.forget,
            diverged=self.desyncs.diverged,
            wall=sources.wall,
            worker=lambda: self.worker,
        )
        self._attempts = Attempts(limits, loop=loop)
        self._stores = stores
        self._limits = limits
        self._sources = sources
        self._loop = loop
        self._making = 0
        self._closed = False

    # -- the store -------------------------------------------------------------------

    async def check(self) -> Problem | None:
        """Check the stores, and remember the result in `down`. The first success also lists the
        stored rooms. Concurrent calls share one check."""
        if self._checking is None:
            self._checking = self._loop.create_task(self._check())
        await asyncio.shield(self._checking)
        return self.down

    async def _check(self) -> None:
        try:
            if self._closed:
                return
            await self.rooms.check()
            self.rooms.look()
        except StoreFailedError as error:
            self._failed(error)
        else:
            if self._failing:
                log.info("stores: working again")
            self._failing = self._busy = False
            self.down = None
        finally:
            self._checking = None

    def can_start(self) -> Problem | None:
        """Why no game can start now, None if one can."""
        return self.down

    def _failed(self, error: StoreFailedError) -> ProblemError:
        """The error for a client after a call to a store failed."""
        if isinstance(error, StoreBusyError):
            # A busy store works, so it does not set `down`: other clients' load must not keep
            # games from starting.
            if not self._busy:
                log.warning("session store: busy: %s", error)
            self._busy = True
            return ProblemError(
                Problem(
                    503,
                    "server_busy",
                    "The session store is busy.",
                    retry_after_ms=self._limits.store_wait_ms,
                )
            )
        if not self._failing:
            log.error("stores: failed: %s", error)
        self._failing = True
        if isinstance(error, JournalsFailedError):
            problem = Problem(503, "no_journal_store", f"{NO_JOURNALS}: {error}.")
        else:
            problem = Problem(503, "no_session_store", f"{NO_SESSIONS}: {error}.")
        self.down = replace(problem, retry_after_ms=self._limits.store_check_ms)
        return ProblemError(self.down)

    # -- rooms -----------------------------------------------------------------------

    async def create(self, wish: bytes | bodies.Create) -> bodies.Created:
        """Create a room from the body of a request. The worker process reads the body, because a
        long one would delay the running games. Raises ProblemError."""
        if self.down is not None:
            raise ProblemError(self.down)
        rooms, limits = self.rooms, self._limits
        if (
            len(rooms.running) + self._making >= limits.rooms_max
            or rooms.count + self._making >= limits.rooms_kept_max
        ):
            raise refuse(
                503,
                "server_full",
                "This server is running as many rooms as it can. Try again later.",
            )
        self._making += 1
        try:
            draft = await self._draft(wish)
            key = charts.key(draft.name, draft.text, draft.used)
            chart = await rooms.charts.of(key, draft.file)
            header = await self._header(draft)
            room = Room(chart, seed=header.seed, settings=draft.setup)
            runner = await self._hosted(room, header)
        except StoreFailedError as error:
            raise self._failed(error) from error
        finally:
            self._making -= 1
        runner.begin()
        if runner.stopped is not None:
            raise ProblemError(runner.stopped)
        return bodies.Created(header.room, f"/join/{header.room}", header.engine, header.seed)

    async def _hosted(self, room: Room, header: Header) -> Runner:
        """Add a new room, first to the list of rooms, so that a crash leaves no unlisted journal.
        Raises StoreFailedError and ProblemError; then the room does not exist."""
        try:
            record = RoomRecord(header.room, room.file.name, header.created)
            await self._stores.sessions.put_room(record)
            if self._closed:
                raise ProblemError(Problem(503, "closing", "The server is shutting down."))
            journal = await asyncio.to_thread(self._stores.journals.create, header)
        except BaseException:
            self._sessions.end(header.room, self._sources.wall())
            raise
        self._sessions.open(header.room)
        return self.rooms.add(room, journal)

    async def _draft(self, wish: bytes | bodies.Create) -> Draft:
        """Read the request in the worker process. Raises ProblemError."""
        try:
            draft = await self.worker.run(drafted, wish, self._limits.places_per_room_max)
        except WorkerBusyError:
            raise ProblemError(
                Problem(
                    503,
                    "server_busy",
                    "Too many rooms are being created. Try again later.",
                    retry_after_ms=2000,
                )
            ) from None
        except JobFailedError as error:
            log.error("room file: reading failed: %s", error)
            raise refuse(
                503, "too_heavy", "The room file takes too long, or too much memory, to read."
            ) from None
        if isinstance(draft, Draft):
            return draft
        if draft.diagnostics is not None:
            raise BadRoomError(draft.problem, draft.diagnostics)
        raise ProblemError(draft.problem)

    async def _header(self, draft: Draft) -> Header:
        wish = draft.wish
        engine = await self._code(wish.engine, draft.engine, wish.game, "engine.js")
        if engine is None:
            raise refuse(
                422, "no_engine", "A room needs an engine: send its `source` or its `sha256`."
            )
        return Header(
            room=self._sources.room(),
            name=draft.name,
            text=draft.text,
            used=draft.used,
            engine=engine,
            view=await self._code(wish.view, draft.view, wish.game, "view.js"),
            kit=await self._stores.sessions.put_engine(resources.kit()),
            seed=self._sources.seed() if wish.seed is None else wish.seed,
            setup=draft.setup,
            created=self._sources.wall(),
        )

    async def _code(
        self, wish: bodies.CodeBody | None, sent: bytes | None, game: str | None, name: str
    ) -> str | None:
        """Store the engine or the view of a request. Returns its hash, None if the request has
        none. sent: its source, if the request contains it. Raises ProblemError."""
        if wish is None:
            shipped = None if game is None else shipped_code(game, name)
            sent = None if shipped is None else shipped.encode()
        elif (sent is None) == (wish.sha256 is None):
            raise refuse(
                422, "bad_body", "Send either the `source` of the code or its `sha256`, not both."
            )
        elif wish.sha256 is not None:
            if await self._stores.sessions.engine(wish.sha256) is None:
                raise refuse(404, "no_such_code", "There is no stored code with this SHA-256 hash.")
            return wish.sha256
        return None if sent is None else await self._stores.sessions.put_engine(sent)

    async def code(self, sha256: str) -> bytes | None:
        """The source of a stored engine, view or kit, or None. Raises ProblemError."""
        try:
            return await self._stores.sessions.engine(sha256)
        except StoreFailedError as error:
            raise self._failed(error) from error

    @asynccontextmanager
    async def journal_of(self, room: str) -> AsyncIterator[tuple[Journal, RoomFile]]:
        """The journal and the room file of a room, even if it has ended. Raises ProblemError."""
        try:
            runner = await self.rooms.find(room)
        except ProblemError as refused:
            if refused.problem.status != 404:
                raise
        else:
            yield runner.events.journal, runner.room.file
            return
        await self.rooms.moved(room)
        try:
            journal = await asyncio.to_thread(self._stores.journals.open, room)
        except (KeyError, JournalError):
            raise refuse(404, "no_such_room", "There is no such room.") from None
        except StoreFailedError as error:
            log.error("room %s: the journal cannot be read: %s", room, error)
            raise refuse(
                503,
                "room_busy",
                "The room's journal cannot be read at the moment. Try again later.",
            ) from error
        try:
            yield journal, await self.rooms.file(journal.header)
        finally:
            await asyncio.to_thread(journal.close)

    def close(self, code: Close, reason: str) -> None:
        """The server stops: close every socket. From now on no room is created or joined."""
        self._closed = True
        self.rooms.close(code, reason)
        self.desyncs.close()

    async def settle(self) -> None:
        """After `close`: close every journal, store the pending changes of sessions, and close the
        stores."""
        if self._checking is not None:
            self._checking.cancel()
        await self._attempts.close()
        await self.rooms.settle()
        await self._sessions.close()
        try:
            await self._stores.close()
        except StoreFailedError as error:
            log.error("session store: cannot be closed: %s", error)

    # -- people ----------------------------------------------------------------------

    def who(self, room: str, token: str) -> str | None:
        """The user of a token in an awake room, or None."""
        return self._sessions.who(room, digest(token))

    def admit(self, runner: Runner, user: str) -> bool:
        """Whether this person, who has a session, is in the room. Journals do not contain
        spectators, so a person who watched before the room slept joins again here, if possible."""
        if runner.room.member(user):
            return True
        name = self._sessions.name(runner.id, user)
        if name is None or runner.room.leaves(user) or self.desyncs.is_leaving(runner.id, user):
            return False
        return runner.receive(user, inputs.Join(name, spectate=True)).problem is None

    def repeats(self, runner: Runner, wish: bodies.JoinBody) -> bool:
        """Whether this request repeats an earlier join. Raises ProblemError if a different request
        used the same key."""
        return self._attempts.find(runner.id, wish) is not None

    async def join(self, runner: Runner, wish: bodies.JoinBody) -> bodies.PlaceBody:
        """A place with its token: a new place, or the one that the same attempt already took.
        Raises ProblemError."""
        if wish.idempotency_key is None:
            return await self._take(runner, wish)
        before = self._attempts.find(runner.id, wish)
        if before is None:
            taking = self._attempts.begin(runner.id, wish, self._take(runner, wish))
            return await asyncio.shield(taking)
        taken = await asyncio.shield(before)
        runner = await self.rooms.find(runner.id)
        assert isinstance(taken.token, str), "a place is taken with a token"
        if self.who(runner.id, taken.token) is None or not self.admit(runner, taken.user):
            raise refuse(
                409,
                "attempt_over",
                "The place taken with this idempotency key was given up or lost. Use another key.",
            )
        return bodies.PlaceBody.of(runner.room.hello(taken.user), taken.token)

    async def _take(self, runner: Runner, wish: bodies.JoinBody) -> bodies.PlaceBody:
        """A new place, with its token. Raises ProblemError.

        The session is stored first, so that everyone in a room can come back to it.
        """
        if self.down is not None:
            raise ProblemError(self.down)
        user, token = self._sources.user(), self._sources.token()
        name = wish.name if wish.name is not None else f"guest {user[:GUEST_CHARACTERS]}"
        try:
            await self._sessions.add(
                Session(digest(token), runner.id, user, name, self._sources.wall())
            )
            # In the meantime the room can have ended or stopped.
            runner = await self.rooms.find(runner.id)
            reply = runner.receive(user, inputs.Join(name, wish.spectate, wish.team))
            await runner.stored()
            if reply.problem is not None:
                raise ProblemError(reply.problem)
        except StoreFailedError as error:
            raise self._failed(error) from error
        except ProblemError:
            self.forget(runner.id, user)
            raise
        assert isinstance(reply.body, Welcome), "a newcomer is told who it is"
        return bodies.PlaceBody.of(reply.body, token)

    def forget(self, room: str, user: str) -> None:
        """End this person's session, as soon as no evidence is expected from it any more."""
        if not self.desyncs.defers(room, user):
            self._sessions.forget(room, user)
