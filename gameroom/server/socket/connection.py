"""One socket: says who it is, asks, is answered and is told.

Knows frames and the runner of its room; no rule of any room. `received` is called with
each message when it is parsed and does all that follows before it returns.

The rules it keeps: before the hello nothing is answered; events go out in the order of
their seq, each once; from the moment it is closed nothing that arrives counts.
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
"""How often a long frame asks again for its turn, where too many are waiting."""

HOLD_MS = 1000
"""How long a socket is read no further, at most, whose frames are too many."""


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
        """settled: called once, when it has said who it is or is gone."""
        self.who = ""
        self.delay_ms = 0
        """How late it is told what happens."""
        self.known = False
        """Whether it has said who it is."""
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
        """Whether the peer ended it, also by breaking the protocol: what it had asked before
        counts."""
        self._farewell: asyncio.TimerHandle | None = None
        self._asking = 0
        """How many questions have no answer yet."""
        self._then: tuple[int, str] | None = None
        """How it closes once they are answered."""
        self._deadline: asyncio.TimerHandle | None = None
        self._packet_bytes_max = self._limits.frame_bytes_max
        if guest.runner is not None:
            self._packet_bytes_max = number(guest.runner.room.file, "limits", "packet_bytes")
        self._typed_bytes_max = min(self._packet_bytes_max, FRAME_BYTES - 1)

    # -- life ----------------------------------------------------------------------

    def start(self, transport: asyncio.Transport) -> None:
        """The handshake is about to be done; messages may arrive from now on."""
        self._transport = transport
        self._deadline = self._loop.call_later(
            self._limits.hello_timeout_ms / 1000,
            lambda: self.close(Close.NO_HELLO, "the first frame did not arrive in time"),
        )

    def parsing(self, pieces: Pieces) -> None:
        """The handshake is done: this parses what comes."""
        self._pieces = pieces
        pieces.later = self._in_turn

    def stop(self) -> None:
        """The socket has no more to read: leave the room, and let go of the transport."""
        ours, self.closed = self.closed, True
        self._quiet()
        if self._farewell is not None:
            self._farewell.cancel()
        self._detach()
        if ours and self._transport is not None:
            # The peer is gone: nothing is left to say.
            self._transport.close()

    def close(self, code: int, reason: str) -> None:
        """Nothing more is sent or heard; the close frame goes out behind what was sent, and
        behind the answer to the question that led to it.

        The peer has a while to answer it, so that it surely reads the code; a peer that
        does not read is cut off.
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
        """Before the hello: somebody else needs the place, now."""
        assert self._transport is not None
        self.close(Close.NO_HELLO, "the connection was silent and others are waiting")
        self._transport.close()

    def peer_closed(self, code: int) -> None:
        """The peer says goodbye, or answers ours: nothing is left to wait for."""
        transport = self._transport
        assert transport is not None
        if not self.closed:
            self.closed = self._goodbye = True
            self._quiet()
            if not transport.is_closing():
                transport.write(websocket.close_frame(code))
        transport.close()

    def broken(self, code: int, reason: str) -> None:
        """The peer broke the protocol (RFC 6455, 7.1.7): the connection ends at once for it.

        Our side reads on for a while without looking: closing over unread bytes would be a
        reset, which may overtake the close frame. A peer whose message is too big keeps the
        rules otherwise, and has that while to read why.
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
        """Tell the room, and with it everybody in it, in this person's turn."""
        runner = self._runner
        if not self.known or runner is None:
            return

        def detach() -> None:
            runner.detach(self)

        self._budget.in_turn(detach, detach)

    # -- being told ------------------------------------------------------------------

    def push(self, event: EncodedEvent) -> None:
        """Send an event, where it is the next one for this socket, and due."""
        assert self._stream is not None, "it has said who it is"
        self._stream.push(event)

    def catch_up(self) -> None:
        """Send what it has missed; safe at any time."""
        assert self._stream is not None, "it has said who it is"
        self._stream.catch_up()

    @property
    def is_full(self) -> bool:
        """Whether the peer has yet to read what was sent."""
        assert self._transport is not None
        return self._transport.get_write_buffer_size() > self._limits.write_buffer_bytes_max // 4

    def reject(self, rejected: Rejected | Rejection) -> None:
        """Tell this person alone."""
        self.write(websocket.frame(self._codec.encode_private(rejected)))

    def write(self, frame: bytes) -> None:
        """Send a frame. Who does not read is cut off."""
        transport = self._transport
        assert transport is not None
        if self.closed or transport.is_closing():
            return
        transport.write(frame)
        if transport.get_write_buffer_size() > self._limits.write_buffer_bytes_max:
            self.leave(Close.SLOW_READER, "events were not read quickly enough")

    def leave(self, code: int, reason: str) -> None:
        """Close, and tell the room that this socket is gone."""
        self.close(code, reason)
        self._detach()

    # -- hearing ---------------------------------------------------------------------

    def received(self, message: str | bytes) -> None:
        """One message. Never raises: a fault of ours closes this socket alone."""
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
        """A step of this socket. Never raises: a fault of ours closes this socket alone."""
        try:
            return step(*args, **more)
        except Exception:
            self._failed()
            return None

    def _failed(self) -> None:
        log.exception("room %s: a socket failed: internal error", self._guest.room)
        self.leave(Close.INTERNAL, "internal error")

    def pinged(self, payload: bytes) -> None:
        """A ping, which costs what a frame costs."""
        self.counted()
        self.write(websocket.pong_frame(payload))

    def counted(self) -> None:
        """A frame that asks for nothing. None is refused before the last one is too many."""
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
        """A few more frames of a read that brought many, in this person's turn."""
        self._budget.in_turn(go, lambda: self._loop.call_later(BUSY_STEP_S, self._in_turn, go))

    def _read_in_turn(self, pieces: Pieces, message: str | bytes, wait: int) -> None:
        """A long frame takes long to read, and a hello is told to everybody: in its turn among the
        answers, and what this peer sent after it waits."""
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
        """A frame that takes long to read counts for more than its bytes, and is paid for as a
        request where it is no packet; who cannot is read no further for a while. Raises
        BadFrameError."""
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
        """Answer it when it is this person's turn, and reckon what that took."""
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
        """The size of the answer, 0 where there is none."""
        try:
            return self._request(request)
        except (JournalError, StoreFailedError) as error:
            log.error("room %s: a store cannot be read: %s", self._guest.room, error)
            self._refuse(request, NOT_READABLE)
            return 0

    def _request(self, request: RequestFrame) -> int:
        """Answer it; the size of the answer."""
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
            # As over HTTP: of a name that comes twice the first value counts, an empty one too.
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
        """A question is answered; with nothing, where it asked for nothing."""
        if frame:
            self.write(frame)
        self._asking -= 1
        if not self._asking and self._then is not None:
            self.close(*self._then)

    def _response(self, request: RequestFrame, said: Answer) -> bytes:
        """The frame of an answer for a request with an id; without one only of a refusal."""
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
        """The answer, then the tail, then live: one call, so nothing falls between."""
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
