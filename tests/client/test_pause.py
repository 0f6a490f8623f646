"""Coming back: quickly at first, then patiently, and never all at once."""

import pytest

from gameroom.client.link import PAUSE_MAX_S, pause_s


def test_the_pause_doubles_up_to_its_limit() -> None:
    pauses = [pause_s(tries, 1.0) for tries in range(8)]
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
    assert pause_s(10**6, 1.0) == PAUSE_MAX_S


def test_half_of_the_pause_is_chance() -> None:
    assert pause_s(3, 0.0) == pytest.approx(0.4)
    assert pause_s(3, 0.5) == pytest.approx(0.6)
