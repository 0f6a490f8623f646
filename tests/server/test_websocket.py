"""The parser of RFC 6455 and the frames that answer it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.server import websocket
from gameroom.server.websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Parser

MAX = 4096


def masked(opcode: int, payload: bytes = b"", *, fin: bool = True, mask: bytes = b"mask") -> bytes:
    """A client's frame."""
    size = len(payload)
    length = (
        bytes([0x80 | size])
        if size < 126
        else b"\xfe" + size.to_bytes(2, "big")
        if size < 65_536
        else b"\xff" + size.to_bytes(8, "big")
    )
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([(0x80 if fin else 0) | opcode]) + length + mask + body


def close(code: int, reason: bytes = b"") -> bytes:
    return masked(CLOSE, code.to_bytes(2, "big") + reason)


class Heard:
    """What a parser called, in order. `open_after` raises the limit at that message."""

    def __init__(self, limit: int = MAX, open_after: object = None) -> None:
        self.calls: list[object] = []
        self.parser = Parser(self, limit)
        self._open_after = open_after

    def received(self, message: str | bytes) -> None:
        self.calls.append(message)
        if message == self._open_after:
            self.parser.message_bytes_max = 65_536

    def pinged(self, payload: bytes) -> None:
        self.calls.append(("ping", payload))

    def counted(self) -> None:
        self.calls.append("counted")

    def peer_closed(self, code: int) -> None:
        self.calls.append(("closed", code))

    def broken(self, code: int, reason: str) -> None:
        self.calls.append(("broken", code))


def heard(data: bytes, step: int = 0) -> list[object]:
    """What is called for these bytes, which arrive `step` at a time."""
    got = Heard()
    for at in range(0, len(data), step or len(data)):
        got.parser.feed(data[at : at + (step or len(data))])
    return got.calls


@pytest.mark.parametrize("size", [0, 1, 125, 126, MAX])
def test_messages_of_every_length_form(size: int) -> None:
    payload = bytes(i % 256 for i in range(size))
    assert heard(masked(BINARY, payload)) == [payload]
    assert heard(masked(TEXT, b"x" * size)) == ["x" * size]


@given(
    st.lists(
        st.one_of(
            st.text(max_size=300).map(lambda text: (masked(TEXT, text.encode()), text)),
            st.binary(max_size=300).map(lambda data: (masked(BINARY, data), data)),
            st.binary(max_size=125).map(lambda data: (masked(PING, data), ("ping", data))),
        )
    ),
    st.integers(1, 50),
)
def test_it_does_not_matter_how_the_bytes_are_cut(
    frames: list[tuple[bytes, object]], step: int
) -> None:
    data = b"".join(made for made, _ in frames)
    assert heard(data or b"\x81", step) == [said for _, said in frames]


def test_a_ping_between_fragments_is_heard_in_its_place() -> None:
    data = (
        masked(TEXT, b"sch\xc3", fin=False)
        + masked(PING, b"p")
        + masked(CONTINUATION, b"\xb6", fin=False)
        + masked(PONG)
        + masked(CONTINUATION, b"n")
        + masked(BINARY, b"next")
    )
    said = ["counted", ("ping", b"p"), "counted", "counted", "schön", b"next"]
    assert heard(data) == heard(data, 1) == said


def test_nothing_after_a_close_frame_counts() -> None:
    said = [("closed", 1000)]
    assert heard(close(1000) + masked(TEXT, b"late") + masked(PING)) == said
    unfinished = masked(TEXT, b"half", fin=False) + close(1000) + masked(CONTINUATION, b"more")
    assert heard(unfinished) == ["counted", *said]
    assert heard(masked(CLOSE) + masked(TEXT, b"late")) == [("closed", websocket.NO_STATUS)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02hi", 1002),  # not masked
        (b"\x89\x00", 1002),
        (b"\x88\x00", 1002),
        (masked(0x3), 1002),
        (masked(0x7), 1002),
        (masked(0xB), 1002),
        (masked(0xF), 1002),
        (masked(TEXT | 0x40), 1002),
        (masked(TEXT | 0x10), 1002),
        (masked(PING | 0x20), 1002),
        (masked(PING, fin=False), 1002),
        (masked(PING, bytes(126)), 1002),
        (masked(CONTINUATION, b"x"), 1002),
        (masked(TEXT, fin=False) + masked(TEXT, b"x"), 1002),
        (masked(TEXT, b"a", fin=False) + masked(BINARY, fin=False), 1002),
        (masked(TEXT, b"\xff"), 1007),
        (masked(TEXT, b"\xed\xa0\x80"), 1007),
        (masked(TEXT, b"\xc3"), 1007),
        (masked(TEXT, b"\xce\xba\xe1", fin=False) + masked(CONTINUATION, b"\xf4\x90"), 1007),
        (masked(TEXT, b"a\xff", fin=False), 1007),
        (masked(CLOSE, b"\x03"), 1002),
        (close(999), 1002),
        (close(1005), 1002),
        (close(1006), 1002),
        (close(1016), 1002),
        (close(2999), 1002),
        (close(5000), 1002),
        (close(1000, b"\xff"), 1007),
        (masked(TEXT, bytes(MAX + 1)), 1009),
        (b"\x82\xff" + b"\xff" * 8, 1009),
        (masked(TEXT, bytes(MAX), fin=False) + masked(CONTINUATION, b"x"), 1009),
    ],
)
def test_what_breaks_the_protocol_and_nothing_after_it_counts(data: bytes, code: int) -> None:
    for step in (0, 1, 7):
        said = heard(data + masked(TEXT, b"late") + masked(PING), step)
        assert [one for one in said if one != "counted"] == [("broken", code)]


def test_a_message_that_is_too_long_is_refused_by_its_header() -> None:
    got = Heard()
    got.parser.feed(masked(BINARY, bytes(MAX + 1))[:8])
    assert got.calls == [("broken", 1009)]


@pytest.mark.parametrize("size", [1, 2, 1000, MAX])
def test_no_more_than_the_limit_is_ever_held(size: int) -> None:
    """However it comes: as one frame, as fragments, byte by byte, or without an end."""
    got = Heard()
    most = 0
    for _ in range(MAX // size + 2):
        for byte in masked(BINARY if not most else CONTINUATION, bytes(size), fin=False):
            got.parser.feed(bytes([byte]))
            most = max(most, got.parser.held)
    assert got.calls[-1] == ("broken", 1009)
    assert MAX - size <= most <= MAX + 14
    assert got.parser.held == 0


def test_the_limit_rises_with_the_very_next_frame() -> None:
    got = Heard(open_after="hello")
    got.parser.feed(masked(TEXT, b"hello") + masked(BINARY, bytes(10_000)))
    assert got.calls == ["hello", bytes(10_000)]
    got = Heard(open_after="hello")
    got.parser.feed(masked(TEXT, b"not yet") + masked(BINARY, bytes(10_000)))
    assert got.calls == ["not yet", ("broken", 1009)]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frame_lengths(size: int) -> None:
    made = websocket.frame(bytes(size))
    assert made[0] == 0x82
    assert len(made) == size + (2 if size < 126 else 4 if size < 65_536 else 10)
    assert made.endswith(bytes(size))


def test_close_frames() -> None:
    assert websocket.close_frame(websocket.NO_STATUS) == b"\x88\x00"
    assert websocket.close_frame(1000, "bye") == b"\x88\x05\x03\xe8bye"
    long = websocket.close_frame(4000, "ü" * 100)
    assert long[1] <= 125
    assert long[4:].decode()
