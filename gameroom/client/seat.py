"""A seat in a room, over aiohttp: `async with join(url, name="ann") as seat: ...`.

Knows sockets and time. The replica decides what a client must do. One task maintains and reads the
connection. Another task plays the turns, and only this one sends client packets, so that they stay
in order.
"""

from __future__ import annotations

import asyncio
import random as dice
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
from yarl import URL

from gameroom.client.errors import ClosedError, InterruptedRequestError, RefusedError
from gameroom.client.link import Line, Link
from gameroom.lockstep.packets import Command, Roster
from gameroom.lockstep.problem import Problem
from gameroom.model import INT_MAX, Value
from gameroom.replica import Confirmed, Replica
from gameroom.replica.engine import Engine, LedgerEngine
from gameroom.replica.flaws import Flaw
from gameroom.wire import (
    MSGPACK,
    BadFrameError,
    Close,
    Codec,
    EventFrame,
    Method,
    Rejection,
    read_definition,
    read_json,
    read_policies,
    read_problem,
)

TIME_EVERY_S = 1
EVENTS_WAITING_MAX = 65_536


@asynccontextmanager
async def join(
    url: str,
    *,
    name: str | None = None,
    spectate: bool = False,
    team: str | None = None,
    token: str | None = None,
    subprotocol: str = MSGPACK,
    engine: Engine | None = None,
    hurry: bool = False,
    framerate: int = 60,
    patience_s: float = 60.0,
    now: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    random: Callable[[], float] = dice.random,
    http: aiohttp.ClientSession | None = None,
) -> AsyncIterator[Seat]:
    """Join the room at `http://host/join/<id>`. The seat is connected until the block ends.

    token: return to your place instead of taking a new one. spectate: watch instead of playing.
    engine: a LedgerEngine by default. hurry: play turns as soon as they arrive.
    framerate: how many iterations per second the engine can run.
    patience_s: how long to try to reconnect after the connection is lost.
    now (milliseconds), sleep, random: the clock and the random numbers, for tests.
    Raises RefusedError, ClosedError or aiohttp's errors.
    """
    own = None if http is not None else aiohttp.ClientSession()
    session = http or own
    assert session is not None
    try:
        picture = await _fetch(session, "GET", URL(url))
        room = str(picture["id"])
        if token is None:
            wish = {"name": name, "spectate": spectate, "team": team}
            told = {key: value for key, value in wish.items() if value not in (None, False)}
            place = await _take(session, URL(url).join(URL(f"/rooms/{room}/players")), told)
            token = str(place["token"])
        try:
            seat = Seat(
                session,
                URL(url).join(URL(str(picture["socket"]))),
                token,
                picture,
                subprotocol=subprotocol,
                engine=engine or LedgerEngine(),
                hurry=hurry,
                framerate=framerate,
                patience_s=patience_s,
                now=now,
                sleep=sleep,
                random=random,
            )
        except BadFrameError as error:
            detail = f"The definition of the room cannot be read by this client: {error}"
            raise RefusedError(Problem(502, "unknown", detail)) from error
        try:
            await seat.open()
            yield seat
        finally:
            await seat.close()
    finally:
        if own is not None:
            await own.close()


