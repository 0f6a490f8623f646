"""The rooms of this server by id: made, found, recovered, let go of.

Knows the stores and the runners; no HTTP. The rule it keeps: with no working session
store no room is made, nobody gets a place and no game starts, and it says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gameroom import resources
from gameroom.lockstep.packets import MasterPacket
from gameroom.lockstep.problem import Problem
from gameroom.model import Room as RoomFile
from gameroom.model import Value
from gameroom.room import Folded, Room, inputs
from gameroom.room.effects import Append
from gameroom.server import bodies
from gameroom.server.answers import RefusedError, place, refuse
from gameroom.server.auth import Sources, digest
from gameroom.server.blueprint import read_room, restored, room_text, setup_of, shipped_code
from gameroom.server.clock import Clock
from gameroom.server.config import Limits
from gameroom.server.desyncs import Desyncs
from gameroom.server.events import appends, recovering
from gameroom.server.runner import Runner
from gameroom.server.sessions import Sessions
from gameroom.server.stores import Syncing
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
from gameroom.wire import MSGPACK, Close, Codec

log = logging.getLogger(__name__)

GUEST_CHARACTERS = 8


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
    ) -> None:
        self.rooms: dict[str, Runner] = {}
        self.down: Problem | None = Problem(
            503,
            "no_session_store",
            "The session store does not work, so no game can be started or joined.",
            retry_after_ms=limits.store_check_ms,
        )
        """What is wrong with the session store, None while it works."""
        self.recovered = False
        """Whether the rooms of the stores were made again."""
        self.syncing = Syncing()
        self.desyncs = Desyncs(
            desyncs or MemoryDesyncs(), limits, loop=loop, wall=sources.wall, forget=self.forget
        )
        self._no_store = self.down
        self._failing = self._busy = False
        """Whether the log knows it."""
        self._checking: asyncio.Task[None] | None = None
        self._sessions = Sessions(
            stores.sessions,
            loop=loop,
            retry_s=limits.store_check_ms / 1000,
            failed=self._failed,
        )
        self._stores = stores
        self._limits = limits
        self._sources = sources
        self._loop = loop
        self._making = 0
        self._closed = False

    # -- the store -------------------------------------------------------------------

    async def check(self) -> Problem | None:
        """Try the session store, and remember what was found. The first time that it works,
        the rooms come back. Whoever asks while it is tried gets the same answer."""
        if self._checking is None:
            self._checking = self._loop.create_task(self._check())
        await asyncio.shield(self._checking)
        return self.down

    async def _check(self) -> None:
        try:
            if self._closed:
                return
            await self._stores.sessions.check(0)
            if not self.recovered:
                await self._recover()
        except StoreFailedError as error:
            self._failed(error)
        else:
            if self._failing:
                log.info("the session store works again")
            self._failing = self._busy = False
            self.down = None
        finally:
            self._checking = None

    def can_start(self) -> Problem | None:
        """Why no game may be started now, None when it may."""
        return self.down

    def _failed(self, error: StoreFailedError) -> RefusedError:
        """What is answered now that the store did not do what it was asked."""
        if isinstance(error, StoreBusyError):
            # It works: others' questions keep no game from starting.
            if not self._busy:
                log.warning("the session store is busy: %s", error)
            self._busy = True
            return RefusedError(
                Problem(
                    503,
                    "server_busy",
                    "The session store is busy.",
                    retry_after_ms=self._limits.store_wait_ms,
                )
            )
        if not self._failing:
            log.error("the session store does not work: %s", error)
        self._failing = True
        self.down = self._no_store
        return RefusedError(self._no_store)

    # -- rooms -----------------------------------------------------------------------

    def find(self, room: str) -> Runner:
        """The room, if it runs. Raises RefusedError."""
        runner = self.rooms.get(room)
        if runner is None:
            raise self._absent()
        if runner.stopped is not None:
            raise RefusedError(runner.stopped)
        return runner

    def _absent(self) -> RefusedError:
        """What is answered about a room that does not run: whether there is one is only known
        once the rooms of the stores are back."""
        if self.recovered and not self._closed:
            return refuse(404, "no_such_room", "There is no such room.")
        return RefusedError(self.down or Problem(503, "closing", "The server is closing."))

    async def create(self, wish: bodies.Create) -> bodies.Created:
        """Make a room. The file is read in a thread: it may be long, and others are playing."""
        if self.down is not None:
            raise RefusedError(self.down)
        if len(self.rooms) + self._making >= self._limits.rooms_max:
            raise refuse(503, "server_full", "This server has no place for another room.")
        self._making += 1
        try:
            name, text = room_text(wish)
            chart, used = await asyncio.to_thread(read_room, name, text)
            setup = setup_of(chart, wish.setup)
            header = await self._header(wish, name, text, used, setup)
            room = Room(chart, seed=header.seed, settings=setup)
            runner = await self._hosted(room, header)
        except StoreFailedError as error:
            raise self._failed(error) from error
        finally:
            self._making -= 1
        runner.begin()
        if runner.stopped is not None:
            raise RefusedError(runner.stopped)
        return bodies.Created(header.room, f"/join/{header.room}", header.engine, header.seed)

    async def _hosted(self, room: Room, header: Header) -> Runner:
        """A new room, in the list of rooms first, so that a crash leaves no journal that nobody
        knows of. Raises StoreFailedError and RefusedError: then there is no such room."""
        try:
            record = RoomRecord(header.room, room.file.name, header.created)
            await self._stores.sessions.put_room(record)
            if self._closed:
                raise RefusedError(Problem(503, "closing", "The server is closing."))
            journal = self._stores.journals.create(header)
        except BaseException:
            self._sessions.end(header.room, self._sources.wall())
            raise
        self._sessions.open(header.room)
        return self._host(room, journal)

    async def _header(
        self,
        wish: bodies.Create,
        name: str,
        text: str,
        used: Mapping[str, tuple[str, str]],
        setup: Mapping[str, Value],
    ) -> Header:
        engine = await self._code(wish.engine, wish.game, "engine.js")
        if engine is None:
            raise refuse(422, "no_engine", "A room needs an engine: its source or its sha256.")
        return Header(
            room=self._sources.room(),
            name=name,
            text=text,
            used=used,
            engine=engine,
            view=await self._code(wish.view, wish.game, "view.js"),
            kit=await self._stores.sessions.put_engine(resources.kit()),
            seed=self._sources.seed() if wish.seed is None else wish.seed,
            setup=setup,
            created=self._sources.wall(),
        )

    async def _code(self, wish: bodies.Code | None, game: str | None, name: str) -> str | None:
        """The hash of an engine or a view that is stored by now, None where none is meant."""
        source = None
        if wish is None:
            source = None if game is None else shipped_code(game, name)
        elif (wish.source is None) == (wish.sha256 is None):
            raise refuse(422, "bad_body", "Code is either its `source` or its `sha256`.")
        elif wish.sha256 is not None:
            if await self._stores.sessions.engine(wish.sha256) is None:
                raise refuse(404, "no_such_code", "No code of this sha256 is stored.")
            return wish.sha256
        else:
            source = wish.source
        if source is None:
            return None
        return await self._stores.sessions.put_engine(source.encode())

    async def code(self, sha256: str) -> bytes | None:
        """A stored engine or view. Raises RefusedError."""
        try:
            return await self._stores.sessions.engine(sha256)
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
        except (KeyError, JournalError):
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

    async def _recover(self) -> None:
        """Make the rooms of the stores again. One that cannot be is left alone. Raises
        StoreFailedError where the session store fails; then it is called again."""
        for record in await self._stores.sessions.rooms():
            if record.room in self.rooms:
                continue
            await self._sessions.load(record.room)
            try:
                runner = self._recovered(self._stores.journals.open(record.room))
            except KeyError:
                log.error("room %s cannot be recovered: it has no journal", record.room)
                continue
            except (JournalError, StoreFailedError) as error:
                log.error("a room is not recovered; its journal is kept: %s", error)
                continue
            except Exception:
                log.exception("room %s cannot be recovered; its journal is kept", record.room)
                continue
            if runner.room.over:
                self._over(runner)
        self.recovered = True
        if self.rooms:
            log.info("%d rooms recovered from their journals", len(self.rooms))

    def _recovered(self, journal: Journal) -> Runner:
        """Raises JournalError and StoreFailedError."""
        header = journal.header
        entries: list[Append] = []
        start = 0
        try:
            with recovering(header):
                chart = restored(header)
                if journal.torn is not None:
                    log.warning("room %s: an unfinished entry was cut off", header.room)
                if not journal.last:
                    room = Room(chart, seed=header.seed, settings=header.setup)
                else:
                    entries = list(appends(journal.read(), Codec(MSGPACK, chart.room)))
                    start = entries[-1].at
                    folded = Folded(header.setup).fold_all(entries)
                    room = Room.restored(chart, seed=header.seed, folded=folded, now=start)
        except BaseException:
            journal.close()
            raise
        runner = self._host(room, journal, start)
        if not entries:
            runner.begin()
            return runner
        for entry in entries:
            if isinstance(entry.event.body, MasterPacket):
                runner.turn_seqs.append(entry.event.seq)
            if runner.delayed is not None:
                runner.delayed.note(entry.event, entry.at)
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
        self._sessions.end(room, self._sources.wall())

    def close(self, code: Close, reason: str) -> None:
        """The server stops: every socket is told, every journal is left whole. No room is made
        or joined any more."""
        self._closed = True
        self.syncing.stop()
        for runner in self.rooms.values():
            runner.close(code, reason)
        self.rooms.clear()
        self.desyncs.close()

    async def settle(self) -> None:
        """After `close`: what is known of sessions is stored, and the stores are closed."""
        if self._checking is not None:
            self._checking.cancel()
        await self._sessions.close()
        try:
            await self._stores.close()
        except StoreFailedError as error:
            log.error("the session store cannot be closed: %s", error)

    # -- people ----------------------------------------------------------------------

    def who(self, room: str, token: str) -> str | None:
        """The user behind a token in this room; None for nobody. Raises RefusedError where
        nobody knows yet whether there is such a room."""
        if room not in self.rooms and (not self.recovered or self._closed):
            raise self._absent()
        return self._sessions.who(room, digest(token))

    async def join(self, runner: Runner, wish: bodies.Join) -> bodies.Place:
        """A new place, with its token. Raises RefusedError.

        The session is stored first: nobody sits in a room to which they have no way back.
        """
        if self.down is not None:
            raise RefusedError(self.down)
        user, token = self._sources.user(), self._sources.token()
        name = wish.name if wish.name is not None else f"guest {user[:GUEST_CHARACTERS]}"
        try:
            await self._sessions.add(
                Session(digest(token), runner.id, user, name, self._sources.wall())
            )
            # Meanwhile the room may have ended, or stopped.
            runner = self.find(runner.id)
            reply = runner.receive(user, inputs.Join(name, wish.spectate, wish.team))
            if reply.problem is not None:
                raise RefusedError(reply.problem)
        except StoreFailedError as error:
            raise self._failed(error) from error
        except RefusedError:
            self.forget(runner.id, user)
            raise
        return place(runner, user, token)

    def forget(self, room: str, user: str) -> None:
        """Nobody comes back by this person's session, once its engine's evidence is here."""
        if not self.desyncs.defers(room, user):
            self._sessions.forget(room, user)
