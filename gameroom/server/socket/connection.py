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
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar
from urllib.parse import parse_qsl

from gameroom.lockstep.packets import ClientPacket
from gameroom.lockstep.problem import Problem
from gameroom.model.policies import number
from gameroom.room.effects import Rejected
from gameroom.server.allowances import (
    BYTES_PER_US,
    FRAME_BYTES,
    FRAME_US,
    REQUEST_US,
    Allowance,
    Allowances,
    frames_in,
)
from gameroom.server.config import Limits
from gameroom.server.host.recent import Told
from gameroom.server.host.rounds import BusyError, Rounds
from gameroom.server.host.runner import Runner
from gameroom.server.http import bodies
from gameroom.server.http.answers import (
    NOT_READABLE,
    Answer,
    Question,
    RefusedAnswerError,
    answer,
    body_as,
)
from gameroom.server.rates import Bucket
from gameroom.server.socket import websocket
from gameroom.server.socket.pieces import Pieces
from gameroom.store import JournalError, StoreFailedError
from gameroom.wire import BadFrameError, Close, Codec, Rejection, RequestFrame, ResponseFrame
from gameroom.wire.problems import problem_body

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

CATCH_UP_STEP_S = 0.01
"""How often a socket that reads a long tail is looked at."""

DELAYED_STEP_MS = 1_000
"""How often a delayed socket that has seen all is looked at, at least."""

BUSY_STEP_S = 0.01
"""How often a long frame asks again for its turn, where too many are waiting."""

HOLD_MS = 1000
"""How long a socket is read no further, at most, whose frames are too many."""

CATCH_UP_EVENTS = 8
CATCH_UP_US = 500
"""A long tail is sent in steps of so many events, each in its turn among the answers. A step costs
about this: old events are read and encoded again."""

UNKNOWN = Problem(401, "no_session", "This session is not known here.")
"""The same for no such room, no such seat and too old a session."""

BUSY = Problem(503, "server_busy", "Too many requests are waiting.", retry_after_ms=1000)


def too_much(wait_ms: int) -> Problem:
    """The refusal of whoever has used up an allowance."""
    return Problem(429, "too_often", f"Wait {wait_ms} ms.", retry_after_ms=wait_ms)


def _too_many(wait_ms: int) -> Problem:
    return Problem(429, "too_often", "Too many frames.", retry_after_ms=wait_ms)


HELLO_FIRST = Problem(401, "hello_first", "The first frame is PUT /session.")


@dataclass(frozen=True, slots=True)
class Door:
    """What a socket needs of the server.

    who: the user behind a token in a room that is awake, None for nobody.
    admit: whether somebody who has a session is in the room.
    can_start: why no game may be started now, None when it may.
    """

    limits: Limits
    who: Callable[[str, str], str | None]
    admit: Callable[[Runner, str], bool]
    can_start: Callable[[], Problem | None]
    now: Callable[[], int]
    allowances: Allowances
    rounds: Rounds


