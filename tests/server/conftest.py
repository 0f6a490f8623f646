"""A server with everything in memory, one whose packets take the fast way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.server.table import Table, config, served


@pytest.fixture
async def table() -> AsyncIterator[Table]:
    async with served(config()) as running:
        yield running
