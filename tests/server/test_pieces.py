"""How much of what one peer sends is parsed in one round."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gameroom.server.socket.pieces import Pieces
from gameroom.server.websocket import BINARY, CLOSE, PING, PONG, TEXT, Parser
from tests.server.test_websocket import masked
from tests.server.ticking import Ticking


class Pausing:
    """What the pieces need of a transport."""

    reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


class Reading:
    """A socket of which four frames are taken in a round, and what was heard of it."""

    def __init__(self, hold_at: str | None = None) -> None:
        self.loop, self.transport = Ticking(), Pausing()
        self.heard: list[str | bytes] = []
        self._hold_at = hold_at
        self.pieces = Pieces(Parser(self, 65_536, 4), self.transport, self.loop)

    def received(self, message: str | bytes) -> None:
        self.heard.append(message)
        if message == self._hold_at:
            self.pieces.hold(0.5)

    def pinged(self, payload: bytes) -> None:
        self.heard.append("ping")

    def counted(self) -> None:
        self.heard.append("counted")

    def peer_closed(self, code: int) -> None:
        self.heard.append("bye")

    def broken(self, code: int, reason: str) -> None:
        raise AssertionError(reason)


def test_a_read_is_parsed_a_few_frames_at_a_time() -> None:
    one = Reading()
    texts = [f"frame {number}" for number in range(10)]
    read = b"".join(masked(TEXT, text.encode()) for text in texts)
    one.pieces.add(read)
    assert one.heard == texts[:4]
    assert not one.transport.reading
    late = masked(TEXT, b"on its way")
    one.pieces.add(late[:5])
    one.pieces.add(late[5:])
    one.loop.round()
    assert one.heard == texts[:8]
    one.loop.round()
    assert one.heard == [*texts, "on its way"]
    assert one.transport.reading


def test_a_flood_of_frames_that_ask_for_nothing_is_parsed_as_slowly() -> None:
    one = Reading()
    one.pieces.add((masked(PING) + masked(PONG)) * 20_000)
    for rounds in range(1, 10):
        assert len(one.heard) == 4 * rounds
        one.loop.round()


@given(st.lists(st.sampled_from([0, 1, 100, 126, 1000, 65_536]), max_size=12), st.data())
def test_however_it_arrives_all_is_heard_in_order(sizes: list[int], data: st.DataObject) -> None:
    texts = [str(number) * size for number, size in enumerate(sizes)]
    texts = [text[:65_536] for text in texts]
    rest = b"".join(masked(TEXT, text.encode()) for text in texts)
    one = Reading()
    while rest:
        step = data.draw(st.sampled_from([1, 2, 7, 300, 70_000]))
        one.pieces.add(rest[:step])
        rest = rest[step:]
        for _ in range(data.draw(st.integers(0, 2))):
            one.loop.round()
        if len(rest) > 70_000:
            one.pieces.add(rest[:60_000])
            rest = rest[60_000:]
    for _ in range(len(texts)):
        one.loop.round()
    assert one.heard == texts
    assert one.transport.reading


def test_what_an_honest_player_sends_never_waits() -> None:
    """A packet of up to 1 KiB after another one, and as many at once as a hiccup holds back."""
    one = Reading()
    for number in range(3):
        one.pieces.add(masked(BINARY, bytes(1023)))
        assert len(one.heard) == number + 1
    one.pieces.add(masked(BINARY, bytes(1023)) * 4)
    assert len(one.heard) == 7
    assert one.transport.reading


def test_who_is_held_back_is_read_no_further_for_a_while() -> None:
    one = Reading(hold_at="two")
    one.pieces.add(b"".join(masked(TEXT, text) for text in (b"one", b"two", b"three")))
    for _ in range(5):
        one.loop.round()
    assert one.heard == ["one", "two"]
    one.pieces.add(masked(TEXT, b"four"))
    assert not one.transport.reading
    assert one.loop.ring() == 0.5
    assert one.heard == ["one", "two", "three", "four"]
    assert one.transport.reading


def test_after_the_close_nothing_is_parsed_in_a_hurry() -> None:
    one = Reading()
    one.pieces.slow = True
    one.pieces.add(masked(CLOSE, b"\x03\xe8"))
    assert one.heard == ["bye"], "the peer's goodbye is heard at once"
    one = Reading()
    one.pieces.slow = True
    one.pieces.add(masked(PONG) * 9)
    one.loop.round()
    assert len(one.heard) == 4
    for _ in range(2):
        one.loop.ring()
    assert len(one.heard) == 9
    assert one.transport.reading