class Seat:
    """Your place in a room, as a player or a spectator. Use `join` to create it."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        socket: URL,
        token: str,
        picture: Mapping[str, Any],
        *,
        subprotocol: str,
        engine: Engine,
        hurry: bool,
        framerate: int,
        patience_s: float,
        now: Callable[[], int],
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
    ) -> None:
        self.token = token
        self.id = str(picture["id"])
        self.definition: Mapping[str, Any] = picture["definition"]
        """The published definition of the room (docs/wire.md)."""
        room = read_definition(self.definition)
        self.replica = Replica(
            room,
            engine,
            seed=int(picture["seed"]),
            policy=read_policies(self.definition),
            framerate=framerate,
        )
        self._link = Link(
            http,
            socket,
            token,
            Codec(subprotocol, room),
            self.replica,
            told=self._told,
            patience_ms=int(patience_s * 1000),
            now=now,
            sleep=sleep,
            random=random,
        )
        self._hurry = hurry
        self._now = now
        self._sleep = sleep
        self._news = asyncio.Event()
        self._wake = asyncio.Event()
        self._listeners: list[asyncio.Queue[EventFrame | None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None

    # --- State --------------------------------------------------------------------------

    @property
    def user(self) -> str:
        return self.replica.user

    @property
    def name(self) -> str:
        return self.replica.name

    @property
    def seat(self) -> int | None:
        """The number of the seat; None for a spectator."""
        return self.replica.seat

    @property
    def roster(self) -> Roster:
        return self.replica.roster

    @property
    def setup(self) -> Mapping[str, Value]:
        return self.replica.setup.settings

    @property
    def states(self) -> tuple[str, ...]:
        """The paths of the active states, as of the last event."""
        return self.replica.states

    @property
    def generation(self) -> int:
        """The last turn that this client's engine has run."""
        return self.replica.generation

    @property
    def checksum(self) -> int | None:
        """The engine's checksum after its last turn; None before the first."""
        return None if self.replica.checksum is None else self.replica.checksum.value

    @property
    def log(self) -> tuple[Confirmed, ...]:
        """Your commands that the room has confirmed, in order."""
        return tuple(self.replica.log)

    @property
    def refusals(self) -> tuple[Rejection, ...]:
        return tuple(self.replica.refusals)

    @property
    def reports(self) -> tuple[Flaw, ...]:
        """The errors of the engine after which the game continues."""
        return tuple(self.replica.flaws.reports)

    @property
    def returns(self) -> int:
        """How often the client has reconnected."""
        return max(0, self._link.welcomes - 1)

    def within(self, state: str) -> bool:
        """Whether the chart is in this state or in one below it."""
        return any(one == state or one.startswith(f"{state}.") for one in self.states)

    async def until(self, condition: Callable[[Seat], bool]) -> None:
        """Wait until the condition is true. It is checked after every event and every turn. Raises
        ClosedError if the seat is closed before."""
        while not condition(self):
            if self._error is not None:
                raise self._error
            await self._news.wait()

    async def events(self) -> AsyncIterator[EventFrame]:
        """Yield all events of the room from now on, and `rejected`. Ends when the seat is
        closed."""
        queue: asyncio.Queue[EventFrame | None] = asyncio.Queue(EVENTS_WAITING_MAX)
        self._listeners.append(queue)
        try:
            while self._error is None or not queue.empty():
                frame = await queue.get()
                if frame is None:
                    return
                yield frame
        finally:
            self._listeners.remove(queue)

    # --- Actions ------------------------------------------------------------------------

    def command(self, name: str, /, **body: Value) -> None:
        """Queue a command for the engines. Raises ValueError if it does not fit the room file."""
        self.replica.command(Command(name, body), 1 + secrets.randbelow(INT_MAX))

    async def request(self, name: str, /, **body: Value) -> object:
        """Send a request that the room file declares, and return the body of the response."""
        return await self.ask("POST", f"/requests/{name}", body)

    async def ready(self, ready: bool = True) -> None:
        await self.ask("PUT" if ready else "DELETE", "/players/me/ready")

    async def hide(self, hidden: bool = True) -> None:
        """Report that this player's page is hidden, so that nobody waits if its packets stop.
        hidden: False if it is visible again."""
        await self.ask("PUT" if hidden else "DELETE", "/players/me/hidden")

    async def configure(self, **settings: Value) -> None:
        """Change settings. If one value does not fit, none is changed."""
        await self.ask("PATCH", "/setup", settings)

    async def loaded(self) -> None:
        """Report that this engine has loaded the setup."""
        await self.ask("PUT", "/players/me/engine", {"loaded": True})

    async def refuse(self, reasons: tuple[str, ...] | list[str]) -> None:
        """Report that this engine refuses the setup, with the reasons."""
        await self.ask("PUT", "/players/me/engine", {"refused": list(reasons)})

    async def load(self) -> tuple[str, ...]:
        """Let the engine check the setup, then call `loaded` or `refuse`. Returns the reasons for a
        refusal."""
        reasons = self.replica.reasons()
        await (self.refuse(reasons) if reasons else self.loaded())
        return reasons

    async def chat(self, text: str) -> None:
        await self.ask("POST", "/chat", {"text": text})

    async def leave(self) -> None:
        """Leave the room and give up your place."""
        with suppress(InterruptedRequestError, ClosedError):
            await self.ask("DELETE", "/players/me")
        self._end(ClosedError(Close.LEFT))

    async def ask(self, method: Method, path: str, body: Value = None) -> object:
        """Send a request for any route of docs/wire.md over the socket, and return the body of the
        response. After a lost connection, a request that can be repeated is sent again. Raises
        RefusedError, ClosedError or, for POST and for leaving, InterruptedRequestError."""
        while True:
            line = await self._connected()
            try:
                return await self._link.ask(line, method, path, body)
            except InterruptedRequestError:
                if method == "POST" or path == "/players/me":
                    raise
                # A connection can refuse to send before the end of its input was read.
                await self._gone(line)

    def drop(self) -> None:
        """Cut the connection without closing it, as a bad network does. The client reconnects."""
        self._link.drop()

    # --- Life ---------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect. All previous events of the room are received."""
        works = (self._link.run, self._play, self._ask_time)
        self._tasks = [asyncio.create_task(self._guarded(work)) for work in works]
        await self._connected()

    async def close(self) -> None:
        """Disconnect. You keep your place in the room and can return to it with `token`."""
        self._end(ClosedError(Close.NORMAL))
        mine = (*self._tasks, *self._errands)
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a task. An error in it closes the seat, and is raised in everything that waits."""
        try:
            await work()
        except Exception as error:
            self._end(error)

    def _end(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
            self._link.interrupt()
            for queue in self._listeners:
                if not queue.full():
                    queue.put_nowait(None)
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _connected(self) -> Line:
        """Wait for an accepted session, and return its connection."""
        await self.until(lambda seat: seat._link.line is not None)
        if self._error is not None:
            raise self._error
        assert self._link.line is not None
        return self._link.line

    async def _gone(self, line: Line) -> None:
        """Wait until this connection is known to be lost."""
        await self.until(lambda seat: seat._link.line is not line)

    def _told(self, frame: EventFrame | None) -> None:
        """Handle an event, or None for a change of the connection."""
        if frame is not None:
            for queue in self._listeners:
                if queue.full():
                    self._end(
                        OverflowError(
                            f"{EVENTS_WAITING_MAX} events were waiting to be read; read them faster"
                        )
                    )
                else:
                    queue.put_nowait(frame)
            if isinstance(frame.body, Rejection) and frame.body.index is None:
                self._retry_later(frame.body)
        self._wake.set()
        self._tell()

    def _retry_later(self, rejection: Rejection) -> None:
        if (wait_ms := rejection.problem.retry_after_ms) is None:
            return

        async def retry() -> None:
            await self._sleep(wait_ms / 1000)
            self.replica.retry(rejection.generation)
            self._wake.set()

        self._beside(retry())

    def _beside(self, work: Coroutine[object, object, None]) -> None:
        """Run this while the turns continue."""
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    # --- Playing ------------------------------------------------------------------------

    async def _play(self) -> None:
        """Run the turns when they are due, and send the client packets. Only this task does so."""
        while True:
            self._wake.clear()
            now = self._now()
            played = self.replica.play(now, hurry=self._hurry)
            for packet in self.replica.take():
                await self._link.put(packet)
            for flaw in self.replica.flaws.take():
                report = self._link.report(flaw)
                if flaw.kind == "engine":
                    await report
                else:
                    self._beside(report)
            if self.replica.failure is not None:
                raise self.replica.failure
            for state in self.replica.offers.take():
                self._beside(self._link.tell(state))
            if (wanted := self.replica.offers.take_wanted()) is not None:
                self._beside(self._link.send(wanted))
            if played:
                self._tell()
                await asyncio.sleep(0)
                continue
            due = self.replica.due(now, hurry=self._hurry)
            if due is None:
                await self._wake.wait()
            else:
                await self._sleep((due - now) / 1000)

    async def _ask_time(self) -> None:
        """Measure the round trip repeatedly. The reports determine the room's pace."""
        while True:
            await self._connected()
            asked = self._now()
            with suppress(RefusedError, InterruptedRequestError):
                await self.ask("GET", "/time")
                self.replica.latency = self._now() - asked
            await self._sleep(TIME_EVERY_S)


async def _take(http: aiohttp.ClientSession, url: URL, wish: dict[str, Any]) -> dict[str, Any]:
    """Take a place in the room. If the response is lost, the same attempt is sent once more."""
    attempt = {**wish, "idempotency_key": secrets.token_urlsafe(16)}
    try:
        return await _fetch(http, "POST", url, attempt)
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        return await _fetch(http, "POST", url, attempt)


async def _fetch(
    http: aiohttp.ClientSession, method: str, url: URL, body: object = None
) -> dict[str, Any]:
    """Send a request over HTTP, and return the JSON response. Raises RefusedError."""
    headers = {"Accept": "application/json"}
    async with http.request(method, url, json=body, headers=headers) as response:
        try:
            said = read_json(await response.read())
        except BadFrameError:
            said = None
        if response.status >= 400:
            raise RefusedError(read_problem(said, response.status))
        if not isinstance(said, dict):
            raise RefusedError(Problem(502, "unknown", f"the response to {url.path} is not JSON"))
        return said
