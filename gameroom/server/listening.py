"""Accepts connections for aiohttp, and replaces its built-in answers and log lines.

aiohttp's own listener has two problems. When the process is out of descriptors, it silently stops
accepting. And it logs an invalid request verbatim and answers it with version numbers. So we accept
connections here, with some spare descriptors for that case, and override `RequestHandler`.

Knows no route and no room.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, cast

from aiohttp import StreamReader, web

from gameroom.lockstep.problem import Problem
from gameroom.server.admission import Admission
from gameroom.server.host.rounds import BusyError, Rounds
from gameroom.server.http.exchange import CHUNK_BYTES, NOSNIFF, OF_PEER, problem_response
from gameroom.server.peerlog import PeerLog
from gameroom.server.refusals import ProblemError
from gameroom.server.services import SERVICES
from gameroom.server.socket.dispatch import FrameFeed

log = logging.getLogger(__name__)

SOFTWARE = "gameroom"
"""The value of the Server header."""

BACKLOG = 1024
ACCEPTS_MAX = 4
"""How many connections are accepted at once before other work continues."""

SPARE_DESCRIPTORS = 8
"""Kept open, to be used when the process has no other descriptors."""

OUT_OF_DESCRIPTORS_S = 60.0
"""The minimum time between two log lines about missing descriptors."""

RETRY_S = 0.1
"""The time until the next try if no descriptor could be freed."""

SHUTDOWN_S = 5.0
"""How long open requests can take when the server shuts down."""

READ_US = 250
"""The time that aiohttp needs to read the head of a request and start its handler. A piece of a
discarded body takes the same time."""

HEAD_BYTES = 4096
"""How many of the received bytes are read in one turn, because they can contain many requests."""

READ_AGAIN_S = 0.01
"""How long a request waits before it asks for a turn again, if too many are waiting."""

SKIP_S = 0.02
"""The time between two reads of a discarded body."""

UNLIMITED = 1_048_576
"""The requested limit if the hard limit is infinite. Not every system grants infinity."""

OUT_OF_RESOURCES = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


class _Connection(web.RequestHandler):
    """aiohttp's HTTP on one connection, with our answers, log lines and pace of reading."""

    __slots__ = (
        "_admission",
        "_admitted",
        "_arrived",
        "_feed",
        "_look",
        "_peers",
        "_resting",
        "_rounds",
        "_skipped",
        "_socket",
        "_unread_s",
    )

    def __init__(
        self,
        admission: Admission,
        peers: PeerLog,
        rounds: Rounds,
        unread_s: float,
        *args: Any,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self._admission = admission
        self._peers = peers
        self._rounds = rounds
        self._arrived = b""
        """Received bytes that wait for their turn to be read."""
        self._unread_s = unread_s
        self._admitted: asyncio.Transport | None = None
        self._look: asyncio.TimerHandle | None = None
        self._socket = False
        self._feed: Callable[[bytes], None] | None = None
        """Receives the bytes of a WebSocket's frames if our own parser handles them."""
        self._resting = False
        """Whether reading of the discarded body is paused."""
        self._skipped: StreamReader | None = None
        """The body that is being discarded."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # uvloop's transports have the same interface, but do not inherit from asyncio's classes.
        self._admitted = cast(asyncio.Transport, transport)
        self._admission.accepted(self._admitted)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._admitted is not None:
            self._admission.lost(self._admitted)
        self._stop_looking()
        self._admitted, self._arrived = None, b""
        super().connection_lost(exc)

    def skip(self, body: StreamReader) -> None:
        """Discard the rest of this body. The client already has the answer, but might read it only
        after sending the whole body. So aiohttp reads on for a while, slowly."""
        self._skipped = body

    def data_received(self, data: bytes) -> None:
        """Read the start of a request in its address's turn, because hundreds can arrive at once.
        The frames of a WebSocket and the rest of a body have their own pace. With empty data,
        aiohttp only asks to process the bytes that it already has."""
        if self._feed is not None and data and not (self._close or self._force_close):
            self._feed(data)
            return
        if not data or (not self._arrived and self._is_paced):
            self._read(data)
            return
        if self._arrived:
            self._arrived += data
        else:
            self._arrived = data
            self._read_in_turn()
        self._read_no_further()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Called by aiohttp to read more of a body. Stay paused if received bytes still wait for
        their turn."""
        super().resume_reading(resume_parser)
        self._read_no_further()

    def _read_no_further(self) -> None:
        if (self._arrived or self._resting) and self._admitted is not None:
            self._admitted.pause_reading()

    @property
    def _is_paced(self) -> bool:
        """Whether the received bytes are not the start of a request."""
        return self._socket or self._request_in_progress or self._skipped is not None

    def _read_in_turn(self) -> None:
        self._in_turn(
            self._read_arrived, lambda: self._loop.call_later(READ_AGAIN_S, self._read_in_turn)
        )

    def _in_turn(self, job: Callable[[], object], later: Callable[[], object]) -> None:
        """Run a job in the turn of this connection's address. later: called instead if too many
        jobs are waiting."""
        if self._admitted is None:
            return
        address = self._admitted.get_extra_info("peername")
        payer = f"reading {address[0] if address else ''}"
        try:
            self._rounds.run(payer, job, later, least_us=READ_US)
        except BusyError:
            later()

    def _read_arrived(self) -> None:
        if self._admitted is None or self._admitted.is_closing():
            return
        size = len(self._arrived) if self._is_paced else HEAD_BYTES
        data, self._arrived = self._arrived[:size], self._arrived[size:]
        if self._arrived:
            # By then the request has started, and the rest can be its body.
            self._loop.call_soon(self._read_in_turn)
        else:
            # Resume before aiohttp gets the data, because it can pause reading again.
            self._read_on()
        self._read(data)

    def _read(self, data: bytes) -> None:
        super().data_received(data)
        if self._skipped is None or self._admitted is None:
            return
        if self._skipped.is_eof():
            self._skipped = None
        elif not self._resting:
            self._resting = True
            self._admitted.pause_reading()
            self._loop.call_later(SKIP_S, self._skip_on)

    def _skip_on(self) -> None:
        """Read the next piece of a discarded body in its address's turn."""
        self._in_turn(self._rested, lambda: self._loop.call_later(SKIP_S, self._skip_on))

    def _rested(self) -> None:
        self._resting = False
        self._read_on()

    def _read_on(self) -> None:
        """Resume reading from the transport, unless received bytes must be processed first."""
        waits = self._arrived or self._resting or self._reading_paused or self._buffer_paused
        if not waits and self._admitted is not None and not self._admitted.is_closing():
            self._admitted.resume_reading()

    def set_parser(self, parser: Any, *args: Any, **more: Any) -> None:
        """Switch to WebSocket. The unread bytes of a WebSocket are limited elsewhere."""
        self._socket = True
        self._stop_looking()
        super().set_parser(parser, *args, **more)
        if isinstance(parser, FrameFeed):
            self._feed = parser.feed

    def pause_writing(self) -> None:
        """The peer reads slower than we write. That is allowed while it reads at all."""
        super().pause_writing()
        if self._admitted is not None and not self._socket:
            self._look_again(self._admitted.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._stop_looking()
        super().resume_writing()

    def _look_again(self, unread: int) -> None:
        self._look = self._loop.call_later(self._unread_s, self._looked, unread)

    def _looked(self, before: int) -> None:
        transport = self._admitted
        assert transport is not None
        unread = transport.get_write_buffer_size()
        if unread < before:
            self._look_again(unread)
        else:
            self._peers.note("http: a client does not read its response", "")
            transport.abort()

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that never reached a handler, or whose handler failed."""
        if isinstance(exc, OF_PEER):
            self._peers.note("http: a request is not valid HTTP", request.remote or "")
            problem = Problem(400, "bad_request", "The request is not valid HTTP.")
        else:
            self.log_exception("request: internal error", exc_info=exc)
            problem = Problem(500, "fault", "Internal error.")
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        response = problem_response(problem)
        # The application's signals, which add headers, do not run for these answers.
        response.headers.update(NOSNIFF, Server=SOFTWARE)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **more: Any) -> None:
        exc = more.get("exc_info")
        if is_of_peer(exc):
            self._peers.note("http: a body is not valid HTTP or arrived too slowly", "")
        else:
            super().log_exception(*args, **more)


def skip_body(request: web.Request) -> None:
    """Discard the rest of a body slowly, so that it does not delay other clients."""
    if isinstance(request.protocol, _Connection) and not request.content.is_eof():
        request.protocol.skip(request.content)


def is_of_peer(exc: object) -> bool:
    """Whether the client caused an error: invalid HTTP, a lost connection, or a body that was
    refused while it arrived."""
    return isinstance(exc, (*OF_PEER, ConnectionError, ProblemError))


class Listener:
    """Accepts connections for an application until it is stopped."""

    def __init__(self, app: web.Application) -> None:
        services = app[SERVICES]
        limits = services.config.limits
        self._admission = services.admission
        self._peers = services.peers
        self._rounds = services.rounds
        self._unread_s = limits.unread_timeout_ms / 1000
        self._options: dict[str, Any] = {
            # An access log would contain every room id. Important events are logged elsewhere.
            "access_log": None,
            "keepalive_timeout": limits.keepalive_ms / 1000,
            "lingering_time": limits.close_timeout_ms / 1000,
            # aiohttp stops reading a body from the connection at twice this size.
            "read_bufsize": CHUNK_BYTES // 2,
        }
        self.runner = web.AppRunner(app, **self._options, shutdown_timeout=SHUTDOWN_S)
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._serving: set[asyncio.Task[None] | None] = set()
        self._relax: asyncio.TimerHandle | None = None
        self._spare: list[int] = []
        self._stopped = False
        self._said_at = -OUT_OF_DESCRIPTORS_S

    async def start(self, host: str, port: int) -> int:
        """Start to listen and return the port. Raises OSError."""
        await self.runner.setup()
        for family, kind, protocol, _, address in await self._loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            listening = socket.socket(family, kind, protocol)
            self._sockets.append(listening)
            if sys.platform != "win32":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
            listening.setblocking(False)
        self._keep_spare()
        self._tasks = [self._loop.create_task(self._accept(one)) for one in self._sockets]
        return int(self._sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop accepting, close the open connections, and shut the application down."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listening in self._sockets:
            listening.close()
        self._stopped = True
        if self._relax is not None:
            self._relax.cancel()
        while self._spare:
            os.close(self._spare.pop())
        await self.runner.cleanup()

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            new: list[socket.socket] = []
            try:
                new.append((await self._loop.sock_accept(listening))[0])
                while len(new) < ACCEPTS_MAX:
                    new.append(listening.accept()[0])
            except BlockingIOError:
                pass  # There are no more.
            except OSError as error:
                # Any other error means that the peer disconnected before it was accepted.
                if error.errno in OUT_OF_RESOURCES:
                    await self._free(error)
            serving = [self._loop.create_task(self._serve(one)) for one in new]
            self._serving.update(serving)
            if serving:
                await asyncio.wait(serving, timeout=RETRY_S)

    async def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # The peer has disconnected.
            connection.close()
        except Exception:
            log.exception("connection: internal error")
            connection.close()
        finally:
            self._serving.discard(asyncio.current_task())

    def _protocol(self) -> asyncio.Protocol:
        server = self.runner.server
        assert server is not None
        return _Connection(
            self._admission,
            self._peers,
            self._rounds,
            self._unread_s,
            server,
            loop=self._loop,
            **self._options,
        )

    async def _free(self, error: OSError) -> None:
        """Out of descriptors: close silent connections and use the spare descriptors."""
        now = self._loop.time()
        if now - self._said_at >= OUT_OF_DESCRIPTORS_S:
            self._said_at = now
            log.error(
                "server: cannot accept connections: %s: %d are open, %d of them silent. "
                "Raise the limit of open files (ulimit -n)",
                error.strerror,
                len(self._admission),
                self._admission.silent,
            )
        self._admission.squeeze()
        if self._relax is not None:
            self._relax.cancel()
        self._relax = self._loop.call_later(OUT_OF_DESCRIPTORS_S, self._admission.relax)
        if self._spare:
            os.close(self._spare.pop())
            self._loop.call_later(RETRY_S, self._keep_spare)
        else:
            await asyncio.sleep(RETRY_S)

    def _keep_spare(self) -> None:
        try:
            while len(self._spare) < SPARE_DESCRIPTORS and not self._stopped:
                self._spare.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            # Try again later, when silent connections have been closed.
            self._loop.call_later(RETRY_S, self._keep_spare)


def raise_descriptors() -> int | None:
    """Raise the soft limit of descriptors to the hard one. Returns the limit in force, or None if
    the system has no limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, UNLIMITED) if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            log.warning(
                "server: the limit of open files cannot be raised from %d to %d: %s",
                soft,
                wanted,
                error,
            )
            return soft
    return wanted
