"""One game for all tests of replays: it is never altered in place."""

from __future__ import annotations

import pytest

from gameroom.replay.engine import NoNodeError, node
from tests.replay.games import Game, play


@pytest.fixture(scope="session")
def game() -> Game:
    try:
        node()
    except NoNodeError as why:
        pytest.skip(str(why))
    return play()
