"""A server with one room for the tests that need sockets, and an end to every wait."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.client.running import RunningServer
from tests.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    def over(*_: object) -> NoReturn:
        raise TimeoutError(f"nothing came in {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServer]:
    made = RunningServer(tmp_path)
    await made.open()
    await made.create()
    yield made
    await made.shut()
