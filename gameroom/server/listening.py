"""From the operating system's sockets to aiohttp's HTTP: accepting, and what aiohttp would
say by itself.

aiohttp's own site would do but for two things: when the process is out of descriptors its
loop stops accepting without a word, and a request that cannot be parsed is logged word
for word and answered with version numbers. So connections are accepted here, with some
descriptors in hand for that case, and `RequestHandler` says what we say.

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
"""All that the Server header says."""

BACKLOG = 1024
ACCEPTS_MAX = 4
"""After so many connections at once everybody else has their turn."""

SPARE_DESCRIPTORS = 8
"""Held for the case that there are no others."""

OUT_OF_DESCRIPTORS_S = 60.0
"""How often the log says that the process is out of descriptors."""

RETRY_S = 0.1
"""Until the next try when nothing could be freed."""

SHUTDOWN_S = 5.0
"""So long open requests may take when the server is shutting down."""

READ_US = 250
"""What aiohttp takes to read the head of a request, and to begin with it; also what a piece of a
body takes that nobody wants."""

HEAD_BYTES = 4096
"""Of what arrived at once so much is read in one turn: it may be many requests."""

READ_AGAIN_S = 0.01
"""How often a request asks again for its turn, where too many are waiting."""

SKIP_S = 0.02
"""Between two reads of a body that nobody wants."""

UNLIMITED = 1_048_576
"""What is asked for where the hard limit is infinite, which not every system grants."""

OUT_OF_RESOURCES = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


class _Connection(web.RequestHandler):
    """aiohttp's HTTP on one connection, which says what is ours to say."""

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
        """What waits for its turn to be read."""
        self._unread_s = unread_s
        self._admitted: asyncio.Transport | None = None
        self._look: asyncio.TimerHandle | None = None
        self._socket = False
        self._feed: Callable[[bytes], None] | None = None
        """Takes the bytes of a socket's frames, if they go to our own parser."""
        self._resting = False
        """For a while nothing more of such a body is read."""
        self._skipped: StreamReader | None = None
        """The body that nobody wants."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # uvloop's transports are asyncio's by shape alone.
        self._admitted = cast(asyncio.Transport, transport)
        self._admission.accepted(self._admitted)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._admitted is not None:
            self._admission.lost(self._admitted)
        self._stop_looking()
        self._admitted, self._arrived = None, b""
        super().connection_lost(exc)

    def skip(self, body: StreamReader) -> None:
        """Nobody wants the rest of this body. Whoever sends it has the answer already, but may read
        that only afterwards: so aiohttp reads it for a while, and it comes slowly."""
        self._skipped = body

    def data_received(self, data: bytes) -> None:
        """The beginning of a request is read in its address's turn: hundreds may arrive at once.
        A socket's frames and the rest of a body have a pace of their own, and aiohttp asks with
        nothing to look again at what it has."""
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
        """aiohttp wants more of a body, and what is here may wait for its turn."""
        super().resume_reading(resume_parser)
        self._read_no_further()

    def _read_no_further(self) -> None:
        if (self._arrived or self._resting) and self._admitted is not None:
            self._admitted.pause_reading()

    @property
    def _is_paced(self) -> bool:
        """Whether what arrives is no beginning of a request."""
        return self._socket or self._request_in_progress or self._skipped is not None

    def _read_in_turn(self) -> None:
        self._in_turn(
            self._read_arrived, lambda: self._loop.call_later(READ_AGAIN_S, self._read_in_turn)
        )

    def _in_turn(self, job: Callable[[], object], later: Callable[[], object]) -> None:
        """Do it in the turn of this connection's address. later: where too many are waiting."""
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
            # By then the request has begun, and the rest may be its body.
            self._loop.call_soon(self._read_in_turn)
        else:
            # Before it is read: whoever gets it may want no more for now.
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
        """Read the next piece of a body that nobody wants, in its address's turn."""
        self._in_turn(self._rested, lambda: self._loop.call_later(SKIP_S, self._skip_on))

    def _rested(self) -> None:
        self._resting = False
        self._read_on()

    def _read_on(self) -> None:
        """Read from the transport again, unless something that is here is to be read first."""
        waits = self._arrived or self._resting or self._reading_paused or self._buffer_paused
        if not waits and self._admitted is not None and not self._admitted.is_closing():
            self._admitted.resume_reading()

    def set_parser(self, parser: Any, *args: Any, **more: Any) -> None:
        """From here on it is a socket, whose unread bytes have a limit of their own."""
        self._socket = True
        self._stop_looking()
        super().set_parser(parser, *args, **more)
        if isinstance(parser, FrameFeed):
            self._feed = parser.feed

    def pause_writing(self) -> None:
        """The peer does not read as fast as it is answered: fine while it reads at all."""
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
        """The answer to what never reached a handler, or broke one."""
        if isinstance(exc, OF_PEER):
            self._peers.note("http: a request is not valid HTTP", request.remote or "")
            problem = Problem(400, "bad_request", "The request is not valid HTTP.")
        else:
            self.log_exception("request: internal error", exc_info=exc)
            problem = Problem(500, "fault", "Internal error.")
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        response = problem_response(problem)
        # No signal of the application is sent for what it has never seen.
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
    """Read what is left of a body no quicker than it costs nobody anything."""
    if isinstance(request.protocol, _Connection) and not request.content.is_eof():
        request.protocol.skip(request.content)


def is_of_peer(exc: object) -> bool:
    """Whether an error was made by who sent the request: bytes that are not HTTP, a
    connection that is gone, a body that was refused while it came."""
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
            # The access log would hold every room id; what matters is logged where it happens.
            "access_log": None,
            "keepalive_timeout": limits.keepalive_ms / 1000,
            "lingering_time": limits.close_timeout_ms / 1000,
            # Beyond twice as much a body is not read from its connection.
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
        """Listen; the port. Raises OSError."""
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
        """Accept no more, close what is open, and let the application end."""
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
                pass  # That was all.
            except OSError as error:
                # Any other error is about a peer that is gone before it was accepted.
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
        except OSError:  # It is gone.
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
        """Out of descriptors: silent connections give way, and the spare ones are used."""
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
            # Silent ones have given way meanwhile, or the next try has more luck.
            self._loop.call_later(RETRY_S, self._keep_spare)


def raise_descriptors() -> int | None:
    """Raise the soft limit of descriptors to the hard one; the limit that is in force, None
    where there is none."""
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
