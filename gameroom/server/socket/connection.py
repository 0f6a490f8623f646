"""One socket: processes its hello and its requests, and sends answers and events.

Knows frames and the runner of its room, but no rule of any room. `received` is called with each
message while it is parsed, and does all work for it before it returns.

The rules: before the hello no request is answered; events are sent in order of seq, each once;
after the close, all received data is ignored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar
from urllib.parse import parse_qsl

from gameroom.lockstep.packets import ClientPacket
from gameroom.lockstep.problem import Problem
from gameroom.model.policies import number
from gameroom.room.effects import Rejected
from gameroom.server import websocket
from gameroom.server.allowances import BYTES_PER_US, FRAME_BYTES, REQUEST_US
from gameroom.server.host.recent import EncodedEvent
from gameroom.server.refusals import BUSY, NOT_READABLE, too_many_frames, too_much
from gameroom.server.room_api.operations import answer
from gameroom.server.room_api.question import Answer, Question
from gameroom.server.services import Services
from gameroom.server.socket.budget import Budget
from gameroom.server.socket.hello import Admitted, Declined, Guest, admit
from gameroom.server.socket.pieces import Pieces
from gameroom.server.socket.stream import EventStream
from gameroom.store import JournalError, StoreFailedError
from gameroom.wire import BadFrameError, Close, Codec, Rejection, RequestFrame, ResponseFrame
from gameroom.wire.problems import problem_body

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

BUSY_STEP_S = 0.01
"""How long a long frame waits before it asks for a turn again, if too many are waiting."""

HOLD_MS = 1000
"""The maximum pause of reading from a socket that sends too many frames."""


class Connection:
    """The state of one socket. It is the `OpenSocket` of its runner."""

    def __init__(
        self,
        services: Services,
        *,
        guest: Guest,
        codec: Codec,
        settled: Callable[[], None],
    ) -> None:
        """settled: called once, when the hello is accepted or the socket is closed."""
        self.who = ""
        self.delay_ms = 0
        """The delay of events for this socket."""
        self.known = False
        """Whether its hello was accepted."""
        self.closed = False
        self._services = services
        self._limits = services.config.limits
        self._loop = services.loop
        self._guest = guest
        self._runner = guest.runner
        self._codec = codec
        self._settled: Callable[[], None] | None = settled
        self._budget = Budget(services)
        self._stream: EventStream | None = None
        """None before the hello."""
        self._transport: asyncio.Transport | None = None
        self._pieces: Pieces | None = None
        self._goodbye = False
        """Whether the peer ended the connection, also by a protocol error. Then its earlier
        requests are still executed."""
        self._farewell: asyncio.TimerHandle | None = None
        self._asking = 0
        """The number of unanswered questions."""
        self._then: tuple[int, str] | None = None
        """The code and the reason for closing after they are answered."""
        self._deadline: asyncio.TimerHandle | None = None
        self._unread_bytes_max = self._limits.write_buffer_bytes_max
        self._packet_bytes_max = self._limits.frame_bytes_max
        if guest.runner is not None:
            self._packet_bytes_max = number(guest.runner.room.file, "limits", "packet_bytes")
        self._typed_bytes_max = min(self._packet_bytes_max, FRAME_BYTES - 1)

    # -- opening and closing -------------------------------------------------------

    def start(self, transport: asyncio.Transport) -> None:
        """Called before the handshake completes. Messages can arrive from now on."""
        self._transport = transport
        self._deadline = self._loop.call_later(
            self._limits.hello_timeout_ms / 1000,
            lambda: self.close(Close.NO_HELLO, "the first frame did not arrive in time"),
        )

    def parsing(self, pieces: Pieces) -> None:
        """Called after the handshake with the parser of the received bytes."""
        self._pieces = pieces
        pieces.later = self._in_turn

    def stop(self) -> None:
        """The connection is lost: leave the room and close the transport."""
        ours, self.closed = self.closed, True
        self._quiet()
        if self._farewell is not None:
            self._farewell.cancel()
        self._detach()
        if ours and self._transport is not None:
            # The peer has disconnected, so no close frame is needed.
            self._transport.close()

    def close(self, code: int, reason: str) -> None:
        """Stop sending and receiving. The close frame follows all sent data, and the answer to the
        question that caused the close. The peer has some time to answer it, so that it can read the
        code. After that the connection is aborted.
        """
        if self.closed:
            return
        if self._asking:
            self._then = self._then or (code, reason)
            return
        self.closed = True
        self._quiet()
        if self._pieces is not None:
            self._pieces.slow = True
        transport = self._transport
        assert transport is not None
        if not transport.is_closing():
            transport.write(websocket.close_frame(code, reason))
        self._farewell = self._loop.call_later(
            self._limits.close_timeout_ms / 1000, transport.abort
        )

    def give_way(self) -> None:
        """Close a connection without a hello at once, to make room for another."""
        assert self._transport is not None
        self.close(Close.NO_HELLO, "the connection was silent and others are waiting")
        self._transport.close()

    def peer_closed(self, code: int) -> None:
        """The peer sent a close frame, or answered ours: close the transport."""
        transport = self._transport
        assert transport is not None
        if not self.closed:
            self.closed = self._goodbye = True
            self._quiet()
            if not transport.is_closing():
                transport.write(websocket.close_frame(code))
        transport.close()

    def broken(self, code: int, reason: str) -> None:
        """The peer violated the protocol (RFC 6455, 7.1.7): end the connection at once.

        Our side continues to read for a while and discards the data. Closing with unread bytes
        would cause a reset, which can overtake the close frame. If only a message was too big, the
        peer has this time to read the reason.
        """
        self._goodbye = self._goodbye or not self.closed
        self.leave(code, reason)
        transport = self._transport
        assert transport is not None
        if code != Close.TOO_BIG and transport.can_write_eof() and not transport.is_closing():
            transport.write_eof()

    def _settle(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._settled is not None:
            settled, self._settled = self._settled, None
            settled()

    def _quiet(self) -> None:
        self._settle()
        if self._stream is not None:
            self._stream.stop()

    def _detach(self) -> None:
        """Detach from the room, in this person's turn, because everyone in it is notified."""
        runner = self._runner
        if not self.known or runner is None:
            return

        def detach() -> None:
            runner.detach(self)

        self._budget.in_turn(detach, detach)

    # -- sending ---------------------------------------------------------------------

    def push(self, event: EncodedEvent) -> None:
        """Send an event if it is the next one for this socket, and due."""
        assert self._stream is not None, "it has said who it is"
        self._stream.push(event)

    def catch_up(self) -> None:
        """Send the events that this socket has missed. Safe at any time."""
        assert self._stream is not None, "it has said who it is"
        self._stream.catch_up()

    @property
    def is_full(self) -> bool:
        """Whether the peer must read before more is sent."""
        assert self._transport is not None
        return self._transport.get_write_buffer_size() > self._unread_bytes_max // 4

    def reject(self, rejected: Rejected | Rejection) -> None:
        """Send a rejection to this person only."""
        self.write(websocket.frame(self._codec.encode_private(rejected)))

    def write(self, frame: bytes) -> None:
        """Send a frame. A peer that does not read is disconnected."""
        transport = self._transport
        assert transport is not None
        if self.closed or transport.is_closing():
            return
        transport.write(frame)
        if transport.get_write_buffer_size() > self._unread_bytes_max:
            self.leave(Close.SLOW_READER, "events were not read quickly enough")

    def leave(self, code: int, reason: str) -> None:
        """Close the socket and detach it from the room."""
        self.close(code, reason)
        self._detach()

    # -- receiving -------------------------------------------------------------------

    def received(self, message: str | bytes) -> None:
        """Process one message. Never raises: an internal error closes only this socket."""
        if self.closed:
            return
        try:
            size = len(message)
            wait = self._budget.take_frame(size)
            if (
                not wait
                and size <= self._typed_bytes_max
                and self.known
                and isinstance(message, bytes) is self._codec.binary
                and (packet := self._codec.typed(message)) is not None
            ):
                self._packet(packet)
            else:
                self._heard(message, wait)
        except Exception:
            self._failed()

    def _guarded(self, step: Callable[P, T], *args: P.args, **more: P.kwargs) -> T | None:
        """Call a step of this socket. Never raises: an internal error closes only this socket."""
        try:
            return step(*args, **more)
        except Exception:
            self._failed()
            return None

    def _failed(self) -> None:
        log.exception("room %s: a socket failed: internal error", self._guest.room)
        self.leave(Close.INTERNAL, "internal error")

    def pinged(self, payload: bytes) -> None:
        """Answer a ping. It costs as much as a frame."""
        self.counted()
        self.write(websocket.pong_frame(payload))

    def counted(self) -> None:
        """Count a frame that needs no answer. The socket is closed after too many of them."""
        if not self.closed and self._budget.take_frame() and self._budget.is_flood():
            self.leave(Close.TOO_MANY, "too many frames")

    def _heard(self, message: str | bytes, wait: int) -> None:
        """wait: how long until it would not be one too many, in milliseconds."""
        if isinstance(message, bytes) != self._codec.binary:
            why = "the message has the wrong type for the subprotocol: text or binary"
            self.leave(Close.UNSUPPORTED, why)
            return
        if not self.known and len(message) > self._limits.hello_bytes_max:
            self.leave(Close.TOO_BIG, "the first frame is too large")
            return
        if wait and self._budget.is_flood():
            self.leave(Close.TOO_MANY, "too many frames")
            return
        pieces = self._pieces
        if wait and pieces is not None:
            pieces.hold(min(wait, HOLD_MS) / 1000)
        if pieces is not None and (len(message) >= FRAME_BYTES or not self.known):
            self._read_in_turn(pieces, message, wait)
        else:
            self._read(message, wait)

    def _in_turn(self, go: Callable[[], None]) -> None:
        """Process some more frames of a long read, in this person's turn."""
        self._budget.in_turn(go, lambda: self._loop.call_later(BUSY_STEP_S, self._in_turn, go))

    def _read_in_turn(self, pieces: Pieces, message: str | bytes, wait: int) -> None:
        """Read a long frame or a hello in this person's turn among the answers, because a long
        frame takes long to read, and a hello is announced to everyone. Later data of this peer
        waits."""
        done = waits = False

        def job() -> None:
            nonlocal done
            done = True
            if not self.closed:
                self._guarded(self._read, message, wait)
            if waits:
                pieces.go()

        def dropped() -> None:
            def again() -> None:
                self._read_in_turn(pieces, message, wait)
                pieces.go()

            self._loop.call_later(BUSY_STEP_S, again)

        self._budget.in_turn(job, dropped)
        if not done:
            waits = True
            pieces.stop()

    def _read(self, message: str | bytes, wait: int) -> None:
        """wait: how long until it would not be one too many, in milliseconds."""
        try:
            if wait and len(message) >= FRAME_BYTES:
                raise self._codec.unread(message, too_many_frames(wait))
            said = self._decoded(message)
        except BadFrameError as error:
            self.write(websocket.frame(self._codec.encode_refusal(error)))
            return
        if wait:
            self._refuse(said, too_many_frames(wait))
        elif not self.known:
            began = self._budget.clock_us()
            self._hello(said)
            self._budget.charge(self._budget.clock_us() - began)
        elif self._is_packet(said) and len(message) > self._packet_bytes_max:
            detail = f"A packet in this room has at most {self._packet_bytes_max} bytes."
            self._refuse(said, Problem(413, "packet_too_big", detail))
        elif isinstance(said, ClientPacket):
            self._packet(said)
        elif self._is_packet(said):
            self._request(said)
        else:
            self._wait_for_a_slice(said)

    def _decoded(self, message: str | bytes) -> RequestFrame | ClientPacket:
        """Decode a message. If it takes long, it counts for more than its bytes, and is charged
        like a request unless it is a client packet. If the person cannot pay, reading pauses.
        Raises BadFrameError."""
        if len(message) < FRAME_BYTES:
            return self._codec.decode(message)
        budget, said = self._budget, None
        began = budget.clock_us()
        try:
            said = self._codec.decode(message)
            return said
        finally:
            is_packet = said is not None and self._is_packet(said)
            wait = budget.charge_reading(budget.clock_us() - began, is_packet=is_packet)
            if wait and self._pieces is not None:
                self._pieces.hold(min(wait, HOLD_MS) / 1000)

    @staticmethod
    def _is_packet(said: RequestFrame | ClientPacket) -> bool:
        return isinstance(said, ClientPacket) or isinstance(said.body, ClientPacket)

    def _packet(self, packet: ClientPacket) -> None:
        assert self._runner is not None
        runner = self._runner
        reply = runner.take(self.who, packet)
        if reply is not None and reply.problem is not None:
            rejection = Rejection(packet.generation, None, reply.problem)
            runner.when_stored(partial(self.reject, rejection))

    def _wait_for_a_slice(self, request: RequestFrame) -> None:
        """Answer a request in this person's turn, and charge its cost."""
        budget = self._budget
        if wait := budget.wait():
            if budget.is_flood():
                self.leave(Close.TOO_MANY, "too many requests")
            else:
                self._refuse(request, too_much(wait))
            return
        budget.charge(REQUEST_US)

        def job() -> None:
            if not self.closed or self._goodbye:
                began = budget.clock_us()
                size = self._guarded(self._answered, request) or 0
                took = budget.clock_us() - began + size // BYTES_PER_US
                budget.charge(max(0, took - REQUEST_US))

        budget.in_turn(job, lambda: self._refuse(request, BUSY))

    def _answered(self, request: RequestFrame) -> int:
        """Answer a request. Returns the size of the answer, 0 if there is none."""
        try:
            return self._request(request)
        except (JournalError, StoreFailedError) as error:
            log.error("room %s: a store cannot be read: %s", self._guest.room, error)
            self._refuse(request, NOT_READABLE)
            return 0

    def _request(self, request: RequestFrame) -> int:
        """Answer a request. Returns the size of the answer."""
        assert self._runner is not None
        path, _, query = request.path.partition("?")
        question = Question(
            self._runner,
            self.who,
            request.method,
            path,
            self._codec,
            self._limits,
            request.body,
            # As over HTTP: the first value of a repeated name counts, even if it is empty.
            dict(reversed(parse_qsl(query, keep_blank_values=True))),
            can_start=self._services.lobby.can_start(),
        )
        self._asking += 1
        try:
            frame = self._response(request, answer(question))
        except BaseException:
            self._answer_with(b"")
            raise
        runner = self._runner
        runner.when_stored(
            lambda: self._answer_with(frame),
            lambda: self._answer_with(self._refusal(request, runner.stopped or NOT_READABLE)),
        )
        return len(frame)

    def _answer_with(self, frame: bytes) -> None:
        """Complete a question with its answer, which is empty if the client wants none."""
        if frame:
            self.write(frame)
        self._asking -= 1
        if not self._asking and self._then is not None:
            self.close(*self._then)

    def _response(self, request: RequestFrame, said: Answer) -> bytes:
        """The frame of an answer. A request without an id is answered only by a refusal."""
        if said.problem is not None:
            return self._refusal(request, said.problem)
        if request.id is None:
            return b""
        return self._framed(ResponseFrame(request.id, said.status, said.body))

    def _refusal(self, request: RequestFrame, problem: Problem) -> bytes:
        return self._framed(ResponseFrame(request.id, problem.status, problem_body(problem)))

    def _framed(self, response: ResponseFrame) -> bytes:
        return websocket.frame(self._codec.encode_response(response))

    def _refuse(self, said: RequestFrame | ClientPacket, problem: Problem) -> None:
        if isinstance(said, ClientPacket):
            self.reject(Rejection(said.generation, None, problem))
            return
        self.write(self._refusal(said, problem))

    # -- hello -----------------------------------------------------------------------

    def _hello(self, said: RequestFrame | ClientPacket) -> None:
        heard = admit(self._services, self._budget, self._guest, said)
        if isinstance(heard, Declined):
            self._refuse(said, heard.problem)
            if heard.close is not None:
                self.close(*heard.close)
        else:
            assert isinstance(said, RequestFrame), "nothing else lets somebody in"
            stopped = partial(self.close, Close.TRY_LATER, "the room has stopped")
            heard.runner.when_stored(partial(self._welcome, said, heard), stopped)

    def _welcome(self, said: RequestFrame, admitted: Admitted) -> None:
        """Send the answer, then missed events, then live ones, in one call so that none is lost."""
        if self.closed:
            return
        runner, who = admitted.runner, admitted.who
        self.who, self.known, self.delay_ms = who, True, runner.delay_ms(who)
        self._settle()
        self.write(self._response(said, Answer(200, admitted.welcome)))
        self._stream = EventStream(
            runner,
            self,
            self._budget,
            subprotocol=self._codec.subprotocol,
            sent=admitted.sent,
            delay_ms=self.delay_ms,
            loop=self._loop,
        )
        self._stream.catch_up()
        runner.attach(self, self._stream.sent)
