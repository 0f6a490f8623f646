"""What holds for every test: nothing secret reaches a log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server import leaks

leaks.install()


@pytest.fixture(autouse=True)
def no_secret_is_logged() -> Iterator[None]:
    leaks.WATCH.begin()
    yield
    leaks.WATCH.check()
