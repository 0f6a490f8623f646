"""The server side of WebSocket (RFC 6455): parses bytes into messages, and creates frames.

Does no I/O and knows no aiohttp: `Parser.feed` takes the received bytes and calls the receiver
before it returns, so the calls come in the order of the wire. No extension is negotiated, so every
reserved bit is an error.

The rules: the parser stores at most one message of `message_bytes_max` bytes, including fragments,
and refuses a longer one by its header. It ignores everything after a close frame or an error. It
can limit the number of frames that one call processes.
"""

from __future__ import annotations

import codecs
import sys
from typing import Protocol

CONTROL_BYTES_MAX = 125
"""The maximum payload of a control frame (5.5)."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

NO_STATUS = 1005
"""The meaning of a close frame without a code (7.1.5). Never sent."""

PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009

_FIN, _MASKED = 0x80, 0x80
_WHOLE_TEXT, _WHOLE_BINARY = _FIN | TEXT, _FIN | BINARY
_RESERVED_CODES = frozenset((1004, 1005, 1006, 1015))


class Receiver(Protocol):
    """Receives the messages and events of one peer. Its methods must not raise."""

    def received(self, message: str | bytes) -> None:
        """A complete message has arrived."""

    def pinged(self, payload: bytes) -> None:
        """A ping has arrived. Answer it with `pong_frame` before you send anything else."""

    def counted(self) -> None:
        """A frame that needs no action has arrived: a pong, or a fragment other than the last."""

    def peer_closed(self, code: int) -> None:
        """A close frame has arrived. code: NO_STATUS if it has none. This is the last call."""

    def broken(self, code: int, reason: str) -> None:
        """The peer violated the protocol: close with this code. This is the last call."""


class _BrokenError(Exception):
    def __init__(self, reason: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(reason)
        self.code = code


class Parser:
    """Parses the bytes of one peer. You can change `message_bytes_max` between frames.

    frames_per_feed: the maximum number of frames that one call of `feed` or `more` processes."""

    def __init__(
        self, receiver: Receiver, message_bytes_max: int, frames_per_feed: int = sys.maxsize
    ) -> None:
        self.message_bytes_max = message_bytes_max
        self.finished = False
        """Whether a close frame has arrived or an error occurred."""
        self._receiver = receiver
        self._frames_per_feed = frames_per_feed
        self._left = 0
        """How many more frames this call can process."""
        self._rest = b""
        """Received bytes. Those from `_at` on are not processed yet."""
        self._at = 0
        self._buffer = bytearray()
        """The beginning of a frame."""
        self._needed = 2
        """How many bytes the buffer must contain before parsing can continue."""
        self._kind = CONTINUATION
        """TEXT or BINARY while the fragments of a message arrive."""
        self._partial = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    @property
    def held(self) -> int:
        """The number of stored bytes of unfinished frames and messages."""
        return len(self._buffer) + len(self._partial)

    def feed(self, data: bytes) -> bool:
        """Process received bytes, which can be split anywhere. Returns whether bytes are left for
        `more`."""
        if self.finished:
            return False
        if not self._buffer:
            size = len(data) - 6
            if (
                0 < size < 126
                and data[1] == _MASKED | size
                and ((first := data[0]) == _WHOLE_BINARY or first == _WHOLE_TEXT)
                and size <= self.message_bytes_max
                and not self._kind
            ):
                return self._whole(first, _unmasked(data[6:], data[2:6]))
        else:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return False
            data = bytes(self._buffer)
            self._buffer.clear()
        self._rest, self._at = data, 0
        return self.more()

    def _whole(self, first: int, payload: bytes) -> bool:
        """Process one short message that arrived alone, as nearly all messages do."""
        self._left = 0
        if first == _WHOLE_BINARY:
            self._receiver.received(payload)
            return False
        try:
            message = _text(payload)
        except _BrokenError as error:
            self._finish()
            self._receiver.broken(error.code, str(error))
            return False
        self._receiver.received(message)
        return False

    def keep(self, data: bytes) -> None:
        """Store received bytes while earlier bytes are left for `more`."""
        self._rest, self._at = self._rest[self._at :] + data, 0

    def stop(self) -> None:
        """Process no more frames in the current call."""
        self._left = 0

    def more(self) -> bool:
        """Process the next frames of the bytes that are left. Returns whether bytes are still
        left."""
        if self.finished:
            return False
        if self._buffer:
            rest, self._rest, self._at = self._rest[self._at :], b"", 0
            return bool(rest) and self.feed(rest)
        self._left = self._frames_per_feed
        try:
            self._frames()
        except _BrokenError as error:
            self._finish()
            self._receiver.broken(error.code, str(error))
            return False
        if self.finished:
            return False
        if self._left <= 0 and self._at < len(self._rest):
            return True
        self._buffer += self._rest[self._at :]
        self._rest, self._at = b"", 0
        return False

    def _frames(self) -> None:
        """Process complete frames up to the limit of this call. Raises _BrokenError."""
        data, at = self._rest, self._at
        size = len(data)
        while size - at >= 2 and self._left > 0:
            first, second = data[at], data[at + 1]
            length = second & 0x7F
            head = 6 if length < 126 else 8 if length == 126 else 14
            if head > 6:
                if size - at < head - 4:
                    self._needed = head - 4
                    return
                length = int.from_bytes(data[at + 2 : at + head - 4], "big")
            if (
                (first != _WHOLE_BINARY and first != _WHOLE_TEXT)
                or self._kind
                or not second & _MASKED
                or length > self.message_bytes_max
            ):
                self._check(first, second, length)
            end = at + head + length
            if end > size:
                self._needed = end - at
                return
            payload = _unmasked(data[at + head : end], data[at + head - 4 : at + head])
            self._at = at = end
            self._left -= 1
            if first == _WHOLE_BINARY and not self._kind:
                self._receiver.received(payload)
            elif first == _WHOLE_TEXT and not self._kind:
                self._receiver.received(_text(payload))
            elif first & CLOSE:
                self._control(first & 0x0F, payload)
                if self.finished:
                    return
            else:
                self._part(first, payload)
        self._needed = 2

    def _check(self, first: int, second: int, length: int) -> None:
        """Check the header of a frame before its payload has arrived. Raises _BrokenError."""
        opcode = first & 0x0F
        if first & 0x70:
            raise _BrokenError("reserved bits are set")
        if not second & _MASKED:
            raise _BrokenError("frames from a client must be masked")
        if opcode & CLOSE:
            if opcode > PONG:
                raise _BrokenError("unknown opcode")
            if not first & _FIN:
                raise _BrokenError("a control frame must not be fragmented")
            if length > CONTROL_BYTES_MAX:
                raise _BrokenError(f"a control frame has at most {CONTROL_BYTES_MAX} bytes")
            return
        if opcode > BINARY:
            raise _BrokenError("unknown opcode")
        if opcode == CONTINUATION and not self._kind:
            raise _BrokenError("a continuation frame without a message to continue")
        if opcode != CONTINUATION and self._kind:
            raise _BrokenError("a new message began before the last one was complete")
        if length + len(self._partial) > self.message_bytes_max:
            raise _BrokenError(f"a message has at most {self.message_bytes_max} bytes", TOO_BIG)

    def _part(self, first: int, payload: bytes) -> None:
        """Process a fragment. Text is checked in each fragment, to find errors early."""
        self._kind = self._kind or first & 0x0F
        last = bool(first & _FIN)
        if self._kind == TEXT:
            try:
                self._decoder.decode(payload, last)
            except UnicodeDecodeError:
                raise _BrokenError(
                    "a text message or close reason is not valid UTF-8", NOT_UTF8
                ) from None
        self._partial += payload
        if not last:
            self._receiver.counted()
            return
        kind, message = self._kind, bytes(self._partial)
        self._kind = CONTINUATION
        self._partial.clear()
        self._receiver.received(message.decode() if kind == TEXT else message)

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._receiver.pinged(payload)
        elif opcode == PONG:
            self._receiver.counted()
        else:
            code = _close_code(payload)
            self._finish()
            self._receiver.peer_closed(code)

    def _finish(self) -> None:
        self.finished = True
        self._rest, self._at = b"", 0
        self._buffer.clear()
        self._partial.clear()


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise _BrokenError("a text message or close reason is not valid UTF-8", NOT_UTF8) from None


def _close_code(payload: bytes) -> int:
    """The code in the payload of a close frame (7.4). Raises _BrokenError."""
    if not payload:
        return NO_STATUS
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (1000 <= code < 1016 or 3000 <= code < 5000):
        raise _BrokenError("the code of a close frame must be 1000 to 1015 or 3000 to 4999")
    if code in _RESERVED_CODES:
        raise _BrokenError(f"{code} must not be sent in a close frame")
    _text(payload[2:])
    return code


# -- frames of a server: unfragmented and unmasked (5.2) --------------------------------


def frame(message: str | bytes) -> bytes:
    """The bytes of a data frame with this message."""
    first, payload = (b"\x81", message.encode()) if isinstance(message, str) else (b"\x82", message)
    size = len(payload)
    if size < 126:
        return first + size.to_bytes(1, "big") + payload
    if size < 65_536:
        return first + b"\x7e" + size.to_bytes(2, "big") + payload
    return first + b"\x7f" + size.to_bytes(8, "big") + payload


def payload(data: bytes) -> bytes:
    """The message in a frame that `frame` created."""
    return data[{126: 4, 127: 10}.get(data[1], 2) :]


def ping_frame() -> bytes:
    """A ping without a payload."""
    return b"\x89\x00"


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping with this payload."""
    return b"\x8a" + len(payload).to_bytes(1, "big") + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame. The reason is cut to fit into a control frame. With NO_STATUS the frame is
    empty."""
    if code == NO_STATUS:
        return b"\x88\x00"
    said = reason.encode()[: CONTROL_BYTES_MAX - 2].decode(errors="ignore").encode()
    payload = code.to_bytes(2, "big") + said
    return b"\x88" + len(payload).to_bytes(1, "big") + payload
