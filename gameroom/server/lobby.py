"""The rooms of this server by id: made, found, recovered, let go of.

Knows the stores and the runners; no HTTP. The rule it keeps: with no working session
store no room is made, nobody gets a place and no game starts, and it says so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from gameroom.lockstep.packets import MasterPacket
from gameroom.lockstep.problem import Problem
from gameroom.model import Room as RoomFile
from gameroom.model import Value
from gameroom.room import Folded, Room, inputs
from gameroom.server import bodies
from gameroom.server.answers import RefusedError, place, refuse
from gameroom.server.auth import Sources, digest
from gameroom.server.blueprint import read_room, restored, room_text, setup_of, shipped_code
from gameroom.server.clock import Clock
from gameroom.server.config import Limits
from gameroom.server.desyncs import Desyncs
from gameroom.server.events import appends
from gameroom.server.runner import Runner
from gameroom.server.stores import Syncing
from gameroom.store import (
    DesyncStore,
    Header,
    Journal,
    JournalDamagedError,
    MemoryDesyncs,
    RoomRecord,
    Session,
    StoreFailedError,
    Stores,
)
from gameroom.wire import MSGPACK, Close, Codec

log = logging.getLogger(__name__)

GUEST_CHARACTERS = 8


class Lobby:
    """All rooms of a process. `wall` is the time of day in milliseconds, for sessions."""

    def __init__(
        self,
        stores: Stores,
        limits: Limits,
        sources: Sources,
        *,
        loop: asyncio.AbstractEventLoop,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        desyncs: DesyncStore | None = None,
    ) -> None:
        self.rooms: dict[str, Runner] = {}
        self.down: Problem | None = None
        """What is wrong with the session store, None while it works."""
        self.recovered = False
        """Whether the rooms of the stores were made again."""
        self.syncing = Syncing()
        self.desyncs = Desyncs(
            desyncs or MemoryDesyncs(), limits, loop=loop, wall=wall, forget=self.forget
        )
        self._stores = stores
        self._limits = limits
        self._sources = sources
        self._loop = loop
        self._wall = wall
        self._making = 0

    # -- the store -------------------------------------------------------------------

    def check(self) -> Problem | None:
        """Try the session store, and remember what was found. The first time that it works,
        the rooms come back."""
        try:
            self._stores.sessions.check()
        except StoreFailedError as error:
            self._failed(error)
        else:
            if self.down is not None:
                log.info("the session store works again")
            self.down = None
            if not self.recovered:
                self._recover()
        return self.down

    def can_start(self) -> Problem | None:
        """Why no game may be started now, None when it may."""
        return self.down

    def _failed(self, error: StoreFailedError) -> RefusedError:
        if self.down is None:
            log.error("the session store does not work: %s", error)
        self.down = Problem(
            503,
            "no_session_store",
            "The session store does not work, so no game can be started or joined.",
            retry_after_ms=self._limits.store_check_ms,
        )
        return RefusedError(self.down)

    # -- rooms -----------------------------------------------------------------------

    def find(self, room: str) -> Runner:
        """The room, if it runs. Raises RefusedError."""
        runner = self.rooms.get(room)
        if runner is None:
            raise refuse(404, "no_such_room", "There is no such room.")
        if runner.stopped is not None:
            raise RefusedError(runner.stopped)
        return runner

    async def create(self, wish: bodies.Create) -> bodies.Created:
        """Make a room. The file is read in a thread: it may be long, and others are playing."""
        if (problem := self.check()) is not None:
            raise RefusedError(problem)
        if len(self.rooms) + self._making >= self._limits.rooms_max:
            raise refuse(503, "server_full", "This server has no place for another room.")
        self._making += 1
        try:
            name, text = room_text(wish)
            chart, used = await asyncio.to_thread(read_room, name, text)
            setup = setup_of(chart, wish.setup)
            header = self._header(wish, name, text, used, setup)
            room = Room(chart, seed=header.seed, settings=setup)
            runner = self._host(room, self._stores.journals.create(header))
            self._stores.sessions.put_room(RoomRecord(header.room, chart.room.name, header.created))
        except StoreFailedError as error:
            raise self._failed(error) from error
        finally:
            self._making -= 1
        runner.begin()
        if runner.stopped is not None:
            raise RefusedError(runner.stopped)
        return bodies.Created(header.room, f"/join/{header.room}", header.engine, header.seed)

    def _header(
        self,
        wish: bodies.Create,
        name: str,
        text: str,
        used: Mapping[str, tuple[str, str]],
        setup: Mapping[str, Value],
    ) -> Header:
        engine = self._code(wish.engine, wish.game, "engine.js")
        if engine is None:
            raise refuse(422, "no_engine", "A room needs an engine: its source or its sha256.")
        return Header(
            room=self._sources.room(),
            name=name,
            text=text,
            used=used,
            engine=engine,
            view=self._code(wish.view, wish.game, "view.js"),
            seed=self._sources.seed() if wish.seed is None else wish.seed,
            setup=setup,
            created=self._wall(),
        )

    def _code(self, wish: bodies.Code | None, game: str | None, name: str) -> str | None:
        """The hash of an engine or a view that is stored by now, None where none is meant."""
        source = None
        if wish is None:
            source = None if game is None else shipped_code(game, name)
        elif (wish.source is None) == (wish.sha256 is None):
            raise refuse(422, "bad_body", "Code is either its `source` or its `sha256`.")
        elif wish.sha256 is not None:
            if self._stores.sessions.engine(wish.sha256) is None:
                raise refuse(422, "no_such_code", "No code of this sha256 is stored.")
            return wish.sha256
        else:
            source = wish.source
        return None if source is None else self._stores.sessions.put_engine(source.encode())

    def code(self, sha256: str) -> bytes | None:
        """A stored engine or view. Raises RefusedError."""
        try:
            return self._stores.sessions.engine(sha256)
        except StoreFailedError as error:
            raise self._failed(error) from error

    @asynccontextmanager
    async def journal_of(self, room: str) -> AsyncIterator[tuple[Journal, RoomFile]]:
        """The journal and the file of a room that runs, or of one that was let go of. Raises
        RefusedError."""
        if (runner := self.rooms.get(room)) is not None:
            yield runner.journal, runner.room.file
            return
        if not self.recovered:
            # It may be one that comes back: nobody else may hold its journal then.
            raise RefusedError(self.down or Problem(503, "closing", "The server is not up yet."))
        try:
            journal = await asyncio.to_thread(self._stores.journals.open, room)
        except (KeyError, JournalDamagedError):
            raise refuse(404, "no_such_room", "There is no such room.") from None
        except StoreFailedError as error:
            log.error("room %s: its journal cannot be read: %s", room, error)
            raise refuse(503, "room_busy", "The room's journal cannot be read now.") from error
        try:
            yield journal, (await asyncio.to_thread(restored, journal.header)).room
        finally:
            await asyncio.to_thread(journal.close)

    def _host(self, room: Room, journal: Journal, start: int = 0) -> Runner:
        id_ = journal.header.room
        assert id_ not in self.rooms, "ids are drawn from 128 bits"
        runner = Runner(
            room,
            journal=journal,
            snapshots=self._stores.snapshots,
            clock=Clock(self._loop, start),
            loop=self._loop,
            tail_bytes_max=self._limits.tail_bytes_max,
            forget=self.forget,
            over=self._over,
            diverged=self.desyncs.diverged,
        )
        self.rooms[id_] = runner
        self.syncing.add(id_, journal)
        return runner

    def _recover(self) -> None:
        """Make the rooms of the stores again. One that cannot be is left alone."""
        try:
            self._stores.sessions.prune(self._wall())
            records = self._stores.sessions.rooms()
        except StoreFailedError as error:
            self._failed(error)
            return
        self.recovered = True
        for record in records:
            if record.room in self.rooms:
                continue
            try:
                runner = self._recovered(self._stores.journals.open(record.room))
            except Exception:
                log.exception("room %s cannot be recovered; its journal is kept", record.room)
                continue
            if runner.room.over:
                self._over(runner)
        if self.rooms:
            log.info("%d rooms recovered from their journals", len(self.rooms))

    def _recovered(self, journal: Journal) -> Runner:
        header = journal.header
        try:
            chart = restored(header)
            if journal.torn is not None:
                log.warning("room %s: an unfinished entry was cut off", header.room)
            if not journal.last:
                runner = self._host(Room(chart, seed=header.seed, settings=header.setup), journal)
                runner.begin()
                return runner
            codec = Codec(MSGPACK, chart.room)
            entries = list(appends(journal.read(), codec))
            start = entries[-1].at
            folded = Folded(header.setup).fold_all(entries)
            room = Room.restored(chart, seed=header.seed, folded=folded, now=start)
        except BaseException:
            journal.close()
            raise
        runner = self._host(room, journal, start)
        for entry in entries:
            if isinstance(entry.event.body, MasterPacket):
                runner.turn_seqs.append(entry.event.seq)
        runner.resume()
        return runner

    def _over(self, runner: Runner) -> None:
        """A room has ended: it stays a while for those who look, then it is let go of."""
        watchers = runner.room.file.spectators
        late_ms = 0 if watchers is None else watchers.delay.amount
        stays_ms = self._limits.ended_room_ms + late_ms
        self._loop.call_later(stays_ms / 1000, self.let_go, runner.id)

    def let_go(self, room: str) -> None:
        """Forget a room and its sessions; its journal stays as the replay."""
        runner = self.rooms.pop(room, None)
        if runner is None:
            return
        self.syncing.remove(room)
        runner.close(Close.ENDED, "the room has ended")
        runner.forget_snapshots()
        try:
            self._stores.sessions.end_room(room, self._wall())
        except StoreFailedError as error:
            self._failed(error)

    def close(self, code: Close, reason: str) -> None:
        """The server stops: every socket is told, every journal is left whole."""
        self.syncing.stop()
        for runner in self.rooms.values():
            runner.close(code, reason)
        self.rooms.clear()
        self.desyncs.close()

    # -- people ----------------------------------------------------------------------

    def who(self, room: str, token: str) -> str | None:
        """The user behind a token in this room; None for nobody. Raises RefusedError."""
        try:
            found = self._stores.sessions.session(digest(token), self._wall())
        except StoreFailedError as error:
            raise self._failed(error) from error
        return found.user if found is not None and found.room == room else None

    def join(self, runner: Runner, wish: bodies.Join) -> bodies.Place:
        """A new place, with its token. Raises RefusedError.

        The session is stored first: nobody sits in a room to which they have no way back.
        """
        if self.down is not None:
            raise RefusedError(self.down)
        user, token = self._sources.user(), self._sources.token()
        name = wish.name if wish.name is not None else f"guest {user[:GUEST_CHARACTERS]}"
        now = self._wall()
        expires = now + self._limits.session_ms
        try:
            self._stores.sessions.put_session(
                Session(digest(token), runner.id, user, name, now, expires)
            )
        except StoreFailedError as error:
            raise self._failed(error) from error
        reply = runner.receive(user, inputs.Join(name, wish.spectate, wish.team))
        if reply.problem is not None:
            self.forget(runner.id, user)
            raise RefusedError(reply.problem)
        return place(runner, user, token)

    def forget(self, room: str, user: str) -> None:
        """Nobody comes back by this person's session, once its engine's evidence is here."""
        if self.desyncs.defers(room, user):
            return
        try:
            self._stores.sessions.revoke(room, user)
        except StoreFailedError as error:
            self._failed(error)
