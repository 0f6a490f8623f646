"""What holds for every test: nothing secret reaches a log, and drawn examples are the same on
every machine, however slow it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.server import leaks

leaks.install()
settings.register_profile(
    "gameroom",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gameroom")


@pytest.fixture(autouse=True)
def no_secret_is_logged() -> Iterator[None]:
    leaks.WATCH.begin()
    yield
    leaks.WATCH.check()