class Connection:
    """The state of one socket. It is the `Line` of its runner."""

    def __init__(
        self,
        door: Door,
        *,
        room: str,
        runner: Runner | None,
        absent: Problem | None = None,
        codec: Codec,
        token: str | None,
        loop: asyncio.AbstractEventLoop,
        settled: Callable[[], None],
    ) -> None:
        """runner: None where there is no such room, which nobody is told before a hello.
        absent: why a room that there may be is not here.
        settled: called once, when it has said who it is or is gone."""
        self.who = ""
        self.subprotocol = codec.subprotocol
        self.sent = 0
        """The seq of the last event that was written."""
        self.open = False
        """Whether it has said who it is."""
        self.delay_ms = 0
        """How late it is told what happens."""
        self._door = door
        self._room = room
        self._runner = runner
        self._absent = absent
        self._codec = codec
        self._token = token
        self._loop = loop
        self._settled: Callable[[], None] | None = settled
        self._transport: asyncio.Transport | None = None
        self._pieces: Pieces | None = None
        self._closed = False
        self._goodbye = False
        """Whether the peer ended it, also by breaking the protocol: what it had asked before
        counts."""
        self._farewell: asyncio.TimerHandle | None = None
        self._asking = False
        self._then: tuple[int, str] | None = None
        """How it closes once the question at hand is answered."""
        self._pump: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        limits = door.limits
        self._bucket = Bucket(limits.hello_frames_max, limits.hello_frames_max)
        """Of the frames before the hello, then of this person's frames on all sockets."""
        self._allowance: Allowance | None = None
        """Of this person; None before the hello."""
        self._refused = 0
        """Frames before the hello that were refused."""
        self._packet_bytes_max = limits.frame_bytes_max
        if runner is not None:
            self._packet_bytes_max = number(runner.room.file, "limits", "packet_bytes")

    # -- life ----------------------------------------------------------------------

    def start(self, transport: asyncio.Transport) -> None:
        """The handshake is about to be done; messages may arrive from now on."""
        self._transport = transport
        self._deadline = self._loop.call_later(
            self._door.limits.hello_timeout_ms / 1000,
            lambda: self.close(Close.NO_HELLO, "no hello in time"),
        )

    def parsing(self, pieces: Pieces) -> None:
        """The handshake is done: this parses what comes."""
        self._pieces = pieces
        pieces.later = self._in_turn

    def stop(self) -> None:
        """The socket has no more to read: leave the room, and let go of the transport."""
        ours, self._closed = self._closed, True
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
        if self._closed:
            return
        if self._asking:
            self._then = self._then or (code, reason)
            return
        self._closed = True
        self._quiet()
        if self._pieces is not None:
            self._pieces.slow = True
        transport = self._transport
        assert transport is not None
        if not transport.is_closing():
            transport.write(websocket.close_frame(code, reason))
        self._farewell = self._loop.call_later(
            self._door.limits.close_timeout_ms / 1000, transport.abort
        )

    def give_way(self) -> None:
        """Before the hello: somebody else needs the place, now."""
        assert self._transport is not None
        self.close(Close.NO_HELLO, "others wait: say hello at once")
        self._transport.close()

    def peer_closed(self, code: int) -> None:
        """The peer says goodbye, or answers ours: nothing is left to wait for."""
        transport = self._transport
        assert transport is not None
        if not self._closed:
            self._closed = self._goodbye = True
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
        self._goodbye = self._goodbye or not self._closed
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
        if self._pump is not None:
            self._pump.cancel()

    @property
    def _payer(self) -> str:
        """Whose turn it is: this person's, or before the hello this socket's."""
        return f"session {self._room} {self.who}" if self.open else f"socket {id(self)}"

    def _detach(self) -> None:
        """Tell the room, and with it everybody in it, in this person's turn."""
        runner = self._runner
        if not self.open or runner is None:
            return

        def detach() -> None:
            runner.detach(self)

        try:
            self._door.rounds.run(self._payer, detach, detach)
        except BusyError:
            detach()

    # -- being told ------------------------------------------------------------------

    def push(self, told: Told) -> None:
        """Send an event, unless this socket is still reading what was before it, or is not to
        know of it yet."""
        assert self._runner is not None
        if told.seq == self.sent + 1 and not self._closed and self._wait_ms(told) <= 0:
            self.sent += 1
            self._write(self._runner.frame(told, self.subprotocol))

    def _wait_ms(self, told: Told) -> int:
        """How long from now until this socket may be told."""
        if not self.delay_ms:
            return 0
        assert self._runner is not None
        return told.at + self.delay_ms - self._runner.now

    def catch_up(self) -> None:
        """Send what it has missed; safe at any time."""
        if (self._pump is None or self._pump.done()) and not self._catch_up():
            self._pump = self._loop.create_task(self._catch_up_slowly())

    def reject(self, rejected: Rejected | Rejection) -> None:
        """Tell this person alone."""
        self._write(websocket.frame(self._codec.encode_private(rejected)))

    def _write(self, frame: bytes) -> None:
        transport = self._transport
        assert transport is not None
        if self._closed or transport.is_closing():
            return
        transport.write(frame)
        if transport.get_write_buffer_size() > self._door.limits.write_buffer_bytes_max:
            self.leave(Close.SLOW_READER, "events were not read quickly enough")

    def leave(self, code: int, reason: str) -> None:
        """Close, and tell the room that this socket is gone."""
        self.close(code, reason)
        self._detach()

    # -- hearing ---------------------------------------------------------------------

    def received(self, message: str | bytes) -> None:
        """One message. Never raises: a fault of ours closes this socket alone."""
        if not self._closed:
            self._guarded(self._heard, message)

    def _guarded(self, step: Callable[P, T], *args: P.args, **more: P.kwargs) -> T | None:
        """A step of this socket. Never raises: a fault of ours closes this socket alone."""
        try:
            return step(*args, **more)
        except Exception:
            log.exception("a socket of room %s: a fault of ours", self._room)
            self.leave(Close.INTERNAL, "a fault of the server")
            return None

    def pinged(self, payload: bytes) -> None:
        """A ping, which costs what a frame costs."""
        self.counted()
        self._write(websocket.pong_frame(payload))

    def counted(self) -> None:
        """A frame that asks for nothing. None is refused before the last one is too many."""
        if not self._closed and self._bucket.take(self._door.now()) and self._is_flood():
            self.leave(Close.TOO_MANY, "too many frames")

    def _heard(self, message: str | bytes) -> None:
        if isinstance(message, bytes) != self._codec.binary:
            self.leave(Close.UNSUPPORTED, "text where bytes are spoken, or the reverse")
            return
        if not self.open and len(message) > self._door.limits.hello_bytes_max:
            self.leave(Close.TOO_BIG, "the first frame is too big")
            return
        wait = self._bucket.take(self._door.now(), frames_in(len(message)))
        if wait and self._is_flood():
            self.leave(Close.TOO_MANY, "too many frames")
            return
        pieces = self._pieces
        if wait and pieces is not None:
            pieces.hold(min(wait, HOLD_MS) / 1000)
        if pieces is not None and (len(message) >= FRAME_BYTES or not self.open):
            self._read_in_turn(pieces, message, wait)
        else:
            self._read(message, wait)

    def _in_turn(self, go: Callable[[], None]) -> None:
        """A few more frames of a read that brought many, in this person's turn."""

        def dropped() -> None:
            self._loop.call_later(BUSY_STEP_S, self._in_turn, go)

        try:
            self._door.rounds.run(self._payer, go, dropped)
        except BusyError:
            dropped()

    def _read_in_turn(self, pieces: Pieces, message: str | bytes, wait: int) -> None:
        """A long frame takes long to read, and a hello is told to everybody: in its turn among the
        answers, and what this peer sent after it waits."""

        done = waits = False

        def job() -> None:
            nonlocal done
            done = True
            if not self._closed:
                self._guarded(self._read, message, wait)
            if waits:
                pieces.go()

        def dropped() -> None:
            self._loop.call_later(BUSY_STEP_S, self._read_again, pieces, message, wait)

        try:
            self._door.rounds.run(self._payer, job, dropped)
        except BusyError:
            dropped()
        if not done:
            waits = True
            pieces.stop()

    def _read_again(self, pieces: Pieces, message: str | bytes, wait: int) -> None:
        self._read_in_turn(pieces, message, wait)
        pieces.go()

    def _read(self, message: str | bytes, wait: int) -> None:
        """wait: how long until it would not be one too many, in milliseconds."""
        try:
            if wait and len(message) >= FRAME_BYTES:
                raise self._codec.unread(message, _too_many(wait))
            said = self._decoded(message)
        except BadFrameError as error:
            self._write(websocket.frame(self._codec.encode_refusal(error)))
            return
        if wait:
            self._refuse(said, _too_many(wait))
        elif not self.open:
            began = self._door.rounds.clock_us()
            self._hello(said)
            if self._allowance is not None:
                took = self._door.rounds.clock_us() - began
                self._allowance.work_us.charge(self._door.now(), took)
        elif self._is_packet(said) and len(message) > self._packet_bytes_max:
            detail = f"A packet has at most {self._packet_bytes_max} bytes here."
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
        door, said = self._door, None
        began = door.rounds.clock_us()
        try:
            said = self._codec.decode(message)
            return said
        finally:
            took, now = door.rounds.clock_us() - began, door.now()
            self._bucket.charge(now, took // FRAME_US)
            if self._allowance is not None and (said is None or not self._is_packet(said)):
                self._allowance.work_us.charge(now, took)
                wait = self._allowance.work_us.wait(now)
                if wait and self._pieces is not None:
                    self._pieces.hold(min(wait, HOLD_MS) / 1000)

    def _is_flood(self) -> bool:
        """First the advice, then the close: after a burst of refused frames."""
        if self._allowance is not None:
            return self._allowance.refusals.take(self._door.now()) > 0
        self._refused += 1
        return self._refused > self._door.limits.hello_frames_max

    @staticmethod
    def _is_packet(said: RequestFrame | ClientPacket) -> bool:
        return isinstance(said, ClientPacket) or isinstance(said.body, ClientPacket)

    def _packet(self, packet: ClientPacket) -> None:
        assert self._runner is not None
        reply = self._runner.receive(self.who, packet)
        if reply.problem is not None:
            self.reject(Rejection(packet.generation, None, reply.problem))

    def _wait_for_a_slice(self, request: RequestFrame) -> None:
        """Answer it when it is this person's turn, and reckon what that took."""
        allowance, door = self._allowance, self._door
        assert allowance is not None, "it has said who it is"
        if wait := allowance.work_us.wait(door.now()):
            if self._is_flood():
                self.leave(Close.TOO_MANY, "too many requests")
            else:
                self._refuse(request, too_much(wait))
            return
        allowance.work_us.charge(door.now(), REQUEST_US)

        def job() -> None:
            if not self._closed or self._goodbye:
                began = door.rounds.clock_us()
                size = self._guarded(self._answered, request) or 0
                took = door.rounds.clock_us() - began + size // BYTES_PER_US
                allowance.work_us.charge(door.now(), max(0, took - REQUEST_US))

        def dropped() -> None:
            self._refuse(request, BUSY)

        try:
            door.rounds.run(self._payer, job, dropped)
        except BusyError:
            dropped()

    def _answered(self, request: RequestFrame) -> int:
        """The size of the answer, 0 where there is none."""
        try:
            return self._request(request)
        except (JournalError, StoreFailedError) as error:
            log.error("room %s: a store cannot be read: %s", self._room, error)
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
            self._door.limits,
            request.body,
            # As over HTTP: of a name that comes twice the first value counts, an empty one too.
            dict(reversed(parse_qsl(query, keep_blank_values=True))),
            can_start=self._door.can_start(),
        )
        self._asking = True
        try:
            return self._respond(request, answer(question))
        finally:
            self._asking = False
            if self._then is not None:
                self.close(*self._then)

    def _respond(self, request: RequestFrame, said: Answer) -> int:
        """An answer for a request with an id; without one only a refusal is told. Its size."""
        if said.problem is not None:
            self._refuse(request, said.problem)
        elif request.id is not None:
            response = ResponseFrame(request.id, said.status, said.body)
            frame = websocket.frame(self._codec.encode_response(response))
            self._write(frame)
            return len(frame)
        return 0

    def _refuse(self, said: RequestFrame | ClientPacket, problem: Problem) -> None:
        if isinstance(said, ClientPacket):
            self.reject(Rejection(said.generation, None, problem))
            return
        response = ResponseFrame(said.id, problem.status, problem_body(problem))
        self._write(websocket.frame(self._codec.encode_response(response)))

    # -- hello -----------------------------------------------------------------------

    def _hello(self, said: RequestFrame | ClientPacket) -> None:
        if not isinstance(said, RequestFrame) or (said.method, said.path) != ("PUT", "/session"):
            self._refuse(said, HELLO_FIRST)
            return
        try:
            hello = body_as(bodies.HelloBody, {} if said.body is None else said.body)
        except RefusedAnswerError as refused:
            self._refuse(said, refused.problem)
            return
        runner = self._runner
        absent = self._absent if runner is None else runner.stopped
        if absent is not None:
            self._refuse(said, absent)
            self.close(Close.TRY_LATER, "the room is not here now")
            return
        who = self._door.who(self._room, hello.token or self._token or "")
        if who is None or runner is None or not self._door.admit(runner, who):
            self._refuse(said, UNKNOWN)
            self.close(Close.NO_SESSION, "the session is not known")
        elif hello.seq > (seq := runner.shown(who).seq):
            detail = f"The room is at {seq}: come with a seq up to that, or 0."
            self._refuse(said, Problem(409, "seq_ahead", detail))
        elif wait := self._is_too_often(runner, who):
            self._refuse(said, too_much(wait))
            self.close(Close.TRY_LATER, "this session connects too often")
        else:
            self._welcome(said, runner, who, hello)

    def _is_too_often(self, runner: Runner, who: str) -> int:
        """Whether this person connects too often: milliseconds to wait. Each time is told to
        everybody and written down."""
        allowance = self._door.allowances.of_session(runner.id, who, runner.room.file)
        if not (wait := allowance.connects.take(self._door.now())):
            self._allowance, self._bucket = allowance, allowance.frames
        return wait

    def _welcome(
        self, said: RequestFrame, runner: Runner, who: str, hello: bodies.HelloBody
    ) -> None:
        """The answer, then the tail, then live: one call, so nothing falls between."""
        self.who, self.open, self.sent = who, True, hello.seq
        self._settle()
        self.delay_ms = runner.delay_ms(who)
        told, shown = runner.room.hello(who), runner.shown(who)
        resume = None
        if hello.snapshots:
            behind_max = self._door.limits.tail_events_max
            resume = runner.resume_for(who, hello.seq, behind_max)
        if resume is not None:
            self.sent = resume.seq
        told = replace(
            told,
            seq=shown.seq,
            generation=shown.generation,
            turn_ms=shown.turn_ms,
            ahead=shown.ahead,
            snapshot=resume,
        )
        self._respond(said, Answer(200, told))
        if self.delay_ms or not self._catch_up():
            self._pump = self._loop.create_task(self._catch_up_slowly())
        runner.attach(self, self.sent)

    def _catch_up(self) -> bool:
        """Send the next events that are missing; whether those were all."""
        assert self._runner is not None
        tail = self._runner.after(self.sent)
        for count, told in enumerate(tail or ()):
            if count == CATCH_UP_EVENTS or self._is_full or self._wait_ms(told) > 0:
                return False
            self.push(told)
        return tail is not None

    @property
    def _is_full(self) -> bool:
        """Whether the peer has yet to read what was sent."""
        assert self._transport is not None
        bytes_max = self._door.limits.write_buffer_bytes_max // 4
        return self._transport.get_write_buffer_size() > bytes_max

    async def _catch_up_slowly(self) -> None:
        """A long tail: from the journal where it is old, no quicker than it is read. Who is
        told everything late is always behind, and comes to the end only after the room."""
        assert self._runner is not None
        runner = self._runner
        try:
            while not self._catch_up() or self.delay_ms:
                if self._closed:
                    return
                if runner.after(self.sent) is None:
                    await self._send_journal(runner)
                if self.delay_ms and runner.room.over and self.sent == runner.room.seq:
                    self.leave(Close.ENDED, "the room has ended")
                    return
                await asyncio.sleep(self._pause_s(runner))
                await self._its_turn()
        except (JournalError, StoreFailedError) as error:
            log.error("room %s: the journal cannot be read: %s", self._room, error)
            self.leave(Close.TRY_LATER, "the journal cannot be read now")
        except Exception:
            log.exception("room %s: a tail cannot be sent: a fault of ours", self._room)
            self.leave(Close.INTERNAL, "a fault of the server")

    async def _its_turn(self) -> None:
        """Until this person's next step is due."""
        try:
            await self._door.rounds.turn(self._payer, least_us=CATCH_UP_US)
        except BusyError:
            await asyncio.sleep(CATCH_UP_STEP_S)

    def _pause_s(self, runner: Runner) -> float:
        """Until something can be sent again: the others had their turn, the socket has read, or
        an event is due."""
        if not self.delay_ms:
            return CATCH_UP_STEP_S if self._is_full else 0
        tail = runner.after(self.sent)
        wait_ms = self._wait_ms(tail[0]) if tail else min(self.delay_ms, DELAYED_STEP_MS)
        return max(CATCH_UP_STEP_S, wait_ms / 1000)

    async def _send_journal(self, runner: Runner) -> None:
        """What is no longer kept in memory, with a pause now and then for all the others."""
        for count, entry in enumerate(runner.journal.read(after=self.sent)):
            told = runner.old(entry)
            if self._wait_ms(told) > 0:
                return
            self.push(told)
            while self._is_full:
                await asyncio.sleep(CATCH_UP_STEP_S)
            if count % CATCH_UP_EVENTS == 0:
                await self._its_turn()
